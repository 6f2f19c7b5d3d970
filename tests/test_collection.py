"""A sequence is a dask collection, on every scheduler, from a folder, an archive or a server."""

import inspect
import os
import pickle
import subprocess
import sys
import zipfile

import dask
import dask.array as da
import matplotlib.pyplot
import numpy as np
import pytest
import tifffile
from dask.base import tokenize
from dask.graph_manipulation import clone

from dask_fileseq import FileSequence, FillWarning, ReadError, TiffSequence
from dask_fileseq.readers import count
from tests.helpers.acquisition import PATTERN
from tests.helpers.places import WHOLE_CORE


@pytest.fixture(scope="module", params=["folder", "function", "stored", *WHOLE_CORE])
def opened(request, acquisition, put_files):
    """Open the same files by path, through a plain function, in archives and on servers."""
    folder, array = acquisition
    if request.param == "function":
        return FileSequence(tifffile.imread, f"{folder}/*.tif", pattern=PATTERN), array
    return put_files(folder, request.param).sequence(pattern=PATTERN), array


def test_compute_is_asarray(opened, scheduler):
    """Each scheduler must give the same pixels."""
    seq, array = opened
    np.testing.assert_array_equal(seq.compute(), array, strict=True)
    np.testing.assert_array_equal(seq.asarray(), array, strict=True)
    result = seq.asarray(axestiled={0: 1}, dtype="f4", ioworkers=2)
    assert result.flags.c_contiguous
    expected = array.transpose(1, 2, 3, 0, 4).reshape(2, 2, 48, 192).astype("f4")
    np.testing.assert_array_equal(result, expected, strict=True)


def test_lazy_array_computes(opened, scheduler):
    """What is built of the array computes wherever the array does."""
    seq, array = opened
    x = seq.to_dask_array()
    np.testing.assert_array_equal(x.max(axis=(0, 2)).compute(), array.max(axis=(0, 2)))
    np.testing.assert_array_equal(x[1:, 0, :, 5:9, ::-3].compute(), array[1:, 0, :, 5:9, ::-3])
    parts = dask.compute(x[1:, 0, :, 5:9, ::-3], x[2])
    np.testing.assert_array_equal(parts[0], array[1:, 0, :, 5:9, ::-3])
    y = seq.to_dask_array(chunks="auto")
    np.testing.assert_array_equal((y + 1).sum().compute(), (array + np.uint16(1)).sum())


def test_protocol(opened, scheduler):
    """All that dask does with its own collections."""
    seq, array = opened
    x = seq.to_dask_array()
    assert dask.is_dask_collection(seq)
    whole, total = dask.compute(seq, x.sum())
    np.testing.assert_array_equal(whole, array, strict=True)
    assert total == array.sum()
    persisted = seq.persist()
    assert isinstance(persisted, da.Array)
    np.testing.assert_array_equal(persisted[1].compute(), array[1])
    (optimized,) = dask.optimize(seq)
    assert isinstance(optimized, da.Array)
    np.testing.assert_array_equal(optimized.compute(), array)
    cloned = clone(seq)
    assert cloned.name != x.name
    np.testing.assert_array_equal(cloned.compute(), array)
    np.testing.assert_array_equal(da.asarray(seq)[0].compute(), array[0])
    np.testing.assert_array_equal(np.asarray(seq), array)
    np.testing.assert_array_equal(dask.delayed(np.asarray)(seq).compute(), array)
    nested = dask.compute({"a": [seq]})
    np.testing.assert_array_equal(nested[0]["a"][0], array)


def test_two_sequences_in_one_compute(acquisition, scheduler):
    """Equal tokens would give the first one's pixels twice, silently."""
    folder, array = acquisition
    first = TiffSequence(f"{folder}/*DAPI*.tif", pattern=PATTERN)
    second = TiffSequence(f"{folder}/002*.tif", pattern=PATTERN)
    a, b, c = dask.compute(first, second, FileSequence(tifffile.imread, list(second)))
    np.testing.assert_array_equal(a, array[:, :1])
    np.testing.assert_array_equal(b, array[2:])
    np.testing.assert_array_equal(c, array[2].reshape(4, 48, 64))


def test_a_grid_without_axes_is_a_collection(acquisition, scheduler):
    """Keys must be a list, also of one."""
    folder, array = acquisition
    name = str(folder / "000_DAPI_z1.tif")
    seq = FileSequence(tifffile.imread, [name], parse=no_axes)
    assert seq.shape == ()
    assert isinstance(seq.__dask_keys__(), list)
    np.testing.assert_array_equal(seq.compute(), array[0, 0, 0])
    np.testing.assert_array_equal(dask.compute(seq)[0], array[0, 0, 0])


def no_axes(names):
    return (), (), [()], names


def empty(name):
    return np.empty((0, 3))


def test_files_may_hold_nothing(scheduler):
    """An empty table or mask is an array too."""
    seq = FileSequence(empty, ["a", "b"])
    assert seq.to_dask_array().chunks == ((1, 1), (0,), (3,))
    assert seq.compute().shape == dask.compute(seq)[0].shape == (2, 0, 3)
    assert seq.to_dask_array(axestiled={0: 0}, chunks="auto").compute().shape == (0, 3)


def test_each_file_is_read_once(acquisition):
    """A sequence and its own array in one compute must share their reads."""
    folder, array = acquisition
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    x = seq.to_dask_array()
    with count() as counts:
        whole, total = dask.compute(seq, x.sum(), scheduler="sync")
    assert counts.files == len(seq)
    np.testing.assert_array_equal(whole, array)
    assert total == array.sum()


def test_results_travel_few_at_a_time_and_in_any_size(acquisition, scheduler, tmp_path):
    """Into an array of the caller, or a map of a file, from any scheduler."""
    folder, array = acquisition
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    out = np.full((12, 48, 64), 7, np.int64)
    assert np.shares_memory(seq.asarray(out=out), out)
    np.testing.assert_array_equal(out, array.reshape(out.shape))
    mapped = seq.asarray(out=tmp_path / "out.bin")
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, array)


def test_a_failed_read_comes_back_named(acquisition, scheduler, tmp_path):
    """From a worker, an error that does not pickle kills the run and says nothing."""
    folder, _ = acquisition
    names = [str(folder / "000_DAPI_z1.tif"), str(tmp_path / "cut_2.tif"), "gone.tif"]
    content = (folder / "000_DAPI_z1.tif").read_bytes()
    (tmp_path / "cut_2.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(ReadError, match=r"cut_2\.tif' \(sequence 1\)"):
        TiffSequence(names[:2]).compute()
    with pytest.raises(FileNotFoundError, match=r"'gone\.tif' \(sequence 1\)"):
        TiffSequence([names[0], names[2]]).to_dask_array().sum().compute()


def test_unreadable_files_are_events_on_a_cluster(acquisition, cluster):
    """The night's log must say which files are fill."""
    from distributed import Client

    folder, array = acquisition
    with Client(cluster) as client:
        seq = TiffSequence([str(folder / "000_DAPI_z1.tif"), "/nowhere/else.tif"])
        result = seq.to_dask_array(errors="fill", fillvalue=3).compute()
        np.testing.assert_array_equal(result[0], array[0, 0, 0])
        assert (result[1] == 3).all()
        events = [event for _, event in client.get_events("dask-fileseq")]
        assert "/nowhere/else.tif" in [event["file"] for event in events]


def test_far_files_are_events_on_a_cluster_of_threads():
    """A read before its task would belong to no worker, and its failure to no log."""
    import fsspec
    from distributed import Client

    fs = fsspec.filesystem("memory")
    for t in range(4):
        fs.pipe(f"/events/t{t}.tif", b"no TIFF")
    with fs.open("/events/t0.tif", "wb") as file:
        tifffile.imwrite(file, np.ones((4, 5), "u1"))
    seq = TiffSequence([f"memory://events/t{t}.tif" for t in range(4)])
    with Client(processes=False, n_workers=1, dashboard_address=None) as client:
        with pytest.warns(FillWarning, match=r"t\d\.tif"):
            assert seq.to_dask_array(errors="fill", fillvalue=3)[1:].sum().compute() == 3 * 20 * 3
        events = [event for _, event in client.get_events("dask-fileseq")]
    assert sorted(event["file"] for event in events) == list(seq)[1:]


def slow(name):
    import time

    time.sleep(0.05)
    return np.full((64, 64), int(name), "u1")


@pytest.mark.cluster
def test_a_killed_worker_costs_only_time():
    """The night's run must not end with the machine that was taken away."""
    import signal
    import threading

    from distributed import Client, LocalCluster

    seq = FileSequence(slow, [str(i) for i in range(60)])
    expected = np.broadcast_to(np.arange(60, dtype="u1")[:, None, None], (60, 64, 64))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        for read in (seq.asarray, seq.to_dask_array().compute):
            victim = next(iter(client.run(os.getpid).values()))
            killer = threading.Timer(0.5, os.kill, [victim, signal.SIGTERM])
            killer.start()
            np.testing.assert_array_equal(read(), expected)
            killer.join()
            client.wait_for_workers(2, timeout=30)


def test_unreadable_first_file_is_filled(acquisition):
    """The header then comes from the next file."""
    folder, array = acquisition
    seq = TiffSequence(["/nowhere/else.tif", str(folder / "000_DAPI_z1.tif")])
    with pytest.warns(FillWarning, match="/nowhere/else"):
        result = seq.asarray(errors="fill")
    np.testing.assert_array_equal(result[1], array[0, 0, 0])


TOKEN = """
import sys
from dask.base import tokenize
from dask_fileseq import TiffSequence
seq = TiffSequence(sys.argv[1], pattern=sys.argv[2])
print(tokenize(seq), seq.to_dask_array(chunks="auto").name)
"""


@pytest.mark.slow
def test_tokens_are_equal_across_processes(acquisition):
    """Else a cluster computes the same thing again for each client."""
    folder, _ = acquisition
    arguments = [sys.executable, "-c", TOKEN, f"{folder}/*.tif", PATTERN]
    env = os.environ | {"PYTHONHASHSEED": "77"}
    other = subprocess.run(arguments, env=env, check=True, capture_output=True, text=True)
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    assert other.stdout.split() == [tokenize(seq), seq.to_dask_array(chunks="auto").name]
    assert tokenize(pickle.loads(pickle.dumps(seq))) == tokenize(seq)


def write(path, array, **kwargs):
    tifffile.imwrite(path, array, **kwargs)
    return str(path)


def test_tokens_differ_after_any_change(tmp_path):
    """Equal names for different arrays give old or foreign pixels, silently."""
    image = np.arange(48, dtype="u2").reshape(6, 8)
    names = [write(tmp_path / f"a{i}.tif", image, tile=(16, 16)) for i in range(4)]
    opened = dict.fromkeys([TiffSequence(names)])
    arrays = [
        (seq := TiffSequence(names)).to_dask_array(),
        seq.to_dask_array(chunks=-1),
        seq.to_dask_array(fillvalue=1),
        seq.to_dask_array(errors="fill"),
        seq.to_dask_array(axestiled={0: 0}),
        seq.to_dask_array(axestiled={0: 1}),
        seq.to_dask_array(imreadargs={"key": 0}),
        seq.to_dask_array(chunkshape=(6, 8), chunkdtype="i2"),
        TiffSequence(names[::-1]).to_dask_array(),
        TiffSequence(names[:3]).to_dask_array(),
        FileSequence(tifffile.imread, names).to_dask_array(),
        TiffSequence(names, pattern=r"(?P<a>\d)\.tif").to_dask_array(chunks=(2, 6, 8)),
        TiffSequence(names, pattern=r"(\d)\.tif", _shape=(5,)).to_dask_array(),
        TiffSequence(names, identity="name").to_dask_array(),
    ]
    assert len({x.name for x in arrays}) == len(arrays)
    again = TiffSequence(names)
    assert again.to_dask_array().name == arrays[0].name
    assert tokenize(again) == tokenize(seq) != tokenize(FileSequence(tifffile.imread, names))
    assert opened


def test_a_rewritten_file_has_another_token(tmp_path):
    """A persisted array of the old file must not stand for the new one."""
    image = np.zeros((4, 4), "u1")
    names = [write(tmp_path / f"a{i}.tif", image) for i in range(2)]
    seq, by_name = TiffSequence(names), TiffSequence(names, identity="name")
    before, before_by_name = seq.to_dask_array().name, by_name.to_dask_array().name
    write(names[1], image + 1)
    os.utime(names[1], ns=(1, 1))
    assert seq.to_dask_array().name == before  # a sequence is a snapshot
    assert TiffSequence(names).to_dask_array().name != before
    assert TiffSequence(names, identity="name").to_dask_array().name == before_by_name


def test_relative_names_in_two_folders_have_two_tokens(tmp_path, monkeypatch):
    """With files of one size and time in both, dask would compute the first twice."""
    tokens = []
    for value in range(2):
        (tmp_path / str(value)).mkdir()
        monkeypatch.chdir(tmp_path / str(value))
        os.utime(write("a.tif", np.full((4, 4), value, "u1")), ns=(1, 1))
        tokens.append(TiffSequence("*.tif").to_dask_array().name)
        assert TiffSequence("*.tif").to_dask_array().name == tokens[-1]
    assert tokens[0] != tokens[1]


def test_a_changed_archive_has_another_token(tmp_path):
    """As for files, so for members of an archive."""
    path = tmp_path / "a.zip"
    tokens = []
    for value in range(2):
        with zipfile.ZipFile(path, "w") as archive, archive.open("a.tif", "w") as member:
            member.write(tiff_bytes(np.full((4, 4), value, "u1")))
        with TiffSequence("*.tif", container=path) as seq:
            tokens.append(seq.to_dask_array().name)
    assert tokens[0] != tokens[1]


def tiff_bytes(image):
    import io

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, image)
    return buffer.getvalue()


def test_a_replaced_archive_is_opened_again(tmp_path, scheduler):
    """Its old directory, kept open, would give old pixels."""
    path = tmp_path / "a.zip"
    for value in (1, 2):
        with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
            for i in range(2 * value):
                archive.writestr(f"{i}.tif", tiff_bytes(np.full((3, 3), value, "u1")))
        os.replace(tmp_path / "new.zip", path)
        seq = TiffSequence("*.tif", container=path)
        assert seq.asarray()[:, 0, 0].tolist() == [value] * 2 * value
        assert seq.to_dask_array()[:, 0, 0].compute().tolist() == [value] * 2 * value


def total(names):
    return int(TiffSequence(names).asarray().sum()) + int(TiffSequence(names).compute().sum())


def test_reading_within_a_task(acquisition, cluster):
    """One function a well is how people write it: it must not wait for its own worker."""
    from distributed import Client

    folder, array = acquisition
    names = sorted(map(str, folder.glob("000*.tif")))
    with Client(cluster) as client:
        futures = client.map(total, [names] * 4, pure=False)
        assert client.gather(futures) == [2 * int(array[0].sum())] * 4


class Unpicklable(Exception):
    def __init__(self, message, lock):
        super().__init__(message)
        self.lock = lock


def fails_oddly(name):
    import threading

    raise Unpicklable("odd", threading.Lock())


def test_an_error_that_does_not_pickle_comes_back(scheduler):
    """The cause is lost as an object, but not what it says."""
    seq = FileSequence(fails_oddly, ["a"])
    x = seq.to_dask_array(chunkshape=(2,), chunkdtype="u1")
    with pytest.raises(ReadError, match="Unpicklable: odd"):
        x.compute()


class Reader:
    def __call__(self, name):
        return np.ones(3)


def test_names_of_tasks_hold_no_addresses():
    """They would differ for each process, and say nothing on the dashboard."""
    seq = FileSequence(Reader(), ["a", "b"])
    name = seq.to_dask_array().name
    assert name.startswith("read-Reader-")
    assert pickle.loads(pickle.dumps(seq)).to_dask_array().name == name


@pytest.mark.parametrize(
    "use",
    [
        lambda seq: seq[0, :, 0],
        lambda seq: seq[...],
        lambda seq: seq.ndim,
        lambda seq: hasattr(seq, "ndim"),
    ],
)
def test_what_takes_names_for_pixels_learns_where_pixels_are(acquisition, use):
    """The shape is that of the grid: results are wrong, or an error is of something else."""
    folder, _ = acquisition
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    with pytest.raises(TypeError, match=r"seq\.array\(\).*seq\.to_dask_array\(\)"):
        use(seq)
    assert not hasattr(seq, "no_such_name")
    with pytest.raises(AttributeError, match="'TiffSequence' object has no attribute 'sort'"):
        seq.sort()
    inspect.getmembers(seq)


def test_what_calls_asarray_gets_the_pixels(acquisition):
    """Names would be stacked, drawn or filtered."""
    folder, _ = acquisition
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    expected = seq.asarray()
    one = seq.isel(dict.fromkeys(seq.coords, 0))
    image = one.asarray()
    np.testing.assert_array_equal(np.stack([one, one]), [image, image])
    np.testing.assert_array_equal(np.max(seq, axis=0), expected.max(axis=0))
    np.testing.assert_array_equal(da.stack([one, one]), [image, image])
    figure, axes = matplotlib.pyplot.subplots()
    np.testing.assert_array_equal(axes.imshow(one).get_array(), image)
    matplotlib.pyplot.close(figure)


def test_functions_of_scikit_image(acquisition):
    """Some look at `ndim`, and would take the shape of the grid for that of the image."""
    skimage = pytest.importorskip("skimage")
    folder, _ = acquisition
    one = TiffSequence(f"{folder}/*.tif", pattern=PATTERN).isel(time=0, channel=0, z=0)
    blurred = skimage.filters.gaussian(one)
    np.testing.assert_array_equal(blurred, skimage.filters.gaussian(one.asarray()))
    with pytest.raises(TypeError, match=r"np\.asarray\(seq\)"):
        skimage.transform.resize(one, (4, 4))


def test_napari_shows_the_array_and_refuses_the_sequence(acquisition):
    """It takes names for the levels of a pyramid."""
    layers = pytest.importorskip("napari.layers")
    folder, _ = acquisition
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    with pytest.raises(TypeError, match=r"seq\.to_dask_array\(\)"):
        layers.Image(seq)
    for array in (seq.array(), seq.to_dask_array()):
        layer = layers.Image(array)
        assert (layer.ndim, layer.multiscale, layer.rgb) == (array.ndim, False, False)


def test_visualize_and_repr_compute_nothing(acquisition):
    """Looking must not read."""
    folder, _ = acquisition
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
    with count() as counts:
        repr(seq), str(seq), seq.dims, seq.indices, seq.missing, seq.coords, list(seq), len(seq)
        hash(seq)
    assert counts.files == 0


def test_axes_are_tiled_by_name(tmp_path):
    """Each face has its own idea of what an axis is called."""
    for row, column in np.ndindex(2, 3):
        image = np.full((4, 5), 10 * row + column, "u1")
        tifffile.imwrite(tmp_path / f"r{row}_c{column}.tif", image)
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"r(?P<row>\d)_c(?P<y>\d)")
    expected = np.repeat(np.repeat([[0, 1, 2], [10, 11, 12]], 4, 0), 5, 1)
    named, numbered = {"row": "y", "y": "x"}, {0: 0, 1: 1}
    arrays = [seq.to_dask_array(axestiled=each) for each in (named, numbered)]
    assert arrays[0].name == arrays[1].name
    np.testing.assert_array_equal(arrays[0], expected)
    np.testing.assert_array_equal(seq.asarray(axestiled=named), expected)
    assert seq.to_xarray(axestiled=named).dims == ("y_chunk", "x")
    with pytest.raises(ValueError, match=r"no chunk axis 'z'; .* the axes are 'y', 'x'"):
        seq.array(axestiled={"row": "z"})

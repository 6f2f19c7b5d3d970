"""Arrays of all kinds become files that open again as the same arrays."""

import json
import os
import weakref

import dask
import dask.array as da
import numpy as np
import pytest
import tifffile
import xarray as xr
from distributed import Client

from dask_fileseq import (
    DuplicateError,
    LayoutError,
    NamesError,
    TargetExistsError,
    open_sequence,
    to_files,
)

CHANNELS, TIMES = ["DAPI", "GFP"], [0, 10, 20]
COORDS = {"channel": CHANNELS, "t": TIMES}
DIMS = ["channel", "t", "y", "x"]
MANIFEST = ".fileseq-manifest.jsonl"


@pytest.fixture
def images():
    """Return images of two channels at three times."""
    return np.random.default_rng(0).integers(0, 2**16, (2, 3, 20, 30), "u2")


def labelled(images):
    return xr.DataArray(images, dims=DIMS, coords=COORDS)


def files_below(folder):
    """Return the names of all files in a folder but the manifest."""
    found = (os.path.join(where, n) for where, _, names in os.walk(folder) for n in names)
    return sorted(os.path.relpath(path, folder) for path in found if MANIFEST not in path)


KINDS = {
    "numpy": lambda images, _: images,
    "dask": lambda images, _: da.from_array(images, chunks=(1, 2, 20, 7)),
    "dataarray": lambda images, _: labelled(images),
    "chunked": lambda images, _: labelled(images).chunk({"t": 2}),
    "sequence": lambda images, folder: to_files(
        images, folder / "in" / "{channel}_{t}.png", coords=COORDS
    ),
    "filearray": lambda images, folder: KINDS["sequence"](images, folder).array(),
    "lazy": lambda images, folder: xr.open_dataset(
        _netcdf(images, folder / "in.nc"), engine="h5netcdf"
    )["image"],
}


def _netcdf(images, path):
    labelled(images).to_dataset(name="image").to_netcdf(path, engine="h5netcdf")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_any_array_open_again(tmp_path, images, kind):
    """Pixels or labels would be lost on the way, or be those of other files."""
    array = KINDS[kind](images, tmp_path)
    seq = to_files(array, tmp_path / "out" / "{channel}" / "t{t:03d}.tif", coords=COORDS)
    assert files_below(tmp_path / "out") == [
        f"{channel}/t{t:03d}.tif" for channel in CHANNELS for t in TIMES
    ]
    again = open_sequence(tmp_path / "out", pattern="{channel}/t{t:03d}.tif")
    for each in (seq, again):
        assert each.dims == ("channel", "t")
        assert {dim: values.tolist() for dim, values in each.coords.items()} == COORDS
        np.testing.assert_array_equal(each.asarray(), images)


@pytest.mark.cluster
@pytest.mark.parametrize("kind", ["numpy", "chunked", "sequence"])
@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_files_are_written_by_other_processes(tmp_path, images, kind, where, request):
    """Parts of the array would not reach the workers."""
    array = KINDS[kind](images, tmp_path)
    path = tmp_path / "{channel}_{t}.tif"
    if where == "processes":
        seq = to_files(array, path, coords=COORDS, scheduler="processes", workers=2)
    else:
        with Client(request.getfixturevalue("cluster")):
            seq = to_files(array, path, coords=COORDS)
    np.testing.assert_array_equal(seq.asarray(), images)


def test_axes_inside_the_files(tmp_path, images):
    """OME-TIFF has times and channels inside unless they are in the name."""
    seq = to_files(
        images, tmp_path / "{channel}.ome.tif", coords=COORDS, dims=DIMS, scale={"t": (30, "s")}
    )
    assert (seq.dims, seq.chunkdims) == (("channel",), ("t", "y", "x"))
    np.testing.assert_array_equal(seq.asarray(), images)
    np.testing.assert_array_equal(seq.to_xarray()["t"], [0, 30, 60])
    seq = to_files(images, tmp_path / "{t}.tif", dims=DIMS, inside="channel")
    np.testing.assert_array_equal(seq.asarray(), images.swapaxes(0, 1))
    seq = to_files(images, tmp_path / "all.npy", dims=DIMS, inside=["channel", "t"])
    np.testing.assert_array_equal(np.load(seq[0]), images)


def test_relative_names(tmp_path, images, monkeypatch):
    """Names would be looked for in another folder than they are written to."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for pattern in ("{t}.tif", "./a/{t}.tif", "../b/{t}.tif", "c/../{{d}}/{t}.tif"):
        seq = to_files(images[0], pattern)
        np.testing.assert_array_equal(seq.asarray(), images[0])
        assert to_files(images[0], pattern, dry_run=True)["written"] == 3
    folders = ("b", "here", "here/a", "here/{d}")
    names = [f"{folder}/{t}.tif" for folder in folders for t in range(3)]
    assert files_below(tmp_path) == sorted(names)


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif"])
def test_columns_before_rows_are_transposed(tmp_path, images, suffix):
    """Images would be mirrored along the diagonal."""
    array = labelled(images).transpose("x", "channel", "y", "t")
    seq = to_files(array, tmp_path / f"{{t}}_{{channel}}{suffix}")
    np.testing.assert_array_equal(seq.asarray(), images.swapaxes(0, 1))


@pytest.mark.parametrize("imagej", [False, True])
def test_pixel_sizes_and_channels_are_kept(tmp_path, images, imagej):
    """Sizes and names would be gone, for other programs as well."""
    scale = {"y": (0.5, "um"), "x": (0.325, "um"), "z": (2.0, "µm")}
    dims = ["channel", "z", "y", "x"]
    path = tmp_path / ("{well}.tif" if imagej else "{well}.ome.tif")
    coords = {"channel": CHANNELS, "well": "A1"}
    seq = to_files(images, path, dims=dims, coords=coords, scale=scale, imagej=imagej)
    array = seq.to_xarray()
    assert array["well"].item() == "A1"
    assert array["c"].values.tolist() == CHANNELS
    steps = {dim: float(np.diff(array[dim])[0]) for dim in "zyx"}
    assert steps == pytest.approx({"z": 2.0, "y": 0.5, "x": 0.325})
    assert {array[dim].units for dim in "zyx"} == {"µm"}
    with tifffile.TiffFile(seq[0]) as tif:
        assert tif.is_imagej if imagej else tif.is_ome


def test_pixel_sizes_of_plain_files(tmp_path, images):
    """A coarse size would be taken for the resolution of a print."""
    seq = to_files(images[0], tmp_path / "{t}.tif", scale={"y": (84.7, "µm"), "x": (84.7, "µm")})
    assert float(np.diff(seq.to_xarray()["x"])[0]) == pytest.approx(84.7)


def test_resolution_of_sources_is_kept(tmp_path, images):
    """What is read from files is written into others."""
    seq = to_files(images[0], tmp_path / "a" / "{t}.tif", scale=dict.fromkeys("yx", (0.25, "µm")))
    again = to_files(seq, tmp_path / "b" / "{t}.ome.tif")
    assert float(np.diff(again.to_xarray()["x"])[0]) == pytest.approx(0.25)


def test_fields_of_other_coordinates(tmp_path, images):
    """Names of channels beside their numbers, and single labels, would be lost."""
    array = labelled(images).rename(channel="c").assign_coords(c=[0, 1])
    array = array.assign_coords(stain=("c", CHANNELS), well="B2").isel(t=1)
    seq = to_files(array, tmp_path / "{well}_{stain}.tif")
    assert [os.path.basename(name) for name in seq] == ["B2_DAPI.tif", "B2_GFP.tif"]
    np.testing.assert_array_equal(seq.asarray()[0], images[:, 1])


def test_dates_and_durations(tmp_path, images):
    """Dates would become numbers, or lose their time."""
    times = np.array(["2026-01-31T23:59", "2026-02-01T00:01", "2026-12-31T12:00"], "M8[ns]")
    array = labelled(images)[0].assign_coords(t=times)
    seq = to_files(array, tmp_path / "{t:%Y-%m-%d}/{t:%Hh%M}.tif")
    np.testing.assert_array_equal(seq.coords["t"], times)
    after = np.array([0, 90, 26 * 60], "m8[m]")
    seq = to_files(array.assign_coords(t=after), tmp_path / "{t:%Hh%Mm}.tif")
    assert [os.path.basename(name) for name in seq] == ["00h00m.tif", "01h30m.tif", "26h00m.tif"]
    np.testing.assert_array_equal(seq.coords["t"].astype("m8[m]"), after)


def test_empty_cells_become_no_files(tmp_path, images):
    """Missing files would become files of zeros."""
    seq = to_files(images, tmp_path / "in" / "{channel}_{t}.tif", coords=COORDS)
    part = open_sequence([n for n in seq if "GFP_10" not in n], pattern="{channel}_{t}.tif")
    again = to_files(part, tmp_path / "out" / "{channel}_{t}.tif")
    assert len(again) == 5
    assert again.missing == [(1, 1)]


def test_tiff_options(tmp_path, images):
    """Options would be taken and not used."""
    path = tmp_path / "{t}.tif"
    seq = to_files(np.tile(images[0], 2), path, compression="zlib", tile=(16, 32), bigtiff=True)
    with tifffile.TiffFile(seq[0]) as tif:
        page = tif.pages[0]
        assert (page.compression, page.tile, page.predictor) == (8, (16, 32), 2)
        assert tif.is_bigtiff
    np.testing.assert_array_equal(seq.asarray(), np.tile(images[0], 2))


def test_colours(tmp_path):
    """Samples would become pages."""
    images = np.random.default_rng(1).integers(0, 255, (2, 8, 9, 3), "u1")
    for name in ("{t}.tif", "{t}.png", "{t}.ome.tif"):
        seq = to_files(images, tmp_path / name)
        assert seq.chunkdims == ("y", "x", "s")
        np.testing.assert_array_equal(seq.asarray(), images)


@pytest.mark.parametrize(
    ("pattern", "options", "error", "match"),
    [
        ("{t:01d}.tif", {}, LayoutError, "axis 'channel' has no place.*inside=\\['channel'\\]"),
        ("{channel}_{t}_{z}.tif", {}, NamesError, "has a field 'z'; the labels are"),
        ("{channel}_{}.tif", {}, NamesError, "has a field without a name"),
        ("{channel}{t}.tif", {}, NamesError, "right behind another field"),
        ("{channel}_{t:%Y}.tif", {}, NamesError, "label 0 cannot be written as '{t:%Y}'.*no date"),
        ("{channel:d}_{t}.tif", {}, NamesError, "it is a word, and the field a number"),
        ("{channel}_{t}.xyz", {}, ValueError, "no files with the suffix '.xyz'"),
        ("{channel}_{t}.lsm", {}, ValueError, "no files with the suffix '.lsm'"),
        ("{channel}_{t}.tif", {"coords": [1]}, TypeError, "coords=\\[1\\] is no mapping"),
        ("{channel}_{t}.tif", {"scale": 2}, TypeError, "scale=2 is no mapping"),
        ("{channel}_{t}", {}, ValueError, "no files with the suffix ''"),
        ("s3://bucket/{channel}_{t}.tif", {}, ValueError, "is a URL"),
        ("{channel}_{t}.png", {"tile": (16, 16)}, ValueError, "tile=.* is for TIFF"),
        ("{channel}_{t}.tif", {"level": 3}, ValueError, "level=3 is not for TIFF"),
        ("{channel}_{t}.tif", {"compression": "zipp"}, ValueError, "cannot write .*ZIPP"),
        ("{channel}_{t}.tif", {"tile": (5, 5)}, ValueError, "cannot write"),
        ("{channel}_{t}.tif", {"tile": 256}, ValueError, "tile=256 is no shape of tiles"),
        ("{channel}.png", {"inside": "t"}, LayoutError, "has the axes y, x and s"),
        ("{channel}_{t}.tif", {"inside": "q"}, LayoutError, "inside has 'q'"),
        ("{channel}_{t}.tif", {"dims": "ab"}, LayoutError, "2 names for 4 axes"),
        ("{channel}_{t}.tif", {"coords": {"t": [1]}}, NamesError, "shape \\(1,\\), and t is 3"),
        ("{channel}_{t}.tif", {"coords": {"u": [1]}}, NamesError, "'u', which is no axis"),
        ("{channel}_{t}.tif", {"scale": {"u": (1, "s")}}, NamesError, "scale has 'u'"),
        ("{channel}_{t}.tif", {"scale": {"x": 1}}, ValueError, "is no step and unit"),
        ("{channel}_{t}.tif", {"workers": -1}, ValueError, "workers=-1"),
        ("{channel}/../{t}.tif", {}, NamesError, "'..' behind a field"),
        ("{channel}_{t.tif", {}, NamesError, "a single '{'"),
        ("{channel}_{t}.tif", {"chunk": 1}, TypeError, "unexpected keyword arguments: chunk"),
    ],
)
def test_mistakes_are_found_before_the_first_byte(tmp_path, images, pattern, options, error, match):
    """Hours would pass until the mistake shows, or files of one name replace each other."""
    pattern = pattern if ":/" in pattern else tmp_path / "out" / pattern
    with pytest.raises(error, match=match):
        to_files(labelled(images), pattern, **options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("array", "error", "match"),
    [
        (np.zeros((0, 8, 8)), ValueError, "nothing to write"),
        (np.ma.masked_equal(np.eye(8)[None], 0), ValueError, "array is masked"),
        (da.ma.masked_equal(da.zeros((1, 8, 8)), 0), ValueError, "array is masked"),
        (da.zeros((2, 8, 8))[da.arange(2) > 0], ValueError, "compute_chunk_sizes"),
        (np.zeros(()), LayoutError, "has 0 axes, and the pattern has fields for 1"),
        (np.zeros((1, 2, 3, 4, 5)), LayoutError, "has 5 axes.*name all axes by dims"),
        (np.array([[["a"]]]), ValueError, "cannot write <U1"),
    ],
)
def test_arrays_that_cannot_be_written(tmp_path, array, error, match):
    """Masks would be gone, or the error be one of numpy."""
    with pytest.raises(error, match=match):
        to_files(array, tmp_path / "{t}.tif")
    assert os.listdir(tmp_path) == []


def test_plain_arrays_need_a_name_for_each_axis(tmp_path, images):
    """The error would be one of zip."""
    with pytest.raises(LayoutError, match="2 names for 4 axes"):
        to_files(images, tmp_path / "{channel}_{t}.tif", dims=["channel", "t"])


def test_byte_order_and_strides_do_not_matter(tmp_path, images):
    """Pixels would be swapped, or those of another view."""
    for name, array in (("a", images[0].astype(">u2")), ("b", images[0][..., ::-2])):
        for suffix in (".tif", ".png", ".npy"):
            seq = to_files(array, tmp_path / f"{name}{{t}}{suffix}")
            np.testing.assert_array_equal(seq.asarray(), array)


@pytest.mark.parametrize(
    ("labels", "error", "match"),
    [
        (["a", "a"], DuplicateError, "channel=a, t=0 and channel=a, t=0 would both be"),
        (["a", "../b"], NamesError, "makes another path"),
        (["a", "b\\c"], NamesError, "makes another path"),
        (["a", ".."], NamesError, "makes another path"),
        (["a", ""], NamesError, "makes another path"),
        (["01", "02"], NamesError, "label 01 .* read back as 1, a number: write it as {channel:s}"),
        (["a_1", "a"], NamesError, "label a_1 of 'channel' would be read back as a: put other"),
        (["a" * 300, "b"], NamesError, "more than 242 bytes"),
    ],
)
def test_labels_that_names_cannot_have(tmp_path, images, labels, error, match):
    """A file would be in another folder, or be read back with other labels."""
    with pytest.raises(error, match=match):
        to_files(images, tmp_path / "out" / "{channel}_{t:s}.tif", coords={"channel": labels})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("dtype", ["i8", "c16", "M8[s]", "O"])
@pytest.mark.parametrize("suffix", [".png", ".jxl", ".jp2", ".jpg"])
def test_types_that_formats_cannot_hold(tmp_path, dtype, suffix):
    """Pixels would be cast without a word."""
    with pytest.raises(ValueError, match="cannot write"):
        to_files(np.zeros((2, 8, 8)).astype(dtype), tmp_path / f"{{t}}{suffix}")
    assert os.listdir(tmp_path) == []


def test_sources_are_not_overwritten(tmp_path, images):
    """A file would be replaced while others of it are still read."""
    seq = to_files(images, tmp_path / "{channel}_{t}.tif", coords=COORDS)
    (tmp_path / "link").symlink_to(tmp_path)
    for place in (tmp_path, tmp_path / "link"):
        for array in (seq, seq.to_xarray(), seq.to_dask_array(), da.roll(seq.to_dask_array(), 1)):
            with pytest.raises(TargetExistsError, match="is one of the files that are read"):
                to_files(array, place / "{channel}_{t}.tif", overwrite=True, coords=COORDS)


def test_the_same_call_writes_nothing_twice(tmp_path, images):
    """An interrupted call would start over."""
    path = tmp_path / "{channel}_{t}.tif"
    seq = to_files(images, path, coords=COORDS)
    before = {name: os.stat(name).st_mtime_ns for name in seq}
    os.unlink(seq[2])
    calls = []
    to_files(images, path, coords=COORDS, progress=lambda done, total: calls.append((done, total)))
    assert [name for name in seq if os.stat(name).st_mtime_ns != before[name]] == [seq[2]]
    size = images[0, 0].nbytes
    assert calls == [(5 * size, 6 * size), (6 * size, 6 * size)]
    plan = to_files(images, path, coords=COORDS, dry_run=True)
    assert (plan["files"], plan["written"]) == (6, 6)


def test_other_files_stay(tmp_path, images):
    """What somebody else wrote, or the same call from other pixels, would be lost."""
    path = tmp_path / "{channel}_{t}.tif"
    (tmp_path / "GFP_10.tif").write_text("mine")
    with pytest.raises(TargetExistsError, match=r"'.*GFP_10.tif' exists, and is not what"):
        to_files(images, path, coords=COORDS)
    assert files_below(tmp_path) == ["GFP_10.tif"]
    to_files(images, path, coords=COORDS, overwrite=True)
    for other, options in ((images + 1, {}), (images, {"compression": "zlib"})):
        with pytest.raises(TargetExistsError, match="and 3 more exist, and are not"):
            to_files(other, path, coords=COORDS, **options)
    seq = to_files(images + 1, path, coords=COORDS, overwrite=True)
    np.testing.assert_array_equal(seq.asarray(), images + 1)


def test_new_and_changed_sources(tmp_path, images):
    """A folder that grows would be written anew each time, or old pixels would stay."""
    sources = tmp_path / "in" / "{t}.tif"
    names = list(to_files(images[0, :2], sources))

    def opened():
        return open_sequence(names, pattern="{t}.tif")

    out = tmp_path / "out" / "{t}.tif"
    before = {name: os.stat(name).st_mtime_ns for name in to_files(opened(), out)}
    names += to_files(images[0, 2:], sources, coords={"t": [2]})
    seq = to_files(opened(), out)
    assert {name: os.stat(name).st_mtime_ns for name in seq[:2]} == before
    np.testing.assert_array_equal(seq.asarray(), images[0])
    tifffile.imwrite(names[1], images[1, 1])
    with pytest.raises(TargetExistsError, match=r"'.*1\.tif' exists, and is not what"):
        to_files(opened(), out)
    seq = to_files(opened(), out, overwrite=True)
    assert os.stat(seq[0]).st_mtime_ns == before[seq[0]]
    np.testing.assert_array_equal(seq.asarray()[1], images[1, 1])


def test_the_manifest_lists_all_files(tmp_path, images):
    """Nobody would know what was written from what."""
    to_files(images, tmp_path / "{channel}" / "{t}.tif", coords=COORDS)
    lines = [json.loads(line) for line in (tmp_path / MANIFEST).read_text().splitlines()]
    assert sorted(name for name, *_ in lines) == files_below(tmp_path)
    for name, token, size, time in lines:
        status = (tmp_path / name).stat()
        assert (len(token), size, time) == (24, status.st_size, status.st_mtime_ns)


def test_two_calls_at_a_time_write_into_one_folder(tmp_path, images):
    """The jobs of a cluster write a channel each: the last would forget what others wrote."""
    seqs = [
        to_files(images[c], tmp_path / "in" / f"{channel}_{{t}}.tif")
        for c, channel in enumerate(COORDS["channel"])
    ]
    patterns = [tmp_path / "out" / f"{channel}_{{t}}.tif" for channel in COORDS["channel"]]
    others = [1]

    def other(done, total):
        if others:
            to_files(seqs[others.pop()], patterns[1])

    to_files(seqs[0], patterns[0], progress=other, scheduler="sync")
    assert not others
    for seq, pattern in zip(seqs, patterns, strict=True):
        plan = to_files(seq, pattern, dry_run=True)
        assert plan["written"] == plan["files"] == len(seq)


def test_shared_work_of_a_graph_is_done_once(tmp_path, images):
    """A mean over all files would be computed for each of them again."""
    calls = []

    def counted(block):
        calls.append(block.shape)
        return block

    array = da.from_array(images[0], chunks=(1, 20, 30)).map_blocks(
        counted, dtype="u2", meta=images
    )
    seq = to_files(array - array.mean(axis=0, dtype="f8"), tmp_path / "{t}.tif", workers=1)
    np.testing.assert_allclose(seq.asarray(), images[0] - images[0].mean(axis=0))
    assert len(calls) == 3


def test_few_blocks_are_in_memory(tmp_path):
    """All of an array would be in memory before the first file is written."""
    made, alive = [], []

    def make(block_id):
        block = np.full((1, 8, 8), block_id[0], "u2")
        made.append(weakref.ref(block))
        alive.append(sum(reference() is not None for reference in made))
        return block

    meta = np.empty((0, 0, 0), "u2")
    array = da.map_blocks(make, chunks=((1,) * 200, (8,), (8,)), dtype="u2", meta=meta)
    with dask.config.set(scheduler="threads", num_workers=2):
        seq = to_files(array, tmp_path / "{t}.tif")
    np.testing.assert_array_equal(seq.asarray()[:, 0, 0], np.arange(200))
    assert len(made) == 200
    assert max(alive) < 20

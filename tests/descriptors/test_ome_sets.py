"""OME sets are read as the one image that they are."""

import os
import pickle
import re
import zipfile
from pathlib import Path

import dask
import numpy as np
import pytest
import tifffile

from dask_fileseq import GridWarning, TiffSequence, open_sequence
from dask_fileseq.readers import PagesReader, Reader, count
from tests.helpers.instruments import MAKERS, ome_set

IMAGE = np.add.outer(np.add.outer([0, 100], [0, 10]), [0, 1, 2])[..., None, None] + np.zeros(
    (4, 6), "i4"
)
"""All planes of a set, along t, c, z, y and x."""


@pytest.mark.parametrize("companion", [True, False], ids=["companion", "headers"])
@pytest.mark.parametrize("in_file", ["", "z", "c", "cz", "tz", "t"])
@pytest.mark.filterwarnings("error")
def test_sets_are_one_image(tmp_path, in_file, companion):
    """Planes would be an unnamed axis, or in another order than tifffile reads the set in."""
    ome_set(tmp_path, in_file=in_file, companion=companion)
    seq = open_sequence(tmp_path)
    inner = [dim for dim in "tcz" if dim in in_file]
    assert seq.dims == tuple(dim for dim in "tcz" if dim not in in_file)
    assert seq.chunkdims == (*inner, "y", "x")
    order = [[*seq.dims, *inner].index(dim) for dim in "tcz"]
    image = np.transpose(seq.asarray(), [*order, 3, 4])
    np.testing.assert_array_equal(image, IMAGE)
    if not companion:
        np.testing.assert_array_equal(image, tifffile.imread(seq[0]))
    array = seq.to_xarray()
    assert array.c.values.tolist() == ["DAPI", "GFP"]
    if "z" in in_file:
        assert array.z.values.tolist() == [0, 0.5, 1]
    assert len(seq.check()) == 0


def test_regions_of_pages_are_read_alone(tmp_path):
    """A part of the pages would be other pages, or whole files would be read."""
    ome_set(tmp_path, in_file="tz")
    array = open_sequence(tmp_path).array()
    whole = array[...]
    for index in np.ndindex(2, 2, 2):
        key = (
            (slice(None), 1)[index[0]],
            (slice(None, None, -1), 0)[index[1]],
            (slice(2, 0, -1), slice(0, 3, 2))[index[2]],
        )
        np.testing.assert_array_equal(array[key], whole[key])
        np.testing.assert_array_equal(
            array[(..., *key, slice(1, 3), 2)], whole[(..., *key, slice(1, 3), 2)]
        )
    with count() as counts:
        array[0, 1, 2]
    assert counts.bytes < 100


def test_sets_pickle_and_compute(tmp_path):
    """Workers would read other axes than the process that opened the set."""
    ome_set(tmp_path, in_file="tz")
    seq = open_sequence(tmp_path)
    again = pickle.loads(pickle.dumps(seq))
    assert again.reader == seq.reader
    assert dask.base.tokenize(again.to_dask_array()) == dask.base.tokenize(seq.to_dask_array())
    np.testing.assert_array_equal(
        seq.to_dask_array()[1, :, ::2].compute(), seq.asarray()[1, :, ::2]
    )


def test_one_header_is_read(tmp_path):
    """Opening would read the headers of all files."""
    ome_set(tmp_path, companion=False)
    with count() as counts:
        open_sequence(tmp_path)
    assert counts.headers == 1
    with count() as counts:
        open_sequence(tmp_path, table=None)
        TiffSequence(tmp_path, pattern="infer")
    assert counts.headers == 0


def test_missing_files_of_a_set(tmp_path):
    """The image would be smaller without a word."""
    ome_set(tmp_path, companion=False)
    os.remove(tmp_path / "set_t1_c0_z2.ome.tif")
    seq = open_sequence(tmp_path)
    assert (seq.shape, seq.missing) == ((2, 2, 3), [(1, 0, 2)])


@pytest.mark.filterwarnings("error")
def test_files_that_describe_themselves_are_no_set(tmp_path):
    """Files of their own would be compared with what another one says."""
    for t in range(3):
        name = tmp_path / f"t{t}.ome.tif"
        tifffile.imwrite(name, np.zeros((2, 4, 6), "u1"), metadata={"axes": "ZYX"})
    seq = open_sequence(tmp_path)
    assert (seq.dims, seq.chunkdims) == (("t",), ("z", "y", "x"))
    assert not seq.grid.metadata.source
    ome_set(tmp_path / "scan1", companion=False)
    ome_set(tmp_path / "scan2", companion=False)
    seq = open_sequence(f"{tmp_path}/scan?/*.ome.tif")
    assert seq.dims == ("scan", "t", "c", "z")


def test_two_sets_in_a_folder_are_read_by_their_names(tmp_path):
    """One of them would be left out."""
    ome_set(tmp_path)
    for path in list(tmp_path.iterdir()):
        other = path.with_name(path.name.replace("set", "second"))
        other.write_bytes(path.read_bytes().replace(b"set_t", b"second_t"))
    with pytest.warns(GridWarning, match="it describes 12 of 24 files, and is one of several"):
        seq = open_sequence(tmp_path)
    assert len(seq) == 24
    assert open_sequence(f"{tmp_path}/second*.tif").grid.metadata.source == (
        "second.companion.ome (OME)"
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('FirstZ="2"', 'FirstZ="1"', "twice|regular order|same cell"),
        ('IFD="0"', 'IFD="70"', "leaves out pages"),
        ('PlaneCount="1"', 'PlaneCount="99999"', "is about 99,999 of 12 planes"),
        ('SamplesPerPixel="1"', 'SamplesPerPixel="3"', "several samples"),
        ('FirstT="1"', 'FirstT="x"', "has no integer"),
        ("XYZCT", "XYZCC", "DimensionOrder"),
    ],
)
@pytest.mark.parametrize("in_file", ["", "tz"])
def test_irregular_sets_are_one_warning(tmp_path, old, new, why, in_file):
    """Planes would be in wrong places."""
    kind = ome_set(tmp_path, in_file=in_file)
    path = Path(kind.descriptor)
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.warns(GridWarning, match=why):
        open_sequence(kind.files)


def test_all_kinds_have_a_maker():
    """A kind that no maker writes would not be tested."""
    from dask_fileseq.descriptors.search import KINDS

    assert len(MAKERS) >= len(KINDS)


@pytest.mark.parametrize("in_file", ["", "tz"])
def test_sets_in_archives(tmp_path, in_file):
    """The header of a member would not be read, or from where the last read ended."""
    ome_set(tmp_path / "set", in_file=in_file, companion=False)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").iterdir()):
            archive.write(path, path.name)
    seq = open_sequence(tmp_path / "set.zip")
    local = open_sequence(tmp_path / "set")
    assert (seq.dims, seq.chunkdims) == (local.dims, local.chunkdims)
    np.testing.assert_array_equal(seq.asarray(), local.asarray())


@pytest.mark.parametrize("in_file", ["", "tz"])
@pytest.mark.filterwarnings("error")
def test_sets_of_several_images(tmp_path, in_file):
    """Positions would be one, or the files of the second be left out."""
    texts = []
    for number in (0, 1):
        kind = ome_set(tmp_path / str(number), in_file=in_file)
        texts.append(Path(kind.descriptor).read_text("utf-8"))
        for path in (tmp_path / str(number)).glob("*.tif"):
            path.rename(tmp_path / path.name.replace("set", f"p{number}"))
    images = [
        re.search("<Image.*</Image>", text)[0]
        .replace("set_", f"p{number}_")
        .replace('Name="set"', f'Name="pos {number}"')
        for number, text in enumerate(texts)
    ]
    whole = re.sub("<Image.*</Image>", "".join(images), texts[0])
    (tmp_path / "set.companion.ome").write_text(whole, "utf-8")
    seq = open_sequence(f"{tmp_path}/*.tif")
    assert seq.dims[0] == "image"
    assert seq.coords["image"].tolist() == ["pos 0", "pos 1"]
    assert (len(seq), seq.files_missing) == (4 if in_file else 24, 0)
    np.testing.assert_array_equal(seq.isel(image=0).asarray(), seq.isel(image=1).asarray())


def test_tables_and_trees_have_the_axes_of_pages(tmp_path):
    """They would have the pages along one axis, which the array does not have."""
    ome_set(tmp_path, in_file="tz")
    seq = open_sequence(tmp_path)
    constant = seq.table().constant
    assert (constant["shape"], constant["axes"]) == (seq.array().shape[1:], "TZYX")
    pytest.importorskip("xarray")
    for pad in (None, 0):
        tree = seq.to_datatree(pad=pad)
        np.testing.assert_array_equal(tree["2x3x4x6_uint16"].image, seq.asarray())


@pytest.mark.parametrize("args", [{"level": 0}, {"series": 0}, {"imreadargs": {"is_ome": False}}])
@pytest.mark.filterwarnings("error")
def test_arguments_that_leave_all_pages_leave_their_axes(tmp_path, args):
    """The pages would be along one axis without a name, and nothing would say so."""
    ome_set(tmp_path, in_file="tz")
    seq = open_sequence(tmp_path)
    image = seq.asarray()
    for array in (seq.array(**args), open_sequence(tmp_path, **args).array()):
        assert array.dims == ("c", "t", "z", "y", "x")
        np.testing.assert_array_equal(array[...], image)
        np.testing.assert_array_equal(array[1, :, ::-2, 1:3], image[1, :, ::-2, 1:3])
    spec = seq.array(**args).spec
    other = seq.reader.read_otherwise(seq[1], spec, **seq.array(**args).options.imreadargs)
    np.testing.assert_array_equal(other, image[1])


@pytest.mark.parametrize("args", [{"key": 4}, {"series": "all"}])
def test_arguments_that_choose_other_pages_are_a_warning(tmp_path, args):
    """Axes that the descriptor has would be gone without a word."""
    ome_set(tmp_path, in_file="tz")
    seq = open_sequence(tmp_path)
    with pytest.warns(GridWarning, match="describes the pages of each file along t, z") as found:
        array = seq.array(**args)
    assert len(found) == 1
    other = open_sequence(tmp_path, **args)
    with pytest.warns(GridWarning, match="describes the pages of each file along t, z"):
        other = other.array()
    assert array.dims == other.dims
    np.testing.assert_array_equal(array[...], other[...])


def test_pages_whose_axes_the_reader_finds_are_read_by_it(tmp_path):
    """They would be taken for pages along one axis, and be an error."""

    class Planes(Reader):
        def __call__(self, file, flat=True):
            return np.arange(144).reshape((6, 4, 6) if flat else (2, 3, 4, 6))

    reader = PagesReader(Planes(), ("t", "z"), (2, 3))
    for flat in (True, False):
        spec = reader.describe("a.tif", flat=flat).spec
        out = np.empty((2, 2, 4, 6), int)
        region = (range(1, -1, -1), range(1, 3), range(4), range(6))
        reader.read_region("a.tif", spec, region, out, flat=flat)
        np.testing.assert_array_equal(out, reader("a.tif", flat=flat)[::-1, 1:])

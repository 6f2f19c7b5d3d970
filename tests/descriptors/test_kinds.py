"""Each kind of descriptor gives the grid that names give, and what it says besides."""

import os
import pickle
import zipfile

import fsspec
import numpy as np
import pytest

from dask_fileseq import open_sequence
from dask_fileseq.readers import count
from tests.helpers.instruments import MAKERS

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=MAKERS)
def kind(request, tmp_path):
    """Return what a maker wrote into a folder."""
    return MAKERS[request.param](tmp_path / "scan")


def check_coords(coords, expected):
    for name, values in expected.items():
        found = coords[name]
        assert found.dtype.kind == np.asarray(values).dtype.kind
        np.testing.assert_array_equal(found, values)


def test_grid_is_that_of_the_names(kind):
    """Files would be in other cells than their names say."""
    seq = open_sequence(kind.files)
    named = open_sequence(kind.files, pattern=kind.pattern, unmatched="skip")
    assert (seq.dims, seq.shape) == (kind.dims, tuple(len(seq.coords[d]) for d in kind.dims))
    order = [named.dims.index(dim) for dim in seq.dims]
    assert seq.files == named.files
    assert seq.shape == tuple(named.shape[i] for i in order)
    assert seq.indices == [tuple(index[i] for i in order) for index in named.indices]


def test_labels_times_and_positions_are_those_of_the_descriptor(kind):
    """Channels would be numbers, and times and positions lost."""
    seq = open_sequence(kind.files)
    check_coords(seq.coords, kind.coords)
    array = seq.to_xarray()
    check_coords(array.coords, kind.coords)
    check_coords(array.coords, {name: values for name, (_, values) in kind.others.items()})
    for name, (dims, _) in kind.others.items():
        assert array.coords[name].dims == dims
        assert os.path.basename(kind.descriptor) in array.coords[name].attrs["source"]
    if kind.pixel_size is not None:
        np.testing.assert_allclose(array.x, kind.pixel_size * np.arange(6))
        assert array.x.attrs["units"] == "µm"
    else:
        assert "x" not in array.coords


def test_nothing_but_the_descriptor_is_read(kind):
    """Opening would read images."""
    with count() as counts:
        seq = open_sequence(kind.files)
        assert seq.explain().startswith(os.path.basename(kind.descriptor))
    assert counts.files == 0
    assert os.path.basename(kind.descriptor) in str(seq)
    assert (pickle.loads(pickle.dumps(seq)).to_xarray().to_numpy() == seq.asarray()).all()


def test_selection_keeps_other_coordinates(kind):
    """Parts of a sequence would have coordinates of the whole, or none."""
    seq = open_sequence(kind.files)
    whole = seq.to_xarray()
    for dim, size in zip(seq.dims, seq.shape, strict=True):
        for index in (size - 1, slice(size - 1, None)):
            part = seq.isel({dim: index}).to_xarray()
            expected = whole.isel({dim: index})
            for name, coord in part.coords.items():
                np.testing.assert_array_equal(coord, expected.coords[name])
            assert part.coords.keys() >= kind.others.keys()
        for label, part in seq.split(dim).items():
            assert part.to_xarray().coords.keys() >= kind.others.keys(), label


def test_missing_files_are_empty_cells(kind, tmp_path):
    """A file that the instrument wrote and that was lost would make another grid."""
    before = open_sequence(kind.files)
    lost = before.files[-1]
    os.remove(lost)
    seq = open_sequence(kind.files)
    assert seq.shape == before.shape
    assert seq.missing == [before.indices[-1]]
    assert "1 cell without a file" in seq.explain()


def test_lists_have_descriptors(kind, tmp_path):
    """Files of a shell's glob would be in other cells than those of a folder."""
    seq = open_sequence(kind.files)
    listed = open_sequence(seq.files)
    assert listed.grid.metadata.source == seq.grid.metadata.source
    assert (listed.dims, listed.indices) == (seq.dims, seq.indices)
    check_coords(listed.coords, seq.coords)
    backwards = open_sequence(seq.files[::-1])
    assert (backwards.files, backwards.indices) == (seq.files[::-1], seq.indices[::-1])
    one = open_sequence(seq.files[-1:])
    assert (one.grid.metadata.source, len(one), one.files_missing) == (
        seq.grid.metadata.source,
        1,
        0,
    )


def test_lists_of_names_that_do_not_exist_have_none(kind, tmp_path):
    """Names alone would be other axes, or be left out, by what is beside them."""
    seq = open_sequence(kind.files)
    named = open_sequence(seq.files, table=None, unmatched="skip")
    (tmp_path / "away").mkdir()
    for name in seq.files:
        os.rename(name, tmp_path / "away" / os.path.basename(name))
    listed = open_sequence(seq.files, unmatched="skip")
    assert (listed.grid.metadata.source, listed.dims) == ("", named.dims)


def test_names_count_without_the_descriptor(kind):
    """There would be no way to leave the descriptor out."""
    seq = open_sequence(kind.files, table=None, unmatched="skip")
    assert seq.pattern is not None
    assert not seq.grid.metadata.source
    given = open_sequence(kind.files, pattern=kind.pattern, unmatched="skip")
    assert str(given.pattern) == kind.pattern


def test_archives_and_memory_have_descriptors(kind, tmp_path):
    """Only folders on local disks would be opened with what the instrument says."""
    local = open_sequence(kind.files)
    scan = tmp_path / "scan"
    inside = os.path.relpath(kind.files, scan)
    memory = fsspec.filesystem("memory")
    root = f"/{tmp_path.name}"
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        for path in sorted(scan.rglob("*")):
            if path.is_file():
                archive.write(path, os.path.relpath(path, tmp_path))
                memory.pipe(f"{root}/{os.path.relpath(path, scan)}", path.read_bytes())
    glob = "" if inside == "." else f"/{inside}"
    for seq in (
        open_sequence(f"scan{glob}", container=tmp_path / "scan.zip"),
        open_sequence(f"memory:/{root}{glob}"),
    ):
        assert seq.grid.metadata.source == local.grid.metadata.source
        assert (seq.dims, seq.shape, seq.missing) == (local.dims, local.shape, [])
        np.testing.assert_array_equal(seq.asarray(), local.asarray())
    memory.rm(root, recursive=True)

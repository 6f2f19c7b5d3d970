"""A refreshed sequence is what opening again gives, for the price of the new files."""

import pickle
import zipfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import (
    DuplicateError,
    FileSequence,
    NoFilesError,
    TiffSequence,
    UnmatchedError,
    open_sequence,
)
from dask_fileseq.files import LocalFiles
from dask_fileseq.patterns import NamePattern


def write(folder, *names):
    for name in names:
        tifffile.imwrite(folder / f"{name}.tif", np.full((4, 6), sum(name.encode()) % 256, "u1"))


@pytest.fixture
def seq(tmp_path):
    """Return the sequence of three files, of which one cell is empty."""
    write(tmp_path, "t01_A", "t01_B", "t02_A")
    return open_sequence(tmp_path)


@pytest.fixture
def counted(monkeypatch):
    """Count the names that are parsed, and those whose versions are taken."""
    counts = {"parsed": 0, "stated": 0}

    def counting(cls, method, what):
        function = getattr(cls, method)

        def call(self, names, *args, **kwargs):
            counts[what] += len(names)
            return function(self, names, *args, **kwargs)

        monkeypatch.setattr(cls, method, call)

    counting(NamePattern, "columns", "parsed")
    counting(LocalFiles, "versions", "stated")
    return counts


def test_the_grid_grows_along_all_axes(seq, tmp_path):
    """And where the new labels belong, which need not be at the end."""
    before = seq.to_dask_array()
    pixels = before.compute()
    write(tmp_path, "t00_C", "t09_A")
    grown = seq.refresh()
    again = open_sequence(tmp_path, pattern=str(seq.pattern))
    assert (grown.shape, grown.files) == (again.shape, again.files)
    assert [*grown.coords["t"]] == [0, 1, 2, 9]
    assert [*grown.coords["label"]] == ["A", "B", "C"]
    np.testing.assert_array_equal(grown.asarray(), again.asarray())
    assert grown.to_dask_array().name == again.to_dask_array().name != before.name
    np.testing.assert_array_equal(before.compute(), pixels)
    assert type(grown) is type(seq)


def test_only_new_files_are_looked_at(seq, tmp_path, counted):
    """A folder of a million files would take seconds at each look."""
    name = seq.to_dask_array().name
    write(tmp_path, "t02_B", "t03_A")
    counted.update(parsed=0, stated=0)
    grown = seq.refresh()
    assert counted == {"parsed": 2, "stated": 2}
    assert grown.to_dask_array().name != name
    assert counted == {"parsed": 2, "stated": 2}
    assert grown.refresh() is grown
    assert counted == {"parsed": 2, "stated": 2}


def test_files_that_are_gone(seq, tmp_path):
    """They would be errors where their pixels are read."""
    (tmp_path / "t01_A.tif").unlink()
    assert seq.refresh().files == open_sequence(tmp_path, pattern=str(seq.pattern)).files
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(NoFilesError):
        seq.refresh()


def test_names_that_do_not_fit(tmp_path):
    """They are errors as they are when a folder is opened."""
    write(tmp_path, "t1", "t2")
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern="t{t:d}.tif")
    write(tmp_path, "t01")
    with pytest.raises(DuplicateError, match="t01"):
        seq.refresh()
    (tmp_path / "t01.tif").unlink()
    write(tmp_path, "other")
    with pytest.raises(UnmatchedError, match="other"):
        seq.refresh()
    skipping = TiffSequence(f"{tmp_path}/*.tif", pattern="t{t:d}.tif", unmatched="skip")
    write(tmp_path, "another")
    found = [name.rpartition("/")[2] for name in skipping.refresh().unmatched]
    assert found == ["another.tif", "other.tif"]


def test_names_without_a_pattern(tmp_path):
    """Files in a row, a user's own function, a table: all go through what opened them."""
    write(tmp_path, "t1", "t3")
    (tmp_path / "where.csv").write_text("file,z\nt1.tif,5\nt2.tif,6\nt3.tif,7\n")

    def parse(names):
        numbers = [int(name[-5]) for name in names]
        return "t", (4,), [(n,) for n in numbers], names

    kinds = {
        "row": {},
        "function": {"parse": parse},
        "table": {"table": str(tmp_path / "where.csv")},
    }
    opened = {kind: TiffSequence(f"{tmp_path}/*.tif", **kwargs) for kind, kwargs in kinds.items()}
    write(tmp_path, "t2")
    for kind, kwargs in kinds.items():
        again = TiffSequence(f"{tmp_path}/*.tif", **kwargs)
        grown = opened[kind].refresh()
        assert (grown.files, grown.indices) == (again.files, again.indices), kind
        assert grown.coords.keys() == again.coords.keys()


def test_members_of_an_archive(tmp_path):
    """An archive that was written anew has another directory."""
    write(tmp_path, "t1", "t2")
    for count in (1, 2):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for t in range(1, count + 1):
                archive.write(tmp_path / f"t{t}.tif", f"t{t}.tif")
        if count == 1:
            seq = TiffSequence("*.tif", container=tmp_path / "a.zip", pattern="t{t:d}.tif")
    assert seq.refresh().files == ["t1.tif", "t2.tif"]


def test_order(tmp_path):
    """The user's own order goes on, and without one, files are in natural order."""
    write(tmp_path, "t2", "t10")
    own, natural = (TiffSequence(f"{tmp_path}/*.tif", sort=sort) for sort in (sorted, None))
    write(tmp_path, "t1", "t3")
    for seq, expected in ((own, "t1 t10 t2 t3"), (natural, "t1 t2 t3 t10")):
        assert " ".join(name.rpartition("/")[2][:-4] for name in seq.refresh()) == expected


def test_what_cannot_be_refreshed(seq, tmp_path):
    """Parts would grow by what was left out; names in a list are what they are."""
    with pytest.raises(ValueError, match="a part of a sequence"):
        seq.isel(t=0).refresh()
    copy = pickle.loads(pickle.dumps(seq))
    write(tmp_path, "t07_A")
    assert copy.refresh().files == seq.refresh().files
    listed = FileSequence(tifffile.imread, seq.files)
    assert listed.refresh() is listed
    own = TiffSequence(f"{tmp_path}/*.tif", sort=sorted)
    with pytest.raises(ValueError, match="pickled with functions"):
        pickle.loads(pickle.dumps(own)).refresh()

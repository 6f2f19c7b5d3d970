"""A descriptor that is broken, or does not fit the files, is one warning, and names count."""

import os
import re
import warnings
from pathlib import Path

import pytest

from dask_fileseq import GridWarning, NamesError, open_sequence
from tests.helpers.instruments import MAKERS, cellvoyager, harmony, metaxpress, write_images

DAMAGES = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "other content": lambda data: b"<html>\n<body>404</body></html>",
    "binary": lambda data: bytes(range(256)) * 10,
}

COMMON = ("Index.xml", "Index.idx.xml", "metadata.txt", "exp.nd")
"""Names that other software gives to files of its own, of which nobody wants to be warned."""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("maker", MAKERS)
def test_broken_descriptors_are_one_warning(tmp_path, maker, damage):
    """A damaged index would be a traceback, or files would be lost in silence."""
    kind = MAKERS[maker](tmp_path)
    path = Path(kind.descriptor)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    if damage in ("other content", "binary") and path.name in COMMON:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert not open_sequence(kind.files, unmatched="skip").grid.metadata.source
        return
    with pytest.warns(GridWarning, match="is left out, and names alone give the grid") as caught:
        seq = open_sequence(kind.files, unmatched="skip")
    assert [warning.filename for warning in caught] == [__file__]
    assert os.path.basename(kind.descriptor) in str(caught[0].message)
    named = open_sequence(kind.files, unmatched="skip", table=None)
    assert (seq.dims, seq.shape, seq.files) == (named.dims, named.shape, named.files)


@pytest.mark.parametrize("maker", MAKERS)
def test_broken_descriptors_that_are_named_are_errors(tmp_path, maker):
    """A descriptor that a user named would be left out."""
    kind = MAKERS[maker](tmp_path)
    Path(kind.descriptor).write_bytes(b"")
    with pytest.raises(NamesError, match=r"^table="):
        open_sequence(kind.files, table=kind.descriptor)


def test_entities_are_not_expanded(tmp_path):
    """A small file would fill the memory, or read other files."""
    kind = harmony(tmp_path)
    path = Path(kind.descriptor)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    for encoding in ("utf-8", "utf-16"):
        text = path.read_text("utf-8").replace("utf-8", encoding)
        path.write_bytes(text.replace("?>", f"?>{bomb}", 1).encode(encoding))
        with pytest.warns(GridWarning, match="it is XML that has a document type"):
            open_sequence(kind.files)
        path.write_text(text.replace(encoding, "utf-8"), "utf-8")


def test_names_that_contradict_count(tmp_path):
    """An index of another plate would put files into wrong cells."""
    kind = harmony(tmp_path)
    path = Path(kind.descriptor)
    text = path.read_text("utf-8")
    one = r"(<URL>r02c03f01p01-ch1sk1.*?<PlaneID>)1"
    other = r"(<URL>r02c03f01p02-ch1sk1.*?<PlaneID>)2"
    text = re.sub(other, r"\g<1>1", re.sub(one, r"\g<1>2", text))
    path.write_text(text, "utf-8")
    with pytest.warns(GridWarning, match="it contradicts the names: along 'z', "):
        seq = open_sequence(kind.files)
    assert str(seq.pattern) == "operetta"


def test_indexes_of_other_files_do_not_count(tmp_path):
    """An index that was left behind would drop all files but a few."""
    kind = harmony(tmp_path)
    for name in open_sequence(kind.files).files[1:]:
        os.remove(name)
    write_images(tmp_path, [f"scan_t{t}.tiff" for t in range(3)])
    with pytest.warns(GridWarning, match="it describes 1 of 4 files, and not .*'"):
        seq = open_sequence(kind.files, unmatched="skip")
    assert len(seq) == 3


def test_files_without_a_record_are_named(tmp_path):
    """Files that the instrument does not know would vanish without a word."""
    kind = cellvoyager(tmp_path)
    write_images(tmp_path, ["overview.tif"])
    with pytest.warns(
        GridWarning, match=r"does not name 1 of the files.*: '.*overview\.tif'"
    ) as caught:
        seq = open_sequence(kind.files)
    assert caught[0].filename == __file__
    assert [os.path.basename(name) for name in seq.unmatched] == ["SC_CH01.tif", "overview.tif"]
    assert len(seq) == 8


@pytest.mark.filterwarnings("error")
def test_globs_ask_for_their_own_files_alone(tmp_path):
    """Files that a pattern leaves out would be missing."""
    kind = harmony(tmp_path)
    seq = open_sequence(f"{kind.files}/r02*-ch2*.tiff")
    assert (seq.shape, seq.files_missing) == ((1, 1, 1, 2, 1, 2), 0)
    os.remove(seq.files[0])
    seq = open_sequence(f"{kind.files}/r02*-ch2*.tiff")
    assert (seq.shape, seq.files_missing) == ((1, 1, 1, 2, 1, 2), 1)


@pytest.mark.filterwarnings("error")
def test_listed_files_in_many_folders(tmp_path, monkeypatch):
    """Each folder of a list would be listed."""
    names = [f"{tmp_path}/d{i}/Pos{i}/img.tif" for i in range(50)]
    for name in names:
        os.makedirs(os.path.dirname(name))
        write_images(tmp_path, [os.path.relpath(name, tmp_path)])
    looked = []
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: looked.append(path) or listdir(path))
    open_sequence(names)
    assert len(looked) == 17
    open_sequence([*names, "other.tif"], pattern="infer", unmatched="skip")


@pytest.mark.filterwarnings("error")
def test_patterns_do_not_look_for_descriptors(tmp_path):
    """A pattern of the user would not count."""
    kind = harmony(tmp_path)
    names = open_sequence(kind.files).files
    assert not open_sequence(kind.files, pattern="operetta").grid.metadata.source
    assert not open_sequence(kind.files, pattern=None).grid.metadata.source
    seq = open_sequence(names[:4], table=kind.descriptor)
    assert (len(seq), seq.files_missing) == (4, 12)
    with pytest.raises(NamesError, match="give one of them"):
        open_sequence(kind.files, pattern="operetta", table=kind.descriptor)


def test_plans_name_what_no_file_has(tmp_path):
    """A wavelength that was planned would be missing from each cell, or not be mentioned."""
    kind = metaxpress(tmp_path)
    assert "no file is of 1 of them: 'Cy5'" in open_sequence(kind.files).explain()
    path = Path(kind.descriptor)
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"NWavelengths", 3', b'"NWavelengths", 1'))
    with pytest.warns(GridWarning, match="files have channel 2, and it declares 1"):
        open_sequence(kind.files, unmatched="skip")
    path.write_bytes(data.replace(b"FALSE, TRUE, TRUE", b"FALSE, TRUE, FALSE"))
    with pytest.warns(GridWarning, match="does not select well B03"):
        open_sequence(kind.files, unmatched="skip")


@pytest.mark.filterwarnings("error")
def test_steps_find_the_plan_above(tmp_path):
    """One time point of a plate would have no names of channels."""
    metaxpress(tmp_path)
    seq = open_sequence(tmp_path / "TimePoint_2")
    assert seq.coords["channel"].tolist() == ["DAPI", "Texas Red"]

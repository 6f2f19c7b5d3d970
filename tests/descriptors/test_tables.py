"""Tables, as text files or in memory, say where files are."""

import os
import re

import numpy as np
import pytest

from dask_fileseq import (
    DuplicateError,
    GridWarning,
    NamesError,
    UnmatchedError,
    imread,
    open_sequence,
)
from tests.helpers.commands import invoke
from tests.helpers.instruments import write_images

ROWS = [
    ("plate/0001.tif", "A01", 0.5, "2020-07-23T10:00:00", 0),
    ("plate/0002.tif", "A01", 0.5, "2020-07-23T11:00:00", 1),
    ("plate/0003.tif", "B02", 10.0, "2020-07-23T10:00:00", 0),
    ("plate/0004.tif", "B02", 10.0, "2020-07-23T11:00:00", 1),
]
HEADER = ("filename", "well", "dose", "acq_time", "frame")


@pytest.fixture
def scan(tmp_path):
    """Write a folder with four images that are numbered alone."""
    write_images(tmp_path / "plate", [os.path.basename(row[0]) for row in ROWS])
    return tmp_path / "plate"


def written(path, sep=",", rows=ROWS):
    lines = [sep.join(map(str, row)) for row in (HEADER, *rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    return path


@pytest.mark.parametrize(("name", "sep"), [("a.csv", ","), ("a.tsv", "\t"), ("a.csv", ";")])
@pytest.mark.filterwarnings("error")
def test_columns_that_tell_files_apart_are_axes(tmp_path, scan, name, sep):
    """Each column would be an axis, and most of the grid empty."""
    seq = open_sequence(scan, table=written(tmp_path / name, sep))
    assert (seq.dims, seq.shape, seq.missing) == (("well", "acq_time"), (2, 2), [])
    array = seq.to_xarray()
    assert array.dose.dims == ("well",)
    assert array.dose.values.tolist() == [0.5, 10.0]
    assert array.frame.dims == ("acq_time",)
    assert array.sel(well="B02", acq_time="2020-07-23T11:00").mean() == 3
    assert "coordinate dose: along well" in seq.explain()
    assert imread(scan, table=tmp_path / name).shape == (2, 2, 4, 6)


@pytest.mark.parametrize("cut", [lambda f: f, os.path.basename, lambda f: f"/elsewhere/{f}"])
def test_tables_may_have_more_or_less_of_a_path(tmp_path, scan, cut):
    """Only names as they were found would be found."""
    rows = [(cut(file), *rest) for file, *rest in ROWS]
    table = {title: [row[i] for row in rows] for i, title in enumerate(HEADER)}
    if cut("x") != "/elsewhere/x":
        assert open_sequence(scan, table=table).shape == (2, 2)
    else:
        with pytest.raises(NamesError, match="it describes 0 of 4 files"):
            open_sequence(scan, table=table)


def test_tables_of_absolute_paths_fit_relative_names(tmp_path, scan, monkeypatch):
    """The table of a folder would not fit the same folder by a shorter name."""
    rows = [(tmp_path / file, *rest) for file, *rest in ROWS]
    table = written(tmp_path / "a.csv", rows=rows)
    monkeypatch.chdir(tmp_path)
    for folder in ("plate", "./plate", "../" + tmp_path.name + "/plate"):
        assert open_sequence(folder, table=table).shape == (2, 2)


def test_rows_without_a_file_are_missing(tmp_path, scan):
    """A lost file would make another grid."""
    os.remove(scan / "0002.tif")
    path = written(tmp_path / "a.csv")
    seq = open_sequence(scan, table=path)
    assert (seq.shape, seq.missing) == ((2, 2), [(0, 1)])
    assert open_sequence(f"{scan}/*[34].tif", table=path).shape == (1, 2)


def test_names_without_a_common_folder(scan, monkeypatch):
    """Relative and absolute names would be a ValueError of os.path, without the table's name."""
    monkeypatch.chdir(scan)
    names = ["0001.tif", str(scan / "0002.tif")]
    table = {"file": ["0001.tif", "0002.tif"], "well": ["A01", "B02"]}
    seq = open_sequence(names, table=table)
    assert seq.coords["well"].tolist() == ["A01", "B02"]
    assert seq.location == "several folders"
    assert "several folders" in seq._repr_html_()
    table = {"file": ["0001.tif", "0003.tif"], "well": ["A01", "B02"]}
    with pytest.raises(NamesError, match=r"no file ends with '0003\.tif'.*0002\.tif' and '0001"):
        open_sequence(names, table=table)


def test_files_without_a_row_are_named(tmp_path, scan):
    """A file would vanish without a word; but a table may be of a few files."""
    path = written(tmp_path / "a.csv", rows=ROWS[:1])
    names = re.escape(repr(str(scan / "0002.tif")))
    message = rf"a\.csv'\) does not name 3 of 4 files: {names}, .*unmatched='skip' leaves them out"
    with pytest.raises(UnmatchedError, match=message):
        open_sequence(scan, table=path)
    with pytest.warns(GridWarning, match=r"a.csv does not name 3 of the files"):
        seq = open_sequence(scan, table=path, unmatched="skip")
    assert (seq.dims, len(seq), len(seq.unmatched)) == (("sequence",), 1, 3)


def test_absent_values(tmp_path, scan):
    """Values that BIDS calls n/a would make a column text, or an axis."""
    rows = [(f, w, "n/a" if w == "A01" else d, "n/a", n) for f, w, d, _, n in ROWS]
    seq = open_sequence(scan, table=written(tmp_path / "a.tsv", "\t", rows))
    assert seq.dims == ("well", "frame")
    np.testing.assert_array_equal(seq.to_xarray().dose, [np.nan, 10.0])
    assert "acq_time" not in seq.to_xarray().coords


def test_absent_values_of_columns_in_memory(scan):
    """A number beside None would be a date in 1970, and a text beside NaN the text 'nan'."""
    table = {
        "file": [row[0] for row in ROWS],
        "t": [0, 1, 2, 3],
        "z": [5, None, 7, 8],
        "drug": ["A", None, "B", np.nan],
        "mixed": ["A", 5, None, 0.5],
        "time": [None, *np.array(["2020-07-23", "2020-07-24", "NaT"], "M8[D]").tolist()],
    }
    array = open_sequence(scan, table=table).to_xarray()
    assert array.dims[0] == "t"
    np.testing.assert_array_equal(array.z, [5.0, np.nan, 7.0, 8.0])
    assert array.drug.values.tolist() == ["A", "", "B", ""]
    assert array.mixed.values.tolist() == ["A", "5", "", "0.5"]
    dates = np.array(["NaT", "2020-07-23", "2020-07-24", "NaT"], "M8[ns]")
    np.testing.assert_array_equal(array.time, dates)


def test_absent_values_of_pandas(scan):
    """NA would make numbers texts."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"file": [row[0] for row in ROWS], "t": [0, 1, 2, 3]})
    frame["z"] = pandas.array([5, None, 7, 8], dtype="Int64")
    frame["drug"] = ["A", None, "B", "C"]
    frame["time"] = pandas.to_datetime(["2020-07-23", None, "2020-07-25", "2020-07-26"])
    array = open_sequence(scan, table=frame).to_xarray()
    np.testing.assert_array_equal(array.z, [5.0, np.nan, 7.0, 8.0])
    assert array.drug.values.tolist() == ["A", "", "B", "C"]
    assert np.isnat(array.time.values).tolist() == [False, True, False, False]


def test_tables_of_pandas(tmp_path, scan):
    """A DataFrame would not do."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(written(tmp_path / "a.csv"), parse_dates=["acq_time"])
    seq = open_sequence(scan, table=frame)
    assert seq.coords["acq_time"].dtype.kind == "M"
    assert seq.shape == (2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its first line is empty"),
        ("a,b\n1,2\n", "0 have names of files, such as '0001.tif'"),
        ("f,f\n0001.tif,2\n", "a name for each column"),
        ("f,a\n0001.tif,2,3\n", "row 2 has 3 columns, and the first row 2"),
        ("f,a\n0001.tif,2\n0001.tif,3\n", "it has file '0001.tif' twice"),
    ],
)
def test_wrong_tables_are_errors(tmp_path, scan, text, message):
    """A table that cannot be right would be a traceback, or another grid."""
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(NamesError, match=message):
        open_sequence(scan, table=path)
    with pytest.raises(NamesError, match=r"none\.csv"):
        open_sequence(scan, table=tmp_path / "none.csv")


def test_two_rows_of_one_cell_are_an_error(scan):
    """One of two files would be dropped."""
    table = {"file": [row[0] for row in ROWS], "well": ["A", "A", "B", "B"]}
    with pytest.raises(DuplicateError, match="are for the same cell"):
        open_sequence(scan, table=table)
    assert len(open_sequence(scan, table=table, duplicates="first")) == 2


def test_commands_take_tables(tmp_path, scan):
    """Only Python would open files by a table."""
    path = written(tmp_path / "a.csv")
    shown = invoke("show", scan, "--table", path).output
    assert "well" in shown
    assert f"table={str(path)!r}" in shown
    assert "a.csv (--table none: names alone)" in shown
    assert "sequence" in invoke("show", scan, "--table", "none", "--pattern", "none").output


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"patern": "x"}, TypeError, "unexpected keyword arguments: patern"),
        ({"spacing": "vals"}, ValueError, "spacing='vals'"),
        ({"unmatched": "ignore"}, ValueError, "unmatched='ignore'"),
        ({"duplicates": "ignore"}, ValueError, "duplicates='ignore'"),
        ({"axesorder": (1, 0)}, NamesError, "axesorder arranges axes of names"),
    ],
)
def test_arguments_that_a_table_has_no_use_for(tmp_path, scan, wrong, error, message):
    """A slip in a keyword has no effect, and no word says so."""
    with pytest.raises(error, match=message):
        open_sequence(scan, table=written(tmp_path / "a.csv"), **wrong)


def test_tables_in_parquet(tmp_path, scan):
    """Bytes of Parquet would be read as rows of text."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = dict(zip(HEADER, map(list, zip(*ROWS, strict=True)), strict=True))
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    seq = open_sequence(scan, table=tmp_path / "a.parquet")
    assert (seq.dims, seq.shape) == (("well", "acq_time"), (2, 2))
    assert seq.to_xarray().dose.values.tolist() == [0.5, 10.0]
    (tmp_path / "b.parquet").write_bytes(b"no table")
    with pytest.raises(NamesError, match=r"b\.parquet.*no Parquet file"):
        open_sequence(scan, table=tmp_path / "b.parquet")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"file": []}, "no rows"),
        ({"file": ["0001.tif", None], "t": [0, 1]}, r"'file' has None, no name, in row 2"),
        ({"file": ["0001.tif", ""], "t": [0, 1]}, r"'file' has '', no name, in row 2"),
        ({"file": ["0001.tif", "0002.tif"], "": [0, 1]}, "without a name"),
    ],
)
def test_columns_with_nothing_in_them_are_named(scan, column, message):
    """The error would come from inside, and not say where."""
    with pytest.raises(NamesError, match=message):
        open_sequence(scan, table=column)

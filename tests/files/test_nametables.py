"""Tables of names, in Parquet and CSV, and inventories of S3."""

import gzip

import numpy as np
import pytest
import tifffile

from dask_fileseq import NamesError, NoFilesError, ReadError, open_sequence
from dask_fileseq.files import PackedNames

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def names(tmp_path):
    """Write twelve images with their number in each pixel; returns their names."""
    names = [str(tmp_path / f"t{t}_{c}_z{z}.tif") for t in range(3) for c in "AB" for z in (5, 10)]
    for number, name in enumerate(names):
        tifffile.imwrite(name, np.full((4, 6), number, "u2"))
    return names


def table(path, **columns):
    pq.write_table(pa.table(columns), path, row_group_size=5)
    return str(path)


def test_names_in_a_column_are_as_in_a_list(tmp_path, names):
    """Files would be lost, or in other cells."""
    views = pa.array(names, pa.string_view())
    path = table(tmp_path / "files.parquet", count=range(12), name=views)
    seq = open_sequence(path, table=None)
    assert seq.files == names
    assert isinstance(seq.grid.names, PackedNames)
    assert str(seq.pattern) == "t{t:d}_{label}_z{z:d}.tif"
    np.testing.assert_array_equal(seq.asarray()[2, 1, 1], np.full((4, 6), 11))
    assert open_sequence([path, path], table=None, duplicates="first").files == names


def test_columns_that_tell_files_apart_are_axes(tmp_path, names):
    """Axes that are known already would be looked for in names, in vain if these are numbers."""
    days = np.repeat(np.array(["2026-01-31", "2026-02-01", "2026-02-05"], "M8[s]"), 4)
    channels = pa.array(["GFP", "GFP", "DAPI", "DAPI"] * 3).dictionary_encode()
    columns = {"day": days, "channel": channels, "z": [5, 10] * 6, "file": names, "size": range(12)}
    seq = open_sequence(table(tmp_path / "files.parquet", **columns, row=range(12)))
    assert seq.dims == ("day", "channel", "z")
    assert seq.pattern is None
    np.testing.assert_array_equal(seq.coords["day"], days[::4])
    assert seq.coords["channel"].tolist() == ["DAPI", "GFP"]
    assert seq.asarray()[1, 0, 1, 0, 0] == 7
    assert "row" in seq.explain()
    assert seq.refresh().dims == seq.dims
    assert open_sequence(tmp_path / "files.parquet", pattern="t{t}_{c}_z{z:d}.tif").dims[0] == "t"


def test_columns_that_leave_most_cells_empty_are_no_axes(tmp_path, names):
    """Sizes of files would be axes wherever they happen to differ."""
    columns = {"length": [7, 9, 8, 7, 9, 9, 4, 2, 3, 1, 0, 5], "date": [*range(6), *range(6)]}
    seq = open_sequence(table(tmp_path / "files.parquet", file=names, **columns))
    assert seq.dims == ("t", "label", "z")


def test_inventory_in_parquet_lists_images_that_are_there(tmp_path):
    """Objects that are no images, folders and deleted versions would be files."""
    columns = {
        "bucket": ["scans"] * 5,
        "key": ["a/", "a/t1.tif", "a/t2.TIF", "a/t2.TIF", "a/notes.txt"],
        "is_latest": [True, True, True, False, True],
        "is_delete_marker": [False] * 5,
    }
    seq = open_sequence(table(tmp_path / "inventory.parquet", **columns))
    assert seq.files == ["s3://scans/a/t1.tif", "s3://scans/a/t2.TIF"]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_inventory_in_csv_has_encoded_keys(tmp_path, suffix):
    """No file of these names would be found."""
    rows = [f'"scans","a+b/t%3D{t}.tif","2048"\n' for t in range(3)]
    path = tmp_path / f"inventory{suffix}"
    path.write_bytes((gzip.compress if suffix.endswith("gz") else bytes)("".join(rows).encode()))
    assert open_sequence(path).files == [f"s3://scans/a b/t={t}.tif" for t in range(3)]


def test_csv_with_a_header_has_a_column_of_names(tmp_path, names):
    """The header would be a file."""
    path = tmp_path / "files.csv"
    rows = "".join(f"{i},{name}\n" for i, name in enumerate(names))
    for encoding in ("utf-8", "utf-8-sig"):  # as spreadsheets write it
        path.write_text(f"id,file\n{rows}", encoding)
        assert open_sequence(path).files == names
    path.write_text("file\n" + "\n".join(names), "utf-8-sig")
    assert open_sequence(path).files == names
    path.write_text("file\n")
    with pytest.raises(NoFilesError, match="has no names of images"):
        open_sequence(path)


@pytest.mark.parametrize(
    ("columns", "error", "match"),
    [
        ({"a": ["1", "2"]}, NamesError, "has 0 columns of names .* 'a': call the one"),
        ({"a": ["1.tif"], "b": ["1.tif"]}, NamesError, "has 2 columns of names of files"),
        ({"file": ["1.tif", None]}, NamesError, "has no name in its column 'file' .* rows 0 to 2"),
        ({"file": ["1.tif", ""]}, NamesError, "has no name in its column"),
        ({"file": pa.array([], "string")}, NoFilesError, "has no names of images"),
    ],
)
def test_tables_without_names_are_errors(tmp_path, columns, error, match):
    """Rows would be left out in silence, or be files called None."""
    with pytest.raises(error, match=match):
        open_sequence(table(tmp_path / "files.parquet", **columns))


def test_broken_tables_are_errors(tmp_path):
    """Errors of pyarrow do not name the file."""
    (tmp_path / "files.parquet").write_bytes(b"PAR1, or not")
    with pytest.raises(ReadError, match=r"files\.parquet' cannot be read as a table"):
        open_sequence(tmp_path / "files.parquet")


def test_error_names_the_table_that_is_broken(tmp_path, names):
    """The first of many tables would be looked into in vain; zlib's own error would be raised."""
    packed = gzip.compress("\n".join(["file", *names * 999]).encode())
    (tmp_path / "1.csv.gz").write_bytes(packed)
    for broken in (packed[: len(packed) // 2], packed[:50] + b"\xff" * 50 + packed[100:]):
        (tmp_path / "2.csv.gz").write_bytes(broken)
        with pytest.raises(ReadError, match=r"2\.csv\.gz' cannot be read as a table"):
            open_sequence([tmp_path / "1.csv.gz", tmp_path / "2.csv.gz"])


def test_columns_of_several_tables_are_axes_if_all_have_them(tmp_path, names):
    """Tables of one experiment could not be opened together."""
    size = [pa.int8(), pa.int64()]
    half = len(names) // 2
    paths = [
        table(
            tmp_path / f"{i}.parquet",
            file=names[i * half : (i + 1) * half],
            row=pa.array(range(i * half, (i + 1) * half), size[i]),
            **{f"note{i}": ["b"] * half, "mixed": ["a"] * half if i else range(half)},
        )
        for i in range(2)
    ]
    seq = open_sequence(paths)
    assert (seq.dims, seq.shape) == (("row",), (12,))
    assert seq.files == names


def test_functions_get_tables_as_files(tmp_path, names):
    """A function could not read tables."""
    path = table(tmp_path / "files.parquet", file=names)
    assert open_sequence(path, imread=lambda name: np.eye(2)).files == [path]


@pytest.mark.parametrize(
    ("name", "sep", "encoding"),
    [("f.csv", ",", "utf-8-sig"), ("f.csv", ";", "utf-8"), ("f.tsv", "\t", "utf-8")],
)
def test_tables_of_spreadsheets_are_read(tmp_path, names, name, sep, encoding):
    """The mark at the start would be part of a title, and semicolons and tabs part of a name."""
    rows = [f"file{sep}well", *(f"{file}{sep}A{i}" for i, file in enumerate(names))]
    (tmp_path / name).write_text("\n".join(rows), encoding)
    assert open_sequence(tmp_path / name).files == names


@pytest.mark.parametrize(("name", "text"), [("a.csv", ""), ("a.csv", "file,well\n"), ("a.tsv", "")])
def test_tables_without_rows_have_no_files(tmp_path, name, text):
    """The error would ask for another title of the column."""
    (tmp_path / name).write_text(text)
    with pytest.raises(NoFilesError, match=name):
        open_sequence(tmp_path / name)


def test_names_in_tables_are_of_one_kind(tmp_path, names):
    """Files on this machine would be read through fsspec, or looked for in its folders."""
    urls = [f"file://{name}" for name in names]
    seq = open_sequence(table(tmp_path / "files.parquet", file=urls))
    assert seq.files == names
    with pytest.raises(NamesError, match="are a path and a URL"):
        open_sequence(table(tmp_path / "more.parquet", file=[*names, "s3://scans/t1.tif"]))

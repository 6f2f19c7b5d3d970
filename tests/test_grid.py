import ntpath
import pickle
import re
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from dask_fileseq import grid as grid_module
from dask_fileseq.errors import (
    DuplicateError,
    NamesError,
    NoFilesError,
    SparseGridError,
    UnmatchedError,
)
from dask_fileseq.grid import (
    grid_of_indices,
    grid_of_pattern,
    grid_of_sequence,
    natural_sorted,
    parse_filenames,
)

OLD_TIFFFILE = Version(tifffile.__version__) < Version("2026.10")
"""This tifffile finds axes also inside of names, and refuses shapes with room for more files."""

NUMERIC = [
    *([] if OLD_TIFFFILE else ["axes"]),
    r"c(-?\d+)_?t(-?\d+)",
    r"_(c)(\d+)_(t)(\d+)",
    re.compile(r"(C)(-?\d+)_?(?:(T)(-?\d+))?", re.IGNORECASE),
    r"(?P<c>\d+)[^/]*?(?P<time>-?\d+)",
    r"(?:c|t)(\d+)(\d)?",
    r"(?:c(\d+)|t(\d+))",
    r"^(\d+)",
    r"run(\d+)/.*?(\d+)",
    r"(run)(\d+)/.*(c)(\d+)",
]

numbers = st.integers(-3, 12).map(str) | st.integers(0, 120).map("{:03d}".format)


@st.composite
def file_names(draw):
    """Names much like those of a real series, in folders, some in disorder."""
    root = draw(st.sampled_from(["", "/", "/data/set/", "./data/", "a//b/", "../x/../", "//h/"]))
    join = draw(st.sampled_from(["_", "", "-"]))
    folder = draw(st.sampled_from(["", "run{}/", "t{}/", "{}/"]))
    parts = st.tuples(numbers, numbers, numbers)
    suffix = draw(st.sampled_from([".tif", "", ".ome.tif"]))
    return [
        f"{root}{folder.format(a)}img_c{b}{join}t{c}{suffix}"
        for a, b, c in draw(st.lists(parts, min_size=1, max_size=6))
    ]


def outcome(function, *args, **kwargs):
    """Return what a function returns, or raises if that is a ValueError."""
    try:
        return function(*args, **kwargs)
    except ValueError:
        return ValueError


@given(file_names(), st.sampled_from(NUMERIC), st.none() | st.permutations([0, 1]))
def test_parse_filenames_is_that_of_tifffile(names, pattern, axesorder):
    """Numbers in names become other indices than by tifffile, or only one of both fails."""
    expected = outcome(tifffile.parse_filenames, names, pattern, axesorder)
    result = outcome(parse_filenames, names, pattern, axesorder)
    assert expected == result


@given(
    st.lists(st.text("ct_-/.019Z\u00e9\u0663", max_size=12), min_size=1, max_size=5),
    st.sampled_from(
        [*NUMERIC[-9:], r"([a-z])?(\d+)", r"(.)(.)", r"(?P<t>.+)", r"(\W?)(\d)", "(_)?"]
    ),
)
def test_what_tifffile_accepts_is_accepted(names, pattern):
    """Odd names are cut or read in other ways than by tifffile."""
    try:
        expected = tifffile.parse_filenames(names, pattern)
    except (ValueError, IndexError):  # IndexError: an empty group
        assert isinstance(outcome(parse_filenames, names, pattern), tuple | type)
    else:
        if expected[0]:  # a grid without axes is an error here
            assert expected == parse_filenames(names, pattern)


@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 4)), min_size=1, max_size=5),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
)
def test_a_given_shape_is_treated_as_by_tifffile(cells, shape):
    """A provided shape changes indices, or accepts what is not in it."""
    names = [f"{i}_c{c}_t{t}" for i, (c, t) in enumerate(cells)]
    args = names, r"c(-?\d+)_t(\d+)"
    result = outcome(parse_filenames, *args, _shape=shape)
    low, high = np.min(cells, axis=0).tolist(), np.max(cells, axis=0).tolist()
    if not OLD_TIFFFILE or (low == [0, 0] and shape == [high[0] + 1, high[1] + 1]):
        assert outcome(tifffile.parse_filenames, *args, _shape=shape) == result
    elif low[0] < 0 or len(shape) != 2 or any(m >= n for m, n in zip(high, shape, strict=True)):
        assert result is ValueError
    else:
        assert result == (("Q", "Q"), tuple(shape), cells, names)


@given(st.lists(st.sampled_from(["a", "b", "C", "7"]), min_size=1, max_size=5))
def test_categories_are_those_of_tifffile(words):
    """Words with given indices get other ones than by tifffile, or unknown words pass."""
    names = [f"_{word}_{i}" for i, word in enumerate(words)]
    args = names, r"(?P<ch>\w)_(\d)", None, {"ch": {"a": 3, "b": "5", "7": -1}, "none": {}}
    assert outcome(tifffile.parse_filenames, *args) == outcome(parse_filenames, *args)


@pytest.mark.parametrize("shape", [None, (3,), (2,), (1,), (3, 3)])
def test_without_a_pattern_files_are_counted(shape):
    """Without a pattern, results differ from tifffile's."""
    expected = outcome(tifffile.parse_filenames, ["b", "a"], _shape=shape)
    assert expected == outcome(parse_filenames, ["b", "a"], _shape=shape)
    assert parse_filenames([]) == (("I",), (0,), [], [])


@pytest.mark.parametrize("axesorder", [(0,), (0, 2), (1, 1), (0, 1, 2), "ab"])
def test_an_axesorder_is_a_permutation(axesorder):
    """An axis is lost, or stands twice."""
    with pytest.raises(NamesError, match="axesorder"):
        parse_filenames(["1-2"], r"(\d)-(\d)", axesorder)


def test_parse_filenames_returns_files_as_given():
    """Files are copied, or two files of one index are an error, unlike in tifffile."""
    files = ("x1a", "x1b")
    dims, shape, indices, same = parse_filenames(files, r"x(\d)")
    assert (dims, shape, indices) == (("Q",), (1,), [(0,), (0,)])
    assert same is files


@given(
    st.lists(st.text("a0129.-_\0\n\u00e9\u0661\u00b2\U0001d7d8", max_size=6), max_size=12),
    st.sampled_from([1, 2, 256]),
)
def test_natural_order_is_that_of_tifffile(names, batch):
    """Names come in another order than tifffile's, or batches are mixed up."""
    with mock.patch.object(grid_module, "BATCH", batch):
        assert tifffile.natural_sorted(names) == natural_sorted(iter(names))


@given(st.lists(st.from_regex(r"[ab.-]{1,2}[0-9]{1,3}[é~]?", fullmatch=True), max_size=12))
def test_natural_order_of_names_with_numbers(names):
    """Padding changes the order of numbers, of marks before digits, or of equals like 1 and 01."""
    assert tifffile.natural_sorted(names) == natural_sorted(names)


def test_natural_order_needs_text():
    """Sorting anything but text is not the same error as in tifffile."""
    with pytest.raises(TypeError):
        natural_sorted([1, 2])


@given(
    st.lists(st.text("a-/", min_size=1, max_size=5), min_size=1, max_size=5),
    st.booleans(),
)
def test_the_common_folder_is_that_of_the_standard_library(names, absolute):
    """The folder is derived from two names though others do not lie in it."""
    paths = [grid_module.os.path.normpath("/" * absolute + name) for name in names]
    if len(paths) > 1:
        try:
            expected = len(grid_module.os.path.commonpath(paths))
        except ValueError:
            with pytest.raises(NamesError, match="no common folder"):
                grid_module._folder_length(paths)
        else:
            assert expected == grid_module._folder_length(paths)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([r"C:\run1\t1.tif", r"c:\run1\T2.tif"], [1, 2]),
        ([r"C:\run1\t1.tif", "C:/run1/sub/../t5.tif"], [1, 5]),
        ([r"D:\t1\x7.tif"], [7]),
    ],
)
def test_windows_names(monkeypatch, names, expected):
    """On Windows, folders take part in the match for the case of a drive or for slashes."""
    for module in ("grid", "patterns"):
        windows = SimpleNamespace(path=ntpath, sep="\\")
        monkeypatch.setattr(f"dask_fileseq.{module}.os", windows)
    columns = grid_module._columns(names, r"(?:t|T|x|run)(\d)", None, "raise")
    assert expected == [int(columns.texts[0][code]) for code in columns.codes[0]]


def test_folders_on_other_drives_are_one_clear_error(monkeypatch):
    """The error of the standard library comes out bare."""
    monkeypatch.setattr("dask_fileseq.grid.os", SimpleNamespace(path=ntpath, sep="\\"))
    with pytest.raises(NamesError, match="no common folder"):
        parse_filenames([r"C:\t1", r"D:\t2"], r"t(\d)")


words = st.lists(st.text("abXY", min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=4, unique=True),
    words,
    st.lists(st.decimals(-9, 9, places=2), min_size=1, max_size=3, unique=True),
    st.data(),
)
def test_a_grid_makes_names_that_make_the_grid(times, channels, doses, data):
    """A value is lost or moved on the way from a grid to names and back."""
    values = [sorted(times), sorted(channels), sorted(doses)]
    cells = [(t, c, d) for t in values[0] for c in values[1] for d in values[2]]
    chosen = data.draw(st.lists(st.sampled_from(cells), min_size=1, unique=True))
    names = [f"/x/t{t}_{c}_{d}um.tif" for t, c, d in chosen]
    grid = grid_of_pattern(names, r"(t)(-?\d+)_(?P<c>[^_]+)_(?P<dose>[\d.-]+)um", spacing="values")
    assert grid.dims == ("t", "c", "dose")
    assert grid.shape == tuple(len(set(column)) for column in zip(*chosen, strict=True))
    assert [(t, c, float(d)) for t, c, d in chosen] == [
        tuple(grid.coords[dim][i].item() for dim, i in zip(grid.dims, index, strict=True))
        for index in grid.indices
    ]
    assert [names[grid.table[index]] for index in grid.indices] == names
    assert sorted(grid.indices + grid.missing) == list(np.ndindex(grid.shape))
    assert grid.files_missing == len(grid.missing) == np.count_nonzero(grid.table == -1)


def test_words_are_indices_in_natural_order():
    """Words need hand-written categories, or come in the order 1, 10, 2."""
    grid = grid_of_pattern(["A10", "A2", "A1", "A01"], r"(?P<well>\w+)")
    assert grid.coords["well"].tolist() == ["A01", "A1", "A2", "A10"]
    assert grid.indices == [(3,), (2,), (1,), (0,)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["007", "-5"], [*range(-5, 8)]),
        (["\u0661", "3"], [1, 2, 3]),
        (["0.5", "-1", "1e1", "0.50"], [-1.0, 0.5, 10.0]),
        (["nan", "1"], ["1", "nan"]),
        (["1e999", "1"], ["1", "1e999"]),
        (["99999999999999999999", "8"], ["8", "99999999999999999999"]),
        (["x", "1"], ["1", "x"]),
        (["0.12345678901234567890", "1"], ["0.12345678901234567890", "1"]),
        (["", "a"], ["", "a"]),
    ],
)
def test_axes_are_integers_else_numbers_else_words(texts, expected):
    """The values of an axis are taken for another type, or get lost."""
    names = [f"{text}_{i}" for i, text in enumerate(texts)]
    grid = grid_of_pattern(names, r"(?P<v>[^_]*)_(\d+)")
    assert expected == grid.coords["v"].tolist()


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        ("unit", [10, 11, 12, 13, 14, 15, 16]),
        ("step", [10, 12, 14, 16]),
        ("values", [10, 14, 16]),
    ],
)
def test_spacing(spacing, expected):
    """Numbers have other indices than the spacing says."""
    grid = grid_of_pattern(["t10", "t16", "t14"], r"(t)(\d+)", spacing=spacing)
    assert grid.coords["t"].tolist() == expected
    assert [expected[i] for (i,) in grid.indices] == [10, 16, 14]
    assert grid_of_pattern(["t5"], r"(t)(\d+)", spacing=spacing).coords["t"].tolist() == [5]


@pytest.mark.parametrize(
    ("spacing", "expected"), [("unit", range(9)), ("step", range(4, 40, 4)), ("values", range(9))]
)
def test_coords_of_a_given_shape(spacing, expected):
    """Coordinates are shorter than the axis, or say what is not known."""
    names = ["t4_a", "t8_b"]
    grid = grid_of_pattern(names, r"(t)(\d)_(?P<c>\w)", shape=(9, 2), spacing=spacing)
    assert grid.shape == (9, 2)
    assert grid.coords["t"].tolist() == list(expected)
    assert grid.coords["c"].tolist() == ["a", "b"]
    with pytest.raises(NamesError, match="does not fit"):
        grid_of_pattern(names, r"(t)(\d)_(?P<c>\w)", shape=(9, 1))
    with pytest.raises(NamesError, match="shape must be positive integers"):
        grid_of_pattern(names, r"(t)(\d)_(?P<c>\w)", shape=(9.5, 2))


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ({"a": 4, "b": 5, "z": 9}, ["a", "b"]),
        ({"a": 4, "b": 5, "B": 5}, [4, 5]),
        ({"b": 4, "a": 6}, [4, 5, 6]),
    ],
)
def test_categories_are_labels_where_each_index_has_one(category, expected):
    """Indices are labelled with the wrong word, or the words are forgotten."""
    grid = grid_of_pattern(["a", "b"], r"(?P<c>\w)", categories={"c": category}, spacing="step")
    assert grid.coords["c"].tolist() == expected
    assert [(category[name] - 4,) for name in "ab"] == grid.indices


def test_bad_categories_are_shown():
    """An unknown word, or a category without a number, has to be searched for."""
    with pytest.raises(NamesError, match="categories of 'c' do not have 'GFP', only 'DAPI'"):
        parse_filenames(["1_DAPI", "1_GFP"], r"_(?P<c>\w+)", None, {"c": {"DAPI": 0}})
    far = {"c": {"a": 0, "b": 2**50}}
    assert parse_filenames(["1_a", "1_b"], r"_(?P<c>\w+)", None, far)[1] == (2**50 + 1,)
    with pytest.raises(NamesError, match=r"categories of 'c' are not all integers.*'x'"):
        parse_filenames(["1_DAPI"], r"_(?P<c>\w+)", None, {"c": {"DAPI": "x"}})


def test_repeated_dims_are_numbered_in_coords():
    """One of two axes of the same name has no coordinates."""
    grid = grid_of_pattern(["1-5-8", "2-6-8"], r"(\d)-(\d)-(?P<Q_0>\d)")
    assert grid.dims == ("Q", "Q", "Q_0")
    assert grid.unique_dims == ("Q_1", "Q_2", "Q_0")
    assert {dim: v.tolist() for dim, v in grid.coords.items()} == {
        "Q_1": [1, 2],
        "Q_2": [5, 6],
        "Q_0": [8],
    }


def test_unmatched_names():
    """Names that do not match vanish in silence, or stop the work without a way out."""
    names = ["x1", "note", "x2", "Thumbs.db"]
    with pytest.raises(
        UnmatchedError, match=r"does not match 2 of 4 names: 'note', 'Thumbs.db'; .*'skip'"
    ):
        grid_of_pattern(names, r"x(\d)")
    grid = grid_of_pattern(names, r"x(\d)", unmatched="skip")
    assert (grid.names, grid.unmatched) == (["x1", "x2"], ("note", "Thumbs.db"))
    assert grid.positions is None
    with pytest.raises(UnmatchedError, match="none of 4"):
        grid_of_pattern(names, r"y(\d)", unmatched="skip")


def test_duplicates():
    """One of two files for the same cell vanishes in silence, or the wrong one stays."""
    names = ["t1_a_x", "t2_b_x", "t1_a_y", "t1_a_z"]
    pattern = r"(t)(\d)_(?P<c>\w)_"
    with pytest.raises(
        DuplicateError,
        match=r"'t1_a_x' and 't1_a_y' .* \(0, 0\) \(t=1, c=a\), and 1 more .*'first' or 'last'",
    ):
        grid_of_pattern(names, pattern)
    first = grid_of_pattern(names, pattern, duplicates="first")
    assert (first.names, first.indices) == (["t1_a_x", "t2_b_x"], [(0, 0), (1, 1)])
    assert first.duplicates == (("t1_a_y", "t1_a_x"), ("t1_a_z", "t1_a_x"))
    last = grid_of_pattern(names, pattern, duplicates="last")
    assert (last.names, last.indices) == (["t2_b_x", "t1_a_z"], [(1, 1), (0, 0)])
    assert last.duplicates == (("t1_a_x", "t1_a_z"), ("t1_a_y", "t1_a_z"))


def test_sparse_grids_propose_denser_ones():
    """A grid of millions of empty cells costs minutes later on."""
    names = [f"x{x}_{y}" for x in (0, 1_000_000) for y in range(3)]
    with pytest.raises(SparseGridError) as info:
        grid_of_pattern(names, r"(x)(\d+)_(?P<y>\d+)")
    assert str(info.value) == (
        "only 6 cells of a grid of shape (1000001, 3) are filled; axis 'x' has 1,000,001 indices "
        "for 2 values: spacing='step' gives shape (2, 3), spacing='values' gives shape (2, 3)"
    )
    assert grid_of_pattern(names, r"(x)(\d+)_(?P<y>\d+)", spacing="step").shape == (2, 3)
    with pytest.raises(SparseGridError, match="smaller shape"):
        grid_of_pattern(names, r"_(?P<y>\d+)", shape=(2_000_000,), duplicates="first")
    diagonal = [f"{i}_{i}" for i in range(1100)]
    with pytest.raises(SparseGridError, match="match fewer groups"):
        grid_of_pattern(diagonal, r"(\d+)_(\d+)")
    assert parse_filenames(names, r"(x)(\d+)_(?P<y>\d+)")[1] == (1_000_001, 3)
    huge = [f"{-(2**61)}_{2**61}", f"{2**61}_{-(2**61)}"]
    with pytest.raises(SparseGridError, match="'values'"):
        grid_of_pattern(huge, r"(-?\d+)_(-?\d+)")


@pytest.mark.parametrize("argument", ["unmatched", "duplicates", "spacing"])
def test_choices_are_checked(argument):
    """A misspelt choice counts as one of the others."""
    with pytest.raises(NamesError, match=f"{argument} must be one of .* got 'no'"):
        grid_of_pattern(["1"], r"(\d)", **{argument: "no"})


@pytest.mark.parametrize(
    "make",
    [
        lambda: grid_of_sequence([]),
        lambda: grid_of_pattern([], r"(\d)"),
        lambda: grid_of_indices([], "t", (1,), []),
        lambda: parse_filenames([], r"(\d)"),
    ],
)
def test_no_files(make):
    """Without files there is another error than a ValueError, or none."""
    with pytest.raises(NoFilesError, match="files is empty"):
        make()


def test_grid_of_sequence():
    """Files without a pattern are reordered, or their indices stored one by one."""
    names = ["b", "a"]
    grid = grid_of_sequence(names)
    assert grid.names is names
    assert (grid.dims, grid.shape, grid.indices) == (("sequence",), (2,), [(0,), (1,)])
    assert grid.positions is None
    assert grid.coords["sequence"].tolist() == [0, 1]
    assert (grid.missing, grid.files_missing) == ([], 0)
    assert grid.table.tolist() == [0, 1]


def test_full_grids_in_order_hold_no_positions():
    """The pickle of a large grid holds a number a file that says nothing."""
    names = [f"t{t}_z{z}" for t in range(3) for z in range(4)]
    grid = grid_of_pattern(names, r"t(\d)_z(\d)")
    assert grid.positions is None
    assert grid.names is names
    assert grid.table.tolist() == np.arange(12).reshape(3, 4).tolist()
    assert grid_of_pattern(names, r"t(\d)_z(\d)", axesorder=(1, 0)).table[2, 1] == 6


def test_grids_pickle():
    """A grid does not travel to a worker, or changes on the way."""
    grid = grid_of_pattern(["t0_b", "t2_a"], r"(t)(\d)_(?P<c>\w)")
    same = pickle.loads(pickle.dumps(grid))
    assert (same.names, same.dims, same.shape) == (grid.names, grid.dims, grid.shape)
    assert same.table.tolist() == grid.table.tolist() == [[-1, 0], [-1, -1], [1, -1]]
    assert repr(same) == "<FileGrid t: 3, c: 2; 2 files, 4 missing>"


def test_grid_of_indices():
    """What a user's own function found is changed."""
    names = ["a", "b", "c"]
    indices = np.array([[1, 0], [0, 2], [0, 0]])
    grid = grid_of_indices(names, ["t", "t"], [2, 3], indices)
    assert (grid.dims, grid.unique_dims, grid.shape) == (("t", "t"), ("t_0", "t_1"), (2, 3))
    assert grid.indices == [(1, 0), (0, 2), (0, 0)]
    assert grid.coords["t_1"].tolist() == [0, 1, 2]
    assert grid_of_indices(["a"], (), (), [()]).indices == [()]
    assert grid_of_indices(["a", "b"], "t", (1,), [(0,)] * 2, duplicates="last").names == ["b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"indices": [(0, 0)]}, "1 indices for 2 files"),
        ({"indices": [(0, 0), (0,)]}, r"index \(0,\) of file 1"),
        ({"indices": [(0, 0), 1]}, "index 1 of file 1"),
        ({"indices": [(0, 0), (0, 3)]}, r"index \(0, 3\) of file 1 is not in the shape \(2, 3\)"),
        ({"indices": [(0, 0), (0, -1)]}, r"index \(0, -1\) of file 1"),
        ({"indices": [(0, 0), (0, 1.0)]}, r"index \(0, 1.0\) of file 1"),
        ({"indices": [(0, 0), (0, 0)]}, "'a' and 'b' are for the same cell"),
        ({"indices": None}, "indices must be"),
        ({"dims": "t"}, "dims 't' and shape"),
        ({"dims": ["t", 1]}, "dims must be names"),
        ({"dims": None}, "dims must be names"),
        ({"shape": (2, 0)}, "shape must be positive integers"),
        ({"shape": 2}, "shape must be positive integers"),
        ({"shape": (2000, 2000)}, "leave out indices"),
        ({"names": ["a", 1]}, "files must be a sequence of str"),
        ({"names": "ab"}, "files must be a sequence of str"),
        ({"names": None}, "files must be a sequence of str"),
        ({"duplicates": "no"}, "duplicates must be one of"),
    ],
)
def test_grid_of_indices_checks_all(changes, message):
    """A mistake in a user's own function shows up late, or as an obscure error."""
    found = {"names": ["a", "b"], "dims": "tz", "shape": (2, 3), "indices": [(0, 0), (1, 2)]}
    with pytest.raises(NamesError, match=message):
        grid_of_indices(**(found | changes))

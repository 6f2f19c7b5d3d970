import ntpath
import os
import re
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from dask_fileseq import FileSequence
from dask_fileseq.errors import NamesError
from dask_fileseq.files import names as names_module
from dask_fileseq.grid import grid_axes, parse_filenames
from dask_fileseq.patterns import name_pattern as pattern_module

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


@given(st.lists(st.text("a-/.", min_size=1, max_size=6), min_size=2, max_size=5))
def test_the_common_folder_is_that_of_the_standard_library(paths):
    """The folder is derived from two names though others are not in it."""
    seq = FileSequence(np.load, paths)  # a function: folders stay names
    try:
        expected = os.path.commonpath(paths)
    except ValueError:
        with pytest.raises(ValueError, match="Can't mix"):
            seq.commonpath()
        with pytest.raises(NamesError, match="no common folder"):
            parse_filenames(paths, "()")
    else:
        assert expected == seq.commonpath()


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
    for module in (grid_axes, pattern_module, names_module):
        monkeypatch.setattr(module, "os", SimpleNamespace(path=ntpath, sep="\\"))
    _, columns = grid_axes.name_columns(names, r"(?:t|T|x|run)(\d)", None, "raise")
    assert expected == [int(columns.texts[0][code]) for code in columns.codes[0]]


def test_folders_on_other_drives_are_one_clear_error(monkeypatch):
    """The error of the standard library comes out bare."""
    for module in (grid_axes, names_module):
        monkeypatch.setattr(module, "os", SimpleNamespace(path=ntpath, sep="\\"))
    with pytest.raises(NamesError, match="no common folder"):
        parse_filenames([r"C:\t1", r"D:\t2"], r"t(\d)")

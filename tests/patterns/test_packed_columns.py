"""Packed names give the same axes as a list of them, whatever they contain."""

import os
import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dask_fileseq import NamesError, open_sequence
from dask_fileseq.files import Names, PackedNames
from dask_fileseq.patterns import as_pattern, columns_of

PATTERNS = (
    "t{t:d}_{c}.tif",
    "{c}_t{t:03d}.tif",
    "{c}/t{t:d}_z{z:2d}.tif",
    "{a}_{c}",
    "{a:s}aa{c}aa.tif",
    "{date:%Y%m%d}_{c}.tif",
    "t{t:+d}-{z:d}.tif",
    "{t:03d}{z:02d}.tif",
    "{x:f}_{c}.tif",
)
PARTS = (
    "t",
    "z",
    "_",
    "-",
    "+",
    " ",
    "/",
    ".tif",
    "aa",
    "a",
    "0",
    "12",
    "007",
    "20260131",
    "é",
    "\n",
)
NAMES = st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=9).map("".join), min_size=1)


def result(columns):
    return columns.dims, columns.texts, [code.tolist() for code in columns.codes], columns.unmatched


def outcome(function, *args):
    """Return what a function returns, or the text of its error."""
    try:
        return result(function(*args))
    except NamesError as error:
        return str(error)


@example("{a}_{c}", ["\0a_1", "a_1", "\0\0a_1"])
@example("{a}_{c}", ["abcdefghi\0_1", "abcdefghij_1", "abcdefghi_1"])
@given(st.sampled_from(PATTERNS), NAMES)
def test_columns_are_those_of_a_list(pattern, names):
    """A name would be in another cell than its text says."""
    pattern = as_pattern(pattern)
    expected = outcome(pattern.columns, names)
    assert outcome(columns_of, pattern, PackedNames.of(names)) == expected


@given(st.sampled_from(PATTERNS[:6]), st.data())
def test_columns_of_names_that_match_are_those_of_a_list(pattern, data):
    """Only few random names match a pattern, and the quick way is for those that do."""
    texts = st.sampled_from(
        ["1", "10", "007", "20260131", "aa", "aab", "baa", "x_y", "long text é"]
    )
    names = data.draw(st.lists(st.builds(written(pattern), texts, texts, texts), min_size=1))
    pattern = as_pattern(pattern)
    assert outcome(columns_of, pattern, PackedNames.of(names)) == outcome(pattern.columns, names)


def written(pattern):
    """Return a function that puts texts in place of the fields of a pattern."""
    parts = [part.partition("}")[2] if i else part for i, part in enumerate(pattern.split("{"))]
    return lambda *texts: "".join(
        text + part for text, part in zip(("", *texts), parts, strict=False)
    )


@given(NAMES)
def test_packed_names_are_a_sequence_of_the_names(names):
    """Slices, ends or pickles would contain other names."""
    packed = PackedNames.of(names)
    assert list(packed) == names == [packed[i] for i in range(len(names))]
    assert packed[1:3] == names[1:3]
    assert packed[::-2] == names[::-2]
    assert packed.ends() == (min(names), max(names))
    again = pickle.loads(pickle.dumps(packed))
    assert list(again) == names
    assert again.digest() == packed.digest()
    paths = packed.paths()
    assert paths is None or list(paths) == list(map(os.path.normpath, names))


@pytest.mark.parametrize("folder", ["", "/data/exp/", "s3://bucket/exp/"])
def test_sequences_of_packed_names_are_those_of_a_list(folder):
    """The grid, its pattern or its missing files would depend on how names are kept."""
    names = [f"{folder}t{t}_{c}.tif" for t in range(12) for c in ("DAPI", "GFP")]
    del names[5]
    expected = open_sequence(names, imread=np.load)
    seq = open_sequence(PackedNames.of(names), imread=np.load)
    assert seq.files == expected.files
    assert str(seq.pattern) == str(expected.pattern)
    np.testing.assert_array_equal(seq.grid.table, expected.grid.table)
    assert seq.missing == expected.missing
    assert seq.commonpath() == expected.commonpath()
    assert seq.sel(c="GFP").files == expected.sel(c="GFP").files if "c" in seq.dims else True
    assert isinstance(pickle.loads(pickle.dumps(seq)).grid.names, Names)

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tifffile import parse_filenames as tifffile_parse

from dask_fileseq.errors import NamesError, UnmatchedError
from dask_fileseq.patterns import BATCH, as_pattern


@pytest.mark.parametrize(
    ("regex", "name", "expected"),
    [
        (r"_(c)(\d+)_(t)(\d+)", "a_c1_t02.tif", (("c", "t"), ("1", "02"))),
        (r"(\d+)-(\d+)", "7-08", (("Q", "Q"), ("7", "08"))),
        (r"(?P<t>\d+)_(?P<c>[A-Z]+)", "7_DAPI", (("t", "c"), ("7", "DAPI"))),
        (r"(c)(\d)(?:_(t)(\d))?", "c1", (("c",), ("1",))),
        (r"(c)(?P<t>\d)", "c1", (("t",), ("1",))),
        (r"(c)(?:(x)(\d)|(\d))", "c4", (("c",), ("4",))),
        (r"(c)(t)(\d)", "ct4", (("t",), ("4",))),
        (r"(?P<n>\w*)-", "-", (("n",), ("",))),
        (r"(\d)(z)", "1z", (("Q",), ("1",))),
        (r"(\d)", "z", None),
    ],
)
def test_a_group_names_the_next_index_or_is_one(regex, name, expected):
    """Groups are taken for names and indices by other rules than tifffile's."""
    assert expected == as_pattern(regex).match(name)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["q", "l", "p", "a", "c", "t", "x", "y", "z", "ch", "tp", "C", "Tp"]),
            st.integers(0, 9999),
        ),
        min_size=1,
        max_size=7,
    ),
    st.sampled_from(["img", "img_", "/data/img_"]),
    st.sampled_from(["", "_"]),
    st.sampled_from(["", ".tif", ".ome"]),
)
def test_axes_is_the_pattern_of_tifffile(axes, stem, separator, suffix):
    """The named pattern finds other axes than tifffile's."""
    name = stem + separator.join(f"{dim}{number}" for dim, number in axes) + suffix
    dims, _, _, _ = tifffile_parse([name], "axes")
    assert (dims, tuple(str(number) for _, number in axes)) == as_pattern("axes").match(name)


def test_axes_stand_at_the_end():
    """Letters and digits in the middle of a name are taken for axes, as by tifffile 2026.3.3."""
    assert as_pattern("axes").match("c1-raw_t2.tif") == (("t",), ("2",))
    assert as_pattern("axes").match("t2-raw.tif") is None


@pytest.mark.parametrize("pattern", ["", None, 1, b"(x)", re.compile(b"(x)"), object()])
def test_what_is_no_pattern(pattern):
    """Something else than a pattern fails late, or with an error that hides it."""
    with pytest.raises(NamesError, match="pattern must be"):
        as_pattern(pattern)


def test_a_malformed_pattern_is_shown():
    """re.error, which is no ValueError, comes out, as from tifffile, or hides the pattern."""
    with pytest.raises(NamesError, match=r"pattern '\(x' is malformed: missing \)") as info:
        as_pattern("(x")
    assert isinstance(info.value, ValueError)
    assert isinstance(info.value.__cause__, re.error)


def test_a_pattern_needs_groups():
    """A pattern without groups gives a grid without axes, as in tifffile."""
    with pytest.raises(NamesError, match="has no groups"):
        as_pattern(r"c\d+")


def test_compiled_patterns_keep_their_flags():
    """A compiled pattern is compiled anew without its flags."""
    pattern = as_pattern(re.compile(r"(C)(\d)", re.IGNORECASE))
    assert pattern.match("c1") == (("c",), ("1",))
    assert pattern is as_pattern(pattern)
    assert pattern == pickle.loads(pickle.dumps(pattern))


@pytest.mark.parametrize("regex", [r"(\d+)", r"([A-Z]+)?(\d+)", r"(?:x(\d+)|y(\d+))(?:-(\d))?"])
def test_columns_are_the_matches_of_each_name(regex):
    """Working by column finds other texts than matching each name, or mixes up batches."""
    pattern = as_pattern(regex)
    names = [f"{'xy'[i % 2]}{i % 37}-{i % 7}" for i in range(3 * BATCH + 5)]
    columns = pattern.columns(names)
    found = list(zip(columns.texts, columns.codes, strict=True))
    texts = list(zip(*([texts[i] for i in codes] for texts, codes in found), strict=True))
    assert [pattern.match(name) for name in names] == [(columns.dims, row) for row in texts]
    assert columns.unmatched == []
    assert all(len(set(texts)) == len(texts) for texts in columns.texts)


def test_columns_leave_out_the_beginning_and_separators():
    """Folders that all names share take part in the match."""
    columns = as_pattern(r"^(\d)").columns(["/1/2", "/1/3"], len("/1"))
    assert columns.texts == (["2", "3"],)


def test_unmatched_names_are_counted_in_all_batches():
    """Names that do not match shift the texts of later ones, or are not found."""
    names = ["x" if i % 3 else f"{i}" for i in range(2 * BATCH)] + ["x"] * (BATCH + 1)
    columns = as_pattern(r"(\d+)").columns(names)
    assert [i for i, name in enumerate(names) if name == "x"] == columns.unmatched
    assert [name for name in names if name != "x"] == [
        columns.texts[0][code] for code in columns.codes[0]
    ]


def test_nothing_matches():
    """Without any match there is an obscure error, or an empty grid."""
    with pytest.raises(UnmatchedError, match=r"matches none of 4 names .*'a', 'a', 'a' and 1 more"):
        as_pattern(r"(\d)").columns(["a"] * 4)


def test_other_dims_are_an_error_that_names_files():
    """A file with an axis more than others is placed somewhere, or has to be searched for."""
    with pytest.raises(NamesError, match=r"\('c',\) in 'c1' but \('c', 't'\) in 'c2t3'"):
        as_pattern(r"(c)(\d)(?:(t)(\d))?").columns(["-", "c1", "c1", "c2t3"])


def test_letters_alone_are_no_index():
    """Words in an unnamed group vanish, and all files stand for one cell."""
    with pytest.raises(NamesError, match=r"finds no index in 'DAPI'.*\(\?P<name>"):
        as_pattern("([A-Z]+)").columns(["DAPI", "GFP"])

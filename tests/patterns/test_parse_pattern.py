import copy
import datetime
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.errors import NamesError, ReadError, UnmatchedError
from dask_fileseq.grid import grid_of_pattern, parse_filenames
from dask_fileseq.patterns import Field, as_pattern
from dask_fileseq.patterns.bioformats import any_of


@pytest.mark.parametrize(
    "pattern",
    [
        r"_(c)(\d+)",
        r"(?P<t>\d{4})",
        r"(?P<t>\d{2,})x{,3}",
        r"(?i)(a)(\d)",
        re.compile(r"(a)(\d)", re.IGNORECASE | re.VERBOSE),
        re.compile(r"(\d)_{x}"),
        re.compile(r"(\d)<1-2>"),
        r"\{x\}(\d)",
        r"(?P<z>\d)-(\d)",
        r"(\d{4})",
        "{t:d}.tif",
        "format:a(b{t:d}.tif",
        "img_Z<0-1>_C<0-36:3>.tif",
        "<a,b>",
        "axes",
        "operetta",
    ],
)
def test_a_pattern_prints_itself(pattern):
    """What a pattern prints is no pattern, or another one."""
    compiled = as_pattern(pattern)
    again = as_pattern(str(compiled))
    assert again.fields == compiled.fields
    assert again.whole == compiled.whole
    assert str(again) == str(compiled)
    for name in ("a1_c2.tif", "A5", "1234", "7_{x}", "3<1-2>", "{x}4", "img_Z1_C33.tif"):
        assert again.match(name) == compiled.match(name)
    assert pickle.loads(pickle.dumps(compiled)) == compiled == copy.copy(compiled)


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("A - 1(fld {field:d}).tif", ["'format:A - 1(fld {field:d}).tif'", "re.compile("]),
        (r"(\d)_<1-2>", ["'blocks:", "re.compile("]),
        ("{t:d}_<1-2>", ["'format:{t:d}_<1-2>'", "'blocks:{t:d}_<1-2>'"]),
    ],
)
def test_ambiguous_texts_say_how_to_say_it(pattern, ways):
    """One of two meanings is taken in silence."""
    with pytest.raises(NamesError, match="is ambiguous: say") as info:
        as_pattern(pattern)
    assert all(way in str(info.value) for way in ways)
    assert as_pattern("format:A - 1(fld {field:d}).tif").match("A - 1(fld 3).tif")


@pytest.mark.parametrize(
    ("pattern", "fields", "matches", "others"),
    [
        (
            "img_Z<0-1>_C<0-36:3>_<R,G,B>.tif",
            [("Z", "int"), ("C", "int"), ("channel", "word")],
            {"img_Z1_C36_G.tif": ("1", "36", "G"), "/x/img_Z0_C0_R.tif": ("0", "0", "R")},
            ["img_Z2_C0_R.tif", "img_Z0_C1_R.tif", "img_Z0_C0_Y.tif", "img_Z01_C0_R.tif"],
        ),
        ("<01-10>.tif", [("Q", "int")], {"10.tif": ("10",)}, ["1.tif", "11.tif", "00.tif"]),
        ("<A-C><1-2>_<5-6>.tif", [("channel", "word"), ("Q_0", "int"), ("Q_1", "int")], {}, []),
        ("p/z<1,3-5>.tif", [("z", "int")], {"p/z4.tif": ("4",)}, ["p/z2.tif", "z4.tif"]),
        ("t<8-11>.tif", [("t", "int")], {"t8.tif": ("8",), "t11.tif": ("11",)}, ["t08.tif"]),
    ],
)
def test_blocks_of_bioformats(pattern, fields, matches, others):
    """A block stands for other texts, or for another axis."""
    compiled = as_pattern(pattern)
    assert [Field(*field) for field in fields] == list(compiled.fields)
    for name, texts in matches.items():
        assert compiled.match(name)[1] == texts
    assert not any(compiled.match(name) for name in others)


@given(st.lists(st.text("ab01.[-", max_size=4), min_size=1, max_size=12))
def test_any_of_matches_just_these(texts):
    """Putting what is alike together loses a text, or lets another one pass."""
    regex = re.compile(any_of(texts))
    assert all(regex.fullmatch(text) for text in texts)
    others = {a[:2] + b[1:] for a in texts for b in texts} - set(texts)
    assert not any(regex.fullmatch(text) for text in others)


def test_long_ranges_stay_short():
    """A range over thousands is an expression of as many alternatives."""
    assert len(any_of([f"{i:05d}" for i in range(100_000)])) < 100


@pytest.mark.parametrize(
    "pattern", ["a<5-1>", "a<1-5:0>", "blocks:a<>", "blocks:ab", "a<1,,2>", "a<0-9999999>"]
)
def test_malformed_blocks(pattern):
    """A block that lists nothing is an obscure error, or fills memory."""
    with pytest.raises(NamesError, match="has"):
        as_pattern(pattern)


def test_pattern_files(tmp_path):
    """The path of a file with a pattern is taken for an expression."""
    path = tmp_path / "test.pattern"
    path.write_text("test_Z<0-1>_C<0-2:2>\n")
    for given_path in (path, str(path)):
        pattern = as_pattern(given_path)
        assert pattern.match("x/test_Z1_C2") == (("Z", "C"), ("1", "2"))
    path.write_text("a<1-2>\nb<1-2>\n")
    with pytest.raises(NamesError, match="must have one line"):
        as_pattern(path)
    path.write_bytes(b"\xff<1-2>")
    with pytest.raises(ReadError, match="cannot read the pattern file"):
        as_pattern(path)


def test_a_function_says_the_axes():
    """What a function returns is read by other rules than texts in names."""

    def axes(name):
        match = re.search(r"(\w+)_(\d+)_(\d+)\.tif", name)
        return match and {
            "channel": match[1],
            "time": match[2],
            "dose": float(match[3]) / 10,
            "day": datetime.date(2020, 1, int(match[3])),
        }

    names = ["x/GFP_08_1.tif", "x/DAPI_10_5.tif", "x/note.txt"]
    with pytest.raises(UnmatchedError, match=r"does not match 1 of 3 names: 'x/note.txt'"):
        grid_of_pattern(names, axes)
    grid = grid_of_pattern(names, axes, unmatched="skip", spacing="step")
    assert grid.dims == ("channel", "time", "dose", "day")
    assert grid.coords["channel"].tolist() == ["DAPI", "GFP"]
    assert grid.coords["time"].tolist() == [8, 10]
    assert grid.coords["dose"].tolist() == [0.1, 0.5]
    assert grid.coords["day"].tolist() == np.array(["2020-01-01", "2020-01-05"], "M8[ns]").tolist()
    assert grid.indices == [(1, 0, 0, 0), (0, 1, 1, 1)]
    assert as_pattern(axes).match("x/GFP_08_1.tif")[1][:2] == ("GFP", "08")
    assert as_pattern(axes).match("note") is None
    with pytest.raises(UnmatchedError, match="none of 1"):
        parse_filenames(["note"], axes)
    with pytest.raises(NamesError, match="the same axes"):
        parse_filenames(["a1", "b"], lambda name: {name: 1})
    with pytest.raises(NamesError, match="must return a mapping"):
        parse_filenames(["a1", "b"], lambda name: 5)


def test_a_table_says_the_axes():
    """Rows of a table are found in other files, or in none."""
    names = ["/d/p1/a.tif", "/d/p1/b.tif", "/d/p2/a.tif"]
    table = {"path": ["p2/a.tif", "p1/a.tif", "p1/b.tif"], "dose": [0.5, 1, 2], "well": list("ABC")}
    grid = grid_of_pattern(names, table)
    assert grid.dims == ("dose", "well")
    assert grid.indices == [(1, 1), (2, 2), (0, 0)]
    full = {"dose": (3, 4), "file": ("/d/p1/a.tif", "/d/p1/b.tif")}
    assert parse_filenames(names[:2], full)[:3] == (("dose",), (2,), [(0,), (1,)])
    with pytest.raises(UnmatchedError, match=r"'/d/p2/a.tif'"):
        parse_filenames(names, full)
    for wrong, message in [
        ({"path": ["p2/a.tif"], "dose": [1, 2]}, "differ in length"),
        ({"dose": [1, 2]}, "of which 0 have the names"),
        ({"path": ["p2/a.tif"]}, "each other be an axis"),
        ({"path": ["a.tif"], "same": ["a.tif"], "x": [1]}, "of which 2 have"),
        ({"path": ["p1/a.tif"] * 2, "x": [1, 2]}, "that has file .* twice"),
    ]:
        with pytest.raises(NamesError, match=message):
            parse_filenames(names, wrong)


def test_a_dataframe_is_a_table():
    """The columns of a DataFrame are taken for a mapping of rows."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"t": pd.to_datetime(["2020-01-01", "2020-01-03"]), "name": ["a.tif", "b.tif"]}
    )
    grid = grid_of_pattern(["x/a.tif", "x/b.tif"], frame)
    assert grid.coords["t"].astype("M8[D]").astype(str).tolist() == ["2020-01-01", "2020-01-03"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{t", "has a single '{': close the field"),
        ("t{t:d}}_{c}", "has a single '}': open the field"),
        ("{1t}.tif", "a field '1t', which is no name"),
        ("{0}_{1}.tif", "a field '0', which is no name"),
        ("{t!r}.tif", "a field 't!r', which is no name"),
        ("{t:0999999999d}.tif", "a field 't' of more than 1000 digits"),
        ("{t:09999999999d}.tif", "a field 't' of unknown type"),
        ("Z<0-9.tif", "a '<' or '>' without its partner"),
        ("Z<0-" + "9" * 5000 + ">.tif", "a range of very large numbers"),
        ("gone.pattern", "cannot read the pattern file 'gone.pattern'"),
        ("Operetta", "'Operetta' is no preset: 'operetta' may be meant"),
        ("phenix", "'phenix' is no preset: 'operetta' may be meant"),
        ("landsat", "no preset: 'landsat-c2' or 'landsat-ga' may be meant"),
        ("sentinel2", "no preset: 'sentinel-2' may be meant"),
        ("infer ", "no preset: 'infer' may be meant"),
        ("qqq", r"no preset either, dask_fileseq\.patterns\.presets\(\) has them"),
        (r"t\d{4}.tif", "has no groups: put what counts the files in parentheses"),
    ],
)
def test_mistakes_are_named(text, message):
    """A slip in a format string or a preset is answered with advice on regular expressions."""
    with pytest.raises((NamesError, ReadError), match=message):
        as_pattern(text)

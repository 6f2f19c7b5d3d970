"""Names and patterns that would take years, or all of the memory, are refused in time."""

import re
import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dask_fileseq import FileSequence, NamesError, natural_sorted, open_sequence, parse_filenames
from dask_fileseq.patterns import as_pattern

LONG = [f"t{t}{'1' * 100_000}.tif" for t in (1, 2, 3)]


@pytest.fixture(autouse=True)
def in_time():
    """Fail if a test takes long."""
    start = time.process_time()
    yield
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "pattern", ["infer", "t{t:d}.tif", "t{t:f}.tif", "{:d}{t}.tif", r"t(?P<t>\d+)\.tif", "axes"]
)
@pytest.mark.parametrize("names", [LONG, [f"{'a' * 100_000}{t}.tif" for t in (1, 2, 3)]])
def test_very_long_names_are_refused(names, pattern):
    """Inference would take hours for numbers that no file system holds."""
    with pytest.raises(NamesError, match=r"\.\.\. has 100,00\d characters") as caught:
        FileSequence(len, names, pattern=pattern)
    assert len(str(caught.value)) < 300


def test_very_long_names_need_no_pattern():
    """URLs with tokens may be long, and their order may be all that is known."""
    assert len(natural_sorted(LONG)) == 3
    assert open_sequence(LONG, pattern=None, identity="name").shape == (3,)
    with pytest.raises(NamesError, match="characters"):
        parse_filenames(LONG, r"(t)(\d+)")


@pytest.mark.parametrize("digits", [20, 100, 5000, 8000])
def test_long_numbers_are_read_right(digits):
    """They fit no integer of the processor, and a float would make them equal."""
    names = [f"t{'1' * digits}{t}.tif" for t in (3, 1, 2)]
    for pattern in ("t{t:d}.tif", "infer"):
        seq = FileSequence(len, names, pattern=pattern, identity="name")
        assert seq.shape == (3,)
        assert [seq.indices[i] for i in range(3)] in ([(2,), (0,), (1,)], [2, 0, 1])


NEIGHBOURS = [
    "t{a:d}{b:d}.tif",
    "t{a:d}{b:d}{c:d}{d:d}{e:d}{f:d}.tif",
    "t{a:f}{b:f}.tif",
    "t{a:d}{b:g}.tif",
    "t{a:+d}{b:d}.tif",
    "t{a:fp}{b:d}.tif",
    "t{a:d}{:d}.tif",
    "t{a:d}1{b:d}1{c:d}1{d:d}1{e:d}1{f:d}.tif",
    "t{a}{b}.tif",
    "t{a:d}{b}{c:d}{d}{e:d}{f}.tif",
]


@pytest.mark.parametrize("pattern", NEIGHBOURS)
def test_numbers_side_by_side_are_refused(pattern):
    """Where one ends and the next begins is a guess, and six of them take years."""
    for name in ("t12.tif", "t" + "1" * 150 + ".tif", "t" + "1" * 150 + "x.tif"):
        with pytest.raises(NamesError, match=r"right behind another field.*\{time:03d\}"):
            FileSequence(len, [name], pattern=pattern)


@pytest.mark.parametrize(
    ("pattern", "name", "texts"),
    [
        ("{a:02d}{b:02d}{c:d}.tif", "01023.tif", ("01", "02", "3")),
        ("{well}{t:d}.tif", "B12.tif", ("B", "12")),
        ("{t:d}{channel}.tif", "12GFP.tif", ("12", "GFP")),
        ("{a:d}_{b:d}.tif", "1_2.tif", ("1", "2")),
        ("{t:%Y%m%d}{b:d}.tif", "202001317.tif", ("20200131", "7")),
    ],
)
def test_fields_that_end_somewhere_stay(pattern, name, texts):
    """Fixed widths, words and dates show where a number begins."""
    seq = FileSequence(len, [name], pattern=pattern)
    assert seq.pattern.match(name)[1] == texts


WORDS = ["{%s}", "{%s:d}", "{%s:03d}", "{%s:f}", "{%s:f_}", "{}", "_", "-", "x", "1", ".", "/"]


@pytest.mark.slow
@settings(max_examples=1000)
@given(
    parts=st.lists(st.sampled_from(WORDS), min_size=1, max_size=9),
    name=st.text("_-x1./a2", max_size=12),
)
@example(parts=["{%s}", "_", "{%s}", "_", "{%s}"], name="a_b__c_1")
@example(parts=["{%s}", "{%s:d}", "-", "{%s}", "x"], name="a-1-1-xx")
def test_what_is_not_tried_twice_would_not_have_fitted(parts, name):
    """Texts would get other parts of a name than in a plain regular expression."""
    letters = iter("abcdefghi")
    text = "".join(part % next(letters) if "%s" in part else part for part in parts)
    try:
        pattern = as_pattern(f"format:{text}")
    except NamesError:
        assume(False)
    plain = re.compile(pattern.regex.pattern.replace("(?>", "(?:"))
    found, expected = pattern.regex.search(name), plain.search(name)
    assert (found and found.groups()) == (expected and expected.groups())


@pytest.mark.parametrize("name", ["_" * 250, "_1" * 125, "-_" * 60 + "/" + "_1-" * 40])
@pytest.mark.parametrize(
    "pattern",
    [
        "{a}_{b}_{c}_{d}.tif",
        "{a}_{b}_{c}_{d}_{e}_{f}.tif",
        "{a}_{t:d}_{b}_{z:03d}_{c}_{d}.tif",
        "{a}_{x:f}_{b}_{y:f}_{c}_{d}.tif",
        "{a}-{b}_{c}/{d}_{}-{}{t:d}_{e}.tif",
    ],
)
def test_words_with_something_between_take_no_time(pattern, name):
    """Four words took 4 seconds on 250 underscores."""
    start = time.process_time()
    assert as_pattern(pattern).match(f"{name}.tiff") is None
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize(
    "pattern",
    [r"(\w+)+x", r"(_|_)*(\d)", r"(.+)_(.+)_(.+)_(.+)_(.+)\.tif", "{a}_{b}_{a}_{c}_{d}_{e}.tif"],
)
def test_a_pattern_that_takes_for_ever_is_refused(pattern):
    """Nothing can interrupt it."""
    start = time.process_time()
    with pytest.raises(NamesError, match="in so many ways that it takes too long"):
        FileSequence(len, ["t1.tif", "_" * 250 + ".png"], pattern=pattern)
    assert time.process_time() - start < 5

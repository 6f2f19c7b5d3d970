"""Names and patterns that would take years, or all of the memory, are refused in time."""

import time

import pytest

from dask_fileseq import FileSequence, NamesError, natural_sorted, open_sequence, parse_filenames

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

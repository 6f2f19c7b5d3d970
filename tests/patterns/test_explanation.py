"""What people read about how names were read: each field, what it is, and why."""

import itertools
import re
import uuid

import numpy as np
import pytest

from dask_fileseq import TiffSequence, open_sequence
from dask_fileseq.patterns import as_pattern, explain_names


def names_of(template, *values):
    return [template.format(*cell) for cell in itertools.product(*values)]


def row(text, field):
    """Return what a text says about a field of the first name."""
    (found,) = re.findall(rf"^  {re.escape(repr(field))} +(.*)$", text, re.MULTILINE)
    return found


CHANNELS = ["DAPI", "GFP", "Cy5"]
WELLS = ["A01", "A02", "B01", "B02"]
EXPLAINED = {
    # names: a field, and what is said of it
    "number": (
        names_of("z{}_{}.tif", range(4), CHANNELS),
        ("0", "axis z: integers, 4 texts ('0', '1', '2', '3'); named by 'z' before it"),
    ),
    "number behind": (
        names_of("{}ms_{}.tif", [10, 20, 50], CHANNELS),
        ("10", "axis ms: integers, 3 texts ('10', '20', '50'); named by 'ms' behind it"),
    ),
    "number without letters": (
        names_of("{}_{}.tif", range(3), CHANNELS),
        ("0", "axis Q: integers, 3 texts ('0', '1', '2'); no letters name it"),
    ),
    "known words": (
        names_of("t{}_{}.tif", range(4), CHANNELS),
        ("DAPI", "axis channel: words, 3 texts ('DAPI', 'GFP', 'Cy5'); known words for a channel"),
    ),
    "other words": (
        names_of("t{}_{}.tif", range(4), ["WT", "KO"]),
        ("WT", "axis label: words, 2 texts ('WT', 'KO'); no known words"),
    ),
    "label of several words": (
        names_of("{}_t{}.tif", ["bright_field", "GFP_high", "GFP_low"], range(4)),
        ("bright_field", "words that fill no grid are one label; known words for a channel"),
    ),
    "date": (
        [f"rain_202001{day:02d}.tif" for day in (1, 3, 9)],
        ("20200101", "axis date: dates %Y%m%d, 3 texts"),
    ),
    "duration": (
        ["a_00d06h00m.tif", "a_00d12h00m.tif", "a_01d06h00m.tif"],
        ("00d06h00m", "axis time: durations %dd%Hh%Mm, 3 texts"),
    ),
    "date in two places": (
        names_of("2021-07-0{}/cam_{}.jpg", [1, 2], ["08_30_05", "09_10_59", "17_31_44"]),
        ("08_30_05", "axis time: durations %H_%M_%S"),
    ),
    "months": (
        names_of("{}_{}.tif", ["Jan", "Feb", "Mar"], CHANNELS),
        ("Jan", "axis month: months, 3 texts ('Jan', 'Feb', 'Mar'); all are names of months"),
    ),
    "decimals": (
        names_of("{}_z{}.tif", CHANNELS, ["-1.5", "0.0", "2.25"]),
        ("-1.5", "axis z: numbers, 3 texts ('-1.5', '0.0', '2.25')"),
    ),
    "well": (
        names_of("{}_s{}.tif", WELLS, [1, 2, 3]),
        ("A01", "axis well: wells, 4 texts ('A01', 'A02', 'B01', 'B02'); letters of a plate"),
    ),
    "function of an axis": (
        [f"{well}_W{n:05d}_{c}.tif" for n, well in enumerate(WELLS, 1) for c in CHANNELS],
        ("00001", "no axis: integers, 4 texts ('00001', '00002', '00003', '00004'); "
         "varies together with well"),
    ),
    "part of an axis": (
        [f"{n // 4 + 1}/t{n}_{c}.tif" for n in range(12) for c in CHANNELS],
        ("1", "no axis: integers, 3 texts ('1', '2', '3'); a function of t"),
    ),
    "GUID": (
        [f"{w}_s{s}_{uuid.UUID(int=hash((w, s)) % 2**128)}.tif" for w in WELLS for s in (1, 2)],
        ("GUID", "no axis: a GUID identifies a file"),
    ),
    "constant": (names_of("run7_t{}.tif", range(4)), ("run7_t", "constant")),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPLAINED)
def test_each_kind_of_field_is_explained(kind):
    """A user sees what was found, but not on what grounds."""
    names, (field, what) = EXPLAINED[kind]
    assert what in row(explain_names(names), field)


def test_a_date_in_two_places_says_so():
    """Two fields with one name look like a mistake."""
    names = names_of("2021-07-0{}/cam_{}.jpg", [1, 2, 3], ["08_30_05", "09_10_59", "17_31_44"])
    text = explain_names(names)
    for field in ("2021-07-01", "08_30_05"):
        assert row(text, field).endswith("a day and a clock are one date")


GUESSED = {
    "one letter": (names_of("t{}.tif", range(3)), "t, by one letter"),
    "a word": (names_of("time{}.tif", range(3)), None),
    "one row": (names_of("A0{}_f{}.tif", [1, 2, 3], [1, 2]), "well, by one letter"),
    "capitals": (names_of("{}{}_x.tif", "ABC", [1, 2, 3]), "well, by letter case"),
    "two dates": (names_of("2020010{}_{}.tif", [1, 2], CHANNELS), "date, from two values"),
    "two names": (["frame1.tif", "frame2.tif"], "all, from two names"),
}


@pytest.mark.parametrize("kind", GUESSED)
def test_guesses_are_called_so(kind):
    """Letter case, one letter and two values prove little."""
    names, guess = GUESSED[kind]
    line = explain_names(names).splitlines()[-1]
    assert line.startswith("guessed: ") == (guess is not None)
    assert guess is None or guess in line


OPERETTA = names_of(
    "r{:02d}c{:02d}f{:02d}p{:02d}-ch{}sk1fk1fl1.tiff", [1, 2], [3, 4, 5], [1, 2], [1, 2], [1, 2]
)


def test_readings_are_compared_with_their_cells():
    """The names may say less than a preset does."""
    seq = open_sequence(OPERETTA)
    text = seq.explain()
    assert str(seq.pattern) == "operetta"
    assert "pattern='infer' finds 'operetta'\n  axis row: integers, 2 labels (1, 2)" in text
    own = "r 2 x c 3 x f 2 x p 2 x ch 2 = 48 cells; a preset is as good"
    assert f"'r{{r:02d}}c{{c:02d}}f{{f:02d}}p{{p:02d}}-ch{{ch:d}}sk1fk1fl1.tiff': {own}" in text
    assert "preset operetta: row 2 x column 3 x field 2 x z 2 x channel 2 = 48 cells; taken" in text
    assert "guessed" not in text


def test_presets_that_are_left_out_say_why():
    """Who knows his instrument asks why its preset was not taken."""
    names = names_of("x_{}_T0001F{:03d}L01A01Z{:02d}C01.tif", ["D08", "E03", "F08"], [1, 2], [1, 2])
    text = explain_names(names)
    assert "pattern='infer' finds 'x_{well}_T0001F{F:03d}L01A01Z{Z:02d}C01.tif'" in text
    fit = "preset cellvoyager: row 3 x column 2 x field 2 x z 2 = 24 cells; its grid has more cells"
    assert fit in text


def test_names_that_are_left_out_are_listed():
    """Strays are not missed if nobody names them."""
    names = [*names_of("scan_{:04d}.tif", range(20)), "dark.tif", "scan_thumb.tif"]
    seq = open_sequence(names, unmatched="skip")
    assert "not matched: 2, 'dark.tif', 'scan_thumb.tif'" in seq.explain().splitlines()


def test_refused_names_are_explained_with_the_question():
    """Both readings to paste, and the fields that they are about."""
    names = [f"IMG_{day:02d}{month:02d}2020.tif" for day in (1, 2, 3) for month in (4, 5, 6)]
    text = explain_names(names)
    assert "'{date:%d%m%Y}'" in text
    assert "'{date:%m%d%Y}'" in text
    assert "maybe axis" in row(text, "01042020")
    names = [f"z_{z}t_{t}c_{c}.tif" for z in range(2) for t in range(3) for c in range(4)]
    assert "two readings fit" in (text := explain_names(names)) or "taken" in text


@pytest.mark.parametrize("names", [["a.tif"], ["a.tif", "a.tif"], ["a.tif", "b-c.png", "d e"]])
def test_any_names_are_explained(names):
    """An explanation that fails explains nothing."""
    text = explain_names(names)
    assert text.startswith(f"{len(names)} name")
    assert "pattern='infer' finds" in text


def test_an_explicit_pattern_is_explained_beside_the_inferred_one():
    """What the pattern means, and what the names say without it."""
    names = [f"c{n}_2020010{n}_x{n / 2}.tif" for n in range(1, 6)]
    seq = open_sequence(names, pattern="c{camera:d}_{day:%Y%m%d}_x{:f}.tif", spacing="values")
    text = seq.explain().splitlines()
    assert text[1] == "pattern='c{camera:d}_{day:%Y%m%d}_x{:f}.tif' finds"
    assert text[2] == "  axis camera: integers, 5 labels (1, 2, 3, ..., 5)"
    assert text[3].startswith("  axis day: dates %Y%m%d, 5 labels ('2020-01-01', '2020-01-02'")
    assert text[4].startswith("pattern='infer' finds ")


def test_sequences_of_all_kinds_explain_themselves(tmp_path):
    """Without a pattern, by a function, after a selection, and after a pickle."""
    import pickle

    names = names_of("t{}_{}.tif", range(4), CHANNELS)
    inferred = "pattern='infer' finds 't{t:d}_{channel}.tif'"
    for seq in (
        TiffSequence(names),
        TiffSequence(names, pattern=lambda name: {"i": int(name[1])}, duplicates="first"),
        open_sequence(names).sel(channel=["DAPI", "GFP"]),
        open_sequence(names).isel(t=slice(1, 3)),
        pickle.loads(pickle.dumps(open_sequence(names))),
    ):
        assert inferred in seq.explain()


def test_absent_parts_are_explained():
    """The index of a plane that no name has comes out of nowhere."""
    text = open_sequence(["img.tif", "img_z001.tif", "img_z002.tif"]).explain()
    assert "some names lack a part; its index is the lowest there" in text


def test_a_million_names_are_not_all_listed():
    """The text has the length of a few names, and says that it is about a sample."""
    names = [f"t{i:06d}_{c}.tif" for i in range(20_000) for c in ("DAPI", "GFP")]
    text = explain_names(names)
    assert text.startswith("40,000 names")
    assert "finds 't{t:06d}_{channel}.tif': t 20,000 x channel 2 = 40,000 cells" in text
    assert re.search(r"^fields \(in a sample of [23],\d{3} names\)$", text, re.MULTILINE)
    assert len(text) < 1500


def test_explanations_do_not_change_a_sequence():
    """Asking why must not cost a thing."""
    names = names_of("t{}_{}.tif", range(4), CHANNELS)
    seq = open_sequence(names)
    before = seq.shape, seq.files, str(seq.pattern)
    seq.explain()
    assert (seq.shape, seq.files, str(seq.pattern)) == before
    np.testing.assert_array_equal(seq.coords["t"], range(4))
    assert as_pattern("infer", names).text == "t{t:d}_{channel}.tif"

"""Listings of files by a random grammar, with the truth of their axes.

A listing has one to four axes, a name for nearly each of their cells, and fields beside them that
are no axes. What even a reader of the names could not know is left out, by `assume`.
"""

import datetime
import itertools
import math
import random
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

SIZES = {1: (8, 20), 2: (3, 8), 3: (2, 5), 4: (2, 4)}
"""The least and the greatest number of values of an axis, by the number of axes."""
START = datetime.datetime(1985, 1, 1)
MINUTES = [1, 10, 15, 60, 360]
DAYS = [1, 2, 5, 16, 40]
DAY_FORMS = [
    *("%Y%m%d", "%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d", "%Y%j", "%Y-%j", "%d%m%Y", "%d-%m-%Y"),
    *("%d.%m.%Y", "%d%b%Y", "%d-%b-%Y", "%Y%b%d", "%y%m%d", "%y-%m-%d", "%Y/%m/%d", "%Y/%j"),
]
MONTH_FORMS = ["%Y%m", "%Y-%m", "%Y_%m", "%Y.%m", "%Y/%m", "%b%Y", "%b_%Y", "%Y-%b", "%m-%Y"]
TIME_FORMS = [
    *("%Y%m%dT%H%M%S", "%Y%m%d_%H%M%S", "%Y%m%d%H%M%S", "%Y-%m-%d_%H-%M-%S", "%Y%m%d_%H%M"),
    *("%Y-%m-%dT%H%M", "%Y%jT%H%M%S", "%Y%m%d-%H%M", "%Y%m%d_%H_%M_%S", "%Y%m%d%H%M"),
]
PAIRED_FORMS = ["%Y-%m-%d|%H_%M_%S", "%Y%m%d|%H%M%S", "%Y_%m_%d|%H-%M-%S", "%Y-%m-%d|%Hh%Mm"]
"""A day that is the folder, and a clock in the name of the file."""
CHANNELS = ["DAPI", "GFP", "Cy3", "Cy5", "mCherry", "Alexa 488", "Bright Field", "BF", "TxRed"]
WORDS = [
    *("ctrl", "drug", "WT", "KO", "high", "low", "daily", "rain", "max", "min", "temp", "left"),
    *("right", "signal", "background", "full", "matrix", "LED", "stack", "QA", "pixel", "soil"),
]
BEHIND_LETTERS = {
    "t": "time", "T": "time", "z": "z", "Z": "z", "ch": "c", "c": "c", "C": "c", "s": "s",
    "f": "s", "pos": "s", "site": "s", "Series": "s", "frame": "time", "tile": "tile",
    "rep": "", "dose": "", "slide": "", "stack": "", "depth": "z", "roi": "s", "img": "",
}  # fmt: skip
"""Letters before numbers, and what they count."""
BESIDE = {"stamp": "number", "measure": "lettered", "folder": "word"}
"""The kind of field of what stands beside an axis."""
UNITS = ["um", "nm", "ms", "deg", "mM"]
CONSTANTS = ["exp", "run7", "plate", "60x", "v1.2", "Project", "ab-7b", "20230105", "scan"]


class Axis(NamedTuple):
    """A true axis."""

    kind: str
    """``date`` (or duration), ``number``, ``word``, ``month`` or ``well``."""
    values: Sequence[Any]
    """What each of its indices means, in order if that has one."""
    texts: Sequence[Any]
    """How each value is written; a pair is written in a folder, and in the name of the file."""
    letters: str = ""
    """The letters before a number."""
    is_bare: bool = False
    """Whether it is a number without letters."""


class Field(NamedTuple):
    """A part of the names between separators."""

    texts: Sequence[str]
    """The text in each name."""
    in_folder: bool = False
    """Whether it must be the name of a folder."""
    kind: str = ""


class Listing(NamedTuple):
    """Names, and the truth of their axes."""

    names: Sequence[str]
    axes: Sequence[Axis]
    codes: np.ndarray
    """The index of each name along each axis."""
    same: Sequence[Sequence[Sequence[Any]]]
    """For each axis, other fields that are one-to-one with it: what they mean, by name."""


def spaced(draw: Callable, size: int, least: int, most: int) -> list[int]:
    """Draw so many rising integers, mostly in even steps."""
    first = draw(st.integers(least, most))
    if draw(st.integers(0, 3)):
        step = draw(st.sampled_from([1, 1, 1, 2, 5, 10]))
        return [first + step * i for i in range(size)]
    places = draw(st.sets(st.integers(0, 2 * size), min_size=size, max_size=size))
    return [first + i for i in sorted(places)]


def written(dates: Sequence[datetime.datetime], form: str) -> list[str]:
    return [date.strftime(form) for date in dates]


@st.composite
def date_axes(draw: Callable, size: int) -> Axis:
    """Draw days, months, times, and days in a folder with the clock in the name of the file."""
    forms = draw(st.sampled_from([DAY_FORMS, MONTH_FORMS, TIME_FORMS, PAIRED_FORMS]))
    form = draw(st.sampled_from(forms))
    day = START + datetime.timedelta(draw(st.integers(0, 16_000)))
    steps = spaced(draw, size, 0, 10)
    if forms is MONTH_FORMS:
        months = [day.year * 12 + day.month - 1 + step for step in steps]
        dates = [datetime.datetime(month // 12, month % 12 + 1, 1) for month in months]
    elif forms is DAY_FORMS:
        step = datetime.timedelta(draw(st.sampled_from(DAYS)))
        dates = [day + i * step for i in steps]
    else:
        minutes = draw(st.sampled_from([*MINUTES, 1440, 1440 * 12]))
        first = datetime.timedelta(minutes=draw(st.integers(60, 1439)))
        first += datetime.timedelta(seconds=draw(st.integers(0, 59)) if "%S" in form else 0)
        dates = [day + first + datetime.timedelta(minutes=minutes * i) for i in steps]
        assume(any(date.hour for date in dates))  # 0001, 0002 count
    if re.match("%d.?%m", form):  # otherwise the day may be the month
        assume(any(date.day > 12 for date in dates))
    values = list(np.array(dates, "M8[s]"))
    if "|" in form:
        folder, name = form.split("|")
        # the folder of all files is not in their names: 00_03_36 alone may be three numbers
        assume(dates[0].day != dates[-1].day and len({date.time() for date in dates}) != 2)
        texts = list(zip(written(dates, folder), written(dates, name), strict=True))
        return Axis("date", values, texts)
    return Axis("date", values, written(dates, form))


@st.composite
def duration_axes(draw: Callable, size: int) -> Axis:
    step = draw(st.sampled_from([5, 15, 30, 60, 360]))
    minutes = [i * step for i in spaced(draw, size, 0, 20)]
    template = draw(
        st.sampled_from(["{d:02d}d{h:02d}h{m:02d}m", "{t:02d}h{m:02d}m", "{d}d{h:02d}h"])
    )
    if "m}" not in template and "{m" not in template:
        minutes = [60 * m for m in minutes]
    texts = [template.format(d=m // 1440, h=m // 60 % 24, t=m // 60, m=m % 60) for m in minutes]
    return Axis("date", list(np.array(minutes, "m8[m]").astype("m8[s]")), texts)


@st.composite
def number_axes(draw: Callable, size: int) -> Axis:
    """Draw numbers with or without letters, padding, signs, decimals and units."""
    numbers = spaced(draw, size, 0, 12)
    letters = draw(st.sampled_from(["", *BEHIND_LETTERS]))
    form = draw(st.sampled_from(["d", "d", "02d", "03d", "04d", "05d", "sign", "decimal", "p"]))
    unit = draw(st.sampled_from(["", "", *UNITS])) if form in ("d", "decimal", "p") else ""
    values: list[Any] = numbers
    if form == "sign":
        values = [number - numbers[size // 2] for number in numbers]
        form = draw(st.sampled_from(["d", "+d", "+03d"]))
    elif form in ("decimal", "p"):
        mark = form[0]
        shift = draw(st.sampled_from([0, numbers[size // 2]]))
        tenths = draw(st.sampled_from([1, 5, 25]))
        places = 2 if tenths == 25 else 1
        values = [(n - shift) * tenths / 10**places for n in numbers]
        # 1.8, 1.9 may be counters behind a dot
        assume(len({math.floor(value) for value in values}) > 1)
        texts = [f"{value:.{places}f}" for value in values]
        if mark == "p":  # z3p5, z4p5 may be planes of one position
            assume(unit or len({round(value % 1, 3) for value in values}) > 1)
            texts = [text.replace(".", "p") for text in texts]
        return Axis(
            "number", values, [f"{letters}{text}{unit}" for text in texts], letters, not letters
        )
    texts = [f"{letters}{value:{form}}{unit}" for value in values]
    return Axis("number", values, texts, letters, not letters)


@st.composite
def word_axes(draw: Callable, size: int) -> Axis:
    """Draw labels of one to four words."""
    if draw(st.integers(0, 9)) == 0:
        form = draw(st.sampled_from(["%b", "%B"]))
        months = spaced(draw, min(size, 12), 0, 0)
        assume(months[-1] < 12)
        texts = [datetime.datetime(2000, month + 1, 1).strftime(form) for month in months]
        return Axis("month", months, texts)
    most = draw(st.integers(1, 4))
    gap = draw(st.sampled_from("_- "))
    words = st.sampled_from(draw(st.sampled_from([CHANNELS, WORDS])))
    label = st.lists(words, min_size=1, max_size=most, unique=True).map(gap.join)
    texts = draw(
        st.lists(label, min_size=min(size, 6), max_size=min(size, 6), unique_by=str.casefold)
    )
    parts = [text.split(gap) for text in texts]
    if len(set(map(len, parts))) == 1:  # words that fill a grid are two labels
        columns = [len(set(column)) for column in zip(*parts, strict=True)]
        several = [count for count in columns if count > 1]
        assume(len(several) < 2 or math.prod(several) > 1.5 * len(texts))
    return Axis("word", texts, texts)


@st.composite
def well_axes(draw: Callable, size: int) -> Axis:
    """Draw wells of plates of 96 to 1,536 wells."""
    rows = [*map(chr, range(65, 91)), *(f"A{chr(i)}" for i in range(65, 71))]
    plate = draw(st.sampled_from([(8, 12), (16, 24), (32, 48)]))
    count = draw(st.integers(1, 3))
    # rows Q to Z alone are letters as any other
    first = draw(st.integers(0, min(plate[0], 16) - count) | st.just(24 if plate[0] > 24 else 0))
    count = 3 if first == 24 else count
    assume(count > 1 or rows[first] not in "CFP")  # they may be channels or positions
    column = draw(st.integers(1, plate[1] - size + 1)) if size < plate[1] else 1
    columns = [column + i for i in range(min(math.ceil(size / count), plate[1] - column + 1))]
    styles = ["{}{:02d}", "{}{:02d}", "{}{}", "lower", "r{:02d}c{:02d}"]
    style = draw(st.sampled_from(styles if count > 1 else styles[:1]))
    wells = [(row, c) for row in range(first, first + count) for c in columns]
    values = [f"{rows[row]}{c:02d}" for row, c in wells]
    if style == "r{:02d}c{:02d}":
        texts = [style.format(row + 1, c) for row, c in wells]
    elif style == "lower":
        texts = [value.lower() for value in values]
    else:
        texts = [style.format(rows[row], c) for row, c in wells]
    return Axis("well", values, texts, "well" if count > 1 else "one row")


AXES = [date_axes, date_axes, duration_axes, number_axes, number_axes, word_axes, well_axes]


@st.composite
def true_axes(draw: Callable) -> list[Axis]:
    """Draw one to four axes that letters, places or kinds keep apart."""
    count = draw(st.integers(1, 4))
    kinds = draw(st.lists(st.sampled_from(AXES), min_size=count, max_size=count))
    sizes = [draw(st.integers(*SIZES[count])) for _ in kinds]
    axes = [draw(kind(size)) for kind, size in zip(kinds, sizes, strict=True)]
    assume(sum(axis.kind == "date" for axis in axes) < 2)
    assume(sum(axis.kind == "well" for axis in axes) < 2)
    letters = [axis.letters.lower() for axis in axes if axis.letters]
    assume(len(set(letters)) == len(letters))
    counted = [BEHIND_LETTERS[axis.letters] for axis in axes if BEHIND_LETTERS.get(axis.letters)]
    assume(len(set(counted)) == len(counted))  # c01 beside ch1 may be a well
    assume(8 <= math.prod(len(axis.values) for axis in axes) <= 300)
    # a number of two values beside others may be a measurement, a row without sites no row
    assume(count == 1 or not any(axis.is_bare and len(axis.values) < 3 for axis in axes))
    if any(axis.letters == "one row" for axis in axes):
        others = [axis for axis in axes if axis.letters in BEHIND_LETTERS]
        assume(any(BEHIND_LETTERS[axis.letters] in ("s", "c", "z") for axis in others))
        assume(not any(re.fullmatch(r"\D\d\d", axis.texts[0]) for axis in others))
        assume(all(isinstance(value, int) for axis in others for value in axis.values))
    return axes


def are_proven(axes: Sequence[Axis], codes: np.ndarray) -> bool:
    """Return whether the names prove all axes: none is a function of the others."""
    if len(codes) < 8 or any(len(set(column)) < 2 for column in codes.T):
        return False
    if len(axes) == 1:
        return True
    return all(
        len(np.unique(np.delete(codes, k, axis=1), axis=0)) <= 0.75 * len(codes)
        for k in range(len(axes))
    )


@st.composite
def stamps(draw: Callable, axes: Sequence[Axis], codes: np.ndarray) -> tuple[Field, int, list]:
    """Draw a field that is no axis; returns also the axis that it is one-to-one with, or -1.

    The list is of what the field means in each name.
    """
    source = random.Random(draw(st.integers(0, 99)))
    if draw(st.booleans()):
        kind = draw(st.sampled_from(["guid", "hash", "running", "time"]))
        field, values = stamp_of_file(kind, len(codes), source)
        return field, 0 if values and len(axes) == 1 else -1, values
    k = draw(st.integers(0, len(axes) - 1))
    kind = draw(st.sampled_from(["stamp", "measure", "folder"]))
    axis, along = axes[k], codes[:, k]
    count = len(axis.values)
    if kind == "stamp":
        first = datetime.datetime(2022, 3, 4, 9, 12, 31)
        dates = [first + datetime.timedelta(seconds=3607 * i) for i in range(count)]
        texts, values = written(dates, "%Y%m%d%H%M%S"), list(np.array(dates, "M8[s]"))
    elif kind == "measure":
        values = source.sample(range(100, 1000), count)
        texts = [f"exp{value}ms" for value in values]
    else:
        texts = [text if isinstance(text, str) else text[0] for text in axis.texts]
        values = axis.values
        assume(not any("/" in text for text in texts))
    field = Field([texts[i] for i in along], kind == "folder", BESIDE[kind])
    return field, k if len(set(texts)) == count else -1, [values[i] for i in along]


def stamp_of_file(kind: str, files: int, source: random.Random) -> tuple[Field, list]:
    """Return a field with a text of its own for each file, and what it means."""
    if kind == "guid":
        ids = [uuid.UUID(int=source.getrandbits(128), version=4) for _ in range(files)]
        return Field(list(map(str, ids)), kind="word"), []
    if kind == "hash":
        return Field([f"{source.getrandbits(48):012x}" for _ in range(files)], kind="word"), []
    if kind == "running":
        numbers = list(range(1, files + 1))
        return Field([f"{i:04d}" for i in numbers], kind="number"), numbers
    seconds = [7 * i + source.randrange(4) for i in range(files)]
    dates = [datetime.datetime(2022, 3, 4, 9) + datetime.timedelta(seconds=s) for s in seconds]
    texts = written(dates, "%Y%m%dT%H%M%S")
    return Field(texts, kind="number"), list(np.array(dates, "M8[s]"))


def has_clock_alone(axis: Axis) -> bool:
    """Return whether an axis is a duration, or has its clock apart from its day."""
    is_duration = np.array(axis.values).dtype.kind == "m"
    return is_duration or not isinstance(axis.texts[0], str)


def fields_of(axis: Axis, codes: np.ndarray) -> list[Field]:
    """Return an axis as fields, in the order in which they must be."""
    kind = "number" if axis.is_bare or axis.kind == "date" else "lettered"
    kind = {"word": "word", "month": "number"}.get(axis.kind, kind)
    if isinstance(axis.texts[0], str):
        return [Field([axis.texts[i] for i in codes], "/" in axis.texts[0], kind)]
    folder, name = zip(*axis.texts, strict=True)
    return [
        Field([folder[i] for i in codes], True, kind=kind),
        Field([name[i] for i in codes], kind=kind),
    ]


@st.composite
def listings(draw: Callable) -> Listing:
    """Draw the names of files, and the truth of their axes."""
    axes = draw(true_axes())
    source = random.Random(draw(st.integers(0, 99)))
    cells = np.array(list(itertools.product(*(range(len(axis.values)) for axis in axes))))
    gaps = draw(st.sampled_from([0, 0, 0.05, 0.15, 0.3])) * len(cells)
    away = source.sample(range(len(cells)), int(gaps))
    codes = np.delete(cells, away, axis=0)
    assume(are_proven(axes, codes))
    fields = [
        field for axis, along in zip(axes, codes.T, strict=True) for field in fields_of(axis, along)
    ]
    same: list[list] = [[] for _ in axes]
    for _ in range(draw(st.integers(0, 3))):
        field, k, values = draw(stamps(axes, codes))
        fields.append(field)
        if k >= 0:
            same[k].append(values)
    constants = draw(st.lists(st.sampled_from(CONSTANTS), max_size=2, unique=True))
    # a clock belongs to the day that is in the names
    assume("20230105" not in constants or not any(map(has_clock_alone, axes)))
    for text in constants:
        kind = "number" if text.isdecimal() else "word"
        fields.append(Field([text] * len(codes), kind=kind))
    names = draw(names_of(fields))
    if draw(st.booleans()):
        order = source.sample(range(len(names)), len(names))
        names, codes = [names[i] for i in order], codes[order]
        same = [[[values[i] for i in order] for values in others] for others in same]
    return Listing(names, axes, codes, same)


@st.composite
def names_of(draw: Callable, fields: Sequence[Field]) -> list[str]:
    """Draw the order of fields, their separators, folders, and a suffix."""
    folders = [field for field in fields if field.in_folder]
    others = draw(st.permutations([field for field in fields if not field.in_folder]))
    others = others or [Field(["image"] * len(folders[0].texts), kind="word")]
    gap = draw(st.sampled_from(["_", "_", "-", " ", "__"]))
    # hyphens that separate are not seen from signs
    assume(
        gap != "-" or not any(re.search(r"(?<!\d)[-+]\d", text) for f in fields for text in f.texts)
    )
    cuts = draw(st.integers(0, max(0, min(2, len(others) - 1))))
    between = ["/"] * cuts + [gap] * (len(others) - 1 - cuts)
    parts = [[field.texts, "/"] for field in folders]
    parts += [[field.texts, cut] for field, cut in zip(others, [*between, ""], strict=True)]
    apart = []
    before = ""
    for field, (texts, cut) in zip([*folders, *others], parts, strict=True):
        # numbers beside each other may be one date, or one decimal
        if before == field.kind == "number" and (apart[-1][1] != "/" or "/" in apart[-1][0][0]):
            apart.append([["x"] * len(texts), gap])
        apart.append([texts, cut])
        before = field.kind
    end = draw(st.sampled_from([".tif", ".tif", ".png", ".ome.tif", ".jpg"]))
    rows = zip(*(texts for texts, _ in apart), strict=True)
    cuts_ = [cut for _, cut in apart]
    return ["".join(itertools.chain(*zip(row, cuts_, strict=True))) + end for row in rows]

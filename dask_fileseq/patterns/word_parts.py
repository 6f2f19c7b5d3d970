"""Words of several parts: wells, labels of several words, and words in several spellings.

Neighbouring words are compared by the grid that they make: words that fill it are axes of
their own, words that do not are one label.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.axis_words import COLUMNS, FAMILIES, are_rows, word_axis
from dask_fileseq.patterns.date_formats import is_month_word
from dask_fileseq.patterns.name_parts import (
    NamePart,
    cells,
    combined,
    determines,
    is_hash,
    joined,
)
from dask_fileseq.patterns.number_parts import are_digits
from dask_fileseq.patterns.outliers import Outliers

_NEARLY_ALL = 0.9
_FILLED = 0.75
_SUFFIXES = {"tiff": "tif", "jpeg": "jpg"}
_COLUMN = re.compile(r"0?\d{1,2}")
_BEFORE_ROW = re.compile(r"[^\W\d_]*[a-z](?=[A-Z])")
_DEGREES = re.compile(r"[NS]\d\d(?!\d)[^/]{0,8}[EW]\d{3}(?!\d)")
_GAPS = re.compile(r"[\W_]+")
_FEWEST = 8
_MOST_WORDS = 8
_WELL_LIKE = re.compile(r"[A-Za-z]\d\d")


def combine_words(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with wells and labels joined; some words are no axes.

    Raises `Outliers` or NamesError if only some names have a part.
    """
    numbers = all(part.is_number for part in parts if part.varies)
    if numbers and not any(map(_may_be_row, parts, parts[1:])):
        return parts
    parts = _join_wells(parts)
    _ignore_spellings(parts)
    parts = _join_words(parts)
    _ignore_loose_parts(parts)
    varying = [part for part in parts if part.varies and part.is_axis]
    for part in varying:
        if part.is_word:
            _check_one_label(part, len(varying) == 1)
    return parts


def _cuts(text: str) -> list[tuple[tuple[str, str], str]]:
    """Return the words in a row of a text, up to eight, each with the texts around them.

    >>> _cuts("a_b")
    [(('', '_b'), 'a'), (('a_', ''), 'b')]
    """
    gaps = list(_GAPS.finditer(text))
    starts = [0, *(gap.end() for gap in gaps)]
    ends = [*(gap.start() for gap in gaps), len(text)]
    return [
        ((text[:start], text[end:]), text[start:end])
        for k, start in enumerate(starts)
        for end in ends[k : k + _MOST_WORDS]
        if end - start < len(text)
    ]


def _check_one_label(part: NamePart, is_alone: bool) -> None:
    """Raise an error for words with unlike separators that are no list of labels.

    They are several axes if nearly each text has words that occur in other texts, too, in the
    place of which other texts have other words. If each file has words of its own beside what
    else varies, they are none.
    """
    words = [_GAPS.split(text) for text in part.texts]
    least = min(map(len, words))
    if len({tuple(_GAPS.findall(text)) for text in part.texts}) == 1:
        return
    cuts = list(map(_cuts, part.texts))
    inner = Counter(piece for pieces in cuts for _, piece in pieces)
    outer = Counter(around for pieces in cuts for around, _ in pieces)
    crossed = sum(any(outer[a] > 1 and inner[p] > 1 for a, p in pieces) for pieces in cuts)
    own = least > 1 + is_alone and len(part.texts) == len(part.codes) >= _FEWEST
    if own or (len(words) > 3 and crossed >= _NEARLY_ALL * len(words)):
        raise refusal(f"words are separated otherwise in {part.texts[0]!r} than in others")


def _join_wells(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with the letter and the number of a plate's well joined.

    If a well is written in two ways, ``A1`` and ``A01``, rows and columns stay apart.
    """
    parts = [
        piece
        for part, behind in zip(parts, [*parts[1:], parts[0]], strict=True)
        for piece in (_split_row(part) if behind.joint and are_digits(behind) else [part])
    ]
    result: list[NamePart] = []
    for i, part in enumerate(parts):
        result.append(part)
        if part.joint and len(result) > 1 and _is_well(parts, i):
            well = joined(result[-2:])
            if len({re.sub("(?<=[A-Za-z])0", "", text) for text in well.texts}) == len(well.texts):
                well.name = well.family = "well"
                well.why = "letters of a plate's rows, and numbers of its columns"
                result[-2:] = [well]
            else:
                result[-2].name = result[-2].family = "row"
                part.name = part.family = "column"
                result[-2].why = part.why = "a plate's wells, of which some are in two spellings"
                part.joint = False
    return result


def _may_be_row(part: NamePart, behind: NamePart) -> bool:
    """Return whether a constant part right before another one may be, or end in, a well's row."""
    if part.varies or not behind.joint:
        return False
    return part.texts[0][-1:].isalpha() and are_rows([part.texts[0][-1]])


def _split_row(part: NamePart) -> list[NamePart]:
    """Return letters split before the row of a plate: ``WellA``, ``WellB``."""
    word = _BEFORE_ROW.match(part.texts[0]) if not part.is_number and not part.form else None
    if word is None or not all(text.startswith(word[0]) for text in part.texts):
        return [part]
    rows = [text[len(word[0]) :] for text in part.texts]
    if not are_rows(rows) or (len(rows) == 1 and word[0].lower() not in ("well", "point")):
        return [part]
    same = np.zeros_like(part.codes)
    return [NamePart([word[0]], same, part.joint), NamePart(rows, part.codes, False)]


def _is_well(parts: list[NamePart], i: int) -> bool:
    row, column = parts[i - 1], parts[i]
    if row.texts[0] in "NS" and _DEGREES.search("".join(part.texts[0] for part in parts[i - 1 :])):
        return False
    if row.joint or row.form or not are_rows(row.texts) or not (row.varies or column.varies):
        return False
    if not all(map(_COLUMN.fullmatch, column.texts)):
        return False
    if not all(0 < int(text) <= COLUMNS for text in column.texts):
        return False
    behind = parts[i + 1] if i + 1 < len(parts) else None
    alone = behind is None or not behind.joint
    two_digits = all(len(text) > 1 for text in column.texts)
    if row.varies:
        sure = two_digits or column.varies  # M1BS and P1BS are no wells
        return (row.texts[0].isupper() and (alone or sure)) or (alone and two_digits)
    if len(row.texts[0]) > 1:  # "AB1" is more often a name
        return two_digits
    if i > 1 and _is_called_well(parts, i - 2):
        return True
    if row.texts[0] in "AGH":  # the other first rows may be letters that name an axis
        return row.texts[0].isupper() or (alone and two_digits)
    return alone and two_digits and _has_sites(parts, i)


def _is_called_well(parts: list[NamePart], i: int) -> bool:
    """Return whether the word before a row is ``well``."""
    word = parts[i - 1] if parts[i].is_separator and i else parts[i]
    return word.texts[0].lower() == "well"


def _has_sites(parts: list[NamePart], i: int) -> bool:
    """Return whether names have sites, channels or planes, and no other letter with two digits.

    It is the evidence that ``B02, B03`` are wells of row B, not bands or time points.
    """
    row, column = parts[i - 1], parts[i]
    texts = "".join(part.texts[0] for part in parts)
    own = FAMILIES.get(row.texts[0].lower(), "")
    alike = {
        word
        for word in re.findall(r"[^\W_]+", texts)
        if _WELL_LIKE.fullmatch(word) and FAMILIES.get(word[0].lower(), "") in ("", own)
    }
    numbers = [(parts[k - 1], part) for k, part in enumerate(parts) if k != i and part.is_number]
    counted = {
        FAMILIES.get(letters.texts[0].lower())
        for letters, part in numbers
        if part.joint
        and part.varies
        and letters.texts not in (row.texts, [""])
        and not letters.varies
    }
    taken = own not in ("series", "channel", "z") or own in counted  # C01_z1 may be a channel
    wells = [part for letters, part in numbers if letters.varies and are_rows(letters.texts)]
    unique = alike == {row.texts[0] + column.texts[0]} and not wells and "row" not in counted
    return unique and taken and bool(counted & {"series", "channel", "z"})


def _join_codes(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with letters that vary between digits joined to a word: ``37EN1``."""
    result: list[NamePart] = []
    for part in parts:
        result.append(part)
        run = result[-3:]
        is_run = len(run) == 3 and part.joint and run[1].joint and run[1].is_word
        if is_run and are_digits(run[0]) and are_digits(part) and not (run[0].name or part.name):
            result[-3:] = [joined(run)]
            result[-1].why = "digits and letters of one code"
    return result


def _join_words(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with the words joined that are one label.

    Neighbouring words with only separators between, or with letters and digits that vary with
    them, are one label if they do not fill the grid that they would make as two axes.
    """
    result: list[NamePart] = []
    parts = _join_codes(parts)
    for part, behind in zip(parts, [*parts[1:], parts[-1]], strict=True):
        result.append(part)
        ends_folder = behind.texts[0][:1] == "/"
        while len(result) > 1:
            last = result[-1]
            if last.joint and _are_one(result[-2], last):
                count = 2
            elif (
                len(result) > 2
                and _is_gap(result[-2])
                and (
                    _are_one(result[-3], last) or (ends_folder and _are_numbered(result[-3], last))
                )
            ):
                count = 3
            elif last.joint and last.is_word and result[-2].is_word:  # nothing parts them
                count = 2
            else:
                break
            result[-count:] = [joined(result[-count:])]
            result[-1].why = "words that fill no grid are one label"
    return result


def _is_gap(part: NamePart) -> bool:
    return part.is_separator and not re.search(r"[/\\\0]", part.texts[0])


def _are_one(first: NamePart, last: NamePart) -> bool:
    """Return whether two parts are one label: words that do not fill a grid."""
    both = first.is_word and last.is_word
    if both and any(is_hash(part) and len(part.texts) == len(part.codes) for part in (first, last)):
        return False
    if both and any(all(map(is_month_word, part.texts)) for part in (first, last)):
        return False
    if not both:
        mixed = (first.is_word or last.is_word) and _may_join(first) and _may_join(last)
        if not mixed:
            return False
    _, firsts = combined([first, last])
    if not both:
        word = first if first.is_word else last
        repeats = 2 * len(firsts) <= min(cells([first, last]), len(first.codes))
        return last.joint and (len(firsts) == len(word.texts) or repeats)
    filled = len(firsts) / cells([first, last])
    pairs = [np.bincount(part.codes[firsts]).min() for part in (first, last)]
    if 0.5 < filled <= _FILLED and min(pairs) > 1 and len(firsts) >= _FEWEST:
        raise refusal(f"{first.texts[0]!r} and {last.texts[0]!r} may be one label or two")
    return filled <= _FILLED


def _are_numbered(word: NamePart, number: NamePart) -> bool:
    """Return whether labels end in numbers, ``cave_4``: over a third of a grid would be empty.

    All labels that occur have more files than an image and its mask.
    """
    if not (word.is_word and number.varies and are_digits(number)):
        return False
    codes, firsts = combined([word, number])
    over_third = 3 * len(firsts) < 2 * cells([word, number])
    is_label = word_axis(word.texts) == "label" and not determines(number, word)
    return over_third and is_label and bool(np.bincount(codes).min() > 2)


def _may_join(part: NamePart) -> bool:
    return part.varies and not part.form and not part.name


def _ignore_spellings(parts: Sequence[NamePart]) -> None:
    """Make no axes of words that differ in spelling alone; refuse if only some words do.

    One word may be written in other letter case. Its accents may be stored in two ways: file
    systems of Apple store them as characters of their own.
    """
    for part in parts:
        if not part.varies or part.form or part.is_number:
            continue
        words = [unicodedata.normalize("NFC", text).casefold() for text in part.texts]
        if part is parts[-1]:
            words = [_SUFFIXES.get(word, word) for word in words]
        if len(set(words)) == 1:
            part.is_axis, part.why = False, "one word in several spellings"
        elif len(set(words)) < len(words):
            ((word, _),) = Counter(words).most_common(1)
            one, two, *_ = (t for t, w in zip(part.texts, words, strict=True) if w == word)
            if one.casefold() == two.casefold():
                raise refusal(f"{one!r} and {two!r} differ in letter case alone")
            raise refusal(f"{one!a} and {two!a} differ in how marks are stored alone")


def _ignore_loose_parts(parts: list[NamePart]) -> None:
    """Make no axes of parts that only some names have, if other words determine which ones.

    Raises `Outliers` if a few names have the part, or all but a few.
    """
    words = [part for part in parts if part.varies and not part.is_number]
    _check_odd_names(words)
    for part in parts:
        if not part.varies or "" not in part.texts:
            continue
        if not any(determines(other, part) for other in words if other is not part):
            counts = np.bincount(part.codes)
            if counts.max() >= _NEARLY_ALL * len(part.codes):
                raise Outliers(np.flatnonzero(part.codes != counts.argmax()).tolist())
            texts = ", ".join(repr(text) for text in part.texts[:3] if text)
            raise refusal(f"{texts} are before or behind numbers in some names only")
        part.is_axis, part.why = False, "not in all names, and seen from another word"


def _check_odd_names(words: list[NamePart]) -> None:
    """Raise `Outliers` for a few names that differ from all others in two words or more."""
    odd: Counter[int] = Counter()
    for word in words:
        counts = np.bincount(word.codes)
        if counts.max() >= _NEARLY_ALL * len(word.codes):
            odd.update(np.flatnonzero(word.codes != counts.argmax()).tolist())
    away = [i for i, count in odd.items() if count > 1]
    if away:
        raise Outliers(away)


def refusal(why: str) -> NamesError:
    """Return the error for names without an evident pattern."""
    return NamesError(
        f"pattern='infer' finds no pattern: {why}; say the pattern, or pass pattern=None to put "
        "the files in a row, in natural order"
    )

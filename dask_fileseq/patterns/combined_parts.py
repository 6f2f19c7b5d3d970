"""Parts that belong together: signs and decimals of numbers, wells, and labels of several words.

Two readings of neighbouring parts are compared by the grids that they make: parts that fill a
grid are axes of their own, parts that do not are one number or one label.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.axis_words import COLUMNS, FAMILIES, are_rows
from dask_fileseq.patterns.name_parts import Outliers, Part, cells, combined, joined
from dask_fileseq.patterns.name_pattern import factorize

_NEARLY_ALL = 0.9
_FILLED = 0.75
_HEMISPHERES = {("N", "S"): "latitude", ("E", "W"): "longitude"}
_BEFORE_ROW = re.compile(r"[^\W\d_]*[a-z](?=[A-Z])")
_DEGREES = re.compile(r"[NS]\d\d(?!\d)[^/]{0,8}[EW]\d{3}(?!\d)")
_WELL_LIKE = re.compile(r"[A-Za-z]\d\d")


def combine_parts(parts: list[Part]) -> list[Part]:
    """Return parts with signs, decimals, wells and labels joined; some parts are no axes.

    Raises `Outliers` or NamesError if only some names have a part.
    """
    parts = _join_degrees(_join_decimals(_join_signs(parts)))
    parts = _join_words(_join_wells(parts))
    _ignore_spellings(parts)
    _ignore_loose_parts(parts)
    return parts


def _join_degrees(parts: list[Part]) -> list[Part]:
    """Return parts with degrees in both hemispheres joined: ``N48`` and ``S05``, or ``48N``."""
    result: list[Part] = []
    for part in parts:
        result.append(part)
        if len(result) > 1 and part.joint:
            letters, number = result[-2:] if _are_digits(part) else result[:-3:-1]
            name = _HEMISPHERES.get(tuple(sorted(t.upper() for t in letters.texts)), "")
            if name and _are_digits(number) and max(map(len, number.texts)) < 4:
                degrees = joined(result[-2:])
                degrees.name = degrees.family = name
                degrees.form = "compass"
                result[-2:] = [degrees]
    return result


def _join_signs(parts: list[Part]) -> list[Part]:
    """Return parts with the signs before some numbers moved into these numbers."""
    result: list[Part] = []
    for part in parts:
        before = result[-1] if result and part.is_number and not part.form else part
        base = before.texts[0].rstrip("+-")
        is_signed = before is not part and before.varies and not before.form
        if not is_signed or not {base, base + "-", base + "+"}.issuperset(before.texts):
            result.append(part)
            continue
        signs = Part([text[len(base) :] for text in before.texts], before.codes)
        result.pop()
        if base:
            result.append(Part([base], np.zeros_like(before.codes), before.joint))
        number = joined([signs, part])
        number.joint = bool(base) or before.joint
        result.append(number)
    return result


def _join_decimals(parts: list[Part]) -> list[Part]:
    """Return parts with the digits before and behind a decimal mark joined to one number."""
    result: list[Part] = []
    i = 0
    while i < len(parts):
        mark = _decimal_mark(parts, i)
        if mark:
            number = joined(parts[i : i + 3])
            number.form = "f" + mark.strip(".")
            number.why = "numbers with decimals"
            result.append(number)
            i += 3
        else:
            result.append(parts[i])
            i += 1
    return result


def _decimal_mark(parts: list[Part], i: int) -> str:
    """Return the mark between the digits of a decimal number at a part, empty if there is none.

    ``1.8, 1.9, 1.10`` are versions that count behind the point: numbers of different length
    without leading zeros. They are decimals if they are in even steps only as decimals.
    """
    if i + 2 >= len(parts):
        return ""
    left, mark, right = parts[i : i + 3]
    text = mark.texts[0]
    if mark.varies or text not in (".", "_", "p", "e") or not (left.varies or right.varies):
        return ""
    if not (left.is_number and _are_digits(right)) or _continues(parts, i, text):
        return ""
    if left.form or "." in left.texts[0]:
        return ""
    if text == "e":
        return "."
    whole = joined([left, mark, right])
    filled = left.varies and right.varies and len(whole.texts) == cells([left, right])
    evenness = _evenness([_decimal(t, text) for t in whole.texts])
    lengths = set(map(len, right.texts))
    if text != ".":
        if len(lengths) > 1 or filled or not right.varies:
            return ""
        if text == "p":
            return text
        wide = lengths == {3} and {len(t) for t in left.texts} == {len(left.texts[0])}
        return text if wide and left.varies and evenness > _NEARLY_ALL else ""
    if filled:
        digits = sorted(map(int, right.texts))
        runs = digits == list(range(digits[0], digits[0] + len(digits)))
        return text if evenness > _NEARLY_ALL and (not runs or len(digits) == 10) else ""
    if not right.varies:
        padded = any(t[0] == "0" and len(t) > 1 for t in left.texts)
        return "" if padded else text
    leading = any(t[0] == "0" and len(t) > 1 for t in right.texts)
    if len(lengths) == 1 or leading:
        counts = not left.varies and not leading and _evenness(list(map(Decimal, right.texts))) == 1
        return "" if counts and left.texts != ["0"] and lengths == {1} and _is_version(parts, i) else text
    if left.varies:
        return text
    as_count = _evenness(list(map(Decimal, right.texts)))
    zero = left.texts == ["0"] and not _is_version(parts, i)
    return text if evenness > as_count or (evenness == as_count and zero) else ""


def _are_digits(part: Part) -> bool:
    return not part.form and all(map(str.isdecimal, part.texts))


def _is_version(parts: list[Part], i: int) -> bool:
    return i > 0 and parts[i].joint and parts[i - 1].texts[0][-1:].lower() == "v"


def _continues(parts: list[Part], i: int, mark: str) -> bool:
    """Return whether more digits with the same mark are before or behind: ``1.2.3``.

    The letter ``p`` is a mark only in a number by itself, with or without a name or a unit.
    """
    end = i + 3
    if mark in "pe":
        return any(
            _are_digits(parts[k])
            for k in (*range(max(0, i - 2), i), *range(end, min(len(parts), end + 2)))
            if not any(parts[n].is_separator for n in range(min(k, i), max(k + 1, end)))
        )
    before = i > 1 and parts[i - 1].texts == [mark] and _are_digits(parts[i - 2])
    behind = end + 1 < len(parts) and parts[end].texts == [mark] and _are_digits(parts[end + 1])
    return before and mark == "." or (behind and mark == ".")


def _decimal(text: str, mark: str) -> Decimal:
    return Decimal(text.replace(mark, "."))


def _evenness(numbers: list[Decimal]) -> float:
    """Return the share of the places in even steps that are taken.

    >>> _evenness([Decimal("0.5"), Decimal("1"), Decimal("2")])
    0.75
    """
    scale = 10 ** max(-int(number.as_tuple().exponent) for number in numbers)
    values = np.unique(np.array([int(number * scale) for number in numbers], object))
    if len(values) < 2:
        return 1.0
    step = np.gcd.reduce(np.diff(values))
    return len(values) / float((values[-1] - values[0]) // step + 1)


def _join_wells(parts: list[Part]) -> list[Part]:
    """Return parts with the letter and the number of a plate's well joined.

    If a well is written in two ways, ``A1`` and ``A01``, rows and columns stay apart.
    """
    parts = [
        piece
        for part, behind in zip(parts, [*parts[1:], parts[0]], strict=True)
        for piece in (_split_row(part) if behind.joint and _are_digits(behind) else [part])
    ]
    result: list[Part] = []
    for i, part in enumerate(parts):
        result.append(part)
        if part.joint and len(result) > 1 and _is_well(parts, i):
            well = joined(result[-2:])
            if len({re.sub("(?<=[A-Za-z])0", "", text) for text in well.texts}) == len(well.texts):
                well.name = well.family = "well"
                result[-2:] = [well]
            else:
                result[-2].name = result[-2].family = "row"
                part.name = part.family = "column"
                part.joint = False
    return result


def _split_row(part: Part) -> list[Part]:
    """Return letters split before the row of a plate: ``WellA``, ``WellB``."""
    word = _BEFORE_ROW.match(part.texts[0]) if not part.is_number and not part.form else None
    if word is None or not all(text.startswith(word[0]) for text in part.texts):
        return [part]
    rows = [text[len(word[0]) :] for text in part.texts]
    if not are_rows(rows) or (len(rows) == 1 and word[0].lower() not in ("well", "point")):
        return [part]
    same = np.zeros_like(part.codes)
    return [Part([word[0]], same, part.joint), Part(rows, part.codes, False)]


def _is_well(parts: list[Part], i: int) -> bool:
    row, column = parts[i - 1], parts[i]
    if row.texts[0] in "NS" and _DEGREES.search("".join(part.texts[0] for part in parts[i - 1 :])):
        return False
    if row.joint or row.form or not are_rows(row.texts) or not (row.varies or column.varies):
        return False
    if not all(len(t) < 3 and t.isdecimal() and 0 < int(t) <= COLUMNS for t in column.texts):
        return False
    behind = parts[i + 1] if i + 1 < len(parts) else None
    alone = behind is None or not behind.joint
    two_digits = all(len(text) == 2 for text in column.texts)
    if row.varies:
        return row.texts[0].isupper() or (alone and two_digits)
    if len(row.texts[0]) > 1:  # "AB1" is more often a name
        return two_digits
    if i > 1 and _is_called_well(parts, i - 2):
        return True
    if row.texts[0] in "AGH":  # the other first rows may be letters that name an axis
        return row.texts[0].isupper() or (alone and two_digits)
    return alone and two_digits and _has_sites(parts, i)


def _is_called_well(parts: list[Part], i: int) -> bool:
    """Return whether the word before a row is ``well``."""
    word = parts[i - 1] if parts[i].is_separator and i else parts[i]
    return word.texts[0].lower() == "well"


def _has_sites(parts: list[Part], i: int) -> bool:
    """Return whether names have sites, channels or planes, and no other letter with two digits.

    It is the evidence that ``B02, B03`` are wells of row B, not bands or time points.
    """
    texts = "".join(part.texts[0] for part in parts)
    alike = [m for m in re.findall(r"[^\W_]+", texts) if _WELL_LIKE.fullmatch(m)]
    others = [
        part
        for k, part in enumerate(parts)
        if k != i and part.is_number and part.joint and part.varies
        and FAMILIES.get(parts[k - 1].texts[0].lower()) in ("series", "channel", "z")
    ]
    return len(alike) == 1 and bool(others)


def _join_words(parts: list[Part]) -> list[Part]:
    """Return parts with the words joined that are one label.

    Neighbouring words with only separators between, or with letters and digits that vary with
    them, are one label if they do not fill the grid that they would make as two axes.
    """
    result: list[Part] = []
    for part in parts:
        result.append(part)
        while len(result) > 1:
            last = result[-1]
            if last.joint and _are_one(result[-2], last):
                result[-2:] = [joined(result[-2:])]
            elif len(result) > 2 and _is_gap(result[-2]) and _are_one(result[-3], last):
                result[-3:] = [joined(result[-3:])]
            elif last.joint and last.is_word and result[-2].is_word:  # nothing parts them
                result[-2:] = [joined(result[-2:])]
            else:
                break
    return result


def _is_gap(part: Part) -> bool:
    return part.is_separator and not re.search(r"[/\\\0]", part.texts[0])


def _are_one(first: Part, last: Part) -> bool:
    """Return whether two parts are one label: words that do not fill a grid."""
    both = first.is_word and last.is_word
    if not both:
        mixed = (first.is_word or last.is_word) and _may_join(first) and _may_join(last)
        if not mixed:
            return False
    _, firsts = combined([first, last])
    if not both:
        word = first if first.is_word else last
        repeats = 2 * len(firsts) <= min(cells([first, last]), len(first.codes))
        return last.joint and (len(firsts) == len(word.texts) or repeats)
    return len(firsts) <= _FILLED * cells([first, last])


def _may_join(part: Part) -> bool:
    return part.varies and not part.form and not part.name


def determines(one: Part, other: Part) -> bool:
    """Return whether each text of one part occurs with just one text of the other.

    >>> determines(Part(["A1", "A2"], np.array([0, 1])), Part(["A"], np.array([0, 0])))
    True
    """
    partner = np.zeros(len(one.texts), np.int64)
    partner[one.codes] = other.codes
    return bool((partner[one.codes] == other.codes).all())


def _ignore_spellings(parts: Sequence[Part]) -> None:
    """Make no axes of words that differ in spelling alone; refuse if only some words do.

    One word may be written in other letter case. Its accents may be stored in two ways: file
    systems of Apple store them as characters of their own.
    """
    for part in parts:
        if not part.varies or part.form or part.is_number:
            continue
        words = [unicodedata.normalize("NFC", text).casefold() for text in part.texts]
        if len(set(words)) == 1:
            part.is_axis, part.why = False, "one word in several spellings"
        elif len(set(words)) < len(words):
            ((word, _),) = Counter(words).most_common(1)
            one, two, *_ = (t for t, w in zip(part.texts, words, strict=True) if w == word)
            if one.casefold() == two.casefold():
                raise refusal(f"{one!r} and {two!r} differ in letter case alone")
            raise refusal(f"{one!a} and {two!a} differ in how marks are stored alone")


def _ignore_loose_parts(parts: list[Part]) -> None:
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


def _check_odd_names(words: list[Part]) -> None:
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


def split_codes(parts: list[Part]) -> list[Part]:
    """Return parts with numbers of fixed width split where that makes a full grid.

    ``001001`` to ``008012`` are rows and columns in three digits each: as one number, most of
    the places between the lowest and the highest would be empty.
    """
    return [piece for part in parts for piece in _split_code(part)]


def _split_code(part: Part) -> list[Part]:
    width = len(part.texts[0])
    if not part.varies or part.form or width < 4 or not _are_digits(part):
        return [part]
    if {len(text) for text in part.texts} != {width}:
        return [part]
    if _evenness(list(map(Decimal, part.texts))) >= 0.5:
        return [part]
    for size in (3, 2, 4):  # codes of equal width, as rows and columns have
        pieces = [_piece(part, slice(k, k + size)) for k in range(0, width, size)]
        if width % size == 0 and _fill_grid(pieces, part):
            return pieces
    for cut in range(1, width):
        pieces = [_piece(part, slice(cut)), _piece(part, slice(cut, None))]
        if _fill_grid(pieces, part):
            return pieces
    return [part]


def _fill_grid(pieces: list[Part], whole: Part) -> bool:
    """Return whether the parts of a number count, all but the last without gaps."""
    varying = [piece for piece in pieces if piece.varies]
    if len(varying) < 2 or cells(varying) != len(whole.texts):
        return False
    counts = [sorted(map(int, piece.texts)) for piece in varying]
    gaps = [numbers[-1] - numbers[0] + 1 - len(numbers) for numbers in counts]
    return not any(gaps[:-1]) and 3 * gaps[-1] <= len(counts[-1]) and counts[-1][0] < 10


def _piece(part: Part, cut: slice) -> Part:
    texts, codes = factorize([text[cut] for text in part.texts])
    return Part(texts, codes[part.codes], part.joint or cut.start is not None)

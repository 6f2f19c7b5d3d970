"""Numbers of several parts: signs, decimals, degrees, and codes that are several numbers.

Two readings of neighbouring digits are compared by the grids that they make: digits that fill
a grid are numbers of their own, digits that do not are one number.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from dask_fileseq.patterns.name_parts import NamePart, cells, joined
from dask_fileseq.patterns.name_pattern import factorize

_NEARLY_ALL = 0.9
_FEWEST_CODES = 8
_SURE_WIDTH = 6
"""So many digits are rarely one number that counts."""
_MARKS = (".", "_", "p", "e")
_HEMISPHERES = {"NS": "latitude", "EW": "longitude"}


def combine_numbers(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with signs, decimals and degrees joined, and codes split."""
    varying = [part for part in parts if part.varies]
    if any(2 * len(part.texts) >= _FEWEST_CODES for part in varying):
        parts = _split_codes(parts)
    if not all(part.is_number for part in varying):
        parts = _join_signs(parts)
    if any(map(_has_mark, parts, parts[1:], parts[2:])):
        parts = _join_decimals(parts)
    return parts if all(part.is_number for part in varying) else _join_degrees(parts)


def _split_codes(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with numbers of fixed width split where that makes a full grid.

    ``001001`` to ``008012`` are rows and columns in three digits each: as one number, most of
    the places between the lowest and the highest would be empty.
    """
    return [piece for part in parts for piece in _split_code(part)]


def _split_code(part: NamePart) -> list[NamePart]:
    width = len(part.texts[0])
    fewest = _FEWEST_CODES if width < _SURE_WIDTH else _FEWEST_CODES // 2
    if not part.varies or len(part.texts) < fewest or width < 4 or not are_digits(part):
        return [part]
    if {len(text) for text in part.texts} != {width}:
        return [part]
    if _evenness(list(map(Decimal, part.texts))) >= 0.5:
        return [part]
    for size in (3, 2, 4):  # codes of equal width, as rows and columns have
        pieces = [_piece(part, slice(k, k + size)) for k in range(0, width, size)]
        if width % size == 0 and _fill_grid(pieces, part):
            return pieces
    for cut in range(2, width - 1):
        pieces = [_piece(part, slice(cut)), _piece(part, slice(cut, None))]
        if _fill_grid(pieces, part):
            return pieces
    return [part]


def _fill_grid(pieces: list[NamePart], whole: NamePart) -> bool:
    """Return whether the parts of a number count, all but the last without gaps."""
    varying = [piece for piece in pieces if piece.varies]
    if len(varying) < 2 or cells(varying) != len(whole.texts):
        return False
    counts = [sorted(map(int, piece.texts)) for piece in varying]
    gaps = [numbers[-1] - numbers[0] + 1 - len(numbers) for numbers in counts]
    return not any(gaps[:-1]) and 3 * gaps[-1] <= len(counts[-1]) and counts[-1][0] < 10


def _piece(part: NamePart, cut: slice) -> NamePart:
    texts, codes = factorize([text[cut] for text in part.texts])
    joint = part.joint or cut.start is not None
    return NamePart(texts, codes[part.codes], joint, why="digits of a number that fill a grid")


def _join_signs(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with the signs before some numbers moved into these numbers."""
    result: list[NamePart] = []
    for part in parts:
        before = result[-1] if result and part.is_number and not part.form else part
        base = before.texts[0].rstrip("+-")
        is_signed = before is not part and before.varies and not before.form
        if not is_signed or not {base, base + "-", base + "+"}.issuperset(before.texts):
            result.append(part)
            continue
        signs = NamePart([text[len(base) :] for text in before.texts], before.codes)
        result.pop()
        if base:
            result.append(NamePart([base], np.zeros_like(before.codes), before.joint))
        number = joined([signs, part])
        number.joint = bool(base) or before.joint
        result.append(number)
    return result


def _has_mark(number: NamePart, mark: NamePart, behind: NamePart) -> bool:
    """Return whether a mark is between a number and digits, or a negative exponent."""
    first = behind.texts[0][:1]
    return number.is_number and mark.texts[0] in _MARKS and (first.isdecimal() or first == "-")


def _join_decimals(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with the digits before and behind a decimal mark joined to one number."""
    result: list[NamePart] = []
    i = 0
    while i < len(parts):
        mark = _decimal_mark(parts, i)
        if _is_exponential(parts, i):
            number = joined(parts[i : i + 4])
            number.form, number.why = "f", "numbers with exponents"
            result.append(number)
            i += 4
        elif _is_triple(parts, i):
            version = joined(parts[i : i + 5])
            version.why = "versions"
            result.append(version)
            i += 5
        elif mark:
            number = joined(parts[i : i + 3])
            number.form = "f" + mark.strip(".")
            number.why = "numbers with decimals"
            result.append(number)
            i += 3
        else:
            result.append(parts[i])
            i += 1
    return result


def _is_exponential(parts: list[NamePart], i: int) -> bool:
    """Return whether a number with a negative exponent is at a part, ``1e-2``."""
    run = parts[i : i + 4]
    return (
        len(run) == 4
        and [part.texts for part in run[1:3]] == [["e"], ["-"]]
        and run[1].joint
        and are_digits(run[0])
        and are_digits(run[3])
        and (run[0].varies or run[3].varies)
    )


def _is_triple(parts: list[NamePart], i: int) -> bool:
    """Return whether three numbers behind a ``v`` are one version, ``v1.0.2``."""
    run = parts[i : i + 5]
    return (
        len(run) == 5
        and _is_version(parts, i)
        and all(map(are_digits, run[::2]))
        and run[1].texts == run[3].texts == ["."]
    )


def _decimal_mark(parts: list[NamePart], i: int) -> str:
    """Return the mark between the digits of a decimal number at a part, empty if there is none.

    ``1.8, 1.9, 1.10`` are versions that count behind the point: numbers of different length
    without leading zeros. They are decimals if they are in even steps only as decimals.
    """
    if i + 2 >= len(parts):
        return ""
    left, mark, right = parts[i : i + 3]
    text = mark.texts[0]
    if mark.varies or text not in _MARKS or not (left.varies or right.varies):
        return ""
    if not (left.is_number and are_digits(right)) or _continues(parts, i, text):
        return ""
    if left.form or "." in "".join(left.texts):
        return ""
    if text == "e":
        return "."
    whole = joined([left, mark, right])
    filled = left.varies and right.varies and len(whole.texts) == cells([left, right])
    evenness = _evenness([_decimal(t, text) for t in whole.texts])
    lengths = set(map(len, right.texts))
    if text != ".":
        constant = not right.varies and not (text == "p" and _has_unit(parts, i))
        if len(lengths) > 1 or constant or (filled and text == "_"):
            return ""
        if text == "p" and not filled:
            return text
    if text == "_":
        wide = lengths == {3} and {len(t) for t in left.texts} == {len(left.texts[0])}
        return text if wide and left.varies and evenness > _NEARLY_ALL else ""
    if filled:
        digits = sorted(map(int, right.texts))
        runs = digits == list(range(digits[0], digits[0] + len(digits)))
        even = evenness > _NEARLY_ALL or _are_padded(right.texts)
        return text if even and (not runs or len(digits) == 10) else ""
    if not right.varies:
        return "" if _are_padded(left.texts) else text
    leading = _are_padded(right.texts)
    counts = list(map(Decimal, right.texts))
    if left.varies or leading:
        return text
    if len(lengths) == 1:  # 1.8 and 1.9 are read as if 1.10 was there
        is_count = lengths == {1} and _evenness(counts) == 1 and _is_bare(parts, i)
        return "" if is_count else text
    zero = left.texts == ["0"] and not _is_version(parts, i)
    as_count = _evenness(counts)
    return text if evenness > as_count or (evenness == as_count and zero) else ""


def _are_padded(texts: list[str]) -> bool:
    return any(text[0] == "0" and len(text) > 1 for text in texts)


def _is_bare(parts: list[NamePart], i: int) -> bool:
    """Return whether a decimal number has neither a name nor a unit, and is not below one."""
    named = parts[i].joint and not _is_version(parts, i)
    return not named and not _has_unit(parts, i) and parts[i].texts != ["0"]


def _has_unit(parts: list[NamePart], i: int) -> bool:
    """Return whether letters are right behind a decimal number."""
    behind = parts[i + 3] if i + 3 < len(parts) else None
    return behind is not None and behind.joint and behind.texts[0][:1].isalpha()


def are_digits(part: NamePart) -> bool:
    """Return whether all texts are digits that have no type yet."""
    return not part.form and all(map(str.isdecimal, part.texts))


def _is_version(parts: list[NamePart], i: int) -> bool:
    return i > 0 and parts[i].joint and parts[i - 1].texts[0][-1:].lower() == "v"


def _continues(parts: list[NamePart], i: int, mark: str) -> bool:
    """Return whether more digits with the same mark are before or behind: ``1.2.3``.

    The letter ``p`` is a mark only in a number by itself, with or without a name or a unit.
    """
    end = i + 3
    if mark in "pe":
        return any(
            are_digits(parts[k])
            for k in (*range(max(0, i - 2), i), *range(end, min(len(parts), end + 2)))
            if not any(parts[n].is_separator for n in range(min(k, i), max(k + 1, end)))
        )
    before = i > 1 and parts[i - 1].texts == [mark] and are_digits(parts[i - 2])
    behind = end + 1 < len(parts) and parts[end].texts == [mark] and are_digits(parts[end + 1])
    return mark == "." and (before or behind)


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


def _join_degrees(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with degrees in both hemispheres joined: ``N48`` and ``S05``, or ``48N``."""
    result: list[NamePart] = []
    for k, part in enumerate(parts):
        result.append(part)
        behind = parts[k + 1] if k + 1 < len(parts) else part
        if len(result) > 1 and part.joint:
            if not are_digits(part) and result[-2].joint and behind.joint and are_digits(behind):
                continue  # N00W070: the number before has letters of its own
            letters, number = result[-2:] if are_digits(part) else result[:-3:-1]
            name = _HEMISPHERES.get("".join(sorted(t.upper() for t in letters.texts)), "")
            name = name if len(letters.texts) == 2 else ""
            if name and are_digits(number) and max(map(len, number.texts)) < 4:
                degrees = joined(result[-2:])
                degrees.name = degrees.family = name
                degrees.form = "compass"
                degrees.why = "degrees in both hemispheres"
                result[-2:] = [degrees]
    return result

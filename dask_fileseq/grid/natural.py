"""Natural order: the numbers in texts are in order, as by tifffile.

Names by the million are not compared as texts and numbers, but in the fastest of three
ways that gives the same: by their numbers alone where they differ in nothing else; as
bytes where that is natural order; as bytes with all numbers padded to one length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["natural_key", "natural_sorted"]

_BATCH = 4096
_MANY_MASKS = 10_000
_WIDEST = 40  # beyond it, padding takes too much memory

_NUMBER = re.compile(r"(\d+)")
_TENS = 10 ** np.arange(18)
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def natural_sorted(iterable: Iterable[str], /) -> list[str]:
    """Return strings sorted such that the numbers in them are in order.

    Examples
    --------
    >>> natural_sorted(["f10", "f2", "f1"])
    ['f1', 'f2', 'f10']
    """
    names = list(iterable)
    numbers = _only_numbers(names)
    if numbers is not None:
        return [names[i] for i in _order(numbers).tolist()]
    width = 0
    masks: set[bytes] = set()
    mask = b""
    for batch in _batches(names):
        text = "\n".join(batch)
        if text.count("\n") >= len(batch) or "\0" in text or _has_foreign_digits(text):
            return sorted(names, key=natural_key)
        before, mask = mask, _bytes(text).translate(_ZEROS)
        while width <= _WIDEST and b"0" * (width + 1) in mask:
            width += 1
        if mask != before and len(masks) < _MANY_MASKS:
            masks.update(mask.split(b"\n"))
    if len(masks) < _MANY_MASKS and _in_plain_order(masks):
        return sorted(names)
    if width > _WIDEST:
        return sorted(names, key=natural_key)
    keys = _padded_keys(names, width)
    return sorted(names, key=lambda _: next(keys))


def natural_key(text: str) -> list[str | int]:
    """Return texts and numbers in turn, which is what natural order means."""
    parts: list[Any] = _NUMBER.split(text)
    parts[1::2] = map(_number, parts[1::2])
    return parts


def _number(digits: str) -> int:
    """Return digits as a number; Python's own ``int`` takes 4,300 of them."""
    return int(digits) if len(digits) < 1000 else int(Decimal(digits))


def _only_numbers(names: list[str]) -> NDArray[np.int64] | None:
    """Return the numbers in names, a row for each name; None where other text differs.

    >>> _only_numbers(["t9_z01", "t10_z2"])
    array([[ 9,  1],
           [10,  2]])
    >>> _only_numbers(["t9_z1", "t10"])
    """
    rows = []
    texts = b""
    for batch in _batches(names):
        text = "\n".join(batch) + "\n"
        if not text.isascii() or text.count("\n") > len(batch):
            return None
        chars = np.frombuffer(text.encode(), np.uint8)
        is_digit = (chars >= ord("0")) & (chars <= ord("9"))
        begins = is_digit.copy()
        begins[1:] &= ~is_digit[:-1]
        same = np.where(is_digit, np.uint8(ord("0")), chars)[begins | ~is_digit].tobytes()
        texts = texts or same[: same.index(b"\n") + 1]
        if same != texts * len(batch):
            return None
        digits = np.flatnonzero(is_digit)
        first = np.flatnonzero(begins[digits])
        lengths = np.diff(first, append=len(digits))
        if not len(lengths) or lengths.max() >= len(_TENS):
            return None
        place = np.repeat(first + lengths - 1, lengths) - np.arange(len(digits))
        values = np.add.reduceat((chars[digits] - ord("0")) * _TENS[place], first)
        rows.append(values.reshape(len(batch), -1))
    return np.concatenate(rows) if rows else None


def _order(numbers: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the places of rows in their order; equal ones stay as they are."""
    low = numbers.min(axis=0)
    spans = (numbers.max(axis=0) - low + 1).tolist()
    if math.prod(spans) > np.iinfo(np.int64).max:
        return np.lexsort(numbers.T[::-1])
    key = np.zeros(len(numbers), np.int64)
    for column, span in zip((numbers - low).T, spans, strict=True):
        key = key * span + column
    return np.argsort(key, kind="stable")


def _batches(names: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(names), _BATCH):
        yield names[first : first + _BATCH]


def _bytes(text: str) -> bytes:
    """Return text in UTF-8, in which bytes sort as characters do."""
    return text.encode("utf-8", "surrogatepass")


def _has_foreign_digits(text: str) -> bool:
    return not text.isascii() and any(char.isdecimal() for char in set(text) if char > "\x7f")


def _in_plain_order(masks: Collection[bytes]) -> bool:
    """Return whether names, of which the masks have all digits as zeros, sort as plain text.

    They do if, up to where two names differ, numbers in the same place are equally
    long, and if no number stands where another name has a lower character.
    """
    for low, high in pairwise(sorted(masks)):
        end = _common_length(low, high)
        if high[end : end + 1] == b"0" or low[max(end - 1, 0) : end + 1] == b"00":
            return False
    return True


def _common_length(one: Sequence[object], two: Sequence[object]) -> int:
    differ = (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    return next(differ, min(len(one), len(two)))


def _padded_keys(names: list[str], width: int) -> Iterator[bytes]:
    """Yield keys whose plain order is the natural order of names.

    All numbers get the same length, and before them a mark that is lower than any
    text: ``a1`` comes before ``a-1``. What all names begin with is left out.
    """
    first, last = min(names), max(names)
    start = len(first[: _common_length(first, last)].rstrip("0123456789"))
    for batch in _batches(names):
        text = "\n".join([name[start:] for name in batch])
        chars = np.frombuffer(_bytes(text), np.uint8)
        digits = np.flatnonzero((chars >= ord("0")) & (chars <= ord("9")))
        numbers = np.flatnonzero(np.diff(digits, prepend=-2) > 1)
        lengths = width + 1 - np.diff(numbers, append=len(digits))
        padding = np.full(lengths.sum(), ord("0"), np.uint8)
        padding[np.cumsum(lengths) - lengths] = 0
        padded = np.insert(chars, np.repeat(digits[numbers], lengths), padding)
        yield from padded.tobytes().split(b"\n")

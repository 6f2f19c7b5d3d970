"""Names of another kind than nearly all others, seen from one of their parts."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from dask_fileseq.patterns.axis_words import CATEGORIES, FAMILIES
from dask_fileseq.patterns.name_columns import Codes

_DIGITS = re.compile(r"\d+")
_MAX_OUTLIERS = 0.1
_MANY = 10


class Outliers(Exception):
    """A few names are of another kind than nearly all; the argument is their positions."""


def check_outliers(texts: list[str], codes: Codes) -> None:
    """Raise `Outliers` if most texts are numbers of the same form, and a few are not.

    The form of a text is the text with each number replaced by ``0``. Among many texts the
    shares of the forms decide. A few texts may well be words (``Cy3, Cy5, DAPI``), unless
    their letters, padding or an unbroken sequence show that the numbers count (``t1, t2,
    notes``). A text that occurs in as many files as each number is a word, too.
    """
    forms = [_DIGITS.sub("0", text) for text in texts]
    (main, count), *_ = Counter(forms).most_common(1)
    if "0" not in main or count == len(forms):
        return
    other = np.array([form != main for form in forms])
    odd = np.flatnonzero(other[codes])
    files = np.bincount(codes)
    many = count >= _MANY and len(odd) <= _MAX_OUTLIERS * len(codes)
    equal = files[other].max() >= files[~other].min() and len(files) < len(codes)
    alike = [text for text, is_other in zip(texts, other, strict=True) if not is_other]
    counts = _do_count(main, alike)
    if (many and (counts or not equal)) or (not equal and 2 * count > len(forms) and counts):
        raise Outliers(odd.tolist())


def _do_count(form: str, texts: list[str]) -> bool:
    """Return whether texts of one form are numbers that count, not words with digits."""
    if len(texts) < 2:
        return False
    families = {FAMILIES.get(letters.lower(), "") for letters in form.split("0")[:-1]}
    if "" not in families or families & CATEGORIES:
        return not families & CATEGORIES
    numbers = [found[0] for found in map(_DIGITS.findall, texts)]
    padded = any(number[0] == "0" and len(number) > 1 for number in numbers)
    values = sorted(int(number) for number in numbers if len(number) < 20)
    unbroken = len(values) > 2 and values == list(range(values[0], values[0] + len(values)))
    return form.count("0") == 1 and (padded or unbroken)

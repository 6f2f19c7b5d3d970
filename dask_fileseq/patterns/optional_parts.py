"""Names of which some lack parts, ``img.tif`` and ``img_z001.tif``: absent parts are index 0."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from dask_fileseq.patterns.name_parts import common_suffix
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.text_pattern import pattern_of_text

_SEGMENT = re.compile(r"([_ -]?)([A-Za-z]+)(\d+)")
_BEGUN = re.compile(r"[_ -]?[A-Za-z]+\d*$")
_SEGMENTS = re.compile(rf"(?:{_SEGMENT.pattern})*")


def optional_pattern(names: Sequence[str]) -> NamePattern | None:
    r"""Return the pattern of names that lack some of their parts, None if there is none.

    Each part is letters and a number. The names must fill a grid in which a part that is
    absent has the index before the lowest.

    >>> print(optional_pattern(["img.tif", "img_z001.tif", "img_z002.tif"]))
    (?:^|[/\\])img(?:_z(?P<z>\d+))?\.tif$
    """
    end = common_suffix(names)
    stems = [name[: len(name) - len(end)] for name in names]
    start = _first_difference(min(stems), max(stems))
    begin = _BEGUN.search(stems[0][:start])
    for length in (start, begin.start() if begin else 0):
        prefix = stems[0][:length].rstrip("_ -")
        rests = [stem[len(prefix) :] for stem in stems]
        if all(map(_SEGMENTS.fullmatch, rests)):
            return _pattern(prefix, rests, end)
    return None


def _first_difference(one: str, two: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    same = (k for k, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    return next(same, min(len(one), len(two)))


def _pattern(prefix: str, rests: list[str], end: str) -> NamePattern | None:
    """Return the pattern of the parts behind a prefix, if they fill a grid."""
    found = [
        {label: (cut, number) for cut, label, number in _SEGMENT.findall(rest)} for rest in rests
    ]
    most = max(found, key=len)
    cuts = {label: {each[label][0] for each in found if label in each} for label in most}
    if not prefix or any(
        list(each) != [label for label in most if label in each] for each in found
    ):
        return None
    if all(len(each) == len(most) for each in found) or any(len(cut) > 1 for cut in cuts.values()):
        return None
    numbers = {label: {int(each[label][1]) for each in found if label in each} for label in most}
    absent = {label for label in most if not all(label in each for each in found)}
    if any(min(numbers[label]) != 1 for label in absent):
        return None
    sizes = [len(numbers[label]) + (label in absent) for label in most]
    cells = {tuple(int(each.get(label, ("", "0"))[1]) for label in most) for each in found}
    if not math.prod(sizes) == len(cells) == len(rests):
        return None
    base = prefix.rpartition("/")[2]
    parts = "".join(
        f"(?:{re.escape(cut)}{label}(?P<{label}>\\d+)){'?' if label in absent else ''}"
        for label, (cut, _) in most.items()
    )
    return pattern_of_text(rf"(?:^|[/\\]){re.escape(base)}{parts}{re.escape(end)}$")

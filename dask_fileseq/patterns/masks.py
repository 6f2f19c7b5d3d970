"""What is looked for in whole names before they are cut: stray names, dates, GUIDs."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.files import shared_folder
from dask_fileseq.patterns.atoms import Atom, common_suffix
from dask_fileseq.patterns.columns import factorised

__all__ = ["ANY", "alike", "below_common_folder", "dates_masked", "guids_masked"]

ANY = "\0"
"""Stands for a GUID, which varies but is no axis."""

_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-_.]?)[01]\d\1[0-3]\d"
    r"(?:([T_ -]?)[0-2]\d([-.:_]?)[0-5]\d(?:\3([0-5]\d)(?:([.,]?)(\d{3}(?:\d{3})?))?)?)?(?!\d)"
)
_ALPHANUMERIC = re.compile(r"[^\W_]+")
_AS_LETTERS = bytes(ord("a") if chr(i).isascii() and chr(i).isalnum() else i for i in range(256))
_COARSE = re.compile(r"[^/_]+")
_BATCH = 1024
_NEARLY_ALL = 0.9
_HALF = 0.51  # two makes of as many names each are two readings


def below_common_folder(names: Sequence[str]) -> list[str]:
    """Return normalised paths without the folder that all share, with slashes."""
    if any("/." in n or "//" in n or n[:1] == "." or n[-1:] == "/" for n in names):
        names = list(map(os.path.normpath, names))
    if os.sep != "/":
        names = [name.replace(os.sep, "/") for name in names]
    start = len(shared_folder(names))
    return [name[start:] for name in names]


def alike(names: Sequence[str]) -> list[str]:
    """Return the names that are of the same make as most: thumbnails and strays are not.

    >>> alike(["a_1.tif", "a_2.tif", "a_2_thumb.tif", "b_1.tif", "notes.txt"])
    ['a_1.tif', 'a_2.tif', 'b_1.tif']
    """
    images = names
    if "thumb" in "\n".join(names).lower():
        images = [n for n in names if "thumb" not in os.path.basename(n).lower()] or names
    for shortened, least in ((_separators, _NEARLY_ALL), (partial(_COARSE.sub, "a"), _HALF)):
        makes = list(_makes(images, shortened))
        counts = Counter(makes)
        ((main, count),) = counts.most_common(1)
        if count == len(images):
            return list(images)
        if count >= least * len(images):
            return [name for name, make in zip(images, makes, strict=True) if make == main]
    firsts = [images[makes.index(make)] for make, _ in counts.most_common(4)]
    raise NamesError(
        f"pattern='infer' finds {len(counts):,} makes of names, none of them of more than half of "
        f"the {len(images):,} files, such as {shown(firsts, len(counts))}: open fewer of them, or "
        "say the pattern; pattern=None puts files in a row, in natural order"
    )


def _makes(names: Sequence[str], shortened: Callable[[str], str]) -> Iterator[str]:
    """Yield the separators of each name, and how it ends."""
    same_end = common_suffix(names)
    for first in range(0, len(names), _BATCH):
        batch = names[first : first + _BATCH]
        makes = shortened("\n".join(batch)).split("\n")
        if len(makes) != len(batch):  # names with line ends
            makes = list(map(shortened, batch))
        if same_end:
            yield from makes
        else:
            yield from (
                m + os.path.splitext(n)[1].lower() for n, m in zip(batch, makes, strict=True)
            )


def _separators(text: str) -> str:
    """Return a text in which one letter stands for letters and digits in a row.

    >>> _separators("img_001 (2).tif")
    'a_a (a).a'
    """
    if not text.isascii():
        return _ALPHANUMERIC.sub("a", text)
    masked = text.encode().translate(_AS_LETTERS)  # in a third of the time
    for length in (16, 4, 2):
        masked = masked.replace(b"a" * length, b"a")
    while b"aa" in masked:
        masked = masked.replace(b"aa", b"a")
    return masked.decode()


def guids_masked(names: list[str]) -> list[str]:
    """Return names in which `ANY` stands for GUIDs."""
    return [_GUID.sub(ANY, name) for name in names] if _GUID.search(names[0]) else names


def dates_masked(names: list[str]) -> tuple[list[str], dict[str, tuple[str, Atom]]]:
    r"""Return names in which marks stand for dates that vary, and their format and texts.

    >>> dates_masked(["a_20200723.tif", "a_20200724.tif"])[0]
    ['a_\x01.tif', 'a_\x01.tif']
    """
    if not _DATE.search(names[0]):
        return names, {}
    found = [list(_DATE.finditer(name)) for name in names]
    dates: dict[str, tuple[str, Atom]] = {}
    if len(set(map(len, found))) > 1:
        return names, {}
    spans: list[list[tuple[int, int, str]]] = [[] for _ in names]
    for k in range(len(found[0])):
        matches = [in_name[k] for in_name in found]
        read = _as_dates(matches)
        if read is None:
            continue
        mark = chr(len(dates) + 1)
        length, form, atom = read
        dates[mark] = form, atom
        for row, match in zip(spans, matches, strict=True):
            row.append((match.start(), match.start() + length, mark))
    return [_marked(name, row) for name, row in zip(names, spans, strict=True)], dates


def _as_dates(matches: list[re.Match[str]]) -> tuple[int, str, Atom] | None:
    """Return the length, format and texts of dates that vary; None for other numbers."""
    begin = matches[0].start()
    for form, length in _forms(matches[0]):
        texts, codes = factorised([match[0][:length] for match in matches])
        if len(texts) == 1 or not all(map(_is_date, texts, [form] * len(texts))):
            continue
        if "%f" in form and not _are_fractions(texts, matches[0].end(4) - begin):
            continue
        between = matches[0][2]
        if "%H" in form and "%S" not in form and between != "T":
            start = matches[0].start(3) - 2 - begin
            if {text[start : start + 2] for text in texts} == {"00"}:
                continue  # as likely a number that begins at 0001
        return length, form, Atom(texts, codes)
    return None


def _forms(match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Yield the formats that a match may have, and what length each has in it.

    >>> list(_forms(_DATE.search("a_2026-01-31_2359.tif")))
    [('%Y-%m-%d_%H%M', 15), ('%Y-%m-%d', 10)]
    """
    cut, between, inner, seconds, point, fraction = match.groups()
    day = f"%Y{cut}%m{cut}%d"
    if between is not None and (inner != "_" or (cut == "_" and seconds)):  # not two more numbers
        clock = day + between + inner.join(["%H", "%M", "%S"][: 3 if seconds else 2])
        if fraction:
            yield f"{clock}{point}%f", len(match[0])
        if not fraction or point:  # else digits go on
            yield clock, len(match[0]) - len(f"{point or ''}{fraction or ''}")
    if between != "":
        yield day, 8 + 2 * len(cut)


def _are_fractions(texts: list[str], start: int) -> bool:
    """Return whether what stands behind seconds is a part of them, not an axis of its own."""
    seconds, rest = {text[:start] for text in texts}, {text[start:] for text in texts}
    alike = len(set(map(len, rest))) == 1
    return alike and len(seconds) * len(rest) >= 2 * len(texts)


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _marked(name: str, spans: list[tuple[int, int, str]]) -> str:
    for start, end, mark in reversed(spans):
        name = name[:start] + mark + name[end:]
    return name

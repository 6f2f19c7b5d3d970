"""Names of one kind, apart from thumbnails and stray files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.files import shared_folder
from dask_fileseq.patterns.name_parts import common_suffix

_ALPHANUMERIC = re.compile(r"[^\W_]+")
_AS_LETTERS = bytes(ord("a") if chr(i).isascii() and chr(i).isalnum() else i for i in range(256))
_COARSE = re.compile(r"[^/_]+")
_YEARS = re.compile(r"(?<![^/])(?:19|20)\d\d/(?:[01]?\d/)?$")
_DAY = re.compile(r"(?<![^/])(?:19|20)\d\d([-_/]?)[01]\d\1[0-3]\d/$")
_CLOCK = re.compile(r"[0-2]\d[0-5]\d[._]")
_BATCH = 1024
_NEARLY_ALL = 0.9
_MOST = 0.75
_MAJORITY = 0.51  # two kinds of half of the names each are two readings


def below_shared_folder(names: Sequence[str]) -> list[str]:
    """Return names as normalised paths with slashes, below the folder that all share.

    Folders of years and months are kept, since days below them need these, and that of a day,
    if hours and minutes are below it.

    >>> below_shared_folder(["/data/./a/t1.tif", "/data/b/t1.tif"])
    ['a/t1.tif', 'b/t1.tif']
    >>> below_shared_folder(["/data/2020/5/1.tif", "/data/2020/5/2.tif"])
    ['2020/5/1.tif', '2020/5/2.tif']
    """
    if any("/." in n or "//" in n or n[:1] == "." or n[-1:] == "/" for n in names):
        names = list(map(os.path.normpath, names))
    if os.sep != "/":
        names = [name.replace(os.sep, "/") for name in names]
    shared = shared_folder(names)
    clocks = all(_CLOCK.match(name, len(shared)) for name in (names[0], names[-1]))
    days = (_DAY if clocks else _YEARS).search(shared)
    start = days.start() if days else len(shared)
    return [name[start:] for name in names]


def without_thumbnails(names: list[str]) -> list[str]:
    """Return names without those of thumbnails, or all if there are no others.

    >>> without_thumbnails(["a_1.tif", "a_1_thumb.tif"])
    ['a_1.tif']
    """
    if "thumb" not in "\n".join(names).lower():
        return names
    return [n for n in names if "thumb" not in os.path.basename(n).lower()] or names


def main_kind(names: list[str]) -> tuple[list[str], float]:
    """Return the names that have the same separators and suffix as most, and their share.

    Raises NamesError if no kind of names has a majority, nor if words of any number count as
    one.

    >>> main_kind(["a_1.tif", "a_2.tif", "b_1.tif", "b_2.tif", "notes.txt"])
    (['a_1.tif', 'a_2.tif', 'b_1.tif', 'b_2.tif'], 0.8)
    """
    for simplify, least in ((_separators, _MOST), (partial(_COARSE.sub, "a"), _MAJORITY)):
        kinds = list(_simplified(names, simplify))
        counts = Counter(kinds)
        ((main, count),) = counts.most_common(1)
        if count == len(names):
            return names, 1.0
        if count >= least * len(names):
            kept = [name for name, kind in zip(names, kinds, strict=True) if kind == main]
            return kept, count / len(names)
    firsts = [names[kinds.index(kind)] for kind, _ in counts.most_common(4)]
    raise NamesError(
        f"pattern='infer' finds {len(counts):,} makes of names, none of them of more than half of "
        f"the {len(names):,} files, such as {shown(firsts, len(counts))}: open fewer of them, or "
        "say the pattern; pattern=None puts files in a row, in natural order"
    )


def _simplified(names: Sequence[str], simplify: Callable[[str], str]) -> Iterator[str]:
    """Yield each name as simplified by a function, and its suffix if not all have the same."""
    same_suffix = common_suffix(names)
    for first in range(0, len(names), _BATCH):
        batch = names[first : first + _BATCH]
        forms = simplify("\n".join(batch)).split("\n")
        if len(forms) != len(batch):  # names with line ends
            forms = list(map(simplify, batch))
        if not same_suffix:
            suffixes = (one_suffix(name) for name in batch)
            forms = [form + suffix for form, suffix in zip(forms, suffixes, strict=True)]
        yield from forms


def one_suffix(name: str) -> str:
    """Return the suffix of a name in one spelling: ``.tif`` for ``.TIFF``."""
    suffix = os.path.splitext(name)[1].lower()
    return {".tiff": ".tif", ".jpeg": ".jpg"}.get(suffix, suffix)


def _separators(text: str) -> str:
    """Return a text with each run of letters and digits replaced by one letter.

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

"""Regular expressions that would take for ever are refused before they do. No I/O.

The problem: a regular expression may divide a name in very many ways, and tries all of them if
none fits; nothing can interrupt it. The idea: it is tried with the beginnings of the longest names,
a little longer each time. What takes for ever soon takes a noticeable time, and not yet for ever.
"""

from __future__ import annotations

import heapq
import re
import time
from collections.abc import Sequence

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.name_pattern import NamePattern

MOST = 0.2
"""Seconds of the processor that the beginning of a name may take."""

NAMES = 4
"""Number of names, the longest ones, that are tried."""

_OPEN = re.compile(r"[*+](?!\+)|,\}")


def require_quick(pattern: NamePattern, names: Sequence[str], start: int = 0) -> None:
    r"""Raise a `NamesError` if a pattern takes too long for one of the longest names.

    >>> from dask_fileseq.patterns import as_pattern
    >>> require_quick(as_pattern(r"(\w+)_(\w+)_(\w+)"), ["cell_GFP_012.tif"])
    """
    if pattern.lookup is not None or not _OPEN.search(pattern.regex.pattern):
        return
    for name in heapq.nlargest(NAMES, names, key=len):
        text, length = name[start:], 16
        while length < len(text):
            begin = time.thread_time()
            pattern.regex.search(text[:length])
            if time.thread_time() - begin > MOST:
                raise NamesError(
                    f"pattern {str(pattern)!r} can divide {text[:50]!r}... in so many ways that it"
                    " takes too long: put what a part cannot contain, as in '[^_]+' for '.+'"
                )
            length += max(1, length // 20)

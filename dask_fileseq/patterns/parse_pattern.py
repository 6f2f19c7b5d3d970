"""Everything that users may pass as ``pattern=``, as a `NamePattern`."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.inference import infer
from dask_fileseq.patterns.lookup import table_lookup
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.presets import preset_pattern, presets
from dask_fileseq.patterns.text_pattern import pattern_of_regex, pattern_of_text

__all__ = ["as_pattern"]

_WORDS = re.compile(r"[\w -]+")


def as_pattern(pattern: Any, names: Sequence[str] = ()) -> NamePattern:
    r"""Return the `NamePattern` for what users pass as a pattern: see `open_sequence`.

    Parameters
    ----------
    pattern : str, re.Pattern, NamePattern, callable or table
        A regular expression, compiled or not, a format string, Bio-Formats blocks, a
        ``.pattern`` file, the name of a preset, ``"infer"``, a function, or a table.
    names : sequence of str, optional
        The file names, for ``"infer"`` and tables.

    Raises
    ------
    NamesError
        The pattern is empty, malformed, ambiguous, or has no groups.

    Examples
    --------
    >>> as_pattern(r"(c)(\d)(?P<t>\d+)").match("c1001.tif")
    (('c', 't'), ('1', '001'))
    """
    if isinstance(pattern, NamePattern):
        return pattern
    if isinstance(pattern, os.PathLike):
        pattern = os.fspath(pattern)
    if isinstance(pattern, str) and pattern:
        if pattern == "infer":
            return infer(names)
        if pattern in presets():
            return preset_pattern(pattern)
        if _WORDS.fullmatch(pattern):
            raise _no_preset(pattern)
        return pattern_of_text(pattern)
    # other implementations of regular expressions than re's are accepted
    if hasattr(pattern, "groupindex") and isinstance(pattern.pattern, str):
        return pattern_of_regex(pattern)
    if isinstance(pattern, Mapping) or hasattr(pattern, "columns"):
        if not len(names):
            raise NamesError("pattern is a table, which needs the names of files")
        pattern = table_lookup(pattern, names)
    if callable(pattern):
        return NamePattern(re.compile(""), text=repr(pattern), whole=True, lookup=pattern)
    raise NamesError(
        "pattern must be a regular expression, compiled or not, a format string, blocks of "
        "Bio-Formats, the name of a preset, 'infer', a function, or a table; "
        f"got {pattern!r}"
    )


def _no_preset(text: str) -> NamesError:
    """Return the error for words that are no pattern, with the presets that may be meant."""
    every = presets()
    words = text.strip().lower()
    near = [n for n, p in every.items() if len(words) > 2 and words in f"{n} {p.title}".lower()]
    near += difflib.get_close_matches(words, ["infer", *every], 3, 0.7)
    if near:
        listed = " or ".join(map(repr, dict.fromkeys(near)))
        return NamesError(f"pattern {text!r} is no preset: {listed} may be meant")
    return NamesError(
        f"pattern {text!r} has no groups: put what counts the files in parentheses, as in "
        r"'_(c)(\d+)' or '_(?P<time>\d+)', or in braces, as in '{time:03d}'; "
        "it is no preset either, dask_fileseq.patterns.presets() has them"
    )

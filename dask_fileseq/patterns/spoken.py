r"""What users write for ``pattern=``, told apart.

A text is, in this order:

1. ``"infer"``, or the name of a preset (`presets`);
2. what it says it is: ``"format:..."`` or ``"blocks:..."``;
3. a regular expression, if it has groups in parentheses, ``_t(\d+)``. Nothing that is one
   ever means anything else; but where it also has fields of a format string (``{time}``) or
   blocks (``<0-9>``), which as an expression would stand for braces and angle brackets in
   file names, it is refused: say ``format:`` or ``blocks:``, or, for an expression, ``\{``
   or ``\<``, or pass ``re.compile(pattern)``;
4. a format string, if it has fields, ``"{well}_t{time:04d}.tif"``;
5. a pattern of Bio-Formats, if it has blocks, ``"img_Z<0-9>_<R,G,B>.tif"``;
6. the path of a ``.pattern`` file of Bio-Formats.

Anything else is an error. What is no text is a compiled expression, a function, or a table.
"""

from __future__ import annotations

import difflib
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.blocks import has_blocks, of_blocks, read_pattern_file
from dask_fileseq.patterns.formats import Field, Reading, has_fields, of_format
from dask_fileseq.patterns.pattern import NamePattern
from dask_fileseq.patterns.presets import AXES, Preset, presets
from dask_fileseq.patterns.table import lookup_of_table

__all__ = ["compiled", "pattern_of", "pattern_of_preset"]

_SAID = {"format:": of_format, "blocks:": of_blocks}
_FLAGS = {re.I: "i", re.M: "m", re.S: "s", re.X: "x", re.A: "a"}
_FIELD_OR_BLOCK = re.compile(r"(?<!\\)(\{(?:[^\W\d]\w*)?(?::[^{}]*)?\}|(?<!\(\?P)<[^<>()]*>)")
_QUANTIFIER = re.compile(r"(?<=.)\{\d+(?:,\d*)?\}|\\[{}]")
_NAME = re.compile(r"[\w -]+")
_REQUIRED = (
    "pattern must be a regular expression, compiled or not, a format string, blocks of "
    "Bio-Formats, the name of a preset, 'infer', a function, or a table"
)


def pattern_of(pattern: Any, names: Sequence[str] = ()) -> NamePattern:
    """Return the `NamePattern` for what users write; see `NamePattern.of`."""
    if isinstance(pattern, NamePattern):
        return pattern
    if isinstance(pattern, os.PathLike):
        pattern = os.fspath(pattern)
    if isinstance(pattern, str) and pattern:
        return _of_text(pattern, names)
    # not only re's: other implementations of regular expressions are as good
    if hasattr(pattern, "groupindex") and isinstance(pattern.pattern, str):
        return _of_regex(pattern)
    if isinstance(pattern, Mapping) or hasattr(pattern, "columns"):
        if not len(names):
            raise NamesError("pattern is a table, which needs the names of files")
        lookup = lookup_of_table(pattern, names)
        return NamePattern(re.compile(""), text=repr(lookup), whole=True, lookup=lookup)
    if callable(pattern):
        return NamePattern(re.compile(""), text=repr(pattern), whole=True, lookup=pattern)
    raise NamesError(f"{_REQUIRED}; got {pattern!r}")


def pattern_of_preset(name: str, preset: Preset) -> NamePattern:
    """Return the `NamePattern` of a preset."""
    pattern = pattern_of(preset.pattern)
    types = dict(pattern.fields) | dict(preset.types)
    unknown = types.keys() - pattern.regex.groupindex.keys()
    if unknown:
        raise NamesError(f"types of preset {name!r} have {sorted(unknown)}, which are not its axes")
    fields = tuple(Field(axis, types.get(axis, "")) for axis in pattern.regex.groupindex)
    return NamePattern(pattern.regex, fields, name, whole=preset is not AXES)


def _of_text(text: str, names: Sequence[str]) -> NamePattern:
    """Return what a text means: see the top."""
    if text == "infer":
        from dask_fileseq.patterns.inference import infer

        return infer(names)
    known = presets()
    if text in known:
        return pattern_of_preset(text, known[text])
    for prefix, read in _SAID.items():
        if text.startswith(prefix):
            return _of_reading(read(text.removeprefix(prefix)), text)
    regex, error = compiled(text)
    tests = {"format:": has_fields, "blocks:": has_blocks}
    kinds = [kind for kind, test in tests.items() if test(text)]
    if regex is not None and regex.groups:
        if kinds:
            raise NamesError(_ambiguous(text, [*kinds, "re.compile"]))
        return _of_regex(regex)
    if len(kinds) > 1:
        raise NamesError(_ambiguous(text, kinds))
    if kinds:
        return _of_reading(_SAID[kinds[0]](text), text)
    if text.endswith(".pattern"):
        return _of_reading(of_blocks(read_pattern_file(text)), text)
    _check_braces(text)
    if regex is None:
        raise NamesError(f"pattern {text!r} is malformed: {error}") from error
    return _of_regex(regex)


def _check_braces(text: str) -> None:
    """Refuse what was meant as a format string, or as blocks, and is none."""
    rest = _QUANTIFIER.sub("", text.replace("{{", "").replace("}}", ""))
    if "{" in rest or "}" in rest:
        of_format(text)
    if text.count("<") != text.count(">"):
        raise NamesError(
            f"pattern {text!r} has a '<' or '>' without its partner: a block is '<0-9>' or '<R,G>'"
        )


def _of_reading(reading: Reading, text: str) -> NamePattern:
    return NamePattern(re.compile(reading.regex), reading.fields, text, whole=True)


def _of_regex(regex: Any) -> NamePattern:
    r"""Return the pattern of a compiled regular expression, with its flags in its text.

    >>> print(_of_regex(re.compile(r"c(\d)", re.IGNORECASE)))
    (?i)c(\d)
    """
    if regex.groups == 0:
        raise NamesError(_no_groups(regex.pattern))
    text = _FIELD_OR_BLOCK.sub(r"\\\1", regex.pattern)
    if isinstance(regex, re.Pattern):
        same, _ = compiled(text)
        if same is None or same.flags != regex.flags:
            letters = "".join(letter for flag, letter in _FLAGS.items() if regex.flags & flag)
            text = f"(?{letters}){text}"
    fields = tuple(Field(name) for name in regex.groupindex)
    return NamePattern(regex, fields, text)


def _no_groups(text: str) -> str:
    """Return what may have been meant by a text that finds nothing."""
    known = presets()
    if _NAME.fullmatch(text):
        words = text.strip().lower()
        near = [n for n, p in known.items() if len(words) > 2 and words in f"{n} {p.title}".lower()]
        near += difflib.get_close_matches(words, ["infer", *known], 3, 0.7)
        if near:
            listed = " or ".join(map(repr, dict.fromkeys(near)))
            return f"pattern {text!r} is no preset: {listed} may be meant"
        also = "; it is no preset either, dask_fileseq.patterns.presets() has them"
    else:
        also = ""
    return (
        f"pattern {text!r} has no groups: put what counts the files in parentheses, as in "
        rf"'_(c)(\d+)' or '_(?P<time>\d+)', or in braces, as in '{{time:03d}}'{also}"
    )


def compiled(text: str) -> tuple[re.Pattern[str] | None, re.error | None]:
    """Return a text as a regular expression, or why it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(text), None
    except re.error as error:
        return None, error


def _ambiguous(text: str, kinds: list[str]) -> str:
    """Return how to say which of several kinds of patterns a text is."""
    ways = {
        "format:": f"pattern={'format:' + text!r} for a format string",
        "blocks:": f"pattern={'blocks:' + text!r} for blocks of Bio-Formats",
        "re.compile": f"pattern=re.compile({text!r}) for a regular expression",
    }
    return f"pattern {text!r} is ambiguous: say {' or '.join(ways[kind] for kind in kinds)}"

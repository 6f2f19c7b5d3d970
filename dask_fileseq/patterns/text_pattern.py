r"""Patterns written as text: regular expressions, format strings and Bio-Formats blocks.

A text is read as the first of these that fits:

1. what its prefix names, ``"format:..."`` or ``"blocks:..."``;
2. a regular expression, if it has groups in parentheses, ``_t(\d+)``. It is refused if it
   also has fields of a format string (``{time}``) or blocks (``<0-9>``), which in a regular
   expression are braces and angle brackets in file names. A prefix, ``\{`` or ``\<`` in a
   regular expression, or ``re.compile(pattern)`` makes it unambiguous;
3. a format string, if it has fields, ``"{well}_t{time:04d}.tif"``;
4. a Bio-Formats pattern, if it has blocks, ``"img_Z<0-9>_<R,G,B>.tif"``;
5. names of frames, ``"shot_%04d.tif"`` (a regular expression has no ``%d``, so that this one
   comes first) or ``"shot_####.tif"``;
6. the path of a ``.pattern`` file of Bio-Formats.

Anything else is an error.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.bioformats import SURE_BLOCK, has_block, parse_blocks, read_pattern_file
from dask_fileseq.patterns.format_string import parse_format
from dask_fileseq.patterns.frame_names import has_frames, has_printf, parse_frames
from dask_fileseq.patterns.name_pattern import Field, NamePattern

__all__ = ["compile_regex", "parse_format", "pattern_of_regex", "pattern_of_text"]

_FIELD = re.compile(r"(?<!\\)\{(?:[^\W\d]\w*)?(?::[^{}]*)?\}")
_FLAGS = {re.I: "i", re.M: "m", re.S: "s", re.X: "x", re.A: "a"}
_FIELD_OR_BLOCK = re.compile(r"(?<!\\)(\{(?:[^\W\d]\w*)?(?::[^{}]*)?\}|(?<!\(\?P)<[^<>()]*>)")
_QUANTIFIER = re.compile(r"(?<=.)\{\d+(?:,\d*)?\}|\\[{}]")


def pattern_of_text(text: str) -> NamePattern:
    """Return the pattern that a text describes; see the top of this module.

    A text that is malformed or ambiguous, or has no groups, is a `NamesError`.

    >>> pattern_of_text("img_Z<0-9>.tif").match("img_Z3.tif")
    (('Z',), ('3',))
    """
    if text.startswith("format:"):
        return parse_format(text)
    if text.startswith("blocks:"):
        return parse_blocks(text)
    regex, error = compile_regex(text)
    kinds = ["format:"] if _FIELD.search(text.replace("{{", "").replace("}}", "")) else []
    if SURE_BLOCK.search(text):
        kinds.append("blocks:")
    if has_printf(text) and not kinds:
        return parse_frames(text)
    if regex is not None and regex.groups:
        if kinds:
            raise _ambiguous(text, [*kinds, "re.compile"])
        return pattern_of_regex(regex)
    if len(kinds) > 1:
        raise _ambiguous(text, kinds)
    if kinds:
        return parse_format(text) if kinds == ["format:"] else parse_blocks(text)
    if has_block(text):
        return parse_blocks(text)  # '<Cy3>', which among groups would be text
    if has_frames(text):
        return parse_frames(text)
    if text.endswith(".pattern"):
        return replace(parse_blocks(read_pattern_file(text)), text=text)
    _check_braces(text)
    if regex is None:
        raise NamesError(f"pattern {text!r} is malformed: {error}") from error
    return pattern_of_regex(regex)


def pattern_of_regex(regex: Any) -> NamePattern:
    r"""Return the pattern of a compiled regular expression, with its flags in its text.

    >>> print(pattern_of_regex(re.compile(r"c(\d)", re.IGNORECASE)))
    (?i)c(\d)
    """
    if regex.groups == 0:
        raise NamesError(
            f"pattern {regex.pattern!r} has no groups: put what counts the files in parentheses, "
            rf"as in '_(c)(\d+)' or '_(?P<time>\d+)', or in braces, as in '{{time:03d}}'"
        )
    text = _FIELD_OR_BLOCK.sub(r"\\\1", regex.pattern)
    if isinstance(regex, re.Pattern):
        same, _ = compile_regex(text)
        if same is None or same.flags != regex.flags:
            letters = "".join(letter for flag, letter in _FLAGS.items() if regex.flags & flag)
            text = f"(?{letters}){text}"
    return NamePattern(regex, tuple(map(Field, regex.groupindex)), text)


def compile_regex(text: str) -> tuple[re.Pattern[str] | None, re.error | None]:
    """Return a text as a regular expression, or else the error in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(text), None
    except re.error as error:
        return None, error


def _check_braces(text: str) -> None:
    """Refuse a text that was meant as a format string, or as blocks, but is malformed."""
    rest = _QUANTIFIER.sub("", text.replace("{{", "").replace("}}", ""))
    if "{" in rest or "}" in rest:
        parse_format(text)
    if text.count("<") != text.count(">"):
        raise NamesError(
            f"pattern {text!r} has a '<' or '>' without its partner: a block is '<0-9>' or '<R,G>'"
        )


def _ambiguous(text: str, kinds: list[str]) -> NamesError:
    ways = {
        "format:": f"{'format:' + text!r} for a format string",
        "blocks:": f"{'blocks:' + text!r} for blocks of Bio-Formats",
        "re.compile": f"re.compile({text!r}) for a regular expression",
    }
    either = " or ".join(f"pattern={ways[kind]}" for kind in kinds)
    return NamesError(f"pattern {text!r} is ambiguous: say {either}")

r"""Patterns written as text: regular expressions, format strings and Bio-Formats blocks.

A text is read as the first of these that fits:

1. what its prefix names, ``"format:..."`` or ``"blocks:..."``;
2. a regular expression, if it has groups in parentheses, ``_t(\d+)``. It is refused if it
   also has fields of a format string (``{time}``) or blocks (``<0-9>``), which in a regular
   expression are braces and angle brackets in file names. A prefix, ``\{`` or ``\<`` in a
   regular expression, or ``re.compile(pattern)`` makes it unambiguous;
3. a format string, if it has fields, ``"{well}_t{time:04d}.tif"``;
4. a Bio-Formats pattern, if it has blocks, ``"img_Z<0-9>_<R,G,B>.tif"``;
5. the path of a ``.pattern`` file of Bio-Formats.

Anything else is an error.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.bioformats import SURE_BLOCK, parse_blocks, read_pattern_file
from dask_fileseq.patterns.name_pattern import Field, NamePattern, literal

_FIELD = re.compile(r"(?<!\\)\{(?:[^\W\d]\w*)?(?::[^{}]*)?\}")
_TOKEN = re.compile(r"(\{\{)|(\}\})|\{([^{}:]*)(?::([^{}]*))?\}|([{}])")
_SPEC = re.compile(r"(?P<sign>\+?)(?P<zero>0?)(?P<width>\d{0,9})(?:\.\d+)?(?P<type>[dfegws]?)")
_DATE = {
    "Y": r"\d{4}",
    "j": r"\d{3}",
    "f": r"\d{1,6}",
    "b": r"[^\W\d_]+",
    "B": r"[^\W\d_]+",
    "p": r"[AaPp][Mm]",
    "%": "%",
} | dict.fromkeys("ymdHIMS", r"\d{2}")
_MAX_DIGITS = 1000
_TEXT = r"[^/\\]+?"
_ANY = r"[^/\\]*?"
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_FLOAT = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
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
    if regex is not None and regex.groups:
        if kinds:
            raise _ambiguous(text, [*kinds, "re.compile"])
        return pattern_of_regex(regex)
    if len(kinds) > 1:
        raise _ambiguous(text, kinds)
    if kinds:
        return parse_format(text) if kinds == ["format:"] else parse_blocks(text)
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


def parse_format(text: str) -> NamePattern:
    r"""Return the pattern of a format string, with or without ``format:``.

    It matches what Python's ``format`` writes with the same string. A field never contains a
    path separator.

    A field is ``{name}`` (a number or a word), ``{name:d}`` or ``{name:04d}`` (an integer;
    ``{name:+d}`` with either sign), ``{name:f}`` (also ``e``, ``g``), ``{name:s}`` (a word,
    even if of digits), ``{name:%Y%m%d}`` (a date), or ``{name:uuid}``. A field without a name
    varies but is no axis. A name that occurs again matches the same text. Doubled braces are
    braces. A malformed text is a `NamesError`.

    >>> parse_format("{well}_{time:%Y%m%d}.tif").fields
    (Field(name='well', type=''), Field(name='time', type='%Y%m%d'))
    """
    shown = text
    text = text.removeprefix("format:")
    parts: list[str] = []
    types: dict[str, str] = {}
    end, open_before = 0, False
    for token in _TOKEN.finditer(text):
        between = text[end : token.start()]
        opening, closing, name, spec, stray = token.groups()
        parts.append(literal(between))
        end = token.end()
        if opening or closing:
            parts.append(re.escape((opening or closing)[0]))
            open_before = False
            continue
        if stray:
            what = "close" if stray == "{" else "open"
            raise NamesError(
                f"pattern {text!r} has a single {stray!r}: {what} the field, or write "
                f"{stray * 2!r} for a brace"
            )
        regex, kind = _field(text, name, spec or "", text[end : end + 1] == "{")
        is_open = regex in (_TEXT, _ANY)
        if is_open and open_before and not between:
            raise NamesError(
                f"pattern {text!r} has {token[0]!r} right behind another field: put what stands "
                "between them, or say what they are, as in '{time:03d}'"
            )
        open_before = is_open
        if name in types:
            regex = f"(?P={name})"
        elif name:
            types[name] = kind
            regex = f"(?P<{name}>{regex})"
        parts.append(regex)
    parts.append(literal(text[end:]))
    if not types:
        raise NamesError(f"pattern {text!r} has no field with a name, such as '{{time:03d}}'")
    return NamePattern.of_path("".join(parts), types, shown)


def _field(text: str, name: str, spec: str, touching: bool) -> tuple[str, str]:
    """Return the regular expression and the type of a field.

    A zero-padded integer has exactly its width if another field is `touching` its end.
    """
    if name and not name.isidentifier():
        raise NamesError(
            f"pattern {text!r} has a field {name!r}, which is no name: letters, digits and '_', "
            "beginning with a letter"
        )
    if "%" in spec:
        return _date(text, spec), spec
    if spec == "uuid":
        return _UUID, "word"
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise NamesError(
            f"pattern {text!r} has a field {name!r} of unknown type {spec!r}: "
            "d, 04d, f, e, g, s, uuid and dates such as %Y%m%d_%H%M are known"
        )
    kind, width = match["type"], int(match["width"] or 0)
    if width > _MAX_DIGITS:
        raise NamesError(f"pattern {text!r} has a field {name!r} of more than {_MAX_DIGITS} digits")
    if kind == "d" or ((match["zero"] or match["sign"]) and not kind):
        regex = r" *-?\d+" if width > 1 else r"-?\d+"
        if match["zero"] and width > 1:
            regex = rf"(?:\d{{{width},}}|-\d{{{width - 1},}})"
            if touching:
                regex = rf"\d{{{width}}}"
        return (regex.replace("-", "[+-]") if match["sign"] else regex), "int"
    if kind in ("f", "e", "g"):
        return f" *{_FLOAT}" if width else _FLOAT, "float"
    return (_TEXT if name else _ANY), "word" if kind else ""


def _date(text: str, spec: str) -> str:
    """Return the regular expression for a date."""

    def part(match: re.Match[str]) -> str:
        if match[1] is None:
            return literal(match[0])
        if match[1] not in _DATE:
            raise NamesError(
                f"pattern {text!r} has {match[0]!r} in a date: "
                f"only {', '.join(f'%{letter}' for letter in _DATE)} are known"
            )
        return _DATE[match[1]]

    return re.sub(r"%(.?)|[^%]+", part, spec)

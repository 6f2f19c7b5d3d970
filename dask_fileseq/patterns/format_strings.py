r"""Format strings, ``"{well}_t{time:04d}.tif"``, as regular expressions.

The regular expression matches what Python's ``format`` writes with the same string. A field
never contains a path separator. The string matches whole components at the end of a path.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dask_fileseq.errors import NamesError

__all__ = ["Field", "ParsedText", "has_fields", "literal", "parse_format"]

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


class Field(NamedTuple):
    """An axis that a pattern finds in a name."""

    name: str
    """Name of the axis."""
    type: str = ""
    """``int``, ``float``, ``word``, ``compass`` (degrees, ``S05``), the format of a date
    (``%Y%m%d``), or empty for numbers if all texts are numbers, else words."""


class ParsedText(NamedTuple):
    """The regular expression for a format string or for Bio-Formats blocks."""

    regex: str
    fields: tuple[Field, ...]
    """The named groups of the regular expression."""


def has_fields(text: str) -> bool:
    r"""Return whether a text has a field of a format string.

    >>> has_fields("t{time:03d}.tif"), has_fields(r"(\d{4})"), has_fields(r"\{x\}(\d)")
    (True, False, False)
    """
    return _FIELD.search(text.replace("{{", "").replace("}}", "")) is not None


def parse_format(text: str) -> ParsedText:
    r"""Return the regular expression and the fields of a format string.

    A field is ``{name}`` (a number or a word), ``{name:d}`` or ``{name:04d}`` (an integer;
    ``{name:+d}`` with either sign), ``{name:f}`` (also ``e``, ``g``), ``{name:s}`` (a word,
    even if of digits), ``{name:%Y%m%d}`` (a date), or ``{name:uuid}``. A field without a name
    varies but is no axis. A name that occurs again matches the same text. Doubled braces are
    braces. A malformed text is a `NamesError`.

    >>> parse_format("{well}_{time:%Y%m%d}.tif").fields
    (Field(name='well', type=''), Field(name='time', type='%Y%m%d'))
    """
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
    return ParsedText("".join(parts), tuple(map(Field, types, types.values())))


def literal(text: str) -> str:
    """Return the regular expression for a text, in which a slash matches either slash."""
    return re.escape(text).replace("/", r"[/\\]")


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

r"""Format strings, ``"{well}_t{time:04d}.tif"``, as regular expressions: pure text.

What Python's own ``format`` writes from such a string, its expression reads. Fields
never reach over a folder; the string stands for the end of a path, whole parts of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dask_fileseq.errors import NamesError

__all__ = ["Field", "Reading", "has_fields", "literal", "of_format", "whole_path"]

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
_WIDEST = 1000
_TEXT = r"[^/\\]+?"
_ANY = r"[^/\\]*?"
_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_REAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


class Field(NamedTuple):
    """What a pattern finds in a name: an axis."""

    name: str
    """Name of the axis."""
    type: str = ""
    """``int``, ``float``, ``word``, ``compass`` (degrees, ``S05``), the format of a date
    (``%Y%m%d``), or empty: what the texts are, numbers if all of them are, else words."""


class Reading(NamedTuple):
    """What a pattern that is no regular expression means."""

    regex: str
    """The regular expression."""
    fields: tuple[Field, ...]
    """Its named groups."""


def has_fields(text: str) -> bool:
    r"""Return whether a text has a field of a format string.

    >>> has_fields("t{time:03d}.tif"), has_fields(r"(\d{4})"), has_fields(r"\{x\}(\d)")
    (True, False, False)
    """
    return _FIELD.search(text.replace("{{", "").replace("}}", "")) is not None


def of_format(text: str) -> Reading:
    r"""Return what a format string means.

    Parameters
    ----------
    text : str
        Texts and fields. A field is ``{name}`` (a number or a word), ``{name:d}`` or
        ``{name:04d}`` (an integer; ``{name:+d}`` with either sign), ``{name:f}`` (also ``e``,
        ``g``), ``{name:s}`` (a word, even if of digits), ``{name:%Y%m%d}`` (a date), or
        ``{name:uuid}``. Without a name it
        varies but is no axis; a name that occurs again stands for the same text. Doubled
        braces are braces.

    Raises
    ------
    NamesError
        A field is malformed, none is an axis, or nothing tells where a field ends.

    Examples
    --------
    >>> of_format("{well}_{time:%Y%m%d}.tif").fields
    (Field(name='well', type=''), Field(name='time', type='%Y%m%d'))
    """
    parts: list[str] = []
    fields: dict[str, str] = {}
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
        if name in fields:
            regex = f"(?P={name})"
        elif name:
            fields[name] = kind
            regex = f"(?P<{name}>{regex})"
        parts.append(regex)
    parts.append(literal(text[end:]))
    if not fields:
        raise NamesError(f"pattern {text!r} has no field with a name, such as '{{time:03d}}'")
    return Reading(whole_path("".join(parts)), tuple(Field(*field) for field in fields.items()))


def literal(text: str) -> str:
    """Return the expression for a text; either slash stands between folders."""
    return re.escape(text).replace("/", r"[/\\]")


def whole_path(regex: str) -> str:
    """Return the expression for whole parts at the end of a path."""
    return rf"(?:^|[/\\]){regex}$"


def _field(text: str, name: str, spec: str, touching: bool) -> tuple[str, str]:
    """Return the expression and the type of a field; of `touching`, the width is exact."""
    if name and not (name.isidentifier()):
        raise NamesError(
            f"pattern {text!r} has a field {name!r}, which is no name: letters, digits and '_', "
            "beginning with a letter"
        )
    if "%" in spec:
        return _date(text, spec), spec
    if spec == "uuid":
        return _GUID, "word"
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise NamesError(
            f"pattern {text!r} has a field {name!r} of unknown type {spec!r}: "
            "d, 04d, f, e, g, s, uuid and dates such as %Y%m%d_%H%M are known"
        )
    kind, width = match["type"], int(match["width"] or 0)
    if width > _WIDEST:
        raise NamesError(f"pattern {text!r} has a field {name!r} of more than {_WIDEST} digits")
    if kind == "d" or ((match["zero"] or match["sign"]) and not kind):
        regex = _integer(width if match["zero"] else 0, width, touching)
        return (regex.replace("-", "[+-]") if match["sign"] else regex), "int"
    if kind in ("f", "e", "g"):
        return f" *{_REAL}" if width else _REAL, "float"
    return (_TEXT if name else _ANY), "word" if kind else ""


def _integer(digits: int, width: int, touching: bool) -> str:
    """Return the expression for an integer of so many padded digits, or so wide a text."""
    if digits > 1:
        return rf"\d{{{digits}}}" if touching else rf"(?:\d{{{digits},}}|-\d{{{digits - 1},}})"
    return r" *-?\d+" if width > 1 else r"-?\d+"


def _date(text: str, spec: str) -> str:
    """Return the expression for a date."""

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

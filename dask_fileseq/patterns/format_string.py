"""Format strings, ``{well}_t{time:04d}.tif``, as regular expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.date_formats import date_mistake, date_regex
from dask_fileseq.patterns.name_pattern import NamePattern, literal

FORMAT_TOKEN = re.compile(r"(\{\{)|(\}\})|\{([^{}:]*)(?::([^{}]*))?\}|([{}])")
FIELD_SPEC = re.compile(
    r"(?P<sign>\+?)(?P<zero>0?)(?P<width>\d{0,9})(?:\.\d+)?(?P<type>f[_p,-]|[dfegws]?)"
)
_MAX_DIGITS = 1000
_MAX_IN_A_ROW = 3
_TEXT = r"[^/\\]+?"
_ANY = r"[^/\\]*?"
UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_COMPASS = r"(?:[NSEWnsew]\d{1,3}|\d{1,3}[NSEWnsew])"
_FLOAT = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def parse_format(text: str) -> NamePattern:
    r"""Return the pattern of a format string, with or without ``format:``.

    It matches what Python's ``format`` writes with the same string. A field never contains a
    path separator.

    A field is ``{name}`` (a number or a word), ``{name:d}`` or ``{name:04d}`` (an integer;
    ``{name:+d}`` with either sign), ``{name:f}`` (also ``e``, ``g``; ``f_``, ``fp``, ``f-`` and
    ``f,`` with that decimal mark), ``{name:s}`` (a word, even if of digits), ``{name:%Y%m%d}``
    (a date), ``{name:%dd%Hh}`` (a duration), ``{name:%b}`` (a month), ``{name:compass}`` (degrees,
    ``N48`` or ``48N``, below zero for south and west), or ``{name:uuid}``. A field
    without a name varies but is no axis. A name that occurs again matches the same text, or,
    with another format of dates, has a further part of the same date. Doubled braces are
    braces. A malformed text is a `NamesError`.

    >>> parse_format("{well}_{time:%Y%m%d}.tif").fields
    (Field(name='well', type=''), Field(name='time', type='%Y%m%d'))
    >>> parse_format("{t:%Y-%m-%d}/{t:%H%M}.tif").match("2026-01-31/2359.tif")
    (('t',), ('2026-01-31 2359',))
    """
    format_string = _FormatString(text.removeprefix("format:"))
    pattern = NamePattern.of_path(format_string.regex(), format_string.types, text)
    return replace(pattern, parts=tuple(format_string.parts.items()))


@dataclass
class _FormatString:
    """A format string, and what is known of its fields so far."""

    text: str
    types: dict[str, str] = field(default_factory=dict)
    """The type of each field with a name."""
    dates: dict[str, list[str]] = field(default_factory=dict)
    """The formats of the parts of each date."""
    parts: dict[str, str] = field(default_factory=dict)
    """The groups of further parts of dates, each with the name of the date."""

    def regex(self) -> str:
        """Return the regular expression; sets `types` and `parts`."""
        self._find_dates()
        regex: list[tuple[str, str]] = []
        end, before, in_a_row = 0, "", 0
        for token in FORMAT_TOKEN.finditer(self.text):
            between = self.text[end : token.start()]
            opening, closing, name, spec, stray = token.groups()
            regex.append((literal(between), "literal"))
            end = token.end()
            if opening or closing:
                regex.append((re.escape((opening or closing)[0]), "literal"))
                before, in_a_row = "", 0
                continue
            if stray:
                raise self._stray(stray)
            part, kind = self._field(name, spec or "", self.text[end : end + 1] == "{")
            ends = _open_end(part, kind)
            apart = between.strip("0123456789") if before == ends == "number" else between
            in_a_row = in_a_row + 1 if ends and before and not apart else 1
            if ends and ((ends == before and not between) or in_a_row > _MAX_IN_A_ROW):
                raise NamesError(
                    f"pattern {self.text!r} has {token[0]!r} right behind another field: put "
                    "what is between them, or say what they are, as in '{time:03d}'"
                )
            before = ends
            group = self._group(name, spec or "", part, kind) if name else part
            kind = "again" if group.startswith("(?P=") else ends if ends == "text" else kind
            regex.append((group, kind))
        if not self.types:
            raise NamesError(
                f"pattern {self.text!r} has no field with a name, such as '{{time:03d}}'"
            )
        return _without_ways_back(regex) + literal(self.text[end:])

    def _find_dates(self) -> None:
        """Set the formats of each date, of which all must be known before one is read."""
        for token in FORMAT_TOKEN.finditer(self.text):
            name, spec = token[3], token[4] or ""
            if "%" in spec:
                if mistake := date_mistake(spec):
                    raise NamesError(f"pattern {self.text!r} has {mistake}")
                forms = self.dates.setdefault(name, []) if name else []
                if spec not in forms:
                    forms.append(spec)

    def _stray(self, brace: str) -> NamesError:
        what = "close" if brace == "{" else "open"
        return NamesError(
            f"pattern {self.text!r} has a single {brace!r}: {what} the field, or write "
            f"{brace * 2!r} for a brace"
        )

    def _group(self, name: str, spec: str, regex: str, kind: str) -> str:
        """Return the group of a field, or a reference to it if the same field was before."""
        forms = self.dates.get(name, [])
        if name not in self.types:
            self.types[name] = kind
            return f"(?P<{name}>{regex})"
        if spec not in forms[1:]:
            return f"(?P={name})"
        group = f"{name}_part{forms.index(spec) + 1}"
        if group in self.parts:
            return f"(?P={group})"
        self.parts[group] = name
        return f"(?P<{group}>{regex})"

    def _field(self, name: str, spec: str, touching: bool) -> tuple[str, str]:
        """Return the regular expression and the type of a field.

        A zero-padded integer has exactly its width if another field is `touching` its end.
        """
        if name and not name.isidentifier():
            raise NamesError(
                f"pattern {self.text!r} has a field {name!r}, which is no name: letters, digits "
                "and '_', beginning with a letter"
            )
        if "%" in spec:
            form = " ".join(self.dates[name]) if name else spec
            return date_regex(spec, form), form
        if spec == "uuid":
            return UUID, "word"
        if spec == "compass":
            return _COMPASS, spec
        match = FIELD_SPEC.fullmatch(spec)
        if match is None:
            raise NamesError(
                f"pattern {self.text!r} has a field {name!r} of unknown type {spec!r}: "
                "d, 04d, f, e, g, s, uuid, dates such as %Y%m%d_%H%M, and f_, fp, f- or 'f,' for "
                "other decimal marks are known"
            )
        kind, width = match["type"], int(match["width"] or 0)
        if width > _MAX_DIGITS:
            raise NamesError(
                f"pattern {self.text!r} has a field {name!r} of more than {_MAX_DIGITS} digits"
            )
        if kind == "d" or ((match["zero"] or match["sign"]) and not kind):
            return _integer(width, match["zero"], match["sign"], touching), "int"
        if kind[1:]:
            return rf"[+-]?\d+(?:{kind[1]}\d+)?", f"float{kind[1]}"
        if kind in ("f", "e", "g"):
            return f" *{_FLOAT}" if width else _FLOAT, "float"
        return (_TEXT if name else _ANY), "word" if kind else ""


def _without_ways_back(pieces: list[tuple[str, str]]) -> str:
    """Return the regular expression of pieces, each a regular expression and what it is.

    Texts with something between can divide a name in as many ways as there are places for it.
    But if a name fits at all, it fits with each of them at the first such place: the next text
    takes what is left. So a text and what ends it are one atomic group, and nothing is tried
    twice. That holds for what ends at one place only, and if no text occurs again.
    """
    pieces = [piece for piece in pieces if piece[0]]
    kinds = [kind for _, kind in pieces]
    texts = [] if "again" in kinds else [i for i, kind in enumerate(kinds) if kind == "text"]
    regexes = [regex for regex, _ in pieces]
    for first, stop in pairwise(texts):
        between = pairwise(pieces[first + 1 : stop + 1])
        if all(kind == "literal" or _ends(kind, after) for (_, kind), after in between):
            regexes[first] = f"(?>{regexes[first]}"
            regexes[stop - 1] += ")"
    return "".join(regexes)


def _ends(kind: str, after: tuple[str, str]) -> bool:
    """Return whether what comes after a field shows where it ends."""
    first = after[0].removeprefix("\\")[0]
    if after[1] != "literal" or first.isdigit():
        return False
    return kind == "int" or (kind[:5] == "float" and first not in f"+-{kind[5:] or '.eE'}")


def _open_end(regex: str, kind: str) -> str:
    """Return "text" or "number" if a field may have any length, else "".

    Two such fields of one kind side by side may divide a text anywhere: what is meant is not
    clear, and six of them would take years.
    """
    if regex in (_TEXT, _ANY):
        return "text"
    is_number = kind == "int" or kind.startswith("float")
    return "number" if is_number and not regex.endswith("}") else ""


def _integer(width: int, zero: str, sign: str, touching: bool) -> str:
    """Return the regular expression of an integer; see `_FormatString._field`."""
    regex = r" *-?\d+" if width > 1 else r"-?\d+"
    if zero and width > 1:
        regex = rf"\d{{{width}}}" if touching else rf"(?:\d{{{width},}}|-\d{{{width - 1},}})"
    return regex.replace("-", "[+-]") if sign else regex

"""Names written by a format string, ``{well}_t{time:04d}.tif``: the inverse of matching. No I/O.

The same text reads and writes names, by the same rules; see `parse_format`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.date_formats import is_month_format
from dask_fileseq.patterns.format_string import FIELD_SPEC, FORMAT_TOKEN, parse_format
from dask_fileseq.patterns.frame_names import FrameNames
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.written_dates import written_moment

_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")


class _Part(NamedTuple):
    """A field, and the text before it."""

    before: str
    name: str
    spec: str


@dataclass(frozen=True)
class NameTemplate:
    """A format string that makes names from labels.

    >>> template = NameTemplate.of("out/{well}/t{t:03d}.tif")
    >>> template.fields
    ('well', 't')
    >>> template.names({"well": ["A1", "A2"], "t": [7, 8]})
    ['out/A1/t007.tif', 'out/A2/t008.tif']
    """

    text: str
    parts: tuple[_Part, ...]
    end: str
    """The text behind the last field."""
    pattern: NamePattern | None
    """What finds the labels in such names; None if there are none, or other words."""

    @classmethod
    def of(cls, text: str, words: Iterable[str] = ()) -> NameTemplate:
        """Return the template of a format string; raise a `NamesError` if it is malformed.

        Fields of which the names are among `words` may be any text, also with separators. There
        is no pattern if they occur.
        """
        if not isinstance(text, str):
            raise NamesError(f"pattern={text!r} is no format string, such as 't{{t:03d}}.tif'")
        text = text.removeprefix("format:")
        parts, before, end = [], "", 0
        for token in FORMAT_TOKEN.finditer(text):
            before += text[end : token.start()]
            end = token.end()
            opening, closing, name, spec, stray = token.groups()
            if stray:
                parse_format(text)  # which raises
            if opening or closing:
                before += (opening or closing)[0]
            elif name is not None:
                parts.append(_Part(before, name, spec or ""))
                before = ""
        fields = {part.name for part in parts}
        if "" in fields:
            raise NamesError(f"pattern {text!r} has a field without a name: no label is known")
        has_words = not fields.isdisjoint(words)
        if has_words:
            for field in sorted(fields.intersection(words)):
                if any(part.spec for part in parts if part.name == field):
                    raise NamesError(f"pattern {text!r}: the field {{{field}}} has no format")
            rest = [f"{{{name}:{spec}}}" for _, name, spec in parts if name not in words]
            for field in rest:
                parse_format(field)
        pattern = parse_format(text) if parts and not has_words else None
        return cls(text, tuple(parts), before + text[end:], pattern)

    def absolute(self) -> NameTemplate:
        """Return the template with the absolute path of its folder.

        Raises a `NamesError` if it leads out of that folder.
        """
        rest = self.text[len(_braced(self.folder)) :]
        if ".." in re.split(r"[/\\]", rest):
            raise NamesError(f"pattern {self.text!r} has '..' behind a field")
        folder = os.path.join(os.path.abspath(self.folder or os.curdir), "")
        text = _braced(folder) + rest
        first = self.parts[0].before if self.parts else self.end
        before = folder + first[len(self.folder) :]
        parts = (self.parts[0]._replace(before=before), *self.parts[1:]) if self.parts else ()
        pattern = parse_format(text) if self.pattern is not None else None
        return NameTemplate(text, parts, self.end if parts else before, pattern)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts))

    @property
    def folder(self) -> str:
        """The folder that all names begin with, up to the first field."""
        start = self.parts[0].before if self.parts else self.end
        return start[: max(start.rfind("/"), start.rfind("\\")) + 1]

    def names(self, labels: Mapping[str, Sequence[Any]], words: Iterable[str] = ()) -> list[str]:
        """Return a name for each row of the columns of labels, one for each field.

        Raises what `columns` does.
        """
        columns, end = self.columns(labels, words), self.end
        return ["".join(row) + end for row in zip(*columns, strict=True)] if columns else [end]

    def columns(
        self, labels: Mapping[str, Sequence[Any]], words: Iterable[str] = ()
    ) -> list[list[str]]:
        """Return, for each part, its text and that before it, for each of its labels.

        Raises
        ------
        NamesError
            If a label cannot be written in the format of its field, or would make another
            path of a name.
        """
        columns = []
        for before, name, spec in self.parts:
            texts: dict[Any, str] = {}
            forms = [part.spec for part in self.parts if part.name == name]
            column = []
            for label in labels[name]:
                if label not in texts:
                    text = label if name in words else field_text(name, label, spec, forms)
                    if name not in words and (_UNSAFE.search(text) or text in ("", ".", "..")):
                        raise NamesError(
                            f"label {label!r} of {name!r} would be {text!r} in a file name, which "
                            "makes another path of it: give labels without '/' and '\\', by coords="
                        )
                    texts[label] = before + text
                column.append(texts[label])
            columns.append(column)
        return columns


def format_names(text: str) -> FrameNames | None:
    """Return what finds the files that a format string names; None if it is none.

    >>> print(*format_names("/data/{well}/t{t:03d}.tif"))
    /data/*/t*.tif {well}/t{t:03d}.tif
    """
    try:
        template = NameTemplate.of(text)
        rest = text.removeprefix("format:")[len(_braced(template.folder)) :]
        pattern = parse_format(rest)
    except NamesError:
        return None
    between = [part.before for part in template.parts]
    return FrameNames("*".join([*between, template.end]), pattern)


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def field_text(name: str, label: Any, spec: str, forms: Sequence[str] = ()) -> str:
    """Return the text of a label in a field of a format string.

    `forms` are the formats of all fields of that name, of which a date may have several.

    >>> field_text("t", 7, "03d"), field_text("z", 0.5, ".2fp"), field_text("c", "DAPI", "")
    ('007', '0p50', 'DAPI')
    >>> field_text("day", np.datetime64("2026-01-31"), "%Y%m%d")
    '20260131'
    """
    try:
        return _text(label, spec, forms or [spec])
    except (TypeError, ValueError) as error:
        field = f"{{{name}:{spec}}}" if spec else f"{{{name}}}"
        raise NamesError(f"label {label!r} cannot be written as {field!r}: {error}") from error


def _text(label: Any, spec: str, forms: Sequence[str]) -> str:
    if "%" in spec:
        if is_month_format(spec):
            return str(label)
        return written_moment(label, spec, " ".join(dict.fromkeys(forms)))
    if spec in ("compass", "uuid"):
        if isinstance(label, str):
            return label
        raise ValueError(f"only texts become a field of the type {spec!r}")
    if isinstance(label, np.datetime64 | np.timedelta64):
        raise ValueError("a date or a duration needs its format, such as {time:%Y%m%d}")
    if isinstance(label, str) and spec in ("", "s"):
        return label
    if isinstance(label, bool | np.bool_) and spec == "":
        return str(label)
    match = FIELD_SPEC.fullmatch(spec)
    kind = match["type"] if match else ""
    if kind == "s":
        return format(str(label), spec)
    if isinstance(label, str):
        raise ValueError("it is a word, and the field a number")
    is_whole = float(label).is_integer()
    if (kind == "d" or (not kind and spec)) and not is_whole:
        raise ValueError("it is no whole number")
    if kind == "d" or (not kind and isinstance(label, int | np.integer)) or (not kind and spec):
        return format(int(label), spec)
    if not np.isfinite(label):
        raise ValueError("it is no finite number")
    if kind[1:]:  # another decimal mark
        return format(float(label), spec[:-1]).replace(".", kind[1])
    return format(float(label), spec) if kind else repr(float(label))

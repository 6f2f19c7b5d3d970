"""Bio-Formats patterns, ``img_Z<0-1>_<R,G,B>.tif``, as regular expressions.

The grammar is that of the file stitching of Bio-Formats: a block in angle brackets lists the
texts that may occur in its place, one by one or as a range with an optional step.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.patterns.name_pattern import NamePattern, literal, unique_dims

_BLOCK = re.compile(r"<([^<>]*)>")
SURE_BLOCK = re.compile(r"(?<!\(\?P)(?<!\\)<(?:\w+-\w+(?::\d+)?|[^<>(),]+(?:,[^<>(),]+)+)>")
_RANGE = re.compile(r"(?:(\d+)-(\d+)|([A-Za-z])-([A-Za-z]))(?::(\d+))?")
_MAX_ELEMENTS = 1_000_000
_MAX_LENGTH = 100


def parse_blocks(text: str) -> NamePattern:
    """Return the pattern of a text in the syntax of Bio-Formats, with or without ``blocks:``.

    The letters right before a block name its axis. Without such letters, a block of words is
    the axis ``channel`` and a block of numbers is the axis ``Q``. A malformed block, or none,
    is a `NamesError`.

    >>> parse_blocks("Z<01-10>_<R,G>.tif").fields
    (Field(name='Z', type='int'), Field(name='channel', type='word'))
    """
    shown = text
    text = text.removeprefix("blocks:")
    texts = _BLOCK.split(text)
    between, blocks = texts[::2], texts[1::2]
    if not blocks:
        raise NamesError(f"pattern {text!r} has no block, such as '<0-9>' or '<R,G,B>'")
    elements = [_elements(text, block) for block in blocks]
    types = ["int" if all(e.isdecimal() for e in listed) else "word" for listed in elements]
    letters = (re.split(r"[^A-Za-z]", before)[-1] for before in between)
    default = {"int": "Q", "word": "channel"}
    dims = unique_dims([b or default[t] for b, t in zip(letters, types, strict=False)])
    regex = literal(between[0])
    for dim, listed, behind in zip(dims, elements, between[1:], strict=True):
        regex += f"(?P<{dim}>{any_of(listed)}){literal(behind)}"
    return NamePattern.of_path(regex, dict(zip(dims, types, strict=True)), shown)


def read_pattern_file(path: str | os.PathLike[str]) -> str:
    """Return the pattern in a ``.pattern`` file, its only line."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
    except (OSError, ValueError) as error:
        raise ReadError.of(error, f"cannot read the pattern file {path!r}: {error}") from error
    lines = [line.strip() for line in lines if line.strip()]
    if len(lines) != 1:
        raise NamesError(f"pattern file {path!r} must have one line, the pattern; has {len(lines)}")
    return lines[0]


def any_of(texts: Iterable[str]) -> str:
    """Return a regular expression that matches just these texts.

    Texts with the same first character share it, and first characters with the same rest
    share that. The expression for a range of 100,000 numbers so has under 100 characters.

    >>> any_of(["00", "01", "10", "11"]), any_of(["R", "GFP"])
    ('[01][01]', '(?:R|GFP)')
    """
    rests: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        rests.setdefault(text[:1], []).append(text[1:])
    chars_before: dict[str, list[str]] = {}
    for char, rest in rests.items():
        if char:
            regex = re.escape(rest[0]) if len(rest) == 1 else any_of(rest)
            chars_before.setdefault(regex, []).append(re.escape(char))
    options = [
        (chars[0] if len(chars) == 1 else f"[{''.join(chars)}]") + regex
        for regex, chars in chars_before.items()
    ]
    if "" in rests:
        options.append("")  # the longest text first
    return options[0] if len(options) == 1 else f"(?:{'|'.join(options)})"


def _elements(pattern: str, block: str) -> list[str]:
    """Return the texts that a block lists."""
    elements: list[str] = []
    for item in block.split(","):
        match = _RANGE.fullmatch(item)
        if match is None:
            elements.append(item)
            continue
        if len(item) > _MAX_LENGTH:
            raise NamesError(f"pattern {pattern!r:.100} has a range of very large numbers")
        first, last, letter, last_letter = match.group(1, 2, 3, 4)
        ends = (int(first), int(last)) if first else (ord(letter), ord(last_letter))
        step = int(match[5] or 1)
        numbers = range(ends[0], ends[1] + 1, step) if step else range(0)
        if not 0 < len(numbers) <= _MAX_ELEMENTS:
            raise NamesError(
                f"pattern {pattern!r} has a block '<{block}>' of {len(numbers):,} "
                f"elements: a range goes up, by a step of 1 or more, over at most {_MAX_ELEMENTS:,}"
            )
        elements += [str(n).zfill(len(first)) if first else chr(n) for n in numbers]
    if not all(elements):
        raise NamesError(f"pattern {pattern!r} has an empty element in '<{block}>'")
    return elements

"""Patterns of Bio-Formats, ``img_Z<0-1>_<R,G,B>.tif``, as regular expressions.

The grammar is that of Bio-Formats' file stitching: a block in angle brackets lists
the texts that stand at its place, one by one or as a range with an optional step.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.patterns.formats import Field, Reading, literal, whole_path

__all__ = ["any_of", "has_blocks", "of_blocks", "read_pattern_file"]

_BLOCK = re.compile(r"<([^<>]*)>")
_SURE_BLOCK = re.compile(r"(?<!\(\?P)(?<!\\)<(?:\w+-\w+(?::\d+)?|[^<>(),]+(?:,[^<>(),]+)+)>")
_RANGE = re.compile(r"(?:(\d+)-(\d+)|([A-Za-z])-([A-Za-z]))(?::(\d+))?")
_MOST = 1_000_000
_LONGEST = 100


def has_blocks(text: str) -> bool:
    r"""Return whether a text has a block of several elements.

    >>> has_blocks("Z<0-9>.tif"), has_blocks(r"(?P<z>\\d)-(\\d)"), has_blocks("<a,b>")
    (True, False, True)
    """
    return _SURE_BLOCK.search(text) is not None


def of_blocks(text: str) -> Reading:
    """Return what a pattern of Bio-Formats means.

    Letters right before a block name its axis; without any, a block of words is
    the ``channel`` and one of numbers ``Q``.

    Raises
    ------
    NamesError
        There is no block, or one is malformed.

    Examples
    --------
    >>> of_blocks("Z<01-10>_<R,G>.tif").fields
    (Field(name='Z', type='int'), Field(name='channel', type='word'))
    """
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        raise NamesError(f"pattern {text!r} has no block, such as '<0-9>' or '<R,G,B>'")
    elements = [_elements(text, block[1]) for block in blocks]
    kinds = ["int" if all(e.isdecimal() for e in block) else "word" for block in elements]
    names = _unique(
        re.search(r"[A-Za-z]*$", text[: block.start()])[0]  # type: ignore[index]  # matches ""
        or ("Q" if kind == "int" else "channel")
        for block, kind in zip(blocks, kinds, strict=True)
    )
    parts, end = [], 0
    for block, name, texts in zip(blocks, names, elements, strict=True):
        parts += [literal(text[end : block.start()]), f"(?P<{name}>{any_of(texts)})"]
        end = block.end()
    regex = whole_path("".join([*parts, literal(text[end:])]))
    return Reading(regex, tuple(map(Field, names, kinds)))


def read_pattern_file(path: str | os.PathLike[str]) -> str:
    """Return the pattern in a ``.pattern`` file.

    Raises
    ------
    ReadError
        The file cannot be read.
    NamesError
        The file has no line, or more than one.
    """
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
    """Return an expression for one of many texts, short where they are regular.

    >>> any_of(["00", "01", "10", "11"]), any_of(["R", "GFP"])
    ('[01][01]', '(?:R|GFP)')
    """
    tails: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        tails.setdefault(text[:1], []).append(text[1:])
    alike: dict[str, list[str]] = {}
    for char, rest in tails.items():
        if char:
            tail = re.escape(rest[0]) if len(rest) == 1 else any_of(rest)
            alike.setdefault(tail, []).append(char)
    options = [
        (re.escape(chars[0]) if len(chars) == 1 else f"[{''.join(map(re.escape, chars))}]") + tail
        for tail, chars in alike.items()
    ]
    if "" in tails:
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
        first, last, letter, last_letter = match.group(1, 2, 3, 4)
        if len(item) > _LONGEST:
            raise NamesError(f"pattern {pattern!r:.100} has a range of very large numbers")
        step = int(match[5] or 1)
        if first is not None:
            numbers = range(int(first), int(last) + 1, step or 1)
        else:
            numbers = range(ord(letter), ord(last_letter) + 1, step or 1)
        if not step or not 0 < len(numbers) <= _MOST:
            raise NamesError(
                f"pattern {pattern!r} has a block '<{block}>' of {len(numbers) if step else 0:,} "
                f"elements: a range goes up, by a step of 1 or more, over at most {_MOST:,}"
            )
        elements += [str(n).zfill(len(first)) if first is not None else chr(n) for n in numbers]
    if not all(elements):
        raise NamesError(f"pattern {pattern!r} has an empty element in '<{block}>'")
    return elements


def _unique(names: Iterable[str]) -> list[str]:
    """Return names of which those that repeat are numbered."""
    given = list(names)

    def numbered() -> Iterator[str]:
        for i, name in enumerate(given):
            yield f"{name}_{given[:i].count(name)}" if given.count(name) > 1 else name

    return list(numbered())

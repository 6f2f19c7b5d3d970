"""Bio-Formats patterns, ``img_Z<0-1>_<R,G,B>.tif``, as regular expressions.

The grammar is that of the file stitching of Bio-Formats: a block in angle brackets lists the
texts that may occur in its place, one by one or as a range with an optional step. They are the
axis, in their order, whether files have them or not. Beyond Bio-Formats, ranges may be among
others in a list, and the numbers of a range may have letters before them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.patterns.axis_words import FAMILIES
from dask_fileseq.patterns.name_pattern import NameColumns, NamePattern, literal, unique_dims

_BLOCK = re.compile(r"<([^<>]*)>")
SURE_BLOCK = re.compile(r"(?<!\(\?P)(?<!\\)<(?:\w+-\w+(?::\d+)?|[^<>(),]+(?:,[^<>(),]+)+)>")
_RANGE = re.compile(
    r"(?:([A-Za-z]*)(\d+)-\1(\d+)|([a-z])-([a-z])|([A-Z])-([A-Z])"
    r"|([a-z]{2})-([a-z]{2})|([A-Z]{2})-([A-Z]{2}))(?::(\d+))?"
)
_BEFORE = re.compile(r"([A-Za-z]+)([ _.-]*)$")
_OF_WORDS = {"well", "row"} | {w for w, kind in FAMILIES.items() if kind in ("channel", "band")}
_MAX_ELEMENTS = 1_000_000
_MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class BlocksPattern(NamePattern):
    """A pattern whose axes have the texts that it lists, in their order."""

    blocks: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    """The axes, each with its block, which is far shorter than what it lists."""

    def columns(self, names: Sequence[str], start: int = 0) -> NameColumns:
        """Return the axis names and index texts in many names, and all that are listed."""
        columns = NamePattern.columns(self, names, start)
        listed = {
            dim: list(dict.fromkeys(elements(block, self.text))) for dim, block in self.blocks
        }
        return columns._replace(listed=listed)


def parse_blocks(text: str) -> BlocksPattern:
    """Return the pattern of a text in the syntax of Bio-Formats, with or without ``blocks:``.

    The letters right before a block name its axis, or such letters as ``Z`` that are known to
    name axes, with a separator behind them. Without these, a block of words is the axis
    ``channel`` and a block of numbers is the axis ``Q``. A malformed block, or none, is a
    `NamesError`.

    >>> parse_blocks("Z<01-10>_<R,G>.tif").fields
    (Field(name='Z', type='int'), Field(name='channel', type='word'))
    """
    shown = text
    text = text.removeprefix("blocks:")
    texts = _BLOCK.split(text)
    between, blocks = texts[::2], texts[1::2]
    if not blocks:
        raise NamesError(f"pattern {text!r} has no block, such as '<0-9>' or '<R,G,B>'")
    texts = [elements(block, text) for block in blocks]
    types = ["int" if all(t.isdecimal() for t in listed) else "word" for listed in texts]
    default = {"int": "Q", "word": "channel"}
    letters = map(axis_letters, between, types)
    dims = unique_dims([b or default[t] for b, t in zip(letters, types, strict=False)])
    regex = literal(between[0])
    for dim, listed, behind in zip(dims, texts, between[1:], strict=True):
        regex += f"(?P<{dim}>{any_of(listed)}){literal(behind)}"
    pattern = BlocksPattern.of_path(regex, dict(zip(dims, types, strict=True)), shown)
    return replace(pattern, blocks=tuple(zip(dims, blocks, strict=True)))


def has_block(text: str) -> bool:
    """Return whether a text has angle brackets, maybe around a single word."""
    return _BLOCK.search(text) is not None


def axis_letters(before: str, kind: str) -> str:
    """Return the letters before a number or a block that name its axis, if any.

    Behind a separator, only letters that are known count, for words only those of words.

    >>> [axis_letters(text, "int") for text in ("a_Z", "img_Z_", "img_", "7")]
    ['Z', 'Z', '', '']
    >>> [axis_letters(text, "word") for text in ("a_Z", "img_Z_", "well_")]
    ['Z', '', 'well']
    """
    match = _BEFORE.search(before)
    if match is None:
        return ""
    word = match[1].lower()
    is_known = word in FAMILIES if kind == "int" else word in _OF_WORDS
    return match[1] if is_known or not match[2] else ""


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


def elements(block: str, pattern: str) -> list[str]:
    """Return the texts that a block of a pattern lists.

    >>> elements("AY-BB", ""), elements("a8-a10", ""), elements("R,1-5:2", "")
    (['AY', 'AZ', 'BA', 'BB'], ['a8', 'a9', 'a10'], ['R', '1', '3', '5'])
    """
    listed: list[str] = []
    items = block.split(",")
    for item in items:
        match = _RANGE.fullmatch(item)
        # of two letters, a range must be alone: "WT-KO" in a list is a word
        if match is None or (len(items) > 1 and (match[8] or match[10])):
            listed.append(item)
            continue
        if len(item) > _MAX_LENGTH:
            raise NamesError(f"pattern {pattern!r:.100} has a range of very large numbers")
        prefix, first, last, *letters, step = match.groups()
        start, stop = (first, last) if first else (text for text in letters if text)
        ends = (int(first), int(last)) if first else (_number(start), _number(stop))
        numbers = range(ends[0], ends[1] + 1, int(step or 1)) if int(step or 1) else range(0)
        if not 0 < len(numbers) <= _MAX_ELEMENTS:
            raise NamesError(
                f"pattern {pattern!r} has a block '<{block}>' of {len(numbers):,} "
                f"elements: a range goes up, by a step of 1 or more, over at most {_MAX_ELEMENTS:,}"
            )
        if first:
            listed += [f"{prefix}{str(n).zfill(len(first))}" for n in numbers]
        else:
            listed += [_word(n, start) for n in numbers]
    if not all(listed):
        raise NamesError(f"pattern {pattern!r} has an empty element in '<{block}>'")
    return listed


def _number(letters: str) -> int:
    """Return letters as a number of base 26: AA is 0, BA is 26."""
    number = 0
    for letter in letters.lower():
        number = 26 * number + ord(letter) - ord("a")
    return number


def _word(number: int, like: str) -> str:
    """Return a number of base 26 in letters as many, and of the same case, as others."""
    word = ""
    for _ in like:
        number, letter = divmod(number, 26)
        word = chr(ord("a") + letter) + word
    return word.upper() if like.isupper() else word

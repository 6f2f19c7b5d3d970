"""Inference of a pattern from the names alone.

Names are split into tokens that are constant or vary (`tokens`). Numbers get the letters
around them as names, words are channels, and tokens that repeat the information of others
are no axes (`axis_names`). If two readings fit, the error shows both.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.axis_names import (
    AmbiguousNames,
    drop_repeated,
    is_unnamed,
    join_wells,
    join_words,
    name_axes,
    name_others,
)
from dask_fileseq.patterns.dates import UUID_MARK, mask_dates, unmask
from dask_fileseq.patterns.format_strings import parse_format
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.presets import matching_preset, preset_pattern
from dask_fileseq.patterns.similar_names import below_common_folder, similar_names
from dask_fileseq.patterns.text_pattern import compile_regex, path_pattern
from dask_fileseq.patterns.tokens import Outliers, Token, determines, tokenize

__all__ = ["infer"]

_ROUNDS = 5
_CHECKED = 1000
_NEARLY_ALL = 0.9


def infer(names: Sequence[str]) -> NamePattern:
    """Return the pattern that most names have in common.

    Parameters
    ----------
    names : sequence of str
        File names. Those that are built otherwise than most (thumbnails, stray files) are
        ignored: the pattern does not match them.

    Returns
    -------
    NamePattern
        A format string. The name of an axis is the letters before its number, or those
        behind (``t``, ``Z``, ``ch``, ``stack``). A letter and a number of two digits are a
        ``well``, words are the ``channel`` or the ``folder``, dates are the ``date`` or, with
        a clock, the ``time``. A number without letters is ``Q``, or ``sequence`` if nothing
        else varies. Parts that are constant, or repeat another axis, are no axes.

    Raises
    ------
    NamesError
        Nothing varies, the names are built differently, or two readings fit.

    Examples
    --------
    >>> print(infer(["s1/t0_DAPI.tif", "s1/t0_GFP.tif", "s1/t1_DAPI.tif", "s1/t1_GFP.tif"]))
    t{t:d}_{channel}.tif
    """
    if not len(names) or min(names) == max(names):
        raise _refusal(f"nothing varies in {len(names):,} file names")
    kept = similar_names(below_common_folder(list(names)))
    for _ in range(_ROUNDS):
        masked, dates = mask_dates(kept)
        try:
            tokens = join_words(join_wells(tokenize(masked)))
            _ignore_spellings(tokens)
            _ignore_loose_parts(tokens)
        except (Outliers, NamesError) as error:
            preset = matching_preset(kept)  # B8A beside B02 is a band, no outlier
            if preset:
                return preset_pattern(preset)
            if not isinstance(error, Outliers):
                raise
            away = set(error.args[0])
            kept = [name for i, name in enumerate(kept) if i not in away]
            continue
        return _read(unmask(tokens, dates), kept)
    raise _refusal("names are of too many makes")


def _read(tokens: list[Token], names: list[str]) -> NamePattern:
    """Return the pattern of the tokens, checked against the names.

    If letters do not show the meaning of the numbers, it is the one preset that all names
    match, if there is one.
    """
    try:
        name_axes(tokens)
        drop_repeated(tokens)
    except AmbiguousNames as ambiguous:
        preset = matching_preset(names)
        if preset:
            return preset_pattern(preset)
        for reading in ambiguous.args:
            name_others(reading)
        one, two = map(_format_string, ambiguous.args)
        raise _refusal(f"two readings fit: pattern={one!r} or pattern={two!r}") from None
    axes = [token for token in tokens if token.varies and token.is_axis]
    if not axes:
        raise _refusal(f"nothing varies in names such as {names[0]!r}")
    words = len(axes) == 1 and axes[0].family == "channel"  # each word may be another kind
    preset = matching_preset(names) if words or (any(map(is_unnamed, axes)) and axes[1:]) else ""
    if preset:
        return preset_pattern(preset)
    text = _format_string(tokens)
    pattern = path_pattern(parse_format(text.removeprefix("format:")), text)
    for i in range(0, len(names), max(1, len(names) // _CHECKED)):
        found = pattern.regex.search(names[i])
        if found is None or found.groups() != tuple(axis.texts[axis.codes[i]] for axis in axes):
            raise _refusal(f"pattern={text!r} nearly fits, but not {names[i]!r}")
    return pattern


def _ignore_spellings(tokens: list[Token]) -> None:
    """Make no axes of words that differ in spelling alone; refuse if only some words do.

    One word may be written in other letter case. Its accents may be stored in two ways: file
    systems of Apple store them as characters of their own.
    """
    for token in tokens:
        if not token.varies or token.form or token.is_number:
            continue
        words = [unicodedata.normalize("NFC", text).casefold() for text in token.texts]
        if len(set(words)) == 1:
            token.is_axis = False
        elif len(set(words)) < len(words):
            ((word, _),) = Counter(words).most_common(1)
            one, two, *_ = (t for t, w in zip(token.texts, words, strict=True) if w == word)
            if one.casefold() == two.casefold():
                raise _refusal(f"{one!r} and {two!r} differ in letter case alone")
            raise _refusal(f"{one!a} and {two!a} differ in how marks are stored alone")


def _ignore_loose_parts(tokens: list[Token]) -> None:
    """Make no axes of parts that only some names have, if other words determine which ones.

    Raises `Outliers` if a few names have the part, or all but a few.
    """
    words = [token for token in tokens if token.varies and not token.is_number]
    for token in tokens:
        if not token.varies or "" not in token.texts:
            continue
        if not any(determines(other, token) for other in words if other is not token):
            counts = np.bincount(token.codes)
            if counts.max() >= _NEARLY_ALL * len(token.codes):
                raise Outliers(np.flatnonzero(token.codes != counts.argmax()).tolist())
            texts = ", ".join(repr(text) for text in token.texts[:3] if text)
            raise _refusal(f"{texts} stand before or behind numbers in some names only")
        token.is_axis = False


def _format_string(tokens: list[Token]) -> str:
    """Return tokens as a format string."""
    text = re.sub(r"(\{\}){2,}", "{}", "".join(map(_field, tokens)))
    regex, _ = compile_regex(text)
    is_regex = regex is not None and regex.groups > 0
    return f"format:{text}" if is_regex or re.search(r"<[^<>]*[-,][^<>]*>", text) else text


def _field(token: Token) -> str:
    """Return one token as text or as a field."""
    texts = token.texts
    if texts == [UUID_MARK]:
        return "{:uuid}"
    if not token.varies:
        return texts[0].replace("{", "{{").replace("}", "}}")
    name = token.name if token.is_axis else ""
    if token.form:
        return f"{{{name}:{token.form}}}"
    if not token.is_number:
        return f"{{{name}}}"
    if "." in "".join(texts):
        return f"{{{name}:f}}"
    sign = "+" if "+" in "".join(texts) else ""
    width = min(map(len, texts))
    padded = any(re.match(r"[+-]*0.", text) for text in texts)
    return f"{{{name}:{sign}0{width}d}}" if padded and width > 1 else f"{{{name}:{sign}d}}"


def _refusal(why: str) -> NamesError:
    return NamesError(
        f"pattern='infer' finds no pattern: {why}; say the pattern, or pass pattern=None to put "
        "the files in a row, in natural order"
    )

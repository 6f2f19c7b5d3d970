"""Everything that users may pass as ``pattern=``, as a `NamePattern`; inference from names.

Inference keeps the names that are built alike and splits them into tokens that are constant
or vary (`tokens`). Numbers get the letters around them as names, words are channels, and
tokens that repeat the information of others are no axes (`related_tokens`). If two readings
fit, the error shows both.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.files import shared_folder
from dask_fileseq.patterns.axis_families import ALL_ROWS
from dask_fileseq.patterns.dates import DATE_OR_UUID, UUID_MARK, mask_dates, unmask
from dask_fileseq.patterns.lookup import LookupPattern, TableLookup
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.presets import matching_preset, no_preset, preset_pattern, presets
from dask_fileseq.patterns.related_tokens import drop_repeated, join_tokens
from dask_fileseq.patterns.text_pattern import (
    compile_regex,
    parse_format,
    pattern_of_regex,
    pattern_of_text,
)
from dask_fileseq.patterns.tokens import (
    UNNAMED,
    AmbiguousNames,
    Outliers,
    Token,
    common_suffix,
    name_axes,
    name_others,
    refusal,
    tokenize,
)

_WORDS = re.compile(r"[\w -]+")
_ROUNDS = 5
_CHECKED = 1000
_ALPHANUMERIC = re.compile(r"[^\W_]+")
_AS_LETTERS = bytes(ord("a") if chr(i).isascii() and chr(i).isalnum() else i for i in range(256))
_COARSE = re.compile(r"[^/_]+")
_BATCH = 1024
_NEARLY_ALL = 0.9
_MAJORITY = 0.51  # two forms of half of the names each are two readings


def as_pattern(pattern: Any, names: Sequence[str] = ()) -> NamePattern:
    r"""Return the `NamePattern` for what users pass as a pattern: see `open_sequence`.

    Parameters
    ----------
    pattern : str, re.Pattern, NamePattern, callable or table
        A regular expression, compiled or not, a format string, Bio-Formats blocks, a
        ``.pattern`` file, the name of a preset, ``"infer"``, a function, or a table.
    names : sequence of str, optional
        The file names, for ``"infer"`` and tables.

    Raises
    ------
    NamesError
        The pattern is empty, malformed, ambiguous, or has no groups.

    Examples
    --------
    >>> as_pattern(r"(c)(\d)(?P<t>\d+)").match("c1001.tif")
    (('c', 't'), ('1', '001'))
    """
    if isinstance(pattern, NamePattern):
        return pattern
    if isinstance(pattern, os.PathLike):
        pattern = os.fspath(pattern)
    if isinstance(pattern, str) and pattern:
        if pattern == "infer":
            return infer(names)
        if pattern in presets():
            return preset_pattern(pattern)
        if _WORDS.fullmatch(pattern):
            raise no_preset(pattern)
        return pattern_of_text(pattern)
    # other implementations of regular expressions than re's are accepted
    if hasattr(pattern, "groupindex") and isinstance(pattern.pattern, str):
        return pattern_of_regex(pattern)
    if isinstance(pattern, Mapping) or hasattr(pattern, "columns"):
        if not len(names):
            raise NamesError("pattern is a table, which needs the names of files")
        pattern = TableLookup(pattern, names)
    if callable(pattern):
        return LookupPattern(re.compile(""), text=repr(pattern), whole=True, lookup=pattern)
    raise NamesError(
        "pattern must be a regular expression, compiled or not, a format string, blocks of "
        "Bio-Formats, the name of a preset, 'infer', a function, or a table; "
        f"got {pattern!r}"
    )


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
        raise refusal(f"nothing varies in {len(names):,} file names")
    kept = _similar_names(list(names))
    for _ in range(_ROUNDS):
        masked, dates = mask_dates(kept) if DATE_OR_UUID.search(kept[0]) else (kept, {})
        try:
            tokens = tokenize(masked)
            if any(t.texts[0] in ALL_ROWS or (t.varies and not t.is_number) for t in tokens):
                tokens = join_tokens(tokens)  # nothing is to be joined among numbers
        except (Outliers, NamesError) as error:
            preset = matching_preset(kept)  # B8A beside B02 is a band, no outlier
            if preset:
                return preset
            if not isinstance(error, Outliers):
                raise
            away = set(error.args[0])
            kept = [name for i, name in enumerate(kept) if i not in away]
            continue
        return _read(tokens if masked is kept else unmask(tokens, dates), kept)
    raise refusal("names are of too many makes")


def _read(tokens: list[Token], names: list[str]) -> NamePattern:
    """Return the pattern of the tokens, checked against the names.

    If letters do not show the meaning of the numbers, it is the one preset that all names
    match, if there is one.
    """
    try:
        name_axes(tokens)
        if len([token for token in tokens if token.varies and token.is_axis]) > 1:
            drop_repeated(tokens)
        name_others(tokens)
    except AmbiguousNames as ambiguous:
        preset = matching_preset(names)
        if preset:
            return preset
        for reading in ambiguous.args:
            name_others(reading)
        one, two = map(_format_string, ambiguous.args)
        raise refusal(f"two readings fit: pattern={one!r} or pattern={two!r}") from None
    axes = [token for token in tokens if token.varies and token.is_axis]
    if not axes:
        raise refusal(f"nothing varies in names such as {names[0]!r}")
    words = len(axes) == 1 and axes[0].family == "channel"  # each word may be another kind
    unnamed = any(UNNAMED.fullmatch(axis.name) for axis in axes)
    preset = matching_preset(names) if words or (unnamed and axes[1:]) else None
    if preset:
        return preset
    text = _format_string(tokens)
    pattern = parse_format(text)
    for i in range(0, len(names), max(1, len(names) // _CHECKED)):
        found = pattern.regex.search(names[i])
        if found is None or found.groups() != tuple(axis.texts[axis.codes[i]] for axis in axes):
            raise refusal(f"pattern={text!r} nearly fits, but not {names[i]!r}")
    return pattern


def _format_string(tokens: list[Token]) -> str:
    """Return tokens as a format string."""
    text = re.sub(r"(\{\}){2,}", "{}", "".join(map(_field, tokens)))
    regex = compile_regex(text)[0] if "(" in text else None
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


def _similar_names(names: list[str]) -> list[str]:
    """Return the names that have the same separators and suffix as most; no thumbnails.

    They are normalised paths with slashes, below the folder that all share.

    >>> _similar_names(["a_1.tif", "a_2.tif", "a_2_thumb.tif", "b_1.tif", "notes.txt"])
    ['a_1.tif', 'a_2.tif', 'b_1.tif']
    """
    if any("/." in n or "//" in n or n[:1] == "." or n[-1:] == "/" for n in names):
        names = list(map(os.path.normpath, names))
    if os.sep != "/":
        names = [name.replace(os.sep, "/") for name in names]
    start = len(shared_folder(names))
    images = names = [name[start:] for name in names]
    if "thumb" in "\n".join(names).lower():
        images = [n for n in names if "thumb" not in os.path.basename(n).lower()] or names
    for simplify, least in ((_separators, _NEARLY_ALL), (partial(_COARSE.sub, "a"), _MAJORITY)):
        forms = list(_simplified(images, simplify))
        counts = Counter(forms)
        ((main, count),) = counts.most_common(1)
        if count == len(images):
            return images
        if count >= least * len(images):
            return [name for name, form in zip(images, forms, strict=True) if form == main]
    firsts = [images[forms.index(form)] for form, _ in counts.most_common(4)]
    raise NamesError(
        f"pattern='infer' finds {len(counts):,} makes of names, none of them of more than half of "
        f"the {len(images):,} files, such as {shown(firsts, len(counts))}: open fewer of them, or "
        "say the pattern; pattern=None puts files in a row, in natural order"
    )


def _simplified(names: Sequence[str], simplify: Callable[[str], str]) -> Iterator[str]:
    """Yield each name as simplified by a function, and its suffix if not all have the same."""
    same_suffix = common_suffix(names)
    for first in range(0, len(names), _BATCH):
        batch = names[first : first + _BATCH]
        forms = simplify("\n".join(batch)).split("\n")
        if len(forms) != len(batch):  # names with line ends
            forms = list(map(simplify, batch))
        if not same_suffix:
            suffixes = (os.path.splitext(name)[1].lower() for name in batch)
            forms = [form + suffix for form, suffix in zip(forms, suffixes, strict=True)]
        yield from forms


def _separators(text: str) -> str:
    """Return a text with each run of letters and digits replaced by one letter.

    >>> _separators("img_001 (2).tif")
    'a_a (a).a'
    """
    if not text.isascii():
        return _ALPHANUMERIC.sub("a", text)
    masked = text.encode().translate(_AS_LETTERS)  # in a third of the time
    for length in (16, 4, 2):
        masked = masked.replace(b"a" * length, b"a")
    while b"aa" in masked:
        masked = masked.replace(b"aa", b"a")
    return masked.decode()

"""Dates and UUIDs in names: each becomes one mark before names are split into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from dask_fileseq.patterns.name_pattern import factorize
from dask_fileseq.patterns.tokens import Token

UUID_MARK = "\0"
"""Replaces UUIDs, which vary but are no axis."""
MARKS = "[\0-\x08]"
"""A regular expression for marks."""

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-_.]?)[01]\d\1[0-3]\d"
    r"(?:([T_ -]?)[0-2]\d([-.:_]?)[0-5]\d(?:\3([0-5]\d)(?:([.,]?)(\d{3}(?:\d{3})?))?)?)?(?!\d)"
)
DATE_OR_UUID = re.compile(f"{_DATE.pattern}|{_UUID.pattern}")


def mask_dates(names: list[str]) -> tuple[list[str], dict[str, Token]]:
    r"""Return names with marks in place of dates that vary and UUIDs, and the dates' tokens.

    >>> names, dates = mask_dates(["a_20200723.tif", "a_20200724.tif"])
    >>> names, dates["\x01"].form, dates["\x01"].texts
    (['a_\x01.tif', 'a_\x01.tif'], '%Y%m%d', ['20200723', '20200724'])
    """
    dates: dict[str, Token] = {}
    if _UUID.search(names[0]):
        names = [_UUID.sub(UUID_MARK, name) for name in names]
    found = [list(_DATE.finditer(name)) for name in names]
    if len(set(map(len, found))) > 1:
        return names, dates
    masked = names
    for k in reversed(range(len(found[0]))):  # from the last, so that positions stay right
        matches = [in_name[k] for in_name in found]
        date = _date_token(matches)
        if date is not None:
            mark = chr(len(dates) + 1)
            dates[mark] = date
            length = len(date.texts[0])
            masked = [
                name[: match.start()] + mark + name[match.start() + length :]
                for name, match in zip(masked, matches, strict=True)
            ]
    return masked, dates


def unmask(tokens: list[Token], dates: dict[str, Token]) -> list[Token]:
    """Return tokens with those of dates and UUIDs in place of their marks."""
    result: list[Token] = []
    for token in tokens:
        if token.varies or not re.search(MARKS, token.texts[0]):
            result.append(token)
            continue
        for text in re.split(f"({MARKS})", token.texts[0]):
            if text in dates:
                result.append(dates[text])
            elif text:
                result.append(Token([text], token.codes, is_axis=text != UUID_MARK))
    return result


def _date_token(matches: list[re.Match[str]]) -> Token | None:
    """Return the token of dates that vary, None for other numbers."""
    begin = matches[0].start()
    for form, length in _forms(matches[0]):
        texts, codes = factorize([match[0][:length] for match in matches])
        if len(texts) == 1 or not all(_is_date(text, form) for text in texts):
            continue
        if "%f" in form and not _are_fractions(texts, matches[0].end(4) - begin):
            continue
        if "%H" in form and "%S" not in form and matches[0][2] != "T":
            start = matches[0].start(3) - 2 - begin
            if {text[start : start + 2] for text in texts} == {"00"}:
                continue  # as likely a number that begins at 0001
        name = "time" if "%H" in form else "date"
        return Token(texts, codes, name=name, family="date", form=form)
    return None


def _forms(match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Yield the formats that a match may have, and the length of each in it.

    >>> list(_forms(_DATE.search("a_2026-01-31_2359.tif")))
    [('%Y-%m-%d_%H%M', 15), ('%Y-%m-%d', 10)]
    """
    cut, between, inner, seconds, point, fraction = match.groups()
    day = f"%Y{cut}%m{cut}%d"
    if between is not None and (inner != "_" or (cut == "_" and seconds)):  # not two more numbers
        clock = day + between + inner.join(["%H", "%M", "%S"][: 3 if seconds else 2])
        if fraction:
            yield f"{clock}{point}%f", len(match[0])
        if not fraction or point:  # else digits go on
            yield clock, len(match[0]) - len(f"{point or ''}{fraction or ''}")
    if between != "":
        yield day, 8 + 2 * len(cut)


def _are_fractions(texts: list[str], start: int) -> bool:
    """Return whether the digits behind seconds are a part of them, not an axis of their own."""
    seconds, rest = {text[:start] for text in texts}, {text[start:] for text in texts}
    return len(set(map(len, rest))) == 1 and len(seconds) * len(rest) >= 2 * len(texts)


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True

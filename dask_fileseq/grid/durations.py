"""Durations and dates as texts, and texts as durations: no I/O.

pandas itself is not needed. Both ways are those of its ``Timedelta``, which also takes most of
the texts that are read here.
"""

from __future__ import annotations

import re

import numpy as np

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_CLOCK = re.compile(
    r"(?:(?P<d>\d+) ?d(?:ays?)?,? )?(?P<h>\d+):(?P<m>\d\d)(?::(?P<s>\d\d(?:\.\d{1,9})?))?"
)
_WORDS = re.compile(
    r"(?:(?P<d>\d+) ?(?:d|days?))? ?(?:(?P<h>\d+) ?(?:h|hours?|hr))? ?"
    r"(?:(?P<m>\d+) ?(?:m|min|minutes?))? ?(?:(?P<s>\d+(?:\.\d{1,9})?) ?(?:s|sec|seconds?))?",
    re.IGNORECASE,
)
_MOST_DIGITS = 20
SECOND = 10**9
"""The nanoseconds in a second."""


def duration_text(duration: np.timedelta64) -> str:
    """Return a duration in days, hours, minutes and seconds.

    >>> duration_text(np.timedelta64(9365, "m")), duration_text(np.timedelta64(250, "ms"))
    ('6 days 12:05:00', '00:00:00.25')
    """
    seconds, fraction = divmod(duration.astype("m8[ns]").astype(np.int64).item(), SECOND)
    days, seconds = divmod(seconds, 86400)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    text += f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{days} day{'s' * (days != 1)} {text}" if days else text


def date_text(text: str) -> str:
    """Return a date without a time of day, a second or a fraction that is zero.

    >>> date_text("2026-01-31T10:30:05.250000000"), date_text("2026-01-31T10:00")
    ('2026-01-31 10:30:05.25', '2026-01-31 10:00')
    """
    date, _, clock = text.partition("T")
    clock, _, fraction = clock.partition(".")
    if fraction := fraction.rstrip("0"):
        return f"{date} {clock}.{fraction}"
    clock = clock.removesuffix(":00") if clock.count(":") > 1 else clock
    return date if clock in ("", "00", "00:00") else f"{date} {clock}"


def duration_of_text(text: str) -> tuple[np.timedelta64, np.timedelta64]:
    """Return the duration that a text describes, and the finest unit that is written.

    Raises a ValueError for another text.

    >>> [duration_of_text(text)[0].item() for text in ("00:15:00", "15 min", "0d0h15m")]
    [900000000000, 900000000000, 900000000000]
    >>> duration_of_text("1 day")[1] / np.timedelta64(1, "h")
    np.float64(24.0)
    """
    match = _CLOCK.fullmatch(text) or _WORDS.fullmatch(text)
    parts = {unit: part for unit, part in match.groupdict().items() if part} if match else {}
    if not parts or max(map(len, parts.values())) > _MOST_DIGITS:
        raise ValueError("write it as '12:05:00', '6 days 12:05:00' or '6d 12h 5m 3.5s'")
    whole, _, fraction = parts.get("s", "0").partition(".")
    seconds = sum(_UNITS[unit] * int(part) for unit, part in parts.items() if unit != "s")
    nanoseconds = (seconds + int(whole)) * SECOND + int(fraction.ljust(9, "0"))
    if nanoseconds >= 2**63:
        raise ValueError("it is longer than 292 years")
    finest = _UNITS[list(parts)[-1]] * SECOND // 10 ** len(fraction)
    return np.timedelta64(nanoseconds, "ns"), np.timedelta64(finest, "ns")

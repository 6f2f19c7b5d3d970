"""Texts for people and for records: without credentials, and without control characters.

URLs may contain a user, a password, or the signature of a query, and names may contain
characters that a terminal obeys. Files are opened by the names as they are; what is shown or
recorded goes through these functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_USER = re.compile(r"(?<=://)[^/\s'\"<>?#]*@")

_PARAMETER = re.compile(
    r"""(?P<start>[?&])
    (?:
        [\w.-]*(?:token|secret|passw|signature|credential|api[-_]?key|accesskey|access[-_]key)[\w.-]*
        | x-(?:amz|goog|ms|oss)-[\w.-]*
        | sig | key | auth | authorization | pwd | policy | key-pair-id | googleaccessid | expires
    )=[^&\s'"<>#]*""",
    re.VERBOSE | re.IGNORECASE,
)

_CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)

_ANY_CONTROL = re.compile(f"{_CONTROL.pattern}|\n")


def counted(count: int, noun: str) -> str:
    """Return a number with a noun, in the plural unless there is one.

    >>> counted(1, "file"), counted(1234, "empty cell")
    ('1 file', '1,234 empty cells')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def without_secrets(text: str) -> str:
    """Return a text without the users, passwords and signatures of the URLs in it.

    >>> without_secrets("s3://key:secret@host/t1.tif"), without_secrets("ann@host/t1.tif?key=1")
    ('s3://host/t1.tif', 'ann@host/t1.tif?key=1')
    >>> without_secrets("https://host/t1.tif?page=2&X-Amz-Signature=81f0&X-Amz-Date=2020")
    'https://host/t1.tif?page=2'
    """
    if "://" not in text:
        return text
    text = _USER.sub("", text)
    if "?" not in text:
        return text
    text = _PARAMETER.sub(lambda found: "?\0" if found["start"] == "?" else "", text)
    return text.replace("?\0&", "?").replace("?\0", "")


def printable(text: str, *, lines: bool = True) -> str:
    r"""Return a text with escapes in place of the characters that a terminal obeys.

    These are control characters, overrides of the direction of writing, and characters that
    are not seen; with ``lines=False`` also ends of lines.

    >>> print(printable("t1\x1b]0;owned\x07.tif"), printable("a\nb", lines=False))
    t1\x1b]0;owned\x07.tif a\nb
    """
    pattern = _CONTROL if lines else _ANY_CONTROL
    return pattern.sub(lambda found: repr(found[0])[1:-1], text)


def json_escaped(text: str) -> str:
    r"""Return JSON that means the same, with escapes for the characters that a terminal obeys.

    >>> print(json_escaped('"t1\u202e.tif"'))
    "t1\u202e.tif"
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def public_text(text: str) -> str:
    r"""Return a text that may be shown: without credentials and control characters.

    >>> print(public_text("http://me:pass@host/t1\x1b[31m.tif"))
    http://host/t1\x1b[31m.tif
    """
    return printable(without_secrets(text))


def public_names(names: Iterable[str]) -> list[str]:
    """Return names without credentials."""
    return [without_secrets(name) for name in names]


def public_values(value: Any) -> Any:
    r"""Return plain data of which all texts may be shown, in one line each.

    >>> print(public_values({"names": ["a\tb"], "count": 1})["names"][0])
    a\tb
    """
    if isinstance(value, str):
        return printable(without_secrets(value), lines=False)
    if isinstance(value, Mapping):
        return {public_values(key): public_values(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(public_values, value))
    return value

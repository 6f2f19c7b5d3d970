"""Functions that convert the texts of options to values of Python; they raise `BadParameter`."""

from __future__ import annotations

import json
import re
from typing import Any

import click

_STEP = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(\D*)", re.IGNORECASE)


def pairs(text: str, form: str = "NAME=VALUE,...") -> dict[str, str]:
    """Return a dict of texts from ``name=text,name=text``.

    >>> pairs("s=image,ch=c")
    {'s': 'image', 'ch': 'c'}
    """
    parts = [part.partition("=") for part in text.split(",")]
    result = {key.strip(): value.strip() for key, equals, value in parts if equals}
    if len(result) != len(parts):
        raise click.BadParameter(f"{text!r} is not of the form {form}, each name once")
    return result


def sizes(text: str) -> Any:
    """Return None for ``auto``, False for ``none``, an int, a tuple, or a dict of ints.

    >>> [sizes(text) for text in ("auto", "none", "512", "1,64,64", "y=64,x=64")]
    [None, False, 512, (1, 64, 64), {'y': 64, 'x': 64}]
    """
    if text in ("auto", "none"):
        return None if text == "auto" else False
    try:
        if "=" in text:
            return {name: int(size) for name, size in pairs(text).items()}
        numbers = tuple(map(int, text.split(",")))
    except ValueError:
        message = f"{text!r} is neither auto, a number, numbers nor name=number"
        raise click.BadParameter(message) from None
    return numbers[0] if len(numbers) == 1 else numbers


def scales(text: str) -> dict[str, Any]:
    """Return a dict of floats, or of pairs of float and unit, from ``name=step[unit],...``.

    >>> scales("z=0.5um,t=30 s,x=1")
    {'z': (0.5, 'um'), 't': (30.0, 's'), 'x': 1.0}
    """
    result: dict[str, Any] = {}
    for name, step in pairs(text, "NAME=STEP[UNIT],...").items():
        found = _STEP.fullmatch(step)
        if found is None:
            raise click.BadParameter(f"{step!r} is no number with a unit, as 0.5um")
        result[name] = (float(found[1]), found[2]) if found[2] else float(found[1])
    return result


def fill(text: str) -> Any:
    """Return a number, or a word of `fillvalue`.

    >>> fill("7"), fill("-0.5"), fill("nodata"), fill("nan")
    (7, -0.5, 'nodata', 'nan')
    """
    if text in ("auto", "nodata", "nan"):
        return text
    try:
        number = float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number, auto, nodata nor nan") from None
    return int(text) if text.lstrip("+-").isdecimal() else number


def series(text: str) -> int | str:
    """Return the number of an image, or its name.

    >>> series("2"), series("all")
    (2, 'all')
    """
    return int(text) if text.lstrip("-").isdecimal() else text


def pages(text: str) -> int | slice:
    """Return the number of a page, or a slice of pages.

    >>> pages("3"), pages("::2")
    (3, slice(None, None, 2))
    """
    try:
        numbers = [int(part) if part else None for part in text.split(":")]
    except ValueError:
        numbers = []
    if not 0 < len(numbers) <= 3 or numbers == [None]:
        raise click.BadParameter(f"{text!r} is neither a number nor start:stop or start:stop:step")
    return slice(*numbers) if len(numbers) > 1 else int(text)


def key_value(text: str) -> tuple[str, Any]:
    """Return a key and its value, which is read as JSON if it is, and else is text.

    >>> key_value("anon=true"), key_value("region=eu-west-1")
    (('anon', True), ('region', 'eu-west-1'))
    """
    key, value = _split(text, "KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def folder_pair(text: str) -> tuple[str, str]:
    """Return a folder, and the folder that workers use instead, from ``ROOT=OTHER``."""
    return _split(text, "ROOT=OTHER")


def _split(text: str, form: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not {form}")
    return key, value

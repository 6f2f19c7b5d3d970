"""What users write after options, as Python has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType

__all__ = ["PAIRS", "SCALES", "SIZES", "Pairs", "Scales", "Sizes", "path_map", "storage_options"]

_STEP = re.compile(r"([+-]?[\d.]+(?:e[+-]?\d+)?)\s*(\D*)", re.IGNORECASE)


class Pairs(ParamType):
    """``name=text,name=text``: a dict of texts."""

    name = "NAME=VALUE,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, str]:
        """Return a dict of texts.

        >>> PAIRS.convert("s=image,ch=c", None, None)
        {'s': 'image', 'ch': 'c'}
        """
        if isinstance(value, dict):
            return value
        pairs = dict(part.split("=", 1) for part in value.split(",") if "=" in part)
        if len(pairs) != len(value.split(",")):
            self.fail(f"{value!r} is not of the form {self.name}, each name once", param, ctx)
        return {key.strip(): text.strip() for key, text in pairs.items()}


class Sizes(ParamType):
    """``auto``, ``none``, a number, a number for each axis, or ``name=number,...``."""

    name = "SIZES"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return None for ``auto``, False for ``none``, an int, a tuple, or a dict of ints.

        >>> [SIZES.convert(v, None, None) for v in ("auto", "none", "512", "1,64,64", "y=64,x=64")]
        [None, False, 512, (1, 64, 64), {'y': 64, 'x': 64}]
        """
        if not isinstance(value, str) or value == "auto":
            return None if value == "auto" else value
        if value == "none":
            return False
        try:
            if "=" in value:
                pairs = PAIRS.convert(value, param, ctx)
                return {key: int(text) for key, text in pairs.items()}
            sizes = tuple(map(int, value.split(",")))
        except ValueError:
            self.fail(f"{value!r} is neither auto, a number, numbers nor name=number", param, ctx)
        return sizes[0] if len(sizes) == 1 else sizes


class Scales(ParamType):
    """``name=step[unit],...``: a dict of steps, or steps with units."""

    name = "NAME=STEP[UNIT],..."

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, Any]:
        """Return a dict of floats, or of pairs of float and unit.

        >>> SCALES.convert("z=0.5um,t=30 s,x=1", None, None)
        {'z': (0.5, 'um'), 't': (30.0, 's'), 'x': 1.0}
        """
        if isinstance(value, dict):
            return value
        scales: dict[str, Any] = {}
        for key, text in PAIRS.convert(value, param, ctx).items():
            found = _STEP.fullmatch(text)
            try:
                step = float(found[1]) if found else None
            except ValueError:
                step = None
            if found is None or step is None:
                self.fail(f"{text!r} is no number with a unit, as 0.5um", param, ctx)
            scales[key] = (step, found[2]) if found[2] else step
        return scales


PAIRS, SIZES, SCALES = Pairs(), Sizes(), Scales()


def storage_options(ctx: Any, param: Any, pairs: tuple[str, ...]) -> dict[str, Any] | None:
    """Return a dict of the values that JSON has for ``KEY=VALUE``, else of texts.

    >>> storage_options(None, None, ("anon=true", "region=eu-west-1"))
    {'anon': True, 'region': 'eu-west-1'}
    """
    options: dict[str, Any] = {}
    for key, text in _split(ctx, param, pairs, "KEY=VALUE"):
        try:
            options[key] = json.loads(text)
        except ValueError:
            options[key] = text
    return options or None


def path_map(ctx: Any, param: Any, pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Return a dict of folders.

    >>> path_map(None, None, ("/data=/mnt/data",))
    {'/data': '/mnt/data'}
    """
    return dict(_split(ctx, param, pairs, "ROOT=OTHER")) or None


def _split(ctx: Any, param: Any, pairs: tuple[str, ...], form: str) -> Iterator[tuple[str, str]]:
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not {form}", ctx, param)
        yield key, text

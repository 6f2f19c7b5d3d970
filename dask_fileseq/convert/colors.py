"""Colours of channels, by their names and else in turn."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["channel_colors"]

BY_NAME = (
    (r"dapi|hoechst|405|\bblue\b|bfp|violet", "0000FF"),
    (r"gfp|fitc|488|alexa ?fluor|\bgreen\b|venus|yfp", "00FF00"),
    (r"cy5|647|640|633|far.?red|647n|draq5|nir", "FF00FF"),
    (r"cy3|tritc|rfp|mcherry|cherry|561|568|594|texas|tomato|\bred\b", "FF0000"),
    (r"cfp|cyan", "00FFFF"),
    (r"bright|phase|dic|trans|bf|tl\b|gray|grey", "FFFFFF"),
)
"""Colours by what a name has in it."""

IN_TURN = ("0000FF", "00FF00", "FF0000", "FF00FF", "00FFFF", "FFFF00", "FFFFFF")


def channel_colors(names: Sequence[str]) -> list[str]:
    """Return a colour for each channel.

    >>> channel_colors(["DAPI", "Cy5"]), channel_colors(["1", "2"]), channel_colors(["1"])
    (['0000FF', 'FF00FF'], ['0000FF', '00FF00'], ['FFFFFF'])
    """
    if len(names) == 1 and _by_name(names[0]) is None:
        return ["FFFFFF"]
    return [_by_name(name) or IN_TURN[i % len(IN_TURN)] for i, name in enumerate(names)]


def _by_name(name: str) -> str | None:
    for pattern, color in BY_NAME:
        if re.search(pattern, name, re.IGNORECASE):
            return color
    return None

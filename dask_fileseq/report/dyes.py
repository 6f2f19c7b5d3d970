"""The colour of a channel by the dye, protein or wavelength in its name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "blue": (70, 120, 255),
    "cyan": (70, 220, 230),
    "green": (60, 230, 90),
    "yellow": (240, 220, 70),
    "magenta": (240, 90, 240),
    "red": (255, 80, 70),
}
"""Red, green and blue of colours that are bright enough on black."""

_DYE = r"(?:alexa|atto|cf|af|a|dylight|jf)[ _-]?(?:fluor[ _-]?)?"
HUES = (
    (rf"dapi\d?|hoechst\w*|(?:tag|[em])?bfp\d?|blue|dna|(?:{_DYE})?(?:350|405)", "blue"),
    (r"[em]?cfp|cerulean|turquoise\w*|cyan", "cyan"),
    (
        r"(?:[em]|sf)?gfp\d?|fitc|[a-z]*gcamp\w*|green|m?neon\w*|m?clover\w*|"
        rf"(?:{_DYE})?(?:470|475|488)",
        "green",
    ),
    (r"[em]?yfp|m?venus|m?citrine|yellow|(?:514)", "yellow"),
    (
        r"cy-?5(?:\.5)?|cy-?7|draq5|sir\w*|far[ _-]?red|apc|m?irfp\w*|"
        rf"(?:{_DYE})?(?:633|635|640|642|647|660|680)",
        "magenta",
    ),
    (
        r"tritc|rhod\w*|[em]?rfp\d?|texas[ _-]?red|m?cherry\w*|td-?tomato|ds-?red\w*|cy-?3(?:\.5)?|"
        rf"m?scarlet\w*|m?ruby\w*|red|(?:{_DYE})?(?:532|546|555|561|568|594)",
        "red",
    ),
)
"""Colours by what is in a name as a word."""

ORDER = ("green", "red", "blue", "magenta", "cyan", "yellow")
"""Colours in the order in which channels get them whose names do not tell."""

_TRANSMITTED = re.compile(r"bright|phase|dic|trans|bf|tl\b|gr[ae]y", re.IGNORECASE)


def dye_hue(name: str) -> str:
    """Return the colour of a channel, one of `COLOURS`; empty if its name does not tell.

    >>> [dye_hue(name) for name in ("DAPI", "w1_Hoechst 33342", "405 nm", "EGFP", "Alexa 488")]
    ['blue', 'blue', 'blue', 'green', 'green']
    >>> [dye_hue(name) for name in ("TRITC", "561", "Alexa Fluor 647", "Actin", "Brightfield", "2")]
    ['red', 'red', 'magenta', '', '', '']
    """
    for pattern, hue in HUES:
        if re.search(rf"(?<![a-z0-9])(?:{pattern})(?:[ _-]?nm)?(?![a-z0-9])", name, re.IGNORECASE):
            return hue
    return ""


def dye_colour(name: str) -> Colour | None:
    """Return the colour of a channel as red, green and blue; None if its name does not tell."""
    return COLOURS.get(dye_hue(name))


def channel_hues(names: Sequence[str]) -> list[str]:
    """Return a colour for each channel: by its dye, white for transmitted light, else another.

    >>> channel_hues(["DAPI", "actin", "phase"]), channel_hues(["actin"])
    (['blue', 'green', 'white'], ['white'])
    """
    found = [dye_hue(name) or ("white" if _TRANSMITTED.search(name) else "") for name in names]
    others = [hue for hue in ORDER if hue not in found] or ["white"]
    turn = itertools.cycle(others if len(names) > 1 else ["white"])
    return [hue or next(turn) for hue in found]

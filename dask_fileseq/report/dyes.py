"""The colour of a channel by the dye, protein or wavelength in its name."""

from __future__ import annotations

import re

Colour = tuple[int, int, int]

BLUE, GREEN, RED = (70, 120, 255), (60, 230, 90), (255, 80, 70)
MAGENTA, CYAN, YELLOW = (240, 90, 240), (70, 220, 230), (240, 220, 70)

_DYE = r"(?:alexa|atto|cf|af|a|dylight|jf)[ _-]?(?:fluor[ _-]?)?"
COLOURS: tuple[tuple[str, Colour], ...] = (
    (rf"dapi|hoechst\w*|[em]?t?ag?bfp2?|blue|dna|(?:{_DYE})?(?:350|405)", BLUE),
    (r"[em]?cfp|cerulean|turquoise\w*|cyan", CYAN),
    (
        rf"[em]?gfp|egfp|fitc|[a-z]*gcamp\w*|green|neon\w*|clover\w*|(?:{_DYE})?(?:470|475|488)",
        GREEN,
    ),
    (r"[em]?yfp|m?venus|m?citrine|yellow|(?:514)", YELLOW),
    (
        r"cy-?5(?:\.5)?|cy-?7|draq5|sir\w*|far[ _-]?red|apc|irfp\w*|"
        rf"(?:{_DYE})?(?:633|635|640|642|647|660|680)",
        MAGENTA,
    ),
    (
        r"tritc|rhod\w*|[em]?rfp|texas[ _-]?red|m?cherry\w*|td-?tomato|ds-?red\w*|cy-?3(?:\.5)?|"
        rf"m?scarlet\w*|m?ruby\w*|red|(?:{_DYE})?(?:532|546|555|561|568|594)",
        RED,
    ),
)
"""Colours by what is in a name as a word."""


def dye_colour(name: str) -> Colour | None:
    """Return the colour of a channel as red, green and blue; None if its name does not tell.

    >>> dye_colour("DAPI") == dye_colour("w1_Hoechst 33342") == dye_colour("405 nm") == BLUE
    True
    >>> dye_colour("Alexa 488") == dye_colour("EGFP") == GREEN
    True
    >>> dye_colour("Actin"), dye_colour("phase"), dye_colour("2"), dye_colour("Brightfield")
    (None, None, None, None)
    """
    for pattern, colour in COLOURS:
        if re.search(rf"(?<![a-z0-9])(?:{pattern})(?:[ _-]?nm)?(?![a-z0-9])", name, re.IGNORECASE):
            return colour
    return None

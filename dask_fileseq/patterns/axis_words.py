"""The words that name axes, those that are labels of channels, and the rows of plates."""

import re
import string

FAMILIES = {
    word: family
    for family, words in {
        "time": "t tp tl time timepoint frame",
        "z": "z zstep zslice sl slice plane focal focus depth section sec sliceimage layer",
        "channel": "c ch chan channel w wv wave wavelength wl",
        "series": "s site f fov field fld pos position p series xy point region reg roi",
        "row": "row r",
        "column": "col column",
        "x": "x",
        "y": "y",
        "tile": "tile",
        "band": "b band",
        "day": "d day",
        "hour": "h hour",
        "minute": "m min minute",
        "well": "well",
        "angle": "angle",
    }.items()
    for word in words.split()
}
"""The kind of axis, by the letters before or after a number."""

CATEGORIES = frozenset({"channel", "band", "well", "row", "column"})
"""The kinds of axes whose numbers are labels: one that is not there is not missing."""

_ROWS = frozenset("ABCDEFGHIJKLMNOP")
ALL_ROWS = frozenset([*string.ascii_uppercase, "AA", "AB", "AC", "AD", "AE", "AF"])
"""The rows of a plate of 1,536 wells, which differ from words by ``AA`` to ``AF``."""
COLUMNS = 48
"""The most columns that a plate has."""

POLARIZATIONS = frozenset(["vv", "vh", "hh", "hv"])
_BANDS = re.compile(
    r"b(and)?\d{1,2}a?|(s[rt]|qa)_\w+|nir\d?|re|reg|gre|rededge\d?|swir\d?|tir\d?|pan|scl|aot|wvp"
    r"|tci|ndvi|evi\d?|ndwi|lst|qa|qai|boa|cld|cloud"
)
_SEASONS = frozenset(["winter", "spring", "summer", "fall", "autumn"])
_SIDES = frozenset(["left", "right"])
_COLORS = frozenset(["r", "g", "b", "red", "green", "blue"])
# Names of fluorophores and stains as in the lists of FPbase and of microscopes' software, and
# of the ways of transmitted light.
_DYES = re.compile(
    r"(\d{2,3}[a-z]{1,2}_.*|esb|inlens|bse|se\d?"
    r"|bf|bright[ _-]?field|phase\w*|dic|dia|td|trans\w*|pol|dapi|hoechst\w*|draq5|to-?pro\w*"
    r"|[e]?[gybcr]fp\w*|m?(cherry|apple|neon\w*|kate\w*|citrine|venus|turquoise\w*|scarlet\w*|ruby"
    r"\w*|orange|plum|strawberry|clover)\w*|td-?tomato|ds-?red\w*|fitc|tritc|rhod\w*|texas[ _-]?red"
    r"|cy-?[2357](\.5)?|alexa\w*|af?(350|405|430|488|5[1-9]\d|6[0-9]\d|7[059]0)|atto\w*|bodipy\w*|er|mito\w*|lyso\w*|sir\w*|jf\d+"
    r"|pe|apc|percp|gcamp\w*|rcamp\w*|fura\w*|fluo\w*|rgb|he|h&e|dab|iba1|nissl|actin|tubulin"
    r"|phalloidin|wga|cona|syto\w*|agp|dna|rna|uv|cyan|yellow|magenta|farred|far[ _-]?red"
    r"|[3-7]\d\d)([ _-].*)?|.*[ _-](dapi|gfp|fitc|tritc|cy[357]|dsred)|\d{3} ?nm.*",
)
_LETTERS = frozenset(["r", "g", "b", "re", "nir", "ir", "l"])
"""Letters are colors only among themselves and near infrared, red edge and luminance. L and R
alone are left and right."""
_NUMBERED = re.compile(r"(w|ch?)\d+[ _-]?(?=[a-z])")


def are_rows(texts: list[str]) -> bool:
    """Return whether all texts are rows of a plate, in capitals or all in small letters."""
    if all(map(str.islower, texts)):
        texts = [text.upper() for text in texts]
    large = any(len(text) == 2 for text in texts)
    return (ALL_ROWS if large else _ROWS).issuperset(texts)


def word_axis(texts: list[str]) -> str:
    """Return the name of an axis of words by what most of them are, ``label`` if unknown.

    >>> word_axis(["DAPI", "GFP", "x"]), word_axis(["VV", "VH"]), word_axis(["WT", "KO"])
    ('channel', 'polarization', 'label')
    >>> word_axis(["R", "G"]), word_axis(["L", "R"]), word_axis(["left", "right"])
    ('channel', 'label', 'side')
    """
    words = [_NUMBERED.sub("", text.lower()) for text in texts]
    if POLARIZATIONS.issuperset(words):
        return "polarization"
    if _SEASONS.issuperset(words):
        return "season"
    if _SIDES.issuperset(words):
        return "side"
    letters = _LETTERS.issuperset(words) and set(words) != {"l", "r"}
    colors = sum(len(word) > 1 or letters for word in words if word in _COLORS)
    bands = sum(map(bool, map(_BANDS.fullmatch, words)))
    dyes = sum(map(bool, map(_DYES.fullmatch, words)))
    if bands > dyes and 2 * (bands + colors) > len(words):
        return "band"
    return "channel" if 3 * (dyes + colors) >= len(words) else "label"

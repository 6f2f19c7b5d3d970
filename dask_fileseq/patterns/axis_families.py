"""The words that name axes, and the rows of plates."""

import string

FAMILIES = {
    word: family
    for family, words in {
        "time": "t tp time timepoint frame",
        "z": "z zstep zslice sl slice plane focal focus",
        "channel": "c ch chan channel w wv wave wavelength wl",
        "series": "s site f fov field fld pos position p series",
        "row": "row r",
        "column": "col column",
        "x": "x",
        "y": "y",
        "tile": "tile",
        "band": "b band",
        "day": "d day",
        "hour": "h hour",
        "minute": "m min minute",
    }.items()
    for word in words.split()
}
"""The kind of axis, by the letters before or after a number."""

_ROWS = frozenset("ABCDEFGHIJKLMNOP")
ALL_ROWS = frozenset([*string.ascii_uppercase, "AA", "AB", "AC", "AD", "AE", "AF"])
"""The rows of a plate of 1,536 wells, which differ from words by ``AA`` to ``AF``."""


def are_rows(texts: list[str]) -> bool:
    """Return whether all texts are rows of a plate."""
    large = any(len(text) == 2 for text in texts)
    return (ALL_ROWS if large else _ROWS).issuperset(texts)

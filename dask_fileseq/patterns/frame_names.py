"""Names of frames as ffmpeg, ImageMagick and the film world write them: ``%04d`` and ``####``.

They become a format string. ``%d`` and ``%04d`` are numbers and ``%%`` is a percent sign, as
in C's `printf`; a run of ``#`` is a number of at least as many digits. One ``#`` before a letter
or digit is text, as in ``plate#3``, and so is any ``#`` where there is a ``%d``.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from dask_fileseq.patterns.bioformats import axis_letters
from dask_fileseq.patterns.format_string import parse_format
from dask_fileseq.patterns.name_pattern import NamePattern, unique_dims

_PRINTF = re.compile(r"(%%)|%(?:0(\d{1,2}))?d")
_HASHES = re.compile(r"()(##+|#(?![^\W_]))")
_SEPARATORS = re.compile(r"[/\\]" if os.sep == "\\" else "/")


class FrameNames(NamedTuple):
    """What finds the names of frames, and what they mean."""

    glob: str
    """A glob pattern for them."""
    pattern: NamePattern
    """Matches just those with numbers in their places, below the last folder without one."""


def has_printf(text: str) -> bool:
    """Return whether a text has a number in the notation of `printf`.

    >>> has_printf("a_%04d.tif"), has_printf("100%%.tif"), has_printf("a%20d.tif")
    (True, False, False)
    """
    return any(match[0] != "%%" for match in _PRINTF.finditer(text))


def has_frames(text: str) -> bool:
    """Return whether a text has a number in any of the notations."""
    return has_printf(text) or _HASHES.search(text) is not None


def parse_frames(text: str) -> NamePattern:
    """Return the pattern of a text with numbers in these notations.

    The axis has the name of the letters before its number, as with blocks of Bio-Formats, else
    ``frame``.

    >>> print(parse_frames("shot7_%04d.exr"), parse_frames("z##_t#.tif"))
    shot7_{frame:04d}.exr z{z:02d}_t{t:d}.tif
    """
    between, fields = _split(text)
    letters = [axis_letters(before, "int") or "frame" for before in between[:-1]]
    shown = _braces(between[0])
    for dim, width, behind in zip(unique_dims(letters), fields, between[1:], strict=True):
        shown += f"{{{dim}:{f'0{width}' if width > 1 else ''}d}}{_braces(behind)}"
    return parse_format(f"format:{shown}" if re.search("[(<]", shown) else shown)


def frame_names(text: str) -> FrameNames | None:
    """Return what finds the files that a text with numbers in these notations names.

    None if it has no such number, or is a URL on the web, where ``%`` and ``#`` are marks.

    >>> print(*frame_names("/data/run1/cam%d/a_%%_####.tif"))
    /data/run1/cam*/a_%_####.tif cam{cam:d}/a_%_####.tif
    """
    if text.startswith(("http://", "https://")) or not has_frames(text):
        return None
    between, _ = _split(text)
    parts = _SEPARATORS.split(text)
    first = next(i for i, part in enumerate(parts) if has_frames(part))
    return FrameNames("*".join(between), parse_frames("/".join(parts[first:])))


def _split(text: str) -> tuple[list[str], list[int]]:
    """Return the texts between numbers, and the least digits of these.

    >>> _split("5%%_%04d_%d.tif")
    (['5%_', '_', '.tif'], [4, 1])
    """
    printf = has_printf(text)
    between, widths, end = [""], [], 0
    for match in (_PRINTF if printf else _HASHES).finditer(text):
        between[-1] += text[end : match.start()]
        end = match.end()
        if match[1]:
            between[-1] += "%"
        else:
            widths.append(int(match[2] or 1) if printf else len(match[2]))
            between.append("")
    between[-1] += text[end:]
    return between, widths


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

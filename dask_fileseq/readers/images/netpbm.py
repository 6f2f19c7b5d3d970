"""Portable bitmaps, graymaps, pixmaps and float maps: header and pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers.images.headervalue import ImageHeader, image_spec

NETPBM_MAGIC = re.compile(rb"P[1-6fF][\s#]")

_GAP = rb"(?:\s|#[^\n]*\n)+"
"""Blanks and comments between numbers."""

_INTEGERS = re.compile(rb"P([1-6])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})")
_MAXIMUM = re.compile(_GAP + rb"(\d{1,9})")
_FLOATS = re.compile(rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s")

_LONGEST = 4096
"""Number of bytes in which a header, with its comments, must be."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the header of a file declares."""

    kind: str
    """The letter or number of the format."""
    shape: tuple[int, int, int]
    """Height, width and samples."""
    stored: np.dtype[Any]
    """Type of the numbers in the file."""
    maximum: int
    start: int
    """Position of the first pixel."""

    @property
    def size(self) -> int:
        """Least number of bytes of the pixels."""
        height, width, samples = self.shape
        if self.kind == "4":
            return height * -(-width // 8)
        return height * width * samples * (1 if self.kind in "123" else self.stored.itemsize)


def read_netpbm_header(file: BinaryIO) -> ImageHeader:
    """Return what the header of a Netpbm file proves.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    layout = _layout(file.read(_LONGEST))
    spec = image_spec(*layout.shape, layout.stored.newbyteorder("=").str)
    end = None if layout.kind in "123" else b""
    return ImageHeader(("netpbm",), spec, layout.start + layout.size, end)


def netpbm_decode(content: bytes) -> NDArray[Any]:
    r"""Return the pixels of a Netpbm file, as they are stored: no value is scaled.

    Bits become 0 and 255, where 1 in the file is black. Rows of floats, which a file has from the
    lowest to the highest, are in the order of other images.

    Raises
    ------
    ValueError
        If the file is damaged or contains several images.

    Examples
    --------
    >>> netpbm_decode(b"P2 2 1 9  7 8").tolist(), netpbm_decode(b"P1\n2 1\n01").tolist()
    ([[7, 8]], [[255, 0]])
    """
    layout = _layout(content[:_LONGEST])
    if layout.kind in "123":
        numbers = _numbers(content[layout.start :], layout)
    elif NETPBM_MAGIC.match(content[layout.start + layout.size :].lstrip()):
        raise ValueError("contains several images")
    elif layout.kind == "4":
        packed = np.frombuffer(content, np.uint8, layout.size, layout.start)
        numbers = np.unpackbits(packed.reshape(layout.shape[0], -1), axis=1, count=layout.shape[1])
    else:
        count = layout.size // layout.stored.itemsize
        numbers = np.frombuffer(content, layout.stored, count, layout.start)
    if layout.kind not in "4fF" and (numbers.min() < 0 or numbers.max() > layout.maximum):
        raise ValueError(f"has pixels that are not between 0 and {layout.maximum}")
    image = numbers.reshape(layout.shape).astype(layout.stored.newbyteorder("="))
    if layout.kind in "14":
        image = (1 - image) * np.uint8(255)
    if layout.kind in "fF":
        image = image[::-1].copy()
    return image if layout.shape[2] > 1 else image[..., 0]


def _layout(raw: bytes) -> _Layout:
    if (match := _FLOATS.match(raw)) is not None:
        stored, maximum, start = ("<f4" if float(match[4]) < 0 else ">f4"), 0, match.end()
    elif (match := _INTEGERS.match(raw)) is not None:
        maximum, start = 1, match.end()
        if match[1] not in b"14" and (found := _MAXIMUM.match(raw, start)) is not None:
            maximum, start = int(found[1]), found.end()
        elif match[1] not in b"14":
            maximum = 0
        stored = "u1" if maximum < 256 else ">u2"
        start += match[1] in b"456"  # one blank
    if match is None or not (width := int(match[2])) or not (height := int(match[3])):
        raise ValueError("is a Netpbm file with a damaged header")
    kind = match[1].decode()
    if kind not in "fF" and not 0 < maximum < 2**16:
        raise ValueError("is a Netpbm file with a damaged header: no largest value")
    shape = (height, width, 3 if kind in "36F" else 1)
    return _Layout(kind, shape, np.dtype(stored), maximum, start)


def _numbers(text: bytes, layout: _Layout) -> NDArray[Any]:
    """Return the numbers of a text."""
    text = re.sub(rb"#[^\n]*", b"", text)
    texts = list(b"".join(text.split()).decode("latin1")) if layout.kind == "1" else text.split()
    count = int(np.prod(layout.shape))
    if len(texts) != count:
        raise ValueError(f"has {len(texts):,} numbers for {count:,} pixels")
    try:
        numbers = np.array(list(map(int, texts)), np.int64)
    except ValueError as error:
        raise ValueError(f"has pixels that are no numbers: {error}") from error
    return numbers

"""The header of an image file, by its first bytes, and whether the file can hold such an image."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from dask_fileseq.readers.images.bitmapheader import (
    read_bmp_header,
    read_hdr_header,
    read_npy_header,
    read_webp_header,
)
from dask_fileseq.readers.images.gifheader import read_gif_header
from dask_fileseq.readers.images.headervalue import ImageHeader
from dask_fileseq.readers.images.jpeg2000header import (
    CODESTREAM_MAGIC,
    JP2_MAGIC,
    read_jpeg2000_header,
)
from dask_fileseq.readers.images.jpegheader import read_jpeg_header
from dask_fileseq.readers.images.netpbm import NETPBM_MAGIC, read_netpbm_header
from dask_fileseq.readers.images.pngheader import PNG_MAGIC, read_png_header

_MAGIC: tuple[tuple[bytes, Callable[[BinaryIO], ImageHeader]], ...] = (
    (PNG_MAGIC, read_png_header),
    (b"\xff\xd8\xff", read_jpeg_header),
    (JP2_MAGIC, read_jpeg2000_header),
    (CODESTREAM_MAGIC, read_jpeg2000_header),
    (b"\x93NUMPY", read_npy_header),
    (b"BM", read_bmp_header),
    (b"GIF87a", read_gif_header),
    (b"GIF89a", read_gif_header),
    (b"#?RADIANCE", read_hdr_header),
    (b"#?RGBE", read_hdr_header),
    (b"\xff\x0a", lambda _: ImageHeader(("jpegxl",))),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", lambda _: ImageHeader(("jpegxl",))),
    (b"II\xbc", lambda _: ImageHeader(("jpegxr",))),
)
"""The first bytes of each kind of file, and what reads its header."""


_TAIL = 64
"""Number of bytes in which the end of a file must be; some programs add a few."""


def read_image_header(file: BinaryIO) -> ImageHeader | None:
    """Return what the first bytes of a file prove; None if they are of no known kind.

    Raises
    ------
    ValueError
        If they are damaged.
    """
    file.seek(0)
    start = file.read(12)
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return read_webp_header(file)
    if start[4:11] == b"ftypavi":
        return ImageHeader(("avif",))
    if NETPBM_MAGIC.match(start):
        file.seek(0)
        return read_netpbm_header(file)
    for magic, read in _MAGIC:
        if start.startswith(magic):
            file.seek(0)
            return read(file)
    return None


def require_plausible(header: ImageHeader, file: BinaryIO) -> None:
    """Raise `ValueError` if a file is too short for the image that its header declares."""
    size = file.seek(0, os.SEEK_END)
    if size < header.least:
        what = "" if header.spec is None else f" of shape {header.spec.shape}"
        raise ValueError(
            f"file is truncated, or its header is damaged: an image{what} takes at least "
            f"{header.least:,} bytes, the file has {size:,}"
        )


def is_complete(header: ImageHeader, file: BinaryIO) -> bool:
    """Return whether a file that `require_plausible` passed ends as it should; False if unknown."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    return header.end is not None and header.end in file.read()

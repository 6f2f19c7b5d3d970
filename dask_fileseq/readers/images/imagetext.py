"""What JPEG and PNG files say in words: EXIF, and the texts of PNG.

EXIF is a TIFF file in a segment of a JPEG file, or in a chunk of a PNG file; tifffile parses it.
See https://www.cipa.jp/std/documents/download_e.html?CIPA_DC-008-2024-E and, for PNG's keywords,
https://www.w3.org/TR/png-3/#11keywords. What cannot be interpreted says nothing.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

import tifffile

from dask_fileseq.readers.headercolumns import as_date, as_number

LONGEST = 2**20
"""Most bytes of a chunk or segment that are read."""

EXIF_TAG, DATETIME, SOFTWARE = 34665, 306, 305

EXIF_START = b"Exif\0\0"
_log, _lock = logging.getLogger("tifffile"), threading.Lock()

PNG_START, JPEG_START = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"


def image_columns(file: BinaryIO) -> dict[str, Any]:
    """Return when and how a picture was taken, by columns of a table; reads no pixels."""
    file.seek(0)
    start = file.read(8)
    columns: dict[str, Any] = {}
    if start == PNG_START:
        for name, content in _png_chunks(file):
            columns |= _exif_columns(content) if name == b"eXIf" else _text_columns(name, content)
    elif start.startswith(JPEG_START):
        file.seek(2)
        for content in _jpeg_segments(file):
            columns |= _exif_columns(content)
    return {name: value for name, value in columns.items() if value not in (None, "")}


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the chunks of EXIF and of texts before the pixels."""
    while len(head := file.read(8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name in (b"IDAT", b"IEND"):
            return
        if name in (b"eXIf", b"tEXt", b"iTXt") and length <= LONGEST:
            yield name, file.read(length)
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)


def _jpeg_segments(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of the segments of EXIF before the pixels."""
    while len(head := file.read(4)) == 4 and head[0] == 0xFF and head[1] != 0xDA:
        content = file.read(max(0, int.from_bytes(head[2:], "big") - 2))
        if head[1] == 0xE1 and content.startswith(EXIF_START):
            yield content.removeprefix(EXIF_START)


def _text_columns(name: bytes, content: bytes) -> dict[str, Any]:
    """Return what a keyword of PNG and its text say; compressed texts are not read."""
    keyword, _, text = content.partition(b"\0")
    encoding = "latin-1" if name == b"tEXt" else "utf-8"
    words = text.rpartition(b"\0")[2].decode(encoding, "replace").strip()
    if keyword == b"Software":
        return {"software": words}
    if keyword != b"Creation Time":
        return {}
    date = as_date(words)
    if date is None:
        try:
            date = as_date(parsedate_to_datetime(words))
        except (TypeError, ValueError, IndexError):
            return {}
    return {"acquired": date}


def _exif_columns(content: bytes) -> dict[str, Any]:
    """Return what EXIF says of time, exposure and software."""
    with _lock:
        _log.disabled = True  # it misses the pixels
        try:
            with tifffile.TiffFile(io.BytesIO(content)) as tif:
                tags = tif.pages.first.tags
                exif = tags.valueof(EXIF_TAG)
                date, software = tags.valueof(DATETIME), tags.valueof(SOFTWARE)
        except Exception:  # of any broken tag
            return {}
        finally:
            _log.disabled = False
    exif = exif if isinstance(exif, dict) else {}
    if taken := exif.get("DateTimeOriginal") or exif.get("DateTimeDigitized"):
        fraction = str(exif.get("SubsecTimeOriginal", "")).strip("\0 ")
        date = f"{str(taken).strip()}{'.' + fraction if fraction.isdecimal() else ''}"
        date += str(exif.get("OffsetTimeOriginal", "")).strip("\0 ")
    exposure = exif.get("ExposureTime")
    if isinstance(exposure, tuple) and len(exposure) == 2:
        exposure = exposure[0] / exposure[1] if exposure[1] else None
    return {
        "acquired": as_date(date),
        "exposure": as_number(exposure),
        "software": str(software).strip("\0 ") if software else None,
    }

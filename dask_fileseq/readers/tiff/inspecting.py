"""What one TIFF file contains, from its header, and whether it is complete."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import tifffile

from dask_fileseq.files import require_file
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headercolumns import as_date
from dask_fileseq.readers.reader import File, FileInfo
from dask_fileseq.readers.tiff.byteranges import PathBytes
from dask_fileseq.readers.tiff.opentiff import open_tiff, split_arguments
from dask_fileseq.readers.tiff.ownvalues import own_values, shared_info, with_own_values
from dask_fileseq.readers.tiff.registry import PROOFS, Proof, RecentHeader
from dask_fileseq.readers.tiff.signature import DATETIME, Header
from dask_fileseq.readers.tiff.tiffimage import image_of
from dask_fileseq.readers.tiff.tiffmetadata import file_columns, image_number, tiff_metadata
from dask_fileseq.readers.tiff.tiffseries import selected_series, series_of


class _Before(threading.local):
    """What this thread inspected last, if it has nothing of its own but a date."""

    def __init__(self) -> None:
        self.headers = RecentHeader()
        self.header: Header | None = None
        self.suffix = ""
        self.info: FileInfo | None = None


_BEFORE = _Before()


def inspect_tiff(file: File, imreadargs: Mapping[str, Any]) -> FileInfo:
    """Return what a file contains; raise an error if it is incomplete.

    See `TiffReader.inspect`.
    """
    if not isinstance(file, str) or imreadargs:
        return _inspect_by_tifffile(file, imreadargs)[0]
    require_file(file)
    try:
        with PathBytes(file) as raw:
            header, size = _BEFORE.headers.of(raw), raw.size
    except EOFError as error:
        return _inspect_short(file, error)
    if header is None:
        return _inspect_by_tifffile(file)[0]
    suffix = os.path.splitext(file)[1]
    before = _BEFORE.info if header is _BEFORE.header and suffix == _BEFORE.suffix else None
    if before is not None and _is_complete(header, size, before):
        record(files=1, headers=1)
        return before
    own = own_values(header.signature, file)
    if own is None:
        return _inspect_by_tifffile(file)[0]
    form = own.form, suffix  # tifffile uses both
    proof = PROOFS.get(form)
    if proof is not None and proof.info is not None and _is_complete(header, size, proof.info):
        info = with_own_values(proof.info, own, file)
        if info is not None:
            record(files=1, headers=1)
            info = dated(info, header.date.decode("ascii", "replace"))
            if not own.xml and not own.places:
                _BEFORE.header, _BEFORE.suffix, _BEFORE.info = header, suffix, info
            return info
    info, undated = _inspect_by_tifffile(file)
    shared = None if undated is None else shared_info(undated, own, file)
    if shared is None:
        return info
    if proof is None:
        PROOFS.add(form, Proof(info=shared))
    else:
        proof.info = shared
    return info


def _inspect_by_tifffile(
    file: File, imreadargs: Mapping[str, Any] = MappingProxyType({})
) -> tuple[FileInfo, FileInfo | None]:
    """Return what a file contains, as tifffile opens it, and the same without its date.

    The latter is None if the first page is not one of the image.
    """
    record(headers=1)
    fileargs, imageargs = split_arguments(imreadargs)
    with open_tiff(file, fileargs) as tif:
        spec = image_of(tif, imageargs).spec
        series = selected_series(tif, imageargs) or tif.series[0]
        keyframe = series.keyframe
        codec = tifffile.COMPRESSION(keyframe.compression).name
        try:
            keyframe.decode(None, 0)
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"nothing decodes its pixels ({codec}): {error}") from error
        levels = tuple(tuple(map(int, level.shape)) for level in series.levels)
        levels = levels if len(levels) > 1 else ()
        metadata = tiff_metadata(tif, spec, imageargs)
        info = FileInfo(
            spec,
            metadata,
            pages=len(tif.pages),
            compression=codec,
            levels=levels,
            series=() if "key" in imageargs else series_of(tif),
            columns=file_columns(tif, keyframe, image_number(tif, imageargs), metadata),
        )
        first = tif.pages.first
        undated = info if keyframe.offset == first.offset else None
        return dated(info, first.tags.valueof(DATETIME)), undated


def dated(info: FileInfo, date: Any) -> FileInfo:
    """Return what a file contains, with the date in its tag, unless a better one is known."""
    if not date or "acquired" in info.columns or (acquired := as_date(date)) is None:
        return info
    return replace(info, columns={**info.columns, "acquired": acquired})


def _inspect_short(file: str, end: EOFError) -> FileInfo:
    """Let tifffile open a file whose directories seem to end too early."""
    try:
        return _inspect_by_tifffile(file)[0]
    except Exception as error:  # any of tifffile's, of a damaged file
        texts = "truncated", "not a TIFF", "chain of pages"
        if texts[0] in str(end) and not any(text in str(error) for text in texts):
            raise ValueError(f"file is truncated, in its header: {error}") from error
        raise


def _is_complete(header: Header, size: int, info: FileInfo) -> bool:
    """Return whether all strips or tiles are there, inside the file, and none too short."""
    if header.is_sparse or header.stop > size:
        return False
    stored = sum(sum(counts) for _, counts in header.pages)
    pixels = math.prod(info.spec.shape) * info.spec.dtype.itemsize
    return info.compression != "NONE" or stored == pixels

"""The contents of one TIFF file from its header, and whether the file is complete."""

from __future__ import annotations

import math
import os

import tifffile

from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File, FileInfo, require_file
from dask_fileseq.readers.tiff.filebytes import PathBytes
from dask_fileseq.readers.tiff.opentiff import open_tiff
from dask_fileseq.readers.tiff.registry import PROOFS, Proof
from dask_fileseq.readers.tiff.signature import Header, read_header
from dask_fileseq.readers.tiff.tiffimage import image_of

__all__ = ["inspect_tiff"]


def inspect_tiff(file: File) -> FileInfo:
    """Return what a TIFF file contains, from its header.

    tifffile opens the first file of each signature. Others of the same signature contain
    the same, if all their strips or tiles end inside the file.

    Raises
    ------
    Exception
        What reading the header raises; `ValueError` if the file is truncated, or there is
        no decoder for its pixels.
    """
    if not isinstance(file, str):
        return _by_tifffile(file)
    require_file(file)
    try:
        with PathBytes(file) as raw:
            header, size = read_header(raw.get), raw.size
    except EOFError as error:
        return _cut_short(file, error)
    if header is None:
        return _by_tifffile(file)
    signature = header.signature, os.path.splitext(file)[1]  # tifffile uses both
    proof = PROOFS.get(signature)
    if proof is not None and proof.info is not None and _is_whole(header, size, proof.info):
        record(headers=1)
        return proof.info
    info = _by_tifffile(file)
    if proof is None:
        PROOFS.add(signature, Proof(info=info))
    else:
        proof.info = info
    return info


def _by_tifffile(file: File) -> FileInfo:
    """Return what a file contains, as tifffile opens it."""
    record(headers=1)
    with open_tiff(file, {}) as tif:
        spec = image_of(tif, {"maxworkers": 1}).spec
        series = tif.series[0]
        keyframe = series.keyframe
        codec = tifffile.COMPRESSION(keyframe.compression).name
        try:
            keyframe.decode(None, 0)
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"nothing decodes its pixels ({codec}): {error}") from error
        levels = tuple(tuple(map(int, level.shape)) for level in series.levels)
        levels = levels if len(levels) > 1 else ()
        return FileInfo(spec, pages=len(tif.pages), compression=codec, levels=levels)


def _cut_short(file: str, end: EOFError) -> FileInfo:
    """Let tifffile open a file whose directories seem to end too early."""
    try:
        return _by_tifffile(file)
    except Exception as error:
        if "truncated" in str(end) and "not a TIFF" not in str(error):
            raise ValueError(f"file is truncated, in its header: {error}") from error
        raise


def _is_whole(header: Header, size: int, info: FileInfo) -> bool:
    """Return whether all strips or tiles are there, inside the file, and none too short."""
    if header.is_sparse or header.stop > size:
        return False
    stored = sum(sum(counts) for _, counts in header.pages)
    pixels = math.prod(info.spec.shape) * info.spec.dtype.itemsize
    return info.compression != "NONE" or stored == pixels

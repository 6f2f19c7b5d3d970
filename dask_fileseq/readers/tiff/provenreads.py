"""Local TIFF files read without tifffile, where this is proven to be the same; see `registry`.

All other files are left to the caller, who opens them by tifffile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dask_fileseq.readers.chunk import ChunkSpec, WrongChunk
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.region import Region, is_whole, whole_region
from dask_fileseq.readers.tiff.byteranges import ContiguousImage
from dask_fileseq.readers.tiff.filebytes import HEAD, WHOLE, PathBytes
from dask_fileseq.readers.tiff.filetemplate import FileTemplate
from dask_fileseq.readers.tiff.registry import PROOFS, Proof, prove
from dask_fileseq.readers.tiff.signature import read_header

__all__ = ["read_proven_files", "read_proven_region"]

Array = np.ndarray[Any, Any]

MISSES = 3
"""After so many files in a row that did not equal the one before, none is expected to."""


def read_proven_files(paths: Sequence[str], spec: ChunkSpec, outs: Sequence[Array]) -> int:
    """Read whole local files from the front of a list, and return the number of files read.

    See `Reader.read_files`. The array for the first file that is not read may contain anything.
    """
    if not outs or (outs[0].flags.c_contiguous and outs[0].dtype == spec.dtype):
        return _read_files(paths, spec, outs)
    scratch = np.empty(spec.shape, spec.dtype)
    for done, (path, out) in enumerate(zip(paths, outs, strict=True)):
        if not _read_files([path], spec, [scratch]):
            return done
        out[...] = scratch
    return len(paths)


def _read_files(paths: Sequence[str], spec: ChunkSpec, outs: Sequence[Array]) -> int:
    """Read whole files into arrays as they are in memory; see `read_proven_files`."""
    key = spec.shape, spec.dtype
    region = whole_region(spec.shape)
    done = misses = 0
    while done < len(paths):
        template = PROOFS.template(key) if misses < MISSES else None
        if template is not None:
            read = template.read(paths, outs, done) - done
            record(read, bytes=read * outs[0].nbytes, way="template", times=read)
            done += read
            if done == len(paths):
                break
            misses = 1 if read else misses + 1
        try:
            if not read_proven_region(paths[done], spec, region, outs[done], misses < MISSES):
                break
        except WrongChunk:
            break
        done += 1
    return done


def read_proven_region(
    path: str, spec: ChunkSpec, region: Region, out: Array, repeats: bool = False
) -> bool:
    """Read a region of a local file, and return whether it was read.

    See `Reader.read_region`. If the region is not read, `out` may contain anything. With
    `repeats`, the next files are expected to differ from this one only in their pixels.
    """
    whole = is_whole(region, spec.shape) and out.flags.c_contiguous and out.dtype == spec.dtype
    try:
        with PathBytes(path, WHOLE if whole else HEAD) as file:
            header = read_header(file.get)
            if header is None:
                return False
            signature = header.signature, os.path.splitext(path)[1]  # tifffile uses both
            proof = PROOFS.get(signature)
            if proof is None or not proof.compared:
                if not PROOFS.is_worth_a_proof():
                    return False
                new = prove(path, header, file, spec, region, out, whole)
                PROOFS.add(signature, new if proof is None else replace(new, info=proof.info))
                return True
            if proof.key != (spec.shape, spec.dtype):
                return False
            if proof.image is None:
                return whole and _read_by_template(path, proof, out)
            size = proof.image.read(header, file, region, out, whole)
            if repeats and isinstance(proof.image.image, ContiguousImage):
                swapped = not proof.image.image.stored.isnative
                PROOFS.set_template(
                    proof.key, FileTemplate.of(path, header, file, header.pixels, swapped)
                )
    except (MemoryError, WrongChunk):
        raise
    except Exception:  # of any codec: tifffile raises the error again, if there is one
        return False
    record(1, bytes=size, way="libtiff" if whole and proof.image.libtiff else "proven")
    return True


def _read_by_template(path: str, proof: Proof, out: Array) -> bool:
    """Read a file if it equals one of the same signature in all bytes but the pixels."""
    template = proof.template
    if template is None or not template.read([path], [out], 0):
        return False
    PROOFS.set_template(proof.key, template)
    record(1, bytes=out.nbytes, way="template")
    return True

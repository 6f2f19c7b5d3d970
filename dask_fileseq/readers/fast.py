"""Whole files, each opened once, without tifffile where that is proven to be the same.

Two ways, tried in turn for each file:

- "plain": the file is as large as a proven one, and all its bytes but the pixels are the
  same. One vectored read takes the pixels to their place, and the rest to be compared.
- "trusted" or "libtiff": its header has the signature of a proven one; see `trusted`.

All other files are left to the caller.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.counters import is_counting, record
from dask_fileseq.readers.headers import Header, read_header
from dask_fileseq.readers.plans import Run, merged, pixel_runs
from dask_fileseq.readers.rawfile import RawFile, read_vector
from dask_fileseq.readers.trusted import Proof, Trust, prove

__all__ = ["read_files"]

Array = np.ndarray[Any, Any]

REST = 64 * 1024
"""Bytes besides the pixels that are worth comparing."""

PARTS = 32
"""Runs of pixels that one vectored read takes."""

MISSES = 3
"""Files in a row that are not like the one before: then they are not expected to be."""

_trust: Trust[Proof] = Trust()
_layouts: dict[Any, Layout] = {}


def read_files(names: Sequence[str], spec: ChunkSpec, outs: Sequence[Array]) -> int:
    """Read files from the front, as long as they can be read fast.

    Parameters
    ----------
    names
        Paths.
    spec
        What each file must hold.
    outs
        An array to fill for each, all of the same strides and dtype.

    Returns
    -------
    int
        The number of files read. The next one, if any, has to be read by tifffile, or
        cannot be read at all; its array may hold anything.
    """
    if not outs or (outs[0].flags.c_contiguous and outs[0].dtype == spec.dtype):
        return _read_files(names, spec, outs)
    scratch = np.empty(spec.shape, spec.dtype)
    for done, (name, out) in enumerate(zip(names, outs, strict=True)):
        if not _read_files([name], spec, [scratch]):
            return done
        out[...] = scratch
    return len(names)


def _read_files(names: Sequence[str], spec: ChunkSpec, outs: Sequence[Array]) -> int:
    key = spec.shape, spec.dtype
    done = misses = 0
    while done < len(names):
        layout = _layouts.get(key) if misses < MISSES else None
        if layout is not None:
            read = layout.read(names, outs, done) - done
            if read and is_counting():
                record(read, bytes=read * outs[0].nbytes, way="plain", times=read)
            done += read
            if done == len(names):
                break
            misses = 1 if read else misses + 1
        if not _read_by_header(names[done], spec, outs[done], misses < MISSES):
            break
        done += 1
    return done


def _read_by_header(name: str, spec: ChunkSpec, out: Array, repeats: bool) -> bool:
    """Read a file if its header is that of a proven one, or can be proven now.

    `repeats` says whether the next files may be like it in all but the pixels.
    """
    try:
        with RawFile(name) as file:
            header = read_header(file.get)
            if header is None:
                return False
            signature = header.signature, os.path.splitext(name)[1]  # tifffile looks at both
            proof = _trust.get(signature)
            if proof is None:
                return _learn(name, signature, header, file, spec, out)
            if proof.key != (spec.shape, spec.dtype):
                return False
            if proof.plan is None:
                return _read_again(name, proof, out)
            if not proof.plan.read(header, file, out):
                return False
            if repeats and proof.runs is not None:
                _remember(name, header, file, proof, pixel_runs(header))
    except MemoryError:
        raise
    except Exception:  # of any codec: tifffile will say what is wrong
        return False
    if is_counting():
        stored = sum(sum(counts) for _, counts in header.pages)
        record(1, bytes=stored, way=proof.plan.way)
    return True


def _learn(
    name: str, signature: Any, header: Header, file: RawFile, spec: ChunkSpec, out: Array
) -> bool:
    """Read a file by tifffile, and see whether others of the signature can be trusted.

    A file that cannot be read says nothing of others.
    """
    if not _trust.is_worth_a_proof():
        return False
    proof = prove(name, header, file, spec, out)
    layout = _remember(name, header, file, proof, proof.runs)
    if proof.plan is None:
        proof = replace(proof, layout=layout)
    _trust.add(signature, proof)
    return True


def _remember(
    name: str, header: Header, file: RawFile, proof: Proof, runs: list[Run] | None
) -> Layout | None:
    """Expect the next files to be like this one in all but the pixels."""
    suffix = os.path.splitext(name)[1]
    layout = _layout(header, file, runs, proof.swapped, suffix) if runs else None
    if layout is not None:
        if len(_layouts) > 64:
            _layouts.clear()
        _layouts[proof.key] = layout
    return layout


def _read_again(name: str, proof: Proof, out: Array) -> bool:
    """Read a file that can be trusted only as long as nothing but its pixels differs."""
    layout: Layout | None = proof.layout
    if layout is None or not layout.read([name], [out], 0):
        return False
    _layouts[proof.key] = layout
    record(1, bytes=out.nbytes, way="plain")
    return True


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in a file but its pixels."""

    size: int
    """Bytes of the file."""
    rest: list[bytes]
    """What stands before, between and behind the runs of pixels, and one byte more."""
    runs: list[int]
    """Bytes of each run, in the order of memory."""
    swapped: bool
    """Whether the pixels are in the other byte order."""
    suffix: str
    """The end of the file's name, which tifffile looks at, too."""

    def read(self, names: Sequence[str], outs: Sequence[Array], start: int) -> int:
        """Read files that are like this one, and return the number of the first that is not.

        Bytes that are not of pixels are the same as in a file that tifffile has read, and
        so is the size: whatever tifffile makes of one file, it makes of the other.
        """
        found = [bytearray(rest) for rest in self.rest]
        for number in range(start, len(names)):
            out, name = outs[number], names[number]
            if not name.endswith(self.suffix) if self.suffix else os.path.splitext(name)[1]:
                return number
            if len(self.runs) == 1:
                buffers = [found[0], out, found[1]]
            else:
                buffers = self._interleaved(found, out)
            try:
                size = read_vector(name, buffers)
            except (OSError, ValueError):
                return number
            if size != self.size or found != self.rest:
                return number
            if self.swapped:
                out.byteswap(inplace=True)
        return len(names)

    def _interleaved(self, found: list[bytearray], out: Array) -> list[Any]:
        pixels = memoryview(out.reshape(-1).view(np.uint8).data)
        buffers: list[Any] = [found[0]]
        done = 0
        for size, rest in zip(self.runs, found[1:], strict=True):
            buffers += pixels[done : done + size], rest
            done += size
        return buffers


def _layout(
    header: Header, file: RawFile, runs: list[Run], swapped: bool, suffix: str
) -> Layout | None:
    """Return the layout of a file, unless what stands elsewhere decides about its pixels."""
    runs = merged(runs)
    edges = [0, *(edge for at, size in runs for edge in (at, at + size)), file.size]
    outside = file.size - sum(size for _, size in runs)
    if len(runs) > PARTS or outside > REST or edges != sorted(edges):
        return None
    for at, size in runs:
        if any(start < at + size and at < stop for start, stop in header.extents):
            return None
    rest = [file.get(a, b - a) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    rest[-1] += b"\0"  # read, it tells that the file is longer
    return Layout(file.size, rest, [size for _, size in runs], swapped, suffix)

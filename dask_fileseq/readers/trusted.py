"""What is known of files that are read like one that tifffile has read before.

The rule: the first file of each signature is read by tifffile, and by the plan made
from it; where both give the same, bit for bit, the plan is trusted with all files of
that signature in this process. Files of which tifffile makes more than pages of pixels
(OME, Micro-Manager, slides, and whatever else it tells apart) are never trusted.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import imagecodecs
import numpy as np
import tifffile

from dask_fileseq.readers.chunk import ChunkSpec, require_chunk
from dask_fileseq.readers.headers import Header
from dask_fileseq.readers.opening import open_tiff
from dask_fileseq.readers.pages import whole_segments
from dask_fileseq.readers.plans import BytesPlan, Plan, Run, SegmentsPlan, merged, pixel_runs, touch
from dask_fileseq.readers.rawfile import RawFile
from dask_fileseq.readers.regions import whole_region
from dask_fileseq.readers.tiffimage import ContiguousImage, Image, PagedImage, image_of

__all__ = ["UNTRUSTED", "Proof", "Trust", "prove", "unproven"]

Array = np.ndarray[Any, Any]
T = TypeVar("T")

KINDS = {"uniform", "generic", "shaped", "geotiff"}
FLAGS = {"uniform", "shaped", "multipage", "volumetric", "geotiff", "gdal"}
"""What tifffile may find in a file to be trusted: other formats have rules of their own."""

CODECS = {1, 5, 8, 32773, 32946, 34925, 50000}
"""None, LZW, Deflate, PackBits, LZMA, Zstandard: their decoders look at nothing but the segment."""

LZW = 5
SLOW_LZW = tuple(map(int, imagecodecs.__version__.split(".")[:2])) < (2026, 6)
"""Whether libtiff decodes LZW in half the time: the last imagecodecs for Python 3.11."""

LARGE = 128 * 1024
"""Bytes of pixels from which libtiff pays."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What reading one file by tifffile has shown."""

    plan: Plan | None
    """How files of this signature are read."""
    runs: list[Run] | None
    """Where the pixels of this very file stand, in the order of memory; else None."""
    swapped: bool = False
    """Whether these pixels are in the other byte order."""
    key: tuple[Any, ...] = ()
    """Shape and dtype."""
    layout: Any = None
    """The bytes besides the pixels, where these have to be the same."""


UNTRUSTED = Proof(None, None)


def prove(name: str, header: Header, file: RawFile, spec: ChunkSpec, out: Array) -> Proof:
    """Read a file by tifffile, and see which shorter ways give the same.

    Raises
    ------
    Exception
        What reading by tifffile raises. `out` is right if nothing is raised.
    """
    with open_tiff(name, {}) as tif:
        image = image_of(tif, {"maxworkers": 1})
        require_chunk(spec, image.spec.shape, image.spec.dtype)
        image.read(whole_region(spec.shape), out)
        proof = unproven(tif, image, header)
    if proof.plan is not None:
        again = np.empty(spec.shape, spec.dtype)
        try:
            same = proof.plan.read(header, file, again) and again.tobytes() == out.tobytes()
        except Exception:
            same = False
        proof = proof if same else replace(proof, plan=None)
    return proof


def unproven(tif: tifffile.TiffFile, image: Image, header: Header) -> Proof:
    """Return how all files of a signature might be read, after tifffile has read this one."""
    try:
        if not _is_plain(tif, header):
            return UNTRUSTED
        runs, swapped = _stored_runs(image)
        plan = _plan(tif, image, header, runs, swapped)
    except Exception:  # of a header that is odd, but not to tifffile
        return UNTRUSTED
    return Proof(plan, runs, swapped, (image.spec.shape, image.spec.dtype))


def _is_plain(tif: tifffile.TiffFile, header: Header) -> bool:
    """Return whether tifffile finds nothing in a file but pages, and the same ones."""
    flags = tif.flags | tif.pages.first.flags
    return flags <= FLAGS | {"imagej"} and len(tif.pages) == len(header.pages)


def _stored_runs(image: Image) -> tuple[list[Run] | None, bool]:
    """Return where tifffile takes pixels from, if they stand there as in memory.

    And whether they are in the other byte order.
    """
    if isinstance(image, ContiguousImage):
        size = math.prod(image.spec.shape) * image.spec.dtype.itemsize
        runs = [(image.offset, size)]
        swapped = not image.stored.isnative
    elif isinstance(image, PagedImage) and image.stack.way == "contiguous":
        keyframe = image.stack.keyframe
        runs = [(page.dataoffsets[0], keyframe.nbytes) for page in image.stack.pages]
        swapped = not image.stack.stored.isnative
    else:
        return None, False
    return (runs if all(offset for offset, _ in runs) else None), swapped


def _plan(
    tif: tifffile.TiffFile,
    image: Image,
    header: Header,
    runs: list[Run] | None,
    swapped: bool,
) -> Plan | None:
    """Return a plan by which all files of a signature might be read."""
    kind = tif.series[0].kind
    if kind not in KINDS:
        return None
    if runs is not None:
        found = pixel_runs(header)
        if found is None or merged(found) != merged(runs):
            return None
        joined = len(merged(runs)) == 1
        if kind == "shaped" and not joined:
            return None
        return BytesPlan(found[0][1], swapped, joined)
    if not isinstance(image, PagedImage) or image.stack.keyframe.compression not in CODECS:
        return None
    stack = image.stack
    if [(page.dataoffsets, page.databytecounts) for page in stack.pages] != list(header.pages):
        return None
    stack.keyframe.init_decode()
    large = math.prod(image.spec.shape) * image.spec.dtype.itemsize >= LARGE
    libtiff = SLOW_LZW and large and stack.keyframe.compression == LZW and len(stack.pages) == 1
    touching = stack.keyframe.compression != 1 or touch(header, stack.keyframe.nbytes)
    return SegmentsPlan(stack, stack.keyframe.decode, whole_segments(stack), libtiff, touching)


class Trust(Generic[T]):
    """Proofs by signature: bounded, and safe in threads."""

    def __init__(self, limit: int = 256) -> None:
        self._proofs: dict[Hashable, T] = {}
        self._limit = limit
        self._lock = threading.Lock()
        self._fruitless = 0
        self._asked = 0

    def get(self, signature: Hashable) -> T | None:
        """Return what is known of a signature."""
        proof = self._proofs.get(signature)
        if proof is not None:
            self._fruitless = 0
        return proof

    def add(self, signature: Hashable, proof: T) -> None:
        """Remember what is known; the oldest is forgotten."""
        with self._lock:
            self._fruitless += 1
            self._proofs[signature] = proof
            while len(self._proofs) > self._limit:
                del self._proofs[next(iter(self._proofs))]

    def is_worth_a_proof(self) -> bool:
        """Return whether a new signature is to be proven.

        A proof reads the file twice. Where each file has a signature of its own, fewer
        and fewer are tried, at last one in 64.
        """
        self._asked += 1
        return self._asked % (1 << min(6, self._fruitless // 4)) == 0

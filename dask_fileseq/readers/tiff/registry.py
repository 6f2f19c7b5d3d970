"""Proofs that files are read without tifffile as tifffile reads them.

To open a file by tifffile takes longer than to read a small image. Most files of a sequence
differ only in their pixels, so what tifffile finds in one file is true for all of them. But
only tifffile decides which differences matter. Therefore the first file of each signature (see
`signature`) is read twice: by tifffile, and by its header alone. Only if both results have the
same bits, other files of that signature are read by their headers, in this process. Where only
a region was compared, only regions of others are read so. The same
code and the same tifffile objects decode them; only offsets and byte counts come from each
file's own header. Files in which tifffile finds more than pages of pixels (Micro-Manager, slides)
always need tifffile, and those with OME-XML unless that is about their own pages, in their order.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
import tifffile

from dask_fileseq.readers.chunk import Array, ChunkSpec, Region, is_whole, require_chunk
from dask_fileseq.readers.reader import File, FileInfo
from dask_fileseq.readers.tiff.byteranges import HEAD, ByteSource, ContiguousImage, HandleBytes
from dask_fileseq.readers.tiff.opentiff import open_tiff
from dask_fileseq.readers.tiff.segments import BYTE_CODECS, IMAGE_CODECS, JPEG, SegmentedImage
from dask_fileseq.readers.tiff.signature import FileTemplate, Header, merged, read_header
from dask_fileseq.readers.tiff.tiffimage import Image, image_of

OME = "ome"

KINDS = {"uniform", "generic", "shaped", "geotiff"}
FLAGS = {"uniform", "shaped", "multipage", "volumetric", "geotiff", "gdal"}
"""Kinds of series and files that consist of pages alone; other formats have more rules."""

LZW, RGB = 5, 2
SLOW_LZW = tuple(map(int, imagecodecs.__version__.split(".")[:2])) < (2026, 6)
"""Whether libtiff decodes LZW in half the time: the last imagecodecs for Python 3.11."""

LARGE = 128 * 1024
"""Bytes of pixels above which libtiff is faster."""

LITTLE = 2**20
"""Largest number of bytes of pixels for whose proof other threads wait."""

MISSES = 16
"""After so many headers that did not equal the one before, only one in so many is kept."""


@dataclass(slots=True)
class ProvenImage:
    """How the pixels of all files of a signature are read."""

    image: ContiguousImage | SegmentedImage
    """The image in the file that tifffile has opened."""
    joined: bool
    """For contiguous pixels: whether pages touch; then tifffile may use the first offset only.
    For segments: whether strips may touch, because they are compressed or did in the first
    file; tifffile may read touching uncompressed strips as one, whatever their byte counts."""
    libtiff: bool | None
    """Whether libtiff decodes whole files as well; None if this was not compared yet."""
    jfif: bool | None = None
    """Whether the first strip or tile begins as a JFIF file does, on which the colours depend that
    tifffile makes of JPEG streams; None if they do not."""
    nameless: bool = True
    """Whether the name of a file makes no difference; OME-XML may contain it."""

    def read(
        self, header: Header, file: ByteSource, region: Region, out: Array, whole: bool
    ) -> int:
        """Read a region of a file by its header, and return the number of bytes read.

        Raises any error if tifffile has to read the file; then `out` may contain anything.
        """
        if header.stop > file.size:
            raise EOFError("file is truncated")
        image = self.image
        if isinstance(image, ContiguousImage):
            # offsets of pages, if these are stored as in the first file
            starts, counts = header.pages[0]
            single = len(header.pages) == len(starts) == 1
            if single and counts[0] == image.pagesize and starts[0]:
                if whole and image.pagesize == out.nbytes:  # in one read, for most small files
                    file.fill(starts[0], memoryview(out.reshape(-1).view(np.uint8).data))
                    if not image.file_dtype.isnative:
                        out.byteswap(inplace=True)
                    return out.nbytes
            else:
                extents = header.pixels
                size = image.pagesize * len(image.starts) // len(extents)
                joined = merged(extents)
                if any(n != size for _, n in extents) or (len(joined) == 1) is not self.joined:
                    raise ValueError("pages are not stored as in the first file")
                starts = [at for at, _ in (joined if len(image.starts) == 1 else extents)]
            return image.read_pages(file, starts, region, out)
        if header.is_sparse or (not self.joined and _has_joined_page(header, image)):
            raise ValueError("strips are missing, or touch")
        if self.jfif is not None and _is_jfif(header, file) is not self.jfif:
            raise ValueError("JPEG streams are of another kind than in the first file")
        if whole and self.libtiff and _read_by_libtiff(file, out):
            return sum(header.pages[0][1])
        size = image.read_pages(file, header.pages, region, out)
        if whole and self.libtiff is None:
            again = np.empty_like(out)
            self.libtiff = _read_by_libtiff(file, again) and again.tobytes() == out.tobytes()
        return size


@dataclass(slots=True)
class RecentHeader:
    """The header of the file before, which the next one is likely to equal in all bytes.

    `read_header` takes bytes from directories and their values alone, `Header.extents`. A file in
    which all of these are the same, at the same places, has the same header, as to parse it again
    would show. The size of the file is not part of it. Where headers differ, fewer are kept.
    """

    _header: Header | None = None
    _pieces: Sequence[tuple[int, bytes]] = ()
    _misses: int = 0

    def of(self, source: ByteSource) -> Header | None:
        """Return the header of a file, as `read_header` does."""
        if self._pieces and source.holds(self._pieces):
            self._misses = 0
        else:
            self._header, self._pieces = read_header(source.get), []
            self._misses += 1
            extents = [] if self._header is None else self._header.extents
            is_worth_it = self._misses < MISSES or self._misses % MISSES == 0
            if is_worth_it and all(stop <= HEAD for _, stop in extents):  # else it is not in memory
                self._pieces = [(start, source.get(start, stop - start)) for start, stop in extents]
        return self._header


@dataclass(slots=True)
class Proof:
    """What is proven about all files of one signature; each read may add to it."""

    compared: bool = False
    """Whether a file was read in both ways; if not, `key`, `image` and `template` are unset."""
    whole: bool = False
    """Whether all pixels of that file were compared, not only those of a region. Whole files are
    read by such proofs only."""
    key: tuple[Any, ...] = ()
    """Shape and dtype."""
    image: ProvenImage | None = None
    """How pixels are read; None if only tifffile can read them."""
    template: FileTemplate | None = None
    """Template of the first file; files that equal it can be read even without `image`."""
    info: FileInfo | None = None
    """What files of this signature contain, if one of them was inspected."""


def is_enough(proof: Proof | None, is_all: bool) -> bool:
    """Return whether a proof says how regions, or all, of the files of its signature are read."""
    return proof is not None and proof.compared and (proof.whole or not is_all)


class Registry:
    """Proofs by signature: bounded, and safe in threads.

    The registry also contains a template for each shape and dtype, that of the file that was
    read last. The next file is likely to equal it, and then its header is not parsed at all.
    """

    def __init__(self, limit: int = 256) -> None:
        self._proofs: dict[Hashable, Proof] = {}
        self._templates: dict[Hashable, FileTemplate] = {}
        self._limit = limit
        self._lock = threading.Lock()
        self._fruitless = 0
        self._requests = 0
        self._under_way: dict[Hashable, threading.Event] = {}

    @contextmanager
    def turn(self, signature: Hashable, nbytes: int) -> Iterator[None]:
        """Wait, once, while another thread proves a signature, and let others wait for this one.

        Of files far away, a hundred threads would make the same proof. Where many pixels are
        compared, it takes longer than to make another one, and no thread waits.
        """
        mine = threading.Event()
        other = mine if nbytes > LITTLE else self._under_way.setdefault(signature, mine)
        if other is not mine:
            other.wait()
        try:
            yield
        finally:
            if self._under_way.get(signature) is mine:
                del self._under_way[signature]
            mine.set()

    def get(self, signature: Hashable) -> Proof | None:
        """Return the proof for a signature."""
        proof = self._proofs.get(signature)
        if proof is not None:
            self._fruitless = 0
        return proof

    def add(self, signature: Hashable, proof: Proof) -> None:
        """Add a proof, and drop the oldest if there are too many."""
        self.set_template(proof.key, proof.template)
        with self._lock:
            self._fruitless += proof.compared
            self._proofs[signature] = proof
            while len(self._proofs) > self._limit:
                del self._proofs[next(iter(self._proofs))]

    def is_worth_a_proof(self) -> bool:
        """Return whether to prove a new signature.

        A proof reads the file twice. If every file has its own signature, fewer and fewer
        files are tried, in the end one in 64.
        """
        self._requests += 1
        return self._requests % (1 << min(6, self._fruitless // 4)) == 0

    def template(self, key: Hashable) -> FileTemplate | None:
        """Return the template of files of this shape and dtype."""
        return self._templates.get(key)

    def set_template(self, key: Hashable, template: FileTemplate | None) -> None:
        """Set the template of files of this shape and dtype, if there is one."""
        if template is None:
            return
        with self._lock:
            self._templates[key] = template
            while len(self._templates) > self._limit:
                del self._templates[next(iter(self._templates))]


PROOFS = Registry()
"""The proofs of this process."""


def prove(
    file: File,
    header: Header,
    source: ByteSource,
    spec: ChunkSpec,
    region: Region,
    out: Array,
    *,
    alone: bool,
) -> Proof:
    """Read a region by tifffile, then by the header, and return what this proves.

    `alone` is whether OME-XML, if there is any, is known to be about this file alone.
    Raises what tifffile raises. `out` is right if nothing is raised.
    """
    same_dtype = out.flags.c_contiguous and out.dtype == spec.dtype
    first = out if same_dtype else np.empty(out.shape, spec.dtype)  # a cast could hide bits
    whole = is_whole(region, spec.shape)
    path = file if isinstance(file, str) else ""
    proof = Proof(compared=True, whole=whole, key=(spec.shape, spec.dtype))
    with open_tiff(file, {}) as tif:
        image = image_of(tif, {"maxworkers": 1})
        require_chunk(spec, image.spec.shape, image.spec.dtype)
        image.read(HandleBytes(tif.filehandle, file), region, first)
        if first is not out:
            out[...] = first
        try:
            flags = tif.flags | tif.pages.first.flags
            if OME in flags and not alone:
                return proof
            if not flags <= FLAGS | {"imagej", OME} or len(tif.pages) != len(header.pages):
                return proof
            candidate = _candidate(tif, image, header)
            template = None
            alike = whole and path and OME not in flags
            if alike and isinstance(image, ContiguousImage) and all(image.starts):
                swapped = not image.file_dtype.isnative
                template = FileTemplate.of(path, header, source, image.extents, swapped)
        except Exception:  # of a header that only tifffile can interpret
            return proof
    bits = first.tobytes()
    again = np.empty_like(first)
    if template is not None and template.read([path], [again], 0) and again.tobytes() == bits:
        proof.template = template
    if candidate is not None:
        again = np.empty_like(first)
        try:
            candidate.read(header, source, region, again, whole)
        except Exception:  # of any codec: tifffile has to read such files
            return proof
        proof.image = candidate if again.tobytes() == bits else None
    return proof


def _candidate(tif: tifffile.TiffFile, image: Image, header: Header) -> ProvenImage | None:
    """Return how all files of a signature might be read."""
    kind, nameless = tif.series[0].kind, OME not in tif.flags
    if kind not in (KINDS if nameless else {OME}):
        return None
    if isinstance(image, ContiguousImage):
        stored = merged(image.extents)
        if not all(image.starts) or merged(header.pixels) != stored:
            return None
        joined = len(stored) == 1
        proven = ProvenImage(image, joined, False, nameless=nameless)
        return proven if joined or kind != "shaped" else None
    if not isinstance(image, SegmentedImage) or list(header.pages) != list(image.pages):
        return None
    keyframe = image.keyframe
    compression = keyframe.compression
    if compression not in BYTE_CODECS | IMAGE_CODECS:
        return None
    jfif = None
    if compression == JPEG and keyframe.photometric == RGB:
        if keyframe.offset != tif.pages.first.offset:
            return None
        jfif = keyframe.is_jfif
    touching = compression != 1 or _has_joined_page(header, image)
    size = np.prod(image.spec.shape) * image.spec.dtype.itemsize
    eligible = SLOW_LZW and size >= LARGE and compression == LZW and len(image.pages) == 1
    return ProvenImage(image, touching, None if eligible else False, jfif, nameless)


def _is_jfif(header: Header, file: ByteSource) -> bool:
    """Return whether tifffile finds a JFIF file in the first strip or tile."""
    (offset, *_), (count, *_) = header.pages[0]
    return offset > 0 and count > 10 and file.get(offset + 6, 4) == b"JFIF"


def _has_joined_page(header: Header, image: SegmentedImage) -> bool:
    """Return whether the strips of any page touch, and are together as large as its pixels."""
    size = image.keyframe.nbytes
    return any(stored == size for _, stored in header.pixels)


def _read_by_libtiff(file: ByteSource, out: Array) -> bool:
    """Decode LZW by libtiff, and return whether it could; it is as strict as tifffile."""
    try:
        imagecodecs.tiff_decode(file.get(0, file.size), index=0, out=out)
    except (imagecodecs.TiffError, ValueError):
        return False
    return True

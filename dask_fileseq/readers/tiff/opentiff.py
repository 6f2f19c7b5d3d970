"""Opening one TIFF file as one file.

OME-TIFF, Micro-Manager and NDTiff files may refer to other files, and tifffile then makes one
series of all of them. In a file sequence, file names form the grid: such a file is opened
again, so that its series contains its own pages only. A file whose metadata describe just
itself keeps the axes of its metadata.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File
from dask_fileseq.readers.tiff.pagechain import CutChain, end_of_chain, require_end

_FILEARGS = {"mode", "name", "offset", "size", "omexml", "superres", "_multifile", "_useframes"}

# tried one after the other until the first series consists of the file's own pages
_FLAGS: tuple[dict[str, bool], ...] = (
    {},
    {"is_ome": False, "is_mmstack": False, "is_ndtiff": False},
    # ImageJ metadata may count the images of the whole set, too
    {"is_ome": False, "is_mmstack": False, "is_ndtiff": False, "is_imagej": False},
)


UNCHAINED = {"imagej", "mmstack", "ndtiff", "stk"}
"""Formats in which tifffile finds pages without their chain, which may end anywhere."""


def split_arguments(imreadargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments that concern the file, and those that concern the image in it.

    A page that is selected by ``key`` needs no chain that ends properly.
    """
    strict = imreadargs.get("strict") is not False
    fileargs = {k: v for k, v in imreadargs.items() if k in _FILEARGS or k.startswith("is_")}
    imageargs = {k: v for k, v in imreadargs.items() if k not in fileargs and v is not None}
    imageargs["maxworkers"] = imreadargs.get("maxworkers", 1)  # None: as many as tifffile likes
    imageargs["strict"] = strict
    return fileargs | {"strict": strict and "key" not in imageargs}, imageargs


@contextmanager
def open_tiff(file: File, fileargs: Mapping[str, Any]) -> Iterator[tifffile.TiffFile]:
    """Open a file so that its first series contains no pages of other files.

    A handle is read from its start, whatever its position. `fileargs` are arguments of
    `tifffile.TiffFile`; an explicit ``is_ome`` or ``_multifile`` has precedence. Pages of a
    chain that leads back are read once; one that leads nowhere is a `ValueError`, unless
    ``strict`` is False.
    """
    for flags in _FLAGS:
        args = {"_multifile": False} | flags | dict(fileargs)
        with open_once(file, args) as tif:
            if flags is _FLAGS[-1] or args["_multifile"] or stands_alone(tif):
                record(files=1)
                yield tif
                return
            if args.get("strict", True):
                _require_planes(tif)


@contextmanager
def open_once(file: File, fileargs: Mapping[str, Any]) -> Iterator[tifffile.TiffFile]:
    """Open a file by tifffile, with the pages that its chain leads to, each once."""
    start = {} if isinstance(file, str) else {"offset": 0}
    args: dict[str, Any] = start | dict(fileargs)
    strict = args.pop("strict", True)
    with ExitStack() as stack:
        tif = stack.enter_context(tifffile.TiffFile(file, **args))
        if "is_scanimage" not in args and _has_guessed_pages(tif):
            tif = stack.enter_context(tifffile.TiffFile(file, **args, is_scanimage=False))
            tif.is_scanimage = True  # type: ignore[attr-defined]  # without the guess
        if tif.pages and not (tif.is_ndpi or tif.is_lsm):  # their pages are chained otherwise
            end = end_of_chain(tif)
            if end.following and strict and not tif.flags & UNCHAINED:
                require_end(tif, end)
            if end.following:
                raw = stack.enter_context(open(file, "rb")) if isinstance(file, str) else file
                cut: Any = CutChain(raw, end.pointer, tif.tiff.offsetsize)
                args = {"name": tif.filename} | args
                tif = stack.enter_context(tifffile.TiffFile(cut, **args))
        yield tif


def _has_guessed_pages(tif: tifffile.TiffFile) -> bool:
    """Return whether tifffile took pages of ScanImage to be at equal distances.

    Those of files that other programs saved again are not. The chain of pages tells, unless
    the file is larger than its offsets can be.
    """
    return tif.is_scanimage and not tif.is_bigtiff and tif.filehandle.size < 2**32


def stands_alone(tif: tifffile.TiffFile) -> bool:
    """Return whether the first series consists of pages of this file, none of them missing."""
    if not tif.pages:
        return True
    if tif.is_mmstack and _is_part_of_mmstack(tif):
        return False
    if tif.is_ndtiff:
        index = os.path.join(tif.filehandle.dirname, "NDTiff.index")
        if any(fields[1] != tif.filename for fields in tifffile.read_ndtiff_index(index)):
            return False
    if not (tif.is_ome or tif.is_mmstack) or not len(tif.series):
        return True
    series = tif.series[0]
    if series.kind == "imagej" and math.prod(series.shape) != len(series) * series.keyframe.size:
        return False
    return series.kind not in {"ome", "mmstack"} or all(page is not None for page in series)


def _require_planes(tif: tifffile.TiffFile) -> None:
    """Raise `ValueError` if OME-XML refers to more pages than there are, and to no other file.

    A single page may be one of a set whose files do not name each other, if the file is too
    small for the others.
    """
    found = len(tif.pages)
    if not tif.is_ome or tif.series[0].kind != "ome":
        return
    if found < 2 and tif.filehandle.size < tif.series[0].nbytes:
        return
    xml = tif.pages.first.description
    if len(set(re.findall(r'<UUID\b[^>]*\bFileName="([^"]*)"', xml))) > 1:
        return
    needed = 0
    for block in re.findall(r"<TiffData\b([^>]*)>", xml):
        numbers = dict(re.findall(r'(\w+)="(\d+)"', block))
        first, count = int(numbers.get("IFD", 0)), int(numbers.get("PlaneCount", 1))
        needed = max(needed, first + count if numbers else len(tif.series[0]))
    if needed > found:
        raise ValueError(
            f"its OME metadata refer to {needed} pages, it has {found}; "
            "strict=False reads the pages that are there"
        )


def _is_part_of_mmstack(tif: tifffile.TiffFile) -> bool:
    """Return whether a Micro-Manager file declares more images than it indexes.

    tifffile would look for the other files even with ``_multifile=False``.
    """
    metadata = tif.micromanager_metadata or {}
    summary, index = metadata["Summary"], np.asarray(metadata["IndexMap"])
    if not len(index):
        return True
    names = ("Channels", "Slices", "Frames", "Positions")  # the index's columns
    declared = [
        max(int(indexed) + 1, int(summary.get(name, 1)))
        for indexed, name in zip(index[:, :4].max(axis=0), names, strict=True)
    ]
    return math.prod(declared) > len(index)

"""TIFF files of many kinds, for any test that should hold for all of them.

``write_corpus(folder)`` writes one small file of each kind in `KINDS`; the same
bytes in each run, all within a second.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tifffile

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of file: an array and how `tifffile.TiffWriter` writes it."""

    shape: tuple[int, ...] = (37, 53)
    dtype: str = "u2"
    args: dict[str, Any] = field(default_factory=dict)
    """Arguments of ``TiffWriter.write``."""
    file: dict[str, Any] = field(default_factory=dict)
    """Arguments of ``TiffWriter``."""
    apart: bool = False
    """Write each image along the first axis by itself."""
    after: Callable[[str], None] | None = None
    """What is done to the file then."""


def image(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    """Return an image of noise in a small range, so that codecs have something to do."""
    rng = np.random.default_rng(seed)
    scale = 1.0 if dtype == "?" else 200.0
    data = rng.random(shape) * scale + np.arange(shape[-1]) % 7 * (dtype != "?")
    if dtype == "?":
        return data > 0.5
    if np.dtype(dtype).kind == "c":
        data = data + 1j * rng.random(shape)
    return data.astype(dtype)


def write_corpus(
    folder: str | os.PathLike[str], seed: int = 0, names: Iterable[str] | None = None
) -> dict[str, str]:
    """Write a file of each kind, or of some, and return their paths by the names of the kinds.

    Another seed gives files of the same kinds with other pixels.
    """
    paths = {}
    for name in KINDS if names is None else names:
        kind = KINDS[name]
        suffix = ".ome.tif" if kind.file.get("ome") else ".tif"
        paths[name] = os.path.join(folder, name + suffix)
        _write(paths[name], kind, image(kind.shape, kind.dtype, zlib.crc32(name.encode()) + seed))
    return paths


def changed(name: str) -> bool:
    """Return whether a file of this kind holds other pixels than `image` gave."""
    return any(word in name for word in ("jpeg", "webp", "bits", "sparse", "pyramid"))


def _write(path: str, kind: Kind, data: Array) -> None:
    with tifffile.TiffWriter(path, **kind.file) as writer:
        if kind.apart:
            for part in data:
                writer.write(part, **kind.args)
        else:
            writer.write(data, **kind.args)
    if kind.after is not None:
        kind.after(path)


def punch_holes(path: str) -> None:
    """Make the second strip or tile of the first page, and the last one, as if never written."""
    with tifffile.TiffFile(path, mode="r+") as tif:
        page = tif.pages.first
        for names in (("StripOffsets", "TileOffsets"), ("StripByteCounts", "TileByteCounts")):
            tag = next(page.tags[name] for name in names if name in page.tags)
            values = list(tag.value)
            values[1 % len(values)] = values[-1] = 0
            tag.overwrite(values)


def _tag_as(code: int) -> Callable[[str], None]:
    """Turn the private tag 65000 into one that tifffile does not write by itself."""

    def patch(path: str) -> None:
        with open(path, "r+b") as file:
            content = file.read()
            entry = struct.pack("<HHI", 65000, 3, 1)
            assert content.count(entry) == 1
            file.seek(content.index(entry))
            file.write(struct.pack("<H", code))

    return patch


def _pyramid(path: str) -> None:
    base = tifffile.imread(path)
    with tifffile.TiffWriter(path) as writer:
        writer.write(base, tile=(32, 32), subifds=2, compression="zlib")
        for step in (2, 4):
            writer.write(base[::step, ::step], tile=(32, 32), subfiletype=1, compression="zlib")


def _strips(rows: int = 8, **args: Any) -> dict[str, Any]:
    return {"rowsperstrip": rows, "metadata": None, **args}


def _tiles(tile: tuple[int, ...] = (16, 32), **args: Any) -> dict[str, Any]:
    return {"tile": tile, "metadata": None, **args}


_LOSSLESS = ("lzw", "zlib", "zstd", "packbits", "lzma")
_RGB = {"photometric": "rgb", "planarconfig": "contig"}
_PLANAR = {"photometric": "rgb", "planarconfig": "separate"}


def _codecs() -> dict[str, Kind]:
    kinds = {}
    for codec in _LOSSLESS:
        kinds[f"{codec}-strips"] = Kind(args=_strips(compression=codec))
        kinds[f"{codec}-tiles"] = Kind(args=_tiles(compression=codec))
        kinds[f"{codec}-one-strip"] = Kind(args=_strips(37, compression=codec))
        kinds[f"{codec}-pages"] = Kind((5, 20, 30), args=_strips(7, compression=codec))
    for codec in ("jpeg", "webp", "png", "jpeg2000", "jpegxl"):
        kinds[f"{codec}-rgb-tiles"] = Kind(
            (50, 70, 3), "u1", _tiles((32, 32), compression=codec, **_RGB)
        )
    for codec in ("lerc", "jpeg2000"):
        kinds[f"{codec}-strips"] = Kind(args=_strips(compression=codec))
        kinds[f"{codec}-pages"] = Kind((5, 40, 48), args=_tiles((16, 16), compression=codec))
    kinds["jpeg-gray-strips"] = Kind(dtype="u1", args=_strips(16, compression="jpeg"))
    kinds["jpeg-gray-pages"] = Kind((5, 40, 48), "u1", _tiles((16, 16), compression="jpeg"))
    return kinds


def _predictors() -> dict[str, Kind]:
    kinds = {}
    for dtype in ("u1", "u2", "i4", "f4"):
        for layout, make in (("strips", _strips), ("tiles", _tiles)):
            for order in ("<", ">"):
                name = f"predictor-{dtype}-{layout}-{'little' if order == '<' else 'big'}"
                args = make(compression="zlib", predictor=3 if dtype == "f4" else 2)
                kinds[name] = Kind(dtype=dtype, args=args, file={"byteorder": order})
    kinds["predictor-rgb"] = Kind(
        (37, 53, 3), "u1", _strips(compression="lzw", predictor=2, **_RGB)
    )
    return kinds


def _plain() -> dict[str, Kind]:
    kinds = {}
    for dtype in ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "f2", "f4", "f8", "c8", "c16"):
        for order in ("<", ">"):
            name = f"contiguous-{np.dtype(dtype)}-{'little' if order == '<' else 'big'}"
            kinds[name] = Kind(dtype=dtype, file={"byteorder": order}, args={"metadata": None})
    kinds["contiguous-strips"] = Kind(args=_strips())
    kinds["contiguous-bigtiff"] = Kind(file={"bigtiff": True})
    kinds["contiguous-wide"] = Kind((5, 20_000), "u2")
    kinds["contiguous-large"] = Kind((600, 500), "f4")
    kinds["plain-tiles"] = Kind(args=_tiles())
    kinds["plain-tiles-big"] = Kind(args=_tiles(), file={"byteorder": ">"})
    kinds["plain-tiles-adjacent"] = Kind((48, 32), args=_tiles())
    kinds["plain-tiles-float16"] = Kind(dtype="f2", args=_tiles())
    kinds["bits-4"] = Kind(dtype="u1", args={"bitspersample": 4, "metadata": None})
    kinds["bits-12-strips"] = Kind(dtype="u2", args=_strips(bitspersample=12))
    kinds["bilevel-deflate"] = Kind((40, 64), "?", _strips(compression="zlib"))
    kinds["bilevel-tiles"] = Kind((40, 64), "?", _tiles((16, 16)))
    return kinds


def _samples() -> dict[str, Kind]:
    kinds = {}
    for codec in (None, "zlib"):
        end = codec or "plain"
        kinds[f"rgb-{end}"] = Kind((37, 53, 3), "u1", _strips(compression=codec, **_RGB))
        kinds[f"rgb-tiles-{end}"] = Kind((37, 53, 3), "u1", _tiles(compression=codec, **_RGB))
        kinds[f"planar-{end}"] = Kind((3, 37, 53), "u2", _strips(compression=codec, **_PLANAR))
        kinds[f"planar-tiles-{end}"] = Kind((3, 37, 53), "u2", _tiles(compression=codec, **_PLANAR))
        kinds[f"planar-pages-{end}"] = Kind(
            (4, 3, 20, 30), "u1", _tiles((16, 16), compression=codec, **_PLANAR)
        )
        kinds[f"rgba-pages-{end}"] = Kind(
            (4, 20, 30, 4), "u1", _strips(compression=codec, extrasamples=["unassalpha"], **_RGB)
        )
        kinds[f"five-samples-{end}"] = Kind(
            (20, 30, 5),
            "u1",
            _strips(compression=codec, photometric="minisblack", planarconfig="contig"),
        )
        kinds[f"volume-{end}"] = Kind(
            (20, 37, 53), "u1", _tiles((16, 16, 16), compression=codec, volumetric=True)
        )
        kinds[f"volume-rgb-{end}"] = Kind(
            (20, 37, 53, 3), "u1", _tiles((16, 16, 16), compression=codec, volumetric=True, **_RGB)
        )
    return kinds


def _stacks() -> dict[str, Kind]:
    kinds = {}
    for codec in (None, "zlib"):
        end = codec or "plain"
        args = {"compression": codec}
        kinds[f"stack-shaped-{end}"] = Kind((5, 20, 30), args=args)
        kinds[f"stack-hyper-{end}"] = Kind((2, 5, 20, 30), args=args)
        kinds[f"stack-singletons-{end}"] = Kind((1, 3, 1, 20, 30, 1), args=args)
        kinds[f"stack-uniform-{end}"] = Kind((5, 20, 30), args={**args, "metadata": None})
        kinds[f"stack-apart-{end}"] = Kind(
            (5, 20, 30), args={**args, "metadata": None, "contiguous": False}, apart=True
        )
        kinds[f"imagej-{end}"] = Kind(
            (2, 3, 20, 30), args={**args, "metadata": {"axes": "TZYX"}}, file={"imagej": True}
        )
        kinds[f"ome-{end}"] = Kind(
            (2, 3, 8, 9), args={**args, "metadata": {"axes": "TCYX"}}, file={"ome": True}
        )
        kinds[f"ome-rgb-{end}"] = Kind(
            (3, 20, 30, 3),
            "u1",
            {**args, "metadata": {"axes": "ZYXS"}, "photometric": "rgb"},
            {"ome": True},
        )
        kinds[f"one-row-{end}"] = Kind((1, 40), args=args)
        kinds[f"one-column-{end}"] = Kind((40, 1), args=args)
        kinds[f"one-pixel-{end}"] = Kind((1, 1), args=args)
    kinds["stack-apart-large"] = Kind(
        (2, 200, 500), args={"metadata": None, "contiguous": False}, apart=True
    )
    kinds["stack-truncated"] = Kind((5, 20, 30), args={"truncate": True})
    kinds["imagej-rgb"] = Kind((3, 20, 30, 3), "u1", file={"imagej": True})
    kinds["imagej-virtual"] = Kind(
        (4, 20, 30),
        args={"metadata": {"axes": "ZYX"}, "truncate": True},
        file={"imagej": True, "byteorder": ">"},
    )
    return kinds


def _odd() -> dict[str, Kind]:
    two = [(65000, "H", 1, 2, True)]
    nodata = [(42113, "s", 0, "7", True)]  # GDAL_NODATA
    return {
        "sparse-strips": Kind(args=_strips(compression="zlib"), after=punch_holes),
        "sparse-tiles": Kind(args=_tiles(compression="lzw"), after=punch_holes),
        "sparse-tiles-plain": Kind(args=_tiles(), after=punch_holes),
        "sparse-nodata": Kind(args=_tiles(compression="zlib", extratags=nodata), after=punch_holes),
        "sparse-stack": Kind((5, 37, 53), args=_tiles(compression="zlib"), after=punch_holes),
        "bits-reversed": Kind(args=_strips(extratags=two), after=_tag_as(266)),
        "bits-reversed-tiles": Kind(args=_tiles(extratags=two), after=_tag_as(266)),
        "pyramid": Kind((96, 80), after=_pyramid),
    }


KINDS: dict[str, Kind] = {
    **_plain(),
    **_codecs(),
    **_predictors(),
    **_samples(),
    **_stacks(),
    **_odd(),
}
"""How each kind of file is written, by its name."""


ALTERED = [
    "contiguous-uint16-little",
    "contiguous-uint16-big",
    "contiguous-bigtiff",
    "contiguous-strips",
    "plain-tiles",
    "lzw-strips",
    "zlib-tiles",
    "zstd-strips",
    "packbits-strips",
    "predictor-u2-strips-little",
    "planar-zlib",
    "stack-shaped-plain",
    "stack-shaped-zlib",
    "stack-apart-plain",
    "stack-uniform-zlib",
    "imagej-plain",
    "ome-plain",
    "ome-zlib",
    "jpeg-rgb-tiles",
    "webp-rgb-tiles",
    "lerc-strips",
]
"""Kinds of whole files and regions that are read fast, for tests of damaged ones."""

_GRAY = {"photometric": "minisblack"}

NEAR: dict[str, Kind] = {
    name: Kind((16, 24, 3) if "rgb" in str(args) else (16, 24), "u1", {"metadata": None, **args}, f)
    for name, args, f in (
        ("as it is", _GRAY, {}),
        ("min is white", {"photometric": "miniswhite"}, {}),
        ("palette", {"photometric": "palette", "colormap": np.zeros((3, 256), "u2")}, {}),
        ("predictor", {**_GRAY, "predictor": 2, "compression": "lzw"}, {}),
        ("lzw", {**_GRAY, "compression": "lzw"}, {}),
        ("deflate", {**_GRAY, "compression": "zlib"}, {}),
        ("strips", {**_GRAY, "rowsperstrip": 5}, {}),
        ("tiles", {**_GRAY, "tile": (16, 16)}, {}),
        ("reduced", {**_GRAY, "subfiletype": 1}, {}),
        ("big endian", _GRAY, {"byteorder": ">"}),
        ("bigtiff", _GRAY, {"bigtiff": True}),
        ("rgb", {"photometric": "rgb"}, {}),
        ("4 bits", {**_GRAY, "bitspersample": 4}, {}),
        ("orientation", {**_GRAY, "extratags": [(274, "H", 1, 3, True)]}, {}),
        ("nodata", {**_GRAY, "extratags": [(42113, "s", 0, "7", True)]}, {}),
        ("software", {**_GRAY, "software": "MetaSeries"}, {}),
        ("described", {**_GRAY, "description": "at 3.7 um"}, {}),
        ("otherwise described", {**_GRAY, "description": "at 12.7 um"}, {}),
        ("dated", {**_GRAY, "datetime": "2026:01:02 03:04:05"}, {}),
        ("shaped", {**_GRAY, "description": '{"shape": [16, 24]}'}, {}),
        ("shaped otherwise", {**_GRAY, "description": '{"shape": [1, 384]}'}, {}),
        ("shaped longer", {**_GRAY, "description": '{"shape": [2, 16, 24]}'}, {}),
        ("imagej", {**_GRAY, "description": "ImageJ=1.11a\nimages=1\n"}, {}),
        ("imagej stack", {**_GRAY, "description": "ImageJ=1.11a\nimages=2\nslices=2\n"}, {}),
        ("ome", {**_GRAY, "description": "<OME></OME>"}, {}),
        ("scn", {**_GRAY, "description": "<scn></scn>"}, {}),
        ("micromanager", {**_GRAY, "extratags": [(51123, "s", 0, "{}", True)]}, {}),
        ("geotiff", {**_GRAY, "extratags": [(34735, "H", 4, (1, 1, 0, 0), True)]}, {}),
        ("lsm", {**_GRAY, "extratags": [(34412, "B", 4, (1, 1, 0, 0), True)]}, {}),
        ("private", {**_GRAY, "extratags": [(65000, "H", 1, 5, True)]}, {}),
    )
}
"""Files that differ from the first in one thing, by its name."""


def write_near(folder: str | os.PathLike[str], seed: int = 0) -> dict[str, str]:
    """Write files that differ in one thing, and return their paths by its name."""
    paths = {}
    for name, kind in NEAR.items():
        paths[name] = os.path.join(folder, f"{name}.tif")
        _write(paths[name], kind, image(kind.shape, kind.dtype, seed) % 16)
    with open(paths["as it is"], "rb") as file:
        content = file.read()
    paths["two pages"] = os.path.join(folder, "two pages.tif")
    two = Kind(args={"metadata": None, "contiguous": False, **_GRAY}, apart=True)
    _write(paths["two pages"], two, image((2, 16, 24), "u1", seed))
    for name, altered in (
        ("grown", content + b"1"),
        ("short", content[:-1]),
        ("half", content[: len(content) // 2]),
        ("empty", b""),
    ):
        paths[name] = os.path.join(folder, f"{name}.tif")
        with open(paths[name], "wb") as file:
            file.write(altered)
    return paths


def altered_bytes(content: bytes, rng: np.random.Generator) -> bytearray:
    """Return content with up to three other bytes, often at its start, and sometimes cut short."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        where = rng.integers((min(400, len(data)), len(data))[rng.integers(2)])
        data[where] = rng.integers(256)
    return data if rng.random() >= 0.1 else data[: rng.integers(len(data))]

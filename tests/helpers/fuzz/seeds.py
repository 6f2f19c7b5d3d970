"""Sound files of many kinds, which `mutations` damages."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from tests.helpers.corpus import image, write_corpus
from tests.helpers.pngs import png, repair_png

TIFF = (
    *("contiguous-uint16-little", "contiguous-uint16-big", "contiguous-float32-little"),
    *("contiguous-strips", "contiguous-bigtiff", "plain-tiles", "bits-12-strips"),
    *("lzw-strips", "lzw-tiles", "zlib-strips", "zlib-tiles", "zlib-pages", "zstd-tiles"),
    *("packbits-strips", "lzma-strips", "jpeg-rgb-tiles", "jpeg-gray-strips", "webp-rgb-tiles"),
    *("jpeg2000-rgb-tiles", "predictor-u2-strips-little", "predictor-f4-tiles-big"),
    *("predictor-rgb", "planar-plain", "planar-tiles-zlib", "rgba-pages-plain", "volume-zlib"),
    *("stack-shaped-plain", "stack-uniform-zlib", "stack-apart-plain", "imagej-plain"),
    *("ome-plain", "ome-zlib", "pyramid", "sparse-tiles"),
)
"""Kinds of TIFF files in `tests.helpers.corpus`."""


@dataclass(frozen=True)
class Seed:
    """A kind of file that is no TIFF file, or is made by other means."""

    suffix: str
    write: Callable[[Path], None]
    oracle: str
    """What reads it, too: a key of `oracles.ORACLES`."""
    repair: Callable[[bytes], bytes] | None = None
    """Makes checksums right again, so that what is damaged is read at all."""


def _write_scanimage(path: Path) -> None:
    tifffile.imwrite(
        path,
        image((4, 20, 30), "i2"),
        software="SI.VERSION_MAJOR = 2023\nSI.hChannels.channelSave = 1",
        description="frameNumbers = 1",
        photometric="minisblack",
        metadata=None,
    )


def _write_pages(path: Path) -> None:
    """Write pages of several strips each, one behind the other."""
    pages = image((3, 20, 30), "u1")
    tifffile.imwrite(path, pages, rowsperstrip=10, photometric="minisblack", metadata=None)


def _write_ome_pages(path: Path) -> None:
    tifffile.imwrite(path, image((3, 20, 30), "u1"), rowsperstrip=10, photometric="minisblack")


def _codec(
    codec: str, shape: tuple[int, ...], dtype: str = "u1", **args: object
) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        encode = getattr(imagecodecs, f"{codec}_encode")
        path.write_bytes(encode(image(shape, dtype), **args))

    return write


def _pillow(
    shape: tuple[int, ...], mode: str | None = None, **args: object
) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        picture = Image.fromarray(image(shape, "u1"))
        (picture if mode is None else picture.convert(mode)).save(path, **args)

    return write


def _write_interlaced(path: Path) -> None:
    path.write_bytes(png(20, 30, interlaced=True))


def _write_npy(path: Path) -> None:
    np.save(path, image((20, 30), "u2"))


MEMBERS = ("a_t0.tif", "a_t1.tif", "a_t2.tif")
"""The members of archives."""


def _members() -> dict[str, bytes]:
    contents = {}
    for number, name in enumerate(MEMBERS):
        file = io.BytesIO()
        tifffile.imwrite(file, image((12, 14), "u1", number), compression="zlib", metadata=None)
        contents[name] = file.getvalue()
    return contents


def _zip(compression: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in _members().items():
                archive.writestr(zipfile.ZipInfo(name), content, compression)

    return write


def _tar(mode: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with tarfile.open(path, mode) as archive:
            for name, content in _members().items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    return write


OTHERS = {
    "strips-of-pages": Seed(".tif", _write_pages, "tifffile"),
    "strips-of-ome-pages": Seed(".ome.tif", _write_ome_pages, "tifffile"),
    "scanimage": Seed(".tif", _write_scanimage, "tifffile"),
    "png-gray": Seed(".png", _codec("png", (37, 53)), "pillow", repair_png),
    "png-gray16": Seed(".png", _codec("png", (20, 30), "u2"), "pillow", repair_png),
    "png-rgba": Seed(".png", _codec("png", (20, 30, 4)), "pillow", repair_png),
    "png-rgb16": Seed(".png", _codec("png", (20, 30, 3), "u2"), "imagecodecs", repair_png),
    "png-palette": Seed(".png", _pillow((20, 30), "P", transparency=3), "pillow", repair_png),
    "png-bilevel": Seed(".png", _pillow((20, 30), "1"), "pillow", repair_png),
    "png-interlaced": Seed(".png", _write_interlaced, "pillow", repair_png),
    "jpeg-gray": Seed(".jpg", _codec("jpeg8", (37, 53)), "pillow"),
    "jpeg-rgb": Seed(".jpg", _codec("jpeg8", (37, 53, 3)), "pillow"),
    "jpeg-progressive": Seed(".jpg", _pillow((37, 53, 3), progressive=True), "pillow"),
    "jpeg-cmyk": Seed(".jpg", _pillow((37, 53, 3), "CMYK"), "pillow"),
    "jp2-rgb": Seed(".jp2", _codec("jpeg2k", (37, 53, 3)), "pillow"),
    "j2k-gray16": Seed(".j2k", _codec("jpeg2k", (37, 53), "u2", codecformat="J2K"), "pillow"),
    "webp-rgb": Seed(".webp", _codec("webp", (37, 53, 3)), "pillow"),
    "webp-lossless": Seed(".webp", _codec("webp", (37, 53, 4), lossless=True), "pillow"),
    "bmp-gray": Seed(".bmp", _codec("bmp", (37, 53)), "pillow"),
    "bmp-rgb": Seed(".bmp", _codec("bmp", (37, 53, 3)), "pillow"),
    "jxl-rgb": Seed(".jxl", _codec("jpegxl", (37, 53, 3)), "imagecodecs"),
    "jxr-gray16": Seed(".jxr", _codec("jpegxr", (37, 53), "u2"), "imagecodecs"),
    "gif-palette": Seed(".gif", _pillow((37, 53), "P"), "pillow"),
    "pbm-bits": Seed(".pbm", _pillow((37, 53), "1"), "pillow"),
    "pgm-gray": Seed(".pgm", _pillow((37, 53), "L"), "pillow"),
    "ppm-rgb": Seed(".ppm", _pillow((37, 53, 3), "RGB"), "pillow"),
    "hdr-rgb": Seed(".hdr", _codec("rgbe", (37, 53, 3), "f4"), "imagecodecs"),
    "npy": Seed(".npy", _write_npy, "numpy"),
    "zip-stored": Seed(".zip", _zip(zipfile.ZIP_STORED), "zipfile"),
    "zip-deflated": Seed(".zip", _zip(zipfile.ZIP_DEFLATED), "zipfile"),
    "tar": Seed(".tar", _tar("w"), "tarfile"),
    "tar-gz": Seed(".tar.gz", _tar("w:gz"), "tarfile"),
}
"""Kinds of other files, and of archives."""

KINDS = (*TIFF, *OTHERS)
"""The names of all kinds."""


def write_seeds(folder: Path) -> None:
    """Write a file of each kind into a folder, each called by its kind and suffix."""
    write_corpus(folder, names=TIFF)
    for name, seed in OTHERS.items():
        seed.write(folder / f"{name}{seed.suffix}")


def seed_path(folder: Path, kind: str) -> Path:
    """Return the path of the file of a kind that `write_seeds` wrote."""
    if kind in OTHERS:
        return folder / f"{kind}{OTHERS[kind].suffix}"
    return folder / (kind + (".ome.tif" if kind.startswith("ome") else ".tif"))


def oracle_of(kind: str) -> str:
    """Return the key of `oracles.ORACLES` for a kind."""
    return OTHERS[kind].oracle if kind in OTHERS else "tifffile"

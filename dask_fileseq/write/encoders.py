"""Encoders: the bytes of one image file, by the suffix of its name.

An encoder is tried on a small image before anything is written, so that what a format cannot
hold, and options that do not fit each other, are errors in time.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import LayoutError
from dask_fileseq.readers import TIFF_SUFFIXES, ChunkMetadata, read_by_suffix
from dask_fileseq.types import EncodingOptions
from dask_fileseq.write.tiffencoder import TiffEncoder

TRIED = 32
"""Most pixels along y and x of the image on which an encoder is tried."""

WRITTEN_TIFF = (".tif", ".tiff", ".btf", ".tf8")
"""Suffixes of the TIFF files that are written; others are those of instruments."""

CODECS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    ".png": ("png", {}),
    ".jpg": ("jpeg", {}),
    ".jpeg": ("jpeg", {}),
    ".jp2": ("jpeg2k", {"codecformat": "JP2", "level": 0}),
    ".j2k": ("jpeg2k", {"codecformat": "J2K", "level": 0}),
    ".jxl": ("jpegxl", {"lossless": True}),
    ".jxr": ("jpegxr", {"level": 1.0}),
    ".webp": ("webp", {"lossless": True}),
    ".bmp": ("bmp", {}),
}
"""Names of the encoders of imagecodecs by suffix, and arguments by which they lose nothing."""

JPEG_LARGEST = 4095
"""Largest value of lossy JPEG of more than 8 bits."""


@dataclass(frozen=True)
class CodecEncoder:
    """Encodes a file by imagecodecs; of the metadata, none is kept."""

    suffix: str
    level: Any = None
    encodeargs: tuple[tuple[str, Any], ...] = ()

    def order(self, dims: Sequence[str]) -> tuple[str, ...]:
        """Return the axes in the order of the file: rows, columns, samples."""
        return _required_order(dims, self.suffix)

    def encode(
        self, file: IO[bytes], image: NDArray[Any], dims: Sequence[str], facts: ChunkMetadata
    ) -> None:
        """Write an image into a file."""
        name, arguments = CODECS[self.suffix]
        arguments = dict(arguments)
        if self.level is not None:
            arguments |= {"lossless": False} if "lossless" in arguments else {}
            arguments["level"] = self.level
        encode: Callable[..., Any] = getattr(imagecodecs, f"{name}_encode")
        arguments |= dict(self.encodeargs)
        image = np.ascontiguousarray(image, image.dtype.newbyteorder("="))
        if name == "jpeg" and image.itemsize > 1 and not arguments.get("lossless"):
            _require_twelve_bits(image)
        file.write(encode(image, **arguments))


def _require_twelve_bits(image: NDArray[Any]) -> None:
    """Raise a `ValueError` if values are too large for lossy JPEG, which would write others."""
    largest = image.max()
    if largest > JPEG_LARGEST:
        raise ValueError(
            f"its values are up to {largest}, and JPEG has 12 bits, up to {JPEG_LARGEST:,}: scale"
            " them, write PNG or TIFF, or give encodeargs={'lossless': True}"
        )


@dataclass(frozen=True)
class NumpyEncoder:
    """Encodes NPY files, of any number of axes and any numbers."""

    suffix: str = field(default=".npy", init=False)

    def order(self, dims: Sequence[str]) -> tuple[str, ...]:
        """Return the axes as they are."""
        return tuple(dims)

    def encode(
        self, file: IO[bytes], image: NDArray[Any], dims: Sequence[str], facts: ChunkMetadata
    ) -> None:
        """Write an array into a file."""
        np.save(file, image, allow_pickle=False)


Encoder = TiffEncoder | CodecEncoder | NumpyEncoder


def _required_order(dims: Sequence[str], suffix: str) -> tuple[str, ...]:
    order = tuple(dim for dim in ("y", "x", "s") if dim in dims)
    if not {"y", "x"} <= {*dims} or len(order) < len(dims):
        raise LayoutError(
            f"a {suffix} file has the axes y, x and s (samples), not {', '.join(dims) or 'none'}: "
            "give each other axis a field in the pattern, or write TIFF or NPY"
        )
    return order


def encoder_of(suffix: str, options: EncodingOptions) -> Encoder:
    """Return the encoder for files with a suffix, in lower case; see `suffix_of`.

    Raises
    ------
    ValueError
        If there is none, or an option is not for such files.
    """
    if options.tile is not None and np.ndim(options.tile) != 1:
        raise ValueError(f"tile={options.tile!r} is no shape of tiles, such as (256, 256)")
    tiff = options.tiff_options()
    if suffix.removeprefix(".ome") in WRITTEN_TIFF:
        if options.level is not None:
            raise ValueError(f"level={options.level!r} is not for TIFF: give compressionargs")
        return TiffEncoder.of(options, is_ome=suffix.startswith(".ome"))
    if tiff:
        name, value = next(iter(tiff.items()))
        raise ValueError(f"{name}={value!r} is for TIFF, not for {suffix or 'names'} files")
    more = tuple(sorted((options.encodeargs or {}).items()))
    if suffix == ".npy":
        if options.level is not None or more:
            raise ValueError("level and encodeargs are not for .npy files, which have no options")
        return NumpyEncoder()
    if suffix not in CODECS:
        known = ", ".join([".tif", ".ome.tif", *CODECS, ".npy"])
        raise ValueError(f"no files with the suffix {suffix!r} are written, but {known}")
    return CodecEncoder(suffix, options.level, more)


def suffix_of(name: str) -> str:
    """Return the suffix by which the format of a file is chosen, in lower case.

    >>> suffix_of("out/a.OME.TIF"), suffix_of("b.v2.png"), suffix_of("c")
    ('.ome.tif', '.png', '')
    """
    stem, suffix = os.path.splitext(name.lower())
    return f".ome{suffix}" if stem.endswith(".ome") and suffix in TIFF_SUFFIXES else suffix


def try_encoder(
    encoder: Encoder,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    dims: Sequence[str],
    facts: ChunkMetadata,
) -> None:
    """Raise a `ValueError` unless a small image of that kind is written and read again."""
    lengths = [min(n, TRIED) if d in ("y", "x") else n for d, n in zip(dims, shape, strict=True)]
    small = np.zeros(lengths, dtype)
    file, name = io.BytesIO(), f"a{encoder.suffix}"
    what = f"{dtype} of shape {tuple(shape)} as {encoder.suffix}"
    try:
        encoder.encode(file, small, dims, facts)
        file.seek(0)
        read: Any = np.load if encoder.suffix == ".npy" else read_by_suffix.for_file(name)
        found = np.asarray(read(file))
    except LayoutError:
        raise
    except Exception as error:
        raise ValueError(f"cannot write {what}: {type(error).__name__}: {error}") from error
    if (
        found.dtype.newbyteorder("=") != dtype.newbyteorder("=")
        or found.squeeze().shape != small.squeeze().shape
    ):
        raise ValueError(
            f"cannot write {what}: it would be read as {found.dtype}"
            f"{'' if found.squeeze().shape == small.squeeze().shape else ' of another shape'}; "
            "convert it first, or write TIFF or NPY"
        )

"""The encoder of TIFF files, by tifffile: plain, OME-TIFF, ImageJ, GeoTIFF.

Metadata go where the reader of this package, and other programs, look for them: pixel sizes into
the resolution, OME-XML or ImageJ's description; places on the ground into the tags of GeoTIFF.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

import numpy as np
import tifffile
from numpy.typing import NDArray

from dask_fileseq.errors import LayoutError
from dask_fileseq.readers import MICROMETRES, ChunkMetadata, Scale, band_tags, geo_tags
from dask_fileseq.types import EncodingOptions

SOFTWARE = "dask-fileseq"
"""The program in the tag by which readers know that the resolution is the size of pixels."""

SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}

CODES = {"time": "T", "channel": "C", "ch": "C", "depth": "Z"}
"""Letters of axes, where it is not the name itself; any other name is Q."""

IMAGEJ_TYPES = ("u1", "u2", "f4")


@dataclass(frozen=True)
class TiffEncoder:
    """Encodes TIFF files; see `to_files` for the options."""

    arguments: tuple[tuple[str, Any], ...] = ()
    """Arguments of `tifffile.imwrite`."""
    is_ome: bool = False
    is_imagej: bool = False
    is_cog: bool = False

    @classmethod
    def of(cls, options: EncodingOptions, is_ome: bool) -> TiffEncoder:
        """Return the encoder with these options."""
        arguments = options.tiff_options()
        is_imagej, is_cog = (bool(arguments.pop(name, False)) for name in ("imagej", "cog"))
        if is_imagej + is_ome + is_cog > 1:
            raise ValueError("a file is one of imagej=True, cog=True, and .ome.tif")
        if not isinstance(options.encodeargs, Mapping | None):
            raise TypeError(f"encodeargs={options.encodeargs!r} is no mapping of arguments")
        arguments |= options.encodeargs or {}
        return cls(tuple(sorted(arguments.items())), is_ome, is_imagej, is_cog)

    @property
    def suffix(self) -> str:
        """Suffix of the files."""
        return ".ome.tif" if self.is_ome else ".tif"

    def has_inside(self, dim: str) -> bool:
        """Return whether an axis is in a file if it is not in its name."""
        return (self.is_ome or self.is_imagej) and _code(dim) in ("T", "C", "Z")

    def order(self, dims: Sequence[str]) -> tuple[str, ...]:
        """Return the axes in the order of the file: pages, rows, columns, samples."""
        if not {"y", "x"} <= {*dims}:
            raise LayoutError(
                f"a TIFF file has the axes y and x, not only {', '.join(dims) or 'none'}: name "
                "them by dims, or write NPY"
            )
        pages = [dim for dim in dims if dim not in ("y", "x", "s")]
        codes = self._codes(pages)
        if self.is_cog and pages:
            raise LayoutError(f"a COG has the axes y, x and band, and not {', '.join(pages)}")
        if self.is_imagej:
            if not {*codes} <= {*"TZC"}:
                raise LayoutError(f"ImageJ has the axes t, z and c, and none of {', '.join(pages)}")
            pages = [dim for _, dim in sorted(zip(map("TZC".index, codes), pages, strict=True))]
        return (*pages, "y", "x", *(["s"] if "s" in dims else []))

    @staticmethod
    def _codes(dims: Sequence[str]) -> str:
        """Return a letter for each axis."""
        codes = list(map(_code, dims))
        twice = [dim for dim, code in zip(dims, codes, strict=True) if codes.count(code) > 1]
        if twice:
            raise LayoutError(
                f"axes {', '.join(twice)} in one TIFF file need names of one letter, such as t, c, "
                "z, all different: give them by dims"
            )
        return "".join(codes)

    def encode(
        self, file: IO[bytes], image: NDArray[Any], dims: Sequence[str], facts: ChunkMetadata
    ) -> None:
        """Write an image into a file."""
        given = dict(self.arguments)
        arguments: dict[str, Any] = {"metadata": None, "photometric": "minisblack"}
        if "s" in dims and image.shape[-1] in (3, 4) and image.dtype.str[1:] in ("u1", "u2"):
            arguments["photometric"] = "rgb"
        if "s" in dims:
            arguments["planarconfig"] = "contig"
        if (
            not self.is_cog
            and given.get("compression")
            and "predictor" not in given
            and _predicts(given, image.dtype)
        ):
            arguments["predictor"] = True
        names = facts.labels["s"].names if "s" in facts.labels else ()
        tags = band_tags(facts.attrs, names, image.shape[-1] if "s" in dims else 1)
        tags += geo_tags(facts.scales, facts.crs)
        if tags:
            arguments["extratags"] = tags
        codes = self._codes(dims)
        if self.is_ome:
            arguments["metadata"] = _ome_metadata(codes, dims, facts, crc32(image.tobytes()))
        elif self.is_imagej:
            if image.dtype.str[1:] not in IMAGEJ_TYPES or (
                "s" in dims and image.dtype.itemsize > 1
            ):
                raise ValueError("ImageJ has uint8, uint16 and float32, and colours of uint8")
            arguments |= _imagej_arguments(codes, dims, image.shape, facts)
        elif image.ndim > 2 + ("s" in dims):
            arguments["metadata"] = {"axes": codes}
        if not self.is_imagej:
            arguments |= _resolution(facts.scales)
        arguments |= {"ome": self.is_ome, "imagej": self.is_imagej}
        if self.is_cog:
            plain = io.BytesIO()
            tifffile.imwrite(plain, image, **arguments)
            file.write(cloud_optimized(plain.getvalue(), image.dtype, given))
        else:
            tifffile.imwrite(file, image, **arguments | given)


def cloud_optimized(plain: bytes, dtype: np.dtype[Any], given: Mapping[str, Any]) -> bytes:
    """Return a TIFF file as a cloud optimized GeoTIFF.

    GDAL does it: in one, all headers and the smaller levels come before the image, and tifffile
    writes pages in their order, each with its pixels.
    """
    try:
        from rasterio.io import MemoryFile
        from rasterio.shutil import copy
    except ImportError as error:
        raise ImportError(
            'cog=True needs rasterio, which pip install "dask-fileseq[cog]" brings'
        ) from error
    name = str(given.get("compression") or "deflate").upper()
    options = {"COMPRESS": "DEFLATE" if name in ("ZLIB", "ADOBE_DEFLATE") else name}
    if options["COMPRESS"] in ("DEFLATE", "LZW", "ZSTD"):
        options["PREDICTOR"] = "YES" if given.get("predictor", dtype != np.float16) else "NO"
    if "tile" in given:
        options["BLOCKSIZE"] = str(given["tile"][0])
    if "bigtiff" in given:
        options["BIGTIFF"] = "YES"
    with MemoryFile(plain) as source, MemoryFile() as target:
        copy(source.name, target.name, driver="COG", **options)
        return bytes(target.getbuffer())


def _code(dim: str) -> str:
    """Return the letter of an axis."""
    return CODES.get(dim, dim.upper() if len(dim) == 1 else "Q")


def _predicts(given: Mapping[str, Any], dtype: np.dtype[Any]) -> bool:
    """Return whether a predictor makes files smaller: of lossless codecs of bytes."""
    name = str(given["compression"]).lower()
    return name in ("zlib", "deflate", "adobe_deflate", "lzw", "zstd", "lzma") and (
        dtype.kind in "uif" and dtype.itemsize <= 8 and dtype != np.float16
    )


def _micrometres(scale: Scale | None) -> float | None:
    """Return the size of a pixel in micrometres; None if it is not known, or is on the ground."""
    if scale is None or scale.absolute or scale.units not in MICROMETRES:
        return None
    return abs(scale.step) * MICROMETRES[scale.units]


def _resolution(scales: Mapping[str, Scale]) -> dict[str, Any]:
    """Return the resolution in pixels per centimetre."""
    x, y = _micrometres(scales.get("x")), _micrometres(scales.get("y"))
    if not x or not y:
        return {}
    resolution = 1e4 / x, 1e4 / y
    return {"resolution": resolution, "resolutionunit": "CENTIMETER", "software": SOFTWARE}


def _ome_metadata(
    codes: str, dims: Sequence[str], facts: ChunkMetadata, checksum: int
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": codes, "Creator": SOFTWARE}
    for code, dim in zip(codes, dims, strict=True):
        scale = facts.scales.get(dim)
        if scale is None:
            continue
        if code in "XYZ" and not scale.absolute and scale.units in MICROMETRES:
            metadata[f"PhysicalSize{code}"] = abs(scale.step)
            metadata[f"PhysicalSize{code}Unit"] = scale.units
        elif code == "T" and scale.units in SECONDS:
            metadata |= {"TimeIncrement": scale.step, "TimeIncrementUnit": scale.units}
    for code, dim in zip(codes, dims, strict=True):
        if code == "C" and dim in facts.labels:
            metadata["Channel"] = {"Name": list(facts.labels[dim].names)}
    # the same image has the same identifier, so that files written again are identical
    about = repr((checksum, sorted(metadata.items())))
    return metadata | {"UUID": f"urn:uuid:{uuid5(NAMESPACE_URL, about)}"}


def _imagej_arguments(
    codes: str, dims: Sequence[str], shape: Sequence[int], facts: ChunkMetadata
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": codes}
    by_code = dict(zip(codes, dims, strict=True))
    scales = {code: facts.scales.get(dim) for code, dim in by_code.items()}
    arguments: dict[str, Any] = {"metadata": metadata}
    x, y, z = (_micrometres(scales.get(code)) for code in "XYZ")
    if x and y:
        arguments["resolution"] = 1 / x, 1 / y
        metadata["unit"] = "um"
        if z:
            metadata["spacing"] = z
    t = scales.get("T")
    if t is not None and t.units in SECONDS:
        metadata["finterval"] = t.step * SECONDS[t.units]
    labels = facts.labels.get(by_code.get("C", ""))
    if labels is not None:  # a label for each plane
        pages = [n for n, dim in zip(shape, dims, strict=True) if dim not in ("y", "x", "s")]
        metadata["Labels"] = list(labels.names) * int(np.prod(pages[:-1], dtype=int))
    return arguments

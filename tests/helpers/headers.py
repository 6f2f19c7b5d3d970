"""TIFF files whose headers say one thing or another, made by tifffile."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import tifffile

GEO_KEYS = (1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1)

OME_METADATA = {
    "axes": "CZYX",
    "PhysicalSizeX": 0.25,
    "PhysicalSizeY": 0.5,
    "PhysicalSizeZ": 2,
    "Channel": {"Name": ["DAPI", "GFP"]},
}
"""Metadata of a stack of two channels, for tifffile."""


def geotiff_tags(
    epsg=32633, left=500_000.0, top=5_000_000.0, step=10.0, nodata=None, gdal=None, turned=False
):
    """Return the tags of a GeoTIFF in a UTM zone."""
    tags = [(34735, "H", 16, (*GEO_KEYS, epsg, 3076, 0, 1, 9001), True)]
    if turned:
        matrix = (0, step, 0, left, step, 0, 0, top, 0, 0, 0, 0, 0, 0, 0, 1)
        tags.append((34264, "d", 16, matrix, True))
    else:
        tags.append((33550, "d", 3, (step, step, 0.0), True))
        tags.append((33922, "d", 6, (0.0, 0.0, 0.0, left, top, 0.0), True))
    if nodata is not None:
        tags.append((42113, "s", 0, str(nodata), True))
    if gdal is not None:
        tags.append((42112, "s", 0, gdal, True))
    return tags


def write_geotiff(path, value=1, shape=(4, 5), dtype="i2", **tags):
    """Write a GeoTIFF of one value; the keywords are those of `geotiff_tags`."""
    image = np.full(shape, value, dtype)
    tifffile.imwrite(path, image, metadata=None, extratags=geotiff_tags(**tags))


def write_pixels(path, step=0.5, unit="um", shape=(3, 4, 5), axes="ZYX", spacing=2.0, **metadata):
    """Write a stack in ImageJ's form with a pixel size."""
    given = {"axes": axes, "unit": unit, "spacing": spacing, **metadata}
    args = {"resolution": (1 / step, 1 / step), "metadata": given}
    tifffile.imwrite(path, np.ones(shape, "u2"), imagej=True, **args)


def write_ome(path, step=0.5, shape=(2, 4, 5), axes="CYX", names=("DAPI", "GFP"), **metadata):
    """Write an OME-TIFF with a pixel size and names of channels."""
    given = {"axes": axes, "PhysicalSizeX": step, "PhysicalSizeY": step, **metadata}
    if names is not None:
        given["Channel"] = {"Name": list(names)}
    tifffile.imwrite(path, np.ones(shape, "u2"), ome=True, metadata=given)


@contextmanager
def opened_by_tifffile() -> Iterator[list[object]]:
    """Give a list that grows with each file that tifffile opens."""
    opened = []
    original = tifffile.TiffFile.__init__

    def counted(self, file, *args, **kwargs):
        opened.append(file)
        original(self, file, *args, **kwargs)

    with mock.patch.object(tifffile.TiffFile, "__init__", counted):
        yield opened

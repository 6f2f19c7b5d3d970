"""OME sets: TIFF files whose OME-XML, in a companion file or in each header, names all of them.

Each ``TiffData`` element says which page of which file is which plane of an image. What is the
same in all pages of each file is an axis of the grid; what varies in a file is an axis of its
pages, and must do so in the same way in all files.

The fields are those of the OME data model, https://docs.openmicroscopy.org/ome-model.
"""

from __future__ import annotations

import itertools
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dask_fileseq.descriptors.beside import Beside
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    Extra,
    floats,
    integers,
    seconds,
    times,
)
from dask_fileseq.readers import MICROMETRES, unit_name

FILE_NAME = re.compile(r".*\.companion\.ome", re.IGNORECASE)

TAGS = ("Channel", "TiffData", "Plane", "AcquisitionDate", "Pixels", "Image")

_DIMS = ("image", "t", "c", "z")

MOST = 2**24
"""The most planes of an image."""

Plane = tuple[int, int, int, int]
"""The index of a plane along each of the dims."""


@dataclass
class _Image:
    """The elements of an image, as they were read."""

    name: str = ""
    date: str = ""
    pixels: Mapping[str, str] = field(default_factory=dict)
    channels: list[Mapping[str, str]] = field(default_factory=list)
    tiffdata: list[Mapping[str, str]] = field(default_factory=list)
    planes: dict[tuple[int, int, int], Mapping[str, str]] = field(default_factory=dict)


def read_companion(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what a companion file says of a set."""
    return descriptor_of_set(beside.elements(name, *TAGS), name)


def descriptor_of_set(elements: Iterator[tuple[str, ET.Element]], source: str) -> Descriptor:
    """Return what the elements of OME-XML with some `TAGS` say of a set of files."""
    images = _images(elements)
    pages = _pages(images)
    if not pages:
        raise BadDescriptorError("it names no files")
    inner = _inner_dims(pages)
    sizes = {dim: len({p[k] for f in pages.values() for p in f}) for k, dim in enumerate(_DIMS)}
    firsts = [planes[0] for planes in pages.values()]
    outer = [d for d in _DIMS if d not in inner and sizes[d] > 1]
    channels = {i: each.get("Name", "") for i, each in enumerate(images[0].channels)}
    same_channels = all(image.channels == images[0].channels for image in images)
    return Descriptor(
        source=f"{source} (OME)",
        files=list(pages),
        axes={dim: [first[_DIMS.index(dim)] for first in firsts] for dim in outer}
        or {"sequence": list(range(len(pages)))},
        labels={
            "c": channels if same_channels else {},
            "image": {i: image.name for i, image in enumerate(images)},
        },
        extras=_extras(images, pages),
        index={"t": "elapsed_time"},
        pixel_sizes=_pixel_sizes([image.pixels for image in images]),
        pages={dim: sizes[dim] for dim in inner},
        page_labels={
            "c": tuple(channels[i] for i in sorted(channels))
            if same_channels and all(channels.values())
            else ()
        },
    )


def _images(elements: Iterator[tuple[str, ET.Element]]) -> list[_Image]:
    """Return the images that elements describe, which end after the elements inside them."""
    images = []
    image = _Image()
    for tag, element in elements:
        found = dict(element.attrib)
        if tag == "Channel":
            if found.get("SamplesPerPixel", "1") != "1":
                raise BadDescriptorError("it has channels of several samples")
            image.channels.append({"Name": found.get("Name", "")})
        elif tag == "TiffData":
            uuid = next((child for child in element if child.tag.endswith("UUID")), None)
            file = "" if uuid is None else uuid.get("FileName", "")
            image.tiffdata.append(found | {"FileName": file})
        elif tag == "Plane":
            image.planes[_plane_index(found, "The")] = found
        elif tag == "AcquisitionDate":
            image.date = element.text or ""
        elif tag == "Pixels":
            image.pixels = found
        else:
            image.name = found.get("Name", "")
            if image.tiffdata:
                images.append(image)
            image = _Image()
    return images


def _plane_index(attributes: Mapping[str, str], prefix: str) -> tuple[int, int, int]:
    """Return t, c and z in the attributes of an element; zero where there is none."""
    t, c, z = integers((attributes.get(f"{prefix}{axis}", 0) for axis in "TCZ"), "plane")
    return t, c, z


def _pages(images: Sequence[_Image]) -> dict[str, list[Plane]]:
    """Return the planes in the pages of each file that is named, in order of the pages."""
    pages: dict[str, dict[int, Plane]] = {}
    for number, image in enumerate(images):
        order = image.pixels.get("DimensionOrder", "XYZCT")[2:]
        if sorted(order) != ["C", "T", "Z"]:
            raise BadDescriptorError(f"its DimensionOrder is {order!r}")
        sizes = integers((image.pixels.get(f"Size{axis}", 1) for axis in order), "size")
        lengths = dict(zip(order, sizes, strict=True))
        for element in image.tiffdata:
            if not element["FileName"]:
                return {}
            first = dict(zip("TCZ", _plane_index(element, "First"), strict=True))
            count, ifd = _count(element, len(image.tiffdata), math.prod(sizes))
            file = pages.setdefault(element["FileName"], {})
            for page, index in enumerate(_counted(first, order, lengths, count), ifd):
                if page in file:
                    raise BadDescriptorError(f"it has page {page} of a file twice")
                file[page] = (number, index["T"], index["C"], index["Z"])
    for name, file in pages.items():
        if sorted(file) != list(range(len(file))):
            raise BadDescriptorError(f"it leaves out pages of {name!r}")
    return {name: [file[page] for page in sorted(file)] for name, file in pages.items()}


def _count(element: Mapping[str, str], elements: int, planes: int) -> tuple[int, int]:
    """Return the number of planes that an element is about, and the first page of them."""
    ifd, count = element.get("IFD"), element.get("PlaneCount")
    if count is None and ifd is None and elements > 1:
        raise BadDescriptorError("it does not say how many planes are in each file")
    default = planes if ifd is None else 1
    number, first = integers([default if count is None else count, ifd or 0], "PlaneCount")
    if not 0 < number <= min(planes * elements, MOST) or not 0 <= first < MOST:
        raise BadDescriptorError(f"an element of it is about {number:,} of {planes:,} planes")
    return number, first


def _counted(
    first: Mapping[str, int], order: str, lengths: Mapping[str, int], count: int
) -> Iterator[dict[str, int]]:
    """Yield so many planes from the first one on, of which those along the first axis follow."""
    index = dict(first)
    for _ in range(count):
        yield index
        index = dict(index)
        for axis in order:
            index[axis] += 1
            if index[axis] < lengths[axis]:
                break
            index[axis] = 0


def _inner_dims(pages: Mapping[str, Sequence[Plane]]) -> tuple[str, ...]:
    """Return the axes of the pages in each file, in order; raise if they are not the same."""
    varies = [
        k
        for k in range(len(_DIMS))
        if any(plane[k] != planes[0][k] for planes in pages.values() for plane in planes)
    ]
    patterns = {tuple(tuple(p[k] for k in varies) for p in each) for each in pages.values()}
    if len(patterns) > 1:
        raise BadDescriptorError("its files have different planes: they form no grid")
    (pattern,) = patterns
    for order in itertools.permutations(range(len(varies))):
        lengths = [sorted({plane[k] for plane in pattern}) for k in order]
        product = itertools.product(*lengths)
        if [tuple(p[k] for k in order) for p in pattern] == list(product):
            return tuple(_DIMS[varies[k]] for k in order)
    raise BadDescriptorError("the planes in its files are in no regular order")


def _extras(images: Sequence[_Image], pages: Mapping[str, Sequence[Plane]]) -> dict[str, Extra]:
    """Return times and positions that all pages of a file have in common."""
    of_files = [[images[p[0]].planes.get(p[1:], {}) for p in planes] for planes in pages.values()]

    def common(key: str) -> list[str | None]:
        found = [{plane.get(key) for plane in planes} for planes in of_files]
        return [values.pop() if len(values) == 1 else None for values in found]

    units = {key: value for planes in of_files for plane in planes for key, value in plane.items()}
    extras = {}
    for axis in "XYZ":
        unit = units.get(f"Position{axis}Unit", "")
        factor = MICROMETRES.get(unit_name(unit))
        extra = floats(common(f"Position{axis}"), "µm" if factor else "", factor or 1.0)
        extras[f"stage_{axis.lower()}"] = extra
    in_seconds = {"": 1.0, "s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
    for name, key in {"elapsed_time": "DeltaT", "exposure": "ExposureTime"}.items():
        factor = in_seconds.get(units.get(f"{key}Unit", ""))
        if factor and name == "elapsed_time":
            extras[name] = seconds(common(key), factor)
        elif factor:
            extras[name] = floats(common(key), "s", factor)
    if any(image.date for image in images):
        extras["start_time"] = times(images[p[0][0]].date or None for p in pages.values())
    return extras


def _pixel_sizes(pixels: Sequence[Mapping[str, str]]) -> dict[str, tuple[float, str]]:
    """Return the steps along the axes of images, if they are the same in all."""
    sizes = {}
    for axis in "ZYX":
        key = f"PhysicalSize{axis}"
        found = {(each.get(key), each.get(f"{key}Unit", "µm")) for each in pixels}
        text, unit = found.pop()
        factor = MICROMETRES.get(unit_name(unit))
        size = float(floats([text]).values[0]) * (factor or 0)
        if not found and size > 0:
            sizes[axis.lower()] = size, "µm"
    steps = {each.get("TimeIncrement") for each in pixels}
    if len(steps) == 1 and (step := steps.pop()) and "TimeIncrementUnit" not in pixels[0]:
        sizes["t"] = float(floats([step]).values[0]), "s"
    return sizes

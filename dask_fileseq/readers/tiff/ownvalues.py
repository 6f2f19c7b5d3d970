"""What headers that are alike have for themselves: a place on the ground, or OME-XML.

Each scene of a map has tiepoints of its own, and each file of an acquisition OME-XML with the
time and the position of its planes. None of this changes what tifffile finds in a file. So what
it finds in one is true of all files with the same form, which is the signature (see `signature`)
without these values, and the values are read from each file's own header.

OME-XML is compared as text, without the numbers in attributes of planes, dates, names of images
and identifiers. It has no form if it refers to other files, or is written in a way (quotes,
sections, entities) in which such a text may be something else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from struct import unpack
from typing import Any

from dask_fileseq.readers.reader import FileInfo
from dask_fileseq.readers.tiff.georeference import PLACES, placed
from dask_fileseq.readers.tiff.omexml import image_columns, image_in_xml
from dask_fileseq.readers.tiff.signature import DESCRIPTION, ITEMS

ASCII, DOUBLE = 2, 12
"""TIFF's codes of texts, and of numbers of eight bytes."""

UNKNOWN: Any = ...
"""The value, in what all files of a form have, of a column that each has for itself."""

_OWN = re.compile(
    rb'\b((?:DeltaT|ExposureTime|Position[XYZ]|UUID)=")[-+.\w:]*'
    rb"|(<(?:\w+:)?(?:AcquisitionDate|CreationDate)>)[-+.\w:]*"
    rb"|(<(?:\w+:)?Description>)[^<]*"
    rb"|(<(?:\w+:)?Image)\s[^<>]*"
)
_STRANGE = re.compile(rb"'|<!\[|<!D|<!E|BinaryOnly|&#")
"""What may begin a text that is no markup, or metadata that are elsewhere."""

_ROOT = re.compile(rb'<(?:\w+:)?OME\s[^<>]*?\bUUID="([^"]*)"')
_PART = re.compile(rb'<(?:\w+:)?UUID\b(?: FileName="([^"]*)")?>([^<]*)<')
_PARTS = re.compile(rb"<(?:\w+:)?UUID\b")


@dataclass(frozen=True, slots=True)
class OwnValues:
    """The values that a file has for itself, and the rest of its signature."""

    form: Hashable
    """The signature without them."""
    places: Mapping[int, list[float]]
    """The numbers of tags that say where pixels are on the ground."""
    xml: str
    """OME-XML; empty if there is none."""


def own_values(signature: tuple[Any, ...], path: str) -> OwnValues | None:
    """Return the values that a file has for itself; None if they may change what it contains."""
    form: list[Any] = list(signature[:3])
    places: dict[int, list[float]] = {}
    descriptions, xml = 0, ""
    for number, entry in enumerate(signature[3:], 3):
        if isinstance(entry, int):  # the second page
            form += signature[number:]
            break
        code, kind, *more = entry
        form.append(entry)
        if code == DESCRIPTION:
            descriptions += 1
            text = more[1].partition(b"\0")[0] if more else b""
            if text[-10:].strip().endswith(b"OME>"):  # so tifffile decides
                alike = _form_of_xml(text, os.path.basename(path).encode())
                if alike is None or kind != ASCII:
                    return None
                xml, form[-1] = text.decode("utf-8"), (code, kind, alike)
        elif code in PLACES and kind == DOUBLE:
            count, value = more
            if code in places:
                return None
            numbers = unpack(f"{signature[0]}{count}d", value[: ITEMS[kind] * count])
            places[code], form[-1] = list(numbers), (code, kind, count)
    return None if xml and descriptions > 1 else OwnValues(tuple(form), places, xml)


def _form_of_xml(xml: bytes, name: bytes) -> bytes | None:
    """Return OME-XML without the values of planes; None if it may be about other files.

    >>> _form_of_xml(b'<OME><Plane PositionX="0.5" PositionXUnit="mm"/></OME>', b"a.tif")
    b'<OME><Plane PositionX="" PositionXUnit="mm"/></OME>'
    """
    try:
        xml.decode("utf-8")
    except UnicodeDecodeError:
        return None
    declared = max(0, xml.find(b"?>")) if xml.startswith(b"<?xml") else 0
    if _STRANGE.search(xml, declared):
        return None
    if count := len(_PARTS.findall(xml)):
        root, parts = _ROOT.search(xml), _PART.findall(xml)
        if root is None or len(parts) < count or set(parts) != {(name, root[1])}:
            return None
        xml = _PART.sub(b"<UUID><", xml)
    return _OWN.sub(rb"\1\2\3\4", xml)


def shared_info(info: FileInfo, own: OwnValues, path: str) -> FileInfo | None:
    """Return what is true of all files of a form; None if that is not known."""
    if not own.xml:
        return info
    image = image_in_xml(own.xml, os.path.basename(path))
    if image is None or len(info.series) != 1:
        return None
    columns = image_columns(image, os.path.basename(path))
    return replace(info, columns={**info.columns, **dict.fromkeys(columns, UNKNOWN)})


def with_own_values(info: FileInfo, own: OwnValues, path: str) -> FileInfo | None:
    """Return what a file contains, by what all files of its form do; None if that is not known."""
    if own.places:
        metadata = placed(info.metadata, own.places)
        if metadata is None:
            return None
        info = replace(info, metadata=metadata)
    if not own.xml:
        return info
    image = image_in_xml(own.xml, os.path.basename(path))
    if image is None:
        return None
    columns = image_columns(image, os.path.basename(path))
    if columns.keys() != {name for name, value in info.columns.items() if value is UNKNOWN}:
        return None
    series = info.series[0]
    if series.kind == "ome":
        series = replace(series, name=image.get("Name") or "")
    return replace(info, columns={**info.columns, **columns}, series=(series,))

"""The files beside images, opened with bounds: no entities, and not more bytes than expected."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from dask_fileseq.descriptors.descriptor import BadDescriptorError, OtherFileError, joined_path
from dask_fileseq.files import Source

PROLOG = 65536
"""Bytes in which the root element of an XML file must begin."""

LARGEST = 2**28
"""Most bytes of a file that is read as a whole."""

LARGEST_XML = 2**30
"""Most bytes of an XML file, which is not in memory as a whole."""

_ROOT = re.compile(rb"<[A-Za-z_]")


@dataclass(frozen=True)
class Beside:
    """A folder with images, and the other files in it."""

    source: Source
    folder: str
    names: frozenset[str]
    """What is in the folder, by base names."""

    def path(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return joined_path(self.folder, name)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Return a context that yields the bytes of a file."""
        with self.source.open(self.path(name)) as file:
            if isinstance(file, str):
                with open(file, "rb") as handle:
                    yield handle
            else:
                yield file

    def read(self, name: str, limit: int = LARGEST) -> bytes:
        """Return all bytes of a file, if they are not too many."""
        with self.open(name) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise BadDescriptorError(f"it has more than {limit:,} bytes")
        return data

    def text(self, name: str, limit: int = LARGEST) -> str:
        """Return a file as text: UTF-8, else the text of old Windows software."""
        data = self.read(name, limit)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16", "replace")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")

    def require(self, name: str, *texts: bytes) -> None:
        """Raise `OtherFileError` unless a file is empty, or begins with any of some texts inside.

        Only names that other software uses as well need this.
        """
        with self.open(name) as file:
            start = file.read(PROLOG).replace(b"\0", b"")
        if start and not any(text in start for text in texts):
            raise OtherFileError(f"it has no {texts[0].decode()!r} at its beginning")

    def elements(self, name: str, *tags: str) -> Iterator[tuple[str, ET.Element]]:
        """Yield the elements of an XML file with some tags; see `xml_elements`."""
        with self.open(name) as file:
            yield from xml_elements(file, *tags)


def xml_elements(file: BinaryIO, *tags: str) -> Iterator[tuple[str, ET.Element]]:
    """Yield the elements of an XML file with some tags, as they end, and forget each one.

    Tags come without their namespace. Only what the caller keeps is in memory, however
    large the file is. A document type, which is all that may have entities, is an error.

    Examples
    --------
    >>> import io
    >>> [tag for tag, _ in xml_elements(io.BytesIO(b"<a><b/><c/></a>"), "b", "a")]
    ['b', 'a']
    """
    if file.seek(0, os.SEEK_END) > LARGEST_XML:
        raise BadDescriptorError(f"it has more than {LARGEST_XML:,} bytes")
    file.seek(0)
    prolog = file.read(PROLOG).replace(b"\0", b"")
    root = _ROOT.search(prolog)
    if root is None or b"<!DOCTYPE" in prolog[: root.start()].upper():
        why = "has a document type" if root else "has no root element at its beginning"
        raise BadDescriptorError(f"it is XML that {why}")
    file.seek(0)
    wanted: dict[str, str] = {}  # few tags occur, many times
    try:
        for _, element in ET.iterparse(file):
            tag = wanted.get(element.tag)
            if tag is None:
                plain = element.tag.rpartition("}")[2]
                tag = wanted[element.tag] = plain if plain in tags else ""
            if tag:
                yield tag, element
                element.clear()
    except (ET.ParseError, LookupError, ValueError) as error:  # also unknown encodings
        raise BadDescriptorError(f"it is no complete XML: {error}") from error


def children(element: ET.Element) -> dict[str, str]:
    """Return the texts of the elements in an element, by their tags without namespace."""
    return {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}


def attributes(element: ET.Element) -> dict[str, str]:
    """Return the attributes of an element, by their names without namespace."""
    return {key.rpartition("}")[2]: value for key, value in element.attrib.items()}

"""Metadata that all headers confirm, for xarray, OME-Zarr and reports, which describe all files.

A sequence is opened by the header of its first file. Metadata in it are those of the array only
if other headers have the same. Headers of up to `MOST_FILES` local files are all read, which is
cheap; of more files, and of remote ones, a sample that is spread over all is read.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import HeaderWarning, users_level
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles
from dask_fileseq.graph import Scheduler
from dask_fileseq.headers.codes import coded, nearly_equal
from dask_fileseq.headers.properties import PROPERTIES, Property, Row, names_along
from dask_fileseq.headers.rows import read_rows
from dask_fileseq.headers.shifts import change_text, offsets
from dask_fileseq.plaintext import public_names
from dask_fileseq.readers import ChunkMetadata, Scale

MOST_FILES = 2000
"""Number of local files up to which all headers are read, in less than two seconds."""

SAMPLE, REMOTE_SAMPLE = 200, 8
"""Number of headers that are read of more files, and of those that are not local."""

MOST_KEPT = 20_000
"""Number of headers that are kept, of all arrays together."""

_kept: dict[str, Sequence[Row]] = {}
"""Headers by the tokens of the arrays that they are of, the last one at the end."""


def confirmed_metadata(
    array: FileArray, metadata: ChunkMetadata | None = None, *, keep_steps: bool = False
) -> ChunkMetadata:
    """Return those metadata of the first header that the others confirm.

    They are ``array.metadata`` by default; if they are empty, nothing is read. If `keep_steps`,
    the size of pixels stays where only their places differ. Headers that say something else are
    a `HeaderWarning`, and what it is about is left out.
    """
    metadata = array.metadata if metadata is None else metadata
    if source := array.gridmetadata.source:  # what a descriptor says is of all files already
        scales = {dim: scale for dim, scale in metadata.scales.items() if scale.source == source}
        labels = {dim: names for dim, names in metadata.labels.items() if names.source == source}
        rest = replace(
            metadata,
            scales={dim: scale for dim, scale in metadata.scales.items() if dim not in scales},
            labels={dim: names for dim, names in metadata.labels.items() if dim not in labels},
        )
        found = _confirmed(array, rest, keep_steps)
        scales, labels = {**found.scales, **scales}, {**found.labels, **labels}
        return replace(found, scales=scales, labels=labels)
    return _confirmed(array, metadata, keep_steps)


def _confirmed(array: FileArray, metadata: ChunkMetadata, keep_steps: bool) -> ChunkMetadata:
    """Return those metadata that the headers confirm; warn of the others."""
    if len(array.names) == 1 or not (
        metadata.scales or metadata.labels or metadata.crs or metadata.attrs
    ):
        return metadata
    numbers = numbers_to_read(array)
    rows = kept_rows(array, numbers)
    confirmed, message = _Confirmation(array, numbers, rows).confirm(metadata, keep_steps)
    if message:
        warnings.warn(message, HeaderWarning, stacklevel=users_level())
    return confirmed


def numbers_to_read(array: FileArray) -> NDArray[np.int64]:
    """Return the numbers of the files to look at, in their order."""
    count = len(array.names)
    local = isinstance(array.source, LocalFiles)
    limit = count if local and count <= MOST_FILES else SAMPLE if local else REMOTE_SAMPLE
    return np.unique(np.linspace(0, count - 1, min(count, limit)).round().astype(np.int64))


def kept_rows(array: FileArray, numbers: NDArray[np.int64]) -> Sequence[Row]:
    """Return what headers say, which is read once as long as the files stay the same."""
    rows = _kept.get(array.token)
    if rows is None:
        rows = _kept[array.token] = _rows(array, numbers)
        for token in [*_kept][:-1]:
            if sum(map(len, [*_kept.values()])) <= MOST_KEPT:
                break
            _kept.pop(token, None)
    return rows


def _rows(array: FileArray, numbers: NDArray[np.int64]) -> list[dict[str, Any]]:
    names = [array.names[number] for number in numbers.tolist()]
    waits = array.source.concurrency
    scheduler = Scheduler("sync") if waits == 1 else Scheduler("threads", min(waits, len(names)))
    return read_rows(names, array.source, array.reader, array.options.imreadargs, scheduler)


ATTRIBUTES = {"nodata": "nodata"} | dict.fromkeys(
    ("scale_factor", "add_offset", "scales", "offsets"), "scale"
)
"""Kinds of findings by the attributes of an array that they are about."""


class _Confirmation:
    """The headers of some files of an array, compared with the first."""

    def __init__(self, array: FileArray, numbers: NDArray[np.int64], rows: Sequence[Row]) -> None:
        readable = [i for i, row in enumerate(rows) if "error" not in row]
        self.names = public_names(array.names[int(numbers[i])] for i in readable)
        self.rows = [rows[i] for i in readable]
        self.numbers = numbers[readable]
        inside = [axis for axis in array.tiling.axes if axis.chunk is not None]
        tiled = zip(array.spec.dims, inside, strict=True)
        self.tiled = {dim: axis for dim, axis in tiled if axis.grid is not None}
        table = array.table if self.tiled else np.empty(0, np.int64)
        filled = table >= 0
        self.cells = dict(zip(table[filled].tolist(), np.argwhere(filled), strict=True))
        self.texts: dict[str, str] = {}
        """What the files disagree on, by kind, in words."""

    def confirm(self, metadata: ChunkMetadata, keep_steps: bool) -> tuple[ChunkMetadata, str]:
        """Return what all files say, and a message about the rest; empty if there is none."""
        if not self.rows:
            return metadata, ""
        scales = dict(self._scales(metadata, keep_steps))
        labels = {
            dim: names for dim, names in metadata.labels.items() if self._agree_on_labels(dim)
        }
        has_system = not metadata.crs or self._agree("crs")
        crs = metadata.crs if has_system else {}
        if "GeoTransform" in crs and not self._agree_on_place():
            crs = {name: value for name, value in crs.items() if name != "GeoTransform"}
        attrs = {name: v for name, v in metadata.attrs.items() if self._agree_on_attribute(name)}
        if not self.texts:
            return replace(metadata, attrs=attrs), ""
        pairs = (metadata.scales, scales), (metadata.labels, labels), (metadata.attrs, attrs)
        gone = [name for before, after in pairs for name in before if name not in after]
        gone += [] if has_system else ["spatial_ref"]
        found = replace(metadata, scales=scales, labels=labels, crs=crs, attrs=attrs)
        if not gone:  # only places differ, and the caller wants the size of pixels
            return found, ""
        texts = "; ".join(self.texts.values())
        message = (
            f"the headers of {len(self.rows):,} files do not agree: {texts}. What is not the same"
            f" in all of them is left out ({', '.join(sorted(gone))}); check() lists such files"
        )
        return found, message

    def _scales(self, metadata: ChunkMetadata, keep_steps: bool) -> Iterator[tuple[str, Scale]]:
        """Yield the scales on which all files agree, by axis."""
        for dim, scale in metadata.scales.items():
            if not scale.absolute:
                columns = (f"pixel_size_{dim}", f"origin_{dim}", "pixel_unit")
                values = [tuple(row.get(column) for column in columns) for row in self.rows]
                if len(coded(values)[1]) == 1:
                    yield dim, scale
                elif self._agree("pixel size"):  # but not that of this axis
                    self.texts["pixel size"] = f"the size of pixels along {dim} differs"
            elif self._agree("crs") and self._agree_on_place(dim):
                yield dim, scale
            elif keep_steps and self._agree_on_steps():
                yield dim, Scale(0.0, abs(scale.step), scale.units, scale.source)

    def _agree_on_labels(self, dim: str) -> bool:
        kind = {"c": "channels", "s": "bands"}.get(dim)
        return self._agree(kind) if kind else self._agree(dim, names_along(dim))

    def _agree_on_attribute(self, name: str) -> bool:
        """Return whether all files have the same attribute.

        Names and units of bands may well be those of each file, which is nothing to report.
        """
        if name in ATTRIBUTES:
            return self._agree(ATTRIBUTES[name])
        if name not in ("long_name", "units"):
            return True
        column = "band_names" if name == "long_name" else name
        return len(coded([row.get(column) for row in self.rows])[1]) == 1

    def _agree(self, kind: str, prop: Property | None = None) -> bool:
        """Return whether all files have the same value; keep in words how they do not."""
        prop = prop or PROPERTIES[kind]
        codes, values = coded([prop.value(row) for row in self.rows])
        if len(values) == 1:
            return True
        counts = np.bincount(codes)
        usual = int(counts.argmax())
        odd = int(np.flatnonzero(codes != usual)[0])
        self.texts[kind] = (
            f"{counts[usual]:,} of {len(codes):,} files {prop.verbs[1]} {prop.text(values[usual])},"
            f" {self.names[odd]!r} {prop.verbs[0]} {prop.text(values[codes[odd]])}"
        )
        return False

    def _agree_on_steps(self) -> bool:
        transforms = [row.get("transform") for row in self.rows]
        linear = [None if t is None else (t[0], t[1], t[3], t[4]) for t in transforms]
        return all(nearly_equal(each, linear[0]) for each in linear)

    def _agree_on_place(self, dim: str = "xy") -> bool:
        """Return whether all files are at the same place, or tiles where the tiling puts them.

        If rows are parallel to an axis, the places along each axis may be compared alone.
        """
        rows = [
            dict(row) | {"transform": self._origin(row["transform"], number)}
            for row, number in zip(self.rows, self.numbers.tolist(), strict=True)
            if "transform" in row
        ]
        if len(rows) < len(self.rows):
            without = next(i for i, row in enumerate(self.rows) if "transform" not in row)
            self.texts["transform"] = f"{self.names[without]!r} has no georeference"
            return False
        places = offsets([row["transform"] for row in rows])
        along = [i for i, of in enumerate(("x", "xy", "xy", "y", "x", "y")) if set(of) & set(dim)]
        codes, values = coded([tuple(place[i] for i in along) for place in places])
        if len(values) == 1:
            return True
        counts = np.bincount(codes)
        is_usual = codes == counts.argmax()
        usual, odd = int(np.argmax(is_usual)), int(np.argmin(is_usual))
        text = f"{len(codes) - counts.max():,} of {len(codes):,} files have another place"
        change = change_text(rows[odd], rows[usual]).rstrip(",")
        self.texts["transform"] = f"{text}, {self.names[odd]!r} {change}" if change else text
        return False

    def _origin(self, transform: Sequence[float], number: int) -> tuple[float, ...]:
        """Return the transform of the first tile of the mosaic, as that of a file gives it."""
        a, b, c, d, e, f = transform
        x, y = (
            int(self.cells[number][self.tiled[dim].grid]) * self.tiled[dim].size
            if dim in self.tiled
            else 0
            for dim in "xy"
        )
        return a, b, c - a * x - b * y, d, e, f - d * x - e * y

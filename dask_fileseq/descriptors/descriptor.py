"""What a descriptor says of image files: plain values, no I/O."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers import MICROMETRES, unit_name

LONGEST = 9e9
"""Most seconds of a duration in nanoseconds."""


class Extra(NamedTuple):
    """A value for each file that is no axis: NaN, NaT or an empty text where it is unknown."""

    values: NDArray[Any]
    attrs: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """What an instrument's own index, or a table, says of the files beside it."""

    source: str
    """Its name, and the software that wrote it."""
    files: Sequence[str]
    """Names of files, below the folder of the descriptor; whole names if `planned`."""
    axes: Mapping[str, Sequence[Any]]
    """For each axis of the grid, in order, an integer or text for each file."""
    planned: bool = False
    """Whether it names no files: then `files` are those names that it explains."""
    spare: tuple[str, ...] = ()
    """Axes that the grid has only if two files would be in one cell without them."""
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    """Names to show in place of the values of an axis, in the order of the values."""
    extras: Mapping[str, Extra] = field(default_factory=dict)
    """Values that are no axes, such as times and stage positions."""
    index: Mapping[str, str] = field(default_factory=dict)
    """Axes whose labels are those of an extra, if it is constant in each index and increases."""
    pixel_sizes: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """Distance of pixels, and its unit, along the axes in a file."""
    plate: tuple[int, int] | None = None
    """Rows and columns of the plate that the images are of."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """The axes along which the pages of each file are, the first one slowest, and their sizes."""
    page_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of indices along some of these."""
    preset: str = ""
    """Name of the preset for the names of these files, which confirm the axes."""
    known: frozenset[str] = frozenset()
    """Names of files that it knows to be no images of the sequence."""
    is_cut: bool = False
    """Whether its end is missing, so that it may not name the last files."""
    notes: tuple[str, ...] = ()
    """Sentences for `FileSequence.explain`."""

    def strays(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are not known to be no images of the sequence."""
        known = {name.lower() for name in self.known}
        return [n for n in names if not known & {n.lower(), base_name(n).lower()}]


class BadDescriptorError(Exception):
    """A descriptor that is broken, or that does not describe these files."""


class OtherFileError(BadDescriptorError):
    """A file that only has the name of a descriptor, which other software uses, too."""


def micrometres(values: Iterable[Any], unit: str | None = "µm") -> Extra:
    """Return positions in micrometres; NaN for those that are absent.

    >>> micrometres(["1e-6", None], "m").values
    array([ 1., nan])
    """
    factor = MICROMETRES.get(unit_name(unit or "µm"))
    if factor is None:
        raise BadDescriptorError(f"the unit of positions, {unit!r}, is unknown")
    return floats(values, "µm", factor)


def floats(values: Iterable[Any], units: str = "", factor: float = 1.0) -> Extra:
    """Return numbers, times a factor; NaN for those that are absent."""
    try:
        numbers = np.array([np.nan if v in (None, "") else float(v) for v in values], np.float64)
    except (TypeError, ValueError) as error:
        raise BadDescriptorError(str(error)) from error
    return Extra(numbers * factor, {"units": units} if units else {})


def times(texts: Iterable[str | None]) -> Extra:
    """Return times in ISO 8601 as dates in UTC, those without a zone as they are.

    >>> times(["2021-03-29T16:55:29.517-04:00", None]).values
    array(['2021-03-29T20:55:29.517000000', 'NaT'], dtype='datetime64[ns]')
    """
    found, has_zone = [], False
    for text in texts:
        try:
            time = datetime.datetime.fromisoformat(text) if text else None
            if time is not None and time.tzinfo is not None:
                has_zone = True
                time = time.astimezone(datetime.UTC).replace(tzinfo=None)
            if time is not None and not 1700 < time.year < 2200:
                raise ValueError("the year is out of range")
        except (TypeError, ValueError, OverflowError) as error:
            raise BadDescriptorError(f"{text!r} is no time: {error}") from error
        found.append(np.datetime64("NaT", "us") if time is None else np.datetime64(time, "us"))
    attrs = {"time_zone": "UTC"} if has_zone else {}
    return Extra(np.array(found, "M8[us]").astype("M8[ns]"), attrs)


def seconds(values: Iterable[Any], factor: float = 1.0) -> Extra:
    """Return durations, of values in seconds or, with a factor, in another unit.

    >>> seconds(["0.5", None]).values
    array([500000000,     'NaT'], dtype='timedelta64[ns]')
    """
    numbers = floats(values, factor=factor).values
    known = np.abs(numbers) < LONGEST
    result = np.full(len(numbers), "NaT", "m8[ns]")
    result[known] = np.round(numbers[known] * 1e9).astype(np.int64).astype("m8[ns]")
    return Extra(result)


def integers(values: Iterable[Any], name: str) -> list[int]:
    """Return the integers of a field that each record must have."""
    try:
        return [int(value) for value in values]
    except (TypeError, ValueError, OverflowError) as error:
        raise BadDescriptorError(f"a record has no integer {name}: {error}") from error


def row_letters(row: int) -> str:
    """Return the letters of a row of a plate, which is counted from 1.

    >>> row_letters(1), row_letters(26), row_letters(27)
    ('A', 'Z', 'AA')
    """
    if row < 1:
        raise BadDescriptorError(f"row {row} of a plate is below 1")
    row, letter = divmod(row - 1, 26)
    return (row_letters(row) if row else "") + chr(ord("A") + letter)


def well_name(row: Any, column: Any) -> str:
    """Return the name of a well.

    >>> well_name(4, 8), well_name("B", 11)
    ('D08', 'B11')
    """
    letters = row if isinstance(row, str) else row_letters(row)
    return f"{letters}{int(column):02d}"


def base_name(path: str) -> str:
    r"""Return the last part of a path with slashes of either kind.

    >>> base_name("a\\b/c.tif")
    'c.tif'
    """
    return re.split(r"[/\\]", path)[-1]


def pixel_sizes(
    records: Sequence[Mapping[str, Any]], keys: Mapping[str, str], units: Mapping[str, str] = {}
) -> dict[str, tuple[float, str]]:
    """Return the sizes of pixels, in micrometres, that are above zero and the same in all records.

    `keys` are fields by axis; `units` are those of fields, if they are no micrometres.

    >>> pixel_sizes([{"X": "0.65"}, {"X": "0.65"}], {"y": "Y", "x": "X"})
    {'x': (0.65, 'µm')}
    >>> pixel_sizes([{"X": 0.0}], {"x": "X"}), pixel_sizes([{"X": 0.65}, {"X": 1.3}], {"x": "X"})
    ({}, {})
    """
    sizes = {}
    for dim, key in keys.items():
        found = {record.get(key) for record in records}
        factor = MICROMETRES.get(unit_name(units.get(key, "µm")))
        if len(found) == 1 and factor:
            size = float(floats(found).values[0]) * factor
            if size > 0:
                sizes[dim] = size, "µm"
    return sizes


def plate_size(rows: Any, columns: Any) -> tuple[int, int] | None:
    """Return rows and columns of a plate from texts; None if they are none.

    >>> plate_size("8", "12"), plate_size(None, "12"), plate_size("0", "0")
    ((8, 12), None, None)
    """
    texts = str(rows), str(columns)
    if not all(text.isdecimal() and 0 < int(text) < 1000 for text in texts):
        return None
    return int(texts[0]), int(texts[1])


def joined_path(folder: str, name: str) -> str:
    """Return the path of a file in a folder, with the slashes of the folder.

    >>> joined_path("s3://scans", "t1.tif"), joined_path("", "t1.tif")
    ('s3://scans/t1.tif', 't1.tif')
    """
    if not folder or "://" in folder:
        return f"{folder.rstrip('/')}/{name}" if folder else name
    return os.path.join(folder, name)

"""``.HTD`` of MetaXpress and ``.nd`` of MetaMorph, Molecular Devices' software.

Both are lines of a key and values, as planned before the acquisition. They name no files, but
say what the numbers in names mean. What no file has is no index, but a note.
"""

from __future__ import annotations

import csv
import datetime
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dask_fileseq.descriptors.beside import Beside
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    Extra,
    integers,
    plate_size,
)
from dask_fileseq.patterns import as_pattern

HTD_NAME = re.compile(r".*\.htd", re.IGNORECASE)
ND_NAME = re.compile(r".*\.nd", re.IGNORECASE)

MOST = 2**20
"""The most channels, times or positions that are planned; more are a mistake."""

_LIMIT = 2**22
_ND_END = r"[^/\\]*?)?(?:_s(?P<s>\d+))?(?:_t(?P<t>\d+))?\.(?:tiff?|stk)"
_HTD_FILE = (
    r"(?:^|[/\\])(?:TimePoint_(?P<time>\d+)[/\\])?(?:ZStep_(?P<z>\d+)[/\\])?{}_"
    r"(?P<row>[A-Z]|A[A-F])(?P<column>\d\d)(?:_s(?P<site>\d+))?(?:_w(?P<channel>\d+))?"
    r"(?:[0-9A-F]{{8}}(?:-[0-9A-F]{{4}}){{3}}-[0-9A-F]{{12}})?\.tiff?$"
)
_THUMB = re.compile(r"_thumb", re.IGNORECASE)

_DECLARED = {"channel": "NWavelengths", "time": "TimePoints", "t": "NTimePoints"}
_DECLARED |= {"s": "NStagePositions"}

Rows = list[dict[str, Any]]


def read_htd(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what the plan of a plate says of images that are named as MetaXpress does."""
    plan = _plan(beside, name, "HTSInfoFile")
    own = re.compile(_HTD_FILE.format(re.escape(os.path.splitext(name)[0])), re.IGNORECASE)
    matches = [(file, own.search(file)) for file in names]
    if not any(match for _, match in matches):  # the index was renamed, or copied
        preset = as_pattern("imagexpress").regex
        matches = [(file, preset.search(file)) for file in names]
    found = [(file, match.groupdict()) for file, match in matches if match]
    dims = ("time", "z", "row", "column", "site", "channel")
    files, rows = _with_all(found, dims)
    projections = 0
    if "z" in rows[0]:
        projections = sum(groups["z"] is None for _, groups in found)
    waves = _numbered(plan, "WaveName")
    _check_wells(plan, rows)
    notes = _notes(plan, rows)
    if projections:
        notes.append(f"{projections:,} projections, which are in no ZStep folder, are left out")
    thumbnails = {file for file in names if _THUMB.search(file)}
    flat = {file for file, groups in found if projections and groups["z"] is None}
    return Descriptor(
        source=f"{name} of MetaXpress",
        files=files,
        planned=True,
        axes=_columns(rows),
        labels={"channel": waves},
        plate=plate_size(*(plan.get(key, [None])[0] for key in ("YWells", "XWells"))),
        extras=_single_wave(waves, rows),
        known=frozenset(thumbnails | flat),
        notes=tuple(notes),
    )


def read_nd(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what the plan of a MetaMorph acquisition says of the images with its name."""
    beside.require(name, b"NDInfoFile")
    plan = _plan(beside, name, "NDInfoFile")
    waves = _numbered(plan, "WaveName")
    stem = re.escape(os.path.splitext(name)[0])
    begin = rf"(?:^|[/\\]){stem}(?:_w(?P<channel>{_wave_regex(waves)})"
    regex = re.compile(f"{begin}{_ND_END}$", re.IGNORECASE)
    found = [(file, match.groupdict()) for file in names if (match := regex.search(file))]
    files, rows = _with_all(found, ("channel", "s", "t"))
    stages = _numbered(plan, "Stage")
    extras = _single_wave(waves, rows)
    if "s" in rows[0] and stages:
        extras["stage_name"] = Extra(np.array([stages.get(row["s"], "") for row in rows]))
    start = _start(plan.get("StartTime1", [""])[0])
    if start is not None:
        extras["start_time"] = Extra(np.full(len(files), start, "M8[ns]"))
    step = ".".join(plan.get("ZStepSize", [])[:2])  # 0,5 where the decimal mark is a comma
    size = float(step) if re.fullmatch(r"\d+(\.\d+)?|\.\d+", step) else 0.0
    return Descriptor(
        source=f"{name} of MetaMorph",
        files=files,
        planned=True,
        axes=_columns(rows),
        labels={"channel": waves},
        extras=extras,
        pixel_sizes={"z": (size, "µm")} if size > 0 else {},
        known=frozenset(file for file in names if _THUMB.search(file)),
        notes=tuple(_notes(plan, rows)),
    )


def _wave_regex(waves: Mapping[int, str]) -> str:
    """Return what matches the number of a wavelength, right before its name if that is there.

    >>> re.match(_wave_regex({1: "DAPI", 2: "561"}), "2561")[0]
    '2'
    """
    named = [rf"{n}(?={re.escape(text)}(?:_|\.))" for n, text in waves.items()]
    return "|".join([*named, *map(str, sorted(waves, reverse=True)), r"\d+"])


def _plan(beside: Beside, name: str, title: str) -> dict[str, list[str]]:
    """Return the values of each key, of which the first must be a title."""
    lines = beside.text(name, _LIMIT).splitlines()
    try:
        rows = [row for row in csv.reader(lines, skipinitialspace=True) if row]
    except csv.Error as error:
        raise BadDescriptorError(f"it has no lines of a key and values: {error}") from error
    plan = {row[0].strip(): [value.strip() for value in row[1:]] for row in rows}
    if not rows or rows[0][0] != title:
        raise BadDescriptorError(f"it does not begin with {title!r}")
    if "EndFile" not in plan:
        raise BadDescriptorError("it is cut short: it has no line 'EndFile'")
    return plan


def _with_all(
    found: Sequence[tuple[str, Mapping[str, str | None]]], dims: Sequence[str]
) -> tuple[list[str], Rows]:
    """Return the files whose names have all axes that occur, and their values along them."""
    kept = [dim for dim in dims if any(groups.get(dim) is not None for _, groups in found)]
    whole = [(f, g) for f, g in found if all(g[dim] is not None for dim in kept)]
    rows = [{dim: _value(str(groups[dim])) for dim in kept} for _, groups in whole]
    if not kept:
        raise BadDescriptorError("no file is named as its software names images")
    return [file for file, _ in whole], rows


def _single_wave(waves: Mapping[int, str], rows: Rows) -> dict[str, Extra]:
    """Return the name of the only channel, if the names of files have no number of it."""
    if len(waves) != 1 or "channel" in rows[0]:
        return {}
    return {"channel_name": Extra(np.array(list(waves.values()) * len(rows)))}


def _value(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _columns(rows: Rows) -> dict[str, list[Any]]:
    return {dim: [row[dim] for row in rows] for dim in rows[0]}


def _numbered(plan: Mapping[str, list[str]], key: str) -> dict[int, str]:
    """Return the texts of ``WaveName1``, ``WaveName2``, ... by their numbers."""
    keys = {int(k[len(key) :]): k for k in plan if re.fullmatch(rf"{key}\d+", k)}
    return {number: plan[k][0] for number, k in sorted(keys.items()) if plan[k] and plan[k][0]}


def _check_wells(plan: Mapping[str, list[str]], rows: Rows) -> None:
    """Raise if a file is of a well that was not selected."""
    selected = {
        (row, column)
        for row in range(1, len(plan) + 1)
        for column, value in enumerate(plan.get(f"WellsSelection{row}", []), 1)
        if value.upper() == "TRUE"
    }
    if not selected:
        return
    for each in rows:
        row = 0
        for letter in each["row"].upper():
            row = row * 26 + ord(letter) - ord("A") + 1
        if (row, each["column"]) not in selected:
            where = f"{each['row']}{each['column']:02d}"
            raise BadDescriptorError(f"it does not select well {where}, of which there are files")


def _notes(plan: Mapping[str, list[str]], rows: Rows) -> list[str]:
    """Return what is planned and in no file; raise if files have more than is planned."""
    notes = []
    waves = _numbered(plan, "WaveName")
    for dim, key in _DECLARED.items():
        values = {row[dim] for row in rows if dim in row}
        if not values or not plan.get(key):
            continue
        (planned,) = integers(plan[key][:1], key)
        if planned > MOST:
            raise BadDescriptorError(f"it declares {planned:,} as {key}")
        if planned and max(values) > planned:
            raise BadDescriptorError(
                f"files have {dim} {max(values):,}, and it declares {planned:,}"
            )
        absent = [n for n in range(1, planned + 1) if n not in values]
        if absent:
            named = ", ".join(repr(waves[n]) for n in absent if dim == "channel" and n in waves)
            of = f": {named}" if named else ""
            notes.append(f"declares {key} {planned:,}; no file is of {len(absent):,} of them{of}")
    return notes


def _start(text: str) -> np.datetime64 | None:
    """Return the time at which an acquisition was started, without a zone."""
    for form in ("%Y%m%d %H:%M:%S.%f", "%Y%m%d %H:%M:%S"):
        try:
            return np.datetime64(datetime.datetime.strptime(text, form), "ns")
        except ValueError:
            continue
    return None

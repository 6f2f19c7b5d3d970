"""Tables, in Markdown, of what was measured; and the same as plain values for JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from model import CaseResult, Measured
from peers import TIFFFILE

__all__ = ["as_values", "case_tables", "goal_table", "machine", "whole_table"]

PACKAGES = (
    "dask-fileseq",
    "numpy",
    "dask",
    "distributed",
    "tifffile",
    "imagecodecs",
    "zarr",
    "scikit-image",
    "dask-image",
    "bioio-tiff-glob",
)


def machine() -> dict[str, Any]:
    """Return what the run stands on."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def case_tables(result: CaseResult) -> str:
    """Return the tables of one case."""
    case = result.case
    parts = [f"### {case.name}: {result.count:,} x {case.title} ({result.seconds:.0f} s)"]
    times = [m for m in result.measured.values() if m.kind != "quantity"]
    if times:
        head = ["", "", f"{case.item}s", "median s", "min - max", "opening s"]
        head += [f"us a {case.item}", "CPU us", "ratio"]
        parts.append(markdown([head, *_time_rows(times)], left=2))
    quantities = [m for m in result.measured.values() if m.kind == "quantity"]
    if quantities:
        rows = [[m.name, _short(median(m.values)), _range(m.values)] for m in quantities]
        parts.append(markdown([["quantity", "median", "min - max"], *rows], left=1))
    parts.append(goal_table([result]))
    return "\n\n".join(part for part in parts if part)


def _time_rows(times: Sequence[Measured]) -> Iterator[list[str]]:
    peers = [median(m.each) for m in times if m.kind == "peer" and m.values]
    for m in times:
        if not m.values:
            yield [m.kind, f"{m.name} ({m.state[:70]})", *[""] * 7]
            continue
        each = median(m.each)
        yield [
            m.kind,
            m.name,
            f"{m.items:,}",
            _short(median(m.values)),
            _range(m.values),
            _short(median(m.opening)),
            _short(each * 1e6),
            _short(median(m.cpu) / m.items * 1e6) if m.cpu else "",
            f"{_short(min(peers) / each)}x" if peers else "",
        ]


def whole_table(results: Sequence[CaseResult]) -> str:
    """Return one table of all cases of whole reads: microseconds a file, and the ratio."""
    columns = {
        "`asarray`": ("asarray()",),
        '`chunks="auto"`': ('to_dask_array(chunks="auto")',),
        "tifffile": TIFFFILE,
        "`dask.array.image`": ("dask.array.image",),
        "`delayed`, `stack`": ("delayed + stack",),
    }
    rows = []
    for result in results:
        times = [_best(result, names) for names in columns.values()]
        if times[0] and times[2]:
            cells = ["" if time is None else _short(time * 1e6) for time in times]
            ratio = f"**{times[2] / times[0]:.1f}x**"
            rows.append([f"{result.count:,} x {result.case.title}", *cells, ratio])
    return markdown([["files", *columns, "ratio"], *rows], left=1) if rows else ""


def _best(result: CaseResult, names: Sequence[str]) -> float | None:
    """Return the least of the medians, in seconds an item."""
    found = [result.measured[name] for name in names if name in result.measured]
    return min((median(m.each) for m in found if m.values), default=None)


def goal_table(results: Sequence[CaseResult]) -> str:
    """Return which thresholds are met."""
    rows = [
        [goal["case"], goal["label"], goal["needed"], goal["shown"], goal["verdict"]]
        for result in results
        for goal in _goals(result)
    ]
    head = ["case", "it must show", "needed", "measured (min - max)", ""]
    return markdown([head, *rows], left=2) if rows else ""


def _goals(result: CaseResult) -> Iterator[dict[str, Any]]:
    for goal in result.case.goals:
        found = goal.measured(result.measured)
        value = found and found[0]
        met = None if value is None else goal.met(value)
        verdict = {None: "not measured", True: "met", False: "NOT MET"}[met]
        text = f"{goal.shown(found[0])} ({_range(found[1:])})" if found else ""
        yield {
            "case": result.case.name,
            "label": goal.label,
            "needed": goal.needed,
            "measured": value,
            "range": found and found[1:],
            "shown": text,
            "verdict": verdict,
        }


def as_values(result: CaseResult) -> dict[str, Any]:
    """Return a result as JSON has it."""
    measured = [
        {
            "name": m.name,
            "kind": m.kind,
            "items": m.items,
            "state": m.state,
            "values": m.values,
            "opening": m.opening,
            "cpu": m.cpu,
            "median": median(m.values) if m.values else None,
        }
        for m in result.measured.values()
    ]
    return {
        "case": result.case.name,
        "title": result.case.title,
        "count": result.count,
        "seconds": result.seconds,
        "measured": measured,
        "goals": list(_goals(result)),
    }


def _short(value: float) -> str:
    """Return three significant digits, without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{value:.6f}".rstrip("0") if "e" in text else text


def _range(values: Sequence[float]) -> str:
    return f"{_short(min(values))} - {_short(max(values))}"


def markdown(rows: Sequence[Sequence[str]], left: int) -> str:
    """Return a table of a head and rows; all but the `left` first columns to the right.

    >>> print(markdown([["who", "s"], ["this", "1.25"]], left=1))
    | who  |    s |
    | :--- | ---: |
    | this | 1.25 |
    """
    widths = [max(4, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = [":" + "-" * (w - 1) if i < left else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])])

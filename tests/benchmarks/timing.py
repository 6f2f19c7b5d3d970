"""Runs one case: all contenders checked first, then timed in turn, repeat by repeat."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from model import Case, CaseResult, Contender, Measured

__all__ = ["run_case"]

RUNS = 5
"""In one repeat, a contender runs until it ran so often, or for the seconds that are enough."""

Say = Callable[[str], None]


def run_case(
    case: Case, folder: str, count: int, repeats: int, say: Say, enough: float = 0.3
) -> CaseResult:
    """Return what each contender and probe of a case took."""
    start = time.perf_counter()
    say(f"{case.name}: making data ({count} {case.item}s)")
    data = case.make(folder, count)
    repeats = min(repeats, case.repeats or repeats)
    measured: dict[str, Measured] = {}
    expected = cache(lambda items: case.expected and case.expected(data.first(items)))
    with case.around():
        runners = []
        for contender in case.contenders:
            say(f"{case.name}: checking {contender.name}")
            mine = _share(contender, data)
            state = _checked(contender, mine, expected)
            found = Measured(contender.name, contender.kind, len(mine), state=state)
            measured[contender.name] = found
            if state == "ok":
                runners.append((contender, mine, found))
        expected.cache_clear()
        gc.collect()
        gc.freeze()  # what the peers' modules hold need not be looked through each time
        for repeat in range(repeats):
            say(f"{case.name}: repeat {repeat + 1} of {repeats}")
            turn = repeat % len(runners) if runners else 0
            for contender, mine, found in runners[turn:] + runners[:turn]:
                _time(contender, mine, found, enough)
        gc.unfreeze()
        for net in case.nets:
            _subtract(net.name, measured[net.of], measured[net.less], measured)
        _probe(case, data, repeats, measured, say)
    return CaseResult(case, count, measured, time.perf_counter() - start)


def _share(contender: Contender, data: Any) -> Any:
    """Return what a contender works on: where it is slow, a quarter of all at most."""
    if contender.most is None:
        return data
    return data.first(min(contender.most, max(1, len(data) // 4)))


def _checked(contender: Contender, data: Any, expected: Callable[[int], Any]) -> str:
    """Run a contender once, which warms all caches, and return how that went."""
    missing = [name for name in contender.needs if find_spec(name) is None]
    if missing:
        return "not installed"
    try:
        value = contender.value(contender.read(contender.open(data)))
    except Exception as error:
        return f"fails: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return _difference(expected(len(data)), value) if contender.compared else "ok"


def _difference(expected: Any, value: Any) -> str:
    """Return ``ok``, or how a value differs from the expected one."""
    if expected is None:
        return "ok"
    if not isinstance(expected, np.ndarray):
        return "ok" if expected == value else f"another result: {str(value)[:60]}"
    value = np.asarray(value)
    if (value.shape, value.dtype) != (expected.shape, expected.dtype):
        return f"another result: shape {value.shape}, {value.dtype}"
    return "ok" if np.array_equal(expected, value) else "another result: other pixels"


def _time(contender: Contender, data: Any, found: Measured, enough: float) -> None:
    """Add the median of several runs where one is short, so that one hiccup does not count."""
    runs: list[tuple[float, float, float]] = []
    while not runs or (len(runs) < RUNS and sum(a + b for a, b, _ in runs) < enough):
        runs.append(_timed(contender, data))
    opening, reading, cpu = sorted(runs, key=lambda run: run[0] + run[1])[len(runs) // 2]
    found.values.append(opening + reading)
    found.opening.append(opening)
    found.cpu.append(cpu)


def _timed(contender: Contender, data: Any) -> tuple[float, float, float]:
    """Run a contender and return the seconds of opening, of reading, and of CPU time."""
    gc.collect()
    start, before = time.perf_counter(), time.process_time()
    opened = contender.open(data)
    ready, between = time.perf_counter(), time.process_time()
    value = contender.read(opened)
    end, after = time.perf_counter(), time.process_time()
    del opened, value
    if contender.once:
        return 0.0, end - ready, after - between
    return ready - start, end - ready, after - before


def _subtract(name: str, of: Measured, less: Measured, measured: dict[str, Measured]) -> None:
    """Add the difference of two measurements; at least a microsecond an item."""
    states = [found.state for found in (of, less) if found.state != "ok"]
    net = Measured(name, of.kind, of.items, state=states[0] if states else "ok")
    pairs = zip(of.each, less.each, strict=False)
    net.values = [max(a - b, 1e-6) * of.items for a, b in pairs]
    net.opening = [0.0] * len(net.values)
    measured[name] = net


def _probe(case: Case, data: Any, repeats: int, measured: dict[str, Measured], say: Say) -> None:
    for probe in case.probes:
        for repeat in range(1 if probe.once else max(1, repeats // 2)):
            say(f"{case.name}: memory and counts, {repeat + 1}")
            try:
                quantities = probe.run(data)
            except Exception as error:
                measured[case.name] = Measured(case.name, "this", state=f"fails: {error}")
                break
            for name, value in quantities.items():
                measured.setdefault(name, Measured(name, "quantity")).values.append(value)

"""Files that are damaged at random are read right, or are errors of this package.

``python -m tests.fuzz`` tries more of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dask_fileseq import ReadError
from tests.helpers.fuzz.mutations import MUTATIONS, mutant
from tests.helpers.fuzz.pool import FAULTS, Worker, verdicts
from tests.helpers.fuzz.worker import attempt, compare

COUNT = 500


@pytest.mark.slow
def test_damaged_files() -> None:
    """Other pixels, an error of another package, a hang, or the end of the process."""
    found = list(verdicts(range(COUNT), seed=0))
    assert len(found) == COUNT
    assert [verdict for verdict in found if verdict.column in FAULTS] == []
    assert {"equal", "both refuse"} <= {verdict.column for verdict in found}


@pytest.mark.parametrize(
    ("code", "column"),
    [("import os; os._exit(7)", "crash"), ("import time; time.sleep(60)", "hang")],
)
def test_a_process_that_is_lost_is_a_verdict(code: str, column: str) -> None:
    """A crash or a hang ends all, or is not seen."""
    worker = Worker([sys.executable, "-c", code], limit=2, start=0 if column == "hang" else 60)
    verdict = worker.judge(3)
    assert (verdict.column, verdict.number) == (column, 3)
    assert worker.process is None


def test_verdicts(tmp_path: Path) -> None:
    """Wrong pixels and errors of others are not seen."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.arange(12, dtype="u1").reshape(3, 4))
    image = tifffile.imread(path)
    kind = "contiguous-strips"
    assert list(compare(image, kind, path)) == ["equal"]
    assert list(compare(image + 1, kind, path)) == ["differs"]
    assert list(compare(image.astype("u2"), kind, path)) == ["differs"]
    assert list(compare(ReadError("no"), kind, path)) == ["ours refuses"]
    path.write_bytes(b"II*")
    assert list(compare(image, kind, path)) == ["oracle refuses"]
    assert list(compare(ReadError("no"), kind, path)) == ["both refuse"]


@pytest.mark.parametrize("error", [ReadError, MemoryError, KeyError])
def test_errors_of_others_escape(error: type[Exception]) -> None:
    """An error that no caller expects is taken for one of this package."""
    verdict: dict[str, str] = {}

    def fail() -> None:
        raise error("no")

    assert isinstance(attempt(verdict, fail), error)
    assert bool(verdict) == (error is KeyError)


def test_mutants_are_repeatable() -> None:
    """A finding cannot be made again from its seed and number."""
    content = bytes(range(256)) * 4
    made = {number: mutant(np.random.default_rng([0, number]), content) for number in range(300)}
    for number, (names, damaged) in made.items():
        assert mutant(np.random.default_rng([0, number]), content) == (names, damaged)
    assert {name for names, _ in made.values() for name in names.split()} == set(MUTATIONS)
    assert sum(damaged != content for _, damaged in made.values()) > 280

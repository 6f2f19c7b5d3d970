"""The row of the benchmark on napari runs; what it measures is no matter here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("napari")

COMPARE = Path(__file__).parents[1] / "benchmarks" / "compare.py"


@pytest.mark.slow
def test_steps_in_napari_are_timed_on_equal_frames(tmp_path):
    """A viewer that shows another frame, or none, would be compared all the same."""
    options = ["--case", "napari-frame", "--quick", "--json", tmp_path / "found.json"]
    done = subprocess.run(
        [sys.executable, COMPARE, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (case,) = json.loads((tmp_path / "found.json").read_text())["cases"]
    assert [contender["state"] for contender in case["measured"]] == ["ok"] * 4

"""A window of napari, on a screen that nobody sees: Xvfb draws it."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("napari")

PROGRAM = Path(__file__).parents[1] / "helpers" / "napari_window.py"
QT = ("PyQt6", "PySide6", "PyQt5")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no Xvfb")
@pytest.mark.skipif(not any(map(importlib.util.find_spec, QT)), reason="no Qt")
def test_window_shows_a_plate_that_grows(tmp_path):
    """Layers that a thread makes would crash Qt, wells be elsewhere, or the window not close."""
    out = tmp_path / "canvas.npy"
    folder = tmp_path / "scan"
    folder.mkdir()
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24", sys.executable, PROGRAM]
    done = subprocess.run(
        [*command, folder, out], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode == 77 or "Could not load the Qt platform plugin" in done.stderr:
        pytest.skip("no OpenGL")
    assert done.returncode == 0, done.stderr
    layers, times, step, lengths = json.loads(done.stdout)
    assert layers == {
        "scan": [[0, 0, 0], [3, 127, 191]],
        "wells": [[0, 0], [64, 128]],
    }
    assert (times, step) == (4, 3)
    assert lengths > 2
    bright = np.load(out)[..., 1] > 128
    (top, *_, bottom), (left, *_, right) = (np.flatnonzero(bright.any(axis)) for axis in (1, 0))
    half = (right + 1 - left) / 5  # of a well; that of the last one is dark
    assert abs(4 * half - (bottom + 1 - top)) < 4
    rows, columns = (2 * np.arange(2) + 1) * half + top, (np.arange(5) + 0.5) * half + left
    shown = bright[np.ix_(rows.astype(int), columns.astype(int))]
    assert shown.astype(int).tolist() == [[1, 0, 1, 0, 0], [0, 0, 0, 0, 1]]

"""A program that shows a growing plate in a window: ``python napari_window.py FOLDER OUT``.

It writes files to the folder, and follows it. It saves the canvas as a file of numpy, and closes
the window while it follows the folder again. It exits with 77 if there is no OpenGL.
"""

import json
import sys
import threading
import time
from pathlib import Path

import napari
import numpy as np
import tifffile
from qtpy.QtGui import QOpenGLContext
from qtpy.QtWidgets import QApplication

from dask_fileseq import open_sequence
from dask_fileseq.napari import follow_layers

WELLS, TIMES = ("A01", "A02", "B03"), 4


def write(folder, times):
    """Write a bright and a dark half of each well, as slowly as a camera."""
    for t in times:
        for well in WELLS:
            image = np.zeros((64, 64), "u2")
            image[:, :32] = 4000
            tifffile.imwrite(folder / "part", image)
            (folder / "part").rename(folder / f"{well}_t{t}.tif")
            time.sleep(0.1)


def spin(seconds, until=lambda: False):
    """Let Qt work for some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        QApplication.processEvents()
        time.sleep(0.01)


def main(folder, out):
    """Show the folder; print what the viewer has in the end, and how long the sliders were."""
    viewer = napari.Viewer()
    if not QOpenGLContext().create():
        sys.exit(77)
    write(folder, [0])
    seq = open_sequence(folder, pattern="{well}_t{t:d}.tif")
    lengths = {0}
    viewer.dims.events.nsteps.connect(lambda: lengths.add(viewer.dims.nsteps[0]))
    thread = follow_layers(viewer, seq, interval=0.03, until=TIMES * len(WELLS), timeout=20)
    spin(20, lambda: len(viewer.layers))
    threading.Thread(target=write, args=[folder, range(1, TIMES)]).start()
    spin(30, lambda: not thread.is_alive())
    spin(1)
    viewer.layers["wells"].visible = False
    viewer.reset_view()
    spin(1)
    np.save(out, viewer.screenshot(flash=False))
    found = {layer.name: layer.extent.data.tolist() for layer in viewer.layers}
    print(json.dumps([found, viewer.dims.nsteps[0], viewer.dims.current_step[0], len(lengths)]))
    follow_layers(viewer, seq, interval=0.03)
    spin(0.3)
    viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

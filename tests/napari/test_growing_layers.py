"""Layers in napari show what comes into a folder, without a window."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence
from dask_fileseq.napari import show_layers
from tests.helpers import slow_writer
from tests.helpers.slow_writer import CHANNELS, TIMES, content, pixels

pytest.importorskip("napari")
components = pytest.importorskip("napari.components")


def opened(folder, pattern="t{t:d}_{channel}.tif"):
    return TiffSequence(f"{folder}/*.tif", pattern=pattern, spacing="values")


@pytest.mark.slow
def test_layers_grow_while_a_program_writes(tmp_path):
    """The viewer would show the first files for ever, or half of one that is being written."""
    for channel in CHANNELS:
        (tmp_path / f"t0_{channel}.tif").write_bytes(content(0, channel))
    viewer, seq, counts = components.ViewerModel(), opened(tmp_path), set()
    layers = show_layers(viewer, seq)
    with subprocess.Popen([sys.executable, slow_writer.__file__, tmp_path, "1"]):
        every = len(CHANNELS) * TIMES
        for grown in seq.follow(interval=0.02, until=every, timeout=30):
            show_layers(viewer, grown, layers)
            counts.add(len(grown))
            step = viewer.dims.current_step[0]
            assert step == viewer.dims.nsteps[0] - 1  # it was at the end
            t = grown.coords["t"][step]
            for c, (name, layer) in enumerate(layers.items()):
                there = (step, c) not in grown.missing
                expected = pixels(t, name) if there else np.zeros(slow_writer.SHAPE)
                np.testing.assert_array_equal(layer._slice.image.raw, expected)
    assert list(layers) == [layer.name for layer in viewer.layers] == list(CHANNELS)
    assert len(counts) > 1
    assert viewer.dims.nsteps[0] == TIMES


def test_what_the_user_has_set_stays(tmp_path):
    """Each new file would undo a contrast, move the slider, and bring back deleted layers."""

    def write(t, channel):
        tifffile.imwrite(tmp_path / f"t{t}_{channel}.tif", np.full((8, 8), t, "u2"))

    write(0, "DAPI")
    viewer = components.ViewerModel()
    layers = show_layers(viewer, opened(tmp_path))
    write(0, "GFP")
    write(0, "RFP")
    write(1, "DAPI")
    show_layers(viewer, opened(tmp_path), layers)  # it has channels now
    assert [layer.name for layer in viewer.layers] == ["DAPI", "GFP", "RFP"]
    viewer.layers["GFP"].contrast_limits = 3, 9
    viewer.layers.remove("RFP")
    viewer.dims.set_current_step(0, 0)
    write(2, "GFP")
    assert show_layers(viewer, opened(tmp_path), layers) is layers
    assert [layer.name for layer in viewer.layers] == ["DAPI", "GFP"]
    assert viewer.layers["GFP"].contrast_limits == [3, 9]
    assert (viewer.dims.nsteps[0], viewer.dims.current_step[0]) == (3, 0)
    assert viewer.layers["GFP"].metadata["coords"]["t"].tolist() == [0, 1, 2]
    viewer.dims.set_current_step(0, 2)
    assert viewer.layers["GFP"]._slice.image.raw.max() == 2


def test_a_plate_grows_by_wells(tmp_path):
    """New wells would be out of the picture, or have the names of others."""
    viewer, layers = components.ViewerModel(), {}
    for well in ("C03", "C04", "B02"):
        tifffile.imwrite(tmp_path / f"{well}.tif", np.full((8, 8), int(well[1:]), "u2"))
        show_layers(viewer, opened(tmp_path, "{well}.tif"), layers)
    image, names = viewer.layers
    assert image.data[::8, ::8].compute().tolist() == [[2, 0, 0], [0, 3, 4]]
    assert list(names.features["well"]) == ["B02", "C03", "C04"]
    assert names.data.tolist() == [[0, 0], [8, 8], [8, 16]]

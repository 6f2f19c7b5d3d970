"""Folders and globs are images of bioio, by its own checks, and single files are left to others."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

from dask_fileseq import LayoutError, open_sequence
from dask_fileseq.demo import write_acquisition
from dask_fileseq.readers import count

pytest.importorskip("bioio", "3.6")
from bioio import BioImage, plugin_feasibility_report
from bioio_base.exceptions import UnsupportedFileFormatError
from bioio_base.test_utilities import (
    run_image_file_checks,
    run_multi_scene_image_read_checks,
)

from dask_fileseq.bioio import Reader

OME = {f"PhysicalSize{dim}": size for dim, size in (("X", 500), ("Y", 500), ("Z", 2000))}
OME |= {f"PhysicalSize{dim}Unit": "nm" for dim in "XYZ"}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Write 6 times, 2 channels and 5 planes, of which some are missing."""
    return str(write_acquisition(tmp_path_factory.mktemp("scan") / "cells"))


@pytest.fixture
def plate(tmp_path):
    """Write two wells with two fields each, one of which is missing, as stacks of OME-TIFF."""
    for i, place in enumerate(("A01_s1", "A01_s2", "B02_s2")):
        for c, channel in enumerate(("DAPI", "GFP")):
            data = np.full((3, 8, 9), 10 * i + c, "u2")
            path = tmp_path / f"{place}_{channel}.ome.tif"
            tifffile.imwrite(path, data, metadata={"axes": "ZYX", **OME})
    return str(tmp_path)


@pytest.mark.parametrize("container", [Reader, BioImage])
def test_the_checks_of_bioio(cells, container):
    """Axes, names, pixels of any part, and copies in other processes would be others."""
    run_image_file_checks(
        container,
        cells,
        set_scene="Image:0",
        expected_scenes=("Image:0",),
        expected_current_scene="Image:0",
        expected_shape=(6, 2, 5, 256, 256),
        expected_dtype=np.dtype("u2"),
        expected_dims_order="TCZYX",
        expected_channel_names=["DAPI", "GFP"],
        expected_physical_pixel_sizes=(None, None, None),
        expected_metadata_type=dict,
    )


@pytest.mark.parametrize("container", [Reader, BioImage])
def test_wells_and_fields_are_scenes(plate, container):
    """The pixels of one would be shown as those of another."""
    scenes = ("well A01, s 1", "well A01, s 2", "well B02, s 2")
    shape = (2, 3, 8, 9) if container is Reader else (1, 2, 3, 8, 9)
    image = run_image_file_checks(
        container,
        plate,
        set_scene="well B02, s 2",
        expected_scenes=scenes,
        expected_current_scene="well B02, s 2",
        expected_shape=shape,
        expected_dtype=np.dtype("u2"),
        expected_dims_order="TCZYX"[-len(shape) :],
        expected_channel_names=["DAPI", "GFP"],
        expected_physical_pixel_sizes=(2.0, 0.5, 0.5),
        expected_metadata_type=dict,
    )
    assert image.get_image_data("CZ", Y=0, X=0).tolist() == [[20] * 3, [21] * 3]
    run_multi_scene_image_read_checks(
        container,
        plate,
        first_scene_id=0,
        first_scene_shape=shape,
        first_scene_dtype=np.dtype("u2"),
        second_scene_id="well A01, s 2",
        second_scene_shape=shape,
        second_scene_dtype=np.dtype("u2"),
        allow_same_scene_data=False,
    )


def test_a_row_of_wells_is_named_by_row_and_column(tmp_path):
    """One row would be none, and one well an image without a place."""
    for column in (1, 2):
        tifffile.imwrite(tmp_path / f"r02c0{column}f01.tif", np.zeros((4, 6), "u1"))
    pattern = "r{row:02d}c{column:02d}f{field:02d}.tif"
    image = BioImage(str(tmp_path), pattern=pattern)
    assert image.scenes == ("row 2, column 1, field 1", "row 2, column 2, field 1")


def test_samples_levels_and_times(tmp_path):
    """Colours would be channels, sizes those of another level, and dates no times."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (2, 3, 32, 48, 3), "u1")
    for t, day in enumerate((1, 3)):
        for z in range(3):
            with tifffile.TiffWriter(tmp_path / f"z{z}_202401{day:02d}.tif") as file:
                data = small[t, z].repeat(2, 0).repeat(2, 1)
                resolution = {"resolution": (1e4, 1e4), "resolutionunit": "CENTIMETER"}
                file.write(data, subifds=1, photometric="rgb", tile=(16, 16), **resolution)
                file.write(small[t, z], subfiletype=1, photometric="rgb", tile=(16, 16))
    image = BioImage(f"{tmp_path}/*.tif", scale={"z": (2, "um")})
    assert (image.dims.order, image.shape) == ("TCZYXS", (2, 1, 3, 64, 96, 3))
    assert image.time_interval.total_seconds() == 2 * 86400
    assert image.physical_pixel_sizes == (2, 1, 1)
    assert image.resolution_levels == (0, 1)
    with count() as read:
        part = image.get_image_dask_data("TSYX", Z=1, X=slice(0, 16), Y=slice(16, 32)).compute()
    assert (read.files, read.bytes) == (2, 2 * 16 * 16 * 3)
    whole = small.repeat(2, 2).repeat(2, 3)
    np.testing.assert_array_equal(part, whole[:, 1, 16:32, :16].transpose(0, 3, 1, 2))
    with count() as read:
        part = image.get_image_data("ZTYX", Z=[0, 1], T=[1, 0], S=2, X=slice(0, 16))
    assert read.bytes <= 4 * 4 * 16 * 16 * 3
    np.testing.assert_array_equal(part, whole[::-1, :2, :, :16, 2].swapaxes(0, 1))
    image.set_resolution_level(1)
    np.testing.assert_array_equal(image.data[:, 0], small)
    assert image.physical_pixel_sizes == (2, 2, 2)


def test_a_channel_is_read_alone(cells):
    """To look at one time would read the night."""
    with count() as read:
        image = BioImage(cells)
        stack = image.get_image_dask_data("ZYX", T=3, C=1)
    assert read.bytes == 0
    with count() as read:
        pixels = stack.compute()
    assert read.files == 5
    np.testing.assert_array_equal(pixels, open_sequence(cells).asarray()[3, 1])


def test_single_files_are_left_to_others(cells, tmp_path):
    """Their readers know more of them, and would not get their turn."""
    name = open_sequence(cells)[0]
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (name, empty, f"{cells}/none.tif", f"{cells}/*.txt"):
        assert not Reader.is_supported_image(path), path
    for files in (cells, f"{cells}/*.tif", [name]):
        assert Reader.is_supported_image(files), files
    assert not plugin_feasibility_report(name)["dask-fileseq"].supported
    with pytest.raises(UnsupportedFileFormatError):
        BioImage(empty)
    assert BioImage([name], reader=Reader).shape == (1, 1, 1, 256, 256)


def test_unknown_axes_are_a_question(tmp_path):
    """A guess would show depths as times."""
    for name in ("foo1_bar1", "foo1_bar2", "foo2_bar1", "foo2_bar2"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((4, 6), "u1"))
    with pytest.raises(LayoutError, match="say what they are: axes="):
        BioImage(str(tmp_path))
    image = BioImage(str(tmp_path), axes={"foo": "z", "bar": "t"})
    assert image.shape == (2, 1, 2, 4, 6)


@pytest.mark.slow
def test_an_environment_without_the_extra(cells):
    """An error on import would end all that bioio reads, also by other readers."""
    code = (
        "import sys\n"
        "sys.modules['zarr'] = sys.modules['yaozarrs'] = None\n"
        "from bioio import BioImage, plugin_feasibility_report\n"
        "assert plugin_feasibility_report(sys.argv[1])['dask-fileseq'].supported\n"
        "BioImage(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", code, cells]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("ImportError: dask_fileseq.bioio.Reader needs")
    assert "dask-fileseq[bioio]" in done.stderr

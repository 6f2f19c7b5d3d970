"""Copies have the channels, steps and pixel sizes that an instrument's own index has."""

import pytest

from dask_fileseq import open_sequence
from tests.helpers.instruments import cellvoyager, harmony, ome_set, write_images

zarr = pytest.importorskip("zarr")
pytest.importorskip("yaozarrs")


def image_of(target, name):
    group = zarr.open_group(target, mode="r")[name]
    return group, group.attrs["ome"]["multiscales"][0]


def test_harmony_plates(tmp_path):
    """Planes would be one unit apart, channels numbers, and pixels without a size."""
    seq = open_sequence(harmony(tmp_path / "scan").files)
    seq.to_ome_zarr(tmp_path / "plate.zarr")
    group, image = image_of(tmp_path / "plate.zarr", "B/3/0")
    axes = {axis["name"]: axis.get("unit") for axis in image["axes"]}
    scale = image["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert dict(zip(axes, scale, strict=True)) == {"t": 600, "c": 1, "z": 2, "y": 0.5, "x": 0.5}
    assert (axes["t"], axes["z"], axes["x"]) == ("second", "micrometer", "micrometer")
    names = [channel["label"] for channel in group.attrs["ome"]["omero"]["channels"]]
    assert names == ["HOECHST 33342", "Alexa 488"]


@pytest.mark.parametrize("in_file", ["", "tz", "cz"])
def test_ome_sets(tmp_path, in_file):
    """A set would be copied with other axes than it has."""
    seq = open_sequence(ome_set(tmp_path / "scan", in_file=in_file).files)
    seq.to_ome_zarr(tmp_path / "image.zarr")
    group = zarr.open_group(tmp_path / "image.zarr", mode="r")
    image = group.attrs["ome"]["multiscales"][0]
    axes = [axis["name"] for axis in image["axes"]]
    scale = image["datasets"][0]["coordinateTransformations"][0]["scale"]
    found = dict(zip(axes, scale, strict=True))
    assert axes == ["t", "c", "z", "y", "x"]
    assert (found["z"], found["x"]) == (0.5, 0.65)
    labels = [channel["label"] for channel in group.attrs["ome"]["omero"]["channels"]]
    assert labels == ["DAPI", "GFP"]
    assert group["0"][1, 1, 2].max() == 112


def test_numbers_with_names(tmp_path):
    """Channels that the axis has by their numbers would be called by them."""
    seq = open_sequence(cellvoyager(tmp_path / "scan").files)
    seq.to_ome_zarr(tmp_path / "plate.zarr")
    group, _ = image_of(tmp_path / "plate.zarr", "D/08/0")
    labels = [channel["label"] for channel in group.attrs["ome"]["omero"]["channels"]]
    assert labels == ["DAPI", "GFP"]


@pytest.mark.parametrize(
    ("heights", "step"),
    [((0, 2, 4, 6), 2), ((6, 4, 2, 0), 2), ((2, 4, 6, 0), 1), ((6, 0, 2, 4), 1)],
)
def test_heights_in_another_order_are_no_scale(tmp_path, heights, step):
    """Planes of which the last is the lowest would be where they are not."""
    names = [f"z{z}.tif" for z in range(4)]
    write_images(tmp_path, names)
    rows = [f"{name},{z},{heights[z]}" for z, name in enumerate(names)]
    (tmp_path / "planes.csv").write_text("\n".join(["file,z,stage_z", *rows]))
    seq = open_sequence(tmp_path, table=str(tmp_path / "planes.csv"))
    assert seq.to_xarray().stage_z.values.tolist() == list(heights)
    seq.to_ome_zarr(tmp_path / "stack.zarr")
    image = zarr.open_group(tmp_path / "stack.zarr", mode="r").attrs["ome"]["multiscales"][0]
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"] == [step, 1, 1]

"""Files of several shapes, types and levels as one tree of arrays."""

import pickle
import zipfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import (
    ChunkMismatchError,
    FillWarning,
    NamesError,
    ReadError,
    TiffSequence,
    open_sequence,
)
from dask_fileseq.readers import PaddedReader, count, read_tiff

xr = pytest.importorskip("xarray")

PATTERN = r"d(?P<day>\d)_(?P<band>B\d\d)"
SHAPES = {"B02": (20, 30), "B03": (20, 30), "B05": (10, 15), "B09": (7, 5)}


@pytest.fixture
def scene(tmp_path):
    """Write bands of several resolutions, one of them of another type; returns the images."""
    rng = np.random.default_rng(0)
    images = {}
    for day in (1, 2):
        for band, shape in SHAPES.items():
            dtype = "u1" if band == "B09" else "u2"
            image = images[day, band] = rng.integers(0, 200, shape).astype(dtype)
            tifffile.imwrite(tmp_path / f"d{day}_{band}.tif", image)
    return tmp_path, images


def opened(folder):
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN)


def test_a_node_for_each_shape_and_type(scene):
    """They are an error as one array."""
    folder, images = scene
    seq = opened(folder)
    with pytest.raises(ChunkMismatchError):
        seq.asarray()
    tree = seq.to_datatree()
    assert sorted(tree.children) == ["10x15_uint16", "20x30_uint16", "7x5_uint8"]
    node = tree["20x30_uint16"]
    assert node.image.dims == ("day", "band", "y", "x")
    assert node.band.values.tolist() == ["B02", "B03"]
    for (day, band), image in images.items():
        name = f"{'x'.join(map(str, image.shape))}_{image.dtype}"
        np.testing.assert_array_equal(tree[name].image.sel(day=day, band=band), image)


def test_trees_are_lazy(scene):
    """A tree of thousands of files reads their headers, and no pixels."""
    seq = opened(scene[0])
    with count() as counts:
        tree = seq.to_datatree()
        lazy = xr.open_datatree(seq, engine="fileseq")
    assert counts.bytes == 0
    assert counts.headers == counts.files <= 2 * (8 + 2 * 3)
    with count() as counts:
        tree["7x5_uint8"].image[0, 0, 2].compute()
        lazy["7x5_uint8"].image[0, 0, 2].load()
    assert counts.files == 2


def test_a_node_for_each_label(scene):
    """Labels name what is in a node; of several shapes, it has a node for each."""
    folder, images = scene
    tree = opened(folder).to_datatree(split="band")
    assert list(tree.children) == list(SHAPES)
    np.testing.assert_array_equal(tree["B05"].image.sel(day=2, band="B05"), images[2, "B05"])
    tree = opened(folder).to_datatree(split="day", name="dn")
    assert sorted(tree.children) == ["1", "2"]
    assert sorted(tree["2"].children) == ["10x15_uint16", "20x30_uint16", "7x5_uint8"]
    assert tree["2/7x5_uint8"].dn.shape == (1, 1, 7, 5)
    with pytest.raises(NamesError, match="split='channel' is none of the axes day, band"):
        opened(folder).to_datatree(split="channel")


@pytest.mark.parametrize("kind", ["files", "archive"])
def test_smaller_images_are_filled_at_their_edges(scene, kind):
    """Of one type, they are one array; what is outside of an image is no pixel of it."""
    folder, images = scene
    seq = opened(folder)
    if kind == "archive":
        with zipfile.ZipFile(folder / "scene.zip", "w") as archive:
            for path in folder.glob("*.tif"):
                archive.write(path, path.name)
        seq = TiffSequence("*.tif", container=folder / "scene.zip", pattern=PATTERN)
    tree = seq.to_datatree(pad=255)
    assert sorted(tree.children) == ["20x30_uint16", "7x5_uint8"]
    array = tree["20x30_uint16"].image
    expected = np.full((20, 30), 255, "u2")
    expected[:10, :15] = images[1, "B05"]
    for index in (
        np.s_[:, :],
        np.s_[::-1, ::3],
        np.s_[8:12, 14:16],
        np.s_[15:, :],
        np.s_[::-4, 20::-1],
    ):
        found = array.sel(day=1, band="B05")[index]
        np.testing.assert_array_equal(found, expected[index])
    lazy = xr.open_datatree(seq, engine="fileseq", pad=255)["20x30_uint16"].image
    np.testing.assert_array_equal(lazy.sel(day=1, band="B05")[::-2, 3], expected[::-2, 3])


def test_padded_readers_refuse_larger_images(scene):
    """A file that has grown since its header was read would lose pixels."""
    name = str(scene[0] / "d1_B02.tif")
    reader = PaddedReader(read_tiff, (12, 40), 0)
    assert pickle.loads(pickle.dumps(reader)) == reader
    seq = TiffSequence([name], imread=reader, pattern=PATTERN)
    with pytest.raises(ChunkMismatchError):
        seq.asarray()
    assert PaddedReader(read_tiff, (40, 40), 0)(name).shape == (40, 40)


def test_levels_of_pyramids_are_nodes(tmp_path):
    """They are in the files, and could only be read one by one."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 2**16, (2, 2, 64, 96), "u2")
    for t, c in np.ndindex(2, 2):
        with tifffile.TiffWriter(tmp_path / f"t{t}_c{c}.tif") as tif:
            tif.write(images[t, c], subifds=1, tile=(32, 32))
            tif.write(images[t, c, ::2, ::2], subfiletype=1, tile=(32, 32))
    seq = open_sequence(tmp_path)
    tree = seq.to_datatree(levels=True)
    assert list(tree["64x96_uint16"].children) == ["0", "1"]
    np.testing.assert_array_equal(tree["64x96_uint16/0"].image, images)
    np.testing.assert_array_equal(tree["64x96_uint16/1"].image, images[..., ::2, ::2])
    tree = xr.open_datatree(str(tmp_path), engine="fileseq", levels=True, split="c", pad=0)
    np.testing.assert_array_equal(tree["1/1"].image, images[:, 1:, ::2, ::2])


def test_the_engine_takes_its_keywords_for_trees(scene):
    """`open_datatree` would leave what `open_dataset` takes."""
    folder, images = scene
    files = f"{folder}/*.tif"
    tree = xr.open_datatree(files, engine="fileseq", pattern=PATTERN, split="band", chunks={})
    assert tree["B02"].image.chunksizes["day"] == (1, 1)
    np.testing.assert_array_equal(tree["B02"].image.sel(day=1, band="B02"), images[1, "B02"])
    groups = xr.open_groups(files, engine="fileseq", pattern=PATTERN, name="dn")
    assert groups["/7x5_uint8"].dn.shape == (2, 1, 7, 5)
    with pytest.raises(TypeError, match="come too late"):
        xr.open_datatree(opened(folder), engine="fileseq", pattern=PATTERN)


def test_files_without_a_header_are_named(scene):
    """One of thousands is not to be searched for."""
    (scene[0] / "d3_B02.tif").write_bytes(b"no TIFF")
    with pytest.raises(ReadError, match=r"d3_B02\.tif"):
        opened(scene[0]).to_datatree()


@pytest.mark.parametrize("levels", [False, True])
@pytest.mark.parametrize("way", ["to_datatree", "engine"])
def test_files_without_a_header_are_filled(scene, way, levels):
    """One damaged file of thousands refuses all others, though it is to be filled."""
    folder, images = scene
    (folder / "d2_B05.tif").write_bytes(b"II*")
    (folder / "d3_B02.tif").write_bytes(b"")
    options = {"split": "band", "levels": levels, "errors": "fill", "fillvalue": 7}
    if way == "to_datatree":
        tree = opened(folder).to_datatree(**options)
    else:
        tree = xr.open_datatree(opened(folder), engine="fileseq", **options)
    level = "/0" if levels else ""
    for band, damaged in (("B05", 2), ("B02", 3)):
        node = tree[f"{band}{level}"].image
        with pytest.warns(FillWarning, match=f"d{damaged}_{band}"):
            assert (node.sel(day=damaged) == 7).all()
        np.testing.assert_array_equal(node.sel(day=1)[0], images[1, band])
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(ReadError, match=r"d1_B02\.tif"):
        opened(folder).to_datatree(**options)


def test_files_are_grouped_by_the_image_that_is_read(tmp_path):
    """The first image of each file, which is not read, would choose the nodes."""
    for t, shape in enumerate([(8, 8), (6, 6)]):
        with tifffile.TiffWriter(tmp_path / f"t{t}.tif") as tif:
            tif.write(np.zeros((4, 4), "u1"), metadata=None)
            tif.write(np.full(shape, t + 1, "u1"), metadata=None)
    seq = open_sequence(tmp_path)
    tree = seq.to_datatree(series=1)
    shapes = {name: node.image.shape for name, node in tree.children.items()}
    assert shapes == {"8x8_uint8": (1, 8, 8), "6x6_uint8": (1, 6, 6)}
    assert (tree["6x6_uint8"].image == 2).all()
    lazy = xr.open_datatree(seq, engine="fileseq", series=1)
    assert sorted(lazy.children) == sorted(shapes)


def test_nodes_of_the_engine_have_headers(tmp_path):
    """The keyword would be passed to `open_sequence`, which has none of this name."""
    for t in range(2):
        image = np.zeros((4, 6 + t), "u1")
        tifffile.imwrite(tmp_path / f"t{t}.tif", image, datetime=f"2024:07:09 13:13:0{t}")
    tree = xr.open_datatree(f"{tmp_path}/*.tif", engine="fileseq", headers="acquired")
    assert (tree["4x7_uint8"].acquired == np.datetime64("2024-07-09T13:13:01", "ns")).all()


@pytest.mark.parametrize("pad", [0.5, -1, 300, np.nan])
def test_what_fills_edges_is_a_value_of_the_pixels(scene, pad):
    """It would be rounded, or be an error for each file when pixels are read."""
    seq = opened(scene[0])
    with pytest.raises(ValueError, match=f"^pad={pad} is not a value of dtype uint(8|16)$"):
        seq.to_datatree(pad=pad)

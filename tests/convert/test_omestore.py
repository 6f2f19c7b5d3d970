"""OME-Zarr over files where they are: as a copy, but for its levels and chunks."""

import asyncio
import pickle

import numpy as np
import pytest
import tifffile
import zarr
from yaozarrs import v05, validate_zarr_store
from zarr.core.buffer import default_buffer_prototype

from dask_fileseq import ReadError, TiffSequence, open_sequence
from dask_fileseq.readers import count


def pixels(*cell, shape=(96, 130)):
    return np.random.default_rng([ord(c) for c in "".join(map(str, cell))]).integers(
        9, 4000, shape, "u2"
    )


def write_plate(folder, levels=0):
    """Write two wells of two fields and channels, one image of which is missing."""
    for well in ("A01", "B12"):
        for field in (1, 2):
            for channel in ("DAPI", "GFP"):
                if (well, field, channel) == ("B12", 2, "GFP"):
                    continue
                data = pixels(well, field, channel)
                with tifffile.TiffWriter(folder / f"{well}_s{field}_{channel}.tif") as writer:
                    writer.write(data, tile=(32, 32), subifds=levels)
                    for k in range(1, levels + 1):
                        step = 2**k
                        writer.write(data[::step, ::step], tile=(32, 32), subfiletype=1)
    return TiffSequence(f"{folder}/*.tif", pattern="{well}_s{field:d}_{channel}.tif")


def test_plate(tmp_path):
    """Its metadata, pixels and empty cells are those of a copy."""
    seq = write_plate(tmp_path)
    store = seq.aszarr(ome={"pixel_size": "0.65um", "name": "plate"})
    group = zarr.open_group(store, mode="r")
    seq.to_ome_zarr(tmp_path / "copy.ome.zarr", pixel_size="0.65um", name="plate", levels=1)
    copy = zarr.open_group(tmp_path / "copy.ome.zarr", mode="r")
    assert group.attrs.asdict() == copy.attrs.asdict()
    assert group["A/01"].attrs.asdict() == copy["A/01"].attrs.asdict()
    for path in ("A/01/0", "A/01/1", "B/12/0", "B/12/1"):
        np.testing.assert_array_equal(group[f"{path}/0"], copy[f"{path}/0"])
        ours, theirs = (each[path].attrs["ome"] for each in (group, copy))
        v05.Image.model_validate(ours)
        datasets = [each["multiscales"][0].pop("datasets") for each in (ours, theirs)]
        assert datasets[0] == datasets[1]
        assert ours["multiscales"][0]["axes"] == theirs["multiscales"][0]["axes"]
        labels = [[c["label"] for c in each["omero"]["channels"]] for each in (ours, theirs)]
        assert labels[0] == labels[1] == ["DAPI", "GFP"]
    start = group["A/01/0"].attrs["ome"]["omero"]["channels"][0]["window"]["start"]
    assert start == pixels("A01", 1, "DAPI").min()


def test_own_levels(tmp_path):
    """Files that are pyramids are not made smaller again."""
    store = write_plate(tmp_path, levels=2).aszarr(ome=True)
    group = zarr.open_group(store, mode="r")
    data = pixels("A01", 2, "GFP")
    for level in range(3):
        step = 2**level
        np.testing.assert_array_equal(group[f"A/01/1/{level}"][1], data[::step, ::step])
    scales = [
        each["coordinateTransformations"][0]["scale"]
        for each in group["A/01/1"].attrs["ome"]["multiscales"][0]["datasets"]
    ]
    np.testing.assert_allclose([scale[-1] for scale in scales], [1, 2, 130 / 33])


def test_a_chunk_reads_its_file_alone(tmp_path):
    """A viewer that asks for a corner would wait for the plate."""
    store = write_plate(tmp_path).aszarr(ome=True)
    array = zarr.open_array(store, path="B/12/0/0")
    with count() as counts:
        np.testing.assert_array_equal(array[0, :10, :10], pixels("B12", 1, "DAPI")[:10, :10])
    assert counts.files == 1


def test_keys(tmp_path):
    """Those that are listed are there, and no others."""
    store = write_plate(tmp_path).aszarr(ome=True)
    get = default_buffer_prototype()

    async def listed():
        keys = [key async for key in store.list()]
        values = [await store.get(key, get) for key in keys]
        sizes = [await store.getsize(key) for key in keys]
        names = [name async for name in store.list_dir("A/01/1")]
        wrong = ["A/01/1/0/c/0", "A/01/9/0/c/0/0/0", "A/01/1/0/c/00/0/0", "A/01/1/1/c/0/0/0", "x"]
        absent = [await store.get(key, get) for key in [*wrong, "B/12/1/0/c/1/0/0"]]
        return keys, values, sizes, names, absent

    keys, values, sizes, names, absent = asyncio.run(listed())
    assert [len(value) for value in values] == sizes
    assert sorted(names) == ["0", "zarr.json"]
    assert absent == [None] * 6
    assert sum("/c/" in key for key in keys) == 7
    assert pickle.loads(pickle.dumps(store)) == store


def test_images_of_other_kinds(tmp_path):
    """A single image is the root; mosaics and folders of colours are images, too."""
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t}.tif", pixels(t, shape=(40, 50, 3)).astype("u1"))
    seq = open_sequence(tmp_path)
    group = zarr.open_group(seq.aszarr(ome=True), mode="r")
    expected = np.moveaxis(seq.asarray(), -1, 1)
    np.testing.assert_array_equal(group["0"], expected)
    assert group["0"].chunks == (1, 1, 40, 50)


def test_files_that_cannot_be_read(tmp_path):
    """The store opens; who asks for the pixels is told the name."""
    seq = write_plate(tmp_path)
    (tmp_path / "B12_s1_DAPI.tif").write_bytes(b"II*\0")
    store = seq.aszarr(ome=True)
    with pytest.raises(ReadError, match="B12_s1_DAPI"):
        zarr.open_array(store, path="B/12/0/0")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groupname": "image"}, "groupname"),
        ({"zarr_format": 2}, "zarr_format"),
        ({"chunks": "tile"}, "chunks"),
    ],
    ids=str,
)
def test_arguments_that_it_has_itself(tmp_path, arguments, message):
    """They would be without effect."""
    seq = write_plate(tmp_path)
    with pytest.raises(ValueError, match=f"ome=True has {message}"):
        seq.aszarr(ome=True, **arguments)


@pytest.mark.network
def test_over_http(tmp_path):
    """Validators and readers of others open it where it is served."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    from dask_fileseq.serve import StoreServer

    seq = write_plate(tmp_path, levels=1)
    with StoreServer(seq.aszarr(ome=True), "plate.ome.zarr") as server:
        validate_zarr_store(server.url)
        (node,) = Reader(parse_url(f"{server.url}/B/12/0"))()
        assert [level.shape for level in node.data] == [(2, 96, 130), (2, 48, 65)]
        np.testing.assert_array_equal(node.data[0][0], pixels("B12", 1, "DAPI"))

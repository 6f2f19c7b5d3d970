"""Arguments of a wrong type or value: one sentence that names the argument and its value."""

import os

import numpy as np
import pytest

from dask_fileseq import NameProduct, NoFilesError, open_sequence, to_files

IMAGES = np.zeros((2, 4, 6), "u1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write two images; returns their folder."""
    folder = tmp_path_factory.mktemp("scan")
    to_files(IMAGES, f"{folder}/t{{t}}.tif")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patern": "x"}, r"patern \(did you mean pattern\?\)"),
        ({"files": None}, "files=None: give a folder"),
        ({"chunks": "auto"}, "chunks: pass them to the method that reads"),
    ],
)
def test_arguments_of_open_sequence(folder, arguments, message):
    """Nothing, or only that the argument is not known, would be heard of them."""
    with pytest.raises((TypeError, ValueError), match=message):
        open_sequence(**{"files": folder} | arguments)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("to_dask_array", {"chunkshape": 3}, "chunkshape=3 is no shape"),
        ("to_dask_array", {"chunkshape": "ab"}, "chunkshape='ab' is no shape"),
        ("to_dask_array", {"chunkdtype": "q9"}, "chunkdtype='q9'"),
        ("to_dask_array", {"axestiled": 3}, "axestiled=3 is no mapping"),
        ("to_dask_array", {"key": "x"}, "key='x' selects no pages"),
        ("table", {"imreadargs": 3}, "imreadargs=3"),
        ("follow", {"until": -1}, "until=-1"),
        ("aszarr", {"groupname": 3}, "groupname=3"),
        ("aszarr", {"dimension_names": 3}, "dimension_names=3"),
        ("aszarr", {"ome": {"pixelsize": "1um"}}, "ome={'pixelsize': '1um'} has 'pixelsize'"),
        ("write_fsspec", {"jsonfile": 3}, "jsonfile=3"),
        ("write_fsspec", {"jsonfile": ""}, "jsonfile=''"),
        ("write_fsspec", {"jsonfile": "a.json", "url": 3}, "url=3"),
        ("to_zarr", {"url": None}, "url=None is no path, URL or store"),
        ("to_zarr", {"url": "x.zarr", "memory": -5}, "memory=-5"),
        ("to_zarr", {"url": "x.zarr", "follow": {"every": 3}}, "follow={'every': 3} has 'every'"),
        ("to_ome_zarr", {"url": "x.zarr", "name": 3}, "name=3 is no text"),
        ("to_icechunk", {"repo": 3}, "repo=3"),
        ("to_icechunk", {"repo": __file__}, r"cannot make repo=.*: File exists"),
        ("to_icechunk", {"repo": os.path.dirname(__file__)}, "clean prefixes"),
        ("write_fsspec", {"jsonfile": "none/a.json"}, r"'none/a.json'$"),
    ],
)
def test_arguments_of_methods(tmp_path, monkeypatch, folder, method, arguments, message):
    """The error would come from inside, or there would be none."""
    monkeypatch.chdir(tmp_path)
    seq = open_sequence(folder)
    try:
        with pytest.raises((TypeError, ValueError, OSError), match=message):
            getattr(seq, method)(**arguments)
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coords": {"t": [None, "a"]}}, r"coords\['t'\] has None"),
        ({"inside": 3}, "inside=3"),
        ({"encodeargs": 3}, "encodeargs=3"),
    ],
)
def test_arguments_of_to_files(tmp_path, arguments, message):
    """The error would come from inside."""
    with pytest.raises((TypeError, ValueError), match=message):
        to_files(IMAGES, f"{tmp_path}/{{t}}.tif", **arguments)


def test_nothing_is_found_in_a_folder_that_is_not_there(tmp_path):
    """It would look as if the pattern were wrong."""
    with pytest.raises(NoFilesError, match=r"there is no folder '.*/none'"):
        open_sequence(f"{tmp_path}/none/t*.tif")


def test_functions_that_return_no_pixels(tmp_path, folder):
    """Files without an image would be written, with a warning of tifffile for each."""
    with pytest.raises(ValueError, match=r"array of shape \(0, 6\) for '.*t0.tif'"):
        open_sequence(folder).map_files(lambda image: image[:0], f"{tmp_path}/{{name}}")


def test_out_is_a_folder(tmp_path, folder):
    """The error would not say what is a folder."""
    with pytest.raises(OSError, match=r"out=.* is no file but a folder"):
        open_sequence(folder).asarray(out=tmp_path)


def test_name_product_of_no_text():
    """The error would come from inside."""
    with pytest.raises(ValueError, match="pattern=3 is no format string"):
        NameProduct(3, t=[1])

"""Files that other machines see under other roots."""

import os
import shutil
import socket

import numpy as np
import pytest

from dask_fileseq import NamesError, ReadError, TiffSequence, open_sequence
from dask_fileseq.files import LocalFiles, PathMap
from tests.helpers.acquisition import PATTERN
from tests.helpers.instruments import write_images
from tests.helpers.places import packed


@pytest.fixture
def moved(acquisition, tmp_path):
    """Copy a folder; returns its name, the one that it gets elsewhere, and the array."""
    folder, array = acquisition
    here = tmp_path / "here"
    shutil.copytree(folder, here)
    return here, tmp_path / "there", array


@pytest.mark.parametrize(
    ("path_map", "name", "mapped"),
    [
        ({"/data": "/mnt/data"}, "/data/a/t1.tif", "/mnt/data/a/t1.tif"),
        ({"/data/": "/mnt/data/"}, "/data/t1.tif", "/mnt/data/t1.tif"),
        ({"/data": "/mnt"}, "/database/t1.tif", None),
        ({"/data": "/mnt"}, "/DATA/t1.tif", None),
        ({"/data": "/mnt"}, "data/t1.tif", None),
        ({"/": "/mnt"}, "/data/t1.tif", "/mnt/data/t1.tif"),
        ({"/data": "/"}, "/data/t1.tif", "/t1.tif"),
        ({"/data": "/x", "/data/day1": "/y"}, "/data/day1/t1.tif", "/y/t1.tif"),
        ({"D:\\": "/mnt/d"}, "D:\\scans\\t1.tif", "/mnt/d/scans/t1.tif"),
        ({"D:": "/mnt/d"}, "d:/scans/t1.tif", "/mnt/d/scans/t1.tif"),
        ({"d:/Scans": "/mnt"}, "D:\\scans\\day 1\\t1.tif", "/mnt/day 1/t1.tif"),
        ({"\\\\nas\\scans": "/nas"}, "\\\\NAS\\scans\\t1.tif", "/nas/t1.tif"),
        ({"/mnt/d": "D:\\"}, "/mnt/d/scans/t1.tif", "D:\\scans\\t1.tif"),
        ({"/mnt/d": "\\\\nas\\d"}, "/mnt/d/scans/t1.tif", "\\\\nas\\d\\scans\\t1.tif"),
        ({"scans": "/mnt"}, "scans/t1.tif", "/mnt/t1.tif"),
        ({"/data": "/mnt"}, "/data/a\\b.tif", "/mnt/a\\b.tif"),
    ],
)
def test_roots_are_whole_folders(path_map, name, mapped):
    """A part of a folder's name is not a root, and letter case counts where it does."""
    assert PathMap(path_map).mapped(name) == mapped


def test_files_are_found_under_either_root(moved, scheduler):
    """The caller sees one, workers the other, and neither has to know which."""
    here, there, array = moved
    seq = TiffSequence(f"{here}/*.tif", pattern=PATTERN, path_map={str(here): str(there)})
    x = seq.to_dask_array(chunks="auto")
    np.testing.assert_array_equal(seq.asarray(), array)
    here.rename(there)
    np.testing.assert_array_equal(seq.asarray(), array)
    np.testing.assert_array_equal(x[1:, 0, 0, :9].compute(), array[1:, 0, 0, :9])
    np.testing.assert_array_equal(seq.imread(seq[0]), array[0, 0, 0])
    assert seq[0].startswith(str(here))


def test_the_other_root_comes_first(moved):
    """Where both exist, as an empty mount point may, the mapping is what was asked for."""
    here, there, array = moved
    shutil.copytree(here, there)
    names = sorted(map(str, here.iterdir()))
    shutil.copy(names[1], there / os.path.basename(names[0]))
    seq = TiffSequence(names[:1], path_map={here: there})
    np.testing.assert_array_equal(seq.asarray()[0], array[0, 0, 1])


def test_archives_are_found_too(moved, tmp_path):
    """The archive is the file that is elsewhere, not its members."""
    here, there, array = moved
    there.mkdir()
    path = packed(here, here.parent / "a.zip")
    seq = TiffSequence("exp/*.tif", container=path, pattern=PATTERN, path_map={here.parent: there})
    shutil.move(path, there / "a.zip")
    np.testing.assert_array_equal(seq.asarray(), array)


@pytest.mark.parametrize("path_map", [None, {"/data": "/mnt/data"}])
def test_an_error_says_where_a_file_is_missing(cluster, path_map):
    """On a cluster of a hundred workers, one without the disk is hard to find."""
    from distributed import Client

    seq = TiffSequence(["/data/t1.tif"], path_map=path_map)
    x = seq.to_dask_array(chunkshape=(4, 4), chunkdtype="u1")
    with Client(cluster) as client:
        with pytest.raises(FileNotFoundError) as caught:
            x.compute()
        addresses = client.scheduler_info()["workers"]
    says = str(caught.value)
    assert any(
        f"on worker {address} (host {socket.gethostname()})" in says for address in addresses
    )
    assert isinstance(caught.value, ReadError)
    if path_map:
        assert "'/mnt/data/t1.tif'" in says
    with pytest.raises(FileNotFoundError) as caught:
        x.compute(scheduler="sync")
    assert "worker" not in str(caught.value)


@pytest.mark.parametrize(
    "path_map", [["/data"], {"/data": 5}, {b"/data": "/mnt"}, {"": "/mnt"}, {"s3://a": "/mnt"}]
)
def test_what_is_no_mapping_of_paths(path_map):
    """A misspelt mapping must not be found out on the workers."""
    with pytest.raises(NamesError, match="path_map"):
        TiffSequence(["a.tif"], path_map=path_map)


def test_a_table_below_another_root(tmp_path):
    """Its folder would be listed under a name that this machine does not have."""
    here = tmp_path / "here"
    write_images(here, ["a.tif", "b.tif"])
    (here / "t.csv").write_text("file,well\na.tif,A01\nb.tif,B02\n")
    path_map = {"/data/elsewhere": here}
    names = ["/data/elsewhere/a.tif", "/data/elsewhere/b.tif"]
    assert "t.csv" in LocalFiles(PathMap(path_map)).beside("/data/elsewhere")
    seq = open_sequence(names, table="/data/elsewhere/t.csv", path_map=path_map)
    assert seq.coords["well"].tolist() == ["A01", "B02"]


def test_another_mapping_is_another_array():
    """It may lead to other files, so it is part of the token."""
    names = {
        TiffSequence(["a.tif"], path_map=path_map)
        .to_dask_array(chunkshape=(2,), chunkdtype="u1")
        .name
        for path_map in (None, {}, {"a": "b"}, {"a": "c"})
    }
    assert len(names) == 3

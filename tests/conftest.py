"""Fixtures that several test modules share."""

import itertools
import shutil

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("default")

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"


@pytest.fixture(scope="session")
def acquisition(tmp_path_factory):
    """Write 3 times x 2 channels x 2 planes of tiled LZW images, one missing.

    Returns the folder, and the array that it stands for.
    """
    folder = tmp_path_factory.mktemp("acquisition")
    rng = np.random.default_rng(3)
    array = rng.integers(1, 60000, (3, 2, 2, 48, 64), np.uint16)
    for t, c, z in itertools.product(range(3), range(2), range(2)):
        name = folder / f"{t:03d}_{('DAPI', 'GFP')[c]}_z{z + 1}.tif"
        tifffile.imwrite(name, array[t, c, z], tile=(16, 16), compression="lzw")
    (folder / "001_GFP_z2.tif").unlink()
    array[1, 1, 1] = 0
    array.flags.writeable = False
    return folder, array


@pytest.fixture(scope="session")
def cluster():
    """Start a cluster of two processes; returns its address."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session")
def process_pool():
    """Start two processes once: they import for seconds."""
    from concurrent.futures import ProcessPoolExecutor

    from dask.multiprocessing import get_context

    with ProcessPoolExecutor(2, mp_context=get_context()) as pool:
        yield pool


@pytest.fixture(params=["sync", "threads", "processes", "distributed"])
def scheduler(request):
    """Each scheduler in turn, set up as users do."""
    import dask

    if request.param == "distributed":
        from distributed import Client

        with Client(request.getfixturevalue("cluster")):
            yield request.param
    elif request.param == "processes":
        pool = request.getfixturevalue("process_pool")
        with dask.config.set(scheduler=request.param, pool=pool):
            yield request.param
    else:
        with dask.config.set(scheduler=request.param, num_workers=2):
            yield request.param


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Make the folder that the servers serve."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def web(served):
    """Start a good HTTP server."""
    from tests.servers.process import Server

    with Server("web", str(served), "ranges") as server:
        yield server


@pytest.fixture(scope="session")
def s3():
    """Start an S3 server."""
    from tests.servers.process import Server

    with Server("s3") as server:
        yield server


@pytest.fixture(scope="session")
def put_files(served, web, s3, tmp_path_factory):
    """Put the files of a folder elsewhere."""
    from tests.elsewhere import put

    def put_files(folder, kind):
        if kind == "http" and not (served / folder.name).exists():
            shutil.copytree(folder, served / folder.name)
        return put(folder, kind, tmp_path_factory.mktemp("put"), web, s3)

    return put_files

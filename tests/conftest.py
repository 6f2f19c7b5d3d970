"""Fixtures that several test modules share, and the marks of tests by what they need."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.acquisition import write_acquisition
from tests.helpers.places import REMOTE, put
from tests.helpers.servers.process import Server

COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.register_profile("default", COMMON, max_examples=40)
settings.register_profile("ci", COMMON, max_examples=100)
settings.register_profile("thorough", COMMON, max_examples=400)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)


STARTS = {
    "web": "network",
    "s3": "network",
    "cluster": "cluster",
    "process_pool": "cluster",
    "browser": "browser",
}
"""The mark of a test that uses a fixture."""


MOST_PROCESSES = 4
"""Of the whole suite: each has servers and clusters of its own."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Run the whole suite in a process for each core, if pytest-xdist is installed.

    Tests that are chosen by their names or places run in this process, and so do all with
    ``-n 0`` or ``--pdb``.
    """
    option = config.option
    if "PYTEST_XDIST_WORKER" in os.environ:  # this is one of these processes
        return
    whole = config.args_source is config.ArgsSource.TESTPATHS and not option.keyword
    if whole and getattr(option, "numprocesses", 0) is None:
        option.numprocesses, option.dist = "logical", "worksteal"
        option.maxprocesses = option.maxprocesses or MOST_PROCESSES


def pytest_collection_modifyitems(items):
    """Mark tests by the servers, processes and pages that they need.

    What a test starts by itself is marked there, and so is what is slow.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        marks = {STARTS[name] for name in fixtures if name in STARTS}
        if "put_files" in fixtures and not REMOTE.isdisjoint(map(str, parameters.values())):
            marks.add("network")
        if parameters.get("scheduler") in ("processes", "distributed"):
            marks.add("cluster")
        if isinstance(item, pytest.DoctestItem) and item.path.suffix == ".md":
            marks.add("docs")
        for name in marks:
            item.add_marker(name)


@pytest.fixture(scope="session")
def acquisition(tmp_path_factory):
    """Write 3 times x 2 channels x 2 planes of tiled LZW images, one missing.

    Returns the folder, and the array of all pixels.
    """
    folder = tmp_path_factory.mktemp("acquisition")
    return folder, write_acquisition(folder)


@pytest.fixture
def settled(monkeypatch):
    """Look at new files twice without a second between, in which they would grow."""
    from dask_fileseq.check import findings

    monkeypatch.setattr(findings, "SETTLE", 0)


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
    with Server("web", str(served), "ranges") as server:
        yield server


@pytest.fixture(scope="session")
def s3():
    """Start an S3 server."""
    with Server("s3") as server:
        yield server


@pytest.fixture(scope="session")
def put_files(request, served, tmp_path_factory):
    """Put the files of a folder elsewhere; starts the servers that this needs."""

    def put_files(folder, kind):
        web = request.getfixturevalue("web") if kind == "http" else None
        s3 = request.getfixturevalue("s3") if kind in REMOTE and kind != "http" else None
        if kind == "http" and not (served / folder.name).exists():
            shutil.copytree(folder, served / folder.name)
        return put(folder, kind, tmp_path_factory.mktemp("put"), web, s3)

    return put_files

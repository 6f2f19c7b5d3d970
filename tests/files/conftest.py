"""Servers, each a process of its own, and the places where files are put."""

import pytest

from tests.elsewhere import put
from tests.servers.process import Server


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
def put_files(served, web, s3, tmp_path_factory):
    """Put the files of a folder elsewhere."""
    import shutil

    def put_files(folder, kind):
        if kind == "http" and not (served / folder.name).exists():
            shutil.copytree(folder, served / folder.name)
        return put(folder, kind, tmp_path_factory.mktemp("put"), web, s3)

    return put_files

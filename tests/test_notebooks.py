"""The notebooks run, and what is stored in them is what they print and draw."""

import functools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.docs

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 400_000
AT_A_TIME = 1 if "PYTEST_XDIST_WORKER" in os.environ else 2
RUN = """
import sys
from pathlib import Path
import nbformat
sys.path.insert(0, sys.argv[1])
import execute
nbformat.write(execute.executed(Path(sys.argv[2]), Path(sys.argv[3])), sys.argv[4])
"""
"""Runs a notebook in a process of its own, so that the next one can run meanwhile."""


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def printed(cell):
    """Return what a cell printed, and the kinds of all else that it gave."""
    text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    return text, [sorted(o.data) for o in cell.outputs if o.output_type != "stream"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Run a notebook, and begin with the next one; returns the notebook and its folder.

    Where tests run in several processes, the next one may be the next test of another.
    """

    def run(path):
        folder = tmp_path_factory.mktemp(path.stem)
        work = folder / "work"
        work.mkdir()
        own = {"TMPDIR": str(folder), "IPYTHONDIR": str(folder / "ipython")}
        command = [sys.executable, "-c", RUN, FOLDER, path, work, folder / path.name]
        done = subprocess.run(
            command, env=os.environ | own, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return nbformat.read(folder / path.name, as_version=4), work

    with ThreadPoolExecutor(2) as pool:
        start = functools.cache(functools.partial(pool.submit, run))

        def result(path):
            first = NOTEBOOKS.index(path)
            runs = [start(each) for each in NOTEBOOKS[first : first + AT_A_TIME]]
            return runs[0].result()

        yield result


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_gives_what_is_stored_in_it(path, result):
    """A reader on the web would else see what the package does no longer do.

    It runs from top to bottom, in a folder of its own, and leaves nothing there.
    """
    notebook, work = result(path)
    errors = [o for o in outputs(notebook) if o.output_type == "error" or o.get("name") == "stderr"]
    assert errors == []
    assert list(work.iterdir()) == []
    stored = nbformat.read(path, as_version=4)
    for before, after in zip(stored.cells, notebook.cells, strict=True):
        if before.cell_type == "code":
            (text, kinds), (new_text, new_kinds) = printed(before), printed(after)
            assert kinds == new_kinds
            assert "varies" in before.metadata.get("tags", ()) or text == new_text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_with_small_pictures(path):
    """The pictures are for people who look rather than run; a large one bloats each clone."""
    notebook = nbformat.read(path, as_version=4)
    assert len([o for o in outputs(notebook) if "image/png" in o.get("data", {})]) >= 3
    assert os.path.getsize(path) < MOST_BYTES


def test_there_are_notebooks():
    """A wrong path would otherwise pass unseen."""
    assert NOTEBOOKS

"""The notebooks run, and what is stored in them is what they print and draw."""

import importlib.util
import os
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.docs

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 400_000


def load_script():
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def printed(cell):
    """Return what a cell printed, and the kinds of all else that it gave."""
    text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    return text, [sorted(o.data) for o in cell.outputs if o.output_type != "stream"]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_gives_what_is_stored_in_it(path, tmp_path, monkeypatch):
    """A reader on the web would else see what the package does no longer do.

    It runs from top to bottom, in a folder of its own, and leaves nothing there.
    """
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    work = tmp_path / "work"
    work.mkdir()
    notebook = load_script().executed(path, work)
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

"""The documentation builds without a warning, offline, and has all that is public."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import imagecodecs
import pytest
from sphinx.util.inventory import InventoryFile

import dask_fileseq

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the pages as the README says, but into a temporary folder."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E"]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(folder / "html"), "-d", str(folder / "doctrees")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_each_public_name_is_documented(built):
    """A name that is promised but not explained sends people to the source."""
    with open(built / "objects.inv", "rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    documented = {name for kind in inventory for name in inventory[kind]}
    modules_and_version = {"__version__", "errors", "patterns"}
    public = {f"dask_fileseq.{name}" for name in set(dask_fileseq.__all__) - modules_and_version}
    assert public <= documented
    assert "dask_fileseq.FileSequence.to_dask_array" in documented


def test_pages_show_notebooks_and_commands(built):
    """Both come from elsewhere, and would be left out in silence if that moved."""
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page = (built / "notebooks" / f"{notebook.stem}.html").read_text("utf-8")
        assert "<img" in page
    page = (built / "command_line.html").read_text("utf-8")
    assert "Usage: dask fileseq show" in page


def test_pages_fetch_nothing(built):
    """Documentation is read on clusters without internet, and by people who were not asked."""
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        for tag in ('<script src="http', '<link rel="stylesheet" href="http', '<img src="http'):
            assert tag not in text, page.name


def test_picture_shows_what_the_package_does(tmp_path, monkeypatch):
    """The picture of the README would else go on showing what the package no longer does."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    spec = importlib.util.spec_from_file_location("overview", ROOT / "docs" / "overview.py")
    overview = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(overview)
    stored = imagecodecs.imread(overview.PICTURE).astype(float)
    monkeypatch.setattr(overview, "PICTURE", tmp_path / "overview.png")
    overview.main()
    drawn = imagecodecs.imread(overview.PICTURE).astype(float)
    assert drawn.shape == stored.shape
    assert abs(drawn - stored).mean() < 3  # fonts differ a little

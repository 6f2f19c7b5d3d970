"""Each recipe of the documentation runs, prints what its page shows, and draws its picture."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import imagecodecs
import pytest

pytestmark = pytest.mark.docs

DOCS = Path(__file__).parents[1] / "docs"
RECIPES = sorted(path.stem for path in (DOCS / "recipes").glob("*.md") if path.stem != "index")
SECONDS = 30
"""Most time that a reader waits for a recipe, on an idle machine."""
MOST_BYTES = 30_000
NEEDS = {"napari": "napari"}
"""What a recipe imports that the extra ``test`` does not install."""


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_recipe_gives_what_its_page_shows(name, tmp_path):
    """A reader who copies a recipe would else get something else, or nothing.

    It runs in a process and a folder of its own, without a warning.
    """
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    start = os.times()
    done = subprocess.run(
        [sys.executable, DOCS / "run_recipes.py", name, "--into", tmp_path],
        env=os.environ | {"PYTHONPATH": str(DOCS.parent), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    end = os.times()
    spent = end.children_user + end.children_system - start.children_user - start.children_system
    assert spent < SECONDS
    drawn = imagecodecs.imread(tmp_path / f"{name}.png").astype(float)
    stored = imagecodecs.imread(DOCS / "recipes" / f"{name}.png").astype(float)
    assert drawn.shape == stored.shape
    assert abs(drawn - stored).mean() < 3  # fonts differ a little


def test_gallery_has_all_recipes():
    """A recipe that the gallery does not show is never found, nor is one without a picture."""
    gallery = (DOCS / "recipes" / "index.md").read_text("utf-8")
    assert len(RECIPES) == 10
    for name in RECIPES:
        assert f"({name}.png)" in gallery
        assert f"]({name}.md)" in gallery
        assert 0 < (DOCS / "recipes" / f"{name}.png").stat().st_size < MOST_BYTES
        assert f"({name}.png)" in (DOCS / "recipes" / f"{name}.md").read_text("utf-8")

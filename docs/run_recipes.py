"""Run the recipes, and store their pictures: ``python docs/run_recipes.py [NAME ...]``.

A recipe is a page in ``docs/recipes`` whose examples run from top to bottom, in a folder of its
own. What they print is compared with the page. They leave a figure of matplotlib, or an array of
red, green and blue, as ``picture``.
"""

import argparse
import doctest
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

FOLDER = Path(__file__).with_name("recipes")
RECIPES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "index")
WIDTH = 400
"""Pixels across a picture."""
MOST_BYTES = 25_000
"""Largest size of the file of a picture."""


def run(name: str) -> Any:
    """Run a recipe in the current folder; returns its picture.

    Raises
    ------
    RuntimeError
        If it prints anything else than the page shows.
    """
    path = FOLDER / f"{name}.md"
    text = path.read_text("utf-8")
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, str(path), 0)
    report = io.StringIO()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
    runner = doctest.DocTestRunner(optionflags=flags)
    if runner.run(test, out=report.write, clear_globs=False).failed:
        raise RuntimeError(report.getvalue())
    return test.globs["picture"]


def save(picture: Any, path: Path) -> None:
    """Save a picture, with as many colours as there is room for."""
    if not isinstance(picture, np.ndarray):
        file = io.BytesIO()
        picture.savefig(file, dpi=WIDTH / picture.get_figwidth(), metadata={"Software": None})
        image = Image.open(file).convert("RGB")
    else:
        image = Image.fromarray(picture)
    height = round(image.height * WIDTH / image.width)
    way = Image.Resampling.NEAREST if image.width < WIDTH / 2 else Image.Resampling.LANCZOS
    image = image.resize((WIDTH, height), way)
    for colours in (128, 64, 32, 16, 8):
        image.quantize(colours, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
        if os.path.getsize(path) < MOST_BYTES:
            break


def main() -> None:
    """Run recipes, all of them by default, and save their pictures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder for the pictures")
    arguments = parser.parse_args()
    os.environ.setdefault("MPLBACKEND", "agg")
    for name in arguments.names or RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            save(run(name), arguments.into / f"{name}.png")
            os.chdir(FOLDER)
        print(f"{name}: {os.path.getsize(arguments.into / f'{name}.png'):,} bytes")


if __name__ == "__main__":
    main()

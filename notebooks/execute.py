"""Run notebooks, and store what they print and draw.

    python notebooks/execute.py [NAME.ipynb ...]

The outputs are part of the notebooks, for those who read them on the web. The tests run
them again and compare what is printed; a cell tagged ``varies`` may print something else
each time, as times and sizes of memory.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parent


def executed(path: Path, work: Path) -> Any:
    """Return a notebook as it is after a run, from top to bottom, in a folder of its own.

    The package is that of this checkout, whatever is installed.
    """
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(work)}}
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources=resources, record_timing=False
    )
    paths = [str(FOLDER.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    client.execute(env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)})
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02d}"
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = smaller(output.data["image/png"])
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def smaller(png: str) -> str:
    """Return a picture in 64 colours, which takes a quarter of the room."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        few = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def main(names: list[str]) -> None:
    """Run notebooks, all of them by default, and write them with their outputs."""
    for path in map(Path, names) if names else sorted(FOLDER.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as work:
            notebook = executed(path, Path(work))
        nbformat.write(notebook, path)
        print(f"{path.name}: {os.path.getsize(path):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The way down is one way: each module imports only from those above it in the design."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dask_fileseq

PACKAGE = Path(dask_fileseq.__file__).parent
ORDER = [
    "_version",
    "errors",
    "types",
    "files",
    "patterns",
    "grid",
    "tiling",
    "readers",
    "filearray",
    "graph",
    "output",
    "xarray",
    "zarr",
    "check",
    "report",
    "sequence",
    "backend",
    "demo",
    "cli",
]
OPTIONAL = {
    "click",
    "fsspec",
    "matplotlib",
    "pandas",
    "pyproj",
    "rich",
    "xarray",
    "yaozarrs",
    "zarr",
}
FACES = {"xarray", "zarr", "report", "backend", "cli"}


def modules():
    return sorted(p for p in PACKAGE.rglob("*.py") if p.name not in ("__init__.py", "__main__.py"))


def top_name(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_come_from_above(path):
    """An arrow back up would make a cycle, and a module that cannot be read by itself."""
    rank = ORDER.index(top_name(path))
    for name, _ in imported(ast.parse(path.read_text("utf-8"))):
        if name.startswith("dask_fileseq."):
            target = name.split(".")[1]
            assert ORDER.index(target) <= rank, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_imports_stand_in_their_face(path):
    """Without the extras the core must import."""
    if top_name(path) in FACES:
        return
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        for name, _ in imported(node) if isinstance(node, ast.Import | ast.ImportFrom) else ():
            assert name.split(".")[0] not in OPTIONAL, f"{path.name} imports {name}"


def test_package_imports_without_the_extras():
    """A user who installed no extra must be able to work."""
    code = (
        "import sys\n"
        f"for name in {sorted(OPTIONAL - {'click', 'fsspec'})!r}: sys.modules[name] = None\n"
        "import dask_fileseq\n"
        "seq = dask_fileseq.TiffSequence(['a1.tif', 'a2.tif'])\n"
        "assert seq.shape == (2,)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_commands_of_dask_do_not_load_arrays():
    """Dask loads the command line of this package for each command of its own."""
    code = "import sys, dask_fileseq.cli; sys.exit('dask.array' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_sorted_and_exist():
    """``__all__`` is what users are promised."""
    names = dask_fileseq.__all__
    assert names == sorted(names)
    assert all(hasattr(dask_fileseq, name) for name in names)

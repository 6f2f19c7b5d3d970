"""The fixture of all tests, those in docstrings included."""

from importlib.util import find_spec

import pytest

from dask_fileseq.patterns.presets import preset_registry

NEEDED = {"dask_fileseq/bioio": "bioio_base", "tests/helpers/napari_window.py": "napari"}
"""Packages without which files cannot be imported, to look for doctests."""

collect_ignore = [file for file, package in NEEDED.items() if not find_spec(package)]


@pytest.fixture(autouse=True)
def own_presets():
    """Remove the presets that a test or doctest adds, since inference tries all of them."""
    before = preset_registry().copy()
    yield
    if preset_registry() != before:
        preset_registry().clear()
        preset_registry().update(before)

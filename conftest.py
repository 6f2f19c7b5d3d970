"""The fixture of all tests, those in docstrings included."""

from importlib.util import find_spec

import pytest

from dask_fileseq.patterns.presets import preset_registry

collect_ignore = [] if find_spec("bioio_base") else ["dask_fileseq/bioio"]  # for doctests


@pytest.fixture(autouse=True)
def own_presets():
    """Remove the presets that a test or doctest adds, since inference tries all of them."""
    before = preset_registry().copy()
    yield
    if preset_registry() != before:
        preset_registry().clear()
        preset_registry().update(before)

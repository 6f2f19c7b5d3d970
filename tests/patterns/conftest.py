import pytest

from dask_fileseq.patterns import presets
from dask_fileseq.patterns.presets import preset_registry


@pytest.fixture
def own_presets():
    """Take presets that a test adds away again."""
    before = presets()
    yield
    preset_registry().clear()
    preset_registry().update(before)

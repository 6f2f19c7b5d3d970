"""Files for commands to work on."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from dask_fileseq import demo
from tests.helpers.commands import settle


@pytest.fixture(scope="session")
def cells(tmp_path_factory):
    """Write the demo's acquisition once."""
    return Path(demo.write_acquisition(tmp_path_factory.mktemp("cells") / "acquisition"))


@pytest.fixture
def names(tmp_path):
    """Files of 4 by 3 pixels, ten seconds apart, one missing."""
    for number in (10, 20, 40):
        tifffile.imwrite(tmp_path / f"t{number}.tif", np.full((4, 3), number, "u1"))
    settle(tmp_path)
    return tmp_path

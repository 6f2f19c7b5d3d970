"""Real folders of instruments, from public repositories."""

import numpy as np
import pytest

from dask_fileseq import open_sequence
from tests.helpers.shared import DATA

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository"),
    pytest.mark.filterwarnings("error"),
]

CASES = {
    "phenix/images": ("operetta", (1, 1, 1, 1, 6, 1)),
    "cv8000/*": (
        r"_(?P<well>[A-P]\d\d)_T(?P<time>\d+)F(?P<field>\d+)L\d+A\d+Z(?P<z>\d+)C(?P<channel>\d+)",
        (3, 1, 4, 4, 2),
    ),
    "ix_exported/9987_Plate_3434/**/*.TIF": ("imagexpress", (1, 3, 1, 2, 2, 3)),
    "ix_exported/9987_Plate_3435/**/*.TIF": ("imagexpress", (2, 1, 2, 2, 2)),
    "ix_exported/9987_Plate_3434/TimePoint_1/ZStep_0": ("imagexpress", (1, 1, 1, 2, 2, 3)),
}


@pytest.mark.parametrize("files", CASES)
def test_grid_is_that_of_the_names(files):
    """Files would be in other cells than their names say."""
    pattern, shape = CASES[files]
    where = str(DATA / files)
    seq = open_sequence(str(next(DATA.glob(files))) if where.endswith("*") else where)
    named = open_sequence(seq.files, pattern=pattern)
    assert seq.grid.metadata.source
    assert (seq.dims, seq.shape) == (named.dims, shape)
    assert (seq.files, seq.indices) == (named.files, named.indices)


def test_phenix_channels_and_positions():
    """Channels would be numbers, and planes would be all at one height."""
    seq = open_sequence(DATA / "phenix" / "images")
    assert seq.coords["channel"].tolist() == [
        *("Alexa 647", "Alexa 568", "488 long", "Alexa 488", "HOECHST 33342", "Brightfield"),
    ]
    array = seq.to_xarray()
    np.testing.assert_allclose(array.stage_z, [-5, -3, -3, -4, -4, 0], atol=1e-9)
    assert array.acquisition_time.values[-1] == np.datetime64("2021-03-29T20:55:29.690")
    assert array.x.values[1] == pytest.approx(0.5979760809567617)


def test_cellvoyager_times_and_positions():
    """Stage positions, times and the pixel size would be lost."""
    array = open_sequence(next((DATA / "cv8000").iterdir())).to_xarray()
    assert array.stage_z.values.tolist() == [0, 3, 6, 9]
    assert array.stage_x.values.tolist() == [-567.1, 82.8, -567.1, 82.8]
    first = array.acquisition_time.sel(well="D08", channel=1).isel(field=0, z=0)
    assert first == np.datetime64("2023-09-18T11:58:44.438")
    assert array.x.values[1] == pytest.approx(0.325)

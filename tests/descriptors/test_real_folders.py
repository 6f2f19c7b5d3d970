"""Real folders of instruments, from public repositories."""

import re

import numpy as np
import pytest
import tifffile

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
    assert array.acquired.values[-1] == np.datetime64("2021-03-29T20:55:29.690")
    assert array.x.values[1] == pytest.approx(0.5979760809567617)


def test_cellvoyager_times_and_positions():
    """Stage positions, times and the pixel size would be lost."""
    array = open_sequence(next((DATA / "cv8000").iterdir())).to_xarray()
    assert array.stage_z.values.tolist() == [0, 3, 6, 9]
    assert array.stage_x.values.tolist() == [-567.1, 82.8, -567.1, 82.8]
    first = array.acquired.sel(well="D08", channel=1).isel(field=0, z=0)
    assert first == np.datetime64("2023-09-18T11:58:44.438")
    assert array.x.values[1] == pytest.approx(0.325)


@pytest.mark.parametrize(
    ("name", "channels", "pages", "inner"),
    [
        ("c3_z33", ["Conf640", "Conf561", "Conf405"], 33, "z"),
        ("20241003_experiment_488_7_640_3_1", ["Channel1", "Channel2"], 6, "t"),
    ],
)
def test_companions_of_visiview(tmp_path, name, channels, pages, inner):
    """A stack would be an unnamed axis, and channels numbers."""
    companion = DATA / "ome_companion" / f"{name}.companion.ome"
    text = companion.read_text("utf-8")
    parts = sorted(set(re.findall(r'FileName="([^"]+)"', text)))
    assert len(parts) == len(channels)
    for number, part in enumerate(parts):
        images = 100 * number + np.arange(pages)[:, None, None] + np.zeros((4, 6), int)
        tifffile.imwrite(tmp_path / part, images.astype("u2"), metadata=None)
    (tmp_path / companion.name).write_text(text, "utf-8")
    seq = open_sequence(tmp_path)
    assert (seq.dims, seq.chunkdims, seq.shape) == (("c",), (inner, "y", "x"), (len(channels),))
    array = seq.to_xarray()
    assert array.c.values.tolist() == channels
    assert (array[..., 0, 0] == 100 * np.arange(len(channels))[:, None] + np.arange(pages)).all()
    if inner == "z":
        np.testing.assert_allclose(array.z, 0.5 * np.arange(33))


def test_leica_matrix_files_describe_themselves():
    """A header that names other files of the matrix would put all into one image."""
    seq = open_sequence(str(DATA / "leica_matrix" / "**" / "*.ome.tif"))
    assert len(seq) == 4
    assert not seq.files_missing

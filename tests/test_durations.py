"""Durations in names go through all that a sequence does."""

import datetime
import json
import warnings

import numpy as np
import pandas as pd
import pytest
import tifffile
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import open_sequence
from dask_fileseq.errors import NamesError, NoFilesError
from dask_fileseq.grid import places_of_labels
from tests.helpers.commands import invoke

MINUTES = [0, 15, 90, 9365]
PATTERN = "plate_{time:%dd%Hh%Mm}.tif"


@pytest.fixture
def folder(tmp_path):
    """Write images of an incubator, each named by the time since the start."""
    for i, minutes in enumerate(MINUTES):
        days, rest = divmod(minutes, 1440)
        name = f"plate_{days:02d}d{rest // 60:02d}h{rest % 60:02d}m.tif"
        tifffile.imwrite(tmp_path / name, np.full((16, 16), i, "u1"))
    return tmp_path


def test_durations_label_arrays(folder):
    """Labels are numbers of nanoseconds, or texts, or missing."""
    seq = open_sequence(folder, pattern=PATTERN)
    assert seq.coords["time"].dtype == "m8[ns]"
    x = seq.to_xarray()
    assert x.time.dtype == "m8[ns]"
    np.testing.assert_array_equal(x.time, np.array(MINUTES, "m8[m]"))
    assert x.sel(time="6 days 12:05:00").values.max() == 3
    assert "at time=6 days 12:05:00" in seq.listing()
    assert list(seq.split("time")) == list(seq.coords["time"])
    regular = open_sequence(folder, pattern=PATTERN, spacing="step")
    assert regular.shape == (4,)  # under a tenth of the steps of 5 minutes
    assert [finding.place for finding in seq.check()] == []


@pytest.mark.parametrize(
    "label",
    [
        "1h30m",
        "01:30:00",
        "90 min",
        datetime.timedelta(hours=1.5),
        np.timedelta64(90, "m"),
        pd.Timedelta("90min"),
    ],
)
def test_durations_are_selected(folder, label):
    """A duration is found in one notation only."""
    seq = open_sequence(folder, pattern=PATTERN)
    assert seq.sel(time=label).files == seq.files[2:3]
    assert seq.sel(time=[label]).files == seq.files[2:3]
    assert seq.sel(time=slice(None, label)).files == seq.files[:3]


def test_wrong_durations_are_named(folder):
    """What is no duration, or not there, is an obscure error."""
    seq = open_sequence(folder, pattern=PATTERN)
    with pytest.raises(NamesError, match="time='soon' is no duration: write it as '12:05:00'"):
        seq.sel(time="soon")
    with pytest.raises(NamesError, match=r"'2h' is not on the axis, which has '00:00:00', '00:15"):
        seq.sel(time="2h")
    with pytest.raises(NamesError, match="time=15 is no duration"):
        seq.sel(time=15)
    with pytest.raises(NoFilesError, match="00:00:00 to 6 days 12:05:00"):
        seq.sel(time=slice("1000d", None))


durations = st.sampled_from([0, 1, 59, 60, 90, 3600, 5400, 86400, 90000, 172800])
texts = durations.map(
    lambda s: f"{s // 86400} days {s // 3600 % 24:02d}:{s // 60 % 60:02d}:{s % 60:02d}"
)


@given(
    st.lists(durations, min_size=1, unique=True).map(sorted),
    st.builds(slice, st.none() | texts, st.none() | texts),
)
def test_ranges_of_durations_are_those_of_xarray(values, labels):
    """A range leaves out one of its ends, or what a rounded end includes."""
    values = np.array(values, "m8[s]").astype("m8[ns]")
    array = xr.DataArray(np.arange(len(values)), {"t": values}, ["t"])
    assert array.sel(t=labels).values.tolist() == places_of_labels("t", values, labels).tolist()


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_durations_in_stores(folder, tmp_path, zarr_format):
    """Readers of the store take durations for numbers."""
    seq = open_sequence(folder, pattern=PATTERN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of some releases, for any duration
        store = seq.aszarr(groupname="image", zarr_format=zarr_format)
        dataset = xr.open_zarr(store, decode_timedelta=True)
        np.testing.assert_array_equal(dataset.time, seq.coords["time"])
    seq.to_zarr(tmp_path / "copy.zarr")
    assert zarr.open_array(tmp_path / "copy.zarr", path="image", mode="r").shape == (4, 16, 16)
    seq.to_ome_zarr(tmp_path / "ome.zarr")
    about = zarr.open_group(tmp_path / "ome.zarr", mode="r").attrs["fileseq"]
    assert about["along"]["t"]["time"][-1] == "6 days 12:05:00"


def test_even_durations_are_a_scale(tmp_path):
    """OME-Zarr has the index in place of the time."""
    for minutes in (15, 30, 45):
        tifffile.imwrite(tmp_path / f"00h{minutes}m.tif", np.zeros((16, 16), "u1"))
    open_sequence(tmp_path, pattern="{q:%Hh%Mm}.tif").to_ome_zarr(tmp_path / "ome.zarr")
    ome = zarr.open_group(tmp_path / "ome.zarr", mode="r").attrs["ome"]
    scale, start = ome["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert ome["multiscales"][0]["axes"][0] == {"name": "t", "type": "time", "unit": "second"}
    assert (scale["scale"][0], start["translation"][0]) == (900.0, 900.0)


@pytest.mark.parametrize("command", ["show", "check", "preview", "report"])
def test_commands_show_durations(folder, tmp_path, command):
    """A command fails, or shows nanoseconds."""
    output = {"preview": ["-o", f"{tmp_path}/a.png"], "report": ["-o", f"{tmp_path}/a.html"]}
    result = invoke(command, str(folder), "--pattern", PATTERN, *output.get(command, []))
    assert result.exit_code == 0, result.output
    assert "nanoseconds" not in result.output
    if command == "show":
        assert "00:15:00" in result.output
        as_json = invoke(command, str(folder), "--pattern", PATTERN, "--json")
        labels = json.loads(as_json.output)["axes"][0]["labels"]
        assert labels == ["00:00:00", "00:15:00", "01:30:00", "6 days 12:05:00"]


def test_durations_of_tables(folder):
    """Durations of a function or a table are words, or numbers."""
    for unit in (pd.Timedelta(1, "h"), datetime.timedelta(hours=1), np.timedelta64(1, "h")):
        names = [f"{i}.tif" for i in range(3)]
        table = {"file": names, "time": [i * unit for i in (0, 2, 1)]}
        seq = open_sequence(names, pattern=table)
        assert seq.files == names
        assert seq.indices == [(0,), (2,), (1,)]
        np.testing.assert_array_equal(seq.coords["time"], np.array([0, 1, 2], "m8[h]"))

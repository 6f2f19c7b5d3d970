import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xarray import DataArray

from dask_fileseq.errors import NamesError
from dask_fileseq.grid import grid_of_pattern, places_of_labels, selected

DAYS = np.array(["2020-01-31", "2020-02-01", "2020-02-29", "2020-03-01"], "M8[ns]")
HOURS = np.array(["2019-12-31T23", "2020-01-01T00", "2020-01-01T13:30", "2021-01-01T00"], "M8[ns]")
WORDS = ["A01", "A02", "A10", "B01", "DAPI", "GFP", "z"]


def by_xarray(values, labels):
    """Return what xarray selects, and whether it is an array; None where it refuses."""
    array = DataArray(np.arange(len(values)), {"t": values}, ["t"])
    try:
        found = array.sel(t=labels)
    except KeyError:
        return None
    return found.values.tolist()


def by_grid(values, labels):
    try:
        places = places_of_labels("t", values, labels)
    except NamesError as error:
        assert "t=" in str(error)  # noqa: PT017
        return None
    return np.arange(len(values))[places].tolist()


def bounds_of(labels):
    steps = st.sampled_from([None, 1, 2, 3, -1, -2])
    return st.builds(slice, st.none() | labels, st.none() | labels, steps)


def orders(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=6, unique=True)


@given(orders(range(-3, 9)).flatmap(lambda v: st.sampled_from([sorted(v), sorted(v)[::-1]])),
       bounds_of(st.integers(-4, 10) | st.floats(-4, 10)))  # fmt: skip
def test_ranges_of_numbers_are_those_of_xarray(values, labels):
    """A range leaves out one of its ends, or goes the wrong way for a negative step."""
    values = np.array(values)
    assert by_xarray(values, labels) == by_grid(values, labels)


@given(orders(WORDS), st.booleans(), bounds_of(st.sampled_from([*WORDS, "B", "DAPIX", ""])))
def test_ranges_of_words_are_those_of_xarray(values, ordered, labels):
    """Between words in order there is more than they; in another order, just what stands there."""
    values = np.array(sorted(values) if ordered else values)
    assert by_xarray(values, labels) == by_grid(values, labels)


TEXTS = [
    *("2019", "2020", "2022", "2020-01", "2020-02", "2020/02", "2020-2-1", "2020-01-01"),
    *("20200101", "2020-01-01T00", "20200101T13", "2020-01-01 13:30", "2020-01-01T13:30:00"),
    *("20200101T1330", "202001011330", "20200101133000", "2020-02-29", "2020-01-01T13:30:00.0"),
    *("2020-01-01T13:30:00.000000", "2019-12-31T23:00", "2024-12-31"),
]
MOMENTS = [*HOURS, *DAYS, np.datetime64("2020-01-01", "D"), pd.Timestamp("2020-02-01 12:00")]


@given(
    st.sampled_from([DAYS, HOURS, DAYS[::-1], np.concatenate([DAYS[2:], DAYS[:2]])]),
    st.sampled_from(TEXTS) | st.sampled_from(MOMENTS) | bounds_of(st.sampled_from(TEXTS + MOMENTS)),
)
def test_dates_are_those_of_xarray(values, labels):
    """A text for a day, month or year stands for something else, or keeps or drops its axis."""
    if isinstance(labels, slice) and values[0] not in (DAYS[0], HOURS[0]):
        return  # pandas has rules of its own for ranges of dates in no order, or none
    expected = by_xarray(values, labels)
    assert (expected or None) == (by_grid(values, labels) or None)


@pytest.mark.slow
@given(orders(range(6)), st.data())
def test_lists_and_masks_are_those_of_xarray(values, data):
    """A mask is taken for the labels 0 and 1."""
    values = np.array(values)
    listed = st.lists(st.integers(0, 6), unique=True)
    masks = st.lists(st.booleans(), min_size=len(values), max_size=len(values))
    labels = data.draw(listed | masks | listed.map(np.array) | masks.map(np.array))
    assert by_xarray(values, np.asarray(labels, None if len(labels) else int)) == by_grid(
        values, labels
    )


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        ([2, 4, 6], 4, 1),
        ([2, 4, 6], 4.0, 1),
        ([2, 4, 6], DataArray(4), 1),
        ([2, 4, 6], [6, 2], [2, 0]),
        ([2, 4, 6], range(2, 6, 2), [0, 1]),
        ([2, 4, 6], DataArray([6, 2], dims="t"), [2, 0]),
        (["A1", "A2", "A10"], slice("A2", "A10"), [1, 2]),
        (["A1", "A2", "A10"], ("A10",), [2]),
        (DAYS, DataArray(DAYS[1]), 1),
        (DAYS, datetime.date(2020, 2, 1), 1),
        (DAYS, ["20200229", "2020-02-01"], [2, 1]),
        (DAYS, slice("2020-02", datetime.datetime(2020, 2, 29)), [1, 2]),
    ],
)
def test_labels_of_all_kinds(values, labels, expected):
    """A label in another form stands for another file."""
    assert expected == np.asarray(places_of_labels("t", np.asarray(values), labels)).tolist()


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([2, 4], 3),
        ([2, 4], "a"),
        ([1, 4], True),
        ([2, 4], [[2], [4]]),
        ([2, 4], [[2], [4, 2]]),
        ([2, 4], slice("a", "b")),
        ([2, 4], slice(2, 4, 0)),
        ([2, 4], slice(2, 4, "a")),
        ([2, 4], slice([2], None)),
        ([2, 4], slice(1j, None)),
        ([4, 2, 6], slice(3, None)),
        (["a", "b"], "c"),
        (["a", "b"], 1),
        (["a", "b"], slice(0, 1)),
        (["b", "a", "c"], slice("x", None)),
        (["a", "b"], ["a", "c"]),
        (DAYS, "no date"),
        (DAYS, "2020-13"),
        (DAYS, "202002"),
        (DAYS, "01/02/2020"),
        (DAYS, 2020),
        (DAYS, True),
        (DAYS, None),
        (DAYS, np.datetime64("NaT", "ns")),
        (DAYS, np.datetime64("2021-01-01")),
        (DAYS, pd.Timestamp("2020-02-01", tz="UTC")),
        (DAYS, slice(1, None)),
    ],
)
def test_unknown_labels_are_shown(values, labels):
    """A label that is not there is an obscure error, or selects something."""
    with pytest.raises(NamesError, match=r"t=.*(is not on the axis|is no|must)"):
        places_of_labels("t", np.asarray(values), labels)


def test_the_message_has_what_was_written():
    """An error shows the indices that labels became."""
    grid = grid_of_pattern(["1_2", "2_1"], r"(?P<a>\d)_(?P<b>\d)")
    labels = {"a": [1], "b": slice(1, 1)}
    places = {dim: places_of_labels(dim, grid.coords[dim], labels[dim]) for dim in labels}
    with pytest.raises(NamesError, match=r"a=\[1\], b=slice\(1, 1, None\) selects no file: all 1"):
        selected(grid, places, labels=labels)

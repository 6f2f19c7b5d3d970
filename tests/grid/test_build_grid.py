import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.errors import (
    DuplicateError,
    NamesError,
    NoFilesError,
    SparseGridError,
    UnmatchedError,
)
from dask_fileseq.grid import grid_of_indices, grid_of_pattern, grid_of_sequence, parse_filenames

words = st.lists(st.text("abXY", min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=4, unique=True),
    words,
    st.lists(st.decimals(-9, 9, places=2), min_size=1, max_size=3, unique=True),
    st.data(),
)
def test_a_grid_makes_names_that_make_the_grid(times, channels, doses, data):
    """A value is lost or moved on the way from a grid to names and back."""
    values = [sorted(times), sorted(channels), sorted(doses)]
    cells = [(t, c, d) for t in values[0] for c in values[1] for d in values[2]]
    chosen = data.draw(st.lists(st.sampled_from(cells), min_size=1, unique=True))
    names = [f"/x/t{t}_{c}_{d}um.tif" for t, c, d in chosen]
    grid = grid_of_pattern(names, r"(t)(-?\d+)_(?P<c>[^_]+)_(?P<dose>[\d.-]+)um", spacing="values")
    assert grid.dims == ("t", "c", "dose")
    assert grid.shape == tuple(len(set(column)) for column in zip(*chosen, strict=True))
    assert [(t, c, float(d)) for t, c, d in chosen] == [
        tuple(grid.coords[dim][i].item() for dim, i in zip(grid.dims, index, strict=True))
        for index in grid.indices
    ]
    assert [names[grid.table[index]] for index in grid.indices] == names
    assert sorted(grid.indices + grid.missing) == list(np.ndindex(grid.shape))
    assert grid.files_missing == len(grid.missing) == np.count_nonzero(grid.table == -1)


def test_repeated_dims_are_numbered_in_coords():
    """One of two axes of the same name has no coordinates."""
    grid = grid_of_pattern(["1-5-8", "2-6-8"], r"(\d)-(\d)-(?P<Q_0>\d)")
    assert grid.dims == ("Q", "Q", "Q_0")
    assert grid.unique_dims == ("Q_1", "Q_2", "Q_0")
    assert {dim: v.tolist() for dim, v in grid.coords.items()} == {
        "Q_1": [1, 2],
        "Q_2": [5, 6],
        "Q_0": [8],
    }


def test_unmatched_names():
    """Names that do not match vanish in silence, or stop the work without a way out."""
    names = ["x1", "note", "x2", "Thumbs.db"]
    with pytest.raises(
        UnmatchedError, match=r"does not match 2 of 4 names: 'note', 'Thumbs.db'; .*'skip'"
    ):
        grid_of_pattern(names, r"x(\d)")
    grid = grid_of_pattern(names, r"x(\d)", unmatched="skip")
    assert (grid.names, grid.unmatched) == (["x1", "x2"], ("note", "Thumbs.db"))
    assert grid.positions is None
    with pytest.raises(UnmatchedError, match="none of 4"):
        grid_of_pattern(names, r"y(\d)", unmatched="skip")


def test_duplicates():
    """One of two files for the same cell vanishes in silence, or the wrong one stays."""
    names = ["t1_a_x", "t2_b_x", "t1_a_y", "t1_a_z"]
    pattern = r"(t)(\d)_(?P<c>\w)_"
    with pytest.raises(
        DuplicateError,
        match=r"'t1_a_x' and 't1_a_y' .* \(t 1, c a\), and 1 more .*'first' or 'last'",
    ):
        grid_of_pattern(names, pattern)
    first = grid_of_pattern(names, pattern, duplicates="first")
    assert (first.names, first.indices) == (["t1_a_x", "t2_b_x"], [(0, 0), (1, 1)])
    assert first.duplicates == (("t1_a_y", "t1_a_x"), ("t1_a_z", "t1_a_x"))
    last = grid_of_pattern(names, pattern, duplicates="last")
    assert (last.names, last.indices) == (["t2_b_x", "t1_a_z"], [(1, 1), (0, 0)])
    assert last.duplicates == (("t1_a_x", "t1_a_z"), ("t1_a_y", "t1_a_z"))


@pytest.mark.parametrize(
    ("numbers", "values"),
    [
        ((405, 488, 561), [405, 488, 561]),  # wavelengths: a step of 1 is in none of their gaps
        ((405, 406, 561), list(range(405, 562))),  # evident, if sparse
        ((1, 4, 6), [1, 2, 3, 4, 5, 6]),  # lost files are to be missed
        ((10, 20, 30, 50), [10, 20, 30, 40, 50]),
        ((3, 300), [3, 300]),
        ((7,), [7]),
    ],
)
def test_a_step_must_be_evident(numbers, values):
    """Three channels are no grid of 157 of which 154 are missing."""
    names = [f"w{number}.tif" for number in numbers]
    grid = grid_of_pattern(names, r"w(?P<w>\d+)", spacing="step")
    assert list(grid.coords["w"]) == values
    assert grid.shape == (len(values),)


def test_sparse_grids_propose_denser_ones():
    """A grid of millions of empty cells costs minutes later on."""
    names = [f"x{x}_{y}" for x in (0, 1_000_000) for y in range(3)]
    with pytest.raises(SparseGridError) as info:
        grid_of_pattern(names, r"(x)(\d+)_(?P<y>\d+)")
    assert str(info.value) == (
        "only 6 cells of a grid of shape (1000001, 3) are filled; axis 'x' has 1,000,001 indices "
        "for 2 values: spacing='step' gives shape (2, 3), spacing='values' gives shape (2, 3)"
    )
    assert grid_of_pattern(names, r"(x)(\d+)_(?P<y>\d+)", spacing="step").shape == (2, 3)
    with pytest.raises(SparseGridError, match="smaller shape"):
        grid_of_pattern(names, r"_(?P<y>\d+)", shape=(2_000_000,), duplicates="first")
    diagonal = [f"{i}_{i}" for i in range(1100)]
    with pytest.raises(SparseGridError, match="match fewer groups"):
        grid_of_pattern(diagonal, r"(\d+)_(\d+)")
    assert parse_filenames(names, r"(x)(\d+)_(?P<y>\d+)")[1] == (1_000_001, 3)
    huge = [f"{-(2**61)}_{2**61}", f"{2**61}_{-(2**61)}"]
    with pytest.raises(SparseGridError, match="'values'"):
        grid_of_pattern(huge, r"(-?\d+)_(-?\d+)")


@pytest.mark.parametrize(
    "make",
    [
        lambda: grid_of_sequence([]),
        lambda: grid_of_pattern([], r"(\d)"),
        lambda: grid_of_indices([], "t", (1,), []),
        lambda: parse_filenames([], r"(\d)"),
    ],
)
def test_no_files(make):
    """Without files there is another error than a ValueError, or none."""
    with pytest.raises(NoFilesError, match="files is empty"):
        make()


def test_grid_of_sequence():
    """Files without a pattern are reordered, or their indices stored one by one."""
    names = ["b", "a"]
    grid = grid_of_sequence(names)
    assert grid.names is names
    assert (grid.dims, grid.shape, grid.indices) == (("sequence",), (2,), [(0,), (1,)])
    assert grid.positions is None
    assert grid.coords["sequence"].tolist() == [0, 1]
    assert (grid.missing, grid.files_missing) == ([], 0)
    assert grid.table.tolist() == [0, 1]


def test_full_grids_in_order_hold_no_positions():
    """The pickle of a large grid holds a number a file that says nothing."""
    names = [f"t{t}_z{z}" for t in range(3) for z in range(4)]
    grid = grid_of_pattern(names, r"t(\d)_z(\d)")
    assert grid.positions is None
    assert grid.names is names
    assert grid.table.tolist() == np.arange(12).reshape(3, 4).tolist()
    assert grid_of_pattern(names, r"t(\d)_z(\d)", axesorder=(1, 0)).table[2, 1] == 6


def test_grids_pickle():
    """A grid does not travel to a worker, or changes on the way."""
    grid = grid_of_pattern(["t0_b", "t2_a"], r"(t)(\d)_(?P<c>\w)")
    same = pickle.loads(pickle.dumps(grid))
    assert (same.names, same.dims, same.shape) == (grid.names, grid.dims, grid.shape)
    assert same.table.tolist() == grid.table.tolist() == [[-1, 0], [-1, -1], [1, -1]]
    assert repr(same) == "<FileGrid t: 3, c: 2; 2 files, 4 missing>"


def test_grid_of_indices():
    """What a user's own function found is changed."""
    names = ["a", "b", "c"]
    indices = np.array([[1, 0], [0, 2], [0, 0]])
    grid = grid_of_indices(names, ["t", "t"], [2, 3], indices)
    assert (grid.dims, grid.unique_dims, grid.shape) == (("t", "t"), ("t_0", "t_1"), (2, 3))
    assert grid.indices == [(1, 0), (0, 2), (0, 0)]
    assert grid.coords["t_1"].tolist() == [0, 1, 2]
    assert grid_of_indices(["a"], (), (), [()]).indices == [()]
    assert grid_of_indices(["a", "b"], "t", (1,), [(0,)] * 2, duplicates="last").names == ["b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"indices": [(0, 0)]}, "1 indices for 2 files"),
        ({"indices": [(0, 0), (0,)]}, r"index \(0,\) of file 1"),
        ({"indices": [(0, 0), 1]}, "index 1 of file 1"),
        ({"indices": [(0, 0), (0, 3)]}, r"index \(0, 3\) of file 1 is not in the shape \(2, 3\)"),
        ({"indices": [(0, 0), (0, -1)]}, r"index \(0, -1\) of file 1"),
        ({"indices": [(0, 0), (0, 1.0)]}, r"index \(0, 1.0\) of file 1"),
        ({"indices": [(0, 0), (0, 0)]}, "'a' and 'b' are for the same cell"),
        ({"indices": None}, "indices must be"),
        ({"dims": "t"}, "dims 't' and shape"),
        ({"dims": ["t", 1]}, "dims must be names"),
        ({"dims": None}, "dims must be names"),
        ({"shape": (2, 0)}, "shape must be positive integers"),
        ({"shape": 2}, "shape must be positive integers"),
        ({"shape": (2000, 2000)}, "leave out indices"),
        ({"names": ["a", 1]}, "files must be a sequence of str"),
        ({"names": "ab"}, "files must be a sequence of str"),
        ({"names": None}, "files must be a sequence of str"),
    ],
)
def test_grid_of_indices_checks_all(changes, message):
    """A mistake in a user's own function shows up late, or as an obscure error."""
    found = {"names": ["a", "b"], "dims": "tz", "shape": (2, 3), "indices": [(0, 0), (1, 2)]}
    with pytest.raises(NamesError, match=message):
        grid_of_indices(**(found | changes))

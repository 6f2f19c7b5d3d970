import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.errors import NamesError, NoFilesError
from dask_fileseq.grid import grid_of_pattern, parts_of, selected


@st.composite
def grids(draw):
    """Grids of three axes with empty cells, and the same as an array of file numbers."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)))
    cells = list(np.ndindex(shape))
    kept = draw(st.permutations(draw(st.sampled_from([cells, cells[1:], cells[:-1]])) or cells))
    names = [f"{a}_{b}_{c}" for a, b, c in kept]
    return grid_of_pattern(names, r"(?P<a>\d)_(?P<b>\d)_(?P<c>\d)", shape=shape)


@given(grids(), st.data())
def test_a_selection_is_that_of_numpy(grid, data):
    """A file is lost, moved or doubled on the way to a part of the grid."""
    indexers = {}
    for dim, size in zip("abc", grid.shape, strict=True):
        indexers[dim] = data.draw(
            st.one_of(
                st.integers(-size, size - 1),
                st.slices(size),
                st.lists(st.integers(0, size - 1), unique=True),
                st.lists(st.booleans(), min_size=size, max_size=size),
            )
        )
    chosen = data.draw(st.sets(st.sampled_from("abc")))
    indexers = {dim: value for dim, value in indexers.items() if dim in chosen}
    expected = grid.table
    for axis, dim in reversed(list(enumerate("abc"))):
        if dim in indexers:
            index = indexers[dim]
            index = (
                np.array(index, int if not index else None) if isinstance(index, list) else index
            )
            expected = expected[(slice(None),) * axis + (index,)]
    if not (np.asarray(expected) >= 0).any():
        with pytest.raises(NoFilesError, match=r"selects (no file|nothing)"):
            selected(grid, indexers)
        return
    part = selected(grid, indexers)
    assert part.shape == np.shape(expected)
    names = np.array([*grid.names, ""])
    np.testing.assert_array_equal(names[expected], np.array([*part.names, ""])[part.table])
    for dim, values in part.coords.items():
        along = grid.coords[dim]
        index = indexers.get(dim, slice(None))
        np.testing.assert_array_equal(values, along[index] if np.size(index) else values[:0])


@given(grids(), st.sampled_from("abc"))
def test_the_parts_of_a_grid_are_selections(grid, dim):
    """Splitting loses a file, or has parts without any."""
    parts = dict(parts_of(grid, dim))
    assert sorted(name for part in parts.values() for name in part.names) == sorted(grid.names)
    for label, part in parts.items():
        same = selected(grid, {dim: grid.coords[dim].tolist().index(label)})
        assert list(part.names) == list(same.names)
        assert part.dims == same.dims
        np.testing.assert_array_equal(part.table, same.table)


def test_repeated_dims_keep_their_numbers():
    """An axis changes its name when another one goes."""
    grid = grid_of_pattern(["1_2_3", "2_2_4"], r"(\d)_(\d)_(\d)")
    assert selected(grid, {"Q_1": 0}).dims == ("Q_0", "Q_2")
    assert selected(grid, {"Q_0": 0, "Q_1": 0, "Q_2": 0}).shape == ()


@pytest.mark.parametrize(
    ("indexers", "message"),
    [
        ({"t": 0}, "no axis 't', only 'a', 'b'"),
        ({"a": 2}, "a=2 is out of the axis, which has 2"),
        ({"a": -3}, "out of the axis"),
        ({"a": [0, 0]}, "none of them twice"),
        ({"a": [[0], [1]]}, "a list of indices"),
        ({"a": [0, 5]}, "does not index an axis of 2"),
        ({"a": [True]}, "does not index an axis of 2"),
        ({"a": "x"}, "does not index an axis of 2"),
        ({"a": 1.5}, "does not index an axis of 2"),
        ({"a": True}, "must be a list of indices"),
        ({"a": slice("x")}, "does not index an axis of 2"),
        ({"a": slice(None, None, 0)}, "does not index an axis of 2"),
        ({"a": slice(5, 7)}, "a=slice(5, 7, None) selects nothing: the axis has 2, 1 to 2"),
        ({"a": [], "b": 0}, "a=[] selects nothing"),
    ],
)
def test_bad_indexers(indexers, message):
    """A mistake is an obscure error of numpy, or selects something."""
    grid = grid_of_pattern(["1_2", "2_2"], r"(?P<a>\d)_(?P<b>\d)")
    with pytest.raises(NamesError, match=re.escape(message)):
        selected(grid, indexers)

"""Empty cells as ranges: together they are the empty cells, each once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.grid import cell_text, empty_ranges, grid_of_indices, grid_of_pattern

SHAPE = (3, 2, 4)


def cells_of(labels):
    """Return the cells of a range, whose labels are indices."""
    spans = [
        range(label[0], label[1] + 1) if isinstance(label, list) else [label]
        for label in labels.values()
    ]
    return list(itertools.product(*spans))


@given(st.sets(st.sampled_from(list(np.ndindex(SHAPE))), min_size=1))
def test_ranges_are_all_empty_cells_once(indices):
    """Whichever there are."""
    grid = grid_of_indices([str(i) for i in range(len(indices))], "tcz", SHAPE, sorted(indices))
    found = list(empty_ranges(grid, 100))
    cells = [cell for labels, _ in found for cell in cells_of(labels)]
    assert sorted(cells) == sorted(grid.missing)
    assert [size for _, size in found] == [len(cells_of(labels)) for labels, _ in found]


def test_a_box_is_one_range():
    """All planes and channels of some times."""
    indices = [i for i in np.ndindex(6, 2, 5) if i[0] not in (2, 3)]
    grid = grid_of_indices(list(map(str, indices)), "tcz", (6, 2, 5), indices)
    ((labels, size),) = empty_ranges(grid, 9)
    assert (cell_text(labels), size) == ("(t 2 to 3, c 0 to 1, z 0 to 4)", 20)


def test_labels_are_those_of_the_names():
    """Wells and dates, not indices."""
    names = ["A01_20200101", "A01_20200102", "A02_20200102", "A03_20200101", "A03_20200102"]
    ((labels, _),) = empty_ranges(grid_of_pattern(names, "{well}_{date:%Y%m%d}"), 9)
    assert cell_text(labels) == "(well A02, date 2020-01-01)"


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_more_ranges_than_asked_for(most):
    """The rest is counted by the caller."""
    grid = grid_of_indices(["a", "b", "c", "d", "e"], "t", (9,), [(i,) for i in range(0, 9, 2)])
    assert len(list(empty_ranges(grid, most))) == most

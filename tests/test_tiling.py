"""Axis arithmetic, against numpy."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tifffile import TiledSequence

from dask_fileseq.tiling import Tiling


@st.composite
def tilings(draw):
    """Grids of 0 to 3 axes, chunks of 0 to 3 axes, any tiling of one on the other."""
    grid = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    chunk = tuple(draw(st.lists(st.integers(1, 5), max_size=3)))
    count = draw(st.integers(0, min(len(grid), len(chunk))))
    grid_axes = draw(st.permutations(range(len(grid))))[:count]
    chunk_axes = draw(st.permutations(range(len(chunk))))[:count]
    return grid, chunk, dict(zip(grid_axes, chunk_axes, strict=True))


@given(tilings())
def test_shape_is_tifffiles(parts):
    """The array's axes must be where tifffile's users expect them."""
    grid, chunk, axestiled = parts
    assert TiledSequence(grid, chunk, axestiled=axestiled).shape == Tiling.of(*parts).shape


@given(
    st.integers(1, 5),
    st.integers(1, 7),
    st.tuples(*[st.none() | st.integers(-40, 40)] * 2),
    st.integers(-9, 9).filter(bool),
)
def test_pieces_cut_a_selection_at_files(files, size, bounds, step):
    """Each selected element must be read once, from its file, to its place."""
    tiling = Tiling.of((files,), (size,), {0: 0})
    whole = np.arange(files * size)
    selected = range(files * size)[slice(*bounds, step)]
    pieces = tiling.pieces(0, selected)
    result = np.full(len(selected), -1)
    for piece in pieces:
        assert (result[piece.place] == -1).all()
        result[piece.place] = whole.reshape(files, size)[piece.file][piece.region]
    assert whole[list(selected)].tolist() == result.tolist()
    assert len({piece.file for piece in pieces}) == len(pieces)


@pytest.mark.parametrize(
    "axestiled",
    [{2: 0}, {-1: 0}, {0: 2}, [(0, 0), (1, 0)], [(0, 0), (0, 1)], [(0,)], [(None, 0)]]
    + [{"a": 0}, {"row": "z"}, {"y": "y"}, [("row", 0), (0, "x")]],
)
def test_wrong_axestiled_names_itself(axestiled):
    """A typo in `axestiled` looks like a bug inside."""
    with pytest.raises(ValueError, match="axestiled=") as caught:
        Tiling.of((2, 3), (4, 5), axestiled, ("row", "column"), ("y", "x"))
    if axestiled in ({"a": 0}, {"row": "z"}):
        assert "the axes are '" in str(caught.value)
    with pytest.raises(ValueError, match="axestiled="):
        Tiling.of((2, 3), (4, 5), axestiled)


def test_axes_by_name_are_those_by_number():
    """Names work on the command line alone."""
    names = ("row", "column"), ("y", "x")
    expected = Tiling.of((2, 3), (4, 5), {1: 0, 0: 1})
    for axestiled in ({"column": "y", "row": "x"}, {1: "y", "row": 1}, [("row", "x"), (1, 0)]):
        assert Tiling.of((2, 3), (4, 5), axestiled, *names) == expected


def test_pickles_small():
    """It goes into each task."""
    tiling = Tiling.of((2, 3), (4, 5), {1: 0})
    assert tiling.axes
    again = pickle.loads(pickle.dumps(tiling))
    assert again == tiling
    assert "axes" not in vars(again)

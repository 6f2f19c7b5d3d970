"""A grid that grows is the grid of all names, of which only the new ones are parsed."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.errors import NamesError
from dask_fileseq.grid import grid_of_pattern, grown_grid, natural_sorted
from dask_fileseq.patterns import as_pattern

FIELDS = {
    "{t:d}": st.one_of(st.integers(0, 12), st.integers(0, 3000)).map(str),
    "{t:03d}": st.integers(0, 12).map("{:03d}".format),
    "{c}": st.sampled_from(["DAPI", "GFP", "7", "07", "1.5"]),
    "{well}": st.sampled_from(["A01", "AA01", "Z48", "B2", "B10"]),
    "{z:f}": st.sampled_from(["0.5", "1.50", "1.5", "10.25", "0.125"]),
    "{z:fp}": st.sampled_from(["0p5", "1p50", "1p5", "10p25", "0p00001"]),
    "{d:%Y%m%d}": st.sampled_from(["20260101", "20260102", "20251231", "20240229"]),
    "{d:%m%d}": st.sampled_from(["0101", "0102", "1231", "0229"]),
    "{d:%Hh%Mm}": st.sampled_from(["00h05m", "12h00m", "23h59m"]),
    "{m:%b}": st.sampled_from(["Jan", "Feb", "Dec"]),
}


@st.composite
def growths(draw):
    """Return a pattern, names that it matches, and which of these are there before and after."""
    fields = draw(st.lists(st.sampled_from([*FIELDS]), min_size=1, max_size=3))
    fields = list({re.split("[:}]", field)[0]: field for field in fields}.values())
    rows = draw(st.lists(st.tuples(*(FIELDS[f] for f in fields)), min_size=1, max_size=8))
    names = natural_sorted({f"d/{'_'.join(row)}.tif" for row in rows})
    when = draw(st.lists(st.integers(1, 3), min_size=len(names), max_size=len(names)))
    return "_".join(fields) + ".tif", names, when


def same(a, b):
    assert (list(a.names), a.dims, a.shape) == (list(b.names), b.dims, b.shape)
    assert a.indices == b.indices
    for dim in a.coords:
        np.testing.assert_array_equal(a.coords[dim], b.coords[dim])
        assert a.coords[dim].dtype == b.coords[dim].dtype
    assert (a.unmatched, a.duplicates) == (b.unmatched, b.duplicates)


@given(growths(), st.sampled_from(["unit", "auto", "step", "values"]), st.booleans())
def test_the_grid_of_all_names(growth, spacing, strays):
    """Whatever came, or went, in between."""
    text, names, when = growth
    pattern = as_pattern(text)
    more = ["d/other.tif"] if strays else []
    before = [n for n, w in zip(names, when, strict=True) if w & 1]
    after = [n for n, w in zip(names, when, strict=True) if w & 2] + more
    rules = {"spacing": spacing, "unmatched": "skip"}
    try:
        grid = grid_of_pattern(before, pattern, **rules)
        expected = grid_of_pattern(after, pattern, **rules)
    except NamesError:
        return
    grown = grown_grid(grid, after, **rules)
    if grown is not None:
        same(grown, expected)


@pytest.mark.parametrize("regex", [r"(t)(\d+)(?:_(c)(\d+))?", r"t(?P<t>\d+)_(?P<c>[A-Z]+)"])
def test_only_new_names_are_parsed(regex):
    """A look at a million names each time would take seconds."""
    names = [f"d/t{t}_{c}" for t, c in itertools.product(range(5), ["A", "B"])]
    if "(c)" in regex:
        names = [name.replace("A", "c1").replace("B", "c2") for name in names]
    pattern = as_pattern(regex)
    grown = grown_grid(grid_of_pattern(names[:6], pattern), names)
    same(grown, grid_of_pattern(names, pattern))


def test_axis_that_some_names_do_not_have():
    """Their index is the lowest, which another name may lower."""
    pattern = as_pattern(r"img(?:_z(?P<z>\d+))?\.tif")
    names = ["d/img.tif", "d/img_z005.tif"]
    assert grown_grid(grid_of_pattern(names, pattern), [*names, "d/img_z003.tif"]) is None


def test_names_that_do_not_fit_are_left_to_all_names():
    """The error is that of all names, with their number."""
    grid = grid_of_pattern(["d/t1.tif", "d/t2.tif"], "t{t:d}.tif")
    assert grown_grid(grid, [*grid.names, "d/x.tif"]) is None
    assert grown_grid(grid, [*grid.names, "d/t01.tif"]) is None
    assert grown_grid(grid, [*grid.names, "t3.tif"]) is not None
    assert grown_grid(grid, ["d/x.tif"], unmatched="skip", spacing="step") is None
    grid = grid_of_pattern(["d/t1.tif", "d/t2.tif"], r"t(?P<t>\d)")
    assert grown_grid(grid, [*grid.names, "t3.tif"]) is None

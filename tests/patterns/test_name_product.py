"""Names of all combinations of labels are those that the format string writes, and a full grid."""

import pickle

import numpy as np
import pytest
from dask.array.utils import assert_eq
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import DuplicateError, NameProduct, NamesError, NoFilesError, open_sequence
from dask_fileseq.filearray import FileArray

LABELS = {
    "t{t:03d}_{c}.tif": {"t": st.integers(0, 2000), "c": st.sampled_from(["DAPI", "GFP", "a b"])},
    "{c}/{c}_z{z:d}_{day:%Y%m%d}.tif": {
        "c": st.sampled_from(["A1", "B12", "é"]),
        "z": st.integers(-5, 120),
        "day": st.sampled_from(["2026-01-31", "2025-12-01"]).map(np.datetime64),
    },
}


@st.composite
def products(draw):
    """Return a format string and labels of its fields."""
    text = draw(st.sampled_from(list(LABELS)))
    labels = {
        field: draw(st.lists(values, min_size=1, max_size=4, unique=True))
        for field, values in LABELS[text].items()
    }
    return text, labels


@given(products(), st.data())
def test_products_are_lists_of_their_names(product, data):
    """A file would be read in place of another one."""
    text, labels = product
    names = NameProduct(text, **labels)
    expected = open_sequence(list(names), pattern=text, spacing="values", imread=np.load)
    seq = open_sequence(names, imread=np.load)
    assert seq.dims == tuple(labels)
    assert seq.shape == tuple(map(len, labels.values()))
    for number, index in enumerate(seq.indices):
        at = {dim: seq.coords[dim][i] for dim, i in zip(seq.dims, index, strict=True)}
        assert expected.sel(**at).files == [names[number]]
    low, high = names.ends()
    assert low <= min(names) <= max(names) <= high
    assert seq.commonpath() == expected.commonpath()
    places = {dim: data.draw(st.sampled_from([0, slice(0, 2), [-1]])) for dim in seq.dims[:2]}
    part = open_sequence(list(names), pattern=None, imread=np.load)
    kept = np.arange(len(names)).reshape(seq.shape)[tuple(places.values())].ravel()
    assert seq.isel(**places).files == [part[i] for i in kept]
    again = pickle.loads(pickle.dumps(seq.isel(**places)))
    assert again.files == seq.isel(**places).files
    assert again.grid.names.digest() == seq.isel(**places).grid.names.digest()


def read(name):
    t, z = int(name[1:5]), int(name[7:11])
    return np.full((2, 3), 100 * t + z, "i4")


def test_arrays_of_a_product_are_those_of_a_list():
    """Blocks of computed cells would have other files than those of a table."""
    names = NameProduct("t{t:04d}/z{z:04d}.tif", t=range(4, 10), z=range(7))
    x = open_sequence(names, imread=read).to_dask_array(axestiled={"z": "x"}, chunks=(4, -1, 7))
    y = open_sequence(list(names), imread=read).to_dask_array(axestiled={"z": "x"})
    assert_eq(x, y)
    assert_eq(x[1:, 0, ::2] + 1, y[1:, 0, ::2] + 1)
    assert_eq(x[::-2, :, 5], y[::-2, :, 5])


def test_a_hundred_million_names_take_no_memory():
    """Each name, cell or block would be made before it is needed."""
    names = NameProduct("t{t:04d}/z{z:04d}.tif", t=range(10_000), z=range(10_000))
    seq = open_sequence(names, imread=read)
    x = seq.to_dask_array(chunks="auto")
    assert x.npartitions < 100_000
    assert len(pickle.dumps(seq)) < 500_000
    np.testing.assert_array_equal(x[123, 45, :, 0].compute(), [12345, 12345])
    np.testing.assert_array_equal((x[9999, 9999, 0] + 0).compute(scheduler="sync"), [1009899] * 3)
    assert seq.sel(t=slice(5, 6), z=3).files == ["t0005/z0003.tif", "t0006/z0003.tif"]
    assert seq.to_xarray().sizes["z"] == 10_000
    assert seq.refresh() is seq
    assert "t0000/z0001.tif' at t=0, z=1" in seq.listing(2)
    assert "100,000,000 files" in seq._repr_html_()
    block = FileArray.from_grid(seq.grid, read, identity="name").block(
        [(5, 9), (0, 10_000)] + [(0, 2)] * 2
    )
    assert len(pickle.dumps(block)) < 300_000


@pytest.mark.parametrize(
    ("pattern", "labels", "error", "match"),
    [
        ("t{t:d}.tif", {}, NamesError, "fields t, and there are labels for none"),
        ("t{t:d}.tif", {"t": [1], "z": [1]}, NamesError, "labels for t, z"),
        ("t.tif", {}, NamesError, "fields none"),
        ("{t:d}.tif", {"t": [[1]]}, NamesError, "labels of 't' must be numbers, texts or dates"),
        ("{t:d}.tif", {"t": []}, NamesError, "labels of 't' must be"),
        ("{t:d}.tif", {"t": ["a"]}, NamesError, "label 'a' cannot be written as '{t:d}'"),
        ("{t}.tif", {"t": ["a/b"]}, NamesError, "makes another path"),
        ("{t:d}.tif", {"t": [1, 1]}, DuplicateError, "writes two labels of 't' alike"),
        ("{a}_{b}.tif", {"a": ["x", "x_y"], "b": ["y_z", "z"]}, DuplicateError, "one name for two"),
    ],
)
def test_labels_that_make_no_names_are_errors(pattern, labels, error, match):
    """Files would be in two cells, or in none."""
    with pytest.raises(error, match=match):
        NameProduct(pattern, **labels)


def test_other_ways_to_make_a_grid_go_on():
    """A pattern or an order of axes would be ignored in silence."""
    names = NameProduct("{a}_{b}.tif", a="xy", b=range(3))
    assert open_sequence(names, pattern="{letter}_{n:d}.tif").dims == ("letter", "n")
    with pytest.raises(NoFilesError):
        open_sequence(names).isel(a=[])

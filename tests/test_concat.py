"""Sequences under other names, and several sequences as one."""

import dataclasses
import datetime
import pickle
import zipfile

import dask
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import (
    ChunkMismatchError,
    FileSequence,
    HeaderWarning,
    NamesError,
    TiffSequence,
    concat,
    open_sequence,
)
from dask_fileseq.grid import grid_of_pattern, joined_grids
from dask_fileseq.readers import count


def read(name):
    t, c = name.split("_")
    return np.full((2, 3), int(t[1:]) * 10 + ord(c), "u2")


def named(*names, imread=read, **kwargs):
    return FileSequence(imread, names, pattern="t{t:d}_{c}", **kwargs)


@pytest.fixture
def folders(tmp_path):
    """Two days of images; the second one lacks a file."""
    for day, times in (("day1", (0, 1)), ("day2", (5, 6))):
        (tmp_path / day).mkdir()
        for t in times:
            for c in ("DAPI", "GFP"):
                image = np.full((4, 6), t * 10 + len(c), "u2")
                tifffile.imwrite(tmp_path / day / f"t{t}_{c}.tif", image)
    (tmp_path / "day2" / "t6_GFP.tif").unlink()
    return tmp_path / "day1", tmp_path / "day2"


def test_sizes_dtype_and_nbytes_are_those_of_the_array(folders):
    """The shape of the grid is not that of the array, and one header is enough for it."""
    seq = open_sequence(folders[1])
    with count() as counted:
        assert seq.sizes == {"t": 2, "channel": 2, "y": 4, "x": 6}
        assert (seq.dtype, seq.nbytes) == (np.dtype("u2"), 2 * 2 * 4 * 6 * 2)
    assert counted.headers == 1
    filled = open_sequence(folders[1], fillvalue="nan")
    assert filled.dtype == filled.to_dask_array().dtype == np.dtype("f4")
    for each in (seq, filled, seq.isel(t=0), seq.rename(t="x")):
        assert each.sizes == dict(each.to_xarray().sizes)
        assert each.nbytes == each.to_dask_array().nbytes


def test_renamed_axes_are_new_everywhere(folders):
    """An axis keeps its old name in one of the faces."""
    seq = open_sequence(folders[0])
    other = pickle.loads(pickle.dumps(seq.rename(t="time").rename({"channel": "dye"})))
    assert (other.dims, other.axes, list(other.coords)) == (("time", "dye"), "TD", ["time", "dye"])
    assert seq.dims == ("t", "channel")
    assert other.sel(dye="GFP", time=1).files == [str(folders[0] / "t1_GFP.tif")]
    assert other.to_xarray().dims == ("time", "dye", "y", "x")
    assert {"time", "dye"} < set(other.table())
    assert other.rename(time="dye", dye="time").dims == ("dye", "time")
    np.testing.assert_array_equal(other.asarray(), seq.asarray())
    repeated = TiffSequence(["1_1.tif", "1_2.tif"], pattern=r"(\d)_(\d)")
    assert repeated.rename(Q_1="z").dims == ("Q_0", "z")


def test_coordinates_of_a_table_follow_renamed_axes():
    """The time of each index is along an axis that is not there any more."""
    table = {"file": ["a", "b"], "z": [1, 2], "height": [0.5, 2.5]}
    seq = FileSequence(read, ["a", "b"], table=table)
    coord = seq.rename(z="plane").grid.metadata.coords["height"]
    assert (coord.dims, coord.values.tolist()) == (("plane",), [0.5, 2.5])
    with pytest.raises(NamesError, match="z='height' is the name of another axis or coordinate"):
        seq.rename(z="height")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"time": "t"}, "no axis 'time', only 't', 'c'"),
        ({"t": "c"}, "rename: t='c' is the name of another axis or coordinate"),
        ({"t": "a", "c": "a"}, "rename: t='a' is the name of another axis"),
        ({"t": 1}, "rename: t=1 is no name of an axis"),
        ({"t": ""}, "rename: t='' is no name"),
        ("t", "names='t' must be a mapping"),
    ],
)
def test_names_that_cannot_be_are_errors(names, message):
    """Two axes of one name, or a misspelt one that stays as it is."""
    with pytest.raises(NamesError, match=message):
        named("t1_a", "t2_b").rename(names)


def test_joined_sequences_are_one_array(folders):
    """A file is in another cell, or read twice, or in a layer of its own."""
    a, b = map(open_sequence, folders)
    seq = pickle.loads(pickle.dumps(concat([a, b], "t")))
    assert repr(seq) == "<FileSequence 7 of 8 files, t 4, channel 2>"
    assert seq.coords["t"].tolist() == [0, 1, 5, 6]
    assert seq.files == a.files + b.files
    assert (seq.missing, seq.pattern) == ([(3, 1)], a.pattern)
    expected = np.concatenate([a.asarray(), b.asarray()])
    np.testing.assert_array_equal(seq.asarray(), expected)
    array = seq.to_dask_array()
    assert len(array.__dask_graph__().layers) == 1
    np.testing.assert_array_equal(array.compute(), expected)
    np.testing.assert_array_equal(dask.compute(seq)[0], expected)
    x = seq.to_xarray()
    assert x.sel(t=5, channel="GFP").values.tolist() == b.sel(t=5, channel="GFP").asarray().tolist()
    assert [(f.kind, f.cell) for f in seq.check()] == [("missing", {"t": 6, "channel": "GFP"})]
    zarr = pytest.importorskip("zarr")
    np.testing.assert_array_equal(zarr.open_array(seq.aszarr())[...], expected)


def test_a_new_axis_has_the_labels(folders):
    """One sequence after the other, each below its own label."""
    a, b = map(open_sequence, folders)
    seq = concat([a.isel(t=0), b.isel(t=0)], "day", labels=["mon", "tue"])
    assert repr(seq) == "<FileSequence 4 files, day 2, channel 2>"
    np.testing.assert_array_equal(seq.sel(day="tue").asarray(), b.isel(t=0).asarray())
    dates = [datetime.date(2026, 1, 31), datetime.date(2026, 2, 1)]
    dated = concat([a, b], "day", labels=dates)
    assert dated.shape == (2, 4, 2)
    assert dated.sel(day="2026-02").files == b.files
    assert dated.pattern is None
    assert concat([a], "t").files == a.files


@given(st.sets(st.tuples(st.integers(0, 5), st.sampled_from("abc")), min_size=1), st.integers(0, 5))
def test_joined_grids_have_each_file_at_its_labels(cells, cut):
    """Indices are those of labels, whatever part has which of them."""
    names = [f"t{t}_{c}" for t, c in sorted(cells)]
    parts = [[n for n in names if (int(n[1]) > cut) is above] for above in (False, True)]
    each = [grid_of_pattern(part, "t{t:d}_{c}", spacing="values") for part in parts if part]
    grid = joined_grids(each, "t")
    whole = grid_of_pattern(names, "t{t:d}_{c}", spacing="values")
    assert (list(grid.names), grid.indices) == (names, whole.indices)
    assert {dim: values.tolist() for dim, values in grid.coords.items()} == {
        dim: values.tolist() for dim, values in whole.coords.items()
    }
    assert (grid.positions is None) == (whole.positions is None)


def test_labels_of_other_axes_are_in_their_natural_order():
    """Those of the second sequence would come last, or Z10 before Z9."""
    a, b = named("t1_Z9", "t1_Z11", imread=np.eye), named("t2_Z10", imread=np.eye)
    grids = [a.grid, b.grid]
    assert joined_grids(grids, "t").coords["c"].tolist() == ["Z9", "Z10", "Z11"]
    turned = a.isel(c=[1, 0]).grid
    assert joined_grids([turned, b.grid], "t").coords["c"].tolist() == ["Z9", "Z10", "Z11"]
    kept = joined_grids([turned, named("t2_Z9").grid], "t")  # in the order of the first
    assert kept.coords["c"].tolist() == ["Z11", "Z9"]


def test_coordinates_of_tables_are_joined():
    """Heights of one sequence would be those of the other."""

    def tabled(*times):
        cells = [(t, c) for t in times for c in "ab"]
        names = [f"t{t}_{c}" for t, c in cells]
        times, dyes = zip(*cells, strict=True)
        table = {"file": names, "t": times, "c": dyes, "height": [t + 0.5 for t in times]}
        return FileSequence(read, names, table=table)

    coord = concat([tabled(1, 2), tabled(5, 6)], "t").grid.metadata.coords["height"]
    assert (coord.dims, coord.values.tolist()) == (("t",), [1.5, 2.5, 5.5, 6.5])
    mixed = concat([tabled(1, 2), named("t5_a", "t5_b")], "t").grid.metadata.coords["height"]
    np.testing.assert_array_equal(mixed.values, [1.5, 2.5, np.nan])


def test_pixel_sizes_that_differ_are_left_out_with_a_warning():
    """The first one would be that of all files."""

    def sized(seq, size):
        metadata = dataclasses.replace(seq.grid.metadata, pixel_sizes={"y": (size, "µm")})
        return seq.with_grid(dataclasses.replace(seq.grid, metadata=metadata))

    a, b = named("t1_a"), named("t2_a")
    same = concat([sized(a, 0.5), sized(b, 0.5)], "t")
    assert same.grid.metadata.pixel_sizes == {"y": (0.5, "µm")}
    with pytest.warns(HeaderWarning, match="differ in pixel sizes along y"):
        assert not concat([sized(a, 0.5), sized(b, 0.7)], "t").grid.metadata.pixel_sizes


@pytest.mark.parametrize(
    ("other", "dim", "labels", "message"),
    [
        (named("t1_c"), "t", None, "have the same labels along 't': 1; labels= makes a new axis"),
        (named("t9_a"), "time", None, "no axis 'time', only 't', 'c'; a new axis needs labels="),
        (named("t9_a"), "t", [1, 2], "labels are for a new axis, and 't' is an axis"),
        (named("t9_a"), "u", [1], r"labels=\[1\] must be .* one for each of 2 sequences"),
        (named("t9_a"), "u", "ab", "labels='ab' must be"),
        (named("t9_a"), "u", [1, 1], "have the same labels along 'u': 1"),
        (named("t9_a"), "u", [None, 1], "must be numbers, texts or dates"),
        (named("t9_a"), "", [2, 1], "dim='' is no name of an axis"),
        (named("t9_a").rename(t="u"), "t", None, "differ in axes: 't', 'c' and 'u', 'c'; rename"),
        (FileSequence(read, ["tx_a"], pattern="t{t}_{c}"), "t", None, "numbers and words"),
        (named("t9_a", imread=np.load), "t", None, "0 and 1 differ in reader: .*read.* and .*load"),
        (named("t9_a", fillvalue=1), "t", None, "differ in fillvalue: None and 1"),
        (named("t9_a", identity="name"), "t", None, "differ in identity: 'stat' and 'name'"),
        ("t9_a", "t", None, "must be file sequences"),
    ],
)
def test_what_does_not_fit_is_named(other, dim, labels, message):
    """Files would be where nobody looks for them."""
    with pytest.raises(NamesError, match=message):
        concat([named("t1_a", "t1_b"), other], dim, labels)


def test_no_sequence_at_all_is_an_error():
    """There is nothing to make a grid of."""
    with pytest.raises(NamesError, match="at least one"):
        concat([], "t")


def test_arrays_that_differ_are_errors():
    """The first sequence would say what is in the files of the second."""

    def read_as_named(name):
        return np.zeros((2, int(name[1])), "u1")

    pair = [named(name, imread=read_as_named) for name in ("t1_a", "t2_a")]
    with pytest.raises(ChunkMismatchError, match=r"chunkshape: \(2, 1\) and \(2, 2\)"):
        concat(pair, "t")


def test_archives_that_differ_are_errors(tmp_path):
    """A file would be looked for in the archive of another one."""
    for name in ("t1_a", "t2_a"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((2, 3), "u1"))
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.write(tmp_path / f"{name}.tif", f"{name}.tif")
    a, b = (
        open_sequence(tmp_path / f"{name}.zip", pattern="t{t:d}_{c}.tif")
        for name in ("t1_a", "t2_a")
    )
    with pytest.raises(NamesError, match=r"differ in source: ZipFiles.*t1_a.zip.* and .*t2_a.zip"):
        concat([a, b], "t")
    assert concat([a, a], "n", [1, 2]).asarray().shape == (2, 1, 1, 2, 3)

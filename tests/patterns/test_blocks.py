"""The axes of Bio-Formats patterns are what their blocks list."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import open_sequence, register_preset
from dask_fileseq.errors import NamesError
from dask_fileseq.grid import grid_of_pattern, parse_filenames
from dask_fileseq.patterns import as_pattern
from dask_fileseq.patterns.bioformats import elements


@pytest.mark.parametrize(
    ("pattern", "names", "coords"),
    [
        ("<R,G,B>.tif", ["R.tif", "G.tif", "B.tif"], {"channel": ["R", "G", "B"]}),
        ("a<1,3,6>.tif", ["a1.tif", "a6.tif"], {"a": [1, 3, 6]}),
        ("z<0-9>.tif", ["z3.tif", "z4.tif"], {"z": [*range(10)]}),
        ("z<0-9:3>.tif", ["z3.tif"], {"z": [0, 3, 6, 9]}),
        ("z<08-11>.tif", ["z08.tif"], {"z": [8, 9, 10, 11]}),
        ("<AA-AC>.tif", ["AB.tif"], {"channel": ["AA", "AB", "AC"]}),
        ("well_<a1-a3>.tif", ["well_a3.tif"], {"well": ["a1", "a2", "a3"]}),
        ("<A09-A11>.tif", ["A10.tif"], {"channel": ["A09", "A10", "A11"]}),
        ("x_<Cy3>.tif", ["x_Cy3.tif"], {"channel": ["Cy3"]}),
        ("x_<9>.tif", ["x_9.tif"], {"x": [9]}),
        ("img_Z_<0-1>.tif", ["img_Z_1.tif"], {"Z": [0, 1]}),
        ("img t-<0-1> <b,a>.tif", ["img t-1 a.tif"], {"t": [0, 1], "channel": ["b", "a"]}),
        ("ch_<R,G>.tif", ["ch_G.tif"], {"ch": ["R", "G"]}),
        ("img_<0-1>.tif", ["img_1.tif"], {"Q": [0, 1]}),
        ("<WT-KO,drug>.tif", ["drug.tif"], {"channel": ["WT-KO", "drug"]}),
        ("<Cy3-B,DAPI>.tif", ["DAPI.tif"], {"channel": ["Cy3-B", "DAPI"]}),
        ("<C-A,X-Z>.tif", None, "a range goes up"),
        ("<x,1,y>.tif", ["y.tif"], {"channel": ["x", "1", "y"]}),
        ("t<1,01,2>.tif", ["t01.tif"], {"t": ["1", "01", "2"]}),
        ("t<3,1,2>.tif", ["t1.tif", "t3.tif"], {"t": [3, 1, 2]}),
        ("t<1,1,2>.tif", ["t1.tif"], {"t": [1, 2]}),
    ],
)
def test_blocks_keep_what_they_list(pattern, names, coords):
    """Channels are in another order than they were written, or absent files are not missed."""
    if names is None:
        with pytest.raises(NamesError, match=coords):
            as_pattern(pattern)
        return
    seq = open_sequence(names, pattern=pattern)
    assert {dim: values.tolist() for dim, values in seq.coords.items()} == coords
    assert seq.pattern == as_pattern(str(seq.pattern))
    assert pickle.loads(pickle.dumps(seq.pattern)) == seq.pattern
    for spacing in ("unit", "step"):
        assert grid_of_pattern(names, pattern, spacing=spacing).shape == seq.shape
    assert parse_filenames(names, pattern)[:2] == (seq.dims, seq.shape)
    occur = grid_of_pattern(names, pattern, spacing="values")
    assert occur.shape[-1] == len(names)
    assert occur.coords[occur.dims[-1]].tolist() == [
        v for i, v in enumerate(coords[seq.dims[-1]]) if i in {index[-1] for index in seq.indices}
    ]


def test_files_that_are_listed_and_absent_are_missing():
    """Two of four planes lack, and nobody is told."""
    names = ["z0_R.tif", "z0_G.tif", "z3_R.tif"]
    seq = open_sequence(names, pattern="z<0-3>_<R,G>.tif")
    assert (seq.shape, seq.files_missing) == ((4, 2), 5)
    assert seq.indices == [(0, 0), (0, 1), (3, 0)]
    assert seq.sel(channel="R").shape == (4,)
    other = grid_of_pattern(names, "z<0-3>_<R,G>.tif", axesorder=(1, 0))
    assert (other.shape, other.indices[1]) == ((2, 4), (1, 0))
    words = grid_of_pattern(names, "z<0-3>_<R,G>.tif", categories={"channel": {"G": 0, "R": 1}})
    assert words.coords["channel"].tolist() == ["G", "R"]
    assert grid_of_pattern(names, "z<0-3>_<R,G>.tif", shape=(6, 2)).shape == (6, 2)
    with pytest.raises(NamesError, match="does not fit"):
        grid_of_pattern(names, "z<0-3>_<R,G>.tif", shape=(3, 2))


def test_presets_of_blocks_keep_what_they_list():
    """A preset forgets what its blocks list."""
    register_preset("test-blocks", "stage<1-3>_<R,G,B>.png")
    names = ["stage1_B.png", "stage1_R.png"]
    seq = open_sequence(names, pattern="test-blocks")
    assert (str(seq.pattern), seq.shape) == ("test-blocks", (3, 3))
    assert seq.coords["channel"].tolist() == ["R", "G", "B"]


def test_long_ranges_stay_short():
    """The pattern that travels to each worker holds a million texts."""
    seq = open_sequence(["z000007.tif"], pattern="z<000000-999999>.tif")
    assert seq.shape == (1_000_000,)
    assert len(pickle.dumps(seq.pattern)) < 2000


@given(st.integers(0, 675), st.integers(1, 5), st.integers(0, 60), st.booleans())
def test_ranges_of_letters_count_in_letters(first, step, length, upper):
    """A letter is left out, or one that is no letter comes between."""
    words = [f"{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(676)]
    words = [word.upper() for word in words] if upper else words
    expected = words[first : first + length + 1]
    assert elements(f"{expected[0]}-{expected[-1]}:{step}", "") == expected[::step]

"""Names in which a part is absent where its index would be the lowest."""

import re

import pytest

from dask_fileseq import open_sequence
from dask_fileseq.errors import NamesError
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.patterns import NamePattern

CHANNEL_AND_Z = r"img(?:_channel(?P<channel>\d+))?(?:_z(?P<z>\d+))?\.tif"


@pytest.mark.parametrize(
    ("regex", "names", "coords"),
    [
        (CHANNEL_AND_Z, ["img.tif", "img_z001.tif", "img_z002.tif"], {"z": [0, 1, 2]}),
        (
            CHANNEL_AND_Z,
            ["img.tif", "img_z001.tif", "img_channel001.tif", "img_channel001_z001.tif"],
            {"channel": [0, 1], "z": [0, 1]},
        ),
        (
            CHANNEL_AND_Z,
            ["img_channel000.tif", "img_channel000_z001.tif"],
            {"channel": [0], "z": [0, 1]},
        ),
        (CHANNEL_AND_Z, ["img_z005.tif"], {"z": [5]}),
        (
            r"MMStack_Pos(?P<p>\d)(?:_(?P<n>\d+))?\.ome\.tif",
            [f"MMStack_Pos{p}{n}.ome.tif" for p in (0, 1) for n in ("", "_1", "_2")],
            {"p": [0, 1], "n": [0, 1, 2]},
        ),
        (
            r"img(?: \((?P<n>\d+)\))?\.tif",
            ["img.tif", "img (2).tif", "img (3).tif"],
            {"n": [1, 2, 3]},
        ),
        (
            r"img(?:_t(?P<t>\d+))?\.tif",
            ["img.tif", "img_t100.tif", "img_t200.tif"],
            {"t": [0, 100, 200]},
        ),
        (
            r"(?:T(?P<t>\d+)/)?z(?P<z>\d)\.tif",
            ["/d/z1.tif", "/d/T1/z1.tif"],
            {"t": [0, 1], "z": [1]},
        ),
    ],
)
def test_absent_parts_have_the_lowest_index(regex, names, coords):
    """The first file of a series is an error, or stands behind the others."""
    for pattern in (regex, NamePattern.of_path(regex, {}, regex)):
        grid = grid_of_pattern(names, pattern, spacing="auto")
        assert {dim: values.tolist() for dim, values in grid.coords.items()} == coords
        assert grid.files_missing == 0
        again = grid_of_pattern(names, str(grid.pattern), spacing="auto")
        assert (again.dims, again.indices) == (grid.dims, grid.indices)


@pytest.mark.parametrize(
    ("regex", "names", "message"),
    [
        (
            CHANNEL_AND_Z,
            ["img.tif", "img_z002.tif", "img_z004.tif", "img_z005.tif"],
            "absent in 'img.tif', and with the lowest index in its place, 4 files do not fill",
        ),
        (
            CHANNEL_AND_Z,
            ["img.tif", "img_z001.tif", "img_channel001.tif"],
            "axis 'z' is absent in 'img.tif'|axis 'channel' is absent in 'img.tif'",
        ),
        (
            CHANNEL_AND_Z,
            ["a/img.tif", "b/img.tif", "b/img_z001.tif"],
            "3 files do not fill the cells of a grid of shape (2,)",
        ),
        (CHANNEL_AND_Z, ["img.tif", "img_z000.tif"], "finds () in 'img.tif' but ('z',) in"),
        (
            r"img(?:_(?P<c>DAPI|GFP))?\.tif",
            ["img.tif", "img_GFP.tif"],
            "finds () in 'img.tif' but ('c',) in 'img_GFP.tif'; write all axes into each name",
        ),
        (
            r"img(?:_(c)(\d))?(?:_(t)(\d))?\.tif",
            ["img_c1.tif", "img_c1_t1.tif"],
            "dims do not match",
        ),
        (r"a(?P<a>\d)(?:_(t)(\d))?\.tif", ["a1.tif", "a1_t1.tif"], "dims do not match"),
    ],
)
def test_what_makes_no_whole_grid(regex, names, message):
    """A file is guessed to be somewhere, or it is not said which part of which name is absent."""
    matches = "|".join(map(re.escape, message.split("|")))
    with pytest.raises(NamesError, match=matches):
        grid_of_pattern(names, regex)
    with pytest.raises(NamesError, match="unmatched='skip'"):
        grid_of_pattern(names, NamePattern.of_path(regex, {}, regex), spacing="auto")


def test_a_given_shape_may_have_gaps():
    """A caller who says the shape knows that files are missing."""
    names = ["img_z2.tif", "img_z4.tif", "img.tif"]
    grid = grid_of_pattern(names, r"img(?:_z(?P<z>\d+))?\.tif", shape=(5,))
    assert grid.indices == [(2,), (4,), (0,)]


def test_absent_parts_among_names_that_do_not_match():
    """The name that is shown is another one, or strays shift the indices."""
    names = ["note.txt", "img.tif", "b.txt", "img_z1.tif", "c.txt", "img_z2.tif"]
    pattern = r"img(?:_z(?P<z>\d+))?\.tif"
    seq = open_sequence(names, pattern=pattern, unmatched="skip")
    assert (seq.files, seq.indices) == (["img.tif", "img_z1.tif", "img_z2.tif"], [(0,), (1,), (2,)])
    with pytest.raises(NamesError, match=r"absent in 'img\.tif'"):
        open_sequence([*names, "img_z4.tif"], pattern=pattern, unmatched="skip")

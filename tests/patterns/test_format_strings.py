import datetime
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import open_sequence
from dask_fileseq.errors import NamesError, UnmatchedError
from dask_fileseq.grid import grid_of_pattern, parse_filenames
from dask_fileseq.patterns import as_pattern


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("{well}_t{time:04d}.tif", "/x/A01_t0012.tif", ("A01", "0012")),
        ("{well}_t{time:04d}.tif", "/x/A01_t12345.tif", ("A01", "12345")),
        ("{well}_t{time:04d}.tif", "/x/A01_t012.tif", None),
        ("{well}_t{time:04d}.tif", "/x/A01_t0012.tif.bak", None),
        ("p{plate}/{well}.tif", "/x/p7/A01.tif", ("7", "A01")),
        ("p{plate}/{well}.tif", "/x/p7/sub/A01.tif", None),
        ("p{plate}/{well}.tif", r"C:\x\p7\A01.tif", ("7", "A01")),
        ("{a:02d}{b:02d}.tif", "0102.tif", ("01", "02")),
        ("{a:d}{}.tif", "12_x.tif", ("12",)),
        ("z{z:d}.tif", "z-5.tif", ("-5",)),
        ("z{z:3d}.tif", "z 12.tif", (" 12",)),
        ("{v:.2f}um.tif", "-0.25um.tif", ("-0.25",)),
        ("{v:e}.tif", "1.5e-03.tif", ("1.5e-03",)),
        ("{c:s}.tif", "007.tif", ("007",)),
        ("{{{t:d}}}.tif", "{7}.tif", ("7",)),
        ("{t:d}/img_{t:d}.tif", "3/img_3.tif", ("3",)),
        ("{t:d}/img_{t:d}.tif", "3/img_4.tif", None),
        ("{time:%Y%m%d_%H%M}.tif", "20200723_1011.tif", ("20200723_1011",)),
        ("{time:%Y/%j}/a.tif", "2020/366/a.tif", ("2020/366",)),
        ("w{w:d}{:uuid}.tif", "w11D01380B-E7DA-4C09-A343-EDA3D235D808.tif", ("1",)),
        ("a.b+c[{t:d}].tif", "a.b+c[1].tif", ("1",)),
        ("a.b+c[{t:d}].tif", "axb+c[1].tif", None),
    ],
)
def test_fields_read_what_format_writes(pattern, name, expected):
    """A field takes too much, too little, or what is not of its type."""
    found = as_pattern(pattern).match(name)
    assert expected == (None if found is None else found[1])


@given(
    st.lists(
        st.tuples(
            st.integers(-50, 12000),
            st.text("ABCxyz-0", min_size=1, max_size=4),
            st.floats(-9, 9, allow_nan=False).map(lambda x: round(x, 2) + 0.0),
            st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2050, 1, 1)),
        ),
        min_size=1,
        max_size=8,
        unique=True,
    ),
    st.sampled_from(
        [
            "/data/{channel:s}/t{time:04d}_{dose:.2f}um_{date:%Y%m%d-%H%M}.tif",
            "{date:%Y-%m-%dT%H%M%S}/x({dose:f})_{time:d}_{channel:s}.ome.tif",
            "{{{dose:.3f}}}{time:06d}_{channel:s}/{date:%y%j%H%M}.tif",
        ]
    ),
)
def test_what_format_writes_is_read_as_it_was(rows, template):
    """A value is lost or moved from a grid to names by Python's format and back."""
    fields = ("time", "channel", "dose", "date")
    names = [template.format(**dict(zip(fields, row, strict=True))) for row in rows]
    pattern = f"format:{template}" if "(" in template else template
    grid = grid_of_pattern(names, pattern, spacing="values", duplicates="last")
    assert set(grid.dims) == set(fields)
    assert as_pattern(str(grid.pattern)) == grid.pattern
    for name, index in zip(grid.names, grid.indices, strict=True):
        found = {d: grid.coords[d][i] for d, i in zip(grid.dims, index, strict=True)}
        for dim in ("time", "dose"):
            found[dim] = found[dim].item()
        found["date"] = found["date"].astype("M8[us]").item()
        assert name == template.format(**found)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{}_{:d}.tif", "no field with a name"),
        ("{t:d}_{x.tif", "single '{'"),
        ("{t:d}_x}.tif", "single '}'"),
        ("{a}{b}.tif", "right behind another field"),
        ("{a}{}.tif", "right behind another field"),
        ("{a:d}{b:d}.tif", "right behind another field"),
        ("{a:d}0{b:d}0{c:d}0{d:d}.tif", "right behind another field"),
        ("{a}_{b:x}.tif", "unknown type 'x'"),
        ("{a}_{b c}_{t:d}.tif", "'b c', which is no name"),
        ("{t:%Y%Q}.tif", "'%Q' in a date"),
    ],
)
def test_malformed_formats_say_what_to_write(pattern, message):
    """A slip in a format string is an obscure error of re, or matches nothing."""
    with pytest.raises(NamesError, match=re.escape(message)):
        as_pattern(pattern)


def test_dates_are_coordinates():
    """Dates come as numbers or words, or at a step of nanoseconds."""
    names = [f"x_{day}.tif" for day in ("20200101", "20200117", "20200218")]
    grid = grid_of_pattern(names, "x_{date:%Y%m%d}.tif", spacing="step")
    assert grid.coords["date"].dtype == "M8[ns]"
    assert grid.coords["date"].astype("M8[D]").astype(str).tolist() == [
        "2020-01-01",
        "2020-01-17",
        "2020-02-02",
        "2020-02-18",
    ]
    assert grid.missing == [(2,)]
    for spacing in ("values", "unit"):
        assert grid_of_pattern(names, "x_{date:%Y%m%d}.tif", spacing=spacing).shape == (3,)
    hours = np.arange("2020-01-01", "2021-01-01", dtype="M8[h]").astype(str)
    year = grid_of_pattern([f"{hour}.tif" for hour in hours], "{t:%Y-%m-%dT%H}.tif", spacing="step")
    assert year.shape == (366 * 24,)
    assert (year.coords["t"].astype("M8[h]").astype(str) == hours).all()
    clock = [f"{time}.tif" for time in ("101530", "101831", "112907", "235901")]
    assert grid_of_pattern(clock, "{t:%H%M%S}.tif", spacing="step").shape == (4,)
    with pytest.raises(NamesError, match="'date' has '20201340', which is no date '%Y%m%d'"):
        grid_of_pattern(["x_20201340.tif"], "x_{date:%Y%m%d}.tif")


def test_types_hold():
    """Digits that are words become numbers, or whole numbers among floats integers."""
    words = grid_of_pattern(["007.tif", "08.tif"], "{plate:s}.tif")
    assert words.coords["plate"].tolist() == ["007", "08"]
    floats = grid_of_pattern(["1.tif", "3.tif"], "{dose:f}.tif")
    assert floats.coords["dose"].tolist() == [1.0, 3.0]
    assert floats.coords["dose"].dtype == np.float64
    assert parse_filenames(["t1.tif", "t3.tif"], "t{t:d}.tif")[1] == (3,)


def test_common_folders_take_part():
    """A folder that all names share is missing in a format string that begins with it."""
    names = ["/d/Pos0/t1.tif", "/d/Pos0/t2.tif"]
    assert parse_filenames(names, "Pos{p:d}/t{t:d}.tif")[:2] == (("p", "t"), (1, 2))
    assert parse_filenames(names[:1], "Pos{p:d}/t{t:d}.tif")[:2] == (("p", "t"), (1, 1))
    with pytest.raises(UnmatchedError, match=r"'Pos\{p:d\}/z\{t:d\}' matches none of 2 names:"):
        parse_filenames(names, "Pos{p:d}/z{t:d}")


def test_digits_between_two_numbers():
    """A constant zero between two padded numbers is what names have, and is refused."""
    names = [f"ch{c:02d}00{z:02d}.tif" for c in (0, 1) for z in range(3)]
    assert as_pattern("ch{ch:02d}00{z:02d}.tif").match(names[5]) == (("ch", "z"), ("01", "02"))
    assert open_sequence([f"a/{name}" for name in names]).shape == (2, 3)

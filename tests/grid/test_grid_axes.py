import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.errors import NamesError
from dask_fileseq.grid import grid_of_pattern, parse_filenames


def test_words_are_indices_in_natural_order():
    """Words need hand-written categories, or come in the order 1, 10, 2."""
    grid = grid_of_pattern(["A10", "A2", "A1", "A01"], r"(?P<well>\w+)")
    assert grid.coords["well"].tolist() == ["A01", "A1", "A2", "A10"]
    assert grid.indices == [(3,), (2,), (1,), (0,)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["007", "-5"], [*range(-5, 8)]),
        (["\u0661", "3"], [1, 2, 3]),
        (["0.5", "-1", "1e1", "0.50"], [-1.0, 0.5, 10.0]),
        (["nan", "1"], ["1", "nan"]),
        (["1e999", "1"], ["1", "1e999"]),
        (["99999999999999999999", "8"], ["8", "99999999999999999999"]),
        (["x", "1"], ["1", "x"]),
        (["0.12345678901234567890", "1"], ["0.12345678901234567890", "1"]),
        (["", "a"], ["", "a"]),
    ],
)
def test_axes_are_integers_else_numbers_else_words(texts, expected):
    """The values of an axis are taken for another type, or get lost."""
    names = [f"{text}_{i}" for i, text in enumerate(texts)]
    grid = grid_of_pattern(names, r"(?P<v>[^_]*)_(\d+)")
    assert expected == grid.coords["v"].tolist()


@pytest.mark.parametrize(
    "pattern",
    ["img_{tile}.tif", r"img_(?P<tile>.+)\.tif", lambda name: {"tile": name[4:-4]}],
)
def test_texts_with_an_underscore_are_words(pattern):
    """To Python, 1_0 is ten: row 1, column 0 would stand far off, or where 10 does."""
    texts = ["0_1", "1_0", "10_0", "100"]
    grid = grid_of_pattern([f"img_{text}.tif" for text in texts], pattern)
    assert grid.coords["tile"].tolist() == texts
    assert grid.shape == (4,)


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        ("unit", [10, 11, 12, 13, 14, 15, 16]),
        ("step", [10, 12, 14, 16]),
        ("values", [10, 14, 16]),
    ],
)
def test_spacing(spacing, expected):
    """Numbers have other indices than the spacing says."""
    grid = grid_of_pattern(["t10", "t16", "t14"], r"(t)(\d+)", spacing=spacing)
    assert grid.coords["t"].tolist() == expected
    assert [expected[i] for (i,) in grid.indices] == [10, 16, 14]
    assert grid_of_pattern(["t5"], r"(t)(\d+)", spacing=spacing).coords["t"].tolist() == [5]


@pytest.mark.parametrize("spacing", ["unit", "step", "values"])
def test_coords_of_a_given_shape(spacing):
    """Coordinates are shorter than the axis, or files stand elsewhere than their numbers say."""
    names = ["t4_a", "t8_b"]
    grid = grid_of_pattern(names, r"(t)(\d)_(?P<c>\w)", shape=(9, 2), spacing=spacing)
    assert grid.shape == (9, 2)
    assert grid.indices == [(4, 0), (8, 1)]
    assert grid.coords["t"].tolist() == [*range(9)]
    assert grid.coords["c"].tolist() == ["a", "b"]
    with pytest.raises(NamesError, match="does not fit"):
        grid_of_pattern(names, r"(t)(\d)_(?P<c>\w)", shape=(9, 1))
    with pytest.raises(NamesError, match="shape must be positive integers"):
        grid_of_pattern(names, r"(t)(\d)_(?P<c>\w)", shape=(9.5, 2))


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ({"a": 4, "b": 5, "z": 9}, ["a", "b"]),
        ({"a": 4, "b": 5, "B": 5}, [4, 5]),
        ({"b": 4, "a": 6}, [4, 5, 6]),
    ],
)
def test_categories_are_labels_where_each_index_has_one(category, expected):
    """Indices are labelled with the wrong word, or the words are forgotten."""
    grid = grid_of_pattern(["a", "b"], r"(?P<c>\w)", categories={"c": category}, spacing="step")
    assert grid.coords["c"].tolist() == expected
    assert [(category[name] - 4,) for name in "ab"] == grid.indices


def test_bad_categories_are_shown():
    """An unknown word, or a category without a number, has to be searched for."""
    with pytest.raises(NamesError, match="categories of 'c' do not have 'GFP', only 'DAPI'"):
        parse_filenames(["1_DAPI", "1_GFP"], r"_(?P<c>\w+)", None, {"c": {"DAPI": 0}})
    far = {"c": {"a": 0, "b": 2**50}}
    assert parse_filenames(["1_a", "1_b"], r"_(?P<c>\w+)", None, far)[1] == (2**50 + 1,)
    with pytest.raises(NamesError, match=r"categories of 'c' are not all integers.*'x'"):
        parse_filenames(["1_DAPI"], r"_(?P<c>\w+)", None, {"c": {"DAPI": "x"}})


@pytest.mark.parametrize(
    ("template", "numbers", "expected"),
    [
        ("{t:d}", [200, 500, 700, 850], [200, 500, 700, 850]),
        ("{t:d}", [n for n in range(1, 101) if n != 57], [*range(1, 101)]),
        ("{t:d}", [10, 20, 40], [10, 20, 30, 40]),
        ("{t:d}", [10, 20, 30, 50], [10, 20, 30, 40, 50]),
        ("{t:d}", [0, 1, 3], [0, 1, 2, 3]),
        ("{t:d}", [0, 1, 4], [0, 1, 2, 3, 4]),
        ("{t:d}", [0, 1, 7], [0, 1, 7]),
        ("{t:d}", [0, 1, 5], [0, 1, 2, 3, 4, 5]),
        ("{z:d}", [-3, 0, 3, 9], [-3, 0, 3, 6, 9]),
        ("{t:d}", [7], [7]),
        ("{t:d}", [5, 1000], [5, 1000]),
        ("{band:d}", [10, 20, 30, 40, 50, 70], [10, 20, 30, 40, 50, 70]),
        ("{B:d}", [1, 2, 4], [1, 2, 4]),
        ("{c:d}", [1, 3, 4], [1, 3, 4]),
        ("{w:d}", [1, 2, 4], [1, 2, 4]),
        ("{Channel:d}", [0, 2, 3], [0, 2, 3]),
        ("{wavelength:d}", [400, 410, 430], [400, 410, 430]),
        ("{angle:f}", [0.0, 1.5, 4.5], [0.0, 1.5, 4.5]),
        ("{angle}", [0.5, 1, 2], [0.5, 1.0, 2.0]),
        ("{s:s}", [1, 3], ["1", "3"]),
    ],
)
def test_what_is_filled_up(template, numbers, expected):
    """Cells that nobody has are made, or files that are lost are not missed."""
    names = [f"x{number}.tif" for number in numbers]
    grid = grid_of_pattern(names, f"x{template}.tif", spacing="auto")
    assert grid.coords[grid.dims[0]].tolist() == expected
    assert [expected[i] for (i,) in grid.indices] == [
        str(n) if template == "{s:s}" else n for n in numbers
    ]


@pytest.mark.parametrize(
    ("pattern", "texts", "expected"),
    [
        ("{v:f}", ["0.1", "0.2", "0.4"], [0.1, 0.2, 0.3, 0.4]),
        ("{v:f}", ["-0.5", "1", "2.5"], [-0.5, 1.0, 2.5]),
        ("{v:f_}", ["000_300", "000_600", "001_200"], [0.3, 0.6, 0.9, 1.2]),
        ("{v:f}", ["1e-3", "2e-3", "4e-3"], [0.001, 0.002, 0.003, 0.004]),
        ("{v:f}", ["1e3", "3e3", "4e3"], [1000.0, 2000.0, 3000.0, 4000.0]),
        ("{v:f}", ["0.1", "0.25", "77.7777"], [0.1, 0.25, 77.7777]),
        ("{v:f}", ["1e-30", "1"], [1e-30, 1.0]),
        ("{v:f}", ["1e300", "1"], [1.0, 1e300]),
        ("{v:f}", ["2.5"], [2.5]),
    ],
)
def test_regular_grids_of_numbers(pattern, texts, expected):
    """A step of a tenth is lost to rounding, or makes a grid of empty cells."""
    names = [f"x{text}.tif" for text in texts]
    grid = grid_of_pattern(names, f"x{pattern}.tif", spacing="step")
    assert grid.coords["v"].tolist() == expected
    values = [float(text.replace("_", ".")) for text in texts]
    assert [expected[i] for (i,) in grid.indices] == values
    for spacing in ("auto", "unit", "values"):
        grid = grid_of_pattern(names, f"x{pattern}.tif", spacing=spacing)
        assert grid.coords["v"].tolist() == sorted(values)


def test_dates_and_durations_are_filled_up_on_request():
    """Every second day makes empty days, or none where they are asked for."""
    names = [f"{day}.tif" for day in ("20200101", "20200103", "20200107")]
    assert grid_of_pattern(names, "{t:%Y%m%d}.tif", spacing="auto").shape == (3,)
    assert grid_of_pattern(names, "{t:%Y%m%d}.tif", spacing="step").shape == (4,)
    names = [f"{minutes}m.tif" for minutes in (15, 30, 60)]
    assert grid_of_pattern(names, "{t:%Mm}.tif", spacing="auto").shape == (3,)
    steps = grid_of_pattern(names, "{t:%Mm}.tif", spacing="step")
    assert (steps.coords["t"] / 60_000_000_000).astype(int).tolist() == [15, 30, 45, 60]


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=12, unique=True),
    st.sampled_from(["unit", "auto", "step", "values"]),
    st.sampled_from(["{t:d}", "{c:d}"]),
)
def test_no_number_is_lost_or_moved(numbers, spacing, field):
    """An index has another number than the file's name, or too many have no file."""
    if spacing in ("unit", "step"):
        numbers = [number % 1000 for number in numbers]
    names = [f"x{number}.tif" for number in dict.fromkeys(numbers)]
    grid = grid_of_pattern(names, f"x{field}.tif", spacing=spacing)
    values = grid.coords[grid.dims[0]]
    assert [f"x{values[i]}.tif" for (i,) in grid.indices] == names
    assert (np.diff(values) > 0).all()
    if spacing == "auto":
        assert len(values) <= 2 * len(names)
    if spacing == "values" or (spacing, field) == ("auto", "{c:d}"):
        assert grid.files_missing == 0

import pytest

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

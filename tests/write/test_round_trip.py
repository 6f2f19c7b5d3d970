"""What is written opens again by the same pattern to the same labels and pixels."""

import datetime
import tempfile

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import NoFilesError, open_sequence, to_files

WORDS = st.text("abcdefgh", min_size=1, max_size=4).map(lambda word: f"w{word}")
DATES = st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2100, 1, 1))
FORMATS = {
    ".tif": ["u1", "i2", "u4", "f2", "f4", "f8", "c8"],
    ".ome.tif": ["u1", "i1", "u2", "f4"],
    ".png": ["u1", "u2"],
    ".jp2": ["u1", "u2"],
    ".jxl": ["u1", "u2"],
    ".npy": ["u1", "i8", "c16", "?"],
}
SIZED = (".tif", ".ome.tif")
"""Formats that keep sizes of pixels."""


@st.composite
def axes(draw):
    """Return the field of an axis, and its labels."""
    kind = draw(st.sampled_from(["integers", "words", "dates", "floats", "durations"]))
    count = draw(st.integers(1, 4))
    if kind == "integers":
        start, step = draw(st.integers(0, 999)), draw(st.integers(1, 50))
        form = draw(st.sampled_from(["", ":d", ":04d", ":03d"]))
        return form, np.arange(start, start + step * count, step)
    if kind == "words":
        return "", np.array(draw(st.lists(WORDS, min_size=count, max_size=count, unique=True)))
    if kind == "dates":
        form = draw(st.sampled_from([":%Y%m%d", ":%Y-%m-%dT%H%M%S", ":%d%b%Y", ":%Y%j"]))
        unit = "M8[s]" if "%S" in form else "M8[D]"
        found = draw(st.sets(DATES, min_size=1, max_size=count))
        return form, np.unique(np.array([*found], unit)).astype("M8[ns]")
    if kind == "durations":
        hours = draw(st.sets(st.integers(0, 5000), min_size=1, max_size=count))
        return ":%dd%Hh", np.array(sorted(hours), "m8[h]").astype("m8[ns]")
    tenths = draw(st.sets(st.integers(-99, 999), min_size=1, max_size=count))
    return draw(st.sampled_from([":.1f", ":.2fp", ":g"])), np.array(sorted(tenths)) / 10


@given(st.data())
def test_labels_and_pixels_are_the_same(data):
    """Labels would be others, or the pixels those of other files."""
    fields = data.draw(st.lists(axes(), min_size=1, max_size=3))
    names = ["a", "b", "q"][: len(fields)]
    suffix = data.draw(st.sampled_from([*FORMATS]))
    dtype = data.draw(st.sampled_from(FORMATS[suffix]))
    size = data.draw(st.tuples(st.integers(4, 20), st.integers(4, 20)))
    shape = (*(len(labels) for _, labels in fields), *size)
    images = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    coords = {name: labels for name, (_, labels) in zip(names, fields, strict=True)}
    order = data.draw(st.permutations([*names, "y", "x"]))
    array = xr.DataArray(images, coords, [*names, "y", "x"]).transpose(*order)
    separator = data.draw(st.sampled_from(["_", "/", "__x"]))
    parts = [f"{name}{{{name}{form}}}" for name, (form, _) in zip(names, fields, strict=True)]
    pattern = separator.join(data.draw(st.permutations(parts))) + suffix
    scale = dict.fromkeys("yx", (data.draw(st.sampled_from([0.1, 0.325, 1.0, 6.5, 40.0])), "µm"))
    with tempfile.TemporaryDirectory() as folder:
        written = to_files(array, f"{folder}/{pattern}", scale=scale, workers=1)
        again = open_sequence(f"{folder}/{pattern}", spacing="values")
        for seq in (written, again):
            found = seq.to_xarray().compute()
            for name, labels in coords.items():
                assert found[name].dtype.kind == labels.dtype.kind
            expected = array.transpose(*found.dims).sel({n: found[n] for n in names})
            assert {n: len(found[n]) for n in names} == {n: len(v) for n, v in coords.items()}
            np.testing.assert_array_equal(found.values, expected.values)
            if suffix in SIZED:
                steps = np.diff(found["x"].values)
                np.testing.assert_allclose(steps, scale["x"][0], rtol=1e-5)


def test_patterns_name_files(tmp_path):
    """The pattern by which files were written would have to be cut into a folder and a pattern."""
    images = np.arange(2 * 3 * 4 * 5, dtype="u1").reshape(2, 3, 4, 5)
    pattern = tmp_path / "{{a}}" / "{well}" / "t{t:02d}.tif"
    to_files(images, pattern, coords={"well": ["A1", "B2"]})
    (tmp_path / "{a}" / "A1" / "other.tif").write_text("no image")
    seq = open_sequence(str(pattern))
    assert seq.dims == ("well", "t")
    np.testing.assert_array_equal(seq.asarray(), images)
    with pytest.raises(
        NoFilesError, match=r"no file is named so, with texts in place of \{field\}"
    ):
        open_sequence(f"{tmp_path}/{{{{a}}}}/{{well}}/z{{z:02d}}.tif")
    (tmp_path / "{t}.tif").write_bytes((tmp_path / "{a}" / "A1" / "t00.tif").read_bytes())
    assert len(open_sequence(f"{tmp_path}/{{t}}.tif")) == 1

import numpy as np
import pytest

from dask_fileseq import open_sequence
from dask_fileseq.errors import NamesError, ReadError, UnmatchedError
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.patterns import add_presets, as_pattern, presets, register_preset
from tests.helpers.shared import CONVENTIONS, PRESET_OF, stated


def with_one_time(values):
    """Return values with days, hours and minutes as one duration."""
    if "day" not in values:
        return values
    rest = {axis: value for axis, value in values.items() if axis not in ("day", "hour", "minute")}
    hours = values["day"] * 24 + values["hour"]
    return rest | {"time": np.timedelta64(hours * 60 + values["minute"], "m")}


@pytest.mark.skipif(not CONVENTIONS, reason="no file of conventions beside the repository")
@pytest.mark.parametrize("name", PRESET_OF)
def test_presets_find_the_stated_axes_and_values(name):
    """A preset finds other axes or values than the convention has."""
    (convention,) = [c for c in CONVENTIONS if c["name"] == name]
    names = convention["examples"]
    grid = grid_of_pattern([f"/data/x/{n}" for n in names], PRESET_OF[name], spacing="step")
    assert len(grid.names) == len(names)
    for example, stated_values in convention["values"].items():
        values = with_one_time(stated_values)
        index = grid.indices[names.index(example)]
        found = {d: grid.coords[d][i] for d, i in zip(grid.dims, index, strict=True)}
        assert set(values) <= set(found)
        assert all(len(grid.coords[dim]) == 1 for dim in found.keys() - values.keys())
        assert all(stated(found[dim], value) for dim, value in values.items()), found


@pytest.mark.parametrize("name", presets())
def test_a_preset_matches_its_example(name):
    """A preset is listed without a name that it matches, or not in the order of users."""
    preset = presets()[name]
    assert preset.title
    assert preset.example
    pattern = as_pattern(name)
    assert pattern.match(f"/data/{preset.example}") is not None
    assert str(pattern) == name


def test_thumbnails_and_guids_of_imagexpress():
    """Thumbnails stand in the cells of images."""
    pattern = as_pattern("imagexpress")
    image = "TimePoint_2/ZStep_3/P_E07_s1_w1E78EB128-BD0D-4D94-A6AD-3FF28BB1B105.tif"
    assert pattern.match(image) == (
        ("time", "z", "row", "column", "site", "channel"),
        ("2", "3", "E", "07", "1", "1"),
    )
    assert pattern.match("P_E07_s1_w1_thumbE78EB128-BD0D-4D94-A6AD-3FF28BB1B105.tif") is None
    assert pattern.match("TimePoint_1/P_B02_s1_w1_thumb.TIF") is None
    assert pattern.match("TimePoint_1/P_B02.TIF") == (("time", "row", "column"), ("1", "B", "02"))
    assert pattern.match("P_B02.TIF") is None  # as likely a band


def test_thumbnails_are_reported():
    """The twins that an instrument writes beside images are swallowed, or stop all work."""
    images = [f"TimePoint_{t}/P_B0{c}_s1_w1.TIF" for t in (1, 2) for c in (2, 3)]
    names = [*images, *(name.replace(".TIF", "_thumb.TIF") for name in images)]
    with pytest.raises(UnmatchedError, match=r"does not match 4 of 8 names: .*_thumb\.TIF"):
        open_sequence(names, pattern="imagexpress")
    for pattern in ("imagexpress", "infer"):
        seq = open_sequence(names, pattern=pattern, unmatched="skip")
        assert seq.files == images
        assert list(seq.unmatched) == names[4:]
        assert "unmatched: 4\n  'TimePoint_1/P_B02_s1_w1_thumb.TIF'" in seq.listing()


def test_users_add_presets(tmp_path):
    """A preset of a user's own needs changes in the package."""
    path = tmp_path / "lab.toml"
    path.write_text(
        "[lab-one]\n"
        "pattern = 'run(?P<run>\\d+)_(?P<day>\\d{8})\\.tif$'\n"
        "types = { day = '%Y%m%d', run = 'word' }\n"
        "example = 'run07_20260101.tif'\n"
        "[lab-two]\n"
        "pattern = 'x_{well}_{t:d}.tif'\n"
    )
    assert add_presets(path) == ["lab-one", "lab-two"] == add_presets(path)
    grid = grid_of_pattern(["run07_20260101.tif"], "lab-one")
    assert grid.coords["run"].tolist() == ["07"]
    assert grid.coords["day"].dtype == "M8[ns]"
    assert as_pattern("lab-two").match("x_A1_4.tif") == (("well", "t"), ("A1", "4"))
    with pytest.raises(NamesError, match="that of a preset already"):
        register_preset("lab-two", "{t:d}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nfoo = 1", "must be a table with a pattern"),
        ("a = 1", "must be a table with a pattern"),
        ("[a", "is no TOML"),
        ("[A_B]\npattern = '{t:d}'", "lower-case words"),
        ("[infer]\npattern = '{t:d}'", "lower-case words"),
        ("[abc]\npattern = '{t:d}'\nexample = 'x'", "does not match 'x'"),
        ("[abc]\npattern = '{t:d}'\ntypes = {z = 'int'}", "not its axes"),
        ("[abc]\npattern = 'abcd'", "has no groups"),
    ],
)
def test_bad_presets(tmp_path, text, message):
    """A mistake in a file of presets shows up when a sequence is opened, or never."""
    path = tmp_path / "lab.toml"
    path.write_text(text)
    with pytest.raises(NamesError, match=message):
        add_presets(path)
    with pytest.raises(ReadError, match="cannot read the presets"):
        add_presets(tmp_path / "none.toml")

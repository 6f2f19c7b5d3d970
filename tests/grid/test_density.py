"""Grids that are nearly empty: refused, or told of, where they were guessed."""

import json
import re
import warnings

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence, open_sequence, parse_filenames
from dask_fileseq.errors import GridWarning, NamesError, SparseGridError
from dask_fileseq.grid import grid_of_pattern
from tests.helpers.commands import invoke

TILES = [f"r{r}_c{c}.tif" for r in range(4) for c in range(4)]


def warnings_of(names, pattern="infer", **kwargs):
    """Return the texts of the warnings when names are opened."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seq = open_sequence(names, pattern=pattern, **kwargs)
    assert all(warning.category is GridWarning for warning in caught)
    return seq, [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("names", "count"),
    [(TILES, 0), (TILES[:11], 0), (TILES[:9] + TILES[15:], 1), (TILES[2:12:3], 1)],
)
def test_a_third_may_be_empty(names, count):
    """A grid of empty cells is opened without a word, or a tile that is lost alarms."""
    seq, found = warnings_of(names)
    assert (seq.files_missing > len(names) / 2) == (count > 0) == bool(found)
    _, again = warnings_of(names, str(seq.pattern))
    assert again == []


def test_the_warning_shows_what_is_empty_and_what_is_denser():
    """Nobody knows which axis is meant, or what to write."""
    names = [f"t{t}_z{z}.tif" for t in (0, 1, 2) for z in (0, 1, 2, 9)]
    _, found = warnings_of(names, spacing="step")
    text = (
        "pattern='infer' finds 't{t:d}_z{z:d}.tif', and 18 of the 30 cells of its grid (t 3, z 10) "
    )
    assert found == [f"{text}are empty: spacing='values' leaves 0"]
    names = [f"t{t}_z{z}.tif" for t in (0, 1, 2) for z in (0, 1, 2, 99)]
    with pytest.raises(
        SparseGridError, match=r"288 of the 300 cells .*: spacing='values' leaves 0;"
    ):
        open_sequence(names, spacing="step")
    assert warnings_of(names)[1] == []


def test_the_warning_is_about_the_users_line():
    """The line shown is one of this package, or the same warning comes for each call."""
    with pytest.warns(GridWarning) as caught:
        seq = open_sequence(TILES[2:12:3])
    assert caught[0].filename == __file__
    assert issubclass(GridWarning, UserWarning)
    with pytest.warns(GridWarning) as caught:
        TiffSequence(TILES[2:12:3], pattern="infer")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seq.isel(r=[0]), seq.listing()
        parse_filenames(TILES[2:12:3], str(seq.pattern))


def test_guesses_of_empty_grids_are_refused():
    """A product of words that nobody has is opened, with a million cells."""
    names = [f"r{i}_c{(i * 7) % 41}.tif" for i in range(40)]
    with pytest.raises(SparseGridError) as info:
        open_sequence(names)
    text = str(info.value)
    assert re.search(r"1,5\d\d of the 1,\d+ cells of its grid \(r 40, c \d\d\) are empty", text)
    assert "with pattern='r{r:d}_c{c:d}.tif' they are accepted, and pattern=None" in text
    assert isinstance(info.value, NamesError)
    explicit, found = warnings_of(names, "r{r:d}_c{c:d}.tif")
    assert (len(explicit), found) == (40, [])
    shaped = grid_of_pattern(names, "infer", shape=(60, 60))
    assert shaped.shape == (60, 60)


@pytest.mark.parametrize("command", ["show", "check", "patterns", "preview"])
def test_commands_print_one_line(tmp_path, command):
    """A command prints lines of code, nothing at all, or what is no JSON."""
    for name in TILES[2:12:3]:
        tifffile.imwrite(tmp_path / name, np.zeros((8, 8), "u1"))
    arguments = ["-o", f"{tmp_path}/out.png"] if command == "preview" else []
    result = invoke(command, tmp_path, *arguments)
    (line,) = [line for line in result.stderr.splitlines() if "Warning" in line]
    assert line.startswith("Warning: pattern='infer' finds 'r{r:d}_c{c:d}.tif', and ")
    assert ".py" not in result.output
    assert "Warning" not in result.stdout
    json.loads(invoke(command, tmp_path, *arguments, "--json").stdout)

"""What is in a folder: from the names and one header."""

import itertools
import json
import os
import tarfile
import zipfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import demo, open_sequence
from dask_fileseq.readers import count
from tests.helpers.commands import DASK, MODULE, invoke, run

PIXELS = np.zeros((4, 3), "u1")


def show(*arguments):
    return invoke("show", *arguments)


@pytest.mark.parametrize("command", [DASK, MODULE], ids=["dask", "module"])
def test_show_prints_the_grid(command, cells):
    """What stands in the names and in one header."""
    done = run(*command, "show", cells, "--pattern", demo.PATTERN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"FileSequence of 58 files in {cells}\n"
        "first       cells_t0_DAPI_z0.tif\n"
        "grid        6 x 2 x 5 = 60 cells, 2 of them empty\n"
        "  time      6: 0, 1, 2, 3, 4, 5 (9 to 10 files each)\n"
        "  channel   2: DAPI, GFP\n"
        "  z         5: 0, 1, 2, 3, 4 (11 to 12 files each)\n"
        "empty       (time 2, channel GFP, z 3), (time 4, channel DAPI, z 0)\n"
        "map         time down, channel x z across (# file, . none)\n"
        "              DAPI  GFP\n"
        "              01234 01234\n"
        "            0 ##### #####\n"
        "            1 ##### #####\n"
        "            2 ##### ###.#\n"
        "            3 ##### #####\n"
        "            4 .#### #####\n"
        "            5 ##### #####\n"
        "in a file   y 256, x 256; uint16; 128.00 kiB; LZW\n"
        "array       (6, 2, 5, 256, 256), uint16, 7.50 MiB\n"
        f"pattern     {demo.PATTERN}\n"
        f"open with   dask_fileseq.open_sequence({os.fspath(cells)!r},"
        f" pattern=r'{demo.PATTERN}')\n"
    )


def test_show_reads_one_header_and_no_pixels(cells):
    """On a slow disk with a million files it must be quick."""
    with count() as counts:
        result = show(cells, "--pattern", demo.PATTERN)
    assert result.exit_code == 0
    assert (counts.files, counts.headers, counts.bytes) == (1, 1, 0)


def test_show_infers_the_pattern(cells):
    """What it finds must be there to copy."""
    result = show(cells)
    assert "6 x 2 x 5 = 60 cells, 2 of them empty" in result.stdout
    assert "pattern     cells_t{t:d}_{channel}_z{z:d}.tif\n" in result.stdout
    assert "pattern='cells_t{t:d}_{channel}_z{z:d}.tif')" in result.stdout


def test_show_names_presets_that_also_fit(tmp_path):
    """Rows and columns may be what is wanted, and nobody knows all presets."""
    for well, plane in itertools.product(("D08", "E03", "F08"), (1, 2)):
        tifffile.imwrite(tmp_path / f"x_{well}_T0001F001L01A01Z{plane:02d}C01.tif", PIXELS)
    result = show(tmp_path)
    axes = "row, column, time, field, z, channel"
    assert f"also fits: --pattern cellvoyager ({axes})\n" in result.stdout
    told = json.loads(show(tmp_path, "--json").stdout)
    assert told["also_fits"] == {"cellvoyager": axes.split(", ")}
    for pattern in ("cellvoyager", "{well}_T{}Z{z:d}C01.tif", "none"):
        assert "also fits" not in show(tmp_path, "--pattern", pattern).stdout


def test_show_names_the_preset_that_was_taken_alone(tmp_path):
    """It fits, of course."""
    for column, plane in itertools.product((3, 4, 5), (1, 2)):
        name = f"r01c{column:02d}f01p{plane:02d}-ch1sk1fk1fl1.tiff"
        tifffile.imwrite(tmp_path / name, PIXELS)
    result = show(tmp_path)
    assert "pattern     operetta\n" in result.stdout
    assert "also fits" not in result.stdout


def test_show_without_pattern(cells):
    """The files stand in a row, and it says how to do better."""
    result = show(cells, "--pattern", "none")
    assert "58 cells, none of them empty" in result.stdout
    assert "sequence  58: 0, 1, 2, ..., 57" in result.stdout
    assert "see --pattern" in result.stdout


def test_show_takes_names_as_a_shell_expands_them(names):
    """Shells sort 10 before 2; unless asked not to, it sorts them naturally."""
    for number in (9, 100):
        tifffile.imwrite(names / f"t{number}.tif", np.zeros((4, 3), "u1"))
    files = sorted(names.iterdir())
    assert "first       t9.tif" in show(*files).stdout
    assert "open_sequence(files, pattern='t{t:d}.tif', sort=True)" in show(*files).stdout
    assert "first       t10.tif" in show("--no-sort", *files).stdout


@pytest.mark.parametrize(
    ("spacing", "cells", "missing"),
    [("unit", 31, 28), ("step", 4, 1), ("values", 3, 0), ("auto", 4, 1)],
)
def test_show_spacing(names, spacing, cells, missing):
    """As in the constructors: it makes the grid larger or smaller."""
    result = show(names / "*.tif", "--pattern", r"(t)(\d+)", "--spacing", spacing)
    assert f"{cells} cells, {missing or 'none'} of them empty" in result.stdout
    assert (f"spacing='{spacing}'" in result.stdout) == (spacing != "auto")


def test_show_tells_of_names_that_do_not_fit(names):
    """Strays are shown, and how to open without them; on request they are an error."""
    tifffile.imwrite(names / "flat.tif", np.zeros((4, 3), "u1"))
    tifffile.imwrite(names / "copy_t10.tif", np.zeros((4, 3), "u1"))
    pattern = ("--pattern", r"(t)(\d+)")
    first = show(names, *pattern)
    assert first.exit_code == 0
    (unmatched,) = [line for line in first.stdout.splitlines() if line.startswith("unmatched ")]
    assert "flat.tif" in unmatched
    (left,) = [line for line in first.stdout.splitlines() if line.startswith("left out ")]
    assert "t10.tif" in left
    assert "copy_t10.tif" in left
    assert "unmatched='skip', duplicates='first'" in first.stdout
    second = show(names, *pattern, "--unmatched", "raise")
    assert second.exit_code == 1
    assert "flat.tif" in second.stderr
    third = show(names, *pattern, "--duplicates", "raise")
    assert third.exit_code == 1
    assert "t10.tif" in third.stderr


def test_show_opens_with_what_it_says(names):
    """The line of Python must give the sequence that was shown, strays and all."""
    tifffile.imwrite(names / "flat.tif", np.zeros((4, 3), "u1"))
    result = show(names, "--pattern", "t{t:d}.tif")
    code = result.stdout.rpartition("open with   dask_fileseq.")[2]
    seq = eval(code, {"open_sequence": open_sequence})
    assert (len(seq), seq.shape, len(seq.unmatched)) == (3, (4,), 1)


def test_show_tells_what_names_say_where_the_first_file_is_broken(names):
    """One bad file must not hide the grid, and the exit code tells of it."""
    (names / "t10.tif").write_bytes(b"no TIFF")
    result = show(names)
    assert result.exit_code == 1
    assert "4 cells, 1 of them empty" in result.stdout
    assert "pattern     t{t:d}.tif" in result.stdout
    assert result.stderr.startswith("Error: cannot read ")
    assert "t10.tif" in result.stderr


def test_show_as_json(cells):
    """Programs get all labels and cells, and no text around them."""
    told = json.loads(show(cells, "--json").stdout)
    assert (told["files"], told["shape"], told["empty"]) == (58, [6, 2, 5], 2)
    assert told["axes"][1] == {
        "name": "channel",
        "size": 2,
        "labels": ["DAPI", "GFP"],
        "files": [29, 29],
    }
    assert told["empty_cells"][0] == {"t": 2, "channel": "GFP", "z": 3}
    assert told["chunk"]["compression"] == "LZW"
    assert told["array"] == {"shape": [6, 2, 5, 256, 256], "dtype": "uint16", "bytes": 7864320}
    assert told["error"] is None


def test_show_as_json_of_dates_and_of_a_broken_file(tmp_path):
    """Dates are no JSON, and an error must be data too."""
    for day in (1, 2):
        (tmp_path / f"2026010{day}.tif").touch()
    result = show(tmp_path, "--pattern", "{date:%Y%m%d}.tif", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["axes"][0]["labels"][0].startswith("2026-01-01")
    assert "20260101.tif" in told["error"]


def test_show_looks_into_a_container(names, tmp_path):
    """A pattern then is one of members."""
    archive = tmp_path / "scans.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        for path in names.glob("*.tif"):
            members.write(path, f"scan/{path.name}")
    result = show("*.tif", "--container", archive, "--pattern", r"(t)(\d+)")
    assert result.exit_code == 0, result.output
    assert f"of 3 files in {archive}" in result.stdout
    assert "(4, 4, 3), uint8" in result.stdout
    assert f"container={os.fspath(archive)!r}" in result.stdout


def test_show_lists_few_of_many(tmp_path):
    """A grid of thousands must not fill the screen."""
    for i in (0, 900):
        tifffile.imwrite(tmp_path / f"t{i}.tif", np.zeros((4, 3), "u1"))
    result = show(tmp_path, "--pattern", r"(t)(\d+)", "--spacing", "unit")
    assert "empty       (t 1 to 899)\n" in result.stdout
    assert "t         901: 0, 1, 2, ..., 900" in result.stdout


def test_show_of_a_tar_archive(cells, tmp_path):
    """It is a container as well."""
    archive = tmp_path / "cells.tar"
    with tarfile.open(archive, "w") as members:
        members.add(cells, "scan")
    result = show("scan/*.tif", "--container", archive)
    assert result.exit_code == 0, result.output
    assert f"of 58 files in {archive}" in result.stdout


def test_show_keeps_storage_options_to_itself(cells):
    """There may be passwords in them, and what it prints is pasted into notebooks."""
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in sorted(cells.iterdir())[:4]:
        memory.pipe(f"/show/{path.name}", path.read_bytes())
    result = show("memory://show/*.tif", "--storage-option", "secret=hunter2")
    memory.rm("/show", recursive=True)
    assert result.exit_code == 0, result.output
    assert "storage_options=storage_options" in result.stdout
    assert "hunter2" not in result.output
    wrong = show("memory://show/*.tif", "--storage-option", "secret")
    assert wrong.exit_code == 2
    assert "KEY=VALUE" in wrong.stderr

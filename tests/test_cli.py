import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from dask_fileseq import TiffSequence, demo
from dask_fileseq.cli import fileseq
from dask_fileseq.readers import count

MODULE = [sys.executable, "-m", "dask_fileseq"]
DASK = [sys.executable, "-m", "dask", "fileseq"]


def run(*command, **kwargs):
    return subprocess.run(
        [os.fspath(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **kwargs,
    )


def show(*arguments):
    return CliRunner().invoke(fileseq, ["show", *map(os.fspath, arguments)])


def read_by_hand(folder):
    """Return the acquisition as tifffile reads it, file by file."""
    array = np.zeros((6, 2, 5, 256, 256), np.uint16)
    paths = sorted(Path(folder).glob("*.tif"))
    for path in paths:
        t, channel, z = path.stem.removeprefix("cells_").split("_")
        array[int(t[1:]), ("DAPI", "GFP").index(channel), int(z[1:])] = tifffile.imread(path)
    return array, len(paths)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return Path(demo.write_acquisition(tmp_path_factory.mktemp("cells") / "acquisition"))


@pytest.fixture
def names(tmp_path):
    """Files of 4 by 3 pixels, ten seconds apart, one missing."""
    for number in (10, 20, 40):
        tifffile.imwrite(tmp_path / f"t{number}.tif", np.full((4, 3), number, "u1"))
    return tmp_path


# demo


@pytest.mark.parametrize("command", [DASK, MODULE], ids=["dask", "module"])
def test_demo_saves_the_projection_of_real_files(command, tmp_path):
    """Its image must be what numpy gets from the files, read with tifffile."""
    done = run(*command, "demo", tmp_path / "cells")
    assert (done.returncode, done.stderr) == (0, "")
    array, files = read_by_hand(tmp_path / "cells" / "acquisition")
    assert files == 58
    projection = tifffile.imread(tmp_path / "cells" / "projection.tif")
    np.testing.assert_array_equal(array.max(axis=2), projection)
    for told in (
        "FileSequence of 58 files",
        "6 x 2 x 5 = 60 cells, 2 of them empty",
        "DAPI, GFP",
        "(time 2, channel GFP, z 3), (time 4, channel DAPI, z 0)",
        "y 256, x 256; uint16",
        os.fspath(tmp_path / "cells" / "projection.png"),
    ):
        assert told in done.stdout


def test_demo_tells_python_that_does_the_same(tmp_path):
    """The lines that it prints must run as they are."""
    result = CliRunner().invoke(fileseq, ["demo", os.fspath(tmp_path)])
    assert result.exit_code == 0
    code = result.stdout.partition("in Python:\n")[2]
    names = {}
    exec("\n".join(line.removeprefix("  ") for line in code.splitlines()), names)
    expected = tifffile.imread(tmp_path / "projection.tif")
    np.testing.assert_array_equal(expected, names["projection"])


def test_demo_makes_a_folder_where_none_is_named(monkeypatch, tmp_path):
    """It goes to the system's place for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    result = CliRunner().invoke(fileseq, ["demo"])
    assert result.exit_code == 0
    (folder,) = tmp_path.iterdir()
    assert sorted(os.listdir(folder)) == ["acquisition", "projection.png", "projection.tif"]


def test_demo_may_run_again(tmp_path):
    """A second run into the same folder writes the same."""
    first = CliRunner().invoke(fileseq, ["demo", os.fspath(tmp_path)])
    before = (tmp_path / "projection.png").read_bytes()
    second = CliRunner().invoke(fileseq, ["demo", os.fspath(tmp_path)])
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert before == (tmp_path / "projection.png").read_bytes()


@pytest.mark.parametrize("place", [".", "acquisition"])
def test_demo_leaves_a_folder_with_other_files_alone(tmp_path, place):
    """Nobody's data may be written over, or mixed with."""
    (tmp_path / place).mkdir(exist_ok=True)
    precious = tmp_path / place / "thesis.tif"
    precious.write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(fileseq, ["demo", os.fspath(tmp_path)])
    assert result.exit_code == 1
    assert "'thesis.tif'" in result.stderr
    assert "name a new or an empty folder" in result.stderr
    assert before == sorted(tmp_path.rglob("*"))


def test_demo_does_not_take_a_file_for_a_folder(tmp_path):
    """One sentence, no traceback."""
    (tmp_path / "file").touch()
    result = CliRunner().invoke(fileseq, ["demo", os.fspath(tmp_path / "file")])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "file" in result.stderr


def test_demo_data_are_the_same_each_time(cells, tmp_path):
    """Otherwise documents that show them would differ from run to run."""
    again = Path(demo.write_acquisition(tmp_path))
    for path in cells.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_demo_data_are_what_its_documentation_says(cells):
    """LZW, strips of 32 rows, uint16; the two missing cells."""
    with tifffile.TiffFile(cells / "cells_t0_GFP_z1.tif") as tif:
        page = tif.pages.first
        assert (page.compression.name, page.rowsperstrip) == ("LZW", 32)
        assert (page.shape, page.dtype) == ((256, 256), np.uint16)
    seq = TiffSequence(os.fspath(cells), pattern=demo.PATTERN)
    assert seq.missing == list(demo.MISSING)
    assert seq.coords["channel"].tolist() == list(demo.CHANNELS)


def test_contact_sheet_shows_each_image():
    """A row for each channel and one for both, a column for each time."""
    images = np.zeros((3, 2, 8, 10), np.uint16)
    images[1, 0, 4, 5] = 1000
    sheet = demo.contact_sheet(images)
    assert (sheet.shape, sheet.dtype) == ((3 * 12, 3 * 14, 3), np.uint8)
    bright = sheet[..., 2] > 100
    assert np.argwhere(bright).tolist() == [[2 + 4, 14 + 2 + 5], [24 + 2 + 4, 14 + 2 + 5]]


# show


@pytest.mark.parametrize("command", [DASK, MODULE], ids=["dask", "module"])
def test_show_prints_the_grid(command, cells):
    """What stands in the names and in one header."""
    done = run(*command, "show", cells, "--pattern", demo.PATTERN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"FileSequence of 58 files in {cells}\n"
        "first       cells_t0_DAPI_z0.tif\n"
        "grid        6 x 2 x 5 = 60 cells, 2 of them empty\n"
        "  time      6: 0, 1, 2, 3, 4, 5\n"
        "  channel   2: DAPI, GFP\n"
        "  z         5: 0, 1, 2, 3, 4\n"
        "empty       (time 2, channel GFP, z 3), (time 4, channel DAPI, z 0)\n"
        "in a file   y 256, x 256; uint16\n"
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


def test_show_without_pattern(cells):
    """The files stand in a row, and it says how to do better."""
    result = show(cells, "--pattern", "none")
    assert "58 cells, 0 of them empty" in result.stdout
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
    ("spacing", "cells", "missing"), [("unit", 31, 28), ("step", 4, 1), ("values", 3, 0)]
)
def test_show_spacing(names, spacing, cells, missing):
    """As in the constructors: it makes the grid larger or smaller."""
    result = show(names / "*.tif", "--pattern", r"(t)(\d+)", "--spacing", spacing)
    assert f"{cells} cells, {missing} of them empty" in result.stdout
    assert (f"spacing='{spacing}'" in result.stdout) == (spacing != "step")


def test_show_skips_on_request(names):
    """What was left out is told, with the names."""
    tifffile.imwrite(names / "flat.tif", np.zeros((4, 3), "u1"))
    tifffile.imwrite(names / "copy_t10.tif", np.zeros((4, 3), "u1"))
    pattern = ("--pattern", r"(t)(\d+)")
    first = show(names, *pattern)
    assert first.exit_code == 1
    assert "flat.tif" in first.stderr
    second = show(names, *pattern, "--unmatched", "skip")
    assert second.exit_code == 1
    assert "t10.tif" in second.stderr
    third = show(names, *pattern, "--unmatched", "skip", "--duplicates", "first")
    assert third.exit_code == 0
    assert "unmatched" in third.stdout
    assert "flat.tif" in third.stdout
    assert "left out" in third.stdout
    assert "unmatched='skip', duplicates='first'" in third.stdout


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
    assert "(t 5) and 894 more" in result.stdout
    assert "t         901: 0, 1, 2, ..., 900" in result.stdout


def mistakes():
    yield "no file", ["show", "nowhere/*.tif"], 1, "no files found"
    yield "malformed", ["show", "{}", "--pattern", "(t"], 1, "malformed"
    yield "no groups", ["show", "{}", "--pattern", "t"], 1, "no groups"
    yield "no match", ["show", "{}", "--pattern", r"(z)(\d+)"], 1, "matches none of 3 names"
    yield "no zip", ["show", "*", "--container", "nowhere.zip"], 1, "nowhere.zip"
    yield "not a zip", ["show", "*", "--container", "{}/t10.tif"], 1, "t10.tif"
    yield "not a tiff", ["show", __file__], 1, os.path.basename(__file__)
    yield "choice", ["show", "{}", "--spacing", "wide"], 2, "wide"
    yield "nothing", ["show"], 2, "FILES"
    yield "no such command", ["shew"], 2, "shew"


@pytest.mark.parametrize(
    ("arguments", "code", "text"), [pytest.param(*m[1:], id=m[0]) for m in mistakes()]
)
def test_a_mistake_is_one_sentence(names, arguments, code, text):
    """No traceback, but what is wrong, and an exit code that scripts see."""
    arguments = [argument.format(names) for argument in arguments]
    result = CliRunner().invoke(fileseq, arguments)
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert text in error
    assert result.stderr.endswith(f"{error}\n")


def test_a_mistake_has_an_exit_code_under_dask(names):
    """The same through a real process."""
    done = run(*DASK, "show", names, "--pattern", "(t")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: pattern '(t' is malformed")
    assert done.stderr.count("\n") == 1


# how it lives with dask and the shell


def test_dask_itself_does_not_warn():
    """An entry point that fails to import would warn on each of dask's commands."""
    script = Path(sys.executable).with_name("dask")
    done = run(*([script] if script.exists() else DASK[:-1]), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "fileseq" in done.stdout


def test_help_has_examples():
    """Each command says what it does, by example."""
    for command in ("demo", "show"):
        result = CliRunner().invoke(fileseq, [command, "--help"])
        assert result.exit_code == 0
        assert f"\n    dask fileseq {command} " in result.stdout
        assert "\b" not in result.stdout
        assert "\\b" not in result.stdout


def test_interrupt_ends_without_traceback(monkeypatch, tmp_path):
    """Ctrl-C is not an error of the program."""

    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "write_acquisition", interrupted)
    result = CliRunner().invoke(fileseq, ["demo", os.fspath(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.strip() == "Aborted!"


def test_interrupt_of_a_process_is_clean(tmp_path):
    """A real signal in the middle of the work, with threads of dask about."""
    code = (
        "import signal, sys\n"
        "from dask_fileseq import cli, demo\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # may be ignored by a parent
        "demo.save_projection = lambda *_: signal.raise_signal(signal.SIGINT)\n"
        "cli.fileseq(['demo', sys.argv[1]])\n"
    )
    done = run(sys.executable, "-c", code, tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "Aborted!")
    assert len(os.listdir(tmp_path / "acquisition")) == 58


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_closed_pipe_is_no_error(names):
    """``dask fileseq show ... | head -1`` must not print a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*MODULE, "show", os.fspath(names)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writer)
    assert done.stderr == b""

"""How the commands live with dask, the shell, and mistakes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import dask_fileseq
from dask_fileseq import demo
from dask_fileseq.cli.group import COMMANDS
from tests.helpers.commands import DASK, MODULE, invoke, run, settle


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
    result = invoke(*arguments)
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


def test_dask_itself_does_not_warn():
    """An entry point that fails to import would warn on each of dask's commands."""
    script = Path(sys.executable).with_name("dask")
    done = run(*([script] if script.exists() else DASK[:-1]), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "fileseq" in done.stdout


def test_help_has_examples():
    """Each command says what it does, by example."""
    for command in COMMANDS:
        result = invoke(command, "--help")
        assert result.exit_code == 0
        assert f"\n    dask fileseq {command} " in result.stdout
        assert "\b" not in result.stdout
        assert "\\b" not in result.stdout


def test_it_tells_its_version():
    """Reports of faults need it."""
    assert invoke("--version").stdout == f"dask-fileseq {dask_fileseq.__version__}\n"


def test_interrupt_ends_without_traceback(monkeypatch, tmp_path):
    """Ctrl-C is not an error of the program."""

    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "write_acquisition", interrupted)
    result = invoke("demo", tmp_path)
    assert result.exit_code == 130
    assert result.stderr.strip() == "Interrupted."


@pytest.mark.slow
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
    assert (done.returncode, done.stderr.strip()) == (130, "Interrupted.")
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


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.skipif(os.name == "nt", reason="names are text there")
@pytest.mark.parametrize("command", ["show", "show --json", "check", "report -o {out}.html"])
def test_names_that_are_no_text(tmp_path, command):
    """Names of old disks would end it, for a terminal takes text alone."""
    folder = tmp_path / "files"
    folder.mkdir()
    try:
        for t in range(2):
            tifffile.imwrite(folder / os.fsdecode(b"a\xff_t%d.tif" % t), np.zeros((4, 3), "u1"))
    except OSError:
        pytest.skip("this file system takes text alone")
    settle(folder)
    arguments = command.format(out=tmp_path / "out").split()
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = run(*MODULE, arguments[0], folder, *arguments[1:], env=strict)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_interrupt_of_a_check_is_clean(tmp_path):
    """Threads are in the middle of reading pixels."""
    first = tmp_path / "t0.tif"
    tifffile.imwrite(first, np.zeros((1000, 1000), np.uint16), compression="deflate")
    for number in range(1, 300):
        shutil.copy(first, tmp_path / f"t{number}.tif")
    code = (
        "import os, signal, sys, threading, time\n"
        "from dask_fileseq import cli\n"
        "from dask_fileseq.check import inspection\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "read = inspection.read_whole\n"
        "def reading(*arguments):\n"
        "    read(*arguments)\n"
        "    started.set()\n"
        "started = threading.Event()\n"
        "inspection.read_whole = reading\n"
        "def interrupt():\n"
        "    started.wait()\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt, daemon=True).start()\n"
        "cli.fileseq(['check', sys.argv[1], '--pixels'])\n"
    )
    done = run(sys.executable, "-c", code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
@pytest.mark.parametrize("plain", [False, True], ids=["colour", "NO_COLOR"])
def test_colours_only_on_a_terminal_that_wants_them(names, plain):
    """Escape codes in files and pipes are a nuisance; NO_COLOR is a promise."""
    import pty

    (names / "t20.tif").write_bytes(b"")
    settle(names)
    main, side = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"}
    process = subprocess.Popen(
        [*MODULE, "check", os.fspath(names)],
        stdout=side,
        stderr=subprocess.DEVNULL,
        env=environment | ({"NO_COLOR": "1"} if plain else {}),
    )
    process.wait(60)
    os.close(side)
    output = os.read(main, 100_000)
    os.close(main)
    assert b"empty" in output
    assert (b"\x1b[" in output) is not plain
    piped = run(*MODULE, "check", names)
    assert "\x1b[" not in piped.stdout + piped.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
def test_progress_shows_on_a_terminal_and_nowhere_else(tmp_path):
    """A bar, or a colour, in a file is noise, and no bar on a terminal looks like a hang."""
    import pty

    for number in range(50):
        tifffile.imwrite(tmp_path / f"t{number}.tif", np.zeros((4, 3), "u1"))
    settle(tmp_path)
    main, side = pty.openpty()
    process = subprocess.Popen(
        [*MODULE, "check", os.fspath(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=side,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
    )
    out, _ = process.communicate(timeout=60)
    os.close(side)
    told = os.read(main, 100_000).decode("utf-8")
    os.close(main)
    assert "checking" in told
    assert out == b"50 files, each header read: all is well\n"
    assert run(*MODULE, "check", tmp_path).stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["show", "{}"],
        ["check", "{}"],
        ["preview", "{}", "-o", "{}.png"],
        ["report", "{}", "-o", "{}.html"],
        ["convert", "{}", "{}.zarr"],
        ["write", "{0}", "{0}.files/{{name}}"],
        ["serve", "{}", "--for", "0.01"],
        ["patterns", "{}"],
        ["demo", "{}.demo"],
    ],
    ids=COMMANDS,
)
def test_each_command_prints_json(names, command):
    """Programs read all of standard output."""
    result = invoke(*[part.format(names) for part in command], "--json")
    assert result.exit_code == (command[0] == "check")  # a time is missing
    assert isinstance(json.loads(result.stdout), dict)

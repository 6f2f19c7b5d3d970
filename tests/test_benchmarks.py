"""The benchmark runs; what it measures is no matter here."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "benchmarks"


def compare(*arguments):
    return subprocess.run(
        [sys.executable, FOLDER / "compare.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run two small cases; returns the process, what it wrote, and where its data are."""
    folder = tmp_path_factory.mktemp("compare")
    options = ["--files", 8, "--repeats", 1, "--data", folder / "data", "--json", folder / "j"]
    done = compare("--case", "small", "--case", "open-names", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done, json.loads((folder / "j").read_text()), folder / "data"


def test_this_project_and_tifffile_are_timed_on_equal_results(run):
    """A contender that fails or gives other pixels would be compared all the same."""
    _, found, _ = run
    assert [case["case"] for case in found["cases"]] == ["small", "open-names"]
    for contender in found["cases"][0]["measured"]:
        if contender["kind"] != "peer" or contender["name"].startswith("tifffile"):
            assert contender["state"] == "ok"
            assert len(contender["values"]) == 1
        else:  # peers that the tests do not install
            assert contender["state"] in ("ok", "not installed")


def test_thresholds_are_shown_beside_what_was_measured(run):
    """A row without its threshold, or with another's, says nothing."""
    done, found, _ = run
    goals = {goal["label"]: goal for case in found["cases"] for goal in case["goals"]}
    assert goals["asarray(), the best tifffile"]["needed"] == ">= 12x"
    assert goals["asarray(), the best tifffile"]["measured"] > 0
    assert goals["peak memory above the list"]["verdict"] == "met"
    assert done.stdout.count(">= 12x") == 2  # with its case and in the table of all


def test_data_are_made_once_and_are_whole(run):
    """Half-made data of a run that was stopped would be taken for all of it."""
    _, _, data = run
    assert [path.name for path in data.iterdir()] == ["small-8-v1"]
    assert len(list(data.glob("*/*.tif"))) == 8


def test_cases_are_listed():
    """All rows of the table can be run by name."""
    names = [line.split()[0] for line in compare("--list").stdout.splitlines()]
    assert len(names) == len(set(names)) == 28 + bool(find_spec("napari"))
    some = {"small", "crop-tiles", "cluster", "out-of-core", "open-folder", "write-512-raw"}
    assert some | {"far-crop", "far-zip", "pixel-raw"} <= set(names)


@pytest.mark.network
def test_requests_of_files_far_away_are_counted(tmp_path):
    """A change that asks twice for each file would be seen as nothing but slower."""
    options = ["--files", 6, "--repeats", 1, "--data", tmp_path / "data", "--json", tmp_path / "j"]
    done = compare("--case", "far-small", "--case", "far-zip", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    for case in json.loads((tmp_path / "j").read_text())["cases"]:
        measured = {m["name"]: m for m in case["measured"]}
        assert len(measured["seq.asarray()"]["cpu"]) == 1
        assert 0 < measured["requests a file"]["median"] < 2


def test_pytest_leaves_the_benchmark_alone(pytestconfig):
    """Collecting it would import its modules, and the peers, into the tests."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", FOLDER],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no tests collected" in done.stdout

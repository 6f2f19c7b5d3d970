"""The presets by name, and those that fit."""

import json

from dask_fileseq.patterns import presets
from tests.helpers.commands import invoke


def test_patterns_lists_each_preset_with_an_example():
    """What a user compares with the names of his own files."""
    result = invoke("patterns")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for name, preset in presets().items():
        at = lines.index(name)
        assert lines[at + 1 : at + 3] == [f"  {preset.title}", f"  {preset.example}"]
    assert json.loads(invoke("patterns", "--json").stdout).keys() == presets().keys()


def named(folder, *names):
    for name in names:
        (folder / name).touch()
    return folder


def test_patterns_that_fit(tmp_path):
    """Of a plate, its own preset and what the names say; nothing else."""
    names = [
        f"r01c{c:02d}f01p{p:02d}-ch1sk1fk1fl1.tiff" for c in (1, 2) for p in (1, 2, 3) if c + p < 5
    ]
    result = invoke("patterns", named(tmp_path, *names), "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["files"]) == (0, 5)
    (fit,) = told["presets"]
    assert fit["name"] == "operetta"
    assert fit["axes"] == {"row": 1, "column": 2, "field": 1, "z": 3, "channel": 1, "time": 1}
    assert (fit["files"], fit["empty"]) == (5, 1)
    assert told["inferred"]["pattern"] == "operetta"
    assert told["inferred"]["axes"] == fit["axes"]
    shown = invoke("patterns", tmp_path).stdout
    assert "operetta: 5 of 5 files; row 1, column 2" in shown
    assert f"pattern {told['inferred']['pattern']}" in shown


def test_patterns_says_why_inference_refuses(tmp_path):
    """Both readings, or the reason."""
    result = invoke("patterns", named(tmp_path, "a.tif"))
    assert result.exit_code == 0
    assert "no preset fits" in result.stdout
    assert "infer: " in result.stdout


def test_patterns_explains_the_names(tmp_path):
    """Who doubts what was inferred wants to know why."""
    named(tmp_path, *(f"run_t{t}_{c}.tif" for t in range(3) for c in ("WT", "KO")), "notes.tif")
    result = invoke("patterns", tmp_path, "-v")
    assert result.exit_code == 0
    assert "'KO'     axis label: words, 2 texts ('KO', 'WT'); no known words" in result.stdout
    assert "not matched: 1, " in result.stdout
    assert "fields" not in invoke("patterns", tmp_path).stdout
    told = json.loads(invoke("patterns", tmp_path, "--verbose", "--json").stdout)
    assert told["explanation"] in result.stdout


def test_patterns_explains_what_inference_refuses(tmp_path):
    """The question needs the fields that it is about."""
    days = (f"IMG_{day:02d}{month:02d}2020.tif" for day in (1, 2, 3) for month in (4, 5, 6))
    result = invoke("patterns", named(tmp_path, *days), "-v")
    assert result.exit_code == 0
    assert "'{date:%m%d%Y}'" in result.stdout
    assert "'01042020'  maybe axis" in result.stdout


def test_patterns_of_ones_own(tmp_path):
    """A file of presets is used as if they were part of the package."""
    toml = tmp_path / "mine.toml"
    toml.write_text('[lab-cli-test]\npattern = "{plate}/{well}_{n:d}.tif"\n')
    folder = tmp_path / "p1"
    folder.mkdir()
    named(folder, "A01_1.tif", "A02_1.tif")
    result = invoke("patterns", "--presets", toml, folder)
    assert result.exit_code == 0
    assert "lab-cli-test: 2 of 2 files; plate 1, well 2, n 1" in result.stdout
    shown = invoke("show", folder, "--pattern", "lab-cli-test")
    assert "2 cells, none of them empty" in shown.stdout
    missing = invoke("patterns", "--presets", tmp_path / "none.toml")
    assert missing.exit_code == 1
    assert "none.toml" in missing.stderr

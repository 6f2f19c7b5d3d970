"""Zarr from the command line: what the API writes, and how it ends."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
import zarr

from dask_fileseq import FillWarning, open_sequence
from dask_fileseq.headers import confirmation
from tests.helpers.commands import MODULE, invoke, run


def test_convert_writes_what_the_files_hold(cells, tmp_path):
    """Equal to reading them, labels and all."""
    out = tmp_path / "cells.zarr"
    result = invoke("convert", cells, out)
    assert result.exit_code == 0, result.output
    first, *rest = result.stdout.splitlines()
    assert first.startswith("t 6, channel 2 (DAPI, GFP), z 5; 58 files, 2 empty, ")
    assert rest[0] == (
        "no file will fail, by the sizes of all 58 files and the headers of all 58 files"
    )
    assert rest[1:] == [str(out), "58 files, 2 empty cells; all compared with the files"]
    array = zarr.open_array(out, path="image", mode="r")
    np.testing.assert_array_equal(open_sequence(os.fspath(cells)).asarray(), array[...])
    assert array.metadata.dimension_names == ("t", "channel", "z", "y", "x")


def test_convert_takes_the_options_of_the_api(cells, tmp_path):
    """Chunks, shards, codecs, verification."""
    out = tmp_path / "cells.zarr"
    options = ["--chunks", "y=64,x=128", "--shards", "none", "--codecs", "zstd", "--verify", "all"]
    result = invoke("convert", cells, out, *options, "--json")
    assert result.exit_code == 0, result.output
    manifest = json.loads(result.stdout)
    assert manifest["verified"]["how"] == "all"
    array = zarr.open_array(out, path="image", mode="r")
    assert array.chunks[-2:] == (64, 128)
    assert array.shards is None
    assert [type(codec).__name__ for codec in array.compressors] == ["ZstdCodec"]


def test_convert_to_ome_zarr_by_the_name_of_the_target(cells, tmp_path):
    """With steps along axes, and a pyramid."""
    out = tmp_path / "cells.ome.zarr"
    options = ["--scale", "z=0.5um,y=0.1um,x=0.1um", "--levels", "2", "--name", "cells"]
    assert invoke("convert", cells, out, *options).exit_code == 0
    multiscale = zarr.open_group(out, mode="r").attrs["ome"]["multiscales"][0]
    assert len(multiscale["datasets"]) == 2
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale[-3:] == [0.5, 0.1, 0.1]


def test_convert_lays_tiles_edge_to_edge(tmp_path):
    """A mosaic is told by the names of its axes."""
    for row, column in np.ndindex(2, 3):
        image = np.full((8, 6), 10 * row + column, np.uint8)
        tifffile.imwrite(tmp_path / f"t1_row{row}_col{column}.tif", image)
    out = tmp_path / "mosaic.zarr"
    pattern = ("--pattern", "t1_row{row:d}_col{column:d}.tif")
    result = invoke("convert", tmp_path, out, *pattern, "--axestiled", "row=y,column=x")
    assert result.exit_code == 0, result.output
    expected = np.repeat(np.repeat([[0, 1, 2], [10, 11, 12]], 8, 0), 6, 1)
    np.testing.assert_array_equal(expected, zarr.open_array(out, path="image", mode="r")[...])
    wrong = invoke("convert", tmp_path, out, *pattern, "--axestiled", "line=y")
    assert wrong.exit_code == 1
    assert "there is no stack axis 'line'" in wrong.stderr
    assert "the axes are 'row', 'column'" in wrong.stderr


def test_convert_again_is_no_work_and_other_options_are_an_error(cells, tmp_path):
    """Nothing is written over unless it is asked for, by the name of the option."""
    out = tmp_path / "cells.zarr"
    assert invoke("convert", cells, out).exit_code == 0
    assert invoke("convert", cells, out).exit_code == 0
    other = invoke("convert", cells, out, "--chunks", "64")
    assert other.exit_code == 1
    assert "--overwrite" in other.stderr
    assert invoke("convert", cells, out, "--chunks", "64", "--overwrite").exit_code == 0
    assert zarr.open_array(out, path="image", mode="r").chunks[-1] == 64


def test_convert_is_strict_about_names_and_files(cells, tmp_path):
    """A copy that silently lacks files would be trusted for years."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in sorted(cells.iterdir())[:6]:
        (folder / path.name).write_bytes(path.read_bytes())
    tifffile.imwrite(folder / "overview.tif", np.zeros((4, 4), "u1"))
    pattern = ("--pattern", "cells_t{t:d}_{channel}_z{z:d}.tif")
    stray = invoke("convert", folder, tmp_path / "a.zarr", *pattern)
    assert stray.exit_code == 1
    assert "overview.tif" in stray.stderr
    assert "--unmatched skip" in stray.stderr
    broken = sorted(folder.glob("cells*"))[3]
    broken.write_bytes(b"no TIFF")
    options = (*pattern, "--unmatched", "skip")
    failed = invoke("convert", folder, tmp_path / "b.zarr", *options)
    assert failed.exit_code == 1
    assert broken.name in failed.stderr


@pytest.mark.filterwarnings("ignore::dask_fileseq.FillWarning")
def test_convert_tells_of_files_that_became_the_fill_value(cells, tmp_path):
    """It is done, but the exit code says that not all is well."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in sorted(cells.iterdir())[:6]:
        (folder / path.name).write_bytes(path.read_bytes())
    broken = sorted(folder.iterdir())[3]
    broken.write_bytes(b"no TIFF")
    result = invoke("convert", folder, tmp_path / "a.zarr", "--errors", "fill", "--fillvalue", "7")
    assert result.exit_code == 1
    assert broken.name in result.stdout
    assert "1 file could not be read" in result.stdout
    assert (zarr.open_array(tmp_path / "a.zarr", path="image", mode="r")[...] == 7).any()


@pytest.mark.parametrize("target", ["a.zarr", "a.ome.zarr"])
@pytest.mark.parametrize(
    ("given", "expected", "dtype"),
    [((), -9, "i2"), (("nodata",), -9, "i2"), (("nan",), np.nan, "f4"), (("-3",), -3, "i2")],
)
def test_convert_fills_empty_cells(tmp_path, target, given, expected, dtype):
    """With the nodata value that the files declare, unless another one is asked for."""
    for t in (1, 2, 4):
        nodata = [(42113, "s", 0, "-9", True)]
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((8, 6), t, "i2"), extratags=nodata)
    options = ("--fillvalue", *given) if given else ()
    result = invoke("convert", tmp_path, tmp_path / target, "--spacing", "unit", *options)
    assert result.exit_code == 0, result.output
    path = "0" if "ome" in target else "image"
    array = zarr.open_array(tmp_path / target, path=path, mode="r")
    np.testing.assert_array_equal(array[:, 0, 0], np.array([1, 2, expected, 4], dtype), strict=True)


def test_convert_says_which_fill_values_there_are(tmp_path):
    """A word that is none of them."""
    tifffile.imwrite(tmp_path / "t1.tif", np.ones((8, 6), "u1"))
    result = invoke("convert", tmp_path, tmp_path / "a.zarr", "--fillvalue", "none")
    assert result.exit_code == 2
    assert "'none' is neither a number, auto, nodata nor nan" in result.stderr


def usages():
    yield ["--scale", "z=2"], "--format ome-zarr"
    yield ["--chunks", "big"], "--chunks"
    yield ["--scale", "z=fast", "--format", "ome-zarr"], "--scale"
    yield ["--axes", "s", "--format", "ome-zarr"], "--axes"
    yield ["--memory-limit", "1GiB"], "--scheduler local"
    yield ["--scheduler", "cloud"], "--scheduler"
    yield ["--scheduler", "sync", "--workers", "2"], "--workers"
    yield ["--scheduler", "tcp://127.0.0.1:8786", "--workers", "2"], "--workers"
    yield ["--target-option", "key"], "--target-option"


@pytest.mark.parametrize(("options", "text"), list(usages()))
def test_wrong_usage_of_convert(cells, tmp_path, options, text):
    """Exit code 2, the option, and nothing written."""
    result = invoke("convert", cells, tmp_path / "out.zarr", *options)
    assert result.exit_code == 2
    assert text in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.cluster
def test_convert_on_a_local_cluster(cells, tmp_path):
    """Two processes with a limit of memory each."""
    out = tmp_path / "cells.zarr"
    options = ["--scheduler", "local", "--workers", "2", "--memory-limit", "1GiB"]
    done = run(*MODULE, "convert", cells, out, *options)
    assert done.returncode == 0, done.stderr
    expected = open_sequence(os.fspath(cells)).asarray()
    np.testing.assert_array_equal(expected, zarr.open_array(out, path="image", mode="r")[...])


@pytest.fixture(scope="module")
def many_files(tmp_path_factory):
    """Write files that take some seconds to convert; returns their folder."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("files")
    for number in range(24):
        image = rng.integers(0, 999, (600, 600), np.uint16)
        tifffile.imwrite(folder / f"t{number}.tif", image, compression="deflate")
    return folder


def conversion(files, out, *options):
    """Return the command that converts in many small steps."""
    steps = ["--memory", "1 MiB", "--shards", "none"]
    return [*MODULE, "convert", os.fspath(files), os.fspath(out), *steps, *options]


@pytest.mark.cluster
def test_convert_whose_worker_dies_says_so(many_files, tmp_path):
    """What kills them is mostly a lack of memory, of which no traceback would tell."""
    out = tmp_path / "out.zarr"
    command = conversion(many_files, out, "--scheduler", "processes", "--workers", "2")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(out.rglob("c/*/*/*")):
        time.sleep(0.02)
    children = psutil.Process(process.pid).children()
    next(child for child in children if "spawn_main" in " ".join(child.cmdline())).kill()
    _, told = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Error: a worker died, mostly for want of memory" in told
    assert "Traceback" not in told


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("when", ["on threads", "on workers", "as workers start"])
def test_convert_interrupted_goes_on(many_files, tmp_path, when):
    """Ctrl-C reaches all processes of the terminal: one line, code 130, and then the rest."""
    cluster = [] if when == "on threads" else ["--scheduler", "local", "--workers", "2"]
    out = tmp_path / "out.zarr"
    command = conversion(many_files, out)
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a parent may ignore it
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command[1:], *cluster],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    begun = psutil.Process(process.pid)
    while process.poll() is None and not list(out.rglob("c/*/*/*")):
        if when == "as workers start" and begun.children(recursive=True):
            break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert told.splitlines()[-2:] == [
        "The same command goes on where this one stopped.",
        "Interrupted.",
    ]
    assert invoke(*command[len(MODULE) :]).exit_code == 0  # another process takes longer to start
    np.testing.assert_array_equal(
        open_sequence(os.fspath(many_files)).asarray(),
        zarr.open_array(out, path="image", mode="r")[...],
    )


def test_convert_prints_what_it_will_do(tmp_path):
    """A wrong guess about axes or pixels is seen before hours of work, and not after."""
    plate, out = tmp_path / "plate", tmp_path / "plate.ome.zarr"
    plate.mkdir()
    rng = np.random.default_rng(0)
    for well, field, channel in itertools.product(("A01", "B02"), (1, 2, 3), ("GFP", "RFP")):
        if (well, field) != ("B02", 3):
            data = rng.integers(0, 2**12, (64, 64), "u2")
            name = plate / f"{well}_f{field}_{channel}.tif"
            tifffile.imwrite(name, data, resolution=(1 / 0.65, 1 / 0.65), imagej=True,
                             metadata={"unit": "um"}, resolutionunit=1)  # fmt: skip
    pattern = ["--pattern", "{well}_f{field:d}_{channel}.tif"]
    result = invoke("convert", plate, out, *pattern, "--dry-run")
    assert result.exit_code == 0, result.output
    expected = r"wells 2, fields 2 to 3, c 2 \(GFP, RFP\); 0.65 um a pixel \(ImageJ\); 10 files, 2 empty, 80 kiB to about ([\d.]+) kiB, 5 images\nno file will fail, by the sizes of all 10 files and the headers of all 10 files\n"  # noqa: E501
    found = re.fullmatch(expected, result.stdout)
    assert found, result.stdout
    assert not out.exists()
    result = invoke("convert", plate, out, *pattern)
    assert result.stdout.startswith(found[0])
    stored = sum(p.stat().st_size for p in out.rglob("c/**/*") if p.is_file())
    assert 0.8 < float(found[1]) * 1024 / stored < 1.25
    summary = json.loads(invoke("convert", plate, out, *pattern, "--dry-run", "--json").stdout)
    assert summary["axes"] == {"wells": 2, "fields": 3, "c": 2}
    assert (summary["files"], summary["empty"], summary["images"]) == (10, 2, 5)
    assert (summary["failing"], summary["looked_at"]) == ([], {"sizes": 10, "headers": 10})


@pytest.mark.parametrize("name", ["a.zarr", "a.ome.zarr"])
def test_convert_foresees_files_that_will_fail(tmp_path, name, monkeypatch):
    """An hour later, the conversion fails at a file that was empty from the start."""
    scans, out = tmp_path / "scans", tmp_path / name
    scans.mkdir()
    for t in range(9):
        tifffile.imwrite(scans / f"t{t}.tif", np.full((8, 9), t, "u2"))
    (scans / "t3.tif").write_bytes(b"")
    (scans / "t5.tif").write_bytes((scans / "t5.tif").read_bytes()[:-40])
    tifffile.imwrite(scans / "t7.tif", np.zeros((8, 9), "u1"))
    plain = invoke("convert", scans, out, "--dry-run")
    line = plain.stdout.splitlines()[1]
    assert line.startswith("3 files will fail, by the sizes of all 9 files and the headers of all")
    assert "t3.tif': it has no bytes; also " in line
    assert re.search(r"t5\.tif'.*t7\.tif'", line)
    summary = json.loads(invoke("convert", scans, out, "--dry-run", "--json").stdout)
    reasons = {Path(each["file"]).name: each["error"] for each in summary["failing"]}
    assert list(reasons) == ["t3.tif", "t5.tif", "t7.tif"]
    assert "truncated" in reasons["t5.tif"]
    assert reasons["t7.tif"] == "it has shape and type (8, 9) uint8, not (8, 9) uint16"
    with pytest.warns(FillWarning):
        manifest = open_sequence(scans).to_zarr(tmp_path / "b.zarr", errors="fill", progress=False)
    assert [Path(each["file"]).name for each in manifest["failed"]] == list(reasons)
    fill = ["convert", scans, out, "--dry-run", "--errors", "fill"]
    assert "3 files will be filled, by" in invoke(*fill).stdout
    monkeypatch.setattr(confirmation, "MOST_FILES", 5)
    monkeypatch.setattr(confirmation, "SAMPLE", 3)  # t0, t4, t8
    tifffile.imwrite(scans / "t1.tif", np.ones((8, 9), "u2"))  # or headers are known
    few = "1 file will be filled, by the sizes of all 9 files and the headers of 3 files"
    assert few in invoke(*fill).stdout


@pytest.mark.parametrize("name", ["a.zarr", "a.ome.zarr"])
def test_convert_warns_once_of_headers(tmp_path, name):
    """The same sentence is twice on the terminal."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for t in range(3):
        args = {"metadata": {"unit": "um"}, "resolution": (1 + t // 2, 1 + t // 2)}
        tifffile.imwrite(scans / f"t{t}.tif", np.zeros((8, 9), "u2"), imagej=True, **args)
    result = invoke("convert", scans, tmp_path / name)
    assert result.exit_code == 0, result.output
    assert result.output.count("do not agree") == 1


@pytest.mark.parametrize(
    ("size", "steps", "text"),
    [
        ("0.65um", [1, 0.65, 0.65], "0.65 um a pixel (given)"),
        ("z=2um,y=650 nm,x=650nm", [2, 650, 650], "650 nm a pixel (given), z 2 um (given)"),
        ("x=0.5µm", [1, 0.25, 0.5], "y 0.25 um (OME), x 0.5 um (given)"),
        (None, [1, 0.25, 0.75], "y 0.25 um (OME), x 0.75 um (OME)"),
    ],
)
def test_convert_prints_the_size_of_pixels_and_takes_another(tmp_path, size, steps, text):
    """That of the header may be of a camera, not of the object."""
    out = tmp_path / "o.ome.zarr"
    metadata = {"axes": "YX", "PhysicalSizeX": 0.75, "PhysicalSizeY": 0.25}
    for z in range(2):
        data = np.zeros((8, 8), "u1")
        tifffile.imwrite(tmp_path / f"z{z}.ome.tif", data, metadata=metadata)
    option = [] if size is None else ["--pixel-size", size]
    result = invoke("convert", tmp_path, out, "--pattern", "z{z:d}.ome.tif", *option)
    assert f"; {text}; 2 files" in result.stdout
    multiscale = zarr.open_group(out, mode="r").attrs["ome"]["multiscales"][0]
    assert multiscale["datasets"][0]["coordinateTransformations"][0]["scale"] == steps


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("0.65", "pixel_size='0.65' is no size with its unit such as '0.65um'"),
        ("t=2s", "pixel_size='t=2s' is no size"),
        ("2 s", "the unit 's' for 'y', which is none of length"),
        ("q=2um", "pixel_size='q=2um' is no size"),
    ],
)
def test_sizes_that_are_none_are_errors(tmp_path, size, message):
    """A pixel of 0.65 of nothing would be one of 0.65 of anything."""
    tifffile.imwrite(tmp_path / "z0.tif", np.zeros((8, 8), "u1"))
    result = invoke("convert", tmp_path, tmp_path / "o.ome.zarr", "--pixel-size", size)
    assert result.exit_code != 0
    assert message in result.output


def test_convert_without_a_target(tmp_path):
    """The shell expands a pattern, and the last of its files is not where to write."""
    names = [tmp_path / f"t{t}.tif" for t in range(3)]
    for name in names:
        tifffile.imwrite(name, np.zeros((8, 8), "u1"))
    result = invoke("convert", *names)
    assert result.exit_code == 2
    assert "OUT is missing" in result.output
    assert "t2.tif" in result.output

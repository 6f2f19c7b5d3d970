"""Each fault is found by its name, and the exit code tells."""

import json
import os
import shutil
import sys
import tempfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import open_sequence
from dask_fileseq.check import KINDS
from tests.helpers.commands import MODULE, invoke, run, settle

pytestmark = pytest.mark.usefixtures("settled")


def path_of(folder, time, channel="DAPI", z=0):
    return folder / f"t{time}_{channel}_z{z}.tif"


@pytest.fixture
def healthy(tmp_path):
    """Write 12 times, 2 channels and 2 planes, each with a description of its own."""
    rng = np.random.default_rng(0)
    for time in range(12):
        for channel in ("DAPI", "GFP"):
            for z in range(2):
                path = path_of(tmp_path, time, channel, z)
                image = rng.integers(0, 4000, (48, 64), np.uint16)
                tifffile.imwrite(path, image, description=f"stage at {time} {z}")
    return tmp_path


def cut(path, size):
    path.write_bytes(path.read_bytes()[:size])


def with_two_pages(path):
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((48, 64), "u2"))
        writer.write(np.ones((32, 32), "u2"))


def with_codec(path, codec):
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages.first.tags["Compression"].overwrite(codec)


def planted(folder):
    """Plant twelve faults; return for each name the kind of finding that it must be."""
    at = {number: path_of(folder, number) for number in range(12)}
    cut(at[0], 4000)
    cut(at[1], 60)
    at[2].write_bytes(b"")
    at[3].write_bytes(b"not a TIFF file, but as long as a header is " * 3)
    tifffile.imwrite(at[4], np.zeros((64, 48), "u2"))
    tifffile.imwrite(at[5], np.zeros((48, 64), "i2"))
    with_two_pages(at[6])
    with_codec(at[7], 34677)
    at[8].unlink()
    shutil.copy(at[9], folder / "t9_DAPI_z00.tif")
    shutil.copy(at[9], folder / "overview.tif")
    kinds = {
        at[0]: "truncated",
        at[1]: "truncated",
        at[2]: "empty",
        at[3]: "unreadable",
        at[4]: "shape",
        at[5]: "dtype",
        at[6]: "pages",
        at[7]: "unreadable",
        at[9]: "duplicate",
        folder / "overview.tif": "unmatched",
    }
    return {os.fspath(path): kind for path, kind in kinds.items()}


@pytest.mark.parametrize("pixels", [[], ["--pixels"]], ids=["headers", "pixels"])
def test_check_finds_twelve_planted_faults(healthy, pixels):
    """Each by name and cell, and nothing else."""
    expected = planted(healthy)
    path_of(healthy, 10).unlink()
    path_of(healthy, 10).mkdir()  # whoever runs this, it cannot be read
    expected[os.fspath(path_of(healthy, 10))] = "unreadable"
    files = os.path.join(healthy, "*.tif")
    result = invoke("check", files, "--json", *pixels)
    assert result.exit_code == 1
    findings = json.loads(result.stdout)["findings"]
    found = {f["name"]: f["kind"] for f in findings if f["name"]}
    assert expected == found
    (missing,) = [f for f in findings if f["kind"] == "missing"]
    assert missing["cell"] == {"t": 8, "channel": "DAPI", "z": 0}
    assert len(findings) == 12
    (shape,) = [f for f in findings if f["kind"] == "shape"]
    assert shape["cell"] == {"t": 4, "channel": "DAPI", "z": 0}
    assert shape["detail"] == "has shape (64, 48), most files have (48, 64)"


AS_NOBODY = """
import os, sys
from dask_fileseq.cli import fileseq
os.chdir(sys.argv[1])
fileseq(["check", "*.tif"], standalone_mode=False)  # imports all that it needs
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
fileseq(["check", "*.tif"])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_check_finds_a_file_that_may_not_be_read(healthy):
    """Also where the tests run as root, who may read all: then as nobody."""
    settle(healthy)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # others may not see into $TMPDIR
        os.chmod(folder, 0o755)
        for path in healthy.iterdir():
            os.chmod(shutil.copy2(path, folder), 0o000 if path.name == "t3_DAPI_z0.tif" else 0o644)
        done = run(sys.executable, "-c", AS_NOBODY, folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-3:] == [
        "unreadable (1): cannot be read",
        "  t3_DAPI_z0.tif (t 3, channel DAPI, z 0): Permission denied",
        "48 files, each header read; found: 1 unreadable",
    ]


def test_check_prints_each_name_and_cell(healthy):
    """What people read has the same as what programs read."""
    expected = planted(healthy)
    result = invoke("check", healthy)
    assert result.exit_code == 1
    for name, kind in expected.items():
        (line,) = [x for x in result.stdout.splitlines() if x.startswith(f"  {name}")]
        assert line
        assert f"{kind} (" in result.stdout
    assert "(t 8, channel DAPI, z 0)" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("47 files, each header read; found: ")


def test_check_says_that_all_is_well(healthy):
    """No findings: exit code 0."""
    result = invoke("check", healthy)
    assert (result.exit_code, result.stdout) == (
        0,
        "48 files, each header read: all is well\n",
    )


def test_check_reads_pixels_only_where_asked(tmp_path):
    """A strip that does not decode has a sound header."""
    for number in range(4):
        image = np.random.default_rng(number).integers(0, 9, (64, 64), np.uint16)
        tifffile.imwrite(tmp_path / f"t{number}.tif", image, compression="deflate")
    broken = tmp_path / "t2.tif"
    with tifffile.TiffFile(broken) as tif:
        offset, size = tif.pages.first.dataoffsets[0], tif.pages.first.databytecounts[0]
    content = bytearray(broken.read_bytes())
    content[offset : offset + size] = bytes(size)
    broken.write_bytes(content)
    assert invoke("check", tmp_path).exit_code == 0
    result = invoke("check", tmp_path, "--pixels")
    assert result.exit_code == 1
    assert "unreadable (1)" in result.stdout
    assert "t2.tif (t 2): " in result.stdout


def test_check_goes_on_where_a_header_asks_for_all_memory(healthy):
    """One damaged number must not end the check of a thousand sound files."""
    for number in range(3):
        image = np.zeros((48, 64), "u2")
        tifffile.imwrite(path_of(healthy, number), image, compression="deflate")
    with tifffile.TiffFile(path_of(healthy, 1), mode="r+") as tif:
        for name in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            tif.pages.first.tags[name].overwrite(2**31 - 1)
    for options in ([], ["--pixels"]):
        (found,) = json.loads(invoke("check", healthy, "--json", *options).stdout)["findings"]
        assert (found["kind"], found["name"]) == ("truncated", os.fspath(path_of(healthy, 1)))
        assert "(2147483647, 2147483647) cannot be in" in found["detail"]


@pytest.mark.cluster
@pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
def test_check_on_any_scheduler(healthy, scheduler):
    """The findings do not depend on where files are read."""
    expected = planted(healthy)
    settle(healthy)
    workers = [] if scheduler == "sync" else ["--workers", "2"]
    done = run(*MODULE, "check", healthy, "--json", "--scheduler", scheduler, *workers)
    assert done.returncode == 1
    found = {f["name"]: f["kind"] for f in json.loads(done.stdout)["findings"] if f["name"]}
    assert expected == found


@pytest.mark.cluster
def test_check_on_a_cluster(healthy, cluster):
    """Its workers open the files."""
    expected = planted(healthy)
    settle(healthy)
    done = run(*MODULE, "check", healthy, "--json", "--pixels", "--scheduler", cluster)
    assert done.returncode == 1
    found = {f["name"]: f["kind"] for f in json.loads(done.stdout)["findings"] if f["name"]}
    assert expected == found


@pytest.mark.slow
def test_check_where_workers_see_another_root(healthy, cluster, tmp_path_factory):
    """Names as they are here, files as they are there."""
    there = tmp_path_factory.mktemp("there")
    for path in healthy.iterdir():
        shutil.move(path, there)
        path.touch()  # of which only the name is right
    settle(healthy)
    settle(there)
    options = ["--scheduler", cluster, "--path-map", f"{healthy}={there}"]
    done = run(*MODULE, "check", healthy, *options)
    assert (done.returncode, done.stdout) == (0, "48 files, each header read: all is well\n")
    wrong = invoke("check", healthy, "--path-map", "/data")
    assert wrong.exit_code == 2
    assert "'/data' is not ROOT=OTHER" in wrong.stderr


def test_check_lists_few_of_many(tmp_path):
    """Hundreds of lines help nobody, unless they are asked for."""
    for number in range(30):
        (tmp_path / f"t{number}.tif").touch()
    few = invoke("check", tmp_path).stdout
    assert few.count("has no bytes") == 20
    assert "and 10 more (--all lists them)" in few
    assert invoke("check", tmp_path, "--all").stdout.count("has no bytes") == 30


def test_check_of_members_of_an_archive(healthy, tmp_path_factory):
    """They are read like files."""
    path_of(healthy, 3).write_bytes(b"no TIFF")
    archive = shutil.make_archive(
        os.fspath(tmp_path_factory.mktemp("archive") / "scan"), "zip", healthy
    )
    result = invoke("check", "*.tif", "--container", archive)
    assert result.exit_code == 1
    assert "unreadable (1)" in result.stdout
    assert "t3_DAPI_z0.tif (t 3, channel DAPI, z 0): not a TIFF file" in result.stdout


def test_each_kind_has_a_meaning(healthy):
    """What findings can be is told in one place."""
    planted(healthy)
    seq = open_sequence(os.fspath(healthy), unmatched="skip", duplicates="first")
    assert {finding.kind for finding in seq.check()} <= KINDS.keys()

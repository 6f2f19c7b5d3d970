"""Names of frames in the ways of printf and of the film world."""

import zipfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence, imread, open_sequence
from dask_fileseq.errors import DuplicateError, NoFilesError
from dask_fileseq.patterns import as_pattern
from tests.helpers.commands import invoke


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xx_%04d.tif", "xx_{frame:04d}.tif"),
        ("xx_%d_%03d.tif", "xx_{frame_0:d}_{frame_1:03d}.tif"),
        ("xx_####.tif", "xx_{frame:04d}.tif"),
        ("xx.#.exr", "xx.{frame:d}.exr"),
        ("t%03d.png", "t{t:03d}.png"),
        ("run_z_%d.tif", "run_z_{z:d}.tif"),
        ("img%04d.png", "img{img:04d}.png"),
        ("Z##_T##.tif", "Z{Z:02d}_T{T:02d}.tif"),
        ("100%%_%d.tif", "100%_{frame:d}.tif"),
        ("plate#3_%02d.tif", "plate#3_{frame:02d}.tif"),
        ("plate#3_##.tif", "plate#3_{frame:02d}.tif"),
        ("cam%d/{a}_%04d.tif", None),
        ("frame (%03d).tif", "format:frame ({frame:03d}).tif"),
        ("a[1]_%03d.tif", "a[1]_{frame:03d}.tif"),
    ],
)
def test_frames_are_a_format_string(text, expected):
    """A number is taken for text, the axis has no name, or the pattern cannot be pasted."""
    if expected is None:
        assert str(as_pattern(text)) == text  # a format string, in which percent signs are text
        return
    pattern = as_pattern(text)
    assert str(pattern) == expected
    assert as_pattern(str(pattern)) == pattern


@pytest.mark.parametrize(
    "text", [r"(\d+)_##", "{t:d}_##.tif", "a<0-9>_##.tif", r"(?x)(\d) # number"]
)
def test_what_has_another_meaning(text):
    """A number sign makes other patterns mean something else."""
    assert "frame" not in str(as_pattern(text).fields)


@pytest.fixture
def folder(tmp_path):
    """Write frames, and files that are named nearly so."""
    for i in (1, 2, 5, 12345):
        tifffile.imwrite(tmp_path / f"shot_{i:04d}.tif", np.full((4, 4), i % 256, "u1"))
    for name in ("shot_1.tif", "shot_0001.tif.bak", "shot_a001.tif", "note_0001.tif", "shot_.tif"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("form", ["shot_%04d.tif", "shot_####.tif"])
def test_files_are_those_with_numbers_there(folder, form):
    """Other files come in, frames of more digits are lost, or no file is found."""
    seq = open_sequence(str(folder / form))
    assert [name[-10:] for name in seq.files] == [
        "t_0001.tif",
        "t_0002.tif",
        "t_0005.tif",
        "_12345.tif",
    ]
    assert str(seq.pattern) == "shot_{frame:04d}.tif"
    assert seq.coords["frame"].tolist() == [1, 2, 5, 12345]
    assert imread(str(folder / form))[2].compute().max() == 5
    explicit = open_sequence(str(folder / form), pattern=form)
    assert (explicit.files, explicit.indices) == (seq.files, seq.indices)
    row = TiffSequence(str(folder / form))
    assert (row.files, row.dims) == (seq.files, ("sequence",))
    words = open_sequence(str(folder / form), pattern=r"_(?P<n>\d+)\.tif")
    assert words.dims == ("n",)
    result = invoke("show", folder / form)
    assert result.exit_code == 0, result.output
    assert "pattern='shot_{frame:04d}.tif'" in result.output


def test_folders_are_counted_too(tmp_path, monkeypatch):
    """Only the last part of a path may have a number, or a path below the working folder fails."""
    for cam in (1, 2):
        (tmp_path / f"cam{cam}").mkdir()
        for i in range(3):
            tifffile.imwrite(tmp_path / f"cam{cam}" / f"a_{i:02d}.tif", np.zeros((4, 4), "u1"))
    monkeypatch.chdir(tmp_path)
    for start in ("", "./", f"{tmp_path}/"):
        seq = open_sequence(f"{start}cam%d/a_%02d.tif")
        assert (seq.dims, seq.shape) == (("cam", "frame"), (2, 3))
    with pytest.raises(DuplicateError):
        open_sequence("cam*/a_%02d.tif")
    assert open_sequence("cam*/a_%02d.tif", pattern="{cam}/a_{t:d}.tif").shape == (2, 3)


def test_archives(tmp_path):
    """Members of an archive cannot be named so."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for i in range(3):
            archive.writestr(f"x/shot_{i:03d}.tif", b"")
    seq = open_sequence("x/shot_%03d.tif", container=tmp_path / "a.zip")
    assert (seq.dims, seq.shape) == (("frame",), (3,))


@pytest.mark.parametrize("name", ["xx_%04d.tif", "xx_####.tif", "a#.tif"])
def test_real_files_win(tmp_path, name):
    """A file whose name has such signs cannot be opened."""
    for each in (name, "xx_0001.tif", "a1.tif"):
        tifffile.imwrite(tmp_path / each, np.zeros((4, 4), "u1"))
    assert open_sequence(str(tmp_path / name)).files == [str(tmp_path / name)]
    (tmp_path / "%d").mkdir()
    tifffile.imwrite(tmp_path / "%d" / "t1.tif", np.zeros((4, 4), "u1"))
    assert open_sequence(str(tmp_path / "%d")).files == [str(tmp_path / "%d" / "t1.tif")]
    assert len(open_sequence([tmp_path / name])) == 1


def test_no_such_frames(tmp_path):
    """It is not said that a number was looked for."""
    (tmp_path / "shot_1.tif").write_bytes(b"")
    with pytest.raises(NoFilesError, match=r"numbers in place of '%d' .*'shot_\{frame:04d\}\.tif'"):
        open_sequence(str(tmp_path / "shot_%04d.tif"))
    with pytest.raises(NoFilesError, match="no such file"):
        open_sequence(str(tmp_path / "a%20b.tif"))

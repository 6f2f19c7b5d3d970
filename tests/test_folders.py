"""Folders as people have them: opened without a word about their names, or told what to say."""

import io
import itertools
import os
import re
import zipfile
from functools import partial

import numpy as np
import pytest
import tifffile

from dask_fileseq import NamesError, NoFilesError, TiffSequence, open_sequence, read_tiff
from dask_fileseq.files import source
from tests.helpers.commands import invoke


def names_of(template, *values):
    return [template.format(*cell) for cell in itertools.product(*values)]


def content():
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((2, 3), "u1"))
    return buffer.getvalue()


CONTENT = content()


def write(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
    return str(folder)


CAMERA = [f"IMG_20260101_12{m:02d}{(7 * m) % 60:02d}.tif" for m in range(40)]
OPENED = {
    "microscope": (
        names_of("siRNA3_t{:03d}_z{:02d}_{}.tif", range(5), range(3), ["DAPI", "GFP", "mCherry"]),
        "siRNA3_t{t:03d}_z{z:02d}_{channel}.tif",
        {"t": 5, "z": 3, "channel": 3},
    ),
    "camera": (CAMERA, "IMG_{time:%Y%m%d_%H%M%S}.tif", {"time": 40}),
    "milliseconds since 1970": (
        [f"frame_{1767225600000 + 60_007 * i + i % 3}.tif" for i in range(30)],
        "frame_{frame:d}.tif",
        {"frame": 30},
    ),
    "wavelengths": (
        names_of("t{}_{}nm.tif", range(4), [405, 488, 561, 640]),
        "t{t:d}_{nm:d}nm.tif",
        {"t": 4, "nm": 4},
    ),
    "webcam": (
        names_of("cam{}_2026-01-0{}_{:02d}-00-00.tif", [1, 2], [1, 2, 3], range(24)),
        "cam{cam:d}_{time:%Y-%m-%d_%H-%M-%S}.tif",
        {"cam": 2, "time": 72},
    ),
    "plate": (
        names_of("Well {}{:02d} Site {} {}.tif", "ABC", range(1, 5), [1, 2], ["FITC", "Hoechst"]),
        "Well {well} Site {Site:d} {channel}.tif",
        {"well": 12, "Site": 2, "channel": 2},
    ),
    "folders of wells": (
        names_of("{}{:02d}/{}/{}.tif", "ABC", range(1, 5), ["FITC", "Hoechst"], [1, 2, 3]),
        "{well}/{channel}/{Q:d}.tif",
        {"well": 12, "channel": 2, "Q": 3},
    ),
    "light sheet": (
        names_of("tile_x{:02d}_y{:02d}/C{}/Z{:05d}.tif", [0, 1], [0, 1, 2], [488, 561], [0, 5, 10]),
        "tile_x{x:02d}_y{y:02d}/C{C:d}/Z{Z:05d}.tif",
        {"x": 2, "y": 3, "C": 2, "Z": 3},
    ),
    "stage positions": (
        names_of("x{}_y{}_z{:.1f}.tif", [-500, 0, 500], [-500, 0], [0, 0.5, 1]),
        "x{x:d}_y{y:d}_z{z:f}.tif",
        {"x": 3, "y": 2, "z": 3},
    ),
    "letter case": (
        [*names_of("Img_T{}.tif", range(4)), "img_t4.TIF", "img_t5.TIF"],
        "{}_{}{T:d}.{}",
        {"T": 6},
    ),
    "umlauts and Greek": (
        names_of("Größe µm/Zelle_{:02d}_{}_θ{}.tif", range(3), ["Grün", "Rot"], [0, 1]),
        "Zelle_{Q:02d}_{label}_θ{θ:d}.tif",
        {"Q": 3, "label": 2, "θ": 2},
    ),
    "Japanese": (
        names_of("細胞_時刻{:03d}_焦点{}.tif", range(3), range(2)),
        "細胞_時刻{時刻:03d}_焦点{焦点:d}.tif",
        {"時刻": 3, "焦点": 2},
    ),
    "satellite": (
        names_of("T32TQM_{}_B{}_10m.tif", ["20200723T101031", "20200802T101031"], ["02", "03"]),
        "sentinel-2",
        {"tile": 1, "date": 2, "band": 2},
    ),
}


@pytest.mark.parametrize("kind", OPENED)
def test_folders_are_read_as_people_read_them(tmp_path, kind):
    """What a glance at the folder tells needs a pattern, or comes out otherwise."""
    names, pattern, sizes = OPENED[kind]
    folder = write(tmp_path, names)
    deep = any("/" in name for name in names)
    seq = open_sequence(f"{folder}/**/*.tif" if deep else folder)
    assert str(seq.pattern) == pattern
    assert dict(zip(seq.dims, seq.shape, strict=True)) == sizes
    assert (len(seq), seq.files_missing) == (len(names), 0)
    assert f" pattern: {pattern}" in str(seq)
    assert seq.to_xarray().isel(dict.fromkeys(sizes, -1)).values.shape == (2, 3)


TOLD = {
    # what the error has to say, and what opens the rest
    "strays": (
        [*names_of("scan_{:04d}.tif", range(20)), "dark.tif"],
        ["'scan_{sequence:04d}.tif'", "1 of 21", "dark.tif", "unmatched='skip'"],
        {"unmatched": "skip"},
    ),
    "thumbnails": (
        [*names_of("s{}_w{}.tif", range(4), range(3)), "s1_w1_thumb.tif", "Thumb_s1.tif"],
        ["'s{s:d}_w{w:d}.tif'", "2 of 14", "Thumb_s1.tif", "unmatched='skip'"],
        {"unmatched": "skip"},
    ),
    "copies": (
        [*CAMERA, CAMERA[3].replace(".", " (1)."), CAMERA[5].replace(".", "~2.")],
        ["%Y%m%d_%H%M%S", "2 of 42", "(1).tif", "~2.tif", "unmatched='skip'"],
        {"unmatched": "skip"},
    ),
    "one number in two spellings": (
        ["t1.tif", "t01.tif", "t2.tif"],
        ["t01.tif", "t1.tif", "same cell", "duplicates='first'"],
        {"duplicates": "first"},
    ),
    "words in two spellings": (
        names_of("{}_{}.tif", ["GFP", "dapi"], [1, 2]) + ["DAPI_3.tif"],
        ["' differ in letter case", "say the pattern", "pattern=None"],
        {"pattern": "{channel}_{t:d}.tif"},
    ),
    "images and masks": (
        names_of("cell_{:03d}{}.tif", range(9), ["", "_mask"]),
        ["2 makes of names", "cell_000.tif", "cell_000_mask.tif", "open fewer", "pattern=None"],
        {"pattern": "cell_{t:d}.tif", "unmatched": "skip"},
    ),
}


@pytest.mark.parametrize("kind", TOLD)
def test_what_cannot_be_opened_says_what_to_do(tmp_path, kind):
    """The error leaves a user alone with a folder, or what it says to do does not work."""
    names, texts, kwargs = TOLD[kind]
    folder = write(tmp_path, names)
    with pytest.raises(ValueError) as caught:  # noqa: PT011, which of ours differs
        open_sequence(folder)
    for text in texts:
        assert text in str(caught.value)
    seq = open_sequence(folder, **kwargs)
    left_out = [*seq.unmatched, *(name for name, _ in seq.duplicates)]
    assert sorted([*seq, *left_out]) == sorted(os.path.join(folder, name) for name in names)
    assert all(repr(name) in seq.listing(None) for name in left_out)


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ("scnas", "there is no such file or folder"),
        ("s3x://bucket/*.tif", "'s3x' is no protocol that fsspec knows"),
        ("*.tif", "files='*.tif'"),
    ],
)
def test_a_mistyped_place_is_told_as_such(tmp_path, monkeypatch, files, text):
    """Who reads that there are no files looks for them in the right folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoFilesError, match=re.escape(text)):
        open_sequence(files)


@pytest.mark.parametrize("end", ["TIF", "tiff", "ome.tif", "png"])
def test_a_folder_of_folders_gives_the_images_below(tmp_path, end):
    """It was an error that proposed a pattern with ``**``."""
    (tmp_path / ".hidden").write_bytes(b"")
    write(tmp_path, names_of("day{}/t{}." + end, [1, 2], [1, 2]))
    seq = open_sequence(tmp_path)
    assert dict(zip(seq.dims, seq.shape, strict=True)) == {"day": 2, "t": 2}
    assert seq.below == f"in 2 folders, 1 level below {os.fspath(tmp_path)!r}"
    assert seq.explain().endswith(f"files {seq.below}")
    assert seq.listing(1).startswith(f"files: {seq.below}")
    assert invoke("show", tmp_path).stdout.count(seq.below) == 1
    assert TiffSequence(tmp_path).files == seq.files if end != "png" else True
    with pytest.raises(NoFilesError, match="no images in it, nor in folders below"):
        open_sequence(write(tmp_path / "empty", ["notes.txt", "deep/notes.txt"]))


def test_images_right_inside_are_those_of_a_folder(tmp_path):
    """A folder of a day took those of its folders of raw data, or of thumbnails, too."""
    write(tmp_path, ["t1.tif", "t2.tif", "raw/t3.tif"])
    assert len(open_sequence(tmp_path)) == 2
    assert open_sequence(tmp_path).below == ""
    assert open_sequence(f"{tmp_path}/**/*.tif", pattern=None).below == ""


LEFT_OUT = ["a/.t0.tif", "a/.thumbs/t0.tif", "a/old.zarr/c/t0.tif", "a/t0.png", "b/__MACOSX/t.tif"]


def test_what_is_hidden_does_not_count_below(tmp_path):
    """Thumbnails, copies in Zarr, and previews of another type are no images of the grid."""
    names = ["a/t1.tif", "a/t2.TIF", "b/t1.tif", "b/t2.tif"]
    folder = write(tmp_path / "exp", [*names, *LEFT_OUT])
    expected = [os.path.normpath(os.path.join(folder, name)) for name in names]
    assert sorted(open_sequence(folder)) == sorted(expected)
    with zipfile.ZipFile(tmp_path / "exp.zip", "w") as archive:
        for name in [*names, *LEFT_OUT]:
            archive.writestr(f"exp/{name}", CONTENT)
    seq = open_sequence("exp", container=tmp_path / "exp.zip")
    assert sorted(seq) == sorted(f"exp/{name}" for name in names)
    assert seq.below == "in 2 folders, 1 level below 'exp'"
    with zipfile.ZipFile(tmp_path / "exp.zip") as archive:
        assert sorted(open_sequence("exp", container=archive)) == sorted(seq)


def test_folders_of_folders_at_urls(tmp_path):
    """A folder in a bucket is opened as one on a disk."""
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    names = ["a/t1.tif", "a/t2.tif", "b/t1.tif", "b/t2.tif"]
    for name in [*names, *LEFT_OUT]:
        files.pipe(f"/below/exp/{name}", CONTENT)
    seq = open_sequence("memory://below/exp")
    assert sorted(seq) == [f"memory://below/exp/{name}" for name in names]
    assert seq.below == "in 2 folders, 1 level below 'memory://below/exp'"
    assert seq.asarray().shape == (2, 2, 2, 3)
    with pytest.raises(NoFilesError):
        open_sequence("memory://below/nothing")


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_links_to_folders_are_followed_once(tmp_path):
    """A link to a folder above it would be searched for ever."""
    folder = write(tmp_path / "exp", ["a/t1.tif", "a/t2.tif"])
    outside = write(tmp_path / "other", ["t1.tif", "t2.tif"])
    os.symlink(folder, tmp_path / "exp" / "loop")
    os.symlink(outside, tmp_path / "exp" / "b")
    os.symlink(outside, tmp_path / "exp" / "a" / "again")
    assert len(open_sequence(folder, pattern=None)) == 4


def test_too_many_folders_are_an_error(tmp_path, monkeypatch):
    """To open a whole disk by mistake would take for ever."""
    monkeypatch.setattr(source, "MOST_FOLDERS", 5)
    for number in range(9):
        (tmp_path / f"f{number}" / "x").mkdir(parents=True)
    with pytest.raises(NamesError, match="more than 5 folders: name the folder of the images"):
        open_sequence(tmp_path)


@pytest.mark.parametrize(
    "imread", [None, tifffile.imread, partial(read_tiff, key=0)], ids=["default", "tifffile", "key"]
)
@pytest.mark.parametrize("opened", [TiffSequence, open_sequence])
def test_any_function_lists_the_files_that_the_reader_lists(tmp_path, opened, imread):
    """Another way to read TIFF files takes notes and previews for images."""
    write(tmp_path, ["t0.tif", "t1.TIF"])
    for name in ("notes.txt", "preview.png"):
        (tmp_path / name).write_bytes(b"no TIFF")
    seq = opened(tmp_path) if imread is None else opened(tmp_path, imread=imread)
    assert [os.path.basename(name) for name in seq] == ["t0.tif", "t1.TIF"]
    assert seq.asarray().shape == (2, 2, 3)


def test_folders_in_a_list_give_their_images(tmp_path, monkeypatch):
    """The folders would be read as if they were files."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, ["a/t10.tif", "a/t9.tif", "b/t9.tif", "b/t10.tif", "c/notes.txt", "t9.tif"])
    seq = open_sequence(["b", "a/"])
    assert seq.pattern.fields[0].name == "folder"
    assert [os.path.normpath(name) for name in seq] == [
        *(os.path.join("b", "t9.tif"), os.path.join("b", "t10.tif")),
        *(os.path.join("a", "t9.tif"), os.path.join("a", "t10.tif")),
    ]
    assert seq.asarray().shape == (2, 2, 2, 3)
    assert TiffSequence(["t9.tif", "a"]).asarray().shape == (3, 2, 3)
    with pytest.raises(NoFilesError, match="'c' is a folder with no images in it"):
        open_sequence(["a", "c"])


def test_a_function_may_read_folders(tmp_path):
    """It would get the files inside."""
    write(tmp_path, ["a/t1.tif", "b/t1.tif"])
    names = [str(tmp_path / name) for name in "ab"]
    seq = open_sequence(names, imread=lambda name: np.full((1,), len(os.listdir(name))))
    assert list(seq) == names
    assert seq.asarray().ravel().tolist() == [1, 1]

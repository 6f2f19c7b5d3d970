"""Listing and identifying files, against the standard library."""

import glob
import os
import zipfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequence, ReadError, TiffSequence
from dask_fileseq.files import LocalFiles, local, open_source

NAMES = [
    "a1.tif",
    "a2.TIF",
    "b.png",
    ".hidden.tif",
    "s p.tif",
    "x[1].tif",
    "sub/a3.tif",
    "sub/t/a4.tif",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*.tif",
        "*.[tT]*",
        "a?.tif",
        "a*.tif",
        "a1*1.tif",
        "s *",
        ".*",
        ".h*.tif",
        "sub/*",
        "*/*.tif",
        "**",
        "**/*.tif",
        "sub/**/*.tif",
        "nowhere/*.tif",
        "a1.tif/*",
        "none*",
        "a1.tif",
        "x[[]1].tif",
        "./*.tif",
        "sub//*.tif",
        "sub/../*.tif",
    ],
)
@pytest.mark.parametrize("relative", [True, False])
def test_patterns_match_as_glob_does(folder, pattern, relative, monkeypatch):
    """A file less, or more, than the user's shell shows is a wrong array."""
    monkeypatch.chdir(folder)
    if not relative:
        pattern = os.path.join(str(folder), pattern)
    assert sorted(LocalFiles().glob(pattern)) == sorted(glob.glob(pattern, recursive=True))


def test_a_folder_stands_for_the_images_in_it(folder):
    """Not for other files, for hidden ones, nor for what lies deeper."""
    names = [os.path.join(folder, name) for name in ("a1.tif", "a2.TIF", "s p.tif", "x[1].tif")]
    assert sorted(LocalFiles().glob(str(folder), (".tif", ".png"))) == names
    assert LocalFiles().glob(str(folder), (".gif", ".png")) == [os.path.join(folder, "b.png")]
    assert sorted(LocalFiles().glob(str(folder))) == sorted([*names, str(folder / "b.png")])
    assert LocalFiles().glob(str(folder / "sub" / "t"), (".png",)) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_in_a_folder_are_files_unless_they_lead_to_a_folder(tmp_path):
    """Links are common; a broken one, and a pipe, must be seen, and stop no listing."""
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "t1.dat", np.zeros((2, 2), "u1"))
    for name, target in {"t1": "../t1.dat", "t2": "gone", "t3": "t3.tif", "t4": "."}.items():
        (tmp_path / "images" / f"{name}.tif").symlink_to(target)
    os.mkfifo(tmp_path / "images" / "t5.tif")
    (tmp_path / "images" / "t6.tif").mkdir()
    seq = TiffSequence(tmp_path / "images")
    assert list(seq) == [str(tmp_path / "images" / f"t{i}.tif") for i in (1, 2, 3, 5)]
    found = {(seq[1], "gone"), (seq[2], "unreadable"), (seq[3], "unreadable")}
    assert {(f.name, f.kind) for f in seq.check()} == found
    with pytest.raises(ReadError, match=r"t2\.tif"):
        seq.asarray()


def test_versions_are_size_and_time(folder):
    """Where a file is gone, so is its version; where all are, there are only names."""
    names = [str(folder / name) for name in NAMES]
    os.utime(names[1], ns=(5, 7))
    versions = LocalFiles().versions([*names, str(folder / "gone"), "nul\0"])
    assert versions[:-2, 0].tolist() == [len(name) for name in NAMES]
    assert versions[1].tolist() == [6, 7]
    assert versions[-2:].tolist() == [[-1, -1], [-1, -1]]
    assert LocalFiles().versions([str(folder / "gone"), *names])[:, 0].tolist()[:2] == [-1, 6]
    assert LocalFiles().versions([f"{folder}/gone{i}" for i in range(200)]) is None


@pytest.mark.parametrize("place", [0, 4_321, 9_999])
def test_pixels_are_new_where_most_files_are_missing(tmp_path, place):
    """Where the first file is to come yet, the others' old pixels pass for the new ones."""
    names = [str(tmp_path / f"t{i}.npy") for i in range(10_000)]
    tokens = set()
    for size in (1, 2):
        for name in names[max(0, place - 100) : place + 100]:
            np.save(name, np.zeros(size))
        seq = FileSequence(np.load, names)
        tokens.add(seq.to_dask_array(chunkshape=(1,), chunkdtype=float).name)
    assert len(tokens) == 2


def test_slow_file_systems_are_asked_in_threads(folder, monkeypatch):
    """A network share answers in a millisecond, but many questions at once."""
    names = [str(folder / NAMES[i % 3]) for i in range(300)]
    quick = LocalFiles().versions(names)
    monkeypatch.setattr(local, "SLOW_STAT", 0)
    np.testing.assert_array_equal(LocalFiles().versions(names), quick)


def test_what_is_no_archive_is_named(tmp_path):
    """`File is not a zip file` says nothing of which."""
    (tmp_path / "a.zip").write_text("no archive")
    with pytest.raises(ReadError, match=r"container=.*a\.zip"):
        open_source(tmp_path / "a.zip")


def test_members_have_versions_too(tmp_path):
    """Their size and checksum; folders are no members."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("d/", "")
        archive.writestr("d/a.tif", "one")
        archive.writestr("d/b.tif", "three")
    source = open_source(tmp_path / "a.zip")
    assert source.glob("d*") == ["d/a.tif", "d/b.tif"]
    versions = source.versions(["d/b.tif", "d/gone.tif"])
    assert versions[:, 0].tolist() == [5, -1]
    with source.open("d/b.tif") as member:
        assert member.read() == b"three"
    source.close()
    source.close()

"""ZIP and TAR archives: names, links, duplicates, damage, other processes."""

import io
import os
import pickle
import shutil
import struct
import tarfile
import warnings
import zipfile

import dask
import numpy as np
import pytest
import tifffile

from dask_fileseq import (
    DuplicateError,
    FileSequence,
    FileSequenceError,
    NoFilesError,
    ReadError,
    TiffSequence,
    open_sequence,
)
from dask_fileseq.files import TarFiles, ZipFiles, open_source, zipfiles
from tests.helpers.acquisition import PATTERN
from tests.helpers.places import packed

NAMES = ["t1.tif", "exp/t1.tif", "exp/t2.TIF", "exp/day 1/t3.tif", "exp/notes.txt", "x[1].tif"]


def tiff(value, shape=(3, 4)):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.full(shape, value, "u2"))
    return buffer.getvalue()


def write_zip(path, members, **kwargs):
    with zipfile.ZipFile(path, "w", **kwargs) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def write_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(params=["zip", "tar"])
def write(request, tmp_path):
    """Write members into an archive of a kind."""
    writes = {"zip": write_zip, "tar": write_tar}[request.param]
    return lambda members, name="a": writes(tmp_path / f"{name}.{request.param}", members)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.tif", ["t1.tif", "exp/t1.tif", "exp/day 1/t3.tif", "x[1].tif"]),
        ("**/*.tif", ["t1.tif", "exp/t1.tif", "exp/day 1/t3.tif", "x[1].tif"]),
        ("exp/**/t?.tif", ["exp/t1.tif", "exp/day 1/t3.tif"]),
        ("exp/day ?/*", ["exp/day 1/t3.tif"]),
        ("x[1].tif", ["x[1].tif"]),
        ("x[[]*", ["x[1].tif"]),
        ("exp", ["exp/t1.tif", "exp/t2.TIF"]),
        ("exp/", ["exp/t1.tif", "exp/t2.TIF"]),
        (".", ["t1.tif", "x[1].tif"]),
        ("", [n for n in NAMES if n != "exp/notes.txt"]),
        (".*", [".hidden.tif"]),
        ("__MACOSX/._*", ["__MACOSX/._t1.tif"]),
    ],
)
def test_patterns(write, pattern, found):
    """A file more is a broken image, such as those that macOS adds; a file less, a gap."""
    path = write([(n, tiff(1)) for n in [*NAMES, ".hidden.tif", "__MACOSX/._t1.tif"]])
    assert open_source(path).glob(pattern, ((".tif",),)) == found


@pytest.mark.parametrize("which", ["glob", "list"])
def test_members_of_the_same_name_are_an_error(write, which):
    """Either of them could be meant, and the last would be read twice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zipfile's, which says so when it writes
        path = write([("t1.tif", tiff(1)), ("t2.tif", tiff(2)), ("t2.tif", tiff(3))])
    if which == "glob":
        with pytest.raises(DuplicateError, match=r"more than one member .*'t2\.tif'"):
            TiffSequence("*.tif", container=path)
    else:
        with pytest.raises(ReadError, match=r"more than one member"):
            TiffSequence(["t1.tif", "t2.tif"], container=path).asarray()
    assert TiffSequence(["t1.tif"], container=path).asarray().max() == 1


@pytest.mark.parametrize("is_open", [False, True])
def test_other_members_of_the_same_name_do_not_matter(write, is_open):
    """What nobody wants would keep the archive from opening."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zipfile's, which says so when it writes
        images = [(f"exp/t{t}.tif", tiff(t)) for t in range(2)]
        path = write([*images, ("exp/notes.txt", b"1"), ("exp/notes.txt", b"2")])
    if is_open and path.suffix == ".tar":
        pytest.skip("an open TAR file has no namelist")
    container = zipfile.ZipFile(path) if is_open else path
    seq = open_sequence("exp/*.tif", container=container)
    assert seq.asarray()[:, 0, 0].tolist() == [0, 1]
    if is_open:
        container.close()


def test_open_archives_with_members_of_the_same_name():
    """The same in memory."""
    buffer = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"):
        write_zip(buffer, [("t1.tif", tiff(1)), ("t1.tif", tiff(2))])
    with pytest.raises(DuplicateError, match="more than one member"):
        TiffSequence("*.tif", container=zipfile.ZipFile(buffer))


@pytest.mark.parametrize("files", ["str", "path"])
def test_an_archive_as_files(write, files):
    """Its images, in whichever folders; other readers take it for one file."""
    path = write([("exp/t1.tif", tiff(1)), ("exp/t2.tif", tiff(2)), ("notes.txt", b"no image")])
    given = str(path) if files == "str" else path
    for seq in (TiffSequence(given), open_sequence(given)):
        assert list(seq) == ["exp/t1.tif", "exp/t2.tif"]
        assert seq.asarray()[:, 0, 0].tolist() == [1, 2]
        assert str(seq).splitlines()[1].strip() == path.name
    assert list(FileSequence(np.load, given)) == [str(path)]
    chain = f"{path.suffix[1:]}://exp/t1*::"
    for place in (str(path), path.as_uri()):
        assert list(TiffSequence(chain + place)) == ["exp/t1.tif"]
        assert list(TiffSequence(place)) == ["exp/t1.tif", "exp/t2.tif"]
        assert TiffSequence("exp/t2.tif", container=place).asarray().max() == 2


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "tar.zst"])
def test_kinds_of_tar(acquisition, tmp_path, suffix):
    """By what the file says itself, not by its name."""
    folder, array = acquisition
    path = tmp_path / f"files.{suffix}"
    if suffix == "tar.zst":
        import imagecodecs

        plain = packed(folder, tmp_path / "files.tar")
        path.write_bytes(imagecodecs.zstd_encode(plain.read_bytes()))
    elif suffix == "tgz":
        shutil.move(packed(folder, tmp_path / "files.tar.gz"), path)
    else:
        packed(folder, path)
    seq = TiffSequence(path, pattern=PATTERN)
    np.testing.assert_array_equal(seq.asarray(), array)
    unnamed = shutil.copy(path, tmp_path / "unnamed")
    np.testing.assert_array_equal(
        TiffSequence("exp", container=unnamed, pattern=PATTERN)[:1], ["exp/000_DAPI_z1.tif"]
    )
    again = pickle.loads(pickle.dumps(seq))
    seq.close()
    np.testing.assert_array_equal(again.asarray(), array)


def test_links_in_a_tar_file(tmp_path):
    """A second name of a file is a link, in an archive of hard-linked folders."""
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind, target in (
            ("./exp/t1.tif", tarfile.REGTYPE, ""),
            ("./exp/t2.tif", tarfile.LNKTYPE, "./exp/t1.tif"),
            ("./exp/t3.tif", tarfile.SYMTYPE, "../exp/t2.tif"),
            ("./exp/t4.tif", tarfile.SYMTYPE, "gone.tif"),
            ("./exp/t5.tif", tarfile.SYMTYPE, "t5.tif"),
            ("./exp/pipe", tarfile.FIFOTYPE, ""),
            ("./exp", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            content = tiff(6) if kind == tarfile.REGTYPE else b""
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    seq = TiffSequence("exp/t?.tif", container=path)
    assert list(seq) == [f"exp/t{i}.tif" for i in range(1, 6)]
    assert TiffSequence(list(seq[:3]), container=path).asarray().tolist() == [[[6] * 4] * 3] * 3
    for name in seq[3:]:
        with pytest.raises(FileNotFoundError, match="link"):
            TiffSequence([name], container=path).asarray()


def test_open_tar_files_open_by_name(tmp_path):
    """One without a name cannot go to other processes."""
    path = write_tar(tmp_path / "a.tar", [("t1.tif", tiff(1))])
    with tarfile.open(path) as archive:
        assert TiffSequence("*.tif", container=archive).asarray().max() == 1
    nameless = tarfile.open(fileobj=io.BytesIO(path.read_bytes()))  # noqa: SIM115
    with nameless, pytest.raises(ValueError, match="container="):
        TiffSequence("*.tif", container=nameless)


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_archives_cut_short(acquisition, tmp_path, suffix):
    """At whichever byte, it is one error that names the archive, or what it holds is right."""
    folder, _ = acquisition
    path = packed(folder, tmp_path / f"whole.{suffix}")
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for size in [0, 1, 100, 511, 512, *rng.integers(0, len(content), 30).tolist()]:
        cut = tmp_path / f"cut.{suffix}"
        cut.write_bytes(content[:size])
        try:
            seq = TiffSequence("exp/*.tif", container=cut)
        except NoFilesError:
            named = size == 0 or suffix == "tar"
        except ReadError as error:
            named = cut.name in str(error)
        else:
            assert suffix == "tar"  # cut between two members
            named = seq.asarray().size > 0
        assert named


def test_damaged_members(tmp_path):
    """Checksums are looked at, where a member is read whole."""
    path = write_zip(tmp_path / "a.zip", [("t1.tif", tiff(1))])
    content = path.read_bytes()
    at = content.index(tiff(1)) + len(tiff(1)) - 5
    for damaged, says in (
        (content[:at] + b"\x99" + content[at + 1 :], "CRC"),
        (content.replace(b"PK\3\4", b"PK\3\5"), "is not where the directory has it"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(ReadError, match=says):
            TiffSequence("*.tif", container=path).asarray()


def test_unpacked_members_are_checked(tmp_path):
    """Of a compressed member, bits may flip and still unpack."""
    data = np.random.default_rng(0).integers(0, 9, (300, 400), "u1")
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, data)
    path = write_zip(
        tmp_path / "a.zip", [("t.tif", buffer.getvalue())], compression=zipfile.ZIP_DEFLATED
    )
    content = bytearray(path.read_bytes())
    failed = 0
    for at in range(40_000, 48_000, 1000):
        content[at] ^= 16
        path.write_bytes(content)
        os.utime(path, ns=(at, at))
        try:
            TiffSequence("*.tif", container=path).asarray()
        except ReadError:
            failed += 1
        content[at] ^= 16
    assert failed == 8


@pytest.mark.parametrize("where", ["directory", "header"])
def test_damaged_directories(tmp_path, where):
    """Whatever they say, it is one of our errors, or what is read is right."""
    members = [(f"exp/t{i}.tif", tiff(i)) for i in range(3)]
    if where == "directory":
        path = write_zip(tmp_path / "a.zip", members)
        content = path.read_bytes()
        places = range(content.index(b"PK\1\2"), len(content))
    else:
        path = write_tar(tmp_path / "a.tar", members)
        content = path.read_bytes()
        places = range(content.index(b"exp/t1"), content.index(tiff(1)))
    rng = np.random.default_rng(0)
    errors = 0
    for number in range(300):
        damaged = bytearray(content)
        damaged[rng.choice(places)] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        os.utime(path, ns=(number, number))
        try:
            seq = TiffSequence("*.tif", container=path)
            assert set(seq.asarray()[:, 0, 0].tolist()) <= {0, 1, 2}
        except FileSequenceError:
            errors += 1
    assert errors > 50


def test_open_archives_that_tell_no_versions():
    """Another one at the address of the last would pass for it."""

    class Members(dict):
        def namelist(self):
            return list(self)

        def open(self, name):
            return io.BytesIO(self[name])

    names = set()
    for value in range(3):
        seq = TiffSequence("*.tif", container=Members({"t.tif": tiff(value)}))
        assert seq.asarray().max() == value
        names.add(seq.to_dask_array().name)
    assert len(names) == 3


def test_open_archives_need_not_know_threads(tmp_path):
    """Two that read from one file at a time get each other's pixels."""

    class Members:
        def __init__(self, tar):
            self.namelist, self.open = tar.getnames, tar.extractfile

    size = 200_000
    members = [(f"t{i:02d}.raw", bytes([i]) * size) for i in range(40)]
    path = write_tar(tmp_path / "a.tar", members)

    def read(member):
        return np.frombuffer(member.read(), "u1")

    with tarfile.open(path) as tar:
        first, second = (FileSequence(read, "*.raw", container=Members(tar)) for _ in range(2))
        for _ in range(4):
            for array in dask.compute(first, second, num_workers=8):
                assert [set(np.unique(row)) for row in array] == [{i} for i in range(40)]


def test_encrypted_members_are_named(tmp_path):
    """Their bytes would be taken for a broken image."""
    path = write_zip(tmp_path / "a.zip", [("t1.tif", tiff(1))])
    content = bytearray(path.read_bytes())
    for at in (content.index(b"PK\3\4") + 6, content.index(b"PK\1\2") + 8):
        struct.pack_into("<H", content, at, 1)
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"t1\.tif.*encrypted"):
        TiffSequence("*.tif", container=path).asarray()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_large_members(tmp_path, method):
    """They are read by range, or unpacked as far as they are needed."""
    data = np.random.default_rng(0).integers(0, 9, (700, 800), "u1")
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, data, rowsperstrip=10)
    path = write_zip(tmp_path / "a.zip", [("t.tif", buffer.getvalue())], compression=method)
    seq = TiffSequence("*.tif", container=path)
    with seq.source.open("t.tif") as handle:
        content = buffer.getvalue()
        assert handle.read(100) == content[:100]
        handle.seek(-100, 2)
        assert handle.read() == content[-100:]
        assert handle.read() == b""
        handle.seek(5)
        assert handle.read(3) == content[5:8]
    array = seq.to_dask_array()
    np.testing.assert_array_equal(array[0, 500:520, ::7].compute(), data[500:520, ::7])
    np.testing.assert_array_equal(seq.asarray()[0], data)


def test_a_directory_is_read_once_a_process(write, monkeypatch):
    """A million members take seconds each time."""
    path = write([(f"t{i}.tif", tiff(i)) for i in range(20)])
    kind = ZipFiles if path.suffix == ".zip" else TarFiles
    reads = []
    original = kind.read_directory
    monkeypatch.setattr(kind, "read_directory", lambda self: reads.append(1) or original(self))
    seq = TiffSequence("*.tif", container=path)
    again = pickle.loads(pickle.dumps(seq.to_dask_array()))
    np.testing.assert_array_equal(again.compute(), seq.asarray())
    assert len(reads) == 1
    seq.close()
    again.compute(num_workers=8)
    assert len(reads) == 2


def test_tasks_do_not_hold_the_directory(write):
    """It would travel with each of a million tasks."""
    path = write([(f"exp/t{i}.tif", b"") for i in range(3000)])
    seq = TiffSequence("exp/*.tif", container=path)
    array = seq.array(chunkshape=(8, 8), chunkdtype="u1")
    assert len(pickle.dumps(array.block([(5, 6), (0, 8), (0, 8)]))) < 1200
    assert len(pickle.dumps(seq)) < 40 * 3000


def test_temporary_files_go_where_dask_says(acquisition, tmp_path, monkeypatch):
    """The system's own folder may be small; and they leave nothing behind."""
    folder, array = acquisition
    path = packed(folder, tmp_path / "a.tar.gz")
    nowhere = dask.config.set({"temporary-directory": str(tmp_path / "nowhere")})
    with nowhere, pytest.raises(ReadError, match="nowhere"):
        TiffSequence("exp/*.tif", container=path)
    (tmp_path / "there").mkdir()
    with dask.config.set({"temporary-directory": str(tmp_path / "there")}):
        seq = TiffSequence("exp/*.tif", container=path, pattern=PATTERN)
        np.testing.assert_array_equal(seq.asarray(), array)
    seq.close()
    assert not list((tmp_path / "there").iterdir())


def test_small_members_are_read_in_one_go():
    """What a block of the handle holds is cheaper than a second read."""
    assert zipfiles.SMALL >= 8 * 1024

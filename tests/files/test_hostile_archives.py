"""Archives that are damaged, or made to do harm: right pixels, or one clear error."""

import io
import random
import struct
import tarfile
import warnings
import zipfile

import dask
import imagecodecs
import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequenceError, ReadError, TiffSequence, open_sequence
from dask_fileseq.files import limits
from tests.helpers.servers.process import Server

NAMES = ["t0.tif", "t1.tif"]

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def images(side):
    """Return two images; those of 400 pixels a side are above what is always read whole."""
    return np.random.default_rng(side).integers(0, 2**16, (2, side, side), "u2")


def tiff(image, tail=b""):
    """Return a file with an image, and some more bytes behind it."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, image)
    return stream.getvalue() + tail


def write_zip(path, contents, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in zip(NAMES, contents, strict=True):
            archive.writestr(name, content)
    return path


def with_wrong_checksum(path, name="t1.tif"):
    """Change the checksum of a member in the directory of a ZIP file."""
    with zipfile.ZipFile(path) as archive:
        crc = archive.getinfo(name).CRC
    content = bytearray(path.read_bytes())
    at = content.rindex(struct.pack("<I", crc))
    content[at] ^= 1
    path.write_bytes(content)


def opened(path, names=NAMES):
    return TiffSequence(names, container=path, pattern=r"t(?P<t>\d)\.tif")


@pytest.mark.parametrize("side", [50, 400])
@pytest.mark.parametrize("method", METHODS)
def test_wrong_checksums_are_errors(tmp_path, side, method):
    """A damaged large member would be read as it is."""
    contents = [tiff(image, bytes(1000)) for image in images(side)]
    path = write_zip(tmp_path / "all.zip", contents, METHODS[method])
    assert opened(path).asarray().tolist() == images(side).tolist()
    with_wrong_checksum(path)
    for read in (
        opened(path).asarray,
        opened(path).compute,
        opened(path).to_dask_array().compute,
        lambda: opened(path).to_zarr(tmp_path / "copy.zarr"),
    ):
        with pytest.raises(ReadError, match=r"t1\.tif.*Bad CRC-32"):
            read()
    (found,) = opened(path).check(pixels=True)
    assert (found.kind, found.name) == ("unreadable", "t1.tif")
    assert "Bad CRC-32" in found.detail
    assert opened(path, NAMES[:1]).asarray().tolist() == images(side)[:1].tolist()


def test_changed_pixels_of_stored_members_are_errors(tmp_path):
    """One bit of another value is a wrong measurement."""
    path = write_zip(tmp_path / "all.zip", map(tiff, images(400)))
    content = bytearray(path.read_bytes())
    content[content.index(images(400)[1, 200].tobytes())] ^= 4
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"t1\.tif.*Bad CRC-32"):
        opened(path).asarray()
    assert opened(path).to_dask_array()[:, 3, 4].compute().tolist() == images(400)[:, 3, 4].tolist()


@pytest.mark.network
def test_checksums_are_compared_where_archives_are_remote(tmp_path):
    """What came over a network is damaged rather than what is on a disk."""
    path = write_zip(tmp_path / "all.zip", map(tiff, images(400)))
    with Server("hostile", str(tmp_path)) as server:
        url = f"{server.url}/good/all.zip"
        assert opened(url).asarray().tolist() == images(400).tolist()
        with_wrong_checksum(path)
        path.rename(tmp_path / "other.zip")
        with pytest.raises(ReadError, match=r"t1\.tif.*Bad CRC-32"):
            opened(f"{server.url}/good/other.zip").asarray()


@pytest.fixture
def small_limit(monkeypatch):
    """Permit archives to unpack to a megabyte, so that bombs may be small."""
    monkeypatch.setattr(limits, "RATIO", 1)
    with dask.config.set({"fileseq.unpacked-limit": "1 MB"}):
        yield


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("suffix", ["tar.gz", "tar.bz2", "tar.xz", "tar.zst"])
def test_a_packed_tar_file_fills_no_disk(tmp_path, suffix):
    """A file of some kilobytes would fill the disk before its first image is found."""
    path = tmp_path / f"all.{suffix}"
    plain = tmp_path / "plain.tar"
    with tarfile.open(plain, "w") as archive:
        archive.addfile(info := tarfile.TarInfo("core"), io.BytesIO())
        info = tarfile.TarInfo("zeros.bin")
        info.size = 20_000_000
        archive.addfile(info, io.BytesIO(bytes(info.size)))
        info = tarfile.TarInfo("t0.tif")
        info.size = len(content := tiff(images(50)[0]))
        archive.addfile(info, io.BytesIO(content))
    if suffix == "tar.zst":
        path.write_bytes(imagecodecs.zstd_encode(plain.read_bytes()))
    else:
        with tarfile.open(path, f"w:{suffix[4:]}") as archive:
            archive.addfile(info := tarfile.TarInfo("zeros.bin"), io.BytesIO())
            info.size = 20_000_000
            archive.addfile(info, io.BytesIO(bytes(info.size)))
            info = tarfile.TarInfo("t0.tif")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(ReadError, match=r"unpacks to more than .*fileseq\.unpacked-limit"):
        opened(path, ["t0.tif"])
    with dask.config.set({"fileseq.unpacked-limit": "30 MB"}):
        assert opened(path, ["t0.tif"]).asarray()[0].tolist() == images(50)[0].tolist()


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("method", ["deflated", "bzip2", "lzma"])
def test_a_packed_member_fills_no_memory(tmp_path, method):
    """A member of some kilobytes would be gigabytes in memory."""
    content = tiff(np.zeros((3000, 3000), "u2"))
    path = write_zip(tmp_path / "all.zip", [content, content], METHODS[method])
    with pytest.raises(ReadError, match=r"'t[01]\.tif' unpacks to more than .*unpacked-limit"):
        opened(path).asarray()
    assert not opened(path).to_dask_array()[0, :2, :2].compute().any()
    archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with archive, pytest.raises(ReadError, match="unpacked-limit"):
        opened(archive).asarray()
    with dask.config.set({"fileseq.unpacked-limit": "30 MB"}):
        assert not opened(path).asarray().any()


@pytest.mark.usefixtures("small_limit")
def test_members_of_other_kinds_fill_no_memory(tmp_path):
    """Images that are no TIFF are read at once."""
    stream = io.BytesIO()
    np.save(stream, np.zeros(5_000_000, "u1"))
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t0.npy", stream.getvalue())
    with pytest.raises(ReadError, match="unpacked-limit"):
        open_sequence("*.npy", container=tmp_path / "all.zip").asarray()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [100, 2**31, 2**32 - 2])
def test_wrong_sizes_in_a_directory_are_errors(tmp_path, method, size):
    """Memory would be taken for what is not there."""
    contents = [tiff(image) for image in images(50)]
    path = write_zip(tmp_path / "all.zip", contents, METHODS[method])
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\1\2") + 24
    content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"t1\.tif"):
        opened(path).asarray()


FORMS = [*METHODS, "tar", "tar.gz", "tar.xz"]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_mutants_are_read_right_or_refused(tmp_path, form):
    """Errors of zipfile, tarfile or zlib would escape, or damage would pass for pixels."""
    pixels = images(40)
    contents = [tiff(image) for image in pixels]
    path = tmp_path / f"all.{form if form.startswith('tar') else 'zip'}"
    if form in METHODS:
        write_zip(path, contents, METHODS[form])
    else:
        with tarfile.open(path, f"w:{form[4:]}") as archive:
            for name, content in zip(NAMES, contents, strict=True):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    seed = path.read_bytes()
    rng = random.Random(form)
    outcomes = {"equal": 0, "refused": 0, "other": 0}
    for _ in range(150):
        path.write_bytes(mutant(seed, rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                equal = opened(path).asarray().tolist() == pixels.tolist()
            outcomes["equal" if equal else "other"] += 1
        except FileSequenceError as error:
            outcomes["refused"] += 1
            message = str(error)
            assert "\n" not in message
    assert outcomes["refused"]
    if form != "tar":  # which has no checksums of what it holds
        assert outcomes["other"] == 0


def mutant(seed, rng):
    """Return bytes that differ from others by one mutation, mostly where headers are."""
    content = bytearray(seed)
    kind = rng.choice(["bit", "byte", "field", "cut", "copy"])
    edge = rng.random() < 0.5
    at = len(content) - rng.randrange(1, 300) if edge else rng.randrange(len(content))
    at = max(0, at)
    if kind == "bit":
        content[at] ^= 1 << rng.randrange(8)
    elif kind == "byte":
        content[at] = rng.randrange(256)
    elif kind == "field":
        content[at : at + 4] = rng.choice([b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"9999"])
    elif kind == "cut":
        del content[at:]
    else:
        start = rng.randrange(len(content))
        content[at : at + 64] = content[start : start + 64]
    return bytes(content)


@pytest.mark.parametrize("name", ["t0.tif", "ü0.tif"])
@pytest.mark.parametrize("side", [10, 400])
def test_a_member_of_another_name_than_the_directory_has(tmp_path, name, side):
    """An image is at another place of the grid than its name says, as zipfile finds out."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, tiff(images(side)[0]))
    seq = TiffSequence([name], container=path, pattern=r"(?P<t>\d)\.tif")
    assert seq.asarray().shape == (1, side, side)
    content = path.read_bytes()
    raw = name.encode()
    at = content.rindex(raw) + len(raw) - 5
    path.write_bytes(content[:at] + b"7" + content[at + 1 :])
    other = TiffSequence([name.replace("0", "7")], container=path, pattern=r"(?P<t>\d)\.tif")
    with pytest.raises(ReadError, match=r"7\.tif' is called '.0\.tif' where it is stored"):
        other.asarray()
    with zipfile.ZipFile(path) as archive, pytest.raises(zipfile.BadZipFile):
        archive.read(archive.namelist()[0])


ODD = [
    *("/etc/t%d.tif", "../../t%d.tif", "a/../../t%d.tif", "C:\\t%d.tif", "file:///etc/t%d.tif"),
    *("~/t%d.tif", "$HOME/t%d.tif", "t\n%d.tif", "\u202et%d.tif", "\x1b]0;owned\x07t%d.tif"),
    *("t[%d].tif", "<img src=x>%d.tif", "d/" * 2000 + "t%d.tif", "zip://t.tif::t%d.tif"),
]


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize("name", ODD)
def test_names_of_members_are_only_names(tmp_path, name, form):
    """A file outside of the archive would be read, or a terminal do what a name says."""
    path = tmp_path / f"odd.{form}"
    images = []
    for number in range(2):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, np.full((8, 8), number, "u1"))
        images.append(buffer.getvalue())
    with zipfile.ZipFile(path, "w") if form == "zip" else tarfile.open(path, "w") as archive:
        for number, content in enumerate(images):
            if form == "zip":
                archive.writestr(name % number, content)
            else:
                info = tarfile.TarInfo(name % number)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    seq = open_sequence(path, pattern=None)
    assert seq.asarray()[:, 0, 0].tolist() == [0, 1]
    assert not seq.check(pixels=True)
    text = f"{seq!r}{seq}{seq.listing()}{seq.explain()}"
    assert not {"\x1b", "\x07", "\u202e"} & set(text)

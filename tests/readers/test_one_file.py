"""One file is read as one file, whatever its metadata say of others."""

from __future__ import annotations

import io
import json
import logging
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dask_fileseq.readers import count, read_tiff
from tests.helpers.regions import read_region
from tests.helpers.shared import DATA

Array = np.ndarray[Any, Any]

UUIDS = [f"urn:uuid:00000000-0000-0000-0000-00000000000{i}" for i in range(3)]


def ome_xml(shape: tuple[int, ...], blocks: str, uuid: str | None) -> str:
    t, c, y, x = shape
    root = "" if uuid is None else f' UUID="{uuid}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"{root}>'
        '<Image ID="Image:0" Name="a"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" '
        f'SizeX="{x}" SizeY="{y}" SizeC="{c}" SizeZ="1" SizeT="{t}">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{blocks}</Pixels></Image></OME>'
    )


def write_pages(path: Path, pages: Array, description: str) -> str:
    with tifffile.TiffWriter(path) as writer:
        for page in pages:
            writer.write(
                page, description=description, metadata=None, compression="zlib", contiguous=False
            )
            description = ""
    return str(path)


@pytest.fixture
def ome_set(tmp_path: Path) -> tuple[list[str], Array]:
    """Three files of one OME series of shape (3, 2, 8, 9), two planes in each."""
    data = np.arange(3 * 2 * 8 * 9, dtype="u2").reshape(3, 2, 8, 9)
    blocks = "".join(
        f'<TiffData FirstT="{t}" IFD="0" PlaneCount="2"><UUID FileName="t{t}.ome.tif">'
        f"{UUIDS[t]}</UUID></TiffData>"
        for t in range(3)
    )
    paths = [
        write_pages(tmp_path / f"t{t}.ome.tif", data[t], ome_xml(data.shape, blocks, UUIDS[t]))
        for t in range(3)
    ]
    assert tifffile.imread(paths[0]).shape == data.shape  # tifffile joins them
    return paths, data


def check(path: str, expected: Array, **imreadargs: Any) -> None:
    """Compare whole, spec, region and handle."""
    for file in (path, io.BytesIO(Path(path).read_bytes())):
        spec = read_tiff.describe(file, **imreadargs).spec
        assert spec.shape == expected.shape
        np.testing.assert_array_equal(read_tiff(file, **imreadargs), expected)
        region = (slice(None, None, -1),) * expected.ndim
        out = np.empty_like(expected)
        read_region(read_tiff, file, spec, region, out, **imreadargs)
        np.testing.assert_array_equal(out, expected[region])


def test_ome_series_of_several_files(ome_set: tuple[list[str], Array]) -> None:
    """Each file of an OME series is taken for the whole series."""
    paths, data = ome_set
    for path, expected in zip(paths, data, strict=True):
        check(path, expected)


def test_ome_series_when_other_files_are_gone(
    ome_set: tuple[list[str], Array], caplog: pytest.LogCaptureFixture
) -> None:
    """Planes of missing files are zeros; or tifffile looks for them, and says so."""
    paths, data = ome_set
    for path in paths[1:]:
        Path(path).unlink()
    with caplog.at_level(logging.WARNING):
        check(paths[0], data[0])
    assert not caplog.records


def test_other_files_are_joined_on_request(ome_set: tuple[list[str], Array]) -> None:
    """``_multifile=True`` is overruled."""
    paths, data = ome_set
    np.testing.assert_array_equal(read_tiff(paths[0], _multifile=True), data)
    assert read_tiff.describe(paths[0], _multifile=True).spec.shape == data.shape


def test_ome_planes_that_stand_elsewhere(tmp_path: Path) -> None:
    """Planes that the file does not hold are zeros."""
    data = np.arange(2 * 8 * 9, dtype="u2").reshape(2, 8, 9) + 1
    blocks = '<TiffData FirstT="1" IFD="0" PlaneCount="2"/>'
    xml = ome_xml((3, 2, 8, 9), blocks, None)
    check(write_pages(tmp_path / "a.ome.tif", data, xml), data)


def test_ome_file_of_its_own(tmp_path: Path) -> None:
    """A single OME file loses its axes."""
    data = np.arange(2 * 3 * 8 * 9, dtype="u2").reshape(2, 3, 8, 9)
    path = str(tmp_path / "a.ome.tif")
    tifffile.imwrite(path, data, metadata={"axes": "TCYX"})
    check(path, data)
    assert read_tiff.describe(path).spec.dims == ("t", "c", "y", "x")
    check(path, data.reshape(6, 8, 9), is_ome=False)


def test_renamed_ome_file_of_its_own(tmp_path: Path) -> None:
    """A file that was renamed is taken for part of a set."""
    data = np.arange(2 * 3 * 8 * 9, dtype="u2").reshape(2, 3, 8, 9)
    tifffile.imwrite(tmp_path / "a.ome.tif", data, metadata={"axes": "TCYX"})
    check(str((tmp_path / "a.ome.tif").rename(tmp_path / "b.ome.tif")), data)


def test_leica_matrix() -> None:
    """Real files with OME metadata are read as more or less than one image."""
    folder = DATA / "leica_matrix"
    paths = sorted(folder.glob("**/*.ome.tif"))
    if not paths:
        pytest.skip(f"no files in {folder}")
    for path in paths:
        assert read_tiff.describe(str(path)).spec.shape == (1024, 1024)
        with count() as counts:
            assert read_tiff(str(path)).any()
        assert counts.bytes == 1024 * 1024


def mmstack(tif: tifffile.TiffFile, images: int) -> dict[str, Any]:
    """Return Micro-Manager metadata for a file that indexes its own pages of `images`."""
    index = [[0, 0, t, 0, page.offset] for t, page in enumerate(tif.pages)]
    summary = {"Channels": 1, "Slices": 1, "Frames": images, "Positions": 1}
    return {
        "MajorVersion": 0,
        "IndexMap": np.array(index),
        "Summary": summary | {"MicroManagerVersion": "1.4", "Prefix": "a"},
    }


@pytest.mark.parametrize("images", [3, 7])
def test_mmstack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: int) -> None:
    """A Micro-Manager file is joined with its neighbours, or a single one loses its axes."""
    data = np.arange(3 * 8 * 9, dtype="u2").reshape(3, 8, 9)
    paths = [tmp_path / f"a_MMStack_{i}.tif" for i in range(2)]
    for path in paths:
        with tifffile.TiffWriter(path) as writer:
            # Micro-Manager's pixels stand 162 bytes behind the start of their page
            for page in data:
                writer.write(page, metadata=None, contiguous=False)
    opened = []
    metadata = property(lambda tif: opened.append(tif.filename) or mmstack(tif, images))
    monkeypatch.setattr(tifffile.TiffFile, "micromanager_metadata", metadata)
    spec = read_tiff.describe(str(paths[0])).spec
    assert spec.shape == (3, 8, 9)
    assert spec.dims[0] == ("t" if images == 3 else "i")
    assert set(opened) == {paths[0].name}
    if images == 7:
        np.testing.assert_array_equal(read_tiff(str(paths[0])), data)


@pytest.mark.parametrize("alone", [True, False])
def test_ndtiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool) -> None:
    """An NDTiff file is joined with its neighbours, or a single one loses its axes."""
    data = np.arange(3 * 8 * 9, dtype="u2").reshape(3, 8, 9)
    paths = [tmp_path / name for name in ("a.tif", "b.tif")]
    entries = []
    for i, path in enumerate(paths):
        tifffile.imwrite(path, data, photometric="minisblack", metadata=None)
        with tifffile.TiffFile(path) as tif:
            offsets = [page.dataoffsets[0] for page in tif.pages]
        entries += [({"z": t, "time": i}, path.name, offset) for t, offset in enumerate(offsets)]
    with open(tmp_path / "NDTiff.index", "wb") as file:
        for axes, name, offset in entries[: 3 if alone else 6]:
            for text in (json.dumps(axes).encode(), name.encode()):
                file.write(struct.pack("<I", len(text)) + text)
            file.write(struct.pack("<IiiiiIii", offset, 9, 8, 1, 0, 0, 0, 0))
    metadata = property(lambda tif: {"MajorVersion": 2})
    monkeypatch.setattr(tifffile.TiffFile, "micromanager_metadata", metadata)
    for path in paths[:1] if alone else paths:
        check(str(path), data)
        assert read_tiff.describe(str(path)).spec.dims[0] == ("z" if alone else "i")


@pytest.mark.filterwarnings("ignore")  # of rasterio: no georeference
@pytest.mark.parametrize("compress", ["NONE", "DEFLATE"])
@pytest.mark.parametrize("order", ["LITTLE", "BIG"])
def test_integers_of_24_bits(tmp_path, order, compress):
    """GDAL's integers of 24 bits are refused, or those of one byte order are other numbers."""
    rasterio = pytest.importorskip("rasterio")
    expected = (np.arange(35).reshape(5, 7) * 400_000 + 7).astype("u4")
    path = str(tmp_path / "a.tif")
    size = {"height": 5, "width": 7, "count": 1, "dtype": "uint32", "nbits": 24}
    with rasterio.open(path, "w", driver="GTiff", ENDIANNESS=order, compress=compress, **size) as f:
        f.write(expected, 1)
    if order == "LITTLE":
        np.testing.assert_array_equal(read_tiff(path), expected)
        return
    with pytest.raises(ValueError, match="integers of 24 bits and is big-endian: GDAL stores"):
        read_tiff(path)
    with tifffile.TiffFile(path) as tif:
        start, size = tif.pages.first.dataoffsets[0], tif.pages.first.databytecounts[0]
    if compress == "NONE":  # by the rules of TIFF, GDAL reads and writes other numbers
        content = bytearray((tmp_path / "a.tif").read_bytes())
        stored = np.frombuffer(content[start : start + size], "u1").reshape(-1, 3)
        np.testing.assert_array_equal(stored @ [1, 256, 65536], expected.ravel())
        by_the_rules = stored[:, ::-1].tobytes()
        content[start : start + size] = by_the_rules
        (tmp_path / "a.tif").write_bytes(content)
        with rasterio.open(path) as file:
            assert (file.read(1).ravel()[1:] != expected.ravel()[1:]).all()

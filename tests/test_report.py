"""What people look at: the map, the card in a notebook, contact sheets."""

import itertools
import os
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequence, GridWarning, TiffSequence, open_sequence
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.readers import count, read_tiff
from dask_fileseq.report.axisroles import AxisRoles, axis_roles
from dask_fileseq.report.contrast import Contrast
from dask_fileseq.report.gridmap import grid_map, text_map
from dask_fileseq.report.histogram import HEIGHT, WIDTH, histograms
from dask_fileseq.report.sheet import contact_sheet
from dask_fileseq.report.sheetplan import Limits
from dask_fileseq.report.summary import grid_rows, grid_summary
from dask_fileseq.report.svgmap import MOST, svg_map
from dask_fileseq.report.thumbnails import Thumbnailer
from tests.helpers.corpus import write_corpus
from tests.helpers.shared import DATA

pytestmark = pytest.mark.usefixtures("settled")


SETS = sorted(p.name for p in DATA.iterdir() if p.is_dir()) if DATA.is_dir() else ()
PATTERN = "t{t:d}_{channel}_z{z:d}.tif"


def grid_of(times, planes, without=()):
    names = [
        f"t{t}_{c}_z{z}.tif"
        for t, c, z in itertools.product(range(times), ("DAPI", "GFP"), range(planes))
        if (t, c, z) not in without
    ]
    return grid_of_pattern(names, PATTERN)


# the map


def test_text_map_has_a_mark_for_each_cell():
    """Planes of a channel stand together, and each row has its label."""
    grid = grid_of(3, 4, without={(1, "GFP", 2), (2, "DAPI", 0)})
    assert text_map(grid) == [
        "t down, channel x z across (# file, . none)",
        "  DAPI GFP",
        "  0123 0123",
        "0 #### ####",
        "1 #### ##.#",
        "2 .### ####",
    ]


def test_text_map_of_one_axis():
    """There is nothing to put in rows."""
    grid = grid_of_pattern(["t0", "t1", "t4"], r"(t)(\d)")
    assert text_map(grid) == ["t across (# file, . none)", "01234", "##..#"]


def test_text_map_has_dates_as_people_write_them():
    """Nanoseconds since 1970 are of no use."""
    names = [f"2026010{day}_{c}" for day in (1, 2) for c in "abcdef"]
    grid = grid_of_pattern(names, "{date:%Y%m%d}_{c}")
    assert text_map(grid)[2:] == ["2026-01-01 ######", "2026-01-02 ######"]


def test_text_map_of_a_large_grid_fits_a_terminal():
    """Several cells share a mark, and it says if some of them are empty."""
    grid = grid_of(500, 40, without={(0, "DAPI", 0)})
    head, labels, *rows = text_map(grid)
    assert "+ some" in head
    assert "DAPI" in labels
    assert len(rows) == 16
    assert max(map(len, [head, *rows])) <= 68
    assert "".join(rows).count("+") == 1


@pytest.mark.parametrize("seed", range(5))
def test_map_counts_each_file_once(seed):
    """Whatever the grid and the size of the map: files and cells add up."""
    rng = np.random.default_rng(seed)
    times, planes = rng.integers(1, 60, 2).tolist()
    every = list(itertools.product(range(times), ("DAPI", "GFP"), range(planes)))
    without = {every[i] for i in rng.integers(1, len(every), len(every) // 3).tolist()}
    grid = grid_of(times, planes, without - {every[0], every[-1]})
    image = grid_map(grid, tuple(rng.integers(1, 40, 2).tolist()))
    assert image.filled.sum() == len(grid.names)
    assert image.cells.sum() == np.prod(grid.shape)
    assert (image.filled <= image.cells).all()
    assert (image.cells > 0).all()


def test_svg_map_is_xml_with_a_cross_for_each_empty_cell():
    """Notebooks drop what does not parse."""
    grid = grid_of(3, 4, without={(1, "GFP", 2), (2, "DAPI", 0)})
    root = ElementTree.fromstring(svg_map(grid_map(grid, MOST)))
    paths = [element.get("d") for element in root.iter("{http://www.w3.org/2000/svg}path")]
    crosses = [path for path in paths if "l-" in path]
    assert len(crosses) == 1
    assert crosses[0].count("M") == 2
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3] == ["0", "1", "2"]
    assert texts[-1] == "t down, channel x z across"


def test_svg_map_tells_of_odd_cells():
    """What is wrong is found by the mouse; what it says may hold anything."""
    grid = grid_of(3, 4)
    root = ElementTree.fromstring(svg_map(grid_map(grid, MOST), marked={5: "<cut> & short"}))
    (title,) = root.iter("{http://www.w3.org/2000/svg}title")
    assert title.text == "<cut> & short"


# the card


def test_card_reads_nothing(acquisition):
    """A notebook shows it after each cell: the file system must not be asked."""
    folder, _ = acquisition
    seq = open_sequence(os.fspath(folder))
    with count() as counts:
        html = seq._repr_html_()
    assert (counts.files, counts.headers) == (0, 0)
    assert "uint16" not in html
    assert "12 cells, 1 of them empty" in html
    seq.chunkshape  # noqa: B018, reads a header
    assert "(3, 2, 2, 48, 64), uint16" in seq._repr_html_()


def test_card_of_names_that_are_markup():
    """A folder may have any name."""
    seq = FileSequence(np.load, ["<b>/t0_<i>.npy", "<b>/t1_<i>.npy"], pattern=r"(t)(\d)")
    html = seq._repr_html_()
    assert "<i>" not in html
    assert "<b></b>" not in html
    assert "&lt;b&gt;" in html
    ElementTree.fromstring(html)


def test_card_of_many_files_is_small():
    """A notebook is saved with it; a hundred thousand holes must not fill it."""
    rng = np.random.default_rng(0)
    kept = rng.random((2000, 2, 50)) > 0.4
    names = [
        f"e/t{t:04d}_{'ab'[c]}_z{z:02d}.tif" for t, c, z in zip(*np.nonzero(kept), strict=True)
    ]
    seq = open_sequence(names, pattern="t{t:d}_{channel}_z{z:d}.tif")
    assert len(seq._repr_html_()) < 30_000


def test_rows_of_one_axis_do_not_count_files_twice():
    """Of each label there is a file, or there is none: the empty cells tell."""
    rows = dict(grid_rows(grid_summary(grid_of_pattern(["z0", "z2"], r"(z)(\d)"))))
    assert rows == {"grid": "3 cells, 1 of them empty", "z": "3: 0, 1, 2"}


def test_card_of_a_single_file_and_of_a_row():
    """Grids without axes and with one are grids too."""
    for names in (["a.tif"], ["a.tif", "b.tif"]):
        ElementTree.fromstring(TiffSequence(names)._repr_html_())
    seq = open_sequence(["t1_a.tif", "t1_b.tif", "t2_a.tif", "t2_b.tif"]).isel(t=0, label=1)
    ElementTree.fromstring(seq._repr_html_())


# contact sheets


def test_roles_by_name():
    """What axes are, for people."""
    names = ["B02_s1_t1_w1_z1.tif", "B03_s2_t2_w2_z2.tif"]
    grid = grid_of_pattern(names, "{well}_s{s:d}_t{t:d}_w{w:d}_z{z:d}.tif")
    assert axis_roles(grid) == AxisRoles(channels=(3,), times=(2,), places=(0, 1), planes=(4,))


def test_roles_of_axes_without_a_name():
    """Words are channels, and the last number is time."""
    grid = grid_of_pattern(["df/DC00.tif", "ob/0001.tif"], r"(?P<kind>df|ob)/\D*(?P<n>\d+)")
    assert axis_roles(grid) == AxisRoles(channels=(0,), times=(1,))


@pytest.fixture
def stack(tmp_path):
    """Write 2 times, 2 channels and 3 planes of 40 by 60 pixels, one missing, one broken."""
    for t, (c, name), z in itertools.product(range(2), enumerate(("DAPI", "GFP")), range(3)):
        image = np.full((40, 60), 100 * t + 10 * c + z, np.uint16)
        tifffile.imwrite(tmp_path / f"t{t}_{name}_z{z}.tif", image)
    for z in range(3):
        (tmp_path / f"t1_DAPI_z{z}.tif").write_bytes(b"no TIFF")
        if z:
            (tmp_path / f"t0_GFP_z{z}.tif").unlink()
    return tmp_path


def sheet_of(folder, **kwargs):
    seq = open_sequence(os.fspath(folder))
    return contact_sheet(seq.grid, seq.source, read_tiff, **kwargs)


@pytest.mark.parametrize(
    ("project", "expected"), [("max", 112), ("mean", 111), ("middle", 111), ("auto", 112)]
)
def test_planes_become_one_picture(stack, project, expected):
    """By their maximum, their mean, or the middle one."""
    sheet = sheet_of(stack, project=project)
    assert (sheet.channels, sheet.times, sheet.places) == (["DAPI", "GFP"], ["0", "1"], [""])
    assert sheet.pictures[1][1][0].image.tolist() == np.full((40, 60), expected).tolist()
    assert sheet.pictures[0][1][0].why == "cannot be read"


def test_an_empty_cell_has_no_picture(stack):
    """It says so."""
    (stack / "t0_GFP_z0.tif").unlink()
    assert sheet_of(stack).pictures[1][0][0].why == "no file"


def test_long_axes_are_shown_in_part(tmp_path):
    """From the first to the last, and the sheet says what it leaves out."""
    for t in range(31):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((4, 4), t, np.uint8))
    sheet = sheet_of(tmp_path, limits=Limits(times=4))
    assert sheet.times == ["0", "10", "20", "30"]
    assert [pictures[0].image.max() for pictures in sheet.pictures[0]] == [0, 10, 20, 30]
    assert sheet.note == "4 of 31 t"


def test_channels_in_files_are_rows(tmp_path):
    """A file of DAPI and GFP that shows as one picture hides one of them."""
    for t in range(3):
        image = np.zeros((2, 4, 8, 8), np.uint8)  # planes, channels: as ImageJ has them
        image[:, :, 0, 0] = 10 * np.arange(4)
        image[1, :, 0, 0] += t
        path = tmp_path / f"t{t}.tif"
        tifffile.imwrite(path, image, imagej=True, metadata={"axes": "ZCYX"})
    sheet = sheet_of(tmp_path)
    assert (sheet.channel_name, sheet.channels) == ("c", ["0", "1", "2", "3"])
    values = [[places[0].image[0, 0] for places in times] for times in sheet.pictures]
    assert values == [[10 * c + t for t in range(3)] for c in range(4)]
    assert sheet.note == "maximum of 2 z in each file"
    sheet = sheet_of(tmp_path, project="middle", limits=Limits(channels=2))
    assert sheet.channels == ["0", "3"]
    assert sheet.note == "z 1 of 0 to 1 in each file, 2 of 4 c in each file"


def test_large_images_are_read_in_part(tmp_path):
    """Of an image of 36 million pixels, every few rows."""
    name = os.fspath(tmp_path / "a.tif")
    tifffile.imwrite(name, np.zeros((6000, 6000), np.uint8))
    seq = TiffSequence([name])
    make = Thumbnailer(seq.source, read_tiff, 256, "max")
    with count() as counts:
        image = make([name]).image
    assert 200 <= max(image.shape) <= 512
    assert counts.bytes < 6000 * 6000 / 3


def test_pyramids_are_read_at_a_small_level(tmp_path):
    """The bytes of the full image stay where they are."""
    name = os.fspath(tmp_path / "a.tif")
    image = np.arange(1024 * 1024, dtype=np.uint32).reshape(1024, 1024)
    with tifffile.TiffWriter(name) as writer:
        writer.write(image, subifds=2, tile=(128, 128))
        writer.write(image[::2, ::2], subfiletype=1, tile=(128, 128))
        writer.write(image[::4, ::4], subfiletype=1, tile=(128, 128))
    seq = TiffSequence([name])
    make = Thumbnailer(seq.source, read_tiff, 200, "max")
    with count() as counts:
        small = make([name]).image
    assert small.shape == (256, 256)
    np.testing.assert_array_equal(image[::4, ::4], small)
    assert counts.bytes == 256 * 256 * 4


def test_pictures_of_every_kind_of_file(tmp_path):
    """Colours, stacks, odd types and shapes: each has rows and columns."""
    paths = write_corpus(tmp_path)
    seq = TiffSequence(list(paths.values()))
    make = Thumbnailer(seq.source, read_tiff, 64, "max")
    for kind, path in paths.items():
        image = make([path]).image
        assert image is not None, kind
        assert image.ndim == 2 or image.shape[2:] == (3,), kind
        assert image.size, kind


def test_contrast_leaves_frames_and_no_values_out(tmp_path):
    """A tenth of the pixels at -999 would make all others grey."""
    image = np.random.default_rng(0).integers(1000, 2000, (50, 50)).astype(np.int16)
    image[:5] = -999
    tifffile.imwrite(tmp_path / "t0.tif", image)
    tifffile.imwrite(tmp_path / "t1.tif", image)
    (contrasts,) = sheet_of(tmp_path).contrasts
    contrast = contrasts.by_kind["int16"]
    assert 1000 <= contrast.low < 1050
    assert 1950 < contrast.high <= 2000


@pytest.mark.parametrize("project", ["max", "mean"])
def test_nodata_does_not_count_in_the_contrast(tmp_path, project):
    """Of the pixels of the ground, the darkest are black, wherever the value for none is."""
    for t, nodata in enumerate((9999, 9999)):
        image = np.random.default_rng(t).integers(1000, 2000, (50, 50)).astype(np.int16)
        image[:5] = nodata
        tag = (42113, "s", 0, str(nodata), True)
        tifffile.imwrite(tmp_path / f"t{t}.tif", image, extratags=[tag])
    sheet = sheet_of(tmp_path, project=project)
    (contrasts,) = sheet.contrasts
    contrast = contrasts.by_kind["int16"]
    assert 1000 <= contrast.low < contrast.high <= 2000
    assert np.isnan(sheet.pictures[0][0][0].image[:5]).all()


def test_each_type_of_pixels_has_a_contrast(tmp_path):
    """Bytes beside heights of 16 bits were black."""
    ramp = np.arange(3000, dtype=np.uint16).reshape(50, 60)
    tifffile.imwrite(tmp_path / "a.tif", (ramp % 256).astype(np.uint8))
    tifffile.imwrite(tmp_path / "b.tif", 3000 + ramp)
    tifffile.imwrite(tmp_path / "c.tif", (np.dstack([ramp] * 3) % 256).astype(np.uint8))
    figure = open_sequence(os.fspath(tmp_path), pattern=None).preview()
    for axes in figure.axes:
        assert 100 < axes.images[0].get_array().mean() < 156
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a.tif", "b.tif", "c.tif"]


@pytest.mark.parametrize("name", SETS)
def test_no_picture_of_real_data_is_black_or_white(name):
    """For want of stretching; those of one value say so."""
    if not any(DATA.joinpath(name).rglob("*.[Tt][Ii]*")):
        pytest.skip("no images")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GridWarning)
        seq = open_sequence(os.fspath(DATA / name), unmatched="skip")
    sheet = contact_sheet(seq.grid, seq.source, seq.reader)
    for pictures, contrasts in zip(sheet.pictures, sheet.contrasts, strict=True):
        for picture in itertools.chain.from_iterable(pictures):
            if picture.image is not None and not picture.note:
                assert np.ptp(contrasts.shades(picture)) > 64


def test_a_picture_without_data_says_so(tmp_path):
    """It has neither black nor white pixels."""
    tag = (42113, "s", 0, "0", True)
    tifffile.imwrite(tmp_path / "t0.tif", np.zeros((5, 6), np.uint8), extratags=[tag])
    assert sheet_of(tmp_path).pictures[0][0][0].why == "no data"


def test_a_flat_picture_says_so(tmp_path):
    """White everywhere was black."""
    for t in range(2):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((5, 6), 255, np.uint8))
    tifffile.imwrite(tmp_path / "t2.tif", np.arange(30, dtype=np.uint8).reshape(5, 6))
    sheet = sheet_of(tmp_path)
    assert [p[0].note for p in sheet.pictures[0]] == ["all pixels 255", "all pixels 255", ""]
    (contrasts,) = sheet.contrasts
    shades = contrasts.shades(sheet.pictures[0][0][0])
    assert 64 < shades.min() == shades.max() < 192
    figure = open_sequence(os.fspath(tmp_path)).preview()
    assert [axes.texts[0].get_text() for axes in figure.axes[:2]] == ["all pixels 255"] * 2


def test_channels_have_the_colours_of_their_dyes(tmp_path):
    """DAPI is blue and GFP green; actin is not blue, and tells nothing."""
    for channel in ("DAPI", "GFP", "mCherry", "actin"):
        image = np.arange(30, dtype=np.uint16).reshape(5, 6)
        tifffile.imwrite(tmp_path / f"t0_{channel}.tif", image)
    seq = open_sequence(os.fspath(tmp_path), pattern="t0_{channel}.tif")
    sheet = contact_sheet(seq.grid, seq.source, read_tiff)
    bright = {
        name: contrasts.shades(sheet.pictures[i][0][0])[-1, -1].tolist()
        for i, (name, contrasts) in enumerate(zip(sheet.channels, sheet.contrasts, strict=True))
    }
    assert bright.pop("actin") == 255
    assert {name: int(np.argmax(colour)) for name, colour in bright.items()} == {
        "DAPI": 2,
        "GFP": 1,
        "mCherry": 0,
    }


@pytest.mark.parametrize(
    "values",
    [[[3.0, 3.0]], [[1e9, 1e9 + 1e-6]], [[-1e308, 1e308]], [[0.0, np.nan]], [[0, 65535]]],
    ids=["flat", "close", "huge", "nan", "wide"],
)
def test_histograms_of_any_values_have_axes(tmp_path, values):
    """Places of ticks are inside the box, and their labels are values."""
    np.save(tmp_path / "t0.npy", np.array(values))
    seq = FileSequence(np.load, os.path.join(tmp_path, "*.npy"), pattern=r"(t)(\d)")
    sheet = contact_sheet(seq.grid, seq.source, seq.reader)
    for each in histograms(sheet):
        assert each["bars"]
        assert len(each["across"]) > 1
        assert all(0 <= x <= WIDTH for x, _ in each["across"])
        assert each["down"][0] == (pytest.approx(HEIGHT, abs=HEIGHT), "1")


def test_stretching_survives_any_values():
    """Nothing but one value, not a number, infinity."""
    flat = Contrast(3.0, 3.0).shades(np.full((2, 2), 3.0))
    assert 64 < flat.min() == flat.max() < 192
    wild = Contrast(0.0, 1.0).shades(np.array([[np.nan, np.inf], [-np.inf, 0.5]]))
    assert wild.tolist() == [[0, 255], [0, 127]]


def test_preview_is_a_figure_with_labels(stack):
    """Rows of channels, columns of times."""
    figure = open_sequence(os.fspath(stack)).preview()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["t=0", "t=1", "", ""]
    texts = [text.get_text() for text in figure.texts]
    assert f"10 files in {stack}"[-20:] in texts[0]
    assert {"DAPI", "GFP"} <= set(texts)
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("channels", [("DAPI",), ("DAPI", "GFP")])
def test_preview_of_places_and_times(tmp_path, channels):
    """A row for each place: in one row, labels were cut and pictures tiny."""
    for p, t, c in itertools.product(range(3), range(6), channels):
        tifffile.imwrite(tmp_path / f"pos{p}_t{t}_{c}.tif", np.full((8, 9), t, np.uint8))
    figure = open_sequence(os.fspath(tmp_path), pattern="pos{pos:d}_t{t:d}_{c}.tif").preview()
    assert [axes.get_title(loc="left") for axes in figure.axes[:7]] == [
        *(f"t={t}" for t in range(6)),
        "",
    ]
    heads = [text.get_text() for text in figure.texts][2:]
    shown = channels if len(channels) > 1 else ("",)
    assert heads == [", ".join(filter(None, (f"pos={p}", c))) for p in range(3) for c in shown]


def test_four_plates_are_two_by_two(tmp_path):
    """Not three and one."""
    for well, t, c in itertools.product(("A01", "H12"), range(2), ("DAPI", "GFP")):
        tifffile.imwrite(tmp_path / f"{well}_t{t}_{c}.tif", np.eye(8, dtype=np.uint8))
    figure = open_sequence(os.fspath(tmp_path)).preview()
    assert len({round(axes.get_position().x0, 3) for axes in figure.axes}) == 2


def test_preview_of_any_reader(tmp_path):
    """NPY files of three axes, of which the last is colour."""
    for t in range(3):
        np.save(tmp_path / f"t{t}.npy", np.full((8, 9, 3), t, np.uint8))
    seq = FileSequence(np.load, os.path.join(tmp_path, "*.npy"), pattern=r"(t)(\d)")
    assert len(seq.preview().axes) == 3


def test_preview_refuses_another_projection(stack):
    """The argument, its value and its choices."""
    with pytest.raises(ValueError, match="project='sum' is neither 'auto' nor 'max'"):
        open_sequence(os.fspath(stack)).preview(project="sum")


@pytest.mark.slow
def test_preview_without_matplotlib_says_how_to_get_it(stack):
    """The package works without; a picture does not."""
    code = (
        "import sys\n"
        "sys.modules['matplotlib'] = None\n"
        "import dask_fileseq\n"
        f"seq = dask_fileseq.open_sequence({os.fspath(stack)!r})\n"
        "seq._repr_html_()\n"
        "try:\n"
        "    seq.preview()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.search(r'pip install "dask-fileseq\[preview\]"', done.stdout)

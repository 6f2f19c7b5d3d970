"""Plates and mosaics are drawn as such: in text, SVG, contact sheets and figures."""

import itertools
import os
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import open_sequence
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.report.gridlayout import FORMATS, grid_layout, row_letters
from dask_fileseq.report.gridmap import grid_map, text_map
from dask_fileseq.report.sheet import contact_sheet
from dask_fileseq.report.sheetplan import Limits, plan_sheet
from dask_fileseq.report.summary import grid_rows, grid_summary
from dask_fileseq.report.svgmap import MOST, map_legend, svg_map
from tests.helpers.commands import invoke
from tests.helpers.instruments import metaxpress

pytestmark = pytest.mark.usefixtures("settled")


def wells(rows, columns, form="{}{:02d}"):
    return [form.format(row_letters(r), c + 1) for r in range(rows) for c in range(columns)]


def grid_of_wells(names):
    return grid_of_pattern(names, "{well}")


@pytest.mark.parametrize("size", FORMATS)
def test_a_whole_plate_of_each_format(size):
    """Six wells in 2 rows are a plate of six, not a corner of a larger one."""
    for names in (wells(*size), wells(*size, "{}{}"), wells(*size, "{}-{:02d}")):
        layout = grid_layout(grid_of_wells(names))
        assert (layout.kind, layout.shape) == ("plate", size)


def test_a_part_of_a_plate_is_in_the_next_format():
    """Wells that no file names count as empty; columns of two digits are those of 96 or more."""
    assert grid_layout(grid_of_wells(["A1", "B2", "C4"])).shape == (3, 4)
    assert grid_layout(grid_of_wells(["A1", "D5"])).shape == (4, 6)
    assert grid_layout(grid_of_wells(["B02", "B03", "C02"])).shape == (8, 12)
    assert grid_layout(grid_of_wells(["B02", "I03"])).shape == (16, 24)
    assert grid_layout(grid_of_wells(["B02", "AF48"])).shape == (32, 48)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["B1", "B2", "B3"], "{band}"),
        (["A1", "A01", "B1"], "{well}"),
        (["A01", "B99"], "{well}"),
        (["A01", "control"], "{well}"),
        (["A01_x"], "{well}_x"),
        (["r0_c0", "r0_c1", "r1_c0"], "r{row:d}_c{column:d}"),
    ],
)
def test_what_is_no_plate(names, pattern):
    """Bands, wells of two spellings, columns that no plate has, tiles."""
    assert grid_layout(grid_of_pattern(names, pattern)).kind != "plate"


def test_rows_and_columns_are_a_plate_if_letters_or_fields_say_so():
    """Numbers alone may be tiles."""
    letters = [f"{r}_{c}" for r in "ABC" for c in (3, 4)]
    assert grid_layout(grid_of_pattern(letters, "{row}_{column:d}")).shape == (8, 12)
    numbers = [f"r{r}c{c}f{f}" for r in (2, 3) for c in (3, 4) for f in (1, 2)]
    layout = grid_layout(grid_of_pattern(numbers, "r{row:d}c{column:d}f{field:d}"))
    assert (layout.kind, layout.depth) == ("plate", 2)
    np.testing.assert_array_equal(layout.places(np.array([0, 7])), [[1, 2], [2, 3]])


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 23), st.integers(0, 2)), min_size=2))
def test_map_of_a_plate_counts_each_file_in_its_well(cells):
    """Whatever wells there are: their files are where their names say."""
    cells = sorted(set(cells))
    names = [f"{row_letters(r)}{c + 1:02d}_s{s}" for r, c, s in cells]
    grid = grid_of_pattern(names, "{well}_s{s:d}")
    image = grid_map(grid, (8, 8))
    if image.layout.kind != "plate":
        assert len({cell[:2] for cell in cells}) < 2
        return
    assert image.filled.sum() == len(cells)
    for r, c in {cell[:2] for cell in cells}:
        assert image.filled[r, c] == sum(cell[:2] == (r, c) for cell in cells)
    plate = grid_summary(grid)["plate"]
    assert plate["with_files"] == np.count_nonzero(image.filled)
    assert plate["in_part"] == np.count_nonzero(image.states == "some")


def test_text_of_a_plate():
    """Letters run down, numbers across; part of the files is a mark of its own."""
    names = [f"{well}_s{s}" for well in ("A01", "A02", "D12") for s in (1, 2)]
    lines = text_map(grid_of_pattern(names[:-1], "{well}_s{s:d}"))
    assert lines[0] == "96-well plate (# all files, + some, . none)"
    assert lines[1] == "  1  2  3  4  5  6  7  8  9  10 11 12"
    assert lines[2] == "A #  #  .  .  .  .  .  .  .  .  .  ."
    assert lines[5] == "D .  .  .  .  .  .  .  .  .  .  .  +"
    assert len(lines) == 10


@pytest.mark.parametrize("size", [(8, 12), (16, 24), (32, 48)])
def test_text_of_plates_fits_a_terminal(size):
    """Every well has its mark, in 80 columns beside the labels of rows."""
    lines = text_map(grid_of_wells(wells(*size)))
    assert max(map(len, lines)) <= 68
    assert sum(line.count("#") for line in lines[1:]) == size[0] * size[1]
    assert lines[0] == f"{size[0] * size[1]}-well plate (# file)"


def test_svg_of_a_plate_has_a_circle_for_each_well():
    """Three full ones, and 93 that are empty."""
    root = ElementTree.fromstring(svg_map(grid_map(grid_of_wells(["A01", "A02", "H12"]), MOST)))
    paths = [each.get("d") for each in root.iter("{http://www.w3.org/2000/svg}path")]
    assert [path.count("M") for path in paths] == [3, 93]
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [*texts[:8], texts[-1]] == [*"ABCDEFGH", "96-well plate"]


def test_legend_has_what_occurs():
    """Of three colours, one may be there."""
    full = grid_of_wells(wells(8, 12))
    assert [text for _, _, text in map_legend(grid_map(full, MOST))] == ["file"]
    part = grid_of_wells(["A01", "A02"])
    assert [text for _, _, text in map_legend(grid_map(part, MOST), marked=True)] == [
        "file",
        "none",
        "something is wrong",
    ]


def test_a_mosaic_is_drawn_as_it_is():
    """Three by three, in whatever order rows and columns are in the names."""
    for form, pattern in (
        ("{0}_{1}", "{row:d}_{column:d}"),
        ("{1}_{0}", "{x:d}_{y:d}"),
        ("tile_{0}x{1}", "tile_{tile_0:d}x{tile_1:d}"),
    ):
        names = [form.format(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 2)]
        grid = grid_of_pattern(names, pattern)
        assert grid_layout(grid).kind == "mosaic"
        assert [line[2:] for line in text_map(grid)[2:]] == ["###", "##.", "###"]
        svg = svg_map(grid_map(grid, MOST))
        assert re.findall(r'x="(\d+)\.0" y="-4" text-anchor="middle"', svg) == ["10", "30", "50"]


def test_r_and_c_are_a_mosaic_if_another_axis_is_the_channel():
    """Else c may be the channel, and r the round."""
    names = [f"{d}_r{r}_c{c}" for d in ("DAPI", "GFP") for r in range(3) for c in range(3)]
    layout = grid_layout(grid_of_pattern(names, "{channel}_r{r:d}_c{c:d}"))
    assert (layout.kind, layout.shape, layout.depth) == ("mosaic", (3, 3), 2)
    assert plan_sheet(layout.grid, 1, Limits()).roles.channels == (0,)
    rounds = grid_of_pattern([f"r{r}_c{c}" for r in range(3) for c in range(3)], "r{r:d}_c{c:d}")
    assert grid_layout(rounds).kind == "table"


def test_labels_that_begin_alike_are_told_apart():
    """Three dates of one day were one label."""
    names = [f"t202603020{h}00{m}5_{c}" for h in (8, 9) for m in (0, 1) for c in "abc"]
    grid = grid_of_pattern(names, "t{time:%Y%m%d%H%M%S}_{c}")
    svg = svg_map(grid_map(grid, MOST))
    rows = re.findall(r'text-anchor="end">(.*?)</text>', svg)
    assert rows == ["2026-…2 08:00:05", "2026-…2 08:00:15", "2026-…2 09:00:05", "2026-…2 09:00:15"]


def test_long_labels_of_few_columns_are_all_shown():
    """Every second channel had none, where there was room for all."""
    dyes = ["488 long", "Alexa 568", "HOECHST 33342", "Texas Red"]
    grid = grid_of_pattern([f"t{t}_{dye}" for t in range(3) for dye in dyes], "t{t:d}_{channel}")
    svg = svg_map(grid_map(grid, MOST), width=480)
    assert re.findall(r'text-anchor="start">(.*?)</text>', svg) == dyes


def test_labels_of_the_slow_axis_remain_if_there_is_no_room():
    """Of t x channel, every tenth label was that of some channel at some time."""
    names = [f"p{p}_t{t}_{c}" for p in range(4) for t in range(12) for c in ("DAPI", "GFP", "RFP")]
    svg = svg_map(grid_map(grid_of_pattern(names, "p{p:d}_t{t:d}_{channel}"), MOST), width=480)
    labels = re.findall(r'x="([\d.]+)" y="-4" text-anchor="start">(.*?)</text>', svg)
    assert labels == [(f"{39 * t}.0", str(t)) for t in range(12)]


def test_two_axes_are_down_and_across():
    """Not all in one row."""
    grid = grid_of_pattern([f"t{t}_{c}" for t in range(3) for c in "abc"], "t{t:d}_{c}")
    assert grid_layout(grid).shape == (3, 3)


def test_show_draws_plates_and_counts_wells(tmp_path):
    """Also those of which no file is missing."""
    for well in ("B02", "B03", "C02"):
        (tmp_path / f"{well}_w1.tif").touch()
        (tmp_path / f"{well}_w2.tif").touch()
    (tmp_path / "C02_w2.tif").unlink()
    result = invoke("show", tmp_path, "--pattern", "{well}_w{w:d}.tif")
    assert "plate       3 of 96 wells have files, 1 of them only some\n" in result.stdout
    assert "map         96-well plate (# all files, + some, . none)\n" in result.stdout
    assert "            B .  #  #  ." in result.stdout
    assert "            C .  +  .  ." in result.stdout


@pytest.fixture
def plate(tmp_path):
    """Write some wells with two fields and two channels; a field and a picture are absent."""
    for well, s, channel in itertools.product(("A01", "A02", "H12"), (1, 2), ("DAPI", "GFP")):
        value = 100 * ord(well[0]) + 10 * int(well[1:]) + s
        image = np.full((16, 24), value, np.uint16)
        image[0, 0] = 0
        tifffile.imwrite(tmp_path / f"{well}_s{s}_{channel}.tif", image)
    (tmp_path / "A02_s1_DAPI.tif").unlink()
    (tmp_path / "A02_s1_GFP.tif").unlink()
    (tmp_path / "H12_s1_GFP.tif").write_bytes(b"no TIFF")
    return tmp_path


def test_sheet_of_a_plate_has_one_picture_a_well(plate):
    """Of the field that has files, at the place of the well."""
    seq = open_sequence(os.fspath(plate))
    sheet = contact_sheet(seq.grid, seq.source, seq.reader)
    assert (sheet.channels, sheet.places) == (["DAPI", "GFP"], ["A01", "A02", "H12"])
    assert (len(sheet.board.rows), len(sheet.board.columns)) == (8, 12)
    assert sheet.board.positions == [0, 1, 95]
    assert sheet.board.partial == [False, True, False]
    assert [picture.image.max() for picture in sheet.pictures[0][0]] == [6511, 6522, 7321]
    assert sheet.pictures[1][0][2].why == "cannot be read"
    assert sheet.note == "1 of 2 s"


def test_preview_of_a_plate_is_one_panel_a_channel(plate):
    """With letters down, numbers across, and a frame where a file is missing."""
    figure = open_sequence(os.fspath(plate)).preview()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["DAPI", "GFP"]
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list("ABCDEFGH")
    assert axes.get_xticklabels()[-1].get_text() in ("11", "12")
    pixels = axes.images[0].get_array()
    high, wide = pixels.shape[0] // 8, pixels.shape[1] // 12
    red, _, blue = pixels[-high + 9, -wide + 9]
    assert blue > 2 * red  # DAPI
    assert tuple(pixels[0, wide + 1]) == (232, 164, 90)


def test_report_of_a_plate_has_its_layout(plate, tmp_path):
    """The page is told rows, columns and places."""
    output = tmp_path / "report.html"
    assert invoke("report", plate, "-o", output).exit_code == 0
    data = re.search(r'id="sheet-data">(.*?)</script>', output.read_text(), re.DOTALL)[1]
    assert '"positions": [0, 1, 95]' in data
    assert "<dt>plate</dt><dd>3 of 96 wells have files, 1 of them only some</dd>" in (
        output.read_text()
    )


def test_a_mosaic_of_very_many_tiles_is_shown_in_part(tmp_path):
    """Ten thousand pictures are none that anybody looks at."""
    names = [f"{tmp_path}/{r}_{c}.npy" for r in range(100) for c in range(100)]
    grid = grid_of_pattern(names, "{row:d}_{column:d}.npy")
    assert grid_layout(grid).kind == "mosaic"
    plan = plan_sheet(grid, 1, Limits())
    assert plan.layout is None
    assert plan.count <= Limits().pictures


def test_sheet_of_a_sparse_grid_shows_cells_with_files(tmp_path):
    """Of 12 times and 12 positions, each time has one position: no picture is empty."""
    for i in range(12):
        tifffile.imwrite(tmp_path / f"t{i:02d}_p{i:02d}.tif", np.full((4, 4), i, np.uint8))
    seq = open_sequence(os.fspath(tmp_path), pattern="t{t:d}_p{p:d}.tif")
    assert seq.shape == (12, 12)
    sheet = contact_sheet(seq.grid, seq.source, seq.reader)
    pictures = list(itertools.chain.from_iterable(sheet.pictures[0]))
    assert len(pictures) == 12
    assert all(picture.image is not None for picture in pictures)


def test_rows_of_a_plate_are_in_the_summary():
    """Text and page are made of it."""
    rows = dict(grid_rows(grid_summary(grid_of_wells(wells(16, 12)))))
    assert rows["plate"] == "192 of 384 wells have files"


def test_a_descriptor_says_which_plate_it_is(tmp_path):
    """Three rows and four columns, not a corner of a plate of 96."""
    seq = open_sequence(metaxpress(tmp_path).files)
    assert (seq.grid.metadata.plate, grid_layout(seq.grid).shape) == ((3, 4), (3, 4))
    assert seq.isel(site=0).grid.metadata.plate == (3, 4)

"""What each axis becomes in OME-Zarr, by the names of many instruments; or one clear question."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from dask_fileseq import FileSequence, LayoutError, open_sequence
from dask_fileseq.cli.terminal import command_line_text
from dask_fileseq.convert.imagelayout import ome_layout
from tests.helpers.shared import LISTINGS

HARMONY = "r{r:02d}c{c:02d}f{f:02d}p{p:02d}-ch{ch}sk1fk1fl1.tiff"
LETTERS = r"(r)(\d+)(c)(\d+)(f)(\d+)(p)(\d+)-(ch)(\d+)"
SCANR = "--W{w:05d}--P{p:05d}--Z{z:05d}--T{t:05d}--{c}.tif"
INCUCYTE = "VID1_Phase_A{c}_{s}_{d:02d}d{h:02d}h00m.tif"


def read(name):
    """Return the same small image, whatever the name."""
    return np.zeros((4, 5), "u2")


def names_of(template, **values):
    return [
        template.format(**dict(zip(values, row, strict=True)))
        for row in itertools.product(*values.values())
    ]


def layout(names, pattern="infer", axes=None):
    seq = open_sequence(names, imread=read, pattern=pattern, identity="name")
    return ome_layout(seq.array(), axes)


def question(names, pattern="infer", axes=None):
    with pytest.raises(LayoutError) as caught:
        layout(names, pattern, axes)
    return command_line_text(str(caught.value))


def test_an_axis_without_a_role_is_a_question():
    """It was taken for images without a word: 25 images in place of a stack."""
    names = names_of("banana{b}.tif", b=range(25))
    assert question(names) == (
        "axis 'banana' (25): say what it is:"
        " --axes banana=z makes one stack, --axes banana=image 25 images"
    )
    assert layout(names, axes={"banana": "z"}).shape == (25, 4, 5)
    assert len(layout(names, axes={"banana": "image"}).images) == 25
    assert "'sequence' (25)" in question(names, None)
    assert layout(names[:1], r"banana(?P<banana>\d+)").kind == "image"


def test_a_question_offers_what_is_free():
    """A second stack, or words as positions along z, would be another error."""
    names = names_of("z{z}_q{q}.tif", z=range(2), q=range(3))
    assert "--axes q=t makes one series in time" in question(names, r"z(?P<z>\d)_q(?P<q>\d)")
    names = names_of("{word}_{c}.tif", word=["wild", "knockout"], c=["DAPI", "GFP"])
    assert question(names, "{word}_{channel}") == (
        "axis 'word' (2): say what it is: --axes word=image makes 2 images"
    )
    assert "--axes word=c makes channels" in question(names[::2], "{word}_{}")
    names = names_of("a{a}_q{q}.tif", a=range(2), q=range(3))
    text = question(names, r"a(?P<a>\d)_q(?P<q>\d)")
    assert text.startswith(
        "axes 'a' (2) and 'q' (3): say what they are: --axes a=image,q=image makes 6 images"
    )


def test_letters_of_harmony_are_rows_columns_and_planes():
    """The fix was ch=image, which makes a channel of each column."""
    names = names_of(HARMONY, r=[1, 2], c=[3, 4], f=[1, 2], p=[1, 2, 3], ch=[1, 2])
    text = question(names, LETTERS)
    assert "'c' (2) and 'ch' (2) are both 'c': --axes r=row,c=column makes a plate" in text
    assert text.endswith("and so does --pattern operetta")
    found = layout(names, LETTERS, {"r": "row", "c": "column"})
    assert (found.kind, found.dims, found.shape[:2]) == ("plate", tuple("czyx"), (2, 3))
    assert list(found.wells) == ["A/3", "A/4", "B/3", "B/4"]
    assert layout(names, "operetta").wells == found.wells == layout(names).wells


@pytest.mark.parametrize(
    ("pattern", "names", "fix"),
    [
        (r"C(?P<C>\d)_(?P<channel>\w+)", ["C1_DAPI", "C1_GFP", "C2_DAPI"], "C=image"),
        (r"(?P<channel>[A-Z]+)_f(?P<filter>\d)", ["DAPI_f1", "GFP_f2"], "filter=image"),
        (r"t(?P<t>\d)_f(?P<frame>\d)", ["t0_f1", "t1_f2"], "frame=image"),
        (r"z(?P<z>\d)_s(?P<section>\d)", ["z0_s1", "z1_s2"], "section=image"),
        (r"s(?P<section>\d)_z(?P<z>\d)", ["s0_z1", "s1_z2"], "section=image"),
    ],
)
def test_of_two_axes_of_a_role_the_plain_one_stays(pattern, names, fix):
    """The fix would make images of channels, and channels of cycles."""
    text = question(names, pattern)
    assert f": --axes {fix} makes 2 images" in text
    dim, _, role = fix.partition("=")
    assert len(layout(names, pattern, {dim: role}).images) == 2


PLATES = {
    "one row of Harmony": (
        names_of("r02c{c:02d}f01p{p:02d}-ch{ch}sk1fk1fl1.tiff", c=[2, 3], p=[1, 2], ch=[1, 2]),
        {"B/2": ("0",), "B/3": ("0",)},
    ),
    "one row of ImageXpress": (
        names_of("p_A{c:02d}_s{s}_w{w}.TIF", c=[1, 2], s=[1, 2], w=[1, 2]),
        {"A/1": ("0", "1"), "A/2": ("0", "1")},
    ),
    "one row of InCell": (
        names_of("H - {c}(fld {f} wv {w}).tif", c=[1, 2], f=[1, 2], w=["DAPI", "FITC"]),
        {"H/1": ("0", "1"), "H/2": ("0", "1")},
    ),
    "Incucyte": (
        names_of(INCUCYTE, c=[1, 2], s=[1], d=[0, 1], h=[0, 12]),
        {"A/1": ("0",), "A/2": ("0",)},
    ),
    "ScanR by name": (
        names_of("A{w}" + SCANR, w=[1, 2], p=[1, 2], z=[0, 1], t=[0], c=["dapi", "gfp"]),
        {"A/1": ("0", "1"), "A/2": ("0", "1")},
    ),
}


@pytest.mark.parametrize("case", PLATES)
def test_plates_are_found_by_inference(case):
    """A plate of one row lost its row, and was an error or no plate."""
    names, wells = PLATES[case]
    assert layout(names).wells == wells


@pytest.mark.parametrize("pattern", ["infer", "scanr"])
def test_wells_by_number_are_images(pattern):
    """The W of ScanR was a second channel, and a number shows no row and column."""
    found = layout(names_of(SCANR, w=[1, 2], p=[1, 2], z=[0, 1], t=[0], c=["dapi", "gfp"]), pattern)
    assert (found.kind, len(found.images)) == ("collection", 4)
    assert dict(zip(found.dims, found.shape, strict=True)).items() >= {"c": 2, "z": 2}.items()
    assert len(layout(["17", "18"], r"(?P<well>\d+)").images) == 2
    one = names_of(SCANR, w=[1, 2], p=[1, 2], z=[0, 1], t=[0], c=["dapi"])
    assert "'W' (2): say what it is: --axes W=c makes channels, --axes W=image" in question(one)
    names = names_of("A01_f{f}_w{w}", f=[1, 2], w=[1, 2])
    assert layout(names, r"(?P<well>A\d+)_(f)(\d)_(w)(\d)").dims == tuple("cyx")


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ("{d}d{h:02d}h", r"(?P<day>\d)d(?P<hour>\d+)h"),
        ("{d}d{h:02d}h", r"(?P<d>\d)d(?P<h>\d+)h"),
        ("{h:02d}h{d}d", r"(?P<Hours>\d+)h(?P<Days>\d)d"),
    ],
)
def test_days_and_hours_are_one_time(template, pattern, tmp_path):
    """They were two axes of one role; hours of all days before the next hour are no time."""
    zarr = pytest.importorskip("zarr")
    names = names_of(template, d=[0, 1], h=[0, 6, 12, 18])

    def numbered(name):
        return np.full((4, 4), names.index(name), "u1")

    seq = FileSequence(numbered, names, pattern=pattern, spacing="values", identity="name")
    seq.to_ome_zarr(tmp_path / "o.zarr")
    times = [names.index(template.format(d=d, h=h)) for d in (0, 1) for h in (0, 6, 12, 18)]
    assert zarr.open_array(tmp_path / "o.zarr" / "0")[:, 0, 0].tolist() == times
    multiscale = zarr.open_group(tmp_path / "o.zarr").attrs["ome"]["multiscales"][0]
    assert multiscale["axes"][0] == {"name": "t", "type": "time", "unit": "second"}
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale == [21600.0, 1.0, 1.0]


def test_rows_and_columns_by_number_are_a_question_without_fields():
    """Tiles of an electron microscope became a plate of wells."""
    names = names_of("Tile_r{r}-c{c}_S_{s:03d}_17.tif", r=[1, 2], c=[1, 2], s=[0, 1])
    text = question(names)
    assert "--axes row=row,column=column makes a plate" in text
    assert text.endswith("--axes row=image,column=image 4 images")
    assert layout(names, axes={"row": "image", "column": "image"}).kind == "collection"


def test_axes_of_length_1_are_in_nobodys_way():
    """A constant C beside three filters is no second axis of channels."""
    names = ["C0_f0", "C0_f1", "C0_f2"]
    found = layout(names, r"C(?P<C>\d)_f(?P<filter>\d)")
    assert (found.dims, found.shape) == (tuple("cyx"), (3, 4, 5))


MICROSCOPY = {
    *("HTS", "live cell", "light-sheet", "CODEX/IMC/MIBI", "confocal", "EM", "cell tracking"),
    *("medical/histology", "tomography", "phenotyping", "materials", "misc lab folder", "neutron"),
}


@pytest.mark.skipif(not LISTINGS.is_file(), reason="needs the shared listings")
def test_listings_of_microscopes_convert_or_are_a_question():
    """Each of their axes has a role, or is named in a question that proposes some."""
    kinds = {"image": 0, "plate": 0, "collection": 0, "question": 0}
    for listing in json.loads(Path(LISTINGS).read_text("utf-8")):
        if listing["field"] not in MICROSCOPY or listing["ambiguous"]:
            continue
        try:
            seq = open_sequence(listing["names"], imread=read, identity="name", unmatched="skip")
        except ValueError:
            continue  # the names are the question
        try:
            kinds[ome_layout(seq.array()).kind] += 1
        except LayoutError as error:
            text = str(error)
            assert text.startswith(("axis '", "axes '")), listing["id"]
            assert "axes={" in text, listing["id"]
            kinds["question"] += 1
    assert all(kinds.values())

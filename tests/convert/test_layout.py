"""Which images a sequence becomes: axes by their names, wells, fields, and what fits none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import FileSequence, LayoutError
from dask_fileseq.convert.imagelayout import ImageLayout, TargetImage, ome_layout
from dask_fileseq.readers import ChunkSpec, FileInfo, Reader
from dask_fileseq.report import channel_hues

PLATE = {"axes": {"row": "row", "column": "column"}}


class NamedAxes(Reader):
    """Reads files that hold axes of these names, without files."""

    def __init__(self, **axes):
        self.axes = axes

    def describe(self, file, **_):
        shape = tuple(self.axes.values())
        return FileInfo(ChunkSpec(shape, np.dtype("u1"), tuple(self.axes), shape))

    def __call__(self, file, **_):
        return np.zeros(tuple(self.axes.values()), "u1")


def layout(pattern, names, *, axes=None, **chunk):
    chunk = chunk or {"y": 4, "x": 5}
    seq = FileSequence(NamedAxes(**chunk), names, pattern=pattern, spacing="step")
    return ome_layout(seq.array(), axes)


GRID = [f"t{t}_{c}_z{z}" for t in range(2) for c in ("DAPI", "GFP") for z in range(3)]


def test_axes_are_put_in_the_order_of_ome():
    """Readers take the first axis for time, whatever its name."""
    found = layout(r"t(?P<time>\d)_(?P<channel>[A-Z]+)_z(?P<plane>\d)", GRID)
    assert (found.kind, found.dims, found.shape) == ("image", tuple("tczyx"), (2, 2, 3, 4, 5))
    swapped = [name.split("_") for name in GRID]
    names = [f"{z}_{c}_{t}" for t, c, z in swapped]
    found = layout(r"z(?P<z>\d)_(?P<w>[A-Z]+)_t(?P<t>\d)", names)
    assert (found.dims, found.axes) == (tuple("tczyx"), ((2,), (1,), (0,), (3,), (4,)))


def test_samples_of_colour_are_channels():
    """OME-Zarr has no axis of samples."""
    found = layout(r"t(?P<t>\d)", ["t0", "t1"], y=4, x=5, s=3)
    assert (found.dims, found.shape) == (tuple("tcyx"), (2, 3, 4, 5))
    found = layout(r"(?P<c>\d)", ["0", "1"], y=4, x=5, s=3)
    assert (found.dims, found.shape, found.axes[0]) == (tuple("cyx"), (6, 4, 5), (0, 3))


def test_sites_named_s_are_images_and_no_samples():
    """The (s) of ImageXpress is a field."""
    found = layout(r"_(s)(\d)_(w)(\d)", ["_s1_w1", "_s1_w2", "_s2_w1"])
    assert (found.kind, found.dims) == ("collection", tuple("cyx"))
    assert found.images == (TargetImage("0", {0: 0}), TargetImage("1", {0: 1}))


WELLS = {
    "one axis": (r"(?P<well>[A-P]\d\d)_f(?P<field>\d)", ["A01_f1", "A01_f2", "B12_f1"]),
    "rows and columns": (
        r"(?P<row>[A-P])(?P<column>\d\d)_f(?P<f>\d)",
        ["A01_f1", "A01_f2", "B12_f1"],
    ),
    "numbers": (
        r"r(?P<row>\d\d)c(?P<column>\d\d)f(?P<field>\d)",
        ["r01c01f1", "r01c01f2", "r02c12f1"],
    ),
    "positions": (r"(?P<position>[A-P]\d\d)_f(?P<field>\d)", ["A01_f1", "A01_f2", "B12_f1"]),
}


@pytest.mark.parametrize("case", WELLS)
def test_wells_become_a_plate(case):
    """Wells are said in several ways; those without any file are not on the plate."""
    pattern, names = WELLS[case]
    found = layout(pattern, names)
    column = "1" if case in ("numbers", "rows and columns") else "01"
    assert found.kind == "plate"
    assert found.wells == {f"A/{column}": ("0", "1"), "B/12": ("0",)}
    assert [image.path for image in found.images] == [f"A/{column}/0", f"A/{column}/1", "B/12/0"]


def test_rows_and_columns_of_tiles_are_no_plate():
    """Tiles are counted from 0; and where there are wells, rows are within them."""
    found = layout(r"(?P<row>\d)_(?P<column>\d)", ["0_0", "0_1"])
    assert found.kind == "collection"
    names = ["A01_1_1", "A01_1_2"]
    found = layout(r"(?P<well>[A-H]\d\d)_(?P<row>\d)_(?P<column>\d)", names)
    assert found.wells == {"A/01": ("0", "1")}


def test_rows_that_begin_at_0_are_all_letters():
    """Row 1 would be A, and row 0 none."""
    names = [f"{row}_{column}" for row in range(2) for column in (1, 12)]
    found = layout(r"(?P<row>\d)_(?P<column>\d+)", names, **PLATE)
    assert list(found.wells) == ["A/1", "A/12", "B/1", "B/12"]
    names = [f"{row}_{column}" for row in (3, 4) for column in (1, 12)]
    found = layout(r"(?P<row>\d)_(?P<column>\d+)", names, **PLATE)
    assert list(found.wells) == ["C/1", "C/12", "D/1", "D/12"]


def test_wells_of_large_plates():
    """After row Z comes AA; and a hyphen is no part of a column."""
    found = layout(r"(?P<well>[A-Za-z]{1,2}-?\d+)", ["b02", "AA-3"])
    assert set(found.wells) == {"B/02", "AA/3"}
    names = [f"{row}_{column}" for row in (1, 27) for column in (1, 7)]
    found = layout(r"(?P<row>\d+)_(?P<column>\d)", names, **PLATE)
    assert list(found.wells) == ["A/1", "A/7", "AA/1", "AA/7"]


def test_one_image_is_no_collection():
    """Axes of length 1 need no images apart."""
    found = layout(r"reg(?P<region>\d)_t(?P<t>\d)", ["reg1_t0", "reg1_t1"])
    assert (found.kind, found.images) == ("image", (TargetImage("", {0: 0}),))


def test_users_say_what_names_do_not():
    """What a program named q may well be time."""
    with pytest.raises(LayoutError, match=r"'q' in the files \(5\): .*axes=\{'q': 'z'\}"):
        layout(r"c(?P<c>\d)", ["c0", "c1"], q=5, y=4, x=5)
    found = layout(r"c(?P<c>\d)", ["c0", "c1"], axes={"q": "z"}, q=5, y=4, x=5)
    assert (found.dims, found.shape) == (tuple("czyx"), (2, 5, 4, 5))
    assert layout(r"c(?P<c>\d)", ["c0", "c1"], q=1, y=4, x=5).dims == tuple("cyx")
    found = layout(r"c(?P<c>\d)", ["c0", "c1"], axes={"q": "image"}, q=5, y=4, x=5)
    assert (found.kind, len(found.images)) == ("collection", 5)


def test_axes_can_be_laid_end_to_end():
    """Files of five planes each are one stack."""
    with pytest.raises(LayoutError, match=r"'z' \(2\) and 'z_chunk' .* are both 'z'"):
        layout(r"z(?P<z>\d)", ["z0", "z1"], z=5, y=4, x=5)
    found = layout(r"z(?P<z>\d)", ["z0", "z1"], axes={"z": "z", "z_chunk": "z"}, z=5, y=4, x=5)
    assert (found.dims, found.shape) == (tuple("zyx"), (10, 4, 5))


@pytest.mark.parametrize(
    ("pattern", "names", "arguments", "message"),
    [
        (r"t(?P<t>\d)", ["t0"], {"x": 5}, "is 'y'"),
        (
            r"t(?P<t>\d)_f(?P<frame>\d)",
            ["t0_f1", "t1_f2"],
            {},
            r"'t' \(2\) and 'frame' \(2\) are both",
        ),
        (r"t(?P<t>\d)", ["t0"], {"axes": {"q": "t"}}, "'q' is none of the dimensions"),
        (r"t(?P<t>\d)", ["t0"], {"axes": {"t": "time"}}, "'time' is none of t, c, z"),
        (r"(?P<well>\w+)", ["A17", "18"], {}, "'18' is no well"),
        (r"(?P<well>\w-?\d)", ["A1", "A-1"], {}, "'A-?1' and 'A-?1' are both well 'A/1'"),
        (r"(?P<well>\w\d)", ["b2", "B2", "A1"], {}, "'[bB]2' and '[Bb]2' are both well 'B/2'"),
        (r"(?P<row>.)(?P<column>\d)", ["b2", "B2"], PLATE, "'. 2' and '. 2' are both well 'B/2'"),
        (r"(?P<row>.)(?P<column>\d)", ["Ä1", "B2"], PLATE, "row 'Ä' and column '1' are no names"),
    ],
)
def test_what_fits_nothing_is_an_error_that_says_so(pattern, names, arguments, message):
    """A guess would be a target that says what is not true."""
    with pytest.raises(LayoutError, match=message):
        layout(pattern, names, **arguments)


@given(st.data())
def test_parts_make_up_each_window(data):
    """Planes of a merged axis that are lost or swapped would be pixels in other places."""
    lengths = data.draw(
        st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=3)
    )
    flat = [n for along in lengths for n in along]
    order = data.draw(st.permutations(range(len(flat))))
    axes, taken = [], iter(order)
    for along in lengths:
        axes.append(tuple(next(taken) for _ in along))
    shape = [0] * len(flat)
    for along, sizes in zip(axes, lengths, strict=True):
        for axis, n in zip(along, sizes, strict=True):
            shape[axis] = n
    array = np.arange(int(np.prod(shape))).reshape(shape)
    whole = array.transpose([axis for along in axes for axis in along]).reshape(
        [int(np.prod(sizes)) for sizes in lengths]
    )
    window = []
    for n in whole.shape:
        start = data.draw(st.integers(0, n - 1))
        window.append((start, data.draw(st.integers(start + 1, n))))
    made = ImageLayout("array", (), tuple(axes), tuple(map(tuple, lengths)), (TargetImage(""),))
    result = np.full([stop - start for start, stop in window], -1)
    for place, windows in made.parts(tuple(window), made.images[0]):
        part = array[tuple(slice(*windows[axis]) for axis in range(array.ndim))]
        last = [along[-1] for along in axes]
        part = part.transpose([*last, *(axis for axis in range(array.ndim) if axis not in last)])
        result[place] = part.reshape(part.shape[: len(last)])
    np.testing.assert_array_equal(result, whole[tuple(slice(*edges) for edges in window)])


def test_colours_follow_names():
    """DAPI in red would be read wrong."""
    assert channel_hues(["DAPI", "GFP", "Cy3", "Cy5"]) == ["blue", "green", "red", "magenta"]
    assert channel_hues(["red", "green", "blue"]) == ["red", "green", "blue"]
    assert len(set(channel_hues(["1", "2", "3", "4"]))) == 4
    assert channel_hues(["Alexa Fluor 647", "actin", "DAPI"]) == ["magenta", "green", "blue"]


def test_dates_are_time_whatever_their_name():
    """A pattern that types them has said what they are."""
    names = ["a_20240101", "a_20240102", "b_20240101"]
    found = layout("{chan}_{acquired:%Y%m%d}", names)
    assert (found.kind, found.dims) == ("image", tuple("tcyx"))

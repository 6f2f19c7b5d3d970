import itertools
import json
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dask_fileseq.errors import NamesError, UnmatchedError
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.patterns import NamePattern, infer

NAMING = Path(__file__).parents[3] / "shared" / "NAMING.json"
CONVENTIONS = json.loads(NAMING.read_text()) if NAMING.exists() else []


def names_of(template, **axes):
    return [
        template.format(**dict(zip(axes, cell, strict=True)))
        for cell in itertools.product(*axes.values())
    ]


TIMES = [0, 1, 2, 10]
WORDS = ["DAPI", "GFP", "Cy5"]


@pytest.mark.parametrize(
    ("template", "axes", "expected"),
    [
        ("s1/img_t{t:03d}_z{z:d}.tif", {"t": TIMES, "z": [1, 2]}, "img_t{t:03d}_z{z:d}.tif"),
        ("T{T:04d}F{F:03d}C{C:02d}.tif", {"T": TIMES, "F": [1, 2], "C": [1, 2]}, None),
        ("{d:02d}d{h:02d}h.tif", {"d": [0, 1], "h": [0, 6, 12]}, None),
        ("Pos{Pos:d}/time_{time:d}.tif", {"Pos": [0, 1], "time": TIMES}, None),
        ("{channel}.tif", {"channel": ["red", "green", "blue"]}, None),
        ("x_{channel}_{t:d}_w.tif", {"channel": WORDS, "t": TIMES}, "x_{channel}_{Q:d}_w.tif"),
        ("{k}/{n:04d}.tif", {"k": ["ob", "df"], "n": TIMES}, "{folder}/{Q:04d}.tif"),
        ("ab {n:d}.tif", {"n": TIMES}, "ab {sequence:d}.tif"),
        ("DC{n:d}.tif", {"n": TIMES}, "DC{DC:d}.tif"),
        ("p_{well}_s{s:d}.tif", {"well": ["A01", "A02", "H12"], "s": [1, 2]}, None),
        ("A{n:02d}_s{s:d}.tif", {"n": [1, 2, 12], "s": [1, 2]}, "{well}_s{s:d}.tif"),
        ("{a:d}_{b:d}.tif", {"a": TIMES, "b": [1, 2, 3]}, "{Q_0:d}_{Q_1:d}.tif"),
        ("z{z:.1f}um_{c}.tif", {"z": [0.5, 1, 1.5], "c": WORDS}, "z{z:f}um_{channel}.tif"),
        ("a_{{x}}_t{t:d}.tif", {"t": TIMES}, "a_{{x}}_t{t:d}.tif"),
        ("a (fld {fld:d} z {z:d}).tif", {"fld": [1, 2], "z": TIMES}, None),
        ("pos{p:d}/img_pos{p:d}_t{t:d}.tif", {"p": [0, 1], "t": TIMES}, None),
        ("a_20200{m:d}01_c{c:d}.tif", {"m": [1, 2, 4], "c": [1, 2]}, "a_{date:%Y%m%d}_c{c:d}.tif"),
        ("t{h:d}/202001{d:02d}T{h:02d}3000.tif", {"d": [1, 2], "h": [10, 11]}, None),
        ("tile_{r:d}x{c:d}.tif", {"r": [5], "c": TIMES}, "tile_5x{x:d}.tif"),
    ],
)
def test_axes_are_named_by_the_letters_around_numbers(template, axes, expected):
    """Axes are missed, or named otherwise than a reader of the names would."""
    special = {
        "a (fld {fld:d} z {z:d}).tif": "format:a (fld {fld:d} z {z:d}).tif",
        "pos{p:d}/img_pos{p:d}_t{t:d}.tif": "pos{pos:d}/img_pos{:d}_t{t:d}.tif",
        "t{h:d}/202001{d:02d}T{h:02d}3000.tif": "t{t:d}/{time:%Y%m%dT%H%M%S}.tif",
    }
    names = [f"/data/run 7/{name}" for name in names_of(template, **axes)]
    pattern = infer(names)
    assert (expected or special.get(template, template)) == str(pattern)
    assert NamePattern.of(str(pattern)) == pattern
    grid = grid_of_pattern(names, pattern, spacing="values")
    assert len(grid.names) == len(names)
    if "time" not in grid.dims or "Pos" in grid.dims:
        sizes = [len(values) for values in axes.values() if len(values) > 1]
        assert sorted(sizes) == sorted(grid.shape)


@given(
    st.lists(st.integers(0, 200), min_size=2, max_size=4, unique=True),
    st.lists(st.integers(0, 30), min_size=2, max_size=4, unique=True),
    st.lists(st.text("GHJKMQR", min_size=2, max_size=5), min_size=2, max_size=4, unique=True),
    st.sampled_from(
        [
            "/a/b/t{t:04d}_{channel}_z{z:02d}.tif",
            "run1/z{z:d}/{channel}-t{t:d}.ome.tif",
            "T{t:03d}Z{z:03d}/x {channel}.png",
            "t{t:d}z{z:d}_stack_{channel}_1.tif",
        ]
    ),
    st.data(),
)
def test_a_grid_makes_names_that_infer_the_grid(times, planes, channels, template, data):
    """A value is lost or moved on the way from a grid to names and back."""
    cells = list(itertools.product(times, planes, channels))
    left_out = data.draw(st.sampled_from([None, *cells]))
    cells = [cell for cell in cells if cell != left_out]
    fields = ("t", "z", "channel")
    names = [template.format(**dict(zip(fields, cell, strict=True))) for cell in cells]
    assume(len(set(names)) == len(names))
    grid = grid_of_pattern(names, infer(names), spacing="values")
    assert {dim.lower() for dim in grid.dims} == set(fields)
    for cell, index in zip(cells, grid.indices, strict=True):
        found = {d.lower(): grid.coords[d][i] for d, i in zip(grid.dims, index, strict=True)}
        assert cell == tuple(found[dim].item() for dim in fields)
    assert grid.files_missing == (left_out is not None)


@given(st.lists(st.text("at01_-/. {}()[]<>%\0\n", max_size=9), min_size=1, max_size=6))
def test_any_names_are_read_or_refused(names):
    """Odd names bring an obscure error, or a pattern that does not find what it claims."""
    try:
        pattern = infer(names)
    except NamesError as error:
        assert "pattern=None" in str(error)  # noqa: PT017
    else:
        assert NamePattern.of(str(pattern)) == pattern
        assert any(pattern.match(os.path.normpath(name)) for name in names)


@pytest.mark.parametrize(
    ("names", "readings"),
    [
        (names_of("t{a:d}c{b:d}z.tif", a=[1, 2], b=[1, 2]), ["t{t:d}c{c:d}z", "t{c:d}c{z:d}z"]),
        (names_of("{a:d}z{b:d}.tif", a=[1, 2], b=[1, 2]), ["{Q:d}z{z:d}", "{z:d}z{Q:d}"]),
        (["a_1_k_4.tif", "a_2_k_5.tif"], ["a_{Q_0:d}_k_{Q_1:d}", "a_{sequence:d}_k_{:d}"]),
    ],
)
def test_two_readings_are_both_said(names, readings):
    """One of two readings is taken by a guess."""
    with pytest.raises(NamesError, match="two readings fit") as info:
        infer(names)
    assert all(f"pattern='{reading}.tif'" in str(info.value) for reading in readings)


@pytest.mark.parametrize("names", [["a.tif"], ["a.tif"] * 3, [], ["a1.tif", "b/c/2.png"]])
def test_nothing_to_infer(names):
    """Where names say nothing, the error does not say what to do."""
    with pytest.raises(NamesError, match="pattern=None"):
        infer(names)


def test_strays_do_not_hide_the_pattern():
    """Thumbnails and stray files make words of all names, or vanish in silence."""
    images = names_of("ZStep_{z:d}/p_{well}_s1.tif", z=[1, 2, 3], well=["A01", "B02", "C10"] * 4)
    images = sorted(set(images))
    thumbs = [name.replace(".tif", "_thumb.tif") for name in images]
    names = [*images, *thumbs, "ZStep_1/Thumbs.db"]
    pattern = infer(names)
    assert str(pattern) == "ZStep_{ZStep:d}/p_{well}_s1.tif"
    with pytest.raises(UnmatchedError, match="does not match 10 of 19 names"):
        grid_of_pattern(names, "infer")
    grid = grid_of_pattern(names, "infer", unmatched="skip")
    assert set(grid.unmatched) == set(names) - set(images)
    assert grid.files_missing == 0
    many = [f"img_{i:04d}.tif" for i in range(50)]
    for stray in ("img_final.tif", "img_0001 (copy).tif", "img_x0001.tif", "img_.tif"):
        assert str(infer([*many, stray])) == "img_{sequence:04d}.tif"


def test_what_says_the_same_is_no_axis():
    """Time stamps or wavelengths beside an index make a grid of empty cells."""
    names = [f"c_stack{i:04d}_{i * 880:07d}msec_{i * 880 + 5:d}msecAbs.tif" for i in range(5)]
    assert grid_of_pattern(names, "infer").dims == ("stack",)
    waves = [f"w{w}{c}_s{s}.tif" for (w, c), s in itertools.product([(1, "A"), (2, "B")], [1, 2])]
    assert grid_of_pattern(waves, "infer").dims == ("channel", "s")
    guids = [f"w{w}{w:08X}-BD0D-4D94-A6AD-3FF28BB1B105.tif" for w in (1, 2)]
    assert str(infer(guids)) == "w{w:d}{:uuid}.tif"


READ = {
    "Olympus FluoView OIF": "CZ",
    "Leica TIFF series": "Y",
    "Leica LAS X export": ["t", "z", "ch"],
    "Leica Matrix Screener": "YC",
    "Olympus scan^R": "P",
    "LEVER": "ct",
    "Bio-Formats pattern test_Z<0-1>_C<0-2:2>": "ZC",
    "Channels as words": ["channel"],
    "MetaMorph .nd series": ["channel", "s", "t"],
    "Keyence BZ-X, CODEX": ["Cyc", "Z", "CH"],
    "Cell Tracking Challenge": ["mask"],
    "Synchrotron tomography projections (Savu, DXchange, tomopy)": ["sequence"],
    "ImageJ image sequence, blank-padded": ["sequence"],
    "Landsat 5 bands (Geoscience Australia)": "B",
    "Landsat Collection 2": ["date", "B"],
    "Lattice light sheet (LLSpy)": ["stack"],
}


@pytest.mark.skipif(not CONVENTIONS, reason="no file of conventions beside the repository")
@pytest.mark.parametrize("name", READ)
def test_conventions_are_inferred_where_names_allow(name):
    """Inference finds other axes than the convention has, of those that vary."""
    (convention,) = [c for c in CONVENTIONS if c["name"] == name]
    grid = grid_of_pattern(convention["examples"], "infer", spacing="values")
    assert grid.dims == tuple(READ[name])
    for example, values in convention["values"].items():
        index = grid.indices[convention["examples"].index(example)]
        for dim, i in zip(grid.dims, index, strict=True):
            if dim in values and isinstance(values[dim], int):
                assert grid.coords[dim][i] == values[dim]


@pytest.mark.skipif(not CONVENTIONS, reason="no file of conventions beside the repository")
def test_no_convention_is_misread():
    """A convention is read as something that does not tell its files apart."""
    for convention in CONVENTIONS:
        try:
            grid = grid_of_pattern(convention["examples"], "infer", spacing="values")
        except NamesError as error:
            assert "two readings fit" in str(error)  # noqa: PT017
        else:
            assert len(grid.names) == len(convention["examples"])

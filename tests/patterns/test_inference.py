import itertools
import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dask_fileseq import open_sequence
from dask_fileseq.errors import NamesError, UnmatchedError
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.patterns import as_pattern, infer
from tests.helpers.shared import CONVENTIONS, stated


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
        ("{d:02d}d{h:02d}h.tif", {"d": [0, 1], "h": [0, 6, 12]}, "{time:%dd%Hh}.tif"),
        ("Pos{Pos:d}/time_{time:d}.tif", {"Pos": [0, 1], "time": TIMES}, None),
        ("{channel}.tif", {"channel": ["red", "green", "blue"]}, None),
        ("x_{channel}_{t:d}_w.tif", {"channel": WORDS, "t": TIMES}, "x_{channel}_{Q:d}_w.tif"),
        ("x_{side}_{t:d}_w.tif", {"side": ["left", "right"], "t": TIMES}, "x_{side}_{Q:d}_w.tif"),
        ("GC5{c}_t{t:d}.tif", {"c": ["L", "R"], "t": TIMES}, "GC5{label}_t{t:d}.tif"),
        ("GC5{c}_t{t:d}.tif", {"c": ["L", "R", "G"], "t": TIMES}, "GC5{channel}_t{t:d}.tif"),
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
        ("tile_{r:d}x{c:d}.tif", {"r": [5], "c": TIMES}, "tile_5x{tile:d}.tif"),
        ("{r:d}x{c:d}.tif", {"r": TIMES, "c": [1, 2]}, "{tile_0:d}x{tile_1:d}.tif"),
        ("AA{n:02d}_s{s:d}.tif", {"n": [1, 48], "s": [1, 2]}, "{well}_s{s:d}.tif"),
        ("AB{n:d}_s{s:d}.tif", {"n": [1, 48], "s": [1, 2]}, "AB{AB:d}_s{s:d}.tif"),
    ],
)
def test_axes_are_named_by_the_letters_around_numbers(template, axes, expected):
    """Axes are missed, or named otherwise than a reader of the names would."""
    special = {
        "a (fld {fld:d} z {z:d}).tif": "format:a (fld {fld:d} z {z:d}).tif",
        "pos{p:d}/img_pos{p:d}_t{t:d}.tif": "pos{pos:d}/img_pos{:d}_t{t:d}.tif",
        "t{h:d}/202001{d:02d}T{h:02d}3000.tif": "t{:d}/{time:%Y%m%dT%H%M%S}.tif",
    }
    names = [f"/data/run 7/{name}" for name in names_of(template, **axes)]
    pattern = infer(names)
    assert (expected or special.get(template, template)) == str(pattern)
    assert as_pattern(str(pattern)) == pattern
    grid = grid_of_pattern(names, pattern, spacing="values")
    assert len(grid.names) == len(names)
    if "time" not in grid.dims or "Pos" in grid.dims:  # the parts of a date are one axis
        sizes = [len(values) for values in axes.values() if len(values) > 1]
        assert sorted(sizes) == sorted(grid.shape)


LETTERS = "t tp time z sl plane focal c ch w wavelength s f fov pos series row col x y tile"


@pytest.mark.filterwarnings("ignore::dask_fileseq.errors.GridWarning")
@pytest.mark.parametrize("change", [str, str.upper, str.title])
@pytest.mark.parametrize(
    "form", ["a_{}{{:02d}}_k{{}}.tif", "a_{{:02d}}{}_{{}}k.tif", "{}_{{:02d}}/k{{}}.tif"]
)
def test_letters_before_or_behind_a_number_are_its_axis(change, form):
    """Letters that are known to mean an axis are taken for something else, or for two."""
    for letters in map(change, LETTERS.split()):
        names = [form.format(letters).format(i, k) for i in (1, 2, 11) for k in (1, 2)]
        seq = open_sequence(names, spacing="step")
        assert seq.dims == (letters, "k")
        assert seq.coords[letters].tolist() == list(range(1, 12))
        seq = open_sequence(names, spacing="values")
        assert (seq.shape, seq.coords[letters].tolist()) == ((3, 2), [1, 2, 11])


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
    assert {dim.lower().replace("label", "channel") for dim in grid.dims} == set(fields)
    for cell, index in zip(cells, grid.indices, strict=True):
        found = {d.lower(): grid.coords[d][i] for d, i in zip(grid.dims, index, strict=True)}
        found = {"channel": found.get("label")} | found
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
        assert as_pattern(str(pattern)) == pattern
        assert any(pattern.match(os.path.normpath(name)) for name in names)


def test_signs_of_expressions_in_names_warn_of_nothing():
    """Python's warnings about odd expressions reach users, who wrote none."""
    names = [f"[[a]--{t}&&.tif" for t in range(3)]
    assert infer(names).match(names[2]) == (("sequence",), ("2",))


@pytest.mark.parametrize(
    ("names", "readings"),
    [
        (names_of("t{a:d}c{b:d}z.tif", a=[1, 2], b=[1, 2]), ["t{t:d}c{c:d}z", "t{c:d}c{z:d}z"]),
        (names_of("{a:d}z{b:d}.tif", a=[1, 2], b=[1, 2]), ["{Q:d}z{z:d}", "{z:d}z{Q:d}"]),
        (
            names_of("z_{a:d}t_{b:d}c_{c:d}.tif", a=[0, 1], b=[0, 1], c=[0, 1]),
            ["z_{z:d}t_{t:d}c_{c:d}", "z_{t:d}t_{c:d}c_{Q:d}"],
        ),
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
    assert grid_of_pattern(waves, "infer").dims == ("label", "s")
    guids = [f"w{w}{w:08X}-BD0D-4D94-A6AD-3FF28BB1B105.tif" for w in (1, 2)]
    assert str(infer(guids)) == "w{w:d}{:uuid}.tif"


WELLS = [f"{row}{column:02d}" for row in ("A", "P", "Z", "AA", "AF") for column in (1, 24, 48)]


@pytest.mark.parametrize(
    ("names", "pattern", "sizes", "unmatched"),
    [
        # few strays
        (["t1.tif", "t2.tif", "t3.tif", "notes.tif"], "t{t:d}.tif", {"t": 3}, 1),
        (["notes.tif", "t1.tif", "t2.tif"], "t{t:d}.tif", {"t": 2}, 1),
        (["cell1.tif", "cell2.tif", "cell3.tif", "a.tif"], "cell{cell:d}.tif", {"cell": 3}, 1),
        (["01.tif", "02.tif", "dark.tif"], "{sequence:02d}.tif", {"sequence": 2}, 1),
        (["t1z1.tif", "t1z2.tif", "t2z1.tif", "a.tif"], "t{t:d}z{z:d}.tif", {"t": 2, "z": 2}, 1),
        (
            [f"s{s}_t{t}.tif" for s in (1, 2) for t in (0, 1)] + ["ref_t0.tif"],
            "s{s:d}_t{t:d}.tif",
            {"s": 2, "t": 2},
            1,
        ),
        # words with digits
        (["Cy3.tif", "Cy5.tif", "DAPI.tif"], "{channel}.tif", {"channel": 3}, 0),
        (["488.tif", "561.tif", "BF.tif"], "{channel}.tif", {"channel": 3}, 0),
        (
            names_of("{c}_t{t:d}.tif", c=["1", "2", "BF"], t=TIMES),
            "{channel}_t{t:d}.tif",
            {"channel": 3, "t": 4},
            0,
        ),
        # letter case
        (["z1.tif", "z2.tif", "Z3.tif"], "{}{z:d}.tif", {"z": 3}, 0),
        (["a1.tif", "a2.TIF"], "a{a:d}.{}", {"a": 2}, 0),
        (["img_t1.tif", "IMG_T2.tif"], "{}_{}{t:d}.tif", {"t": 2}, 0),
        # marks on letters, which some file systems keep apart
        (["Gr\u00fcn_1.tif", "Gru\u0308n_2.tif"], "{}_{sequence:d}.tif", {"sequence": 2}, 0),
        # wells
        (WELLS, "{}", {"well": 15}, 0),
        (
            ["A1_s1.tif", "A01_s2.tif", "B01_s1.tif", "B1_s2.tif"],
            "{row}{column:d}_s{s:d}.tif",
            {"row": 2, "column": 1, "s": 2},
            0,
        ),
        (["R1.tif", "R2.tif", "G1.tif", "G2.tif"], "{channel}{Q:d}.tif", {"channel": 2, "Q": 2}, 0),
        (
            ["A - 1.tif", "A - 2.tif", "B - 2.tif"],
            "{row} - {column:d}.tif",
            {"row": 2, "column": 2},
            0,
        ),
        # signs, points and units
        (
            names_of("z{z:d}_{c}.tif", z=[-2, 0, 1], c=WORDS),
            "z{z:d}_{channel}.tif",
            {"z": 3, "channel": 3},
            0,
        ),
        (names_of("z_{z:+d}.tif", z=[-2, 1]), "z_{z:+d}.tif", {"z": 2}, 0),
        (
            names_of("x{x:+04d}y{y:.1f}.tif", x=[-2, 1], y=[-0.5, 1]),
            "x{x:+04d}y{y:f}.tif",
            {"x": 2, "y": 2},
            0,
        ),
        (
            names_of("a_{t:04d}.{c:d}.tif", t=TIMES, c=[1, 2]),
            "a_{Q_0:04d}.{Q_1:d}.tif",
            {"Q_0": 4, "Q_1": 2},
            0,
        ),
        (
            names_of("a_{t:d}.{c:d}.tif", t=TIMES, c=[1, 10]),
            "a_{Q_0:d}.{Q_1:d}.tif",
            {"Q_0": 4, "Q_1": 2},
            0,
        ),
        (["z_0.25um.tif", "z_0.5um.tif"], "z_{z:f}um.tif", {"z": 2}, 0),
        (
            ["a_2020_07_23_10_11_12.tif", "a_2020_07_23_11_11_12.tif"],
            "a_{time:%Y_%m_%d_%H_%M_%S}.tif",
            {"time": 2},
            0,
        ),
        (
            [f"a_20200723_10111{i}{(370 * i + 45) % 1000:03d}.tif" for i in range(9)],
            "a_{time:%Y%m%d_%H%M%S%f}.tif",
            {"time": 9},
            0,
        ),
        (
            ["a_2020-07-23T10:11:12.045Z.tif", "a_2020-07-23T10:11:13.545Z.tif"],
            "a_{time:%Y-%m-%dT%H:%M:%S.%f}Z.tif",
            {"time": 2},
            0,
        ),
        (
            names_of("a_20200723_1011{s:02d}.{i:03d}.tif", s=TIMES, i=[1, 2, 3]),
            "a_{time:%Y%m%d_%H%M%S}.{Q:03d}.tif",
            {"time": 4, "Q": 3},
            0,
        ),
        (
            ["a_2020-07-23T10:11:12Z.tif", "a_2020-07-23T11:11:12Z.tif"],
            "a_{time:%Y-%m-%dT%H:%M:%S}Z.tif",
            {"time": 2},
            0,
        ),
        # what another axis tells
        (
            [f"{d[:4]}/{int(d[4:6])}/S_{d}.tif" for d in ("20191230", "20200101", "20200203")],
            "{:%Y/%-m}/S_{date:%Y%m%d}.tif",
            {"date": 3},
            0,
        ),
        (
            [f"{w[0]}/{w}_s{s}.tif" for w in ("A01", "B02", "B03") for s in (1, 2)],
            "{}/{well}_s{s:d}.tif",
            {"well": 3, "s": 2},
            0,
        ),
        (
            [f"ch{c}_{t:03d}_{7 * t + c:04d}ms.tif" for c in (0, 1) for t in range(5)],
            "ch{ch:d}_{Q:03d}_{:04d}ms.tif",
            {"ch": 2, "Q": 5},
            0,
        ),
        (
            [
                f"Well{w}_Point{p:04d}_Seq{3 * w + p:04d}_{c}.tif"
                for w, p, c in itertools.product([1, 2], [0, 1, 2], WORDS)
            ],
            "Well{Well:d}_Point{Point:04d}_Seq{:04d}_{channel}.tif",
            {"Well": 2, "Point": 3, "channel": 3},
            0,
        ),
        (
            [f"c{c}_t{t}_20200{t + 1}01T10101{c}.tif" for c in (0, 1) for t in range(5)],
            "c{c:d}_t{t:d}_{:%Y%m%dT%H%M%S}.tif",
            {"c": 2, "t": 5},
            0,
        ),
        # six digits before a day: a clock only if its minutes and hours carry over
        (
            [f"S_{path:03d}{row:03d}_20130101_x.tif" for path in (22, 23) for row in (1, 2)],
            "S_{S:03d}{Q:03d}_20130101_x.tif",
            {"S": 2, "Q": 2},
            0,
        ),
        (
            ["orbit_012345_20130101.tif", "orbit_012346_20130101.tif"],
            "orbit_{sequence:06d}_20130101.tif",
            {"sequence": 2},
            0,
        ),
        (
            [f"LC08_L2SP_02200{row}_20130101_20310911_02_T1_SR_B2.TIF" for row in (1, 2)],
            "landsat-c2",
            {"path": 1, "row": 2, "date": 1, "band": 1},
            0,
        ),
        (
            [f"cam_{clock}_20130101.tif" for clock in ("095940", "095950", "100000", "100010")],
            "cam_{time:%H%M%S}_{time:%Y%m%d}.tif",
            {"time": 4},
            0,
        ),
        (
            [f"run_12-30-0{second}_2020-01-01.tif" for second in (1, 2, 4)],
            "run_{time:%H-%M-%S}_{time:%Y-%m-%d}.tif",
            {"time": 3},
            0,
        ),
    ],
)
def test_small_and_uneven_folders(names, pattern, sizes, unmatched):
    """Strays become words, letter case or a sign an axis, one thing in two spellings two axes."""
    grid = grid_of_pattern(names, "infer", spacing="values", unmatched="skip")
    assert dict(zip(grid.dims, grid.shape, strict=True)) == sizes
    assert len(grid.unmatched) == unmatched
    assert str(grid.pattern) == (pattern if names is not WELLS else "{well}")
    if unmatched:
        with pytest.raises(UnmatchedError, match=grid.unmatched[0]):
            grid_of_pattern(names, "infer")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["A1.tif", "A01.tif", "B1.tif"], r"'A1\.tif' and 'A01\.tif' are for the same cell"),
        (["t1.tif", "T1.tif", "t2.tif"], r"'t1\.tif' and 'T1\.tif' are for the same cell"),
        (["DAPI_1.tif", "dapi_2.tif", "GFP_1.tif"], "'DAPI' and 'dapi' differ in letter case"),
        (["GFP_1.tif", "dapi_1.tif", "DAPI_2.tif"], "'dapi' and 'DAPI' differ in letter case"),
        (["Gr\u00fcn_1.tif", "Gru\u0308n_2.tif", "Rot_1.tif"], r"differ in how marks are stored"),
        (["a.tif", "A.tif"], "nothing varies"),
    ],
)
def test_two_spellings_are_told(names, message):
    """Two spellings of one well, number or word stand beside each other in silence."""
    with pytest.raises(NamesError, match=message):
        grid_of_pattern(names, "infer")


def test_a_preset_tells_what_letters_leave_open():
    """Names that a preset reads are refused, or their odd ones are taken for strays."""
    dates = ["20200723T101031", "20200802T101031"]
    for bands in (["02", "8A"], [*(f"{band:02d}" for band in range(1, 13)), "8A"]):
        names = names_of("T32TQM_{date}_B{band}_10m.tif", date=dates, band=bands)
        seq = open_sequence(names)
        assert (str(seq.pattern), seq.shape) == ("sentinel-2", (1, 2, len(bands)))
        assert "B8A" in seq.coords["band"]
    wells = names_of(
        "A - {c:02d}(fld 1 wv {w}).tif", c=[1, 2], w=["390 - Blue", "Green - dsRed", "Cy5"]
    )
    assert open_sequence(wells).coords["channel"].tolist() == ["390 - Blue", "Cy5", "Green - dsRed"]


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
    "Keyence BZ-X, CODEX": ["cycle", "region", "tile", "Z", "CH"],
    "Cell Tracking Challenge": ["sequence", "time"],
    "Synchrotron tomography projections (Savu, DXchange, tomopy)": ["sequence"],
    "ImageJ image sequence, blank-padded": ["sequence"],
    "Landsat 5 bands (Geoscience Australia)": ["date", "band"],
    "Landsat Collection 2": ["path", "row", "date", "band"],
    "Lattice light sheet (LLSpy)": ["channel", "time"],
    # by the preset that the names follow
    "GE InCell Analyzer": ["row", "column", "field", "channel", "z"],
    "BioTek/Agilent Cytation Gen5": ["row", "column", "site", "channel", "time"],
    "Micro-Manager 1.4, separate image files": ["time", "channel", "z"],
    "LaVision/Miltenyi UltraMicroscope mosaic": "UVCZ",
    "Vitra / BBBC SBS plate": ["channel", "row", "column"],
    "Sentinel-1 global coherence (earthbigdata)": [
        *("latitude", "longitude", "season", "polarization", "coherence")
    ],
}


@pytest.mark.skipif(not CONVENTIONS, reason="no file of conventions beside the repository")
@pytest.mark.parametrize("name", READ)
def test_conventions_are_inferred_where_names_allow(name):
    """Inference finds other axes than the convention has, of those that vary."""
    (convention,) = [c for c in CONVENTIONS if c["name"] == name]
    pattern = infer(convention["examples"])  # of few names, that make grids of empty cells
    grid = grid_of_pattern(convention["examples"], pattern, spacing="values")
    assert grid.dims == tuple(READ[name])
    for example, values in convention["values"].items():
        index = grid.indices[convention["examples"].index(example)]
        for dim, i in zip(grid.dims, index, strict=True):
            if dim in values:
                assert stated(grid.coords[dim][i], values[dim])


@pytest.mark.skipif(not CONVENTIONS, reason="no file of conventions beside the repository")
def test_no_convention_is_misread():
    """A convention is read as something that does not tell its files apart."""
    for convention in CONVENTIONS:
        try:
            pattern = infer(convention["examples"])
            grid = grid_of_pattern(convention["examples"], pattern, spacing="values")
        except NamesError as error:
            assert "two readings fit" in str(error)  # noqa: PT017
        else:
            assert len(grid.names) == len(convention["examples"])

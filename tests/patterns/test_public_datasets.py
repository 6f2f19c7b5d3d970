"""Names as public collections of images have them: what is one label, and what is a date."""

import datetime
import itertools
import warnings

import pytest

from dask_fileseq import GridWarning, open_sequence
from dask_fileseq.errors import DuplicateError


def names_of(template, **axes):
    return [
        template.format(**dict(zip(axes, cell, strict=True)))
        for cell in itertools.product(*axes.values())
    ]


PATCHES = ["0_45", "0_46", "1_45", "1_46"]
PERIODS = ["1981-2010", "1991-2020"]
SHORT = ["0-15", "0-30", "1-15", "1-30"]
SCENES = ["alley_1", "alley_2", "ambush_5", "bamboo_2", "cave_4", "market_6", "temple_3"]
LINES = ["HUVEC-01", "HUVEC-24", "RPE-02", "U2OS-01", "U2OS-05", "HEPG2-11"]
RUNS = ["MOT 02", "MOT 04", "PETS 9", "TUD 2", "TUD 9", "KITTI 04"]
GUIDS = [
    "00070df0-bbc3-11e8-b2bc-ac1f6b6435d0",
    "000a6c98-bb9b-11e8-b2b9-ac1f6b6435d0",
    "4c0b31d2-bbb9-11e8-b2ba-ac1f6b6435d0",
]


@pytest.mark.parametrize(
    ("template", "axes", "dims"),
    [
        # the digits behind a day and T are its clock: no 31 October 2010 is in 101031_0_45
        ("S2_20170613T101031_{p}_B{b:02d}.tif", {"p": PATCHES, "b": [2, 3]}, "Q_0 Q_1 B"),
        ("S2_20170613t101031_{p}_B{b:02d}.tif", {"p": PATCHES, "b": [2, 3]}, "Q_0 Q_1 B"),
        ("20170613_101031_{p}_ch{c}.tif", {"p": PATCHES, "c": [0, 1]}, "Q_0 Q_1 ch"),
        ("2017-06-13T101031_{p}_ch{c}.tif", {"p": PATCHES, "c": [0, 1]}, "Q_0 Q_1 ch"),
        ("2017-06-13 101031-{p}_ch{c}.tif", {"p": SHORT, "c": [0, 1]}, "Q_0 Q_1 ch"),
        ("x-20170613-101031-{p}.tif", {"p": SHORT}, "Q_0 Q_1"),
        # codes of products are no wells, and no rows of a plate
        (
            "20JUN12-{p}_R{r}C{c}.tif",
            {"p": ["M1BS", "P1BS"], "r": [1, 2], "c": [1, 2]},
            "label R C",
        ),
        ("{p}_t{t}.tif", {"p": ["A1T", "B1T"], "t": [0, 1, 2]}, "label t"),
        ("x_{p}/t{t}.tif", {"p": ["C2K", "D2K", "E2K"], "t": [0, 1, 2]}, "folder t"),
        ("{p}f{f}d1.tif", {"p": ["A1", "A2", "B1", "B2"], "f": [1, 2]}, "well f"),
        ("{p}f{f:02d}.tif", {"p": ["A01", "B01"], "f": [1, 2]}, "well f"),
        # Z behind a clock is no plane
        ("{t}Z.{w}.tif", {"t": ["2014-01-01T000013", "2014-01-01T000025"], "w": [94, 171]}, ""),
        ("{t}Z_{w}.tif", {"t": ["20140101T000013", "20140101T000025"], "w": [94, 171]}, ""),
        ("a_{t}Z-{w}.tif", {"t": ["20140101T000013", "20140102T000025"], "w": [1, 2, 3]}, ""),
        # letters before a number elsewhere name the number behind them here, too
        ("{p}w{w}/a_w{w}_k{k}.tif", {"p": [20585, 20586], "w": [1, 2], "k": [1, 2]}, "Q w k"),
        ("{p}t{t}/img_t{t:03d}.tif", {"p": [1, 2, 3], "t": [0, 1, 2, 3]}, "Q t"),
        ("{p}ch{c}/{p}_ch{c}_{k}.tif", {"p": [1, 2, 3], "c": [0, 1], "k": [5, 6]}, "Q_0 ch Q_1"),
        # years have no letters
        ("NDVI_{y}Q{q}.tif", {"y": [2019, 2020, 2021], "q": [1, 2, 3, 4]}, "Q_0 Q_1"),
        ("ndvi{y}W{w:02d}.tif", {"y": [2019, 2020], "w": [1, 5, 9]}, "ndvi W"),
        ("{y}S{s}_{v}.tif", {"y": [2019, 2020], "s": [1, 2], "v": ["tp", "xy"]}, "Q S label"),
        ("{y}t{t:03d}.tif", {"y": [1998, 1999], "t": [1, 2, 3]}, "Q t"),
        ("a/{y}H{h}/x{x}.tif", {"y": [2019, 2020], "h": [1, 2], "x": [0, 1]}, "Q H x"),
        # periods of years are no months of their first year
        ("tas_{m}_{p}.tif", {"m": ["jan", "feb", "mar"], "p": PERIODS}, "month Q"),
        ("{m}-{p}_x.tif", {"m": ["Jan", "Feb", "Jul", "Dec"], "p": PERIODS}, "month Q"),
        ("{m}_{p}.tif", {"m": ["jan", "jul"], "p": ["1961_1990", "1981_2010"]}, "month Q"),
        ("{v}_01_{p}.tif", {"v": ["tas", "pr"], "p": PERIODS}, "label Q"),
        ("{p}/{m}_{p}.tif", {"m": ["jan", "feb", "mar"], "p": PERIODS}, "Q month"),
        ("x_{m}_{y}.tif", {"m": ["jan", "feb"], "y": [2019, 2020]}, "date"),
        # cell lines are no Alexa dyes
        ("{line}_t{t}.tif", {"line": ["A172", "BT474", "SkBr3"], "t": [0, 1]}, "label t"),
        ("{line}/{t}.tif", {"line": ["A375", "HeLa"], "t": [0, 1]}, "folder Q"),
        ("{dye}_t{t}.tif", {"dye": ["A488", "AF647", "A750"], "t": [0, 1]}, "channel t"),
    ],
)
def test_axes_have_the_meaning_of_the_collection(template, axes, dims):
    """A date is read that is none, or an axis has the name of another."""
    seq = open_sequence(names_of(template, **axes), spacing="values")
    assert seq.dims == tuple((dims or "time Q").split())
    assert len(seq.missing) == 0


@pytest.mark.parametrize(
    ("template", "labels"),
    [
        ("{}/frame_{n:04d}.png", SCENES),
        ("{}/Plate{n}/x.png", LINES),
        ("{}/img1/{n:06d}.jpg", RUNS),
        ("x/{}/s{n}_w1.tif", SCENES),
        ("{}_{n}.png", GUIDS),
        ("{}/{n:03d}.png", GUIDS),
        ("case {}-z{n:03d}.tif", [guid.upper() for guid in GUIDS]),
        ("{}/{}_z{n:03d}.png", GUIDS),
        ("run_{{{}}}_t{n}.png", GUIDS),
    ],
)
def test_labels_that_end_in_numbers_and_guids_are_one_axis(template, labels):
    """Cells are made of words and numbers that never occur together, or two files share one."""
    names = [template.format(label, label, n=n) for label in labels for n in (1, 2, 3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", GridWarning)
        seq = open_sequence(names)
    assert seq.shape == (len(labels), 3)
    assert sorted(seq.coords[seq.dims[0]].tolist()) == sorted(labels)


def test_frames_of_videos_of_unlike_length_are_an_axis():
    """A short video among long ones makes a label of each frame."""
    lengths = {"bear": 12, "camel": 3, "dog": 4}
    names = [
        f"{video}_{frame:05d}/{kind}.png"
        for video, length in lengths.items()
        for frame in range(length)
        for kind in ("image", "mask")
    ]
    with pytest.warns(GridWarning):
        assert open_sequence(names).shape == (3, 12, 2)


def test_words_and_numbers_that_nearly_fill_a_grid_are_two_axes():
    """A sample that is missing makes one label of conditions and their numbers."""
    conditions = ["WT_1", "WT_2", "WT_3", "KO_1", "KO_2"]
    seq = open_sequence([f"{c}/t{t}.tif" for c in conditions for t in range(3)])
    assert seq.dims == ("folder", "Q", "t")
    assert seq.shape == (2, 3, 3)


def test_files_that_differ_in_a_guid_alone_are_doubled():
    """A well that was taken twice becomes an axis of GUIDs."""
    ends = ("d0", "d1", "d2", "d3")
    names = [f"A0{1 + i % 3}_s1_{GUIDS[0][:-2]}{end}.tif" for i, end in enumerate(ends)]
    with pytest.raises(DuplicateError, match="same cell"):
        open_sequence(names)


def clocks(minutes, count, *days):
    """Return times every few minutes from eight o'clock."""
    first = datetime.datetime(2020, 1, 1, 8)
    return [
        first + datetime.timedelta(days=day, minutes=minutes * k)
        for day in days or (0,)
        for k in range(count)
    ]


@pytest.mark.parametrize(
    ("template", "times"),
    [
        ("NLDAS_FORA0125_H.A{:%Y%m%d.%H%M}.002.tif", clocks(60, 30)),
        ("X{:%Y-%m-%d.%H%M%S}.tif", clocks(60, 30)),
        ("L2.A{:%Y%j.%H%M}.061.tif", clocks(5, 30)),
        ("{:%Y/%m/%d/%H%M}_hd.jpg", clocks(10, 20, 0, 1, 2)),
        ("{:%Y-%m-%d/%H%M}_a.jpg", clocks(7, 20, 0, 1)),
        ("{:%Y/%m/%d/%H%M}.jpg", clocks(1, 240)),
        ("/data/{:%Y-%m-%d/%H%M}.jpg", clocks(5, 20)),
        ("cam/{:%Y%m%d/%H%M}_hd.jpg", clocks(1, 100)),
        ("cam/{:%Y_%m_%d/%H%M}.jpg", clocks(15, 20)),
    ],
)
def test_hours_and_minutes_belong_to_their_day(template, times):
    """There are minutes 60 to 99 in a grid, or hours of several days are mixed."""
    seq = open_sequence([template.format(time) for time in times])
    assert seq.dims == ("time",)
    assert seq.coords["time"].astype("M8[s]").tolist() == times


@pytest.mark.parametrize(
    "names",
    [
        [f"20200101/{k:04d}.jpg" for k in range(100, 149)],
        [f"2020-01-0{d}/{k:04d}_w1.jpg" for d in (1, 2) for k in range(100, 150)],
        names_of("2020-01-0{d}/{r:02d}{c:02d}_w1.jpg", d=[1, 2], r=range(1, 9), c=range(1, 13)),
        [f"scan_20200101.{k:04d}.tif" for k in range(100, 150)],
        [f"20200101/{k:04d}.jpg" for k in range(0, 2300, 100)],
        ["G.A2000049.2019353.tif", "G.A2000057.2019353.tif", "G.A2000065.2019354.tif"],
    ],
)
def test_numbers_beside_a_day_that_count_are_no_clock(names):
    """Frames 0100 to 0149 are minutes of the second hour of the day."""
    assert "time" not in open_sequence(names).dims

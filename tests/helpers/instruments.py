"""Folders as instruments write them: small images, and the instrument's own descriptor of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

IMAGE = (4, 6)


@dataclass(frozen=True)
class Folder:
    """What a maker wrote, and what has to be read of it."""

    files: str
    """What to open."""
    descriptor: str
    """Path of the descriptor."""
    pattern: str
    """A pattern that finds the same axes in the names."""
    dims: tuple[str, ...]
    coords: Mapping[str, list[Any]]
    """Labels along some axes."""
    others: Mapping[str, tuple[tuple[str, ...], Any]] = field(default_factory=dict)
    """Dims and values of other coordinates."""
    pixel_size: float | None = None
    """In micrometres."""


def write_images(folder: Path, names: Iterable[str]) -> None:
    """Write an image for each name, whose pixels are all the number of the name."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, np.full(IMAGE, number, "u2"))


def harmony(folder: Path, *, newer: bool = False) -> Folder:
    """Write a plate of 2 wells in a column, 2 planes, 2 channels and 2 times, as Harmony does."""
    images, names = [], []
    channels = {1: "HOECHST 33342", 2: "Alexa 488"}
    common = '<ImageResolutionX Unit="m">5E-07</ImageResolutionX>'
    common += '<ImageResolutionY Unit="m">5E-07</ImageResolutionY>'
    for t, row, z, c in np.ndindex(2, 2, 2, 2):
        name = f"r{row + 2:02d}c03f01p{z + 1:02d}-ch{c + 1}sk{t + 1}fk1fl1.tiff"
        of_channel = f"<ChannelName>{channels[c + 1]}</ChannelName>{common}"
        names.append(name)
        images.append(
            f'<Image Version="1"><id>{len(names)}</id><State>Ok</State><URL>{name}</URL>'
            f"<Row>{row + 2}</Row><Col>3</Col><FieldID>1</FieldID><PlaneID>{z + 1}</PlaneID>"
            f"<TimepointID>{t}</TimepointID><ChannelID>{c + 1}</ChannelID><FlimID>1</FlimID>"
            f"{'' if newer else of_channel}"
            f'<PositionX Unit="m">{0.5e-3 * row}</PositionX><PositionY Unit="m">0</PositionY>'
            f'<PositionZ Unit="m">{2e-6 * z}</PositionZ>'
            f'<MeasurementTimeOffset Unit="s">{600 * t}</MeasurementTimeOffset>'
            f"<AbsTime>2021-03-29T16:{10 * t:02d}:{2 * row + c:02d}.5-04:00</AbsTime></Image>"
        )
    entries = "".join(
        f'<Entry ChannelID="{c}"><ChannelName>{text}</ChannelName>{common}</Entry>'
        for c, text in channels.items()
    )
    index = (
        '<?xml version="1.0" encoding="utf-8"?><EvaluationInputData '
        'xmlns="http://www.perkinelmer.com/PEHH/HarmonyV5">'
        '<Wells><Well><id>0203</id><Image id="1"/></Well></Wells>'
        f"<Maps><Map>{entries if newer else ''}</Map></Maps><Images>{''.join(images)}</Images>"
        "</EvaluationInputData>"
    )
    write_images(folder, names)
    path = folder / ("Index.xml" if newer else "Index.idx.xml")
    path.write_text(index, "utf-8")
    times = [
        [[f"2021-03-29T20:{10 * t:02d}:{2 * row + c:02d}.5" for t in (0, 1)] for c in (0, 1)]
        for row in (0, 1)
    ]
    return Folder(
        str(folder),
        str(path),
        "operetta",
        ("row", "column", "field", "z", "channel", "time"),
        {
            "row": [2, 3],
            "channel": ["HOECHST 33342", "Alexa 488"],
            "time": [np.timedelta64(0, "s"), np.timedelta64(600, "s")],
        },
        {
            "stage_x": (("row",), [0.0, 500.0]),
            "stage_z": (("z",), [0.0, 2.0]),
            "acquired": (("row", "channel", "time"), np.array(times, "M8[ns]")),
        },
        0.5,
    )


def harmony_newer(folder: Path) -> Folder:
    """Write the same, with what all images of a channel have in entries of the channel."""
    return harmony(folder, newer=True)


def cellvoyager(folder: Path) -> Folder:
    """Write two wells that make no rectangle, 2 fields and 2 channels, as CellVoyager does."""
    records, names = [], []
    for well, field_, c in np.ndindex(2, 2, 2):
        row, column = ((4, 8), (5, 3))[well]
        name = (
            f"AssayPlate_{'ABCDEFGH'[row - 1]}{column:02d}_T0001F{field_ + 1:03d}L01A{c + 1:02d}"
            f"Z01C{c + 1:02d}.tif"
        )
        names.append(name)
        records.append(
            f'<bts:MeasurementRecord bts:Type="IMG" bts:Time="2023-09-18T13:58:4{c}.438+02:00" '
            f'bts:Column="{column}" bts:Row="{row}" bts:TimePoint="1" '
            f'bts:FieldIndex="{field_ + 1}" bts:ZIndex="1" bts:TimelineIndex="1" '
            f'bts:ActionIndex="{c + 1}" bts:Action="2D" bts:X="{(-567.1, 82.9)[field_]}" '
            f'bts:Y="402.9" bts:Z="0.0" bts:Ch="{c + 1}">{name}</bts:MeasurementRecord>'
        )
    space = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0"'
    error = f'<bts:MeasurementRecord bts:Type="ERR" {space}>AF failed</bts:MeasurementRecord>'
    channels = "".join(
        f'<bts:MeasurementChannel bts:Ch="{c}" bts:HorizontalPixelDimension="0.325" '
        f'bts:VerticalPixelDimension="0.325" bts:ShadingCorrectionSource="SC_CH{c:02d}.tif"/>'
        for c in (1, 2, 3)
    )
    settings = "".join(
        f'<bts:Channel bts:Ch="{c}" bts:Target="{target}" bts:ExposureTime="100"/>'
        for c, target in ((1, "DAPI"), (2, "GFP"))
    )
    write_images(folder, [*names, "SC_CH01.tif"])
    path = folder / "MeasurementData.mlf"
    path.write_text(
        f"<bts:MeasurementData {space}>{error}{''.join(records)}</bts:MeasurementData>", "utf-8"
    )
    (folder / "MeasurementDetail.mrf").write_text(
        f'<bts:MeasurementDetail bts:MeasurementSettingFileName="a.mes" {space}>{channels}'
        "</bts:MeasurementDetail>",
        "utf-8-sig",
    )
    (folder / "a.mes").write_text(
        f"<bts:MeasurementSetting {space}><bts:ChannelList>{settings}</bts:ChannelList>"
        "</bts:MeasurementSetting>",
        "utf-8-sig",
    )
    return Folder(
        str(folder),
        str(path),
        r"_(?P<well>[A-P]\d\d)_T(?P<time>\d+)F(?P<field>\d+)L\d+A\d+Z(?P<z>\d+)C(?P<channel>\d+)",
        ("well", "time", "field", "z", "channel"),
        {"well": ["D08", "E03"], "channel": [1, 2]},
        {
            "stage_x": (("field",), [-567.1, 82.9]),
            "channel_name": (("channel",), ["DAPI", "GFP"]),
            "exposure": ((), 0.1),
            "acquired": (
                ("channel",),
                np.array(["2023-09-18T11:58:40.438", "2023-09-18T11:58:41.438"], "M8[ns]"),
            ),
        },
        0.325,
    )


def metaxpress(folder: Path) -> Folder:
    """Write 2 times, 2 wells, 2 sites and 2 of 3 wavelengths, as MetaXpress does."""
    names = [
        f"TimePoint_{t + 1}/day_B0{well + 2}_s{s + 1}_w{w + 1}.TIF"
        for t, well, s, w in np.ndindex(2, 2, 2, 2)
    ]
    used = "FALSE, TRUE, TRUE, FALSE"
    rows = "".join(
        f'"WellsSelection{row}", {used if row == 2 else "FALSE, FALSE, FALSE, FALSE"}\n'
        for row in (1, 2, 3)
    )
    path = folder / "day.HTD"
    write_images(folder, [*names, *(name.replace(".TIF", "_thumb.TIF") for name in names[:2])])
    path.write_text(
        '"HTSInfoFile", Version 1.0\n"Description", "DAPI: 3z + MIP\xb5"\n"TimePoints", 2\n'
        f'"ZSeries", FALSE\n"XWells", 4\n"YWells", 3\n{rows}"Waves", TRUE\n"NWavelengths", 3\n'
        '"WaveName1", "DAPI"\n"WaveName2", "Texas Red"\n"WaveName3", "Cy5"\n"EndFile"\n',
        "cp1252",
    )
    return Folder(
        str(folder / "*" / "*.TIF"),
        str(path),
        "imagexpress",
        ("time", "row", "column", "site", "channel"),
        {"time": [1, 2], "row": ["B"], "column": [2, 3], "channel": ["DAPI", "Texas Red"]},
    )


def metamorph(folder: Path) -> Folder:
    """Write 2 wavelengths, 2 stage positions and 3 times, as MetaMorph does."""
    waves = {1: "CSU488 GFP", 2: "561"}
    names = [f"exp_w{w + 1}{waves[w + 1]}_s{s + 1}_t{t + 1}.TIF" for w, s, t in np.ndindex(2, 2, 3)]
    write_images(folder, names)
    path = folder / "exp.nd"
    path.write_text(
        '"NDInfoFile", Version 1.0\r\n"Description", File recreated from images.\r\n'
        '"StartTime1", 20050101 12:30:45.25\r\n"DoTimelapse", TRUE\r\n"NTimePoints", 3\r\n'
        '"DoStage", TRUE\r\n"NStagePositions", 2\r\n"Stage1", "cell A, left"\r\n'
        '"Stage2", "cell B"\r\n"DoWave", TRUE\r\n"NWavelengths", 2\r\n"WaveName1", "CSU488 GFP"'
        '\r\n"WaveName2", "561"\r\n"DoZSeries", FALSE\r\n"WaveInFileName", TRUE\r\n"EndFile"\r\n'
    )
    return Folder(
        str(folder),
        str(path),
        r"_w(?P<channel>\d)[^_]*_s(?P<s>\d+)_t(?P<t>\d+)",
        ("channel", "s", "t"),
        {"channel": ["CSU488 GFP", "561"], "s": [1, 2], "t": [1, 2, 3]},
        {
            "stage_name": (("s",), ["cell A, left", "cell B"]),
            "start_time": ((), np.datetime64("2005-01-01T12:30:45.25")),
        },
    )


def micromanager(folder: Path, *, version: int = 1) -> Folder:
    """Write 2 positions, 2 times and 2 channels, as Micro-Manager does, in a folder each."""
    channels = ["DAPI", "GFP-narrow"]
    path = folder
    for p in (0, 1):
        content: dict[str, Any] = {"Summary": {"ChNames": channels, "Slices": 1}}
        names = []
        for t, c in np.ndindex(2, 2):
            name = f"img_{t:09d}_{channels[c]}_000.tif"
            if version == 2:
                name = f"img_channel{c:03d}_position{p:03d}_time{t:09d}_z000.tif"
            names.append(name)
            coords = {"PositionIndex": p, "FrameIndex": t, "ChannelIndex": c, "SliceIndex": 0}
            fields = {
                "PositionName": f"Pos{p}",
                "XPositionUm": 100.5 * p,
                "ElapsedTime-ms": 500.0 * t + c,
                "PixelSizeUm": 0.65,
                "Exposure-ms": [10, 20][c],
                "Time": f"2012-12-04 14:16:4{t} -0500",
            }
            if version == 1:
                content[f"FrameKey-{t}-{c}-0"] = {
                    "FileName": name,
                    "Channel": channels[c],
                    **coords,
                    **fields,
                }
            else:
                content[f"Coords-Pos{p}/{name}"] = coords
                content[f"Metadata-Pos{p}/{name}"] = fields
        own = folder / f"Pos{p}"
        write_images(own, names)
        path = own / "metadata.txt"
        path.write_text(json.dumps(content, indent=2), "utf-8")
    pattern = r"Pos(?P<position>\d).*img_(?P<time>\d+)_(?P<channel>\D+)_(?P<z>\d+)\.tif"
    if version == 2:
        pattern = r"Pos(?P<position>\d).*channel(?P<channel>\d+)_.*time(?P<time>\d+)_z(?P<z>\d+)"
    return Folder(
        str(folder / "Pos*" / "*.tif"),
        str(path),
        pattern,
        ("position", "time", "channel", "z"),
        {"position": ["Pos0", "Pos1"], "channel": channels, "time": [0, 1]},
        {
            "stage_x": (("position",), [0.0, 100.5]),
            "exposure": (("channel",), [0.01, 0.02]),
            "acquired": (
                ("time",),
                np.array(["2012-12-04T19:16:40", "2012-12-04T19:16:41"], "M8[ns]"),
            ),
            "elapsed_time": (
                ("time", "channel"),
                np.array([[0, 1], [500, 501]], "m8[ms]"),
            ),
        },
        0.65,
    )


def micromanager_2(folder: Path) -> Folder:
    """Write the same as version 2.0 does."""
    return micromanager(folder, version=2)


def ome_set(folder: Path, *, in_file: str = "", companion: bool = True) -> Folder:
    """Write an OME set of 2 times, 2 channels and 3 planes, with some axes inside each file."""
    sizes = {"t": 2, "c": 2, "z": 3}
    outer = [dim for dim in sizes if dim not in in_file]
    files: dict[str, list[dict[str, int]]] = {}
    for index in np.ndindex(*sizes.values()):
        plane = dict(zip(sizes, index, strict=True))
        name = "set" + "".join(f"_{dim}{plane[dim]}" for dim in outer) + ".ome.tif"
        files.setdefault(name, []).append(plane)
    data = "".join(
        f'<TiffData IFD="{ifd}" PlaneCount="1" FirstT="{p["t"]}" FirstC="{p["c"]}" '
        f'FirstZ="{p["z"]}"><UUID FileName="{name}">urn:uuid:{name}</UUID></TiffData>'
        for name, planes in files.items()
        for ifd, p in enumerate(planes)
    )
    planes = "".join(
        f'<Plane TheT="{t}" TheC="{c}" TheZ="{z}" DeltaT="{1.5 * t}" PositionX="7" '
        f'PositionXUnit="mm" PositionZ="{0.5 * z}" PositionZUnit="µm"/>'
        for t, c, z in np.ndindex(2, 2, 3)
    )
    space = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
    pixels = "".join(
        f' Size{axis}="{n}"' for axis, n in zip("TCZYX", (2, 2, 3, *IMAGE), strict=True)
    )
    pixels += ' PhysicalSizeX="0.65" PhysicalSizeY="0.65" PhysicalSizeZ="0.5"'
    channels = "".join(
        f'<Channel ID="Channel:{c}" Name="{name}" SamplesPerPixel="1"/>'
        for c, name in enumerate(("DAPI", "GFP"))
    )
    whole = (
        f'<OME {space} UUID="urn:uuid:NAME"><Image ID="Image:0" Name="set">'
        "<AcquisitionDate>2024-10-03T14:26:38.5+02:00</AcquisitionDate>"
        f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16"{pixels}>'
        f"{channels}{data}{planes}</Pixels></Image></OME>"
    )
    part = f'<OME {space}><BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:1"/></OME>'
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in files.items():
        text = '<?xml version="1.0" encoding="UTF-8"?>'
        text += part if companion else whole.replace("NAME", name)
        with tifffile.TiffWriter(folder / name) as tif:
            for page, p in enumerate(own):
                image = np.full(IMAGE, 100 * p["t"] + 10 * p["c"] + p["z"], "u2")
                description = text.encode() if page == 0 else None
                tif.write(image, description=description, metadata=None, contiguous=False)
    path = folder / "set.companion.ome"
    if companion:
        path.write_text(whole, "utf-8")
    labels = {"t": [np.timedelta64(0, "ms"), np.timedelta64(1500, "ms")], "c": ["DAPI", "GFP"]}
    others: dict[str, tuple[tuple[str, ...], Any]] = {
        "stage_x": ((), 7000.0),
        "start_time": ((), np.datetime64("2024-10-03T12:26:38.5")),
    }
    if "z" in outer:
        others["stage_z"] = (("z",), [0.0, 0.5, 1.0])
    return Folder(
        str(folder),
        str(path if companion else folder / next(iter(files))),
        "_".join(f"{dim}(?P<{dim}>.)" for dim in outer),
        tuple(outer),
        {dim: labels[dim] for dim in outer if dim in labels},
        others,
        0.65,
    )


def ome_channels(folder: Path) -> Folder:
    """Write such a set with all times and planes of a channel in a file."""
    return ome_set(folder, in_file="tz")


MAKERS: dict[str, Callable[[Path], Folder]] = {
    "harmony": harmony,
    "harmony, newer": harmony_newer,
    "cellvoyager": cellvoyager,
    "metaxpress": metaxpress,
    "metamorph": metamorph,
    "micromanager": micromanager,
    "micromanager 2": micromanager_2,
    "ome": ome_set,
    "ome, pages": ome_channels,
}
"""A maker of each kind, by its name."""

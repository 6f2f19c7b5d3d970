"""Names that instruments write, by the preset that reads them."""

import datetime
import zlib

from hypothesis import strategies as st

from tests.helpers.name_parts import MINUTE, NUMBERS, Names

GUID = "{hash}-BD0D-4D94-A6AD-3FF28BB1B105"
COLOURS = {"channel": st.sampled_from(["Phase", "Green", "Red", "NIR"])}
SQUID = st.sampled_from(["BF_LED_matrix_full", "Fluorescence_405_nm_Ex", "Fluorescence_638_nm_Ex"])


def elapsed(cell):
    """Return days, hours and minutes of a time."""
    minutes = int(cell["time"].total_seconds()) // 60
    return {"d": minutes // 1440, "h": minutes // 60 % 24, "m": minutes % 60}


INSTRUMENTS = {
    "imagexpress": [
        Names(
            "row column site channel",
            "P_{row}{column:02d}_s{site}_w{channel}.TIF",
            {"row": st.sampled_from("abhp"), "channel": NUMBERS},
        ),
        Names("row column site", f"P_{{row}}{{column:02d}}_s{{site}}{GUID}.tif"),
        Names(
            "time row column channel",
            f"TimePoint_{{time}}/P_{{row}}{{column:02d}}_w{{channel}}{GUID}.tif",
            {"channel": st.integers(1, 9)},
        ),
    ],
    "cellvoyager": [
        Names(
            "row column time field z channel",
            "C1_{row}{column:02d}_T{time:04d}F{field:03d}L01A{channel:02d}Z{z:02d}C{channel:02d}.png",
            {"channel": NUMBERS},
        )
    ],
    "cq1": [
        Names(
            "well field time z channel",
            "W{well:04d}F{field:04d}T{time:04d}Z{z:03d}C{channel}.tif",
            {"well": NUMBERS, "channel": NUMBERS},
        )
    ],
    "incell": [
        Names(
            "row column field channel z time",
            "{row} - {column:02d}(fld {field} wv {channel} z {z} time {time} - {n}ms).tif",
        ),
        Names("row column field", "{row} - {column:02d}(fld {field}).tif"),
        Names("row column channel", "{row} - {column:02d}(wv {channel}).tif"),
    ],
    "incell-7": [
        Names(
            "row column field channel z time",
            "{row}_{column:02d}_f{field}_c{channel}_xUV_m{channel}DAPI_z{z}_t{time}.tif",
            {"channel": NUMBERS},
        )
    ],
    "cytation": [
        Names(
            "row column site z channel time",
            "{row}{column}_01_{n}_{site}Z{z}_{channel}_{time:03d}.tif",
        ),
        Names(
            "row column channel time",
            "{row}{column}_-1_{n}_1_{channel}_{time:03d}.tif",
            {"channel": st.sampled_from(["Stitched[DAPI 377,447]", "Tsf[Stitched[GFP 469,525]]"])},
        ),
        Names(
            "row column region site z channel",
            "{row}{column}ROI{region}_01_1_{site}Z{z}_{channel}_001.tif",
        ),
    ],
    "cytation-steps": [
        Names(
            "row column site channel time", "{row}{column}_{site}_{channel}_{n}_{time:03d}_02.tif"
        )
    ],
    "cytation-points": [
        Names(
            "row column site z channel time",
            "{row}{column}_02_SP{site}Z{z}_C{n}_{channel}_T{time:03d}.tif",
        )
    ],
    "scanr": [
        Names(
            "well P Z T channel",
            "{well}--W{n:05d}--P{P:05d}--Z{Z:05d}--T{T:05d}--{channel}.tif",
            {},
            lambda cell: {"n": zlib.crc32(cell["well"].encode()) % 10**5},
        )
    ],
    "nis-jobs": [
        Names(
            "well site channel",
            "Well{well}_Point{well}_{site:04d}_Channel{channel}_Seq{n:04d}.tiff",
        ),
        Names("well channel", "Well{well}_Channel{channel}_Seq{n:04d}.tif"),
    ],
    "nis-wells": [Names("well XY C", "Well{well}_Seq{n:04d}_XY{XY}C{C}.tif")],
    "incucyte": [
        Names(
            "channel row column site time",
            "VID1_{channel}_{row}{column}_{site}_{d:02d}d{h:02d}h{m:02d}m.tif",
            COLOURS | {"time": st.timedeltas(datetime.timedelta(), datetime.timedelta(99))},
            elapsed,
        ),
        Names(
            "channel row column site time",
            "{channel}/VID1_{row}{column}_{site}_{d:02d}d{h:02d}h{m:02d}m.tif",
            COLOURS | {"time": st.timedeltas(datetime.timedelta(), datetime.timedelta(99))},
            elapsed,
        ),
    ],
    "incucyte-dates": [
        Names(
            "row column site time",
            "V_{row}{column}_{site}_{time:%Yy%mm%dd_%Hh%Mm}.tif",
            {"time": MINUTE},
        )
    ],
    "incucyte-archive": [
        Names(
            "time vessel row column site channel",
            "ScanData/{time:%y%m/%d/%H%M}/{vessel}/{row}{column}-{site}-{channel}.tif",
            {
                "time": MINUTE.filter(lambda date: date.year >= 2000),
                "channel": st.sampled_from(["Ph", "C1", "C2"]),
            },
        )
    ],
    "squid": [
        Names(
            "time region fov z channel",
            "{time}/{region}_{fov}_{z}_{channel}.tiff",
            {"region": st.sampled_from(["manual0", "R1", "current"]), "channel": SQUID},
        )
    ],
    "metamorph": [Names("s t", "timelapse_20240816_s{s}_t{t}.TIF")],
    "micromanager-1": [
        Names("position time channel z", "Pos{position}/img_{time:09d}_{channel}_{z:03d}.tif"),
        Names(
            "column row time channel z",
            "1-Pos_{column:03d}_{row:03d}/img_{time:09d}_{channel}_{z:03d}.tif",
            {"row": NUMBERS},
        ),
    ],
    "micromanager-2": [
        Names("channel z", "img_channel{channel:03d}_z{z:03d}.tif", {"channel": NUMBERS})
    ],
    "leica-lasx": [
        Names("s t z ch", "brain_40x_s{s}_t{t:02d}_z{z}_ch{ch:02d}.tif"),
        Names("t ch", "brain_40x_RAW_t{t:02d}_ch{ch:02d}.tif"),
    ],
    "olympus-oif": [Names("C Z T", "a.oif.files/s_C{C:03d}Z{Z:03d}T{T:03d}.tif")],
    "prairie-view": [
        Names(
            "cycle channel frame",
            "T-005_Cycle{cycle:05d}_Ch{channel}_{frame:06d}.ome.tif",
            {"channel": st.integers(1, 4)},
        )
    ],
    "nis-elements": [
        Names("t xy c", "movie_t{t:02d}xy{xy:02d}c{c}.tif"),
        Names("xy z c", "movie_xy{xy:02d}z{z:02d}c{c}.tif"),
    ],
    "zen-export": [Names("t z c", "m_b0t{t}z{z}c{c}x0-512y0-512.bmp")],
    "ultramicroscope": [
        Names(
            "U V C Z",
            "14-16-41_t_UltraII[{U:02d} x {V:02d}]_C{C:02d}_xyz-Table Z{Z:04d}"
            "_UltraII Filter{C:04d}.ome.tif",
        ),
        Names(
            "U V filter",
            "14-16-41_t_UltraII[{U:02d} x {V:02d}]_C00_UltraII Filter{filter:04d}.ome.tif",
        ),
        Names("C Z", "14-16-41_t_UltraII_C{C:02d}_xyz-Table Z{Z:04d}.ome.tif"),
    ],
    "llspy": [
        Names(
            "channel time",
            "d 1_ch{channel}_stack{time:04d}_488nm_{n:05d}msec.tif",
            {"channel": NUMBERS},
        ),
        Names(
            "channel time x y z",
            "c_CamB_ch{channel}_CAM1_stack{time:04d}_488nm_{n:07d}msec_{n:010d}msecAbs"
            "_{x:03d}x_{y:03d}y_{z:03d}z_0000t.tif",
            {"channel": NUMBERS},
        ),
    ],
    "smartspim": [
        Names(
            "channel x y z",
            "{channel}/{x}/{x}_{y}/{z:06d}.tif",
            {"channel": st.sampled_from(["Ex_488_Em_525", "Ex_561_Em_593"])},
        )
    ],
    "atlas": [
        Names(
            "row column section",
            "Tile_r{row}-c{column}_W001_20180626_sec{section:03d}.tif",
            {"row": NUMBERS},
        )
    ],
    "codex-processed": [
        Names(
            "region X Y t z c", "reg{region:03d}_X{X:02d}_Y{Y:02d}_t{t:03d}_z{z:03d}_c{c:03d}.tif"
        ),
        Names("region X Y", "bestFocus/reg{region:03d}_X{X:02d}_Y{Y:02d}.tif"),
    ],
    "cell-tracking-challenge": [
        Names("sequence time", "{sequence:02d}/t{time:03d}.tif"),
        Names("sequence time", "{sequence:02d}_GT/TRA/man_track{time:04d}.tif"),
    ],
}
"""Each preset, and the forms of its names."""

"""The forms of names that instruments and archives write, each read by its own preset alone."""

import json
import re

import pytest

from dask_fileseq import open_sequence
from dask_fileseq.errors import DuplicateError
from dask_fileseq.patterns import as_pattern, presets
from tests.helpers.shared import CONVENTIONS, PRESET_OF, SHARED

GUID = "E78EB128-BD0D-4D94-A6AD-3FF28BB1B105"
IMERG = "MS.MRG.3IMERG.20200220"
SAFE = (
    "S2A_MSIL2A_20160425T184922_N0500_R113_T10TEK_20231020T025906.SAFE/GRANULE/"
    "L2A_T10TEK_A004400_20160425T185405/IMG_DATA/R20m/"
)
SCENE = "LC08_L2SP_195025_20200723_20200911_02_T1_"
LIGHT_SHEET = "10-50-16_UltraII_raw_RawDataStack[02 x 01]_C00_"
PAIR = "20161223T070700_20170116T070658"

FORMS = [
    ("operetta", "r02c03f01p02-ch1sk4fk1fl1.tiff", "2 3 1 2 1 4"),
    ("imagexpress", f"240124d3_B05_s10{GUID}.tif", "B 05 10"),
    ("imagexpress", f"A_A01_w2{GUID}.tif", "A 01 2"),
    ("imagexpress", f"A_A01_s1_w2{GUID.lower()}.tif", "A 01 1 2"),
    ("imagexpress", f"ZStep_3/A_A01_s1_w2{GUID}.tif", "3 A 01 1 2"),
    ("imagexpress", "plate_p24_s1.tif", "p 24 1"),
    ("imagexpress", "uhts_AF48_s1_w2.tif", "AF 48 1 2"),
    ("imagexpress", "TimePoint_1/P_B02.TIF", "1 B 02"),
    ("cellvoyager", "C1_B02_T0001F006L01A02Z01C02.png", "B 02 0001 006 01 02"),
    ("cq1", "W0014F0003T0001Z007C1.tif", "0014 0003 0001 007 1"),
    ("cellomics", "Top Slide_TR2_p00_0_A01f04d0.tiff", "A 01 04 0"),
    ("incell", "A - 13(fld 2).tif", "A 13 2"),
    ("incell", "A - 03(wv DAPI - DAPI).tif", "A 03 DAPI_-_DAPI"),
    ("incell", "A - 01(fld 1 wv UV - DAPI z 3 time 2 - 2636ms).tif", "A 01 1 UV_-_DAPI 3 2"),
    ("incell", "000_CD254__16bit_DF_FF_B - 2(fld 2 wv DAPI - DAPI).tif", "B 2 2 DAPI_-_DAPI"),
    ("incell-7", "A_01_f2_c1_xUV_mDAPI_z3_t2.tif", "A 01 2 1 3 2"),
    ("cytation", "A1_-1_1_1_Tsf[Phase Contrast]_001.tif", "A 1 1 Tsf[Phase_Contrast] 001"),
    ("cytation", "ID_A9 info/A9_-1_2_1_GFP_001.tif", "A 9 1 GFP 001"),
    ("cytation", "A1ROI2_01_1_2Z1_Confocal DAPI_001.tif", "A 1 2 2 1 Confocal_DAPI 001"),
    ("cytation", "B2_-1_1_1_Stitched[DAPI 377,447]_001.tif", "B 2 1 Stitched[DAPI_377,447] 001"),
    ("cytation-steps", "P24_1_Bright Field_1_001_02.tif", "P 24 1 Bright_Field 001"),
    ("cytation-steps", "A1_1Z4_DAPI_1_001_.tif", "A 1 1 4 DAPI 001"),
    ("cytation-steps", "A1_1_Stitched[AB_Phase]_1_001_-1.tif", "A 1 1 Stitched[AB_Phase] 001"),
    ("cytation-points", "B2_02_SP10Z10_C1_Bright Field_T001.tif", "B 2 10 10 Bright_Field 001"),
    ("vitra", "Channel1-65-F-05.tif", "1 F 05"),
    ("scanr", "A1--W00001--P00003--Z00000--T00002--gfp.tif", "A1 00003 00000 00002 gfp"),
    ("scanr", "data/--W00004--P00002--Z00000--T00009--c-y.tif", "00004 00002 00000 00009 c-y"),
    ("nis-jobs", "WellA05_PointA05_0001_ChannelDAPI,WF_GFP_Seq0466.tiff", "A05 0001 DAPI,WF_GFP"),
    ("nis-jobs", "20260728_143951_318__WellE01_ChannelDAPI_Seq0009.tif", "E01 DAPI"),
    ("nis-wells", "WellD04_Seq0003_XY3C4.tif", "D04 3 4"),
    ("incucyte", "VID1630_A1_1_00d00h00m.tif", "A 1 1 00d00h00m"),
    ("incucyte", "R2_MDF_green_B12_4_01d12h30m.tif", "green B 12 4 01d12h30m"),
    ("incucyte", "Phase/VID1630_B12_4_01d12h30m.tif", "Phase B 12 4 01d12h30m"),
    ("incucyte", "Cells-PhaseOriginal_A2_1_03d06h40m.tif", "PhaseOriginal A 2 1 03d06h40m"),
    ("incucyte-dates", "VID1_B3_1_2019y04m06d_10h30m.tif", "B 3 1 2019y04m06d_10h30m"),
    ("incucyte-archive", "2207/19/0930/1207/B12_4_Ch1.tif", "2207/19/0930 1207 B 12 4 Ch1"),
    ("squid", "0/A1_0_2_BF_LED_matrix_full.tiff", "0 A1 0 2 BF_LED_matrix_full"),
    ("squid", "3/manual0_12_2_Fluorescence_405_nm_Ex.bmp", "3 manual0 12 2 Fluorescence_405_nm_Ex"),
    ("metamorph", "BB3084 in MT3_1_w3SDC561-narrow_s2_t6.stk", "w3SDC561-narrow 2 6"),
    ("metamorph", "exp1_w1CSU GREEN_s3_t001.stk", "w1CSU_GREEN 3 001"),
    ("metamorph", "63X GFP568_s1.STK", "1"),
    ("metamorph", "timelapse_20240816_s1_t1.TIF", "1 1"),
    ("micromanager-1", "Pos3/img_000000005_488 nm_001.tif", "3 000000005 488_nm 001"),
    ("micromanager-1", "1-Pos_001_002/img_000000005_GFP_001.tif", "001 002 000000005 GFP 001"),
    ("micromanager-2", "img_channel003_z004.tif", "003 004"),
    ("micromanager-2", "img.tif", ""),
    ("leica-lasx", "Merged_RAW_ch03.tif", "03"),
    ("leica-lasx", "M2_brain_40x_1_s0_z12_ch01.tif", "0 12 01"),
    ("olympus-oif", "a.oif.files/s_C002L011.tif", "002 011"),
    ("olympus-oif", "a.oif.files/s_C002Z011T003.tif", "002 011 003"),
    ("prairie-view", "a/TSeries-005_Cycle00012_Ch2_000001.ome.tif", "00012 2 000001"),
    ("nis-elements", "movie_t03xy02c3.tif", "03 02 3"),
    ("nis-elements", "base1xy001c1.tif", "001 1"),
    ("zen-export", "m_b0t3z5c1x0-512y512-1024.bmp", "3 5 1 0 512"),
    (
        "ultramicroscope",
        f"{LIGHT_SHEET}xyz-Table Z0606_UltraII Filter0000.ome.tif",
        "02 01 00 0606",
    ),
    ("ultramicroscope", f"{LIGHT_SHEET}UltraII Filter0002.ome.tif", "02 01 00 0002"),
    ("ultramicroscope", "19-44-05_auto_UltraII_C00_xyz-Table Z0007.ome.tif", "00 0007"),
    ("llspy", "data 1_ch0_stack0006_488nm_58519msec.tif", "0 0006"),
    ("llspy", "1_CamA_ch1_stack0001_4nm_0000105msec_0000123611msecAbs.tif", "1 0001"),
    (
        "llspy",
        "c_CamB_ch1_CAM1_stack0002_488nm_0004529msec_0009990533msecAbs_000x_001y_002z_0000t.tif",
        "1 0002 000 001 002",
    ),
    ("atlas", "S_002_1752452290/Tile_r3-c2_S_002_1752452290.tif", "3 2 002"),
    ("codex-processed", "bestFocus/reg053_X01_Y01.tif", "053 01 01"),
    ("cell-tracking-challenge", "02/t004.tif", "02 004"),
    ("cell-tracking-challenge", "01_GT/TRA/man_track016.tif", "01 016"),
    ("cell-tracking-challenge", "01_ST/SEG/man_seg016.tif", "01 016"),
    ("hls", "HLS.S30.T15XWH.2024237T194859.v2.0.Fmask.tif", "15XWH 2024237T194859 Fmask"),
    *[
        ("landsat-c2", f"{SCENE}{asset}.TIF", f"195 025 20200723 {band}")
        for asset, band in {
            **{"SR_B2": "B2", "ST_B10": "B10", "QA_PIXEL": "QA_PIXEL", "QA_RADSAT": "QA_RADSAT"},
            **{"SR_QA_AEROSOL": "QA_AEROSOL", "ST_QA": "QA", "ST_TRAD": "TRAD", "B10": "B10"},
            **{"SR_CLOUD_QA": "CLOUD_QA", "VAA": "VAA", "SZA": "SZA", "B6_VCID_1": "B6_VCID_1"},
        }.items()
    ],
    ("sentinel-2", f"{SAFE}T10TEK_20160425T184922_B8A_20m.jp2", "10TEK 20160425T184922 B8A"),
    ("sentinel-2", "L2A_T10TEK_20160425T184922_SCL_20m.jp2", "10TEK 20160425T184922 SCL"),
    ("sits", "SENTINEL-2_MSI_20LKP_CLOUD_2020-09-24.tif", "20LKP CLOUD 2020-09-24"),
    (
        "appeears",
        "MCD12Q2.006_Greenup_0_doy2010001_aid0001.tif",
        "MCD12Q2.006 Greenup_0 2010001 0001",
    ),
    ("appeears", "HLSL30.020_B04_doy2021001_aid0002.tif", "HLSL30.020 B04 2021001 0002"),
    (
        "appeears-clock",
        "ECO_L2T_LSTE.002_LST_doy2022184103141_aid0001_11N.tif",
        "ECO_L2T_LSTE.002 LST 2022184103141 0001",
    ),
    ("modis", "MOD13Q1.A2025001.h18v04.061.2025022083416.NDVI.tif", "MOD13Q1 2025001 h18v04 NDVI"),
    ("modis", "MYD09GQ.A2020277.h18v04.061.2020347193143.hdf", "MYD09GQ 2020277 h18v04"),
    (
        "hyp3-rtc",
        "S1C_IW_20250502T094802_DHP_RTC20_G_gpuned_570A_inc_map.tif",
        "20250502T094802 inc_map",
    ),
    ("hyp3-insar", f"S1AA_{PAIR}_VVP024_INT80_G_ueF_74C2_corr.tif", f"{PAIR} corr"),
    (
        "hyp3-insar",
        "S1_068790_IW3_20260618_20260625_VV_INT20_5C36_unw_phase.tif",
        "068790_IW3 20260618_20260625 unw_phase",
    ),
    (
        "sentinel-1-grd",
        "s1a-iw-grd-vh-20260520t001231-20260520t001256-064593-0822ed-002-cog.tiff",
        "vh 20260520t001231",
    ),
    (
        "sentinel-1-slc",
        "measurement/s1a-ew5-slc-hv-20160101t214938-20160101t215005-009306-00d719-010.tiff",
        "ew5 hv 20160101",
    ),
    ("prism", "prism_ppt_us_25m_20250312.tif", "ppt 20250312"),
    ("prism", "PRISM_tmax_provisional_4kmD2_20230810_bil.bil", "tmax 20230810"),
    ("prism-monthly", "prism_ppt_us_30s_202410.tif", "ppt 202410"),
    ("prism-normals", "prism_tmean_us_25m_202001_avg_30y.tif", "tmean 01"),
    ("chirps", "chirps-v3.0.rnl.2026.01.01.tif", "2026.01.01"),
    ("chirps-monthly", "chirps-v2.0.1981.01.tif", "1981.01"),
    ("chirps-parts", "chirps-v2.0.1981.01.3.tif", "1981.01 3"),
    ("imerg", f"3B-HHR.{IMERG}-S043000-E045959.0270.V06B.HDF5", "20200220-S043000"),
    ("imerg-daily", f"3B-DAY.{IMERG}-S000000-E235959.V07B.nc4", "20200220"),
    ("imerg-daily", f"3B-MO.{IMERG}-S000000-E235959.05.V06B.HDF5.tif", "20200220"),
    ("worldclim", "wc2.1_10m_bio_19.tif", "19"),
    ("chelsa", "CHELSA_pet_penman_01_1981-2010_V.2.1.tif", "pet_penman 01"),
    ("copernicus-dem", "Copernicus_DSM_COG_10_S33_00_W070_00_DEM.tif", "S33 W070"),
]
"""Presets, names, and the texts along the axes in the names, with ``_`` for blanks."""

NAMES = {
    *((name, preset.example) for name, preset in presets().items() if name != "axes"),
    *((preset, name) for preset, name, _ in FORMS),
    *((PRESET_OF[c["name"]], name) for c in CONVENTIONS for name in c["examples"]),
}
"""Presets, and names that they and no others are for."""

OTHERS = [
    "LS5_B10.tif LS5_B50.tif LS5_B70.tif",  # bands
    "S2_B02.tif S2_B03.tif S2_B04.tif",
    "ASTGTMV003_N45W107_dem.tif ASTGTMV003_S12E010_dem.tif",  # degrees
    "x_A1.tif x_A2.tif",
    "1_1.tif 1_2.tif",
    "t000.tif t001.tif",
    "pos1_BF_t001.tif pos2_BF_t001.tif",
    "scan_s1.tif scan_s2.tif",
    "IMG_0001.JPG IMG_0002.JPG",
    "T32TQM_20200723T101031_MSK_CLDPRB_20m.jp2 T32TQM_20200723T101031_PVI.jp2",
    "background_ch010004.tif background_ch010005.tif",
    "PRISM_ppt_stable_4kmM3_201901_bil.info.txt PRISM_ppt_stable_4kmM3_201901_bil.hdr",
    "S1A_IW_20221204T161641_DVR_RTC30_G_gpuned_1AE1_rgb.png",
    f"{SCENE}thumb_small.jpeg {SCENE}MTL.txt",
]


PATTERNS = {preset: as_pattern(preset) for preset in presets() if preset != "axes"}


def fitting(*names):
    """Return the presets whose patterns match all names."""
    return {
        preset
        for preset, pattern in PATTERNS.items()
        if all(pattern.match(name) is not None for name in names)
    }


@pytest.mark.parametrize(("preset", "name", "texts"), FORMS)
def test_a_preset_finds_the_axes_in_each_form_of_its_names(preset, name, texts):
    """An instrument has several forms of names, and its preset reads some of them wrongly."""
    _, found = as_pattern(preset).match(f"/data/{name}")
    numbers = preset == "operetta"
    assert [text.replace(" ", "_") for text in found] == [
        text.zfill(2) if numbers and i < 4 else text for i, text in enumerate(texts.split())
    ]


@pytest.mark.parametrize(("preset", "name"), sorted(NAMES))
def test_presets_fit_no_names_of_other_presets(preset, name):
    """Inference finds two presets for a folder, and takes neither, or the wrong one."""
    if "{" not in preset and "<" not in preset:
        assert fitting(name) == {preset}
    else:
        assert fitting(name) == set()


@pytest.mark.parametrize(("preset", "name"), sorted(NAMES))
def test_presets_fit_no_thumbnails(preset, name):
    """A thumbnail stands in the cell of an image, or is a channel of its own."""
    stem, suffix = re.fullmatch(r"(.*?)((?:\.ome)?\.\w+)", name).groups()
    assert fitting(f"{stem}_thumb{suffix}") == set()


@pytest.mark.parametrize("names", OTHERS)
def test_presets_fit_no_names_of_other_kinds(names):
    """Bands, degrees and counters are read as the wells or positions of an instrument."""
    for name in re.findall(r"\S+", names):
        assert fitting(name) == set()


@pytest.mark.parametrize("number", ["00", "49", "50", "70", "99"])
@pytest.mark.parametrize(
    "name",
    ["x_B{}_s1_w1.tif", "x_B{}_T0001F001L01A01Z01C01.tif", "x_A{}f00d0.TIF", "B - {}(fld 1).tif"],
)
def test_a_column_of_wells_is_at_most_48(name, number):
    """Numbers that no plate has are read as columns of wells."""
    assert fitting(name.format(number)) == set()


LISTINGS = SHARED / "listings" / "dev.json"
NOT_AS_LISTED = {
    # the listing has a tile as one axis, the preset has its degrees as two
    ("sar-coherence", "sentinel-1-coherence"),
}


def listed():
    """Return listings of real folders, each with the presets that fit all of its images."""
    entries = json.loads(LISTINGS.read_text()) if LISTINGS.exists() else []
    for entry in entries:
        images = (name for name in entry["names"] if name not in entry["strays"])
        for preset in sorted(fitting(*images)):
            if (entry["id"], preset) not in NOT_AS_LISTED:
                yield pytest.param(entry, preset, id=f"{entry['id']}-{preset}")


def parts(columns, length):
    """Return how columns of values part the names, with the parts of a well as one column."""
    columns = dict(columns)
    well = [columns.pop(axis) for axis in ("row", "column", "well") if axis in columns]
    columns["well"] = list(zip(*well, strict=True)) or [0] * length
    firsts = ({v: i for i, v in reversed([*enumerate(column)])} for column in columns.values())
    parted = {
        tuple(first[value] for value in column)
        for first, column in zip(firsts, columns.values(), strict=True)
    }
    return parted - {(0,) * length}


@pytest.mark.skipif(not LISTINGS.exists(), reason="no listings beside the repository")
@pytest.mark.parametrize(("entry", "preset"), [*listed()])
def test_presets_part_real_listings_as_their_axes_do(entry, preset):
    """A preset finds an axis that is none, or misses one, in the names of a real folder."""
    try:
        seq = open_sequence(entry["names"], pattern=preset, unmatched="skip")
    except DuplicateError:
        return  # names of several sets, such as two plates in two folders
    assert set(seq.unmatched) == set(entry["strays"])
    rows = [entry["names"].index(name) for name in seq]
    found = zip(seq.dims, zip(*seq.indices, strict=True), strict=True)
    true = {axis["role"]: [axis["values"][i] for i in rows] for axis in entry["axes"]}
    assert len(true) == len(entry["axes"])
    assert parts(found, len(seq)) == parts(true, len(seq))

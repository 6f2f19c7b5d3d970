"""Names that archives of satellites and climate write, by the preset that reads them."""

import datetime

from hypothesis import strategies as st

from tests.helpers.name_parts import DATE, DAY, MINUTE, MONTH, NUMBERS, Names, stamps

ASSETS = {
    **{"SR_B2": "B2", "SR_B7": "B7", "ST_B10": "B10", "QA_PIXEL": "QA_PIXEL"},
    **{"QA_RADSAT": "QA_RADSAT", "SR_QA_AEROSOL": "QA_AEROSOL", "ST_CDIST": "CDIST"},
}
ASSET_OF = {band: asset for asset, band in ASSETS.items()}
PAIRS = st.sampled_from(["20161227_20170120", "20161227_20170213", "20170213_20170309"])
LAYERS = st.sampled_from(["_500m_16_days_EVI", "LST_Day_1km", "SDS_CloudMask", "Fpar_500m"])


def degrees(cell):
    """Return the signs and numbers of a tile."""
    latitude, longitude = cell["latitude"], cell["longitude"]
    return {
        "north": f"{'SN'[latitude >= 0]}{abs(latitude):02d}",
        "east": f"{'WE'[longitude >= 0]}{abs(longitude):03d}",
    }


def half_hour(cell):
    """Return the end of a half hour, and its minute of the day."""
    date = cell["date"]
    end = date + datetime.timedelta(minutes=29, seconds=59)
    return {"end": end, "minute": date.hour * 60 + date.minute}


SATELLITES = {
    "hls": [
        Names(
            "tile date band",
            "HLS.S30.T{tile}.{date:%Y%jT%H%M%S}.v2.0.{band}.tif",
            {"band": st.sampled_from(["B02", "B8A", "Fmask", "SZA"])},
        )
    ],
    "landsat-c2": [
        Names(
            "path row date band",
            "LC09_L2SP_{path:03d}{row:03d}_{date:%Y%m%d}_{made:%Y%m%d}_02_T1_{asset}.TIF",
            {"row": NUMBERS, "date": DAY, "band": st.sampled_from(sorted(ASSETS.values()))},
            lambda cell: stamps(cell["date"]) | {"asset": ASSET_OF[cell["band"]]},
        )
    ],
    "sentinel-2": [
        Names(
            "tile date band",
            "S2A_{made:%Y%m%dT%H%M%S}.SAFE/IMG_DATA/R20m/T{tile}_{date:%Y%m%dT%H%M%S}_{band}_20m.jp2",
            {"band": st.sampled_from(["B02", "B8A", "B12", "SCL", "AOT"])},
            lambda cell: stamps(cell["date"]),
        )
    ],
    "force": [
        Names(
            "date product",
            "{date:%Y%m%d}_LEVEL2_SEN2{n}_{product}.tif",
            {"date": DAY, "product": st.sampled_from(["BOA", "QAI", "DST"])},
            lambda cell: {"n": "AB"[cell["date"].day % 2]},
        )
    ],
    "sits": [
        Names(
            "tile band date",
            "SENTINEL-2_MSI_{tile}_{band}_{date:%Y-%m-%d}.tif",
            {"date": DAY, "band": st.sampled_from(["B02", "B8A", "CLOUD", "NDVI"])},
        )
    ],
    "appeears": [
        Names(
            "product layer date area",
            "{product}_{layer}_doy{date:%Y%j}_aid{area:04d}.tif",
            {
                "product": st.sampled_from(["MOD13A1.006", "MYD13A1.006", "HLSL30.020"]),
                **{"layer": LAYERS.map(lambda layer: layer.lstrip("_")), "date": DAY},
            },
        )
    ],
    "appeears-clock": [
        Names(
            "product layer date",
            "{product}_{layer}_doy{date:%Y%j%H%M%S}_aid0001_11N.tif",
            {
                "product": st.sampled_from(["ECO2CLD.001", "ECO_L2T_LSTE.002"]),
                "layer": LAYERS.map(lambda layer: layer.lstrip("_")),
            },
        )
    ],
    "modis": [
        Names(
            "product date tile layer",
            "{product}.A{date:%Y%j}.{tile}.061.{made:%Y%j%H%M%S}.{layer}.tif",
            {
                "product": st.sampled_from(["MOD13Q1", "MYD13Q1", "VNP13A1"]),
                **{"date": DAY, "tile": st.sampled_from(["h18v03", "h18v04"])},
                "layer": st.sampled_from(["NDVI", "EVI", "VI_Quality"]),
            },
        ),
        Names("date", "MOD09GA.A{date:%Y%j}.h18v03.006.tif", {"date": DAY}),
    ],
    "modis-swath": [
        Names("date", "MOD021KM.A{date:%Y%j.%H%M}.061.{made:%Y%j%H%M%S}.hdf", {"date": MINUTE})
    ],
    "hyp3-rtc": [
        Names(
            "date polarization",
            "S1A_IW_{date:%Y%m%dT%H%M%S}_DVP_RTC30_G_gpuned_{n:04X}_{polarization}.tif",
            {"polarization": st.sampled_from(["VV", "VH", "inc_map"])},
            lambda cell: stamps(cell["date"]),
        )
    ],
    "hyp3-insar": [
        Names(
            "burst pair layer",
            "S1_{burst}_{pair}_VV_INT20_{n:04X}_{layer}.tif",
            {
                "burst": st.sampled_from(["068790_IW3", "068791_IW3"]),
                **{"pair": PAIRS, "layer": st.sampled_from(["corr", "unw_phase"])},
            },
        )
    ],
    "licsar": [
        Names(
            "pair layer",
            "i/{pair}/{pair}.geo.{layer}.tif",
            {"pair": PAIRS, "layer": st.sampled_from(["cc", "unw"])},
        )
    ],
    "sentinel-1-grd": [
        Names(
            "polarization date",
            "s1a-iw-grd-{polarization}-{date:%Y%m%dt%H%M%S}-{made:%Y%m%dt%H%M%S}-045840-057be4-001.tiff",
        )
    ],
    "sentinel-1-slc": [
        Names(
            "swath polarization date",
            "s1a-{swath}-slc-{polarization}-{date:%Y%m%d}t0519{n:02d}-{made:%Y%m%dt%H%M%S}-009306-00d719-001.tiff",
            {"swath": st.sampled_from(["iw1", "iw2", "iw3"]), "date": DAY},
            lambda cell: stamps(cell) | {"n": int(cell["swath"][-1])},
        )
    ],
    "prism": [
        Names(
            "variable date", "PRISM_{variable}_stable_4kmD2_{date:%Y%m%d}_bil.tif", {"date": DAY}
        ),
        Names("variable date", "prism_{variable}_us_25m_{date:%Y%m%d}.tif", {"date": DAY}),
    ],
    "prism-monthly": [
        Names(
            "variable date", "PRISM_{variable}_stable_4kmM3_{date:%Y%m}_bil.tif", {"date": MONTH}
        ),
        Names("variable date", "prism_{variable}_us_30s_{date:%Y%m}.tif", {"date": MONTH}),
    ],
    "prism-normals": [
        Names("variable month", "PRISM_{variable}_30yr_normal_4kmM3_{month:02d}_bil.tif"),
        Names("variable month", "prism_{variable}_us_25m_2020{month:02d}_avg_30y.tif"),
    ],
    "chirps": [Names("date", "chirps-v2.0.{date:%Y.%m.%d}.tif", {"date": DAY})],
    "chirps-monthly": [Names("date", "chirps-v2.0.{date:%Y.%m}.tif", {"date": MONTH})],
    "chirps-parts": [
        Names(
            "date part",
            "chirps-v2.0.{date:%Y.%m}.{part}.tif",
            {"date": MONTH, "part": st.integers(1, 6)},
        )
    ],
    "imerg": [
        Names(
            "date",
            "3B-HHR-E.MS.MRG.3IMERG.{date:%Y%m%d-S%H%M%S}-E{end:%H%M%S}.{minute:04d}.V07B.30min.tif",
            {"date": DATE.map(lambda date: date.replace(minute=date.minute // 30 * 30, second=0))},
            half_hour,
        )
    ],
    "imerg-daily": [
        Names(
            "date",
            "3B-HHR-L.MS.MRG.3IMERG.{date:%Y%m%d}-S233000-E235959.1410.V07B.1day.tif",
            {"date": DAY},
        ),
        Names(
            "date",
            "3B-MO.MS.MRG.3IMERG.{date:%Y%m%d}-S000000-E235959.{date:%m}.V06B.HDF5.tif",
            {"date": MONTH},
        ),
    ],
    "chelsa": [Names("variable month", "CHELSA_{variable}_{month:02d}_1981-2010_V.2.1.tif")],
    "worldclim": [
        Names("bio", "wc2.1_10m_bio_{bio}.tif"),
        Names("variable month", "wc2.1_10m_{variable}_{month:02d}.tif"),
    ],
    "copernicus-dem": [
        Names(
            "latitude longitude",
            "Copernicus_DSM_COG_10_{north}_00_{east}_00_DEM.tif",
            {"latitude": st.integers(-80, 80), "longitude": st.integers(-170, 170)},
            degrees,
        )
    ],
    "micasense": [
        Names("capture band", "000/IMG_{capture:04d}_{band}.tif", {"band": st.integers(1, 10)})
    ],
    "sequoia": [
        Names(
            "time band",
            "IMG_{time:%y%m%d_%H%M%S}_{n:04d}_{band}.TIF",
            {
                "time": DATE.filter(lambda date: date.year >= 2000),
                "band": st.sampled_from(["GRE", "NIR", "RED", "REG"]),
            },
        )
    ],
}
"""Each preset, and the forms of its names."""

"""Real images and conventions of names, which are kept beside the repository.

Tests of them are skipped where they are missing. The environment variable
``DASK_FILESEQ_TEST_DATA`` names another folder that holds them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(os.environ.get("DASK_FILESEQ_TEST_DATA") or Path(__file__).parents[3] / "shared")
DATA = SHARED / "data"
"""The folder of images of microscopes and satellites."""
LISTINGS = SHARED / "listings" / "dev.json"
"""Listings of folders with the axes that they have."""
NAMING = SHARED / "NAMING.json"
CONVENTIONS: list[dict[str, Any]] = json.loads(NAMING.read_text()) if NAMING.exists() else []
"""How instruments name files: examples, and the coordinates that they mean."""
PRESET_OF = {
    "Olympus FluoView OIF": "olympus-oif",
    "Leica TIFF series": "leica-tiff",
    "Leica LAS X export": "leica-lasx",
    "Leica Matrix Screener": "leica-matrix",
    "PerkinElmer/Revvity Operetta, Opera Phenix (Harmony)": "operetta",
    "Molecular Devices ImageXpress (MetaXpress), GUID in name": "imagexpress",
    "ImageXpress exported, time and Z directories": "imagexpress",
    "Yokogawa CellVoyager CV7000/CV8000": "cellvoyager",
    "Cellomics ArrayScan / Thermo CX, plate prefix": "cellomics",
    "GE InCell Analyzer": "incell",
    "BioTek/Agilent Cytation Gen5": "cytation",
    "Sartorius Incucyte export": "incucyte",
    "Olympus scan^R": "scanr",
    "Vitra / BBBC SBS plate": "vitra",
    "Micro-Manager 2.0, separate image files": "micromanager-2",
    "Micro-Manager 1.4, separate image files": "micromanager-1",
    "Keyence BZ-X, CODEX": "codex",
    "LaVision/Miltenyi UltraMicroscope mosaic": "ultramicroscope",
    "Lattice light sheet (LLSpy)": "llspy",
    "Cell Tracking Challenge": "cell-tracking-challenge",
    "LEVER": "lever",
    "Landsat 5 bands (Geoscience Australia)": "landsat-ga",
    "MetaMorph .nd series": "metamorph",
    "Landsat Collection 2": "landsat-c2",
    "Sentinel-2 granule bands": "sentinel-2",
    "Sentinel-1 global coherence (earthbigdata)": "sentinel-1-coherence",
    # not instruments: what they mean is said by a format string
    "Bio-Formats pattern test_Z<0-1>_C<0-2:2>": "test_Z<0-1>_C<0-2:2>.png",
    "Channels as words": "{channel}.tiff",
    "ImageJ image sequence, blank-padded": "half_MB_ {z:03d}.tif",
    "Synchrotron tomography projections (Savu, DXchange, tomopy)": "raw_{angle:05d}.tiff",
}
"""The preset, or the format string, of each convention."""


def stated(value, text):
    """Return whether a coordinate is what the file of conventions states."""
    if isinstance(text, str) and " or " in text:
        return str(value) in text.split(" or ")
    if isinstance(value, np.timedelta64):
        return value == text
    if isinstance(value, np.datetime64):
        date = (
            str(text) if "-" in str(text) else f"{str(text)[:4]}-{str(text)[4:6]}-{str(text)[6:]}"
        )
        return value == np.datetime64(date)
    return value.item() == text

"""Synthetic microscope images to try the package on, and pictures of them."""

from dask_fileseq.demo.acquisition import (
    CHANNELS,
    MISSING,
    PATTERN,
    claim_folder,
    contact_sheet,
    save_projection,
    write_acquisition,
)
from dask_fileseq.demo.memory import MemoryMeter
from dask_fileseq.demo.timeseries import write_recording, write_scan, write_timelapse

__all__ = [
    "CHANNELS",
    "MISSING",
    "PATTERN",
    "MemoryMeter",
    "claim_folder",
    "contact_sheet",
    "save_projection",
    "write_acquisition",
    "write_recording",
    "write_scan",
    "write_timelapse",
]

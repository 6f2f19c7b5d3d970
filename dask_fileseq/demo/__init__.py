"""Images to try the package on, made as a microscope would make them, and pictures of them."""

from dask_fileseq.demo.acquisition import (
    CHANNELS,
    MISSING,
    PATTERN,
    contact_sheet,
    save_projection,
    write_acquisition,
)
from dask_fileseq.demo.files import claim_folder
from dask_fileseq.demo.memory import MemoryMeter
from dask_fileseq.demo.recording import write_recording
from dask_fileseq.demo.scan import write_scan
from dask_fileseq.demo.timelapse import write_timelapse

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

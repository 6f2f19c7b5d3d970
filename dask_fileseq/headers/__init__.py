"""What the headers of all files say: as a table, and whether they agree."""

from dask_fileseq.headers.comparison import Difference, channel_axes, differences
from dask_fileseq.headers.confirmation import confirmed_metadata
from dask_fileseq.headers.properties import PROPERTIES

__all__ = ["PROPERTIES", "Difference", "channel_axes", "confirmed_metadata", "differences"]

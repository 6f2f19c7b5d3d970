"""Whether the files of a sequence are what they should be: found out in parallel, told as data.

Each problem is a `Finding`: what kind, which file, which cell, what is wrong. The modules,
each using only those before it: `onefile`, `running`, `findings`.
"""

from dask_fileseq.check.findings import KINDS, Finding, check_files
from dask_fileseq.check.running import Progress

__all__ = ["KINDS", "Finding", "Progress", "check_files"]

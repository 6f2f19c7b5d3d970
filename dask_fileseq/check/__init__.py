"""Whether the files of a sequence are what they should be: found out in parallel, told as data.

Each problem is a `Finding`: what kind, which file, which cell, what is wrong. `findings`
uses `onefile`.
"""

from dask_fileseq.check.findings import KINDS, Finding, check_files

__all__ = ["KINDS", "Finding", "check_files"]

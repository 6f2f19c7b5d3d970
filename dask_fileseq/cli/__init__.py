"""The commands of ``dask fileseq``, one module each.

Only click is imported at the top of these modules: dask loads them for each of its own
commands.
"""

from dask_fileseq.cli.group import fileseq

__all__ = ["fileseq"]

"""The commands of ``dask fileseq``, one module each.

These modules import only click and each other at their top: dask loads this package for
each of its own commands.
"""

from dask_fileseq.cli.group import fileseq

__all__ = ["fileseq"]

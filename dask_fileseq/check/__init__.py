"""Find files of a sequence that are damaged, missing, or differ from the others."""

from dask_fileseq.check.findings import KINDS, Finding, by_kind, check_files, total

__all__ = ["KINDS", "Finding", "by_kind", "check_files", "total"]

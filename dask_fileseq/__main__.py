"""``python -m dask_fileseq`` is ``dask fileseq``."""

from dask_fileseq.cli import fileseq

if __name__ == "__main__":
    fileseq(prog_name="python -m dask_fileseq")

"""What a sequence shows of itself, and whether its files are what they should be."""

from __future__ import annotations

import os
from typing import Any

from dask.base import tokenize

from dask_fileseq.check import Finding, Progress, check_files
from dask_fileseq.report.card import card
from dask_fileseq.sequence.faces import ArraySequence

__all__ = ["DisplaySequence"]


class DisplaySequence(ArraySequence):
    """The pictures of a `FileSequence`, which has the documentation."""

    def check(
        self,
        *,
        pixels: bool = False,
        scheduler: Any = None,
        ioworkers: int | None = None,
        progress: Progress | None = None,
    ) -> list[Finding]:
        """Return what is wrong with the files: each problem with its file and its cell.

        Found are files that cannot be read, are cut short, empty, gone or still being
        written, that hold another shape, dtype or number of pages than most files do;
        cells without a file; and names that were left out.

        Parameters
        ----------
        pixels : bool
            Whether to read all pixels, too; else only the headers of TIFF files are read.
        scheduler : optional
            As in `asarray`.
        ioworkers : int, optional
            Number of workers of a local scheduler.
        progress : callable, optional
            Called with the number of files done and that of all.

        Returns
        -------
        list of Finding
            Records of ``kind``, ``name``, ``cell`` and ``detail``; none if all is well.
        """
        return check_files(
            self._grid,
            self._source,
            self._reader,
            pixels=pixels,
            scheduler=scheduler,
            workers=ioworkers,
            progress=progress,
        )

    def _repr_html_(self) -> str:
        """Return what notebooks show. Reads nothing: of a file, it tells what is known."""
        where = str(self._source) if self._container is not None else self.commonpath()
        spec = self._specs.get(tokenize({}))
        return card(self._grid, type(self).__name__, where or os.curdir, spec)

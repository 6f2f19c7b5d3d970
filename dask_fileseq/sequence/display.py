"""What a sequence shows of itself, and whether its files are what they should be."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from dask.base import tokenize

from dask_fileseq.check import Finding, check_files
from dask_fileseq.errors import check_choice
from dask_fileseq.filearray import first_readable
from dask_fileseq.graph import Progress
from dask_fileseq.readers import FileInfo
from dask_fileseq.report.card import card
from dask_fileseq.sequence.faces import ArraySequence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
            self.grid,
            self.source,
            self.reader,
            pixels=pixels,
            scheduler=scheduler,
            workers=ioworkers,
            progress=progress,
        )

    def preview(
        self,
        *,
        project: Literal["auto", "max", "mean", "middle"] = "auto",
        progress: Progress | None = None,
    ) -> Figure:
        """Return a contact sheet: rows of channels, columns of times and places.

        Contrast is stretched for each channel. Large images are read in part, and of long
        axes some labels are shown, at equal distances.

        Parameters
        ----------
        project : {"auto", "max", "mean", "middle"}
            How the planes along z become one picture: by their maximum, their mean, or only
            the middle one is read. ``"auto"``: the maximum, where that takes few files.
        progress : callable, optional
            Called with the number of pictures made and that of all.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_choice("project", project, "auto", "max", "mean", "middle")
        from dask_fileseq.report.figure import sheet_figure
        from dask_fileseq.report.sheet import Limits, contact_sheet

        sheet = contact_sheet(
            self.grid,
            self.source,
            self.reader,
            project=project,
            limits=Limits(channels=8, times=8, places=8, all=48),
            progress=progress,
        )
        return sheet_figure(sheet, f"{len(self):,} files in {self._where()}")

    def _report(
        self,
        told: Mapping[str, Any],
        findings: Sequence[Finding],
        code: str,
        *,
        project: Literal["auto", "max", "mean", "middle"],
        progress: Progress | None,
    ) -> str:
        """Return a page about the sequence: see `report.page`."""
        from dask_fileseq.report.page import Contents, report_page
        from dask_fileseq.report.sheet import contact_sheet

        sheet = contact_sheet(
            self.grid, self.source, self.reader, project=project, progress=progress
        )
        return report_page(Contents(self.grid, self._where(), told, findings, sheet, code))

    def _where(self) -> str:
        """Return the folder or the container."""
        where = str(self.source) if self._container is not None else self.commonpath()
        return where or os.curdir

    def _first_info(self) -> FileInfo:
        """Return what the first file contains; reads one header."""
        return first_readable(self._names[:1], self.source, self.reader.inspect)

    def _repr_html_(self) -> str:
        """Return what notebooks show. Reads nothing: of a file, it tells what is known."""
        info = self._infos.get(tokenize({}))
        return card(
            self.grid, type(self).__name__, self._where(), None if info is None else info.spec
        )

"""What a sequence shows of itself, and whether its files are what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dask.base import tokenize

from dask_fileseq.check import Finding, check_files
from dask_fileseq.graph import Progress
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
        from dask_fileseq.report import preview_figure

        return preview_figure(
            self.grid, self.source, self.reader, project=project, progress=progress
        )

    def _repr_html_(self) -> str:
        """Return what notebooks show. Reads nothing: of a file, it tells what is known."""
        from dask_fileseq.report import html_card

        info = self._infos.get(tokenize({}))
        return html_card(self.grid, self.source, type(self).__name__, info)

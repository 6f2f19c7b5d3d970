"""Parts of a sequence, by index or by label: names alone, no file is touched."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from dask_fileseq.errors import NamesError
from dask_fileseq.grid import FileGrid, indexers_of, parts_of, places_of_labels, selected
from dask_fileseq.sequence.names import NameSequence

__all__ = ["SelectableSequence"]


class SelectableSequence(NameSequence):
    """The parts of a `FileSequence`, which has the documentation."""

    def isel(self, indexers: Mapping[str, Any] | None = None, **kwargs: Any) -> Self:
        """Return the sequence of the files at integer positions; touches no file.

        Parameters
        ----------
        indexers : mapping of str to int, slice, or sequence of int or bool, optional
            What stays along axes, by the names in `coords`, as in xarray: an int drops its
            axis, anything else keeps it, ``[5]`` too.
        **kwargs
            The same as keywords.

        Returns
        -------
        FileSequence
            Of the same class. It reads the header of its own first file.

        Raises
        ------
        NamesError
            There is no such axis, or an indexer does not fit.
        NoFilesError
            All cells of the selection are empty.
        """
        return self._on(selected(self.grid, indexers_of(indexers, kwargs)))

    def sel(self, indexers: Mapping[str, Any] | None = None, **kwargs: Any) -> Self:
        """Return the sequence of the files at some labels; touches no file.

        Parameters
        ----------
        indexers : mapping of str to label, slice, or sequence of labels, optional
            What stays along axes, by values in `coords`, as in xarray and pandas: a label
            drops its axis; a slice keeps both of its ends, and of numbers and dates all
            between them, whether the ends occur or not. Dates may be texts; a text for a
            period, such as ``"2020-07"``, stands for all of it and keeps the axis.
        **kwargs
            The same as keywords.

        Returns
        -------
        FileSequence
            Of the same class.

        Raises
        ------
        NamesError
            There is no such axis or label.
        NoFilesError
            All cells of the selection are empty.
        """
        labels = indexers_of(indexers, kwargs)
        options = {"method", "tolerance", "drop"} & labels.keys() - self.coords.keys()
        if options:
            raise NamesError(
                f"sel takes labels alone, not {', '.join(sorted(options))}=: to_xarray().sel() does"
            )
        known = {dim: value for dim, value in labels.items() if dim in self.coords}
        places = {dim: places_of_labels(dim, self.coords[dim], known[dim]) for dim in known}
        return self._on(selected(self.grid, labels | places, said=labels))

    def split(self, dim: str) -> dict[Any, Self]:
        """Return one sequence for each label along an axis that has files, without the axis.

        For channels or bands of different shape or data type. Touches no file.

        Parameters
        ----------
        dim : str
            The axis, by its name in `coords`.

        Raises
        ------
        NamesError
            There is no such axis.
        """
        return {label: self._on(grid) for label, grid in parts_of(self.grid, dim)}

    def _on(self, grid: FileGrid) -> Self:
        """Return the same sequence on a part of its grid, with nothing kept of any file."""
        part = copy.copy(self)
        for name in self.__dict__:
            if isinstance(getattr(type(self), name, None), cached_property):
                part.__dict__.pop(name, None)
        part._place(grid)
        return part

"""The table of all headers: a row a file, a column for each thing that headers say."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import HeaderWarning, users_level
from dask_fileseq.filearray import described_scales
from dask_fileseq.files import Source
from dask_fileseq.graph import Scheduler
from dask_fileseq.grid import FileGrid
from dask_fileseq.headers.rows import read_rows
from dask_fileseq.plaintext import public_names
from dask_fileseq.readers import Reader, pixel_columns, single
from dask_fileseq.types import Progress

if TYPE_CHECKING:
    from pandas import DataFrame
    from pyarrow import Table

PART = 50_000
"""Number of files whose rows are in memory at a time."""

Column = NDArray[Any]
"""The values of a column: an array of one axis, or of none for a value that all rows have."""


class HeaderTable(Mapping[str, NDArray[Any]]):
    """What the headers of files say: numpy arrays by the names of columns.

    `FileSequence.table` makes it and describes the columns. What no file says has no column.

    Attributes
    ----------
    constant : dict
        The columns that have one value in all rows, which is stored once.

    Examples
    --------
    >>> table = HeaderTable({"name": np.array(["a.tif", "b.tif"]), "pages": np.array(1)}, 2)
    >>> table["pages"], table.constant
    (array([1, 1]), {'pages': 1})
    """

    def __init__(self, columns: Mapping[str, Column], count: int) -> None:
        self._columns = dict(columns)
        self._count = count

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            column = self._columns[name]
        except KeyError:
            raise KeyError(f"no header has {name!r}; columns are {', '.join(self)}") from None
        return column if column.ndim else np.broadcast_to(column, (self._count,))

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        constant = "\n".join(f"  {name}: {value!r}" for name, value in self.constant.items())
        varying = ", ".join(name for name in self if self._columns[name].ndim)
        same = f"\n the same in all:\n{constant}" if constant else ""
        return f"<HeaderTable of {self._count:,} files\n different: {varying}{same}>"

    @property
    def constant(self) -> dict[str, Any]:
        """The columns that have one value in all rows."""
        return {name: _value(column) for name, column in self._columns.items() if not column.ndim}

    def to_pandas(self) -> DataFrame:
        """Return the table as a `pandas.DataFrame`; needs pandas."""
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error

        return DataFrame({name: self[name] for name in self})

    def to_arrow(self) -> Table:
        """Return the table as a `pyarrow.Table`; needs pyarrow.

        Texts that all rows have are stored once. Values of a column that have different types,
        such as one name of a channel and several, become texts.
        """
        try:
            import pyarrow
        except ImportError as error:
            raise ImportError("to_arrow needs pyarrow: pip install pyarrow") from error

        columns = {}
        for name, column in self._columns.items():
            if not column.ndim and isinstance(column[()], str):
                where = pyarrow.array(np.zeros(self._count, np.int8))
                columns[name] = pyarrow.DictionaryArray.from_arrays(where, [column[()]])
                continue
            values = self[name]
            if values.dtype.kind != "O":
                columns[name] = pyarrow.array(np.ascontiguousarray(values))
                continue
            try:
                columns[name] = pyarrow.array(values.tolist())
            except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
                texts = [None if value is None else str(value) for value in values]
                columns[name] = pyarrow.array(texts)
        return pyarrow.table(columns)


def _value(column: Column) -> Any:
    """Return the value of a column that has only one, of Python's own type if that has it."""
    value = column[()]
    is_plain = isinstance(value, np.generic) and column.dtype.kind not in "mM"
    return value.item() if is_plain else value


def read_table(
    grid: FileGrid,
    source: Source,
    reader: Reader,
    imreadargs: Mapping[str, Any],
    *,
    scheduler: Any = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> HeaderTable:
    """Return the table of the files on a grid; see `FileSequence.table`."""
    if workers is None and source.concurrency > 1:
        workers = source.concurrency  # they wait for a server
    runner = Scheduler(scheduler, workers)
    count = len(grid.names)
    parts = []
    for start in range(0, count, PART):
        names = grid.names[start : start + PART]

        def done(some: int, _: int, start: int = start) -> None:
            if progress is not None:
                progress(start + some, count)

        rows = read_rows(names, source, reader, imreadargs, runner, done)
        parts.append((len(rows), columns_of(rows)))
    found = joined(parts)
    if "error" in found:
        _warn(public_names(grid.names), np.broadcast_to(found["error"], (count,)))
    labels = {
        dim: _compact(values[index])
        for (dim, values), index in zip(grid.coords.items(), grid.along, strict=True)
    }
    columns = {"name": np.array(public_names(grid.names), object), "cell": grid.cells}
    if (versions := source.versions(grid.names)) is not None:
        columns["size"] = _compact(versions[:, 0])
    columns |= _with_described(found, grid)
    ours = {f"file_{k}" if k in labels else k: column for k, column in columns.items()}
    first = "file_name" if "name" in labels else "name"
    return HeaderTable({first: ours[first]} | labels | ours, count)


def _warn(names: Sequence[str], errors: NDArray[Any]) -> None:
    failed = [i for i, error in enumerate(errors.tolist()) if error is not None]
    warnings.warn(
        f"{len(failed):,} of {len(names):,} headers cannot be read, such as that of"
        f" {names[failed[0]]!r}: {errors[failed[0]]}. The column 'error' has all reasons",
        HeaderWarning,
        stacklevel=users_level(),
    )


def _with_described(columns: dict[str, Column], grid: FileGrid) -> dict[str, Column]:
    """Return columns of headers with those of a descriptor, which come first."""
    index = dict(zip(grid.unique_dims, grid.along, strict=True))
    described = {
        name: _compact(np.asarray(coord.values[tuple(index[dim] for dim in coord.dims)]))
        for name, coord in grid.metadata.coords.items()
        if index.keys() >= set(coord.dims)
    }
    scales = described_scales(grid.metadata, "xy" if "transform" in columns else "")
    if not scales:
        return columns | described
    others = {name: v for name, v in columns.items() if name.removeprefix("origin_") not in scales}
    pixels = {name: as_column([value]) for name, value in pixel_columns(scales).items()}
    if any(name.startswith("pixel_size_") and name not in pixels for name in others):
        unit, theirs = pixels["pixel_unit"][()], columns["pixel_unit"].ravel().tolist()
        units = [(unit, *(u if isinstance(u, tuple) else (u,))) for u in theirs]
        pixels["pixel_unit"] = as_column([single([*dict.fromkeys(each)]) for each in units])
    return others | pixels | described


def _compact(values: NDArray[Any]) -> Column:
    """Return an array, or its first value if all are the same."""
    return values[:1].reshape(()) if values.ndim and (values == values[0]).all() else values


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Column]:
    """Return rows as columns, in the order in which they first occur.

    >>> columns_of([{"pages": 1, "x": 0.5}, {"pages": 1}])
    {'pages': array(1), 'x': array([0.5, nan])}
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: as_column([row.get(name) for row in rows]) for name in names}


def as_column(values: Sequence[Any]) -> Column:
    """Return values as an array of the simplest type that has them all; None may be among them."""
    first = values[0]
    if all(value is first or value == first for value in values):
        return _typed([first]).reshape(())
    return _typed(values)


def _typed(values: Sequence[Any]) -> NDArray[Any]:
    types = {type(value) for value in values if value is not None}
    some_none = any(value is None for value in values)
    if types <= {int, float} and types:
        if float not in types and not some_none:
            return np.array(values, np.int64)
        return np.array([np.nan if value is None else value for value in values], np.float64)
    if types == {np.datetime64}:
        nothing = np.datetime64("NaT", "ns")
        return np.array([nothing if value is None else value for value in values], "M8[ns]")
    column = np.empty(len(values), object)
    column[:] = list(values)
    return column


def joined(parts: Sequence[tuple[int, Mapping[str, Column]]]) -> dict[str, Column]:
    """Return the columns of parts of a table, each with its number of rows, as one."""
    if len(parts) == 1:
        return dict(parts[0][1])
    result = {}
    for name in dict.fromkeys(name for _, columns in parts for name in columns):
        found = [
            np.broadcast_to(columns.get(name, np.array(None, object)), (count,))
            for count, columns in parts
        ]
        kinds = {column.dtype.kind for column in found}
        if len(kinds) == 1 and "O" not in kinds:
            result[name] = _compact(np.concatenate(found))
        else:
            result[name] = as_column([_plain(value) for column in found for value in column])
    return result


def _plain(value: Any) -> Any:
    """Return a number of numpy as Python's; None in place of what is not known."""
    if isinstance(value, np.integer | np.floating):
        value = value.item()
    return None if value != value else value  # NaN and NaT differ from themselves

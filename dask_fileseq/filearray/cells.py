"""Which files are in some cells of a grid; in a full one, these are computed, not looked up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.files import Names
from dask_fileseq.patterns import NameProduct
from dask_fileseq.tiling import Numbers, numbers_at


def table_of(numbers: Numbers, shape: tuple[int, ...]) -> NDArray[np.integer[Any]]:
    """Return the number of the file in each cell, -1 in empty ones."""
    if numbers is not None:
        return numbers
    count = math.prod(shape)
    dtype: type[np.integer[Any]] = np.int32 if count < 2**31 else np.int64
    return np.arange(count, dtype=dtype).reshape(shape)


def part_of_cells(
    names: Names, numbers: Numbers, shape: tuple[int, ...], cells: Sequence[slice]
) -> tuple[Names, Numbers]:
    """Return the names of the files in a part of the cells, and the numbers of these there."""
    if numbers is None and isinstance(names, NameProduct):
        return names.part(cells), None
    if numbers is None:
        places = [range(size)[part] for size, part in zip(shape, cells, strict=True)]
        return Names.of([names[i] for i in numbers_at(None, shape, places)]), None
    table = numbers[tuple(cells)]
    filled = table >= 0
    renumbered = np.full(table.shape, -1, np.int32)
    renumbered[filled] = np.arange(np.count_nonzero(filled))
    return Names.of([names[i] for i in table[filled].tolist()]), renumbered


def cell_of(numbers: Numbers, shape: tuple[int, ...], number: int) -> list[int]:
    """Return the index of the cell of a file."""
    if numbers is None:
        return [int(i) for i in np.unravel_index(number, shape)] if shape else []
    index: list[int] = np.argwhere(numbers == number)[0].tolist()
    return index

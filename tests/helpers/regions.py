"""Regions for readers, from indexes as numpy has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dask_fileseq.readers import Reader, Region


def region_of(index: Any, shape: Sequence[int]) -> Region:
    """Return the region that a tuple of slices selects, one for each axis."""
    return tuple(range(*part.indices(n)) for part, n in zip(index, shape, strict=True))


def read_region(reader: Reader, file: Any, spec: Any, index: Any, out: Any, **kwargs: Any) -> None:
    """Read what a tuple of slices selects, unless it selects nothing."""
    reader.read_region(file, spec, region_of(index, spec.shape), out, **kwargs)

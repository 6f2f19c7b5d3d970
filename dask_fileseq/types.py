"""Names of argument types, and the options of reading and writing, each typed once."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import index as as_int
from typing import Any, Literal, TypeVar

from numpy.typing import DTypeLike

from dask_fileseq.errors import check_choice

__all__ = [
    "AxesTiled",
    "Files",
    "Imread",
    "Progress",
    "ReadOptions",
    "WriteOptions",
    "takes_options",
]

Imread = Callable[..., Any]
"""Reads the array of one file: ``imread(file, **imreadargs) -> ndarray``."""

Files = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None
"""A glob pattern, a folder, a path, or names in their order."""

AxesTiled = Mapping[int, int] | Sequence[tuple[int, int]]
"""Grid axes to lay edge to edge, each with its chunk axis."""

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)``."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How the files of a sequence are read; see `FileSequence.to_dask_array`."""

    imreadargs: Mapping[str, Any] | None = None
    chunkshape: Sequence[int] | None = None
    chunkdtype: DTypeLike | None = None
    axestiled: AxesTiled | None = None
    fillvalue: Any = None
    errors: Literal["raise", "fill"] = "raise"

    def __post_init__(self) -> None:
        check_choice("errors", self.errors, "raise", "fill")
        if self.chunkshape is not None:
            shape = tuple(map(as_int, self.chunkshape))
            if min(shape, default=0) < 0:
                raise ValueError(f"chunkshape={shape!r} has a negative length")


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """How a copy is written, and on which scheduler; see `FileSequence.to_zarr`."""

    chunks: Any = None
    shards: Any = None
    codecs: Any = "auto"
    resume: bool = True
    overwrite: bool = False
    verify: Literal["sample", "all"] | None = "sample"
    progress: bool | Progress | None = None
    scheduler: Any = None
    workers: int | None = None
    memory: int | str = "64 MiB"
    storage_options: Mapping[str, Any] | None = field(default=None, repr=False)


def takes_options(*options: type) -> Callable[[F], F]:
    """Show the fields of options classes as keywords, in place of ``**options``.

    A function that passes its ``**options`` on to a `ReadOptions` gets these parameters
    in its signature, as `help` and notebooks show it.

    >>> @takes_options(ReadOptions)
    ... def read(files, **options): ...
    >>> print(inspect.signature(read).replace(return_annotation=inspect.Signature.empty))
    ... # doctest: +ELLIPSIS
    (files, *, imreadargs: 'Mapping[str, Any] | None' = None, chunkshape: ...
    """

    def with_signature(function: F) -> F:
        signature = inspect.signature(function)
        given = [p for p in signature.parameters.values() if p.name != "options"]
        parameters = [
            inspect.Parameter(
                f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type
            )
            for option in options
            for f in fields(option)
        ]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=sorted([*given, *parameters], key=lambda p: p.kind)
        )
        return function

    return with_signature

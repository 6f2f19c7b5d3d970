"""Names of argument types, and the options of reading and writing, each typed once."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from inspect import Parameter
from operator import index as as_int
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from dask_fileseq.errors import check_choice

__all__ = [
    "AxesTiled",
    "EncodingOptions",
    "Files",
    "ImageOptions",
    "Imread",
    "NamingOptions",
    "OutputOptions",
    "PatternOptions",
    "Progress",
    "ReadOptions",
    "ReferenceFileOptions",
    "ReferenceOptions",
    "WriteOptions",
    "split_options",
    "takes_keywords_of",
    "takes_options",
]

Imread = Callable[..., Any]
"""Reads the array of one file: ``imread(file, **imreadargs) -> ndarray``."""

Files = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None
"""A glob pattern, a folder, a path, or names in their order."""

AxesTiled = Mapping[int | str, int | str] | Sequence[tuple[int | str, int | str]]
"""Grid axes to place edge to edge, each with its chunk axis; by numbers or names."""

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)``."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageOptions:
    """Which image of each file is read; the other fields become part of `imreadargs`.

    `FileSequence.to_dask_array` documents the fields.

    >>> ImageOptions(series=1, imreadargs={"is_ome": False}).imreadargs
    {'series': 1, 'is_ome': False}
    """

    imreadargs: Mapping[str, Any] = None  # type: ignore[assignment]  # becomes {}
    series: int | str | None = None
    key: Any = None
    level: int | None = None

    def __post_init__(self) -> None:
        args = {}
        for name in ("series", "key", "level"):
            if (value := getattr(self, name)) is not None:
                args[name] = value
                object.__setattr__(self, name, None)
        if not isinstance(self.imreadargs, Mapping | None):
            raise TypeError(f"imreadargs={self.imreadargs!r} is no mapping of arguments")
        object.__setattr__(self, "imreadargs", args | dict(self.imreadargs or {}))


@dataclass(frozen=True, kw_only=True, slots=True)
class PatternOptions:
    """What `parse_filenames` takes besides names.

    `FileSequence` and `open_sequence` document the fields.
    """

    pattern: Any = None
    axesorder: Sequence[int] | None = None
    categories: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions(ImageOptions):
    """How the files of a sequence are read.

    `FileSequence.to_dask_array` documents the fields.
    """

    chunkshape: Sequence[int] | None = None
    chunkdtype: DTypeLike | None = None
    axestiled: AxesTiled | None = None
    fillvalue: Any = None
    errors: Literal["raise", "fill"] = "raise"

    def __post_init__(self) -> None:
        ImageOptions.__post_init__(self)
        check_choice("errors", self.errors, "raise", "fill")
        if self.chunkshape is not None:
            try:
                shape = tuple(map(as_int, self.chunkshape))
            except TypeError as error:
                raise TypeError(
                    f"chunkshape={self.chunkshape!r} is no shape, such as (512, 512): {error}"
                ) from error
            if min(shape, default=0) < 0:
                raise ValueError(f"chunkshape={shape!r} has a negative length")
            object.__setattr__(self, "chunkshape", shape)
        try:
            np.dtype(self.chunkdtype)
        except TypeError as error:
            raise TypeError(f"chunkdtype={self.chunkdtype!r}: {error}") from error

    @property
    def has_chunk(self) -> bool:
        """Whether shape and dtype of the array in each file are given."""
        return self.chunkshape is not None and self.chunkdtype is not None

    @property
    def needs_header(self) -> bool:
        """Whether the header of the first file must be read."""
        wants_nodata = isinstance(self.fillvalue, str) and self.fillvalue == "nodata"
        return wants_nodata or not self.has_chunk


@dataclass(frozen=True, kw_only=True, slots=True)
class NamingOptions:
    """What a Zarr array is called, in a store or in references.

    `FileSequence.aszarr` documents the fields.
    """

    groupname: str | None = None
    dimension_names: Sequence[str | None] | None = None
    zattrs: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceOptions:
    """How references to the bytes in files are made.

    `FileSequence.write_fsspec` documents the fields.
    """

    quote: bool | None = None
    codec_id: str | None = None
    chunks: Literal["tile", "file"] | None = None
    scheduler: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceFileOptions(ReferenceOptions):
    """How references to the bytes in files are written to a file.

    `FileSequence.write_fsspec` documents the fields.
    """

    templatename: str | None = None
    version: Literal[0, 1] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteOptions:
    """How a copy is written, and on which scheduler.

    `FileSequence.to_zarr` documents the fields.
    """

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
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class EncodingOptions:
    """How images are encoded in files.

    `to_files` documents the fields.
    """

    compression: Any = None
    compressionargs: Mapping[str, Any] | None = None
    predictor: Any = None
    tile: Sequence[int] | None = None
    photometric: str | None = None
    bigtiff: bool | None = None
    imagej: bool = False
    cog: bool = False
    level: float | None = None
    encodeargs: Mapping[str, Any] | None = None

    def tiff_options(self) -> dict[str, Any]:
        """Return the options that only TIFF has, and that are given."""
        values = {f.name: getattr(self, f.name) for f in fields(EncodingOptions)[:-2]}
        return {name: value for name, value in values.items() if value not in (None, False)}


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputOptions:
    """How many files are written, and on which scheduler.

    `to_files` documents the fields.
    """

    overwrite: bool = False
    progress: bool | Progress | None = None
    scheduler: Any = None
    workers: int | None = None
    dry_run: bool = False


def split_options(options: Mapping[str, Any], *types: type) -> list[dict[str, Any]]:
    """Return the keywords that are fields of each type, and last those of none.

    >>> split_options({"errors": "fill", "memory": 10, "sort": True}, ReadOptions)
    [{'errors': 'fill'}, {'memory': 10, 'sort': True}]
    """
    rest = dict(options)
    names = [[f.name for f in fields(each)] for each in types]
    return [{name: rest.pop(name) for name in own if name in rest} for own in names] + [rest]


def takes_options(*types: type) -> Callable[[F], F]:
    """Show the fields of options types as keywords in the signature of a function.

    For functions that take them as ``**options``, which the fields replace, or among other
    ``**kwargs``, which stay.

    >>> @takes_options(ReadOptions)
    ... def read(files, **options): ...
    >>> print(*inspect.signature(read).parameters)
    files imreadargs series key level chunkshape chunkdtype axestiled fillvalue errors
    """

    def with_signature(function: F) -> F:
        added = [
            Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
            for each in types
            for f in fields(each)
        ]
        return _with_parameters(function, added)

    return with_signature


def takes_keywords_of(other: Callable[..., Any], **defaults: Any) -> Callable[[F], F]:
    """Show the keywords of another function in the signature of one that passes them on.

    Those that the function has itself stay as they are; some may have other `defaults`.

    >>> def read(file, *, scale=1, errors="raise"): ...
    >>> @takes_keywords_of(read, errors="fill")
    ... def read_all(files, *, scale=2, **kwargs): ...
    >>> print(inspect.signature(read_all))
    (files, *, scale=2, errors='fill', **kwargs)
    """

    def with_signature(function: F) -> F:
        added = [
            parameter.replace(default=defaults.get(parameter.name, parameter.default))
            for parameter in inspect.signature(other).parameters.values()
            if parameter.kind is Parameter.KEYWORD_ONLY
        ]
        return _with_parameters(function, added)

    return with_signature


def _with_parameters(function: F, added: Sequence[Parameter]) -> F:
    """Give a function a signature with more keywords, in place of ``**options``."""
    signature = inspect.signature(function)
    own = {name: p for name, p in signature.parameters.items() if name != "options"}
    parameters = own | {p.name: p for p in added if p.name not in own}
    ordered = sorted(parameters.values(), key=lambda parameter: parameter.kind)
    function.__signature__ = signature.replace(parameters=ordered)  # type: ignore[attr-defined]
    return function

"""Files that are written on any scheduler, each whole or not at all.

`write_cells` is the task. The process that started it keeps the manifest.
"""

from __future__ import annotations

import errno
import io
import os
import re
import warnings
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any

import numpy as np
from numpy.typing import NDArray
from toolz import partition_all

from dask_fileseq.errors import (
    FileSequenceError,
    SkipWarning,
    TargetExistsError,
    WriteError,
    shown,
    unknown_arguments,
    users_level,
)
from dask_fileseq.filearray import FileArray, first_info
from dask_fileseq.files import new_file, scheme_of
from dask_fileseq.graph import ProgressLine, Scheduler, progress_callback, run
from dask_fileseq.patterns import NameTemplate
from dask_fileseq.readers import ChunkMetadata
from dask_fileseq.types import EncodingOptions, OutputOptions, split_options
from dask_fileseq.write.encoders import Encoder
from dask_fileseq.write.manifest import Manifest

Written = tuple[int, int | None, Any]
"""Number of a file, its size, and when it was modified; or None, and why it was left out."""

GROUP = 2**23
"""Size of the pixels that a task reads or writes at least, in bytes, if there are several files."""

_PART = re.compile(r"\.\d+\.part$")


@dataclass(frozen=True)
class FileJob:
    """What the tasks of all files share."""

    encoder: Encoder
    drop: tuple[int, ...]
    """The axes of a part that are not in files; they have one element."""
    order: tuple[int, ...]
    """The order of the other axes."""
    dims: tuple[str, ...]
    facts: ChunkMetadata
    own_places: bool = False
    """Whether a part that is one file has the metadata in its own header."""


Cell = tuple[int, str, Any]
"""Number of a file, its path, and the part of the array."""


def write_cells(job: FileJob, cells: Sequence[Cell]) -> list[Written]:
    """Write parts of an array into files."""
    return [_write(job, *cell) for cell in cells]


def write_block(job: FileJob, cells: Sequence[Cell], block: NDArray[Any]) -> list[Written]:
    """Write parts of a block, of which the cells have the indices."""
    return [_write(job, number, path, block[index]) for number, path, index in cells]


def same_cells(job: FileJob, cells: Sequence[Cell]) -> list[int]:
    """Return the numbers of the files that are what would be written."""
    same = []
    for number, path, part in cells:
        image, facts = _image(job, part)
        encoded = io.BytesIO()
        job.encoder.encode(encoded, image, job.dims, facts)
        with open(path, "rb") as file:
            if file.read() == encoded.getbuffer():
                same.append(number)
    return same


def _write(job: FileJob, number: int, path: str, part: Any) -> Written:
    image, facts = _image(job, part)
    return number, *write_file(job.encoder, path, image, job.dims, facts)


def _image(job: FileJob, part: Any) -> tuple[NDArray[Any], ChunkMetadata]:
    """Return the image of a part, and its metadata."""
    image = np.asarray(part)
    whole: Any = tuple(0 if axis in job.drop else slice(None) for axis in range(image.ndim))
    facts = job.facts
    if job.own_places and isinstance(part, FileArray) and len(part.names) == 1:
        facts = first_info(part.names, part.source, part.reader, part.options).metadata
    return image[whole].transpose(job.order), facts


def write_file(
    encoder: Encoder, path: str, image: NDArray[Any], dims: Sequence[str], facts: ChunkMetadata
) -> tuple[int, int]:
    """Write an image into a file, and return its size and when it was modified."""
    try:
        with new_file(path, "w+b") as file:
            try:
                encoder.encode(file, image, dims, facts)
            except OSError as error:
                if error.errno is None:  # numpy's own, which does not say why
                    _require_room(file.fileno())
                raise
            file.flush()
            status = os.fstat(file.fileno())
    except FileSequenceError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(error.errno or errno.EIO, f"cannot write {path!r}: {reason}") from error
    except Exception as error:
        what = f"cannot write {path!r}: {type(error).__name__}: {error}"
        raise WriteError(errno.EINVAL, what) from error
    return status.st_size, status.st_mtime_ns


def _require_room(descriptor: int) -> None:
    """Raise the error of the system if nothing more can be written at the end of a file."""
    os.lseek(descriptor, 0, os.SEEK_END)
    for _ in range(2):  # the first one may be cut short
        os.write(descriptor, bytes(2**16))


@dataclass(frozen=True)
class Planned:
    """A file to write."""

    number: int
    path: str
    token: str
    nbytes: int
    """Size of its pixels."""


class Target:
    """A folder in which files are written; its path is absolute and ends with a separator."""

    def __init__(self, folder: str, options: OutputOptions) -> None:
        self.folder = folder
        self.options = options
        self.manifest = Manifest(self.folder)
        self.scheduler = Scheduler(options.scheduler, options.workers)

    def run(
        self,
        function: Callable[[Any, Sequence[Any]], Any],
        job: Any,
        cells: Iterable[Any],
        nbytes: int,
        done: Callable[[Any, Any], None],
    ) -> None:
        """Call a function with some cells at a time, each of so many bytes of pixels."""
        several = max(1, min(32, GROUP // max(1, nbytes)))
        run(self.scheduler, function, job, map(list, partition_all(several, cells)), done)

    def relative(self, path: str) -> str:
        """Return the name of a file in the manifest."""
        return path[len(self.folder) :].replace(os.sep, "/")

    def left(
        self,
        planned: Sequence[Planned],
        sources: Sequence[str] = (),
        same: Callable[[Sequence[Planned]], Container[int]] | None = None,
    ) -> list[Planned]:
        """Return the files that are not written yet, of which none may be one of the `sources`.

        Where tokens do not identify the content, `same` returns the numbers of those files, of
        some, that have it. A `TargetExistsError` is raised if one of them is a source, also by a
        link, or if something else has its name, and is not to be overwritten.
        """
        entries, found = self.manifest.entries, _existing([p.path for p in planned])
        named = {each.number: entries.get(self.relative(each.path)) for each in planned}
        done = [p for p in planned if named[p.number] == (p.token, *found.get(p.path, ()))]
        numbers = {each.number for each in done} if same is None else same(done)
        left, conflicts = [], []
        for each in planned:
            if each.number in numbers:
                continue
            if each.path in found:
                entry = named[each.number]
                unfinished = entry is not None and entry.size is None
                if not unfinished and not self.options.overwrite:
                    conflicts.append(each.path)
            left.append(each)
        _require_no_source([each.path for each in left if each.path in found], sources)
        if conflicts:
            verb = "exists, and is" if len(conflicts) == 1 else "exist, and are"
            raise TargetExistsError(
                f"{shown(conflicts, len(conflicts))} {verb} not what this call has written; "
                "overwrite=True replaces such files"
            )
        return left

    def write(
        self,
        planned: Sequence[Planned],
        left: Sequence[Planned],
        start: Callable[[Callable[[Any, Sequence[Written]], None]], None],
    ) -> dict[int, str]:
        """Write the files that are left; return the numbers of those left out, and why.

        `start` starts the tasks, and calls the function that it gets with what each has written.
        """
        by_number = {each.number: each for each in left}
        failed: dict[int, str] = {}
        total = sum(each.nbytes for each in planned)
        count = total - sum(each.nbytes for each in left)
        callback = progress_callback(self.options.progress)
        callback(count, total)

        def done(_: Any, written: Sequence[Written]) -> None:
            nonlocal count
            for number, size, time in written:
                each = by_number[number]
                if size is None:
                    failed[number] = time
                    warnings.warn(f"{time}; left out", SkipWarning, stacklevel=users_level())
                else:
                    self.manifest.add(self.relative(each.path), each.token, size, time)
                count += each.nbytes
            callback(count, total)

        finished = False
        try:
            if left:
                for folder in sorted({os.path.dirname(each.path) for each in planned}):
                    _make_folder(folder or os.curdir)
                _remove_parts([each.path for each in left])
                self.manifest.begin((self.relative(each.path), each.token) for each in left)
                start(done)
                finished = True
        finally:
            self.manifest.close(finished=finished)
            if isinstance(callback, ProgressLine):
                callback.close()
        return failed


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(error.errno or errno.EIO, f"cannot make {folder!r}: {reason}") from error


def _require_no_source(paths: Sequence[str], sources: Sequence[str]) -> None:
    """Raise a `TargetExistsError` if a file that exists is one of those that are read."""
    read = {_identity(source) for source in sources} if paths else set()
    for path in paths if read else ():
        if (identity := _identity(path)) is not None and identity in read:
            raise TargetExistsError(
                f"{path!r} is one of the files that are read: write into another folder"
            )


def _identity(path: str) -> Any:
    """Return what a file has in common with links to it; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    # some file systems number no files
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)


def _existing(paths: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return size and time of what exists of some files; -1 of what is no file."""
    found: dict[str, tuple[int, int]] = {}
    by_folder: dict[str, dict[str, str]] = {}
    for path in paths:
        folder, name = os.path.split(path)
        by_folder.setdefault(folder, {})[name] = path
    for folder, names in by_folder.items():
        with (
            suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(folder or os.curdir) as entries,
        ):
            for entry in entries:
                if entry.name in names:
                    status = entry.stat()
                    regular = entry.is_file()
                    size = status.st_size if regular else -1
                    found[names[entry.name]] = size, status.st_mtime_ns
    return found


def _remove_parts(paths: Sequence[str]) -> None:
    """Remove what a killed process left of some files."""
    wanted = set(paths)
    for folder in {os.path.dirname(path) for path in paths}:
        with os.scandir(folder or os.curdir) as entries:
            for entry in entries:
                path = os.path.join(folder, _PART.sub("", entry.name))
                if _PART.search(entry.name) and path in wanted:
                    with suppress(OSError):
                        os.unlink(entry.path)


def target_of(
    pattern: str | os.PathLike[str], options: Mapping[str, Any], fields: Sequence[str] = ()
) -> tuple[Target, NameTemplate, EncodingOptions]:
    """Return the folder of a pattern, the names that it makes, and how files are encoded.

    `options` are the keywords of `to_files`, and `fields` those of the pattern that are texts.
    """
    encoding, output, unknown = split_options(options, EncodingOptions, OutputOptions)
    if unknown:
        known = [f.name for each in (EncodingOptions, OutputOptions) for f in fields_of(each)]
        raise unknown_arguments(unknown, known)
    if not isinstance(pattern, str | os.PathLike):
        raise TypeError(f"pattern={pattern!r} is no format string")
    text = os.fspath(pattern)
    if scheme_of(text):
        raise ValueError(f"pattern={text!r} is a URL: files are written into folders only")
    template = NameTemplate.of(text, fields).absolute()
    return Target(template.folder, OutputOptions(**output)), template, EncodingOptions(**encoding)


def public_report(planned: Sequence[Planned], left: Sequence[Planned]) -> Mapping[str, Any]:
    """Return what will be written, as numbers and as a ``"text"``."""
    first = planned[0].path if planned else ""
    size, done = sum(each.nbytes for each in planned), len(planned) - len(left)
    text = f"{len(planned):,} files, {size / 2**20:,.1f} MiB of pixels, such as {first!r}"
    text += f"; {done:,} are written already" if done else ""
    return {
        "text": text,
        "files": len(planned),
        "written": done,
        "bytes": size,
        "names": [each.path for each in planned],
    }

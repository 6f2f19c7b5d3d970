"""The errors of dask_fileseq.

Every error is also the builtin that Python or tifffile would raise, so that code
written for either keeps working::

    FileSequenceError                 anything below
     |- NamesError (ValueError)       file names do not form a grid
     |   |- NoFilesError              nothing to open
     |   |- UnmatchedError            names that the pattern does not match
     |   |- DuplicateError            two files for one cell
    |   |- LabelError (KeyError)     a label that an axis does not have
     |   `- SparseGridError           a grid that is nearly all empty
     |- ChunkMismatchError (ValueError)  a file of another shape or dtype
     |- ReadError (OSError)           a file could not be read; also the builtin of its cause
     |- TargetExistsError (FileExistsError)  something else is at the target of a copy
     |- ChangedError (ValueError)     files or arguments changed after a copy was started
     |- LayoutError (ValueError)      the axes do not fit OME-Zarr
     |- WriteError (OSError)          a copy could not be written, as on a full disk
     |- MapError (ValueError)         a function of the user failed for a file
     |- VerifyError (ValueError)      a copy does not equal the files
     `- UnfinishedError (FileNotFoundError)  there is no complete copy

One ``try`` is enough for all of them:

>>> import dask_fileseq
>>> try:
...     dask_fileseq.TiffSequence("nowhere/*.tif")
... except dask_fileseq.FileSequenceError as error:
...     print(error)
no files found: files='nowhere/*.tif'; there is no folder 'nowhere'
"""

from __future__ import annotations

import builtins
import difflib
import itertools
import sys
import threading
import warnings
from collections.abc import Iterable
from types import FrameType
from typing import Any

from dask_fileseq.plaintext import public_text, without_secrets

__all__ = [
    "ChangedError",
    "ChunkMismatchError",
    "DuplicateError",
    "FileSequenceError",
    "FillWarning",
    "GridWarning",
    "HeaderWarning",
    "LabelError",
    "LayoutError",
    "MapError",
    "NamesError",
    "NoFilesError",
    "ReadError",
    "SeriesWarning",
    "SkipWarning",
    "SmallFilesWarning",
    "SparseGridError",
    "TargetExistsError",
    "UnfinishedError",
    "UnmatchedError",
    "VerifyError",
    "WriteError",
    "check_choice",
    "public_error",
    "shown",
    "users_level",
]


class FileSequenceError(Exception):
    """Base of all errors that this package defines.

    Their texts have no credentials of URLs, and no characters that a terminal obeys.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(public_text(arg) if isinstance(arg, str) else arg for arg in args))


class NamesError(FileSequenceError, ValueError):
    """The file names do not form a grid."""


class NoFilesError(NamesError):
    """There is no file to open."""


class UnmatchedError(NamesError):
    """Some names do not match the pattern; ``unmatched="skip"`` leaves them out."""


class DuplicateError(NamesError):
    """Two files have the same cell; ``duplicates="first"`` or ``"last"`` keeps one."""


class LabelError(NamesError, KeyError):
    """An axis does not have a label.

    >>> print(LabelError("t=7 is not on the axis"))
    t=7 is not on the axis
    """

    __str__ = Exception.__str__  # a KeyError puts its text into quotes


class SparseGridError(NamesError):
    """Nearly all cells of a large grid are empty; another ``spacing`` is denser."""


class ChunkMismatchError(FileSequenceError, ValueError):
    """A file contains an array of another shape or dtype than the first file."""


class ReadError(FileSequenceError, OSError):
    """A file could not be read.

    An error made by ``ReadError.of`` is also an instance of the builtin type of its
    cause: that of a missing file is a `FileNotFoundError`, and those of damaged data are
    mostly a `ValueError`.

    >>> error = ReadError.of(FileNotFoundError("gone"), "cannot read 'a.tif'")
    >>> isinstance(error, FileNotFoundError), isinstance(error, ReadError)
    (True, True)
    """

    builtin: type[BaseException] = OSError
    """The builtin type of the cause."""

    @classmethod
    def of(cls, cause: BaseException, message: str) -> ReadError:
        """Return a `ReadError`, in one line, that is also an instance of the type of `cause`."""
        message = " ".join(filter(None, map(str.strip, message.splitlines())))
        for base in type(cause).__mro__:
            if getattr(builtins, base.__name__, None) is base:
                try:
                    return _read_error_type(base)(message)
                except TypeError:  # a builtin with a memory layout of its own
                    continue
        return cls(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored_read_error, (self.builtin, self.args)


class TargetExistsError(FileSequenceError, FileExistsError):
    """Something else is at the target; ``overwrite=True`` replaces Zarr data."""


class ChangedError(FileSequenceError, ValueError):
    """Files or arguments have changed since a conversion was started."""


class LayoutError(FileSequenceError, ValueError):
    """The axes do not fit OME-Zarr; the argument ``axes`` declares what they are."""


class WriteError(FileSequenceError, OSError):
    """The target could not be written; its `errno` is that of the cause.

    >>> import errno
    >>> WriteError(errno.ENOSPC, "the disk is full").errno == errno.ENOSPC
    True
    """


class MapError(FileSequenceError, ValueError):
    """A function of the user failed for a file, or what it returned cannot be written."""


class VerifyError(FileSequenceError, ValueError):
    """The data read back from the target do not equal those of the files."""


class UnfinishedError(FileSequenceError, FileNotFoundError):
    """There is no complete copy by this package; it may have been interrupted."""


class FillWarning(UserWarning):
    """A file could not be read and became ``fillvalue``, because of ``errors="fill"``."""


class GridWarning(UserWarning):
    """The axes may not be the right ones.

    Over a third of the grid that ``pattern="infer"`` made is empty, or arguments choose pages
    whose axes an instrument's index does not describe.
    """


class SeriesWarning(UserWarning):
    """Files contain several images, of which one is read; ``series=`` chooses another one."""


class SkipWarning(UserWarning):
    """A file was left out of what was written, because of ``errors="skip"``."""


class HeaderWarning(UserWarning):
    """The headers of files disagree on something that is the same for all pixels of an array."""


class SmallFilesWarning(UserWarning):
    """A dask array has a task for each of very many small files; ``chunks=`` groups them."""


def _read_error_type(base: type[BaseException]) -> type[ReadError]:
    """Return the class of read errors that are also instances of `base`."""
    if issubclass(ReadError, base):
        return ReadError
    return type("ReadError", (ReadError, base), {"__module__": __name__, "builtin": base})


def _restored_read_error(base: type[BaseException], args: tuple[Any, ...]) -> ReadError:
    return _read_error_type(base)(*args)


def public_error(error: BaseException) -> BaseException:
    """Return an error, or one with its text if the text, or that of a cause, has credentials.

    >>> public_error(OSError("http://me:pass@host/t1.tif is gone"))
    RuntimeError('OSError: http://host/t1.tif is gone')
    >>> public_error(cause := OSError("t1.tif is gone")) is cause
    True
    """
    each: BaseException | None = error
    seen: set[int] = set()
    while each is not None and id(each) not in seen:  # libraries make circles of causes
        seen.add(id(each))
        text = f"{each} {each!r}"
        if without_secrets(text) != text:
            return RuntimeError(without_secrets(f"{type(error).__name__}: {error}"))
        each = each.__cause__ or each.__context__
    return error


def check_choice(argument: str, value: object, *choices: str) -> None:
    """Raise a `NamesError` if the value of an argument is none of its choices.

    >>> check_choice("spacing", "even", "unit", "step")
    Traceback (most recent call last):
    ...
    dask_fileseq.errors.NamesError: spacing='even' is neither 'unit' nor 'step'
    """
    if value not in choices:
        raise NamesError(f"{argument}={value!r} is neither {' nor '.join(map(repr, choices))}")


def unknown_arguments(unknown: Iterable[str], known: Iterable[str]) -> TypeError:
    """Return the error for keywords that are not known, with those that may be meant.

    >>> unknown_arguments(["patern"], ["pattern", "sort"])
    TypeError('unexpected keyword arguments: patern (did you mean pattern?)')
    """
    names = []
    for name in sorted(unknown):
        near = difflib.get_close_matches(name, list(known), 1, 0.8)
        names.append(f"{name} (did you mean {near[0]}?)" if near else name)
    return TypeError(f"unexpected keyword arguments: {', '.join(names)}")


_BETWEEN = {
    *("dask_fileseq", "dask", "distributed", "tlz", "toolz", "xarray", "zarr", "numpy"),
    *("asyncio", "concurrent", "contextlib", "functools", "queue", "threading"),
}
"""Packages whose lines may be between a user's and one of this package."""


def users_level() -> int:
    """Return the level of the stack, for `warnings.warn` in the caller, of the user's own line."""
    for level in itertools.count(1):
        try:
            frame = sys._getframe(level)
        except ValueError:
            return 2
        if _is_users(frame):
            return level
    raise AssertionError


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the user's own line, also from a thread of a scheduler for which that line waits."""
    waiting = sys._current_frames().get(threading.main_thread().ident or 0)
    for innermost in (sys._getframe(1), waiting):
        frame = innermost
        while frame is not None and not _is_users(frame):
            frame = frame.f_back
        if frame is not None:
            names = frame.f_globals
            warnings.warn_explicit(
                message, category, frame.f_code.co_filename, frame.f_lineno,
                names.get("__name__"), names.setdefault("__warningregistry__", {}),
            )  # fmt: skip
            return
    warnings.warn(message, category, stacklevel=2)


def _is_users(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__", "").partition(".")[0] not in _BETWEEN


def shown(names: Iterable[object], count: int, limit: int = 3) -> str:
    """Return the first of many names, and how many more there are.

    >>> shown(["a.tif", "b.tif", "c.tif", "d.tif"], 4)
    "'a.tif', 'b.tif', 'c.tif' and 1 more"
    """
    first = [repr(name) for name, _ in zip(names, range(limit), strict=False)]
    more = f" and {count - len(first)} more" if count > len(first) else ""
    return ", ".join(first) + more

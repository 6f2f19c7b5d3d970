"""The errors of dask_fileseq.

Every error is also the builtin that Python or tifffile would raise, so that
code written for either goes on working::

    FileSequenceError                 anything below
     |- NamesError (ValueError)       file names do not form a grid
     |   |- NoFilesError              nothing to open
     |   |- UnmatchedError            names that the pattern does not match
     |   |- DuplicateError            two files for one cell
     |   `- SparseGridError           a grid that is nearly all empty
     |- ChunkMismatchError (ValueError)  a file of another shape or dtype
     |- ReadError (OSError)           a file could not be read; also of its cause's builtin type
     `- ConversionError               a conversion to Zarr did not end well
         |- TargetExistsError (FileExistsError)  something else is where the target should be
         |- ChangedError (ValueError)  files or arguments are not those that it began with
         |- LayoutError (ValueError)   the axes do not fit OME-Zarr
         |- WriteError (OSError)       the target could not be written; a full disk, for one
         `- VerifyError (ValueError)   what was read back is not what was written

One ``try`` is enough for all of them:

>>> import dask_fileseq
>>> try:
...     dask_fileseq.TiffSequence("nowhere/*.tif")
... except dask_fileseq.FileSequenceError as error:
...     print(error)
no files found: files='nowhere/*.tif'
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

__all__ = [
    "ChangedError",
    "ChunkMismatchError",
    "ConversionError",
    "DuplicateError",
    "FileSequenceError",
    "FillWarning",
    "LayoutError",
    "NamesError",
    "NoFilesError",
    "ReadError",
    "SparseGridError",
    "TargetExistsError",
    "UnmatchedError",
    "VerifyError",
    "WriteError",
    "check_choice",
    "shown",
]


class FileSequenceError(Exception):
    """Base of all errors that this package defines."""


class NamesError(FileSequenceError, ValueError):
    """The file names do not form a grid."""


class NoFilesError(NamesError):
    """There is no file to open."""


class UnmatchedError(NamesError):
    """Some names do not match the pattern; ``unmatched="skip"`` leaves them out."""


class DuplicateError(NamesError):
    """Two files stand for one cell; ``duplicates="first"`` or ``"last"`` keeps one."""


class SparseGridError(NamesError):
    """Nearly all cells of a large grid are empty; another ``spacing`` is denser."""


class ChunkMismatchError(FileSequenceError, ValueError):
    """A file holds an array of another shape or dtype than the first file."""


class ReadError(FileSequenceError, OSError):
    """A file could not be read.

    An error made by `ReadError.of` is also an instance of the builtin that its
    cause is: a missing file is a `FileNotFoundError`, damaged data mostly a
    `ValueError`.

    >>> error = ReadError.of(FileNotFoundError("gone"), "cannot read 'a.tif'")
    >>> isinstance(error, FileNotFoundError), isinstance(error, ReadError)
    (True, True)
    """

    builtin: type[BaseException] = OSError
    """The builtin type of the cause."""

    @classmethod
    def of(cls, cause: BaseException, message: str) -> ReadError:
        """Return a `ReadError` that is also of the builtin type of `cause`."""
        for base in type(cause).__mro__:
            if getattr(builtins, base.__name__, None) is base:
                try:
                    return _read_error_type(base)(message)
                except TypeError:  # a builtin with a memory layout of its own
                    continue
        return cls(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored_read_error, (self.builtin, self.args)


class ConversionError(FileSequenceError):
    """A conversion to Zarr did not end well; what it has written stays, to go on from."""


class TargetExistsError(ConversionError, FileExistsError):
    """Something else is where the target should be; ``overwrite=True`` replaces Zarr data."""


class ChangedError(ConversionError, ValueError):
    """Files or arguments are not those that a conversion began with."""


class LayoutError(ConversionError, ValueError):
    """The axes do not fit OME-Zarr; ``axes`` says what they are."""


class WriteError(ConversionError, OSError):
    """The target could not be written; its `errno` is that of the cause.

    >>> import errno
    >>> WriteError(errno.ENOSPC, "the disk is full").errno == errno.ENOSPC
    True
    """


class VerifyError(ConversionError, ValueError):
    """What was read back from the target is not what the files hold."""


class FillWarning(UserWarning):
    """A file that could not be read stands as ``fillvalue``, as ``errors="fill"`` asked."""


def _read_error_type(base: type[BaseException]) -> type[ReadError]:
    """Return the class of read errors that are also a `base`."""
    if issubclass(ReadError, base):
        return ReadError
    return type("ReadError", (ReadError, base), {"__module__": __name__, "builtin": base})


def _restored_read_error(base: type[BaseException], args: tuple[Any, ...]) -> ReadError:
    return _read_error_type(base)(*args)


def check_choice(argument: str, value: object, *choices: str) -> None:
    """Raise a `NamesError` if the value of an argument is none of its choices.

    >>> check_choice("spacing", "even", "unit", "step")
    Traceback (most recent call last):
    ...
    dask_fileseq.errors.NamesError: spacing='even' is neither 'unit' nor 'step'
    """
    if value not in choices:
        raise NamesError(f"{argument}={value!r} is neither {' nor '.join(map(repr, choices))}")


def shown(names: Iterable[object], count: int, limit: int = 3) -> str:
    """Return the first names of many, readably.

    >>> shown(["a.tif", "b.tif", "c.tif", "d.tif"], 4)
    "'a.tif', 'b.tif', 'c.tif' and 1 more"
    """
    first = [repr(name) for name, _ in zip(names, range(limit), strict=False)]
    more = f" and {count - len(first)} more" if count > len(first) else ""
    return ", ".join(first) + more

"""The Python that opens the same files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Name", "opening", "raw"]


class Name(str):
    """The name of something that the reader has to provide."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def opening(files: str | list[str], pattern: Any, options: Mapping[str, Any]) -> str:
    """Return a call of `open_sequence`.

    >>> opening("*.tif", "axes", {"spacing": "unit"})
    "dask_fileseq.open_sequence('*.tif', pattern='axes', spacing='unit')"
    """
    given = ["files" if isinstance(files, list) else repr(files)]
    given += [f"pattern={None if pattern is None else raw(str(pattern))}"]
    given += [f"{key}={value!r}" for key, value in options.items()]
    return f"dask_fileseq.open_sequence({', '.join(given)})"


def raw(pattern: str) -> str:
    r"""Return a text as it is written in Python, backslashes as they are.

    >>> print(raw(r"_(c)(\d+)"))
    r'_(c)(\d+)'
    """
    if "\\" not in pattern or "'" in pattern or pattern.endswith("\\") or "\n" in pattern:
        return repr(pattern)
    return f"r'{pattern}'"

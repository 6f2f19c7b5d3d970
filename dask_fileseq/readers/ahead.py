"""Telling a handle on a remote file which bytes will be read, so that it asks once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["announce", "takes_announcements"]


def takes_announcements(file: Any) -> bool:
    """Return whether a file, or what tifffile reads from, wants to know what will be read."""
    return hasattr(_handle(file), "announce")


def announce(file: Any, ranges: Iterable[tuple[int, int]]) -> None:
    """Say that some ranges, pairs of start and stop, will be read next."""
    _handle(file).announce(list(ranges))


def _handle(file: Any) -> Any:
    return getattr(file, "_fh", file)  # of tifffile's FileHandle, for which there is no other way

"""Paths as other machines see them. Pure texts, but for asking whether a file exists."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.files.urls import is_url

__all__ = ["PathMap"]

_WINDOWS = re.compile(r"[A-Za-z]:|\\\\")


class PathMap:
    r"""Other roots for paths, for machines that see the same files elsewhere.

    The rule: a path below a root is looked for below the other root first, and where
    there is no such file, under its own name. So one mapping serves the machine that
    made it, and workers that see the files under either. Of roots that both fit, the
    longer one counts. Windows paths, with a drive letter or two backslashes, match in any
    letter case and with slashes of either kind, on every system.

    Examples
    --------
    >>> there = PathMap({"/data": "/mnt/data", "D:\\scans": "/mnt/scans"})
    >>> there.mapped("/data/day1/t1.tif"), there.mapped("d:/scans/t1.tif")
    ('/mnt/data/day1/t1.tif', '/mnt/scans/t1.tif')
    >>> there.mapped("/database/t1.tif") is None
    True
    """

    def __init__(self, path_map: Mapping[Any, Any] | None = None) -> None:
        if not isinstance(path_map, Mapping | None):
            raise NamesError(f"path_map={path_map!r} is no mapping of roots of paths to others")
        roots = []
        for entry in (path_map or {}).items():
            try:
                root, other = map(os.fspath, entry)
            except TypeError as error:
                raise NamesError(f"path_map={path_map!r}: {error}") from error
            if not isinstance(root, str) or not isinstance(other, str) or not root or not other:
                raise NamesError(f"path_map={path_map!r}: {root!r}: {other!r} are no paths")
            if is_url(root) or is_url(other):
                raise NamesError(f"path_map={path_map!r} has a URL: it maps paths to paths")
            roots.append((_plain(root).rstrip("/"), bool(_WINDOWS.match(root)), other))
        self._roots = tuple(sorted(roots, key=lambda entry: -len(entry[0])))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathMap) and self._roots == other._roots

    def __hash__(self) -> int:
        return hash(self._roots)

    def __bool__(self) -> bool:
        return bool(self._roots)

    def mapped(self, name: str) -> str | None:
        """Return the path below another root; None if the path is below none."""
        windows = bool(_WINDOWS.match(name))
        plain = _plain(name)
        for root, is_windows, other in self._roots:
            start, rest = plain[: len(root)], plain[len(root) :]
            same = start.lower() == root.lower() if windows else start == root
            if same and windows is is_windows and (not rest or rest.startswith("/")):
                if _WINDOWS.match(other):
                    rest = rest.replace("/", "\\")
                return other.rstrip("/\\") + rest
        return None

    def path(self, name: str) -> str:
        """Return the path under which this process finds a file."""
        mapped = self.mapped(name) if self._roots else None
        return mapped if mapped is not None and os.path.exists(mapped) else name

    def require(self, name: str) -> str:
        """Return the path under which this process finds a file.

        Raises
        ------
        FileNotFoundError
            If it does not, and has looked in two places.
        """
        path = self.path(name)
        mapped = self.mapped(name) if self._roots else None
        if path == name and mapped is not None and not os.path.exists(name):
            raise FileNotFoundError(f"neither {mapped!r} (by path_map) nor {name!r} exists")
        return path

    def __repr__(self) -> str:
        return repr({root or "/": other for root, _, other in self._roots})


def _plain(path: str) -> str:
    """Return a path with slashes."""
    return path.replace("\\", "/") if _WINDOWS.match(path) else path

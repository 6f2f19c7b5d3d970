"""The folders under which other processes find the files of this one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.files.filesystems import is_url

_WINDOWS = re.compile(r"[A-Za-z]:|\\\\")


class PathMap:
    r"""A mapping of roots of paths to the roots that replace them on other machines.

    A path below a root is first looked for below the other root, and if there is no such file,
    under its own name. So one mapping serves workers that see the files under either root. If
    several roots fit, the longest one counts. Windows paths, with a drive letter or two
    backslashes, match in any letter case and with slashes of either kind, on every system.

    >>> path_map = PathMap({"/data": "/mnt/data", "D:\\scans": "/mnt/scans"})
    >>> path_map.mapped("/data/day1/t1.tif"), path_map.mapped("d:/scans/t1.tif")
    ('/mnt/data/day1/t1.tif', '/mnt/scans/t1.tif')
    >>> path_map.mapped("/database/t1.tif") is None
    True
    """

    __slots__ = ("_roots",)

    def __init__(self, path_map: Mapping[Any, Any] | None = None) -> None:
        if not isinstance(path_map, Mapping | None):
            raise NamesError(f"path_map={path_map!r} is not a mapping of roots of paths to others")
        roots = []
        for entry in (path_map or {}).items():
            try:
                root, other = map(os.fspath, entry)
            except TypeError as error:
                raise NamesError(f"path_map={path_map!r}: {error}") from error
            if not all(isinstance(p, str) and p and not is_url(p) for p in (root, other)):
                raise NamesError(f"path_map={path_map!r}: {root!r}: {other!r} are not both paths")
            roots.append((_with_slashes(root).rstrip("/"), bool(_WINDOWS.match(root)), other))
        self._roots = tuple(sorted(roots, key=lambda entry: -len(entry[0])))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathMap) and self._roots == other._roots

    def __hash__(self) -> int:
        return hash(self._roots)

    def __bool__(self) -> bool:
        return bool(self._roots)

    def mapped(self, name: str) -> str | None:
        """Return the path below the other root; None if the path is below no root."""
        windows = bool(_WINDOWS.match(name))
        plain = _with_slashes(name)
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
        mapped = self.mapped(name)
        return mapped if mapped is not None and os.path.exists(mapped) else name

    def require(self, name: str) -> str:
        """Return what `path` returns; raise a FileNotFoundError for a missing file below a root."""
        path = self.path(name)
        mapped = self.mapped(name)
        if mapped is not None and path == name and not os.path.exists(name):
            raise FileNotFoundError(f"neither {mapped!r} (by path_map) nor {name!r} exists")
        return path

    def __repr__(self) -> str:
        return repr({root or "/": other for root, _, other in self._roots})


def _with_slashes(path: str) -> str:
    """Return a Windows path with slashes in place of backslashes, other paths as they are."""
    return path.replace("\\", "/") if _WINDOWS.match(path) else path

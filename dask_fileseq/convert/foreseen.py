"""Which files a conversion will fail to read, as far as sizes and headers tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from dask_fileseq.convert.provenance import SourceFiles
from dask_fileseq.errors import shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.headers import kept_rows, numbers_to_read
from dask_fileseq.plaintext import public_names


def foreseen_failures(array: FileArray) -> dict[str, Any]:
    """Return the files that cannot be read or do not fit, and how many were looked at.

    Sizes are those of all files. Headers are those that are read to confirm metadata: of all
    files, if these are local and few, else of a sample.
    """
    names, spec = public_names(array.names), array.spec
    versions = SourceFiles(array).versions
    sizes = np.empty(0, np.int64) if versions is None else versions[:, 0]
    reasons = dict.fromkeys(np.flatnonzero(sizes == 0).tolist(), "it has no bytes")
    reasons |= dict.fromkeys(np.flatnonzero(sizes < 0).tolist(), "there is no such file")
    numbers = numbers_to_read(array).tolist()
    rows = dict(zip(numbers, kept_rows(array, np.array(numbers)), strict=True))
    for number, row in rows.items():
        found = row.get("shape", spec.shape), row.get("dtype", str(spec.dtype))
        if "error" in row:
            reasons.setdefault(number, row["error"])
        elif found != (spec.shape, str(spec.dtype)):
            expected = f"not {spec.shape} {spec.dtype}"
            reasons[number] = f"it has shape and type {found[0]} {found[1]}, {expected}"
    return {
        "failing": [{"file": names[i], "error": reasons[i]} for i in sorted(reasons)],
        "looked_at": {"sizes": len(sizes), "headers": sum(map(bool, rows.values()))},
    }


def failures_text(found: dict[str, Any], count: int, fills: bool) -> str:
    """Return what `foreseen_failures` returns in words, for `count` files.

    >>> failing = [{"file": "a.tif", "error": "it has no bytes"}]
    >>> looked = {"sizes": 30, "headers": 0}
    >>> failures_text({"failing": failing, "looked_at": looked}, 30, False)
    "1 file will fail, by the sizes of all 30 files: 'a.tif': it has no bytes"
    """
    failing, looked = found["failing"], found["looked_at"]
    parts = [f"the {what} of {'all ' * (n == count)}{n:,} files" for what, n in looked.items() if n]
    by = f", by {' and '.join(parts)}" if parts else ", but nothing was looked at"
    number = f"{len(failing):,} file{'s' * (len(failing) != 1)}" if failing else "no file"
    text = f"{number} will {'be filled' if fills and failing else 'fail'}{by}"
    if not failing:
        return text
    first = f"{failing[0]['file']!r}: {failing[0]['error']}"
    others = [each["file"] for each in failing[1:]]
    return f"{text}: {first}{f'; also {shown(others, len(others))}' if others else ''}"

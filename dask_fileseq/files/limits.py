"""How much the contents of an archive may grow when they are unpacked.

Ten megabytes may unpack to ten gigabytes, by accident or on purpose. Images of little but zeros
do shrink that much, too; so what is small anyway is permitted, and the user may permit more.
"""

from __future__ import annotations

import dask
from dask.utils import format_bytes, parse_bytes

UNPACKED = "1 GiB"
"""What a member of a ZIP file, or a compressed TAR file, may unpack to, unless dask's
configuration has another ``fileseq.unpacked-limit``."""

RATIO = 200
"""How many times its packed size it may unpack to, if that is more."""


def unpacked_limit(packed: int) -> int:
    """Return the number of bytes to which a number of packed bytes may grow.

    >>> unpacked_limit(10_000) == 2**30, unpacked_limit(2**30) == 200 * 2**30
    (True, True)
    """
    limit = dask.config.get("fileseq.unpacked-limit", UNPACKED)
    return max(parse_bytes(limit), RATIO * packed)


def too_large(name: str, limit: int) -> OSError:
    """Return the error for something that unpacks to more than its limit."""
    return OSError(
        f"{name!r} unpacks to more than {format_bytes(limit)}, many times its size; "
        "dask.config.set({'fileseq.unpacked-limit': '100 GiB'}) permits so much"
    )

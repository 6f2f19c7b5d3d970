"""The scheduler that a user means: one of dask's names, or the address of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["scheduler_of"]

NAMES = ("threads", "processes", "sync")


@contextmanager
def scheduler_of(text: str | None) -> Iterator[Any]:
    """Yield what dask takes as ``scheduler=``, connected while it is in use."""
    if text is None or text in NAMES:
        yield text
        return
    if "://" not in text and ":" not in text:
        raise click.BadParameter(
            f"{text!r} is neither {', '.join(NAMES)} nor the address of a scheduler",
            param_hint="--scheduler",
        )
    from distributed import Client

    with Client(text, timeout=10, set_as_default=False) as client:
        yield client

"""The templates of HTML and SVG in this folder."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader


def render(name: str, **values: Any) -> str:
    """Return a template filled with values, which are escaped."""
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    loader = PackageLoader("dask_fileseq.report", "")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)

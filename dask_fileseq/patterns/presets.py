"""Patterns with names: those in ``presets.toml``, and what users add."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from dask_fileseq.errors import NamesError, ReadError

__all__ = ["Preset", "add_presets", "presets", "register_preset"]

_AXIS = r"_?(?:(q|l|p|a|c|t|x|y|z|ch|tp)(\d{1,4}))"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KEYS = {"pattern", "types", "title", "example"}


class Preset(NamedTuple):
    """A pattern with a name."""

    pattern: str
    """Any pattern that is a text, matched against whole paths."""
    types: Mapping[str, str] = {}
    """The types of axes, as in `Field`, where they are not just numbers or words."""
    title: str = ""
    """Whose names these are."""
    example: str = ""
    """One of them."""


AXES = Preset(
    # one to seven axes, each a letter code and up to four digits, at the end of
    # the name (as in tifffile 2026.11.8)
    rf"(?ix) {_AXIS} {rf'{_AXIS}?' * 6} (?=\.[^\\/]*$|$)",
    title="Olympus OIF and Leica TIFF series, as in tifffile",
    example="T01_C01.tif",
)
"""The one preset that is matched below the folder that all names share, as by tifffile."""


def presets() -> dict[str, Preset]:
    """Return all presets by name.

    >>> print(presets()["operetta"].title)
    PerkinElmer / Revvity Opera Phenix and Operetta (Harmony)
    """
    return _presets().copy()


def register_preset(
    name: str,
    pattern: str,
    *,
    types: Mapping[str, str] | None = None,
    title: str = "",
    example: str = "",
) -> None:
    r"""Add a preset, for this process.

    Parameters
    ----------
    name : str
        Lower-case words and digits, with hyphens between them.
    pattern : str
        A regular expression with named groups, a format string, or blocks of Bio-Formats.
        It is matched against whole paths.
    types : mapping of str to str, optional
        The types of axes that are not just numbers or words: ``int``, ``float``, ``word``,
        ``compass`` (degrees north or east, below zero for south and west, as ``S05``), or
        the format of a date.
    title, example : str
        Whose names these are, and one of them. An example that does not match is an error.

    Raises
    ------
    NamesError
        The name is taken or is none, or the pattern is none.

    Examples
    --------
    >>> register_preset("lab-7", "{plate}/{well}_{time:%Y%m%d}.tif")
    >>> from dask_fileseq import parse_filenames
    >>> parse_filenames(["p1/A01_20260101.tif", "p1/A02_20260101.tif"], "lab-7")[:2]
    (('plate', 'well', 'time'), (1, 2, 1))
    """
    from dask_fileseq.patterns.spoken import pattern_of_preset

    preset = Preset(pattern, dict(types or {}), title, example)
    known = _presets()
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in ("infer", "axes"):
        raise NamesError(
            f"name={name!r} of a preset must be lower-case words and digits with hyphens between "
            "them, and neither 'infer' nor 'axes'"
        )
    if known.get(name, preset) != preset:
        raise NamesError(f"name={name!r} is that of a preset already: {known[name].pattern!r}")
    compiled = pattern_of_preset(name, preset)
    if example and compiled.match(example) is None:
        raise NamesError(f"pattern {pattern!r} of preset {name!r} does not match {example!r}")
    known[name] = preset


def add_presets(path: str | os.PathLike[str]) -> list[str]:
    """Add the presets in a TOML file, for this process.

    Parameters
    ----------
    path : str or os.PathLike
        A file with a table for each preset: its ``pattern``, and, if need be, ``types``,
        ``title`` and ``example``; see `register_preset`.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    ReadError
        The file cannot be read.
    NamesError
        It is not such a file, or a preset in it is none.
    """
    try:
        with open(path, "rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        raise ReadError.of(error, f"cannot read the presets in {path!r}: {error}") from error
    except ValueError as error:
        raise NamesError(f"presets file {path!r} is no TOML: {error}") from error
    for name, table in tables.items():
        if not isinstance(table, dict) or not {"pattern"} <= table.keys() <= _KEYS:
            raise NamesError(
                f"preset {name!r} in {path!r} must be a table with a pattern, "
                f"and at most {', '.join(sorted(_KEYS))}; got {table!r}"
            )
    for name, table in tables.items():
        register_preset(name, **table)
    return list(tables)


@cache
def _presets() -> dict[str, Preset]:
    text = resources.files(__package__ or "").joinpath("presets.toml").read_text("utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {"axes": AXES} | {name: Preset(**table) for name, table in tables.items()}

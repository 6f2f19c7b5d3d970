"""Named patterns: those in ``presets.toml``, and those that users add."""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.patterns.name_pattern import Field, NamePattern
from dask_fileseq.patterns.text_pattern import pattern_of_text

_AXIS = r"_?(?:(q|l|p|a|c|t|x|y|z|ch|tp)(\d{1,4}))"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KEYS = {"pattern", "types", "title", "example"}


class Preset(NamedTuple):
    """A pattern with a name."""

    pattern: str
    """A regular expression, a format string, or Bio-Formats blocks, for whole paths."""
    types: Mapping[str, str] = {}
    """The types of axes, as in `Field`, where they are not just numbers or words."""
    title: str = ""
    """The instrument, program or archive that writes such names."""
    example: str = ""
    """One such name."""


class PresetFit(NamedTuple):
    """What a preset finds in names."""

    pattern: NamePattern
    axes: Mapping[str, int]
    """The sizes of the axes that vary."""
    cells: int
    why: str
    """Why inference leaves it out; empty if it does not."""


_LAST_COMPILED: dict[str, tuple[Preset, NamePattern]] = {}
_AXES = Preset(
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
    return preset_registry().copy()


def preset_pattern(name: str, preset: Preset | None = None) -> NamePattern:
    """Return the pattern of a preset, by default of the registered one of that name."""
    preset = preset or preset_registry()[name]
    for text in (preset.pattern, *preset.types.values()):
        if not isinstance(text, str):
            raise NamesError(f"pattern and types of preset {name!r} must be texts; got {text!r}")
    return _compiled(name, preset.pattern, tuple(preset.types.items()), preset is not _AXES)


@cache
def _compiled(name: str, text: str, types: tuple[tuple[str, str], ...], whole: bool) -> NamePattern:
    """Return the pattern of a preset; inference tries all of them on every listing."""
    pattern = pattern_of_text(text)
    kinds = dict(pattern.fields) | dict(types)
    axes = [group for group in pattern.regex.groupindex if group not in dict(pattern.parts)]
    unknown = kinds.keys() - {*axes}
    if unknown:
        raise NamesError(f"types of preset {name!r} have {sorted(unknown)}, which are not its axes")
    fields = tuple(Field(axis, kinds.get(axis, "")) for axis in axes)
    return replace(pattern, fields=fields, text=name, whole=whole)


def no_preset(text: str) -> NamesError:
    """Return the error for words that are no pattern, with the presets that may be meant."""
    every = presets()
    words = text.strip().lower()
    titles = {name: preset.title.lower() for name, preset in every.items() if len(words) > 2}
    near = [name for name in titles if words in name]
    near = near or [name for name, title in titles.items() if words in title]
    near += difflib.get_close_matches(words, ["infer", *every], 3, 0.7)
    if near:
        listed = " or ".join(map(repr, dict.fromkeys(near)))
        return NamesError(f"pattern {text!r} is no preset: {listed} may be meant")
    return NamesError(
        f"pattern {text!r} has no groups: put what counts the files in parentheses, as in "
        r"'_(c)(\d+)' or '_(?P<time>\d+)', or in braces, as in '{time:03d}'; "
        "it is no preset either, dask_fileseq.patterns.presets() has them"
    )


def preset_fits(
    names: Sequence[str],
    every: Sequence[str] = (),
    dims: Sequence[str] = (),
    most_cells: int | None = None,
) -> list[PresetFit]:
    """Return the presets that give each name a cell of its own, with why some are left out.

    Those with the fewest cells and then the most axes are first. The preset ``axes`` is left
    out: it matches too many names.

    Parameters
    ----------
    names : sequence of str
        File names.
    every : sequence of str
        The file names among which `names` were chosen. A preset that matches others of them,
        such as thumbnails, does not take part in inference.
    dims : sequence of str
        Names of axes that were found otherwise. A preset with the same axes adds nothing, and
        one with fewer loses something.
    most_cells : int, optional
        The most cells that the grid of the preset may have.

    Examples
    --------
    >>> [fit] = preset_fits(["img_000000000_GFP_000.tif", "img_000000001_GFP_003.tif"])
    >>> str(fit.pattern), fit.axes, fit.cells
    ('micromanager-1', {'time': 2, 'z': 2}, 4)
    >>> preset_fits(["1_1.tif", "1_2.tif"])
    []
    """
    others = set(every).difference(names) if len(every) > len(names) else set()
    fits = []
    for pattern in _matching(names[0]):
        axes = _separated(pattern, names)
        if axes is None:
            continue
        cells = math.prod(axes.values())
        few = len(names) < 2 * len(axes)  # too few to see what depends on what
        why = ""
        if any(map(pattern.regex.search, others)):
            why = "it matches names that are left out"
        elif not (most_cells is None or cells <= most_cells or few):
            why = "its grid has more cells"
        elif len(axes) < max(len(dims), 1 if dims else 2):
            why = "fewer of its axes vary"
        elif axes.keys() == set(dims):
            why = "it has the same axes"
        fits.append(PresetFit(pattern, axes, cells, why))
    return sorted(fits, key=lambda fit: (bool(fit.why), fit.cells, -len(fit.axes)))


def best_preset(fits: Sequence[PresetFit]) -> NamePattern | None:
    """Return the first of `preset_fits`, None if it is left out or another is as good."""
    best = [fit for fit in fits if not fit.why][:2]
    if not best or len({(fit.cells, len(fit.axes)) for fit in best}) < len(best):
        return None
    return best[0].pattern


def has_preset(name: str) -> bool:
    """Return whether a preset matches a name.

    >>> has_preset("img_000000000_GFP_000.tif"), has_preset("1.tif")
    (True, False)
    """
    return any(True for _ in _matching(name))


def preset_texts(name: str) -> set[str]:
    """Return the texts along axes that presets find in a name.

    >>> sorted(preset_texts("T33UUP_20200713T101559_B04.jp2"))
    ['20200713T101559', '33UUP', 'B04']
    """
    found = (pattern.match(name) for pattern in _matching(name))
    return {text for match in found if match for text in match[1]}


def _matching(name: str) -> Iterator[NamePattern]:
    """Yield the patterns of the presets that match a name; inference tries all on each listing."""
    for key, preset in preset_registry().items():
        if _LAST_COMPILED.get(key, (None,))[0] is not preset:
            _LAST_COMPILED[key] = preset, preset_pattern(key, preset)
        pattern = _LAST_COMPILED[key][1]
        if preset is not _AXES and pattern.regex.search(name):
            yield pattern


def _separated(pattern: NamePattern, names: Sequence[str]) -> dict[str, int] | None:
    """Return the sizes of the axes that vary, None if the pattern does not separate all names."""
    try:
        columns = pattern.columns(names)
    except NamesError:
        return None
    indices = set(zip(*(codes.tolist() for codes in columns.codes), strict=True))
    if columns.unmatched or len(indices) < len(set(names)):
        return None
    sizes = zip(columns.dims, map(len, columns.texts), strict=True)
    return {dim: size for dim, size in sizes if size > 1}


def register_preset(
    name: str,
    pattern: str,
    *,
    types: Mapping[str, str] | None = None,
    title: str = "",
    example: str = "",
) -> None:
    r"""Add a preset for this process.

    Parameters
    ----------
    name : str
        Lower-case words and digits, with hyphens between them.
    pattern : str
        A regular expression with named groups, a format string, or Bio-Formats blocks, for
        whole paths.
    types : mapping of str to str, optional
        The types of axes that are not just numbers or words: ``int``, ``float``, ``word``,
        ``compass`` (degrees north or east, below zero for south and west, as ``S05``), or
        the format of a date.
    title, example : str
        The instrument or program that writes such names, and one such name. An example that
        does not match is an error.

    Raises
    ------
    NamesError
        The name is taken or malformed, or the pattern is malformed.

    Examples
    --------
    >>> register_preset("lab-7", "{plate}/{well}_{time:%Y%m%d}.tif")
    >>> from dask_fileseq import parse_filenames
    >>> parse_filenames(["p1/A01_20260101.tif", "p1/A02_20260101.tif"], "lab-7")[:2]
    (('plate', 'well', 'time'), (1, 2, 1))
    """
    preset = Preset(pattern, dict(types or {}), title, example)
    registry = preset_registry()
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in ("infer", "axes"):
        raise NamesError(
            f"name={name!r} of a preset must be lower-case words and digits with hyphens between "
            "them, and neither 'infer' nor 'axes'"
        )
    if registry.get(name, preset) != preset:
        raise NamesError(f"name={name!r} is that of a preset already: {registry[name].pattern!r}")
    compiled = preset_pattern(name, preset)
    if example and compiled.match(example) is None:
        raise NamesError(f"pattern {pattern!r} of preset {name!r} does not match {example!r}")
    registry[name] = preset


def add_presets(path: str | os.PathLike[str]) -> list[str]:
    """Add the presets in a TOML file for this process.

    Parameters
    ----------
    path : str or os.PathLike
        A file with a table for each preset: its ``pattern`` and, if needed, ``types``, ``title``
        and ``example``; see `register_preset`.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    ReadError
        The file cannot be read.
    NamesError
        It is no TOML, or a preset in it is malformed.
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
def preset_registry() -> dict[str, Preset]:
    """Return the presets of this process by name, as a dictionary that may be changed."""
    text = resources.files(__package__ or "").joinpath("presets.toml").read_text("utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {"axes": _AXES} | {name: Preset(**table) for name, table in tables.items()}

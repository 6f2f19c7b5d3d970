"""The commands of ``dask fileseq``.

Only click is imported at the top: dask loads this module for each of its own commands.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

__all__ = ["fileseq"]

SHOWN = 5

DEMO_EXAMPLES = """\b
Examples:
  dask fileseq demo
  dask fileseq demo cells
"""

SHOW_EXAMPLES = r"""
Examples:
  dask fileseq show scans/
  dask fileseq show scans/ --pattern '{well}_t{time:d}_{channel}.tif'
  dask fileseq show 'scans/*.tif' --pattern '_(c)(\d+)_(t)(\d+)'
  dask fileseq show 'wells/**/*.tif' --pattern '(?P<well>[A-H]\d+)_s(?P<site>\d+)'
  dask fileseq show '*.tif' --container scans.zip --pattern axes
"""

DEFAULTS = {"spacing": "step", "unmatched": "raise", "duplicates": "raise"}


@click.group()
def fileseq() -> None:
    """Open folders of image files as one array."""


@fileseq.command(epilog=DEMO_EXAMPLES)
@click.argument("folder", metavar="[DIR]", required=False)
def demo(folder: str | None) -> None:
    """Write a small acquisition, open it and save a projection of it.

    The acquisition is a microscope's: 58 TIFF files of 6 times, 2 channels and 5
    planes, of which two are missing. It goes into DIR, which must be new, empty or an
    earlier demo, or else into a new temporary folder.
    """
    with _clear_errors():
        from dask_fileseq import demo as data
        from dask_fileseq.sequence import open_sequence

        if folder is None:
            folder = tempfile.mkdtemp(prefix="dask-fileseq-demo-")
        folder = os.path.abspath(folder)
        data.claim_folder(folder, ("acquisition", "projection.tif", "projection.png"))
        files = data.write_acquisition(os.path.join(folder, "acquisition"))
        seq = open_sequence(files, pattern=data.PATTERN)
        _echo_names(seq)
        _echo_array(seq)
        projection = seq.to_dask_array().max(axis=seq.dims.index("z")).compute()
        pixels, picture = data.save_projection(folder, projection)
    click.echo(
        f"\nThe maximum along z was computed and saved, {_sized(projection.shape)} pixels:\n"
        f"  {pixels}\n"
        f"  {picture}\n"
        "\nThe same in Python:\n"
        "  from dask_fileseq import open_sequence\n"
        f"  seq = open_sequence({files!r},\n"
        f"                      pattern={_raw(data.PATTERN)})\n"
        f"  projection = seq.to_dask_array().max(axis={seq.dims.index('z')}).compute()"
    )


@fileseq.command(epilog=f"\b{SHOW_EXAMPLES}")
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--pattern",
    default="infer",
    show_default=True,
    help="Finds the axes in file names: a format string such as 't{time:d}_{channel}.tif', a"
    " regular expression, a preset's name, 'infer' or 'none' (the files stand in a row).",
)
@click.option("--container", metavar="ZIP", help="ZIP file; FILES are then members of it.")
@click.option(
    "--sort/--no-sort",
    default=True,
    show_default=True,
    help="Put the names in natural order (1, 2, 10).",
)
@click.option(
    "--unmatched",
    type=click.Choice(["raise", "skip"]),
    default="raise",
    show_default=True,
    help="What to do about names that the pattern does not match.",
)
@click.option(
    "--duplicates",
    type=click.Choice(["raise", "first", "last"]),
    default="raise",
    show_default=True,
    help="Which of several files for one cell stays.",
)
@click.option(
    "--spacing",
    type=click.Choice(["unit", "step", "values"]),
    default="step",
    show_default=True,
    help="Which numbers count: all, those a common step apart, or those that occur.",
)
def show(files: tuple[str, ...], pattern: str, container: str | None, **options: Any) -> None:
    """Show the grid that FILES stand in, and the array that they make.

    FILES is a glob pattern in quotes (with ** for any number of folders), a folder, or
    names. All names and one header are read, but no pixels of TIFF files.
    """
    with _clear_errors(container):
        from dask_fileseq.sequence import open_sequence

        what = files[0] if len(files) == 1 else list(files)
        given = None if pattern == "none" else pattern
        seq = open_sequence(what, pattern=given, container=container, **options)
        _echo_names(seq, container)
        _echo_array(seq)
        found = None if seq.pattern is None else str(seq.pattern)
        _row("pattern", found or "none: the files stand in a row (see --pattern)")
        if container is not None:
            options["container"] = container
        _row("open with", _opening(what, found, options))


def _opening(what: str | list[str], pattern: str | None, options: dict[str, Any]) -> str:
    """Return the Python that opens the same files.

    >>> _opening("*.tif", "axes", {"sort": True, "spacing": "unit", "unmatched": "raise"})
    "dask_fileseq.open_sequence('*.tif', pattern='axes', spacing='unit')"
    """
    defaults = DEFAULTS | {"sort": isinstance(what, str)}
    given = ["files" if isinstance(what, list) else repr(what)]
    given += [f"pattern={_raw(pattern) if pattern else None}"]
    given += [f"{key}={value!r}" for key, value in options.items() if value != defaults.get(key)]
    return f"dask_fileseq.open_sequence({', '.join(given)})"


def _echo_names(seq: FileSequence, where: str | None = None) -> None:
    """Say what the names tell: reads no file."""
    missing = seq.files_missing
    cells = len(seq) + missing
    where = where or seq.commonpath() or os.curdir
    click.echo(f"{type(seq).__name__} of {len(seq):,} files in {where}")
    _row("first", os.path.basename(seq[0]))
    product = f"{_sized(seq.shape)} = " if len(seq.shape) > 1 else ""
    _row("grid", f"{product}{cells:,} cells, {missing:,} of them empty")
    for dim, values in seq.coords.items():
        _row(f"  {dim}", f"{len(values):,}: {_ends(values.tolist())}")
    if missing:
        _row("empty", _some([_cell(seq, index) for index in seq.missing[:SHOWN]], missing))
    if seq.unmatched:
        _row("unmatched", _some([repr(n) for n in seq.unmatched[:SHOWN]], len(seq.unmatched)))
    if seq.duplicates:
        pairs = [f"{left!r} for {kept!r}" for left, kept in seq.duplicates[:SHOWN]]
        _row("left out", _some(pairs, len(seq.duplicates)))


def _echo_array(seq: FileSequence) -> None:
    """Say what the files hold: reads one header."""
    chunk = ", ".join(f"{dim} {n}" for dim, n in zip(seq.chunkdims, seq.chunkshape, strict=True))
    shape = seq.shape + seq.chunkshape
    nbytes = seq.chunkdtype.itemsize
    for size in shape:
        nbytes *= size
    _row("in a file", f"{chunk or 'one value'}; {seq.chunkdtype}")
    _row("array", f"{shape}, {seq.chunkdtype}, {_bytes(nbytes)}")


def _row(label: str, text: str) -> None:
    click.echo(f"{label:<11} {text}")


def _cell(seq: FileSequence, index: tuple[int, ...]) -> str:
    """Return the values at which a cell stands."""
    values = zip(seq.coords.items(), index, strict=True)
    return f"({', '.join(f'{dim} {along[i]}' for (dim, along), i in values)})"


def _some(shown: list[str], count: int) -> str:
    more = f" and {count - len(shown):,} more" if count > len(shown) else ""
    return ", ".join(shown) + more


def _ends(values: list[Any]) -> str:
    """Return the first values and the last.

    >>> _ends([10, 20, 30, 40, 50, 60, 70, 80])
    '10, 20, 30, ..., 80'
    """
    texts = [str(value) for value in values]
    return ", ".join(texts if len(texts) <= SHOWN + 1 else [*texts[:3], "...", texts[-1]])


def _sized(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "1"


def _bytes(nbytes: int) -> str:
    from dask.utils import format_bytes

    return str(format_bytes(nbytes))


def _raw(pattern: str) -> str:
    r"""Return a regular expression as it is written in Python.

    >>> print(_raw(r"_(c)(\d+)"))
    r'_(c)(\d+)'
    """
    if "\\" not in pattern or "'" in pattern or pattern.endswith("\\") or "\n" in pattern:
        return repr(pattern)
    return f"r'{pattern}'"


@contextmanager
def _clear_errors(container: str | None = None) -> Iterator[None]:
    """Turn what a user can do wrong into one sentence and exit code 1."""
    from zipfile import BadZipFile

    try:
        yield
    except BrokenPipeError:  # click ends quietly
        raise
    except BadZipFile as error:
        raise click.ClickException(f"cannot open container {container!r}: {error}") from error
    except (OSError, ValueError) as error:
        raise click.ClickException(" ".join(str(error).split())) from error

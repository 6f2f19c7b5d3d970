"""Look for a descriptor beside image files, and make their grid of it."""

from __future__ import annotations

import fnmatch
import io
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple

from dask_fileseq.descriptors.beside import Beside, xml_elements
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    OtherFileError,
    base_name,
)
from dask_fileseq.descriptors.gridding import grid_of_descriptor
from dask_fileseq.descriptors.harmony import FILE_NAME as HARMONY
from dask_fileseq.descriptors.harmony import read_harmony
from dask_fileseq.descriptors.metaxpress import HTD_NAME, ND_NAME, read_htd, read_nd
from dask_fileseq.descriptors.micromanager import FILE_NAME as MICRO_MANAGER
from dask_fileseq.descriptors.micromanager import read_micromanager
from dask_fileseq.descriptors.omeset import FILE_NAME as COMPANION
from dask_fileseq.descriptors.omeset import TAGS, descriptor_of_set, read_companion
from dask_fileseq.descriptors.several import merged
from dask_fileseq.descriptors.tables import read_columns, read_table
from dask_fileseq.descriptors.yokogawa import FILE_NAME as YOKOGAWA
from dask_fileseq.descriptors.yokogawa import read_yokogawa
from dask_fileseq.errors import GridWarning, NamesError, UnmatchedError, shown, users_level
from dask_fileseq.files import LocalFiles, Source, common_path
from dask_fileseq.grid import Duplicates, FileGrid, Spacing
from dask_fileseq.plaintext import public_text
from dask_fileseq.readers import ome_text

OME_SUFFIXES = (".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf")

FOLDERS = 1000
"""Most folders of files in which descriptors are looked for."""

FEW_FOLDERS = 16
"""The same, where each listing is a request, and of listed files, which no search found."""

_log = logging.getLogger("dask_fileseq")

_STEP = re.compile(r"(TimePoint|ZStep)_\d+", re.IGNORECASE)


class Kind(NamedTuple):
    """A kind of descriptor."""

    file_name: re.Pattern[str]
    read: Callable[[Beside, str, Sequence[str]], Descriptor]
    in_each_folder: bool = False
    """Whether each of several folders has its own part of one grid."""


KINDS = (
    Kind(HARMONY, read_harmony),
    Kind(YOKOGAWA, read_yokogawa),
    Kind(HTD_NAME, read_htd),
    Kind(ND_NAME, read_nd),
    Kind(COMPANION, read_companion),
    Kind(MICRO_MANAGER, read_micromanager, in_each_folder=True),
)
"""Those that are looked for, the surest first."""

SUFFIXES = (".xml", ".mlf", ".htd", ".nd", ".ome", ".txt")
"""The suffixes of all of them, in lower case: few names have one, and are looked at."""


class Place(NamedTuple):
    """A folder with files of one kind of descriptor."""

    folder: str
    kind: Kind
    name: str
    beside: Beside

    @property
    def path(self) -> str:
        """The path of the descriptor."""
        return self.beside.path(self.name)


def grid_beside(
    names: Sequence[str],
    source: Source,
    given: str | Sequence[str],
    *,
    spacing: Spacing,
    duplicates: Duplicates,
) -> FileGrid | None:
    """Return the grid of which a descriptor beside the files says where they are; None without one.

    `given` is what was searched for, a folder or a glob pattern: files that it does not match are
    not missing. Or it is a list: then no other files are missing, and nothing is looked for if
    they are far away, or the first one is not there. A descriptor that is broken, contradicts the
    names, or does not name some files is a `GridWarning`.
    """
    options = {"spacing": spacing, "duplicates": duplicates}
    is_listed = not isinstance(given, str)
    if is_listed and not _is_near(names, source):
        return None
    is_wanted = wanted(given) if isinstance(given, str) else lambda path: False
    most = FOLDERS if source.concurrency == 1 and not is_listed else FEW_FOLDERS
    places = list(_places(names, source, most))
    failures: list[tuple[Place, Exception]] = []
    for place in places:
        if place.kind.in_each_folder and any(place.kind is failed.kind for failed, _ in failures):
            continue
        try:
            return _grid_at(place, places, names, is_wanted, **options)
        except OtherFileError as other:
            _log.info("%r is no descriptor: %s", public_text(place.path), public_text(str(other)))
        except (BadDescriptorError, NamesError, OSError) as failure:
            failures.append((place, failure))
    if not failures and names[0].lower().endswith(OME_SUFFIXES):
        return _grid_of_ome_header(names, source, is_wanted, **options)
    for place, error in failures[:1]:
        text = f"{place.path!r} is left out, and names alone give the grid: {error}"
        text = public_text(f"{text}; table=None does not look for it")
        warnings.warn(text, GridWarning, stacklevel=users_level())
    return None


def _is_near(names: Sequence[str], source: Source) -> bool:
    """Return whether listed files are on this machine, in a common folder, and the first exists."""
    if source.concurrency > 1:
        return False
    try:
        common_path(names)
    except ValueError:  # on different drives, or absolute and relative
        return False
    versions = source.versions(names[:1])
    return versions is not None and bool(versions[0, 0] >= 0)


def _grid_at(
    place: Place,
    places: Sequence[Place],
    names: Sequence[str],
    is_wanted: Callable[[str], bool],
    **options: Any,
) -> FileGrid:
    """Return the grid that a descriptor makes, with those of its kind in other folders."""
    own = [place]
    if place.kind.in_each_folder:
        own = [each for each in places if each.kind is place.kind]
    descriptor, folder = _read(own, names)
    grid = grid_of_descriptor(names, descriptor, folder, is_wanted, **options)
    strays, others = descriptor.strays(grid.unmatched), _others(place, places)
    if strays and (others or descriptor.is_cut):
        why = "is one of several" if others else "its end is missing"
        count = f"{len(grid.names):,} of {len(names):,} files"
        raise BadDescriptorError(f"it describes {count}, and {why}")
    _warn_of(strays, descriptor)
    return grid


def _grid_of_ome_header(
    names: Sequence[str], source: Source, is_wanted: Callable[[str], bool], **options: Any
) -> FileGrid | None:
    """Return the grid of an OME set that the header of its first file describes, if one does.

    A header that is not about all of the files, or only about itself, is no set.
    """
    try:
        with source.open(names[0]) as file:
            xml = ome_text(file).encode()
    except Exception:  # of any package; a file that is not there or damaged has no header
        return None
    if b"<UUID" not in xml and b":UUID" not in xml:
        return None
    folder = os.path.dirname(names[0])
    try:
        descriptor = descriptor_of_set(xml_elements(io.BytesIO(xml), *TAGS), base_name(names[0]))
        if len(descriptor.files) == 1:
            return None
        grid = grid_of_descriptor(names, descriptor, folder, is_wanted, **options)
        return None if grid.unmatched else grid
    except (BadDescriptorError, NamesError) as error:
        _log.info("the OME-XML of %r gives no grid: %s", public_text(names[0]), error)
        return None


def _places(names: Sequence[str], source: Source, most: int) -> Iterator[Place]:
    """Yield the descriptors beside files: in the folder of all, above steps, then in `most`."""
    folders = [common_path(names)]
    while _STEP.fullmatch(os.path.basename(folders[-1])) and len(folders) < 3:
        folders.append(os.path.dirname(folders[-1]))
    # os.path.dirname takes longer for a million names
    is_plain = os.sep == "/"
    own = dict.fromkeys(n.rpartition("/")[0] if is_plain else os.path.dirname(n) for n in names)
    each = [folder for folder in islice(own, most) if folder not in folders]
    for folder in (*folders, *each):
        try:
            inside = source.beside(folder)
        except OSError:  # the files were found, but their folder may not be listed
            continue
        found = sorted(name for name in inside if name.lower().endswith(SUFFIXES))
        beside = Beside(source, folder, frozenset(inside if found else ()))
        for kind in KINDS:
            for name in found:
                here = folder not in each or kind.in_each_folder
                if here and kind.file_name.fullmatch(name):
                    yield Place(folder, kind, name, beside)


def _read(places: Sequence[Place], names: Sequence[str]) -> tuple[Descriptor, str]:
    """Return what the descriptors at some places say, and the folder that it is about."""
    if len(places) == 1:
        place = places[0]
        return place.kind.read(place.beside, place.name, names), place.folder
    common = common_path([place.path for place in places])
    parts = {
        place.folder[len(common) :].lstrip("/\\"): place.kind.read(place.beside, place.name, names)
        for place in places
    }
    return merged(parts), common


def _others(place: Place, places: Sequence[Place]) -> list[Place]:
    """Return other descriptors of the same kind in the same folder."""
    return [
        other
        for other in places
        if other.kind is place.kind and other.folder == place.folder and other.name != place.name
    ]


def _warn_of(strays: Sequence[str], descriptor: Descriptor) -> None:
    """Warn of files that a descriptor does not know."""
    if strays:
        text = f"{descriptor.source} does not name {len(strays):,} of the files, which are left out"
        text = public_text(f"{text}: {shown(strays, len(strays))}")
        warnings.warn(text, GridWarning, stacklevel=users_level())


def wanted(given: str) -> Callable[[str], bool]:
    """Return whether a glob pattern, or a folder, would find a file if it were there.

    >>> found = wanted("scan/*_D08_*.tif")
    >>> found("scan/a_D08_1.tif"), found("scan/a_E03_1.tif"), found("scan/b/a_D08_1.tif")
    (True, False, False)
    >>> wanted("scan")("scan/t1.tif"), wanted("scan/**/*.tif")("scan/a/b/t1.tif")
    (True, True)
    """
    if not any(sign in given for sign in "*?["):
        return lambda path: True
    parts = []
    for part in re.split(r"[/\\]", os.path.normpath(given)):
        body = fnmatch.translate(part).replace("(?s:", "(?:").replace(".*", "[^/]*")
        parts.append("(?:[^/]+/)*" if part == "**" else re.sub(r"\\[zZ]$", "", body) + "/")
    regex = re.compile("".join(parts).removesuffix("/") + "/?")
    return lambda path: bool(regex.fullmatch(os.path.normpath(path).replace("\\", "/")))


def grid_of_table(
    names: Sequence[str],
    source: Source,
    given: str | Sequence[str],
    table: Any,
    *,
    unmatched: Literal["raise", "skip"],
    spacing: Spacing,
    duplicates: Duplicates,
) -> FileGrid:
    """Return the grid of files of which a table, or a descriptor that is named, says where.

    The `table` is the path of a text file or a descriptor, on this machine or where the files
    are, or a mapping or DataFrame of columns. If it does not name some files, that is an
    `UnmatchedError` or, as `unmatched` says, a `GridWarning`; if it cannot be read, or does not
    describe the files, a `NamesError`. Other parameters are those of `grid_beside`.
    """
    is_path = isinstance(table, str | os.PathLike)
    what = f"table={table!r}" if is_path else f"table={' '.join(repr(table).split())!s:.100}"
    try:
        descriptor, folder = _read_table(names, source, table)
        grid = grid_of_descriptor(
            names,
            descriptor,
            folder,
            wanted(given) if isinstance(given, str) else lambda path: True,
            spacing=spacing,
            duplicates=duplicates,
            is_sure=True,
        )
    except BadDescriptorError as error:
        raise NamesError(f"{what}: {error}") from error
    except OSError as error:
        raise NamesError(f"{what} cannot be read: {error}") from error
    strays = descriptor.strays(grid.unmatched)
    if strays and unmatched == "raise":
        raise UnmatchedError(
            f"{what} does not name {len(strays):,} of {len(names):,} files: "
            f"{shown(strays, len(strays))}; unmatched='skip' leaves them out"
        )
    _warn_of(strays, descriptor)
    return grid


def _read_table(names: Sequence[str], source: Source, table: Any) -> tuple[Descriptor, str]:
    """Return what a table says, and the folder below which its files are."""
    if isinstance(table, Mapping) or hasattr(table, "columns"):
        return read_columns(table, names, "the table"), ""
    if not isinstance(table, str | os.PathLike):
        raise BadDescriptorError("it must be the path of a table, a mapping or a DataFrame")
    path = os.fspath(table)
    name, folder = base_name(path), os.path.dirname(path)
    source = LocalFiles() if os.path.isfile(path) else source
    beside = Beside(source, folder, frozenset(source.beside(folder)))
    for kind in KINDS:
        if kind.file_name.fullmatch(name):
            return kind.read(beside, name, names), folder
    return read_table(beside, name, names), ""

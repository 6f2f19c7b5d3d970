"""Names of files from a column of a table, in Parquet, CSV or TSV, also of an inventory of S3.

They go from the column of bytes in the table into `PackedNames`, and are texts at no time.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote_plus

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import FileSequenceError, NamesError, NoFilesError, ReadError
from dask_fileseq.files.delimiters import delimiter_of
from dask_fileseq.files.filesystems import of_one_kind
from dask_fileseq.files.packednames import PackedNames
from dask_fileseq.files.source import Source, Suffixes

TABLE_SUFFIXES = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
"""Suffixes of tables of names, in lower case."""

NAME_COLUMNS = ("file", "filename", "file_name", "name", "path", "url", "uri", "key")
"""Titles of columns of names, in lower case, of which the first that is there counts."""

FACTS = (
    *("size", "bytes", "etag", "e_tag", "md5", "sha1", "sha256", "checksum", "mtime", "ctime"),
    *("last_modified", "last_modified_date", "storage_class", "version_id", "bucket", "key"),
    *("owner", "index", "__index_level_0__"),
)
"""Titles of columns that are about files, and not where they are in a grid."""

ROWS = 2**17
"""Number of rows that are read at once."""


class TableColumn(NamedTuple):
    """A column of a table: its distinct values as texts, and which of them each row has."""

    texts: list[str]
    codes: NDArray[np.int32]
    type: str
    """As in `Field` of patterns."""


class TableNames(PackedNames):
    """The names in a table, with its other columns."""

    columns: Mapping[str, TableColumn] = {}

    def __reduce__(self) -> Any:
        return PackedNames(self.folder, self.data, self.edges).__reduce__()


class _Layout(NamedTuple):
    """Where the names are in a table."""

    titles: tuple[str, ...]
    """The column of names, or those of buckets and keys."""
    is_encoded: bool = False
    """Whether keys are encoded as in URLs."""
    flags: tuple[str, ...] = ()
    """Columns of an inventory that say whether an object is there."""

    @property
    def is_inventory(self) -> bool:
        """Whether the table lists all objects of a bucket, not only images."""
        return len(self.titles) == 2


def names_in_tables(tables: Sequence[str], source: Source, suffixes: Suffixes = ()) -> TableNames:
    """Return the names in a column of tables, which a source opens, one table after the other.

    Of an inventory, only names with the first group of suffixes that occurs count. A `NamesError`
    is raised if a table has no column of names, or rows without a name, a `NoFilesError` if there
    are no names, and a `ReadError` if a table cannot be read.
    """
    try:
        import pyarrow as _  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'{tables[0]!r} needs pyarrow, which pip install "dask-fileseq[parquet]" brings'
        ) from error
    with ExitStack() as stack:
        files = []
        for name in tables:
            with _errors_of(name):
                opened = stack.enter_context(source.open_whole(name))
                if isinstance(opened, str):
                    opened = stack.enter_context(open(opened, "rb"))
            files.append((name, opened))
        return _names_in(files, suffixes)


@contextmanager
def _errors_of(table: str) -> Iterator[None]:
    """Raise errors of a table as a `ReadError` that names it."""
    from pyarrow import ArrowException

    try:
        yield
    except FileSequenceError:
        raise
    except (ArrowException, OSError, EOFError, ValueError, zlib.error) as error:
        raise ReadError(f"{table!r} cannot be read as a table: {error}") from error


def _names_in(files: Sequence[tuple[str, BinaryIO]], suffixes: Suffixes) -> TableNames:
    import pyarrow.compute as pc

    def batches() -> Iterator[Any]:
        for name, file in files:
            file.seek(0)
            with _errors_of(name):
                yield from _batches(name, file, suffixes)

    count, size = 0, 0
    lows, highs = [], []
    best = len(suffixes)
    for is_inventory, texts in batches():
        if not is_inventory:
            break
        best = min(best, _first_group(texts, suffixes[:best]))
    group = suffixes[best] if best < len(suffixes) else ()
    for is_inventory, texts in batches():
        kept = _with_suffix(texts, group) if is_inventory else texts
        if len(kept):
            count, size = count + len(kept), size + pc.sum(pc.binary_length(kept)).as_py()
            extremes = pc.min_max(kept).as_py()
            lows.append(extremes["min"])
            highs.append(extremes["max"])
    if not count:
        raise NoFilesError(f"no files found: {files[0][0]!r} has no names of images")
    folder = os.path.commonprefix([min(lows), max(highs)])  # noqa: RUF071
    folder = folder[: folder.rfind("/") + 1]
    data = np.empty(size - count * len(folder.encode()), np.uint8)
    edges: NDArray[Any] = np.empty(count + 1, np.int32 if len(data) < 2**31 else np.int64)
    edges[0] = row = end = 0
    for is_inventory, texts in batches():
        kept = _with_suffix(texts, group) if is_inventory else texts
        own, raw = _bytes_of(kept, len(folder))
        data[end : end + len(raw)] = raw
        edges[row + 1 : row + 1 + len(kept)] = own[1:] - own[0] + end
        row, end = row + len(kept), end + len(raw)
    names = TableNames(folder, data, edges)
    if all(name.lower().endswith(".parquet") for name, _ in files):
        names.columns = _columns(files, count)
    return names


def _bytes_of(texts: Any, start: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the edges of texts from a character on, and their bytes from there on."""
    import pyarrow.compute as pc

    cut = pc.utf8_slice_codeunits(texts, start) if start else texts
    _, offsets, data = cut.buffers()
    edges = np.frombuffer(offsets, np.int64, len(cut) + 1, cut.offset * 8)
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return edges, raw[edges[0] : edges[-1]]


def _batches(name: str, file: BinaryIO, suffixes: Suffixes) -> Iterator[tuple[bool, Any]]:
    """Yield the names in parts of a table, as large strings, and whether it is an inventory."""
    import pyarrow as pa
    import pyarrow.compute as pc

    layout, parts = (_parquet if name.lower().endswith(".parquet") else _csv)(name, file, suffixes)
    row = 0
    for part in parts():
        columns = [part.column(title).cast(pa.large_string()) for title in layout.titles]
        if layout.flags:  # of versions of an object, only the latest one is there
            flags = {n: pc.fill_null(part.column(n), "latest" in n) for n in layout.flags}
            there = [pc.invert(f) if "delete" in n else f for n, f in flags.items()]
            columns = [c.filter(reduce(pc.and_, there)) for c in columns]
        if any(c.null_count or pc.min(pc.binary_length(c)).as_py() == 0 for c in columns):
            raise NamesError(
                f"{name!r} has no name in its column {layout.titles[-1]!r} in some of the rows"
                f" {row:,} to {row + len(part):,}"
            )
        row += len(part)
        texts = columns[-1]
        if layout.is_encoded:
            texts = pa.array(map(unquote_plus, texts.to_pylist()), pa.large_string())
        if layout.is_inventory:
            first, slash = (pa.scalar(text, pa.large_string()) for text in ("s3:/", "/"))
            texts = pc.binary_join_element_wise(first, columns[0], texts, slash)
        elif 0 < (urls := pc.sum(pc.match_substring(texts, "://")).as_py() or 0) < len(texts) or (
            urls and pc.any(pc.match_substring_regex(texts, "^(?i:file|local)://")).as_py()
        ):
            texts = pa.array(of_one_kind(texts.to_pylist()), pa.large_string())
        yield layout.is_inventory, texts


Parts = Callable[[], Iterable[Any]]


def _parquet(name: str, file: BinaryIO, suffixes: Suffixes) -> tuple[_Layout, Parts]:
    """Return where names are in a Parquet file, and what yields its parts."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file)
    texts = [each.name for each in table.schema_arrow if _kind(each.type) == ""]
    first = next(table.iter_batches(1, columns=texts), None) if texts else None
    values = first.to_pylist()[0] if first is not None and len(first) else dict.fromkeys(texts, "")
    layout = _layout(name, values, table.schema_arrow.names, suffixes)
    wanted = [*layout.titles, *layout.flags]
    return layout, lambda: table.iter_batches(ROWS, columns=wanted)


def _csv(name: str, file: BinaryIO, suffixes: Suffixes) -> tuple[_Layout, Parts]:
    """Return where names are in a CSV file, and what yields its parts.

    A first row that has a name of an image is no header: the file is an inventory, with buckets
    in the first column, and encoded keys in the second one.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    is_packed = name.lower().endswith(".gz")
    begin = (gzip.GzipFile(fileobj=file) if is_packed else file).read(2**16)
    text = begin.decode("utf-8-sig", "replace")
    delimiter = delimiter_of(text.partition("\n")[0])
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = next(rows, [])
    row = next(rows, [""] * len(header))
    every = tuple(suffix for group in suffixes for suffix in group)
    has_header = not any(value.lower().endswith(every) or "/" in value for value in header)
    if has_header:
        layout = _layout(name, dict(zip(header, row, strict=False)), header, suffixes)
    else:
        layout = _Layout(("f0", "f1"), is_encoded=True) if len(header) > 1 else _Layout(("f0",))

    def parts() -> Iterable[Any]:
        file.seek(0)
        plain = gzip.GzipFile(fileobj=file) if is_packed else file  # leaves the file open
        return arrow_csv.open_csv(  # type: ignore[no-any-return]
            pa.PythonFile(plain, "r"),
            arrow_csv.ReadOptions(autogenerate_column_names=not has_header),
            arrow_csv.ParseOptions(delimiter=delimiter),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(layout.titles),
                column_types=dict.fromkeys(layout.titles, pa.large_string()),
            ),
        )

    return layout, parts


def _layout(
    table: str, first: Mapping[str, Any], titles: Sequence[str], suffixes: Suffixes
) -> _Layout:
    """Return where names are in a table with these columns, whose first row has these texts."""
    by_lower = {title.lower(): title for title in reversed(titles)}
    if {"bucket", "key"} <= by_lower.keys():
        flags = [by_lower[flag] for flag in ("is_latest", "is_delete_marker") if flag in by_lower]
        return _Layout((by_lower["bucket"], by_lower["key"]), flags=tuple(flags))
    if not titles:
        raise NoFilesError(f"no files found: {table!r} is empty")
    every = tuple(suffix for group in suffixes for suffix in group)
    texts = {title: text for title, text in first.items() if isinstance(text, str)}
    found = [title for title, text in texts.items() if every and text.lower().endswith(every)]
    known = [by_lower[title] for title in NAME_COLUMNS if by_lower.get(title) in texts]
    if len(found) != 1 and known:
        found = [title for title in known if title in found or not found][:1]
    if len(found) != 1:
        raise NamesError(
            f"{table!r} has {len(found)} columns of names of files among"
            f" {', '.join(map(repr, titles))}: call the one that counts 'file'"
        )
    return _Layout((found[0],))


def _first_group(texts: Any, suffixes: Suffixes) -> int:
    """Return the first group of suffixes that a text has; their number if none does."""
    found = (i for i, group in enumerate(suffixes) if len(_with_suffix(texts, group)))
    return next(found, len(suffixes))


def _with_suffix(texts: Any, group: tuple[str, ...]) -> Any:
    """Return the texts that end in one of some suffixes, in any letter case."""
    import pyarrow.compute as pc

    if not group:
        return texts
    lower = pc.utf8_lower(texts)
    return texts.filter(reduce(pc.or_, (pc.ends_with(lower, suffix) for suffix in group)))


def _kind(kind: Any) -> str | None:
    """Return the type of an axis of such values, as in `Field`; None if they make no axis."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if kind in (pa.string(), pa.large_string(), pa.string_view()):
        return ""
    if pa.types.is_integer(kind):
        return "int"
    is_date = pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)
    return "iso" if is_date else None


def _columns(files: Sequence[tuple[str, BinaryIO]], count: int) -> dict[str, TableColumn]:
    """Return those columns of Parquet files that may be axes: integers, texts and dates."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(file) for _, file in files]
    shared = set.intersection(*(set(schema.names) for schema in schemas))
    titles = [title for title in schemas[0].names if title in shared]
    columns = {}
    for title in titles:
        kind, *others = {_kind(schema.field(title).type) for schema in schemas}
        if title.lower() in (*FACTS, *NAME_COLUMNS) or kind is None or others:
            continue
        chunks = []
        for name, file in files:
            with _errors_of(name):
                chunks += pq.read_table(file, columns=[title]).column(title).chunks
        if any(chunk.null_count for chunk in chunks) or sum(map(len, chunks)) != count:
            continue
        plain = [c.dictionary_decode() if isinstance(c, pa.DictionaryArray) else c for c in chunks]
        if len({chunk.type for chunk in plain}) > 1:  # integers of several sizes, or dates
            wide = pa.timestamp("ns") if kind == "iso" else pa.large_string()
            plain = [chunk.cast(wide) for chunk in plain]
        coded = pa.chunked_array(plain).combine_chunks().dictionary_encode()
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        texts = pc.cast(coded.dictionary, pa.string()).to_pylist()
        if kind == "iso":
            texts = [text.replace(" ", "T") for text in texts]
        columns[title] = TableColumn(texts, coded.indices.to_numpy().astype(np.int32), kind)
    return columns

"""Files and where they are: their names, handles and versions. No parsing of names, no pixels.

A *source* (`LocalFiles`, `ZipFiles`, `TarFiles`, `RemoteFiles`, `OpenArchive`) lists names,
opens a file, and identifies versions of files. Sources pickle, except for `OpenArchive`:
each process opens its own archive, and its own connections.
"""

from dask_fileseq.files.answers import limit_calls
from dask_fileseq.files.delimiters import delimiter_of
from dask_fileseq.files.fetching import is_transient
from dask_fileseq.files.filesystems import (
    StorageOptions,
    limited_arguments,
    local_path,
    scheme_of,
)
from dask_fileseq.files.finding import (
    archive_of,
    find_files,
    given_names,
    has_file,
    open_source,
    searched,
)
from dask_fileseq.files.local import LocalFiles, require_file
from dask_fileseq.files.names import Names, common_folder, common_path, ends, shared_folder
from dask_fileseq.files.nametables import TABLE_SUFFIXES, TableNames, names_in_tables
from dask_fileseq.files.otherformats import how_to_read, other_suffix
from dask_fileseq.files.packednames import PackedNames
from dask_fileseq.files.path_map import PathMap
from dask_fileseq.files.remote import RemoteFiles
from dask_fileseq.files.source import Open, Source, Suffixes, Versions, is_searched
from dask_fileseq.files.tarfiles import TarFiles
from dask_fileseq.files.writing import new_file, write_error
from dask_fileseq.files.zipfiles import ZipFiles

__all__ = [
    "TABLE_SUFFIXES",
    "LocalFiles",
    "Names",
    "Open",
    "PackedNames",
    "PathMap",
    "RemoteFiles",
    "Source",
    "StorageOptions",
    "Suffixes",
    "TableNames",
    "TarFiles",
    "Versions",
    "ZipFiles",
    "archive_of",
    "common_folder",
    "common_path",
    "delimiter_of",
    "ends",
    "find_files",
    "given_names",
    "has_file",
    "how_to_read",
    "is_searched",
    "is_transient",
    "limit_calls",
    "limited_arguments",
    "local_path",
    "names_in_tables",
    "new_file",
    "open_source",
    "other_suffix",
    "require_file",
    "scheme_of",
    "searched",
    "shared_folder",
    "write_error",
]

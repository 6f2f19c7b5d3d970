"""Where the bytes live: names, opening, identity. No parsing of names, no pixels.

A *source* (`LocalFiles`, `ZipFiles`, `TarFiles`, `RemoteFiles`, `OpenArchive`) lists names,
opens one, and tells versions of files apart. Sources pickle, but for an `OpenArchive`:
each process opens its own archive, and its own connections.
"""

from dask_fileseq.files.finding import find_files, given_names
from dask_fileseq.files.local import LocalFiles
from dask_fileseq.files.names import Names, common_folder, common_path, shared_folder
from dask_fileseq.files.opening import archive_of, open_source
from dask_fileseq.files.remote import RemoteFiles
from dask_fileseq.files.retries import is_transient
from dask_fileseq.files.source import Source
from dask_fileseq.files.tarfiles import TarFiles
from dask_fileseq.files.zipfiles import ZipFiles

__all__ = [
    "LocalFiles",
    "Names",
    "RemoteFiles",
    "Source",
    "TarFiles",
    "ZipFiles",
    "archive_of",
    "common_folder",
    "common_path",
    "find_files",
    "given_names",
    "is_transient",
    "open_source",
    "shared_folder",
]

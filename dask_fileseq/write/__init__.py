"""Arrays as image files: the inverse of reading.

`to_files` writes an array, `map_files` changes each file of a sequence. Both make the names of
all files first (`filenames`), compare them with what exists and what was written before
(`manifest`), and then write on any scheduler, file by file (`filewriting`); a file has its name
only when it is whole. An encoder (`encoders`, `tiffencoder`) makes the bytes of one file.
"""

from dask_fileseq.write.arraywriting import to_files
from dask_fileseq.write.filemapping import NAME_FIELDS, map_files

__all__ = ["NAME_FIELDS", "map_files", "to_files"]

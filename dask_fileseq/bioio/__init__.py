"""A plugin of bioio: a folder or a glob of images is one lazy image, a plate one of many scenes.

Its entry point bears the name of the distribution, in whose requirements bioio looks up that of
bioio-base; it has to be there once, so one extra alone has it.
"""

from dask_fileseq.bioio.bioioreader import FilesReader, FilesReaderMetadata

Reader = FilesReader
ReaderMetadata = FilesReaderMetadata

__all__ = ["FilesReader", "FilesReaderMetadata", "Reader", "ReaderMetadata"]

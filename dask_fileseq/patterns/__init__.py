"""Patterns that find axes and indices in file names: names in, texts out.

`as_pattern` makes a `NamePattern` of everything that users may pass as ``pattern=``. Each
module imports only from those before it: `columns`, `format_strings`, `bioformats`, `lookup`
(functions and tables), `name_pattern`, `text_pattern`, `presets`; then the steps of inference,
`tokens`, `similar_names`, `dates`, `axis_names`, and `inference` itself; and `parse_pattern`,
which has `as_pattern`.
"""

from dask_fileseq.patterns.columns import BATCH, NameColumns, factorize, unique_dims
from dask_fileseq.patterns.format_strings import Field
from dask_fileseq.patterns.inference import infer
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.parse_pattern import as_pattern
from dask_fileseq.patterns.presets import Preset, add_presets, presets, register_preset
from dask_fileseq.patterns.tokens import FAMILIES

__all__ = [
    "BATCH",
    "FAMILIES",
    "Field",
    "NameColumns",
    "NamePattern",
    "Preset",
    "add_presets",
    "as_pattern",
    "factorize",
    "infer",
    "presets",
    "register_preset",
    "unique_dims",
]

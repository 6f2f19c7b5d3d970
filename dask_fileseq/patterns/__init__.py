"""Patterns that find axes and indices in file names: names in, texts out.

`as_pattern` makes a `NamePattern` of everything that users may pass as ``pattern=``. Each
module imports only from those before it: `name_columns`, `name_pattern`, `lookup` (functions
and tables), `date_formats`, `format_string`, `axis_families`, `bioformats`, `frame_names`,
`text_pattern`, `presets`; then the steps of inference, `tokens`, `dates`, `related_tokens`;
and `inference` itself, which has `as_pattern`.
"""

from dask_fileseq.patterns.axis_families import FAMILIES
from dask_fileseq.patterns.frame_names import FrameNames, frame_names
from dask_fileseq.patterns.inference import as_pattern, infer
from dask_fileseq.patterns.name_pattern import (
    BATCH,
    HOW_TO_HAVE_ALL,
    Field,
    NameColumns,
    NamePattern,
    factorize,
    unique_dims,
)
from dask_fileseq.patterns.presets import Preset, add_presets, presets, register_preset

__all__ = [
    "BATCH",
    "FAMILIES",
    "HOW_TO_HAVE_ALL",
    "Field",
    "FrameNames",
    "NameColumns",
    "NamePattern",
    "Preset",
    "add_presets",
    "as_pattern",
    "factorize",
    "frame_names",
    "infer",
    "presets",
    "register_preset",
    "unique_dims",
]

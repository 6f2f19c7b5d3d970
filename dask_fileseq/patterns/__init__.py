"""Patterns that find axes and indices in file names: names in, texts out.

`as_pattern` makes a `NamePattern` of everything that users may pass as ``pattern=``. Each
module imports only from those before it: `name_columns`, `name_pattern`, `lookup` (functions
and tables), `date_formats`, `format_string`, `axis_words`, `bioformats`, `frame_names`,
`packed_columns`, `text_pattern`, `presets`, `backtracking`; then the steps of inference,
`name_kinds`, `name_parts`, `date_candidates`, `dates`, `date_relations`, `number_parts`,
`word_parts`, `axis_names`, `dependence`, `reading`, `optional_parts`; and `inference` itself,
which has `as_pattern`, and `explanation`; and `single_name`.
"""

from dask_fileseq.patterns.axis_words import CATEGORIES, FAMILIES
from dask_fileseq.patterns.backtracking import require_quick
from dask_fileseq.patterns.explanation import explain_names
from dask_fileseq.patterns.frame_names import FrameNames, frame_names
from dask_fileseq.patterns.inference import as_pattern, infer, infer_columns
from dask_fileseq.patterns.lookup import typed_texts
from dask_fileseq.patterns.name_pattern import (
    BATCH,
    HOW_TO_HAVE_ALL,
    Field,
    NameColumns,
    NamePattern,
    factorize,
    unique_dims,
)
from dask_fileseq.patterns.name_product import NameProduct
from dask_fileseq.patterns.name_template import NameTemplate, format_names
from dask_fileseq.patterns.packed_columns import columns_of
from dask_fileseq.patterns.presets import (
    Preset,
    add_presets,
    preset_fits,
    presets,
    register_preset,
)
from dask_fileseq.patterns.single_name import single_pattern

__all__ = [
    "BATCH",
    "CATEGORIES",
    "FAMILIES",
    "HOW_TO_HAVE_ALL",
    "Field",
    "FrameNames",
    "NameColumns",
    "NamePattern",
    "NameProduct",
    "NameTemplate",
    "Preset",
    "add_presets",
    "as_pattern",
    "columns_of",
    "explain_names",
    "factorize",
    "format_names",
    "frame_names",
    "infer",
    "infer_columns",
    "preset_fits",
    "presets",
    "register_preset",
    "require_quick",
    "single_pattern",
    "typed_texts",
    "unique_dims",
]

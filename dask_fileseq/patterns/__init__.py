"""What finds axes and indices in file names: names in, texts out.

All ways to say it become one `NamePattern`; `spoken` tells them apart. The modules, each
using only those before it: `columns`, `formats`, `blocks`, `table`, `presets` (texts to
regular expressions and functions), `pattern` (what they find), `spoken`, `inference`.
"""

from dask_fileseq.patterns.columns import BATCH, NameColumns, factorised
from dask_fileseq.patterns.formats import Field
from dask_fileseq.patterns.inference import infer
from dask_fileseq.patterns.pattern import NamePattern
from dask_fileseq.patterns.presets import Preset, add_presets, presets, register_preset

__all__ = [
    "BATCH",
    "Field",
    "NameColumns",
    "NamePattern",
    "Preset",
    "add_presets",
    "factorised",
    "infer",
    "presets",
    "register_preset",
]

"""Whole acquisitions in the names of presets, written at random and read back.

The names of `NAMING.json` are in `test_conventions`; here are those of other presets, and
other forms of names.
"""

import datetime
import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dask_fileseq import open_sequence
from dask_fileseq.patterns import presets
from tests.helpers.instrument_names import INSTRUMENTS
from tests.helpers.name_parts import DOMAINS, NUMBERS
from tests.helpers.satellite_names import SATELLITES
from tests.helpers.shared import PRESET_OF

ACQUISITIONS = INSTRUMENTS | SATELLITES
PRESETS = presets().keys() - {"axes"}


def drawn(data, names):
    """Return the cells of a full grid, the values along its axes, and the names of the cells."""
    axes = names.axes.split()
    domains = DOMAINS | dict(names.domains)
    values = {
        axis: data.draw(
            st.lists(
                domains.get(axis, NUMBERS),
                min_size=1,
                max_size=2 if len(axes) > 2 else 3,
                unique=True,
            ),
            axis,
        )
        for axis in axes
    }
    cells = [dict(zip(axes, cell, strict=True)) for cell in itertools.product(*values.values())]
    return cells, values, [names.template.format(**cell, **names.others(cell)) for cell in cells]


def as_label(value):
    """Return a value as it stands in coordinates."""
    if isinstance(value, datetime.datetime):
        return np.datetime64(value, "ns")
    if isinstance(value, datetime.timedelta):
        return np.timedelta64(int(value.total_seconds()) // 60, "m")
    return value


def test_all_presets_are_tried():
    """A preset is added, and nothing is written and read back with it."""
    assert (
        presets().keys() - {"axes"}
        == ACQUISITIONS.keys() | set(PRESET_OF.values()) & presets().keys()
    )


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        pytest.param(p, n, id=f"{p}-{i}")
        for p, every in ACQUISITIONS.items()
        for i, n in enumerate(every)
    ],
)
@settings(max_examples=8)
@given(st.data())
def test_presets_read_the_acquisitions_that_instruments_write(preset, names, data):
    """A file stands at other labels than those that its name was made of, or in empty cells."""
    cells, values, written = drawn(data, names)
    assume(len(set(written)) == len(written))
    seq = open_sequence(written, pattern=preset, spacing="values")
    assert seq.files_missing == 0
    assert math.prod(seq.shape) == math.prod(map(len, values.values()))
    for cell, index in zip(cells, seq.indices, strict=True):
        found = {dim: seq.coords[dim][i] for dim, i in zip(seq.dims, index, strict=True)}
        assert {axis: found[axis] for axis in cell} == {a: as_label(v) for a, v in cell.items()}


@settings(max_examples=8)
@given(st.lists(st.integers(2, 4), min_size=4, max_size=4))
def test_axes_of_micromanager_that_are_zero_may_be_absent(sizes):
    """Some versions write `img_z001.tif` for the second plane, and `img.tif` for the first."""
    digits = {"channel": 3, "position": 3, "time": 9, "z": 3}
    cells = list(itertools.product(*map(range, sizes)))
    names = [
        "img"
        + "".join(
            f"_{axis}{i:0{width}d}"
            for (axis, width), i in zip(digits.items(), cell, strict=True)
            if i
        )
        + ".tif"
        for cell in cells
    ]
    seq = open_sequence(names, pattern="micromanager-2")
    assert seq.dims == tuple(digits)
    assert seq.shape == tuple(sizes)
    assert seq.indices == cells
    assert [list(values) for values in seq.coords.values()] == [list(range(n)) for n in sizes]

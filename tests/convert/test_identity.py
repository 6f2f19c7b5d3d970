"""What tells one conversion from another: its images, files, reader and arguments."""

import os
import shutil
import subprocess
import sys
from contextlib import nullcontext, suppress
from functools import partial

import numpy as np
import pytest
import zarr

from dask_fileseq import ChangedError, FileSequence, TiffSequence
from dask_fileseq.convert.provenance import SourceFiles
from tests.helpers.acquisition import PATTERN


def stopping(done, total):
    if done * 2 > total:
        raise RuntimeError("stop")


@pytest.mark.parametrize("complete", [True, False])
def test_wells_in_other_places_are_another_target(tmp_path, complete):
    """Half of the plate would be turned, or new names stand over old pixels."""
    names = [f"p{p}_q{q}" for p in range(1, 4) for q in range(1, 4)]

    def imread(name):
        return np.full((8, 8), names.index(name), np.uint8)

    seq = FileSequence(imread, names, pattern=r"p(?P<p>\d)_q(?P<q>\d)")
    target = tmp_path / "out.ome.zarr"
    first = {"axes": {"p": "row", "q": "column"}, "progress": False, "scheduler": "sync"}
    with nullcontext() if complete else suppress(RuntimeError):
        seq.to_ome_zarr(target, **first if complete else first | {"progress": stopping})
    with pytest.raises(ChangedError, match=r"places is 'A/1/0 to C/3/0 \("):
        seq.to_ome_zarr(target, name="new", axes={"p": "column", "q": "row"})
    seq.to_ome_zarr(target, **first)
    assert zarr.open_array(target / "A" / "3" / "0" / "0", mode="r")[0, 0] == 2


def read_as(name, key):
    """Read what a name and an argument say."""
    return np.full((2, 3), int(name[-1]) * 10 + key(1), np.uint8)


def times(factor):
    return lambda number: number * factor


PATH = r"(?P<t>\d)"
OTHERS = {
    "reader": [
        FileSequence(partial(read_as, key=times(k)), ["1", "2"], pattern=PATH) for k in (1, 2)
    ],
    "function": [
        FileSequence(lambda name, k=k: np.full(3, k), ["1", "2"], pattern=PATH) for k in (1, 2)
    ],
    "names": [
        FileSequence(partial(read_as, key=abs), [f"{a}/1", f"{a}/2"], pattern=PATH, identity="name")
        for a in "ab"
    ],
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_data_are_not_the_same_conversion(tmp_path, kind):
    """The old copy would be returned as that of data that were never read."""
    one, other = OTHERS[kind]
    target = tmp_path / "out.zarr"
    one.to_zarr(target)
    with pytest.raises(ChangedError, match="the files are others"):
        other.to_zarr(target)
    assert one.to_zarr(target)["file_count"] == 2


def test_folders_are_told_by_name_where_nothing_else_tells_them(acquisition, tmp_path):
    """With identity="name", the same names in another folder are other files."""
    shutil.copytree(acquisition[0], tmp_path / "exp2")
    one, other = (
        TiffSequence(f"{folder}/*.tif", pattern=PATTERN, identity="name")
        for folder in (acquisition[0], tmp_path / "exp2")
    )
    one.to_zarr(tmp_path / "out.zarr")
    with pytest.raises(ChangedError, match=r"more gone"):
        other.to_zarr(tmp_path / "out.zarr")
    one.to_zarr(tmp_path / "out.zarr")


@pytest.mark.slow
def test_arguments_are_the_same_in_another_process(tmp_path):
    """A conversion with a function among its arguments could never go on."""
    arguments = {"key": times(3), "lut": np.arange(5000), "words": {"a", "b", "c"}}
    seq = FileSequence(lambda name, **_: np.zeros(3), ["1", "2"], pattern=PATH)
    found = [
        SourceFiles(seq.array(imreadargs=arguments | {"key": times(k)})).identity()
        for k in (3, 3, 4)
    ]
    assert found[0] == found[1] != found[2]
    other = seq.array(imreadargs=arguments | {"lut": np.arange(5000) % 4999})
    assert SourceFiles(other).identity() != found[0]
    code = (
        "from functools import partial\n"
        "from pathlib import Path\n"
        "import re, tifffile\n"
        "from dask_fileseq.stablevalues import code_of, stable_value\n"
        "def make(k):\n"
        "    return lambda name: k\n"
        "class Reader:\n"
        "    def __init__(self, *k): self.k = k\n"
        "print(stable_value([partial(tifffile.imread, key=1), make({'a', 'b', 'c'}),"
        " Reader(make(2)), Path('a'), re.compile('a'), Reader(Reader(Reader({'a', 'b'})))]),"
        " code_of(lambda name: name in {'a', 'b', 'c'}))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in "12"
    }
    assert len(printed) == 1

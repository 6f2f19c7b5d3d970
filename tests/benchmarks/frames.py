"""Another frame in napari: what a step of the slider takes, with very many files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import tifffile
from images import Files, Images
from model import AtMost, Case, Contender, Faster, Net

import dask_fileseq

__all__ = ["frame_case"]

STEP = "a step in napari"
BUILT_IN = "a step of what napari's own reader stacks"
READ = "seq.array()[frame], the read alone"
NET = "a step in napari, net of the read"
FILES = 1000
"""Number of files for each frame that is looked at."""


@dataclass(frozen=True)
class Frames:
    """Frames of many files to look at, one after the other."""

    files: Files
    numbers: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def first(self, count: int) -> Frames:
        """Return the first frames, of all files."""
        return Frames(self.files, self.numbers[:count])


def frame_case() -> Case:
    """Return the case of steps through 100,000 files."""
    return Case(
        "napari-frame",
        f"64x64 uint16, a frame shown of {100 * FILES:,} files, opened",
        _frames,
        100,
        1,
        [
            Contender(STEP, "this", _opened, _shown, np.stack, once=True),
            Contender(BUILT_IN, "peer", _built_in, _shown, np.stack, once=True, most=1),
            Contender(READ, "limit", _array, _read, np.stack, once=True),
        ],
        lambda frames: np.stack([tifffile.imread(frames.files.names[i]) for i in frames.numbers]),
        [
            AtMost(NET, 0.015, "a step beyond the read", "s"),
            Faster(STEP, (BUILT_IN,), 50, "a step, the stack of napari's own reader"),
        ],
        [Net(NET, STEP, READ)],
        repeats=3,
        item="frame",
    )


def _frames(root: str, count: int) -> Frames:
    files = Images("small")(root, count * FILES)
    numbers = np.random.default_rng(4).permutation(len(files))[:count]
    return Frames(files, tuple(numbers.tolist()))


def _opened(frames: Frames) -> tuple[Any, Frames]:
    from napari.components import ViewerModel

    from dask_fileseq.napari import layer_data

    ((data, keywords, _),) = layer_data(dask_fileseq.TiffSequence(frames.files.names))
    viewer = ViewerModel()
    viewer.add_image(data, **keywords)
    return viewer, frames


def _built_in(frames: Frames) -> tuple[Any, Frames]:
    return _viewer_of_stack(tuple(frames.files.names)), frames


@lru_cache(1)  # it takes a minute
def _viewer_of_stack(names: tuple[str, ...]) -> Any:
    from napari.components import ViewerModel
    from napari_builtins.io import magic_imread

    viewer = ViewerModel()
    viewer.add_image(magic_imread(list(names), use_dask=True), contrast_limits=(0, 1))
    return viewer


def _shown(opened: tuple[Any, Frames]) -> list[Any]:
    viewer, frames = opened
    shown = []
    for number in frames.numbers:
        viewer.dims.set_current_step(0, number)
        shown.append(viewer.layers[0]._slice.image.raw)  # what goes to the screen
    return shown


def _array(frames: Frames) -> tuple[Any, Frames]:
    return dask_fileseq.TiffSequence(frames.files.names).array(), frames


def _read(opened: tuple[Any, Frames]) -> list[Any]:
    array, frames = opened
    return [array[number] for number in frames.numbers]

"""The partition of a pyramid into regions, each written by one task: pure integers, no I/O.

A *unit* is what one object holds: a shard, or a chunk where there are no shards. A
*region* is a box of whole units in every level that its task writes, so that no two
tasks write one object. Each level has half the elements of the one before along some
axes, rounded up:

    level 0 (5, 1000, 700) -> level 1 (5, 500, 350) -> level 2 (5, 250, 175)

A *stage* reads one level and writes some others. The first stage reads the files, and
writes as many levels as fit into the memory of a task. Each further stage reads the last
level of the stage before it, and begins when that is complete.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Shape = tuple[int, ...]
Window = tuple[tuple[int, int], ...]
"""Start and stop along each axis."""

MIN_REGIONS = 32
"""Least number of regions into which small images are grouped, if there are that many."""


@dataclass(frozen=True)
class Level:
    """One level of a pyramid."""

    shape: Shape
    chunk: Shape
    shard: Shape | None

    @property
    def unit(self) -> Shape:
        """Shape of what one object holds."""
        return self.shard or self.chunk


@dataclass(frozen=True)
class Stage:
    """The regions in which one level is read, and the levels that are written from it."""

    base: int
    """The level that is read. The first stage reads it from the files, and writes it, too."""
    first: int
    """The first level that is written."""
    last: int
    """The last level that is written."""
    region: Shape
    """Shape of a region in elements of the base level; the last ones may be smaller."""
    shape: Shape
    """Shape of the base level."""

    @property
    def count(self) -> int:
        """Number of regions."""
        return math.prod(-(-n // size) for n, size in zip(self.shape, self.region, strict=True))

    def window(self, number: int) -> Window:
        """Return the window of a region in the base level; regions count in C order."""
        window = []
        for n, size in zip(reversed(self.shape), reversed(self.region), strict=True):
            number, i = divmod(number, -(-n // size))
            window.append((i * size, min(n, (i + 1) * size)))
        return tuple(reversed(window))


class RegionIndex(NamedTuple):
    """One of the regions of all images: its stage, and its number within that."""

    stage: Stage
    number: int
    """Counts the regions of the stage over all images."""

    @property
    def name(self) -> str:
        """Name of the region in the journal."""
        return f"{self.stage.first}-{self.number}"

    @property
    def image(self) -> int:
        """Number of the image."""
        return self.number // self.stage.count

    @property
    def window(self) -> Window:
        """Window in the base level of the stage."""
        return self.stage.window(self.number % self.stage.count)


@dataclass(frozen=True)
class Partition:
    """The levels of one image, and the stages that write them."""

    levels: tuple[Level, ...]
    halved: tuple[bool, ...]
    """The axes along which each level has half the elements of the one before."""
    stages: tuple[Stage, ...]

    def units(self, level: int, window: Window) -> Iterator[tuple[Shape, Window]]:
        """Yield index and window of each unit of a level within a window of that level."""
        along = [
            [
                (i, (max(start, i * n), min(stop, (i + 1) * n)))
                for i in range(start // n, -(-stop // n))
            ]
            for (start, stop), n in zip(window, self.levels[level].unit, strict=True)
        ]
        for unit in itertools.product(*along):
            yield tuple(i for i, _ in unit), tuple(edges for _, edges in unit)


def scaled_window(window: Window, halved: Sequence[bool], times: int) -> Window:
    """Return a window in elements of a level that is a number of levels further on."""
    return tuple(
        (start >> times, -(-stop >> times)) if half else (start, stop)
        for (start, stop), half in zip(window, halved, strict=True)
    )


def level_count(shape: Shape, halved: Sequence[bool], smallest: int = 256) -> int:
    """Return the number of levels until no halved axis is longer than `smallest`."""
    longest = max((n for n, half in zip(shape, halved, strict=True) if half), default=0)
    return 1 + max(0, math.ceil(math.log2(max(1, longest) / smallest)))


def make_partition(
    shape: Shape,
    chunk: Shape,
    shard: Shape | None,
    halved: Sequence[bool],
    levels: int,
    limit: int,
    read_shapes: Sequence[Sequence[int]] = (),
) -> Partition:
    """Return the partition of one image.

    `shape`, `chunk` and `shard` are those of the first level. A region has at most `limit`
    elements in its base level, unless a single unit has more. `read_shapes`, of tiles and
    of files, are best read whole.

    >>> halved = (False, True, True)
    >>> make_partition((5, 1000, 700), (1, 256, 256), None, halved, 3, 2**21).stages
    (Stage(base=0, first=0, last=2, region=(1, 1000, 700), shape=(5, 1000, 700)),)
    """
    halved = tuple(halved)
    all_levels = tuple(_level(shape, chunk, shard, halved, number) for number in range(levels))
    stages = [_stage(all_levels, halved, 0, 0, limit, read_shapes)]
    while (last := stages[-1].last) + 1 < levels:
        stages.append(_stage(all_levels, halved, last, last + 1, limit, ()))
    return Partition(all_levels, halved, tuple(stages))


def _level(
    shape: Shape, chunk: Shape, shard: Shape | None, halved: Sequence[bool], number: int
) -> Level:
    shape = tuple(-(-n >> number) if half else n for n, half in zip(shape, halved, strict=True))
    chunk = tuple(max(1, min(c, n)) for c, n in zip(chunk, shape, strict=True))
    if shard is not None:
        shard = tuple(
            max(c, min(s, -(-n // c) * c)) for s, c, n in zip(shard, chunk, shape, strict=True)
        )
    return Level(shape, chunk, shard)


def _stage(
    levels: tuple[Level, ...],
    halved: tuple[bool, ...],
    base: int,
    first: int,
    limit: int,
    read_shapes: Sequence[Sequence[int]],
) -> Stage:
    """Return the stage that reads a level and writes as many others as fit, from `first` on."""
    # A region begins as the smallest box of whole units. It grows to what is best read
    # whole, then to whole units of further levels, and at last along each axis while many
    # regions remain; each step is taken only if the region stays within the limit.
    shape = levels[base].shape
    region = _aligned(levels, halved, base, first, first)
    for whole in read_shapes:
        for axis in reversed(range(len(shape))):
            grown = _grown(region, axis, whole[axis], shape)
            region = grown if math.prod(grown) <= limit else region
    last = first
    for top in range(first + 1, len(levels)):
        step = _aligned(levels, halved, base, first, top)
        grown = tuple(map(_multiple, region, step, shape))
        if math.prod(grown) > limit:
            break
        region, last = grown, top
    for axis in reversed(range(len(shape))):
        counts = [-(-n // r) for n, r in zip(shape, region, strict=True)]
        room = limit // math.prod(region)
        times = min(room, math.prod(counts) // MIN_REGIONS, counts[axis])
        if times > 1:
            times = -(-counts[axis] // -(-counts[axis] // times))
            region = _grown(region, axis, region[axis] * times, shape)
    return Stage(base, first, last, region, shape)


def _aligned(
    levels: tuple[Level, ...], halved: tuple[bool, ...], base: int, first: int, last: int
) -> Shape:
    """Return the smallest region of the base level that is whole units of other levels."""
    result = []
    for axis, n in enumerate(levels[base].shape):
        steps = [
            levels[number].unit[axis] << (number - base if halved[axis] else 0)
            for number in range(first, last + 1)
        ]
        result.append(max(1, n if max(steps) >= n else min(n, math.lcm(*steps))))
    return tuple(result)


def _grown(region: Shape, axis: int, wanted: int, shape: Shape) -> Shape:
    """Return a region that covers a length along an axis, as a multiple of its own."""
    return (*region[:axis], _multiple(wanted, region[axis], shape[axis]), *region[axis + 1 :])


def _multiple(wanted: int, step: int, size: int) -> int:
    """Return the least multiple of a step that covers a length, or the whole axis."""
    multiple = -(-wanted // step) * step
    return max(1, size) if multiple >= size else max(step, multiple)

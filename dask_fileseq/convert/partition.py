"""How a target is cut into regions, each written by one task: pure integers, no I/O.

A *unit* is what is written as one object: a shard, or a chunk where there are no
shards. A *region* is a box of whole units in every level that its task writes, so that
no two tasks touch one object. Levels are halved along some axes, rounded up:

    level 0 (5, 1000, 700) -> level 1 (5, 500, 350) -> level 2 (5, 250, 175)

A *stage* writes some levels from one. The first reads the source, and writes as many
levels as fit into the memory of a task; each further stage reads the last level that
the stage before it has written, and begins once that is complete.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Level", "Plan", "Stage", "level_count", "make_plan", "scaled"]

Shape = tuple[int, ...]
Window = tuple[tuple[int, int], ...]

MIN_REGIONS = 32
"""How many regions small images are grouped into at least, where there are that many."""


@dataclass(frozen=True)
class Level:
    """One level of a pyramid."""

    shape: Shape
    chunk: Shape
    shard: Shape | None

    @property
    def unit(self) -> Shape:
        """What one object covers."""
        return self.shard or self.chunk


@dataclass(frozen=True)
class Stage:
    """Regions that one level is read in, and the levels that they are written to."""

    base: int
    """The level that is read; of the first stage, it is read from the source, and written."""
    first: int
    """The first level that is written."""
    last: int
    """The last one."""
    region: Shape
    """Shape of a region in elements of the base level; those at the ends may be smaller."""

    def counts(self, shape: Shape) -> Shape:
        """Return how many regions lie along each axis of a base level of this shape."""
        return tuple(-(-n // r) for n, r in zip(shape, self.region, strict=True))

    def window(self, shape: Shape, number: int) -> Window:
        """Return start and stop of a region along each axis; regions count in C order.

        >>> Stage(0, 0, 0, (2, 4)).window((3, 6), 3)
        ((2, 3), (4, 6))
        """
        window = []
        for n, size, count in zip(
            reversed(shape), reversed(self.region), reversed(self.counts(shape)), strict=True
        ):
            number, i = divmod(number, count)
            window.append((i * size, min(n, (i + 1) * size)))
        return tuple(reversed(window))


@dataclass(frozen=True)
class Plan:
    """The levels of one image, and the stages that write them."""

    levels: tuple[Level, ...]
    halved: tuple[bool, ...]
    """The axes along which each level has half the elements of the one before."""
    stages: tuple[Stage, ...]

    def count(self, stage: Stage) -> int:
        """Return how many regions a stage has."""
        return math.prod(stage.counts(self.levels[stage.base].shape))

    def window(self, stage: Stage, number: int) -> Window:
        """Return a region of a stage, in elements of its base level."""
        return stage.window(self.levels[stage.base].shape, number)

    def windows(self, stage: Stage) -> Iterator[Window]:
        """Yield the regions of a stage."""
        return (self.window(stage, number) for number in range(self.count(stage)))

    def units(self, level: int, window: Window) -> Iterator[tuple[Shape, Window]]:
        """Yield index and window of each unit of a level within a window of that level."""
        unit = self.levels[level].unit
        ranges = [
            range(start // size, -(-stop // size))
            for (start, stop), size in zip(window, unit, strict=True)
        ]
        for index in itertools.product(*ranges):
            yield (
                index,
                tuple(
                    (max(start, i * size), min(stop, (i + 1) * size))
                    for i, size, (start, stop) in zip(index, unit, window, strict=True)
                ),
            )


def scaled(window: Window, halved: Sequence[bool], times: int) -> Window:
    """Return a window in elements of a level that many levels further on.

    >>> scaled(((0, 5), (8, 15)), (False, True), 1)
    ((0, 5), (4, 8))
    """
    return tuple(
        (start >> times, -(-stop >> times)) if half else (start, stop)
        for (start, stop), half in zip(window, halved, strict=True)
    )


def level_count(shape: Shape, halved: Sequence[bool], smallest: int = 256) -> int:
    """Return how many levels there are until no halved axis is longer than `smallest`.

    >>> level_count((5, 1000, 700), (False, True, True))
    3
    """
    longest = max((n for n, half in zip(shape, halved, strict=True) if half), default=0)
    return 1 + max(0, math.ceil(math.log2(max(1, longest) / smallest)))


def make_plan(
    shape: Shape,
    chunk: Shape,
    shard: Shape | None,
    *,
    halved: Sequence[bool],
    levels: int,
    itemsize: int,
    limit: int,
    grains: Sequence[Shape] = (),
) -> Plan:
    """Return the plan of one image.

    Parameters
    ----------
    shape, chunk, shard
        Of the first level; those of the others are cut to their shapes.
    halved
        The axes along which levels shrink.
    levels
        How many there are.
    itemsize
        Bytes of an element.
    limit
        Bytes that a region has at most in its base level, where one unit has no more.
    grains
        Shapes worth reading whole, the smaller ones first: tiles, files.

    Examples
    --------
    >>> plan = make_plan((5, 1000, 700), (1, 256, 256), None, halved=(False, True, True),
    ...                  levels=3, itemsize=2, limit=2**22)
    >>> plan.stages
    (Stage(base=0, first=0, last=2, region=(1, 1000, 700)),)
    """
    all_levels = tuple(_level(shape, chunk, shard, halved, number) for number in range(levels))
    stages: list[Stage] = []
    first = base = 0
    while first < levels:
        stage = _stage(all_levels, tuple(halved), (base, first), itemsize, limit, grains)
        stages.append(stage)
        base, first = stage.last, stage.last + 1
    return Plan(all_levels, tuple(halved), tuple(stages))


def _level(
    shape: Shape, chunk: Shape, shard: Shape | None, halved: Sequence[bool], number: int
) -> Level:
    reduced = tuple(-(-n >> number) if half else n for n, half in zip(shape, halved, strict=True))
    chunk = tuple(max(1, min(c, n)) for c, n in zip(chunk, reduced, strict=True))
    if shard is not None:
        shard = tuple(
            max(c, min(s, -(-n // c) * c)) for s, c, n in zip(shard, chunk, reduced, strict=True)
        )
    return Level(reduced, chunk, shard)


def _stage(
    levels: tuple[Level, ...],
    halved: tuple[bool, ...],
    begin: tuple[int, int],
    itemsize: int,
    limit: int,
    grains: Sequence[Shape],
) -> Stage:
    """Return the stage that reads one level and writes as many as fit, beginning with another."""
    base, first = begin
    shape = levels[base].shape

    def fits(region: Shape) -> bool:
        return math.prod(region) * itemsize <= limit

    region = _aligned(levels, halved, base, first, first)
    for grain in grains if base == first else ():
        for axis in reversed(range(len(shape))):
            grown = _replaced(region, axis, _covering(grain[axis], region[axis], shape[axis]))
            region = grown if fits(grown) else region
    last = first
    for top in range(first + 1, len(levels)):
        unit = _aligned(levels, halved, base, first, top)
        grown = tuple(map(_covering, region, unit, shape))
        if not fits(grown):
            break
        region, last = grown, top
    return Stage(base, first, last, _grouped(region, shape, itemsize, limit))


def _aligned(
    levels: tuple[Level, ...], halved: tuple[bool, ...], base: int, first: int, last: int
) -> Shape:
    """Return the smallest region of the base level that is whole units of other levels."""
    shape = levels[base].shape
    result = []
    for axis, n in enumerate(shape):
        steps = [
            level.unit[axis] << (number - base if halved[axis] else 0)
            for number, level in enumerate(levels[first : last + 1], first)
        ]
        result.append(max(1, n) if max(steps) >= n else min(max(1, n), math.lcm(*steps)))
    return tuple(result)


def _covering(wanted: int, step: int, size: int) -> int:
    """Return the least multiple of a step that covers what is wanted, or the whole axis.

    >>> _covering(100, 64, 1000), _covering(990, 64, 1000)
    (128, 1000)
    """
    multiple = -(-wanted // step) * step
    return max(1, size) if multiple >= size else max(step, multiple)


def _replaced(region: Shape, axis: int, length: int) -> Shape:
    return (*region[:axis], length, *region[axis + 1 :])


def _grouped(region: Shape, shape: Shape, itemsize: int, limit: int) -> Shape:
    """Return a region enlarged, along the last axes first, while many remain."""
    for axis in reversed(range(len(shape))):
        counts = [-(-n // r) for n, r in zip(shape, region, strict=True)]
        room = limit // max(1, math.prod(region) * itemsize)
        times = min(room, math.prod(counts) // MIN_REGIONS, counts[axis])
        if times > 1:
            times = -(-counts[axis] // -(-counts[axis] // times))
            region = _replaced(
                region, axis, _covering(region[axis] * times, region[axis], shape[axis])
            )
    return region

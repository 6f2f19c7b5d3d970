"""Shapes of chunks, and the partition of a pyramid into regions: pure integers, no I/O.

A *chunk* is what is read at a time, a *shard* is what is stored as one object. A *unit* is
what one object holds: a shard, or a chunk where there are no shards. A *region* is a box of
whole units in every level that its task writes, so that no two tasks write one object. Each
level has half the elements of the one before along some axes, rounded up:

    level 0 (5, 1000, 700) -> level 1 (5, 500, 350) -> level 2 (5, 250, 175)

A *stage* reads one level and writes some others. The first stage reads the files, and
writes as many levels as fit into the memory of a task. Each further stage reads the last
level of the stage before it, and begins when that is complete.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index as as_int
from typing import Any, NamedTuple

Shape = tuple[int, ...]
Window = tuple[tuple[int, int], ...]
"""Start and stop along each axis."""

SIDE = 512
"""Largest length of a chunk along y and x by default, in elements."""

CHUNK_BYTES = 2**19
"""Size up to which chunks of small images contain several planes."""

SHARD_BYTES = 2**25
"""Size of a shard that is aimed at, uncompressed."""

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
    """
    halved = tuple(halved)
    all_levels = tuple(_level(shape, chunk, shard, halved, number) for number in range(levels))
    whole = Partition(all_levels, halved, ())
    stages = [_stage(whole, 0, 0, limit, read_shapes)]
    while (last := stages[-1].last) + 1 < levels:
        stages.append(_stage(whole, last, last + 1, limit, ()))
    return replace(whole, stages=tuple(stages))


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
    whole: Partition, base: int, first: int, limit: int, read_shapes: Sequence[Sequence[int]]
) -> Stage:
    """Return the stage that reads a level and writes as many others as fit, from `first` on."""
    # A region begins as the smallest box of whole units. It grows to what is best read
    # whole, then to whole units of further levels, and at last along each axis while many
    # regions remain; each step is taken only if the region stays within the limit.
    shape = whole.levels[base].shape
    region = _aligned(whole, base, first, first)
    for lengths in read_shapes:
        for axis in reversed(range(len(shape))):
            grown = _grown(region, axis, lengths[axis], shape)
            region = grown if math.prod(grown) <= limit else region
    last = first
    for top in range(first + 1, len(whole.levels)):
        step = _aligned(whole, base, first, top)
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


def _aligned(whole: Partition, base: int, first: int, last: int) -> Shape:
    """Return the smallest region of the base level that is whole units of other levels."""
    result = []
    for axis, n in enumerate(whole.levels[base].shape):
        steps = [
            whole.levels[number].unit[axis] << (number - base if whole.halved[axis] else 0)
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


def chunk_shape(chunks: Any, dims: Sequence[str], shape: Shape, itemsize: int) -> Shape:
    """Return the shape of chunks of an array.

    `chunks` is None or ``"auto"``; an int along y and x; a length for each axis; or a
    mapping from dimension names. By default, y and x have about 512 elements.

    >>> chunk_shape(None, ("t", "y", "x"), (100, 2000, 2048), 2)
    (1, 512, 512)
    >>> chunk_shape(None, ("t", "y", "x"), (100, 64, 64), 2)
    (50, 64, 64)
    """
    plane = _plane(dims)
    chunk = [_even(n, SIDE, 16) if axis in plane else 1 for axis, n in enumerate(shape)]
    given = _given("chunks", chunks, dims, chunk)
    if given is not None:
        return tuple(max(1, min(c, n)) for c, n in zip(given, shape, strict=True))
    for axis in reversed(range(len(shape))):
        if axis not in plane and dims[axis] != "c":
            room = CHUNK_BYTES // max(1, math.prod(chunk) * itemsize)
            chunk[axis] = _even(shape[axis], max(1, room))
            if chunk[axis] < shape[axis]:
                break
    return tuple(chunk)


def shard_shape(
    shards: Any, dims: Sequence[str], shape: Shape, chunk: Shape, itemsize: int
) -> Shape | None:
    """Return the shape of shards in elements; None for no shards.

    `shards` has the forms of `chunks` in `chunk_shape`, or is False for no shards.
    """
    if shards is False:
        return None
    counts = [max(1, -(-n // c)) for n, c in zip(shape, chunk, strict=True)]
    given = _given("shards", shards, dims, chunk)
    if given is None:
        given = _default_shard(_plane(dims), counts, chunk, itemsize)
    shard = tuple(min(n, k * c) for n, k, c in zip(given, counts, chunk, strict=True))
    if any(s % c for s, c in zip(shard, chunk, strict=True)):
        raise ValueError(f"shards={shards!r} is {shard}, which is not whole chunks of {chunk}")
    return shard


def _default_shard(
    plane: Sequence[int], counts: list[int], chunk: Shape, itemsize: int
) -> list[int]:
    """Return whole planes if one is small enough, else a part of one of half the size."""
    # a region of several shards then fits into the memory of a task
    many = [count if axis in plane else 1 for axis, count in enumerate(counts)]

    def room() -> int:
        size = math.prod(m * c for m, c in zip(many, chunk, strict=True)) * itemsize
        return SHARD_BYTES // max(1, size)

    while room() < (1 if all(many[axis] == counts[axis] for axis in plane) else 2):
        longest = max(plane, key=lambda axis: (many[axis] > 1, many[axis] * chunk[axis]))
        if many[longest] == 1:
            break
        many[longest] = -(-many[longest] // 2)
    for axis in reversed(range(len(chunk))):
        if axis not in plane:
            many[axis] = _even(counts[axis], max(1, room()))
    return [m * c for m, c in zip(many, chunk, strict=True)]


def _given(
    argument: str, value: Any, dims: Sequence[str], default: Sequence[int]
) -> list[int] | None:
    """Return the length that the caller gives for each axis; None for ``"auto"``."""
    if value is None or (isinstance(value, str) and value == "auto"):
        return None
    lengths = dict(zip(dims, default, strict=True))
    try:
        if isinstance(value, Mapping):
            lengths |= {dims[dims.index(dim)]: as_int(n) for dim, n in value.items()}
        elif isinstance(value, Sequence):
            lengths = dict(zip(dims, map(as_int, value), strict=True))
        elif isinstance(value, bool):
            raise TypeError(f"{value} is no length")
        else:
            lengths |= dict.fromkeys(dims[-2:], as_int(value))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{argument}={value!r} is neither 'auto', an int, one for each of the axes"
            f" {tuple(dims)}, nor a mapping from these"
        ) from error
    if any(n < 1 for n in lengths.values()):
        raise ValueError(f"{argument}={value!r} has a length that is not positive")
    return list(lengths.values())


def _plane(dims: Sequence[str]) -> tuple[int, ...]:
    """Return the axes y and x, or the last two."""
    named = tuple(axis for axis, dim in enumerate(dims) if dim in ("y", "x"))
    return named or tuple(range(len(dims)))[-2:]


def _even(length: int, most: int, multiple: int = 1) -> int:
    """Return a length of at most about `most` that cuts an axis evenly."""
    if length <= most * 5 / 4 and (multiple > 1 or length <= most):
        return max(1, length)
    even = -(-length // -(-length // most))
    return -(-even // multiple) * multiple

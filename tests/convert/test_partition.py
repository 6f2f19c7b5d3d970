"""The planner by itself: regions cover each level once, in whole objects, within a limit."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.convert.partition import (
    chunk_shape,
    level_count,
    make_partition,
    scaled_window,
    shard_shape,
)
from dask_fileseq.convert.tasks import downsampled

SIZES = st.integers(1, 70)


@st.composite
def plans(draw):
    """Draw any array, chunks, shards, levels, files and limit."""
    ndim = draw(st.integers(1, 4))
    axes = st.tuples(*[SIZES] * ndim)
    shape, chunk = draw(axes), draw(axes)
    times = draw(st.none() | st.tuples(*[st.integers(1, 4)] * ndim))
    shard = times and tuple(c * n for c, n in zip(chunk, times, strict=True))
    return make_partition(
        shape,
        chunk,
        shard,
        halved=draw(st.tuples(*[st.booleans()] * ndim)),
        levels=draw(st.integers(1, 5)),
        limit=draw(st.integers(1, 2**16)) // draw(st.sampled_from([1, 2, 8])),
        read_shapes=draw(st.lists(axes, max_size=2)),
    )


def boxes(plan, level):
    """Return the windows of all regions that write a level, in its own elements."""
    for stage in plan.stages:
        if stage.first <= level <= stage.last:
            for window in map(stage.window, range(stage.count)):
                yield scaled_window(window, plan.halved, level - stage.base)


@given(plans())
def test_each_object_is_written_once_and_whole(plan):
    """Two tasks that write one object would race, and a part of one would be read first."""
    for number, level in enumerate(plan.levels):
        written = np.zeros(level.shape, np.int8)
        owners = {}
        for i, window in enumerate(boxes(plan, number)):
            for index, box in plan.units(number, window):
                assert owners.setdefault(index, i) == i
                whole = tuple(
                    (k * u, min(n, (k + 1) * u))
                    for k, u, n in zip(index, level.unit, level.shape, strict=True)
                )
                assert box == whole
                written[tuple(slice(*edges) for edges in box)] += 1
        assert (written == 1).all()


@given(plans())
def test_levels_are_made_of_pairs_that_lie_in_one_region(plan):
    """An odd start would pair other elements than those of the level as a whole."""
    for stage in plan.stages:
        for window in map(stage.window, range(stage.count)):
            for level in range(stage.base, stage.last):
                box = scaled_window(window, plan.halved, level - stage.base)
                for half, (start, _) in zip(plan.halved, box, strict=True):
                    assert not half or start % 2 == 0


@given(plans(), st.sampled_from([1, 2, 8]))
def test_regions_grow_no_further_than_the_limit(plan, itemsize):
    """The memory of a task would depend on how large the images are."""
    limit = 2**12
    level = plan.levels[0]
    made = make_partition(
        level.shape,
        level.chunk,
        level.shard,
        halved=plan.halved,
        levels=len(plan.levels),
        limit=limit // itemsize,
    )
    for stage in made.stages:
        base = made.levels[stage.base]
        least = [
            min(n, u << (half and stage.first - stage.base))
            for n, u, half in zip(
                base.shape, made.levels[stage.first].unit, made.halved, strict=True
            )
        ]
        smallest = math.prod(least) * itemsize
        assert math.prod(stage.region) * itemsize <= max(limit, smallest)


def test_stages_follow_each_other():
    """A level that no stage writes would be missing, and one that is read too early, empty."""
    plan = make_partition(
        (4, 40000, 40000),
        (1, 512, 512),
        (1, 2048, 2048),
        halved=(False, True, True),
        levels=9,
        limit=2**26 // 2,
    )
    written = [range(stage.first, stage.last + 1) for stage in plan.stages]
    assert list(itertools.chain(*written)) == list(range(9))
    assert [stage.base for stage in plan.stages] == [0, *(s.last for s in plan.stages[:-1])]


def test_files_are_read_whole_where_they_fit():
    """Each of four regions of an LZW file in one strip would decode all of it."""
    arguments = {"halved": (False, True, True), "levels": 1, "limit": 2**26 // 2}
    split = make_partition((99, 4096, 4096), (1, 512, 512), None, **arguments)
    whole = make_partition(
        (99, 4096, 4096), (1, 512, 512), None, read_shapes=[(1, 4096, 4096)], **arguments
    )
    assert whole.stages[0].region[1:] == (4096, 4096)
    assert math.prod(split.stages[0].region) <= 2**25


def test_chunks_across_many_files_stay_within_the_limit():
    """A chunk of all times must not bring all files into memory."""
    plan = make_partition(
        (1000, 2048, 2048),
        (1000, 64, 64),
        None,
        halved=(False, False, False),
        levels=1,
        limit=2**26 // 2,
        read_shapes=[(1, 2048, 2048)],
    )
    region = plan.stages[0].region
    assert region[0] == 1000
    assert 2**25 <= math.prod(region) * 2 <= 2**26


@pytest.mark.parametrize(
    ("shape", "expected"), [((5, 256, 256), 1), ((5, 257, 1), 2), ((2048, 2048), 4), ((9, 0), 1)]
)
def test_levels_end_where_an_image_fits_a_screen(shape, expected):
    """Too few levels are slow to show, more are of no use."""
    halved = (False,) * (len(shape) - 2) + (True, True)
    assert level_count(shape, halved) == expected


SHAPES = st.tuples(*[st.integers(0, 5000)] * 2, st.integers(0, 20000), st.integers(0, 20000))


@given(SHAPES, st.sampled_from([1, 2, 4, 8]))
def test_default_shards_are_whole_chunks_of_bounded_size(shape, itemsize):
    """Zarr would refuse others, and a task would need any amount of memory."""
    dims = ("t", "z", "y", "x")
    chunk = chunk_shape(None, dims, shape, itemsize)
    shard = shard_shape(None, dims, shape, chunk, itemsize)
    assert all(s % c == 0 for s, c in zip(shard, chunk, strict=True))
    assert math.prod(chunk) * itemsize <= 2**23
    assert math.prod(shard) * itemsize <= 2**26


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (64, (1, 64, 64)),
        ((2, 30, 40), (2, 30, 40)),
        ({"t": 9}, (9, 256, 256)),
        ({"y": 10**6}, (1, 256, 256)),
        ("auto", (1, 256, 256)),
    ],
)
def test_chunks_are_said_in_several_forms(chunks, expected):
    """A form that is taken for another one gives chunks of other shapes."""
    assert chunk_shape(chunks, ("t", "y", "x"), (10, 256, 256), 8) == expected


@pytest.mark.parametrize("chunks", [(1, 2), {"q": 3}, "many", 0, {"t": 0}, 2.5, True])
def test_chunks_that_do_not_fit_are_named(chunks):
    """Users need the argument and its value to mend it."""
    with pytest.raises(ValueError, match=r"chunks="):
        chunk_shape(chunks, ("t", "y", "x"), (10, 256, 256), 2)


def test_shards_must_be_whole_chunks():
    """Zarr says so in words that name neither argument."""
    with pytest.raises(ValueError, match=r"shards=\(4, 300, 256\) is \(4, 300, 256\)"):
        shard_shape((4, 300, 256), ("t", "y", "x"), (10, 999, 999), (1, 256, 256), 2)
    assert shard_shape(False, ("y", "x"), (99, 99), (10, 10), 2) is None


# the pyramid


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["u1", "i2", "u4", "f4", "f8", "c8"]))
def test_mean_is_that_of_numpy(height, width, dtype):
    """Sums of four must not overflow, and edges not take in what is not there."""
    rng = np.random.default_rng(height * 10 + width)
    bits = rng.integers(0, 256, (3, height, width, np.dtype(dtype).itemsize), np.uint8)
    array = bits.view(dtype)[..., 0]
    if array.dtype.kind in "fc":
        array = rng.normal(size=array.shape).astype(dtype)
    found = downsampled(array, (False, True, True), "mean")
    wide = array.astype("c16" if array.dtype.kind == "c" else "f8")
    padded = np.pad(wide, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    expected = padded.reshape(3, -(-height // 2), 2, -(-width // 2), 2).mean(axis=(2, 4))
    if array.dtype.kind in "ui":
        expected = np.floor(expected + 0.5)
    assert found.dtype == array.dtype
    np.testing.assert_allclose(found, expected.astype(dtype), rtol=1e-5, atol=1e-6)


def test_largest_integers_do_not_overflow():
    """A sum of two would."""
    top = np.iinfo(np.uint64).max
    array = np.array([[top, top], [top, top - 2]], np.uint64)
    assert downsampled(array, (True, True), "mean").tolist() == [[top - 1]]


def test_labels_stay_labels():
    """A mean of two labels is a third one."""
    array = np.array([[1, 9, 9], [9, 9, 9], [7, 1, 3]], np.uint16)
    assert downsampled(array, (True, True), "nearest").tolist() == [[1, 9], [7, 3]]
    assert downsampled(array > 5, (True, True), "mean").tolist() == [[False, True], [True, False]]

"""A handle on ranges gives what a file gives, and asks for no byte twice without need."""

import gc
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.files import fileobjects
from dask_fileseq.files.fileobjects import RangeFile, merged

CONTENT = bytes(i * 7 % 251 for i in range(5000))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Limits at which small files are large ones."""
    for name, size in {"BLOCK": 64, "GAP": 16, "PART": 300, "BATCH": 700, "KEPT": 400}.items():
        monkeypatch.setattr(fileobjects, name, size)


def opened(head=0, size=5000):
    asked = []

    def fetch(wanted):
        asked.extend(wanted)
        return [CONTENT[a:b] for a, b in wanted]

    return RangeFile(fetch, size, CONTENT[:head]), asked


bounds = st.integers(0, len(CONTENT) + 9)
spans = st.tuples(bounds, st.integers(0, 900)).map(lambda s: (s[0], s[0] + s[1]))
steps = st.one_of(
    st.tuples(st.just("seek"), bounds),
    st.tuples(st.just("read"), st.integers(-1, 1500)),
    st.tuples(st.just("readinto"), st.integers(0, 1500)),
    st.tuples(st.just("announce"), st.lists(spans, max_size=6)),
)


@given(st.integers(0, 100), st.lists(steps, max_size=25))
def test_any_reads_are_those_of_a_file(head, steps):
    """A byte from elsewhere is a wrong pixel."""
    handle, _ = opened(head)
    file = io.BytesIO(CONTENT)
    for what, value in steps:
        if what == "announce":
            handle.announce(value)
        elif what == "readinto":
            ours, theirs = bytearray(value), bytearray(value)
            assert handle.readinto(ours) == file.readinto(theirs)
            assert ours == theirs
        else:
            assert getattr(handle, what)(value) == getattr(file, what)(value)
        assert handle.tell() == file.tell()


@given(st.lists(spans, min_size=1, max_size=12))
def test_announced_ranges_are_asked_for_once(wanted):
    """Whatever is read of them, in order, and however they lie to each other."""
    handle, asked = opened(head=64)
    handle.announce(wanted)
    for start, stop in merged(wanted, 0):
        handle.seek(start)
        assert handle.read(stop - start) == CONTENT[start:stop]
    total = sum(b - a for a, b in asked)
    assert total <= sum(b - a for a, b in merged([(a, min(b, 5000)) for a, b in wanted], 16))
    assert all(b - a <= 300 for a, b in asked)


def test_memory_is_bounded():
    """All of a file that is read in pieces must not stay there."""
    in_memory = 0

    class Content(bytes):
        def __init__(self, _):
            nonlocal in_memory
            in_memory += len(self)

        def __del__(self):
            nonlocal in_memory
            in_memory -= len(self)

    def fetch(wanted):
        return [Content(CONTENT[a:b]) for a, b in wanted]

    handle = RangeFile(fetch, len(CONTENT))
    handle.announce([(0, 5000)])
    while handle.read(90):
        assert 0 < in_memory <= 700
    handle.close()
    del handle
    gc.collect()
    assert not in_memory
    handle = RangeFile(fetch, len(CONTENT))
    while handle.read(90):
        assert 0 < in_memory <= 2500


def test_the_end_comes_with_what_is_before_it():
    """A directory at the end, and the values in front of it, are one request."""
    handle, asked = opened(head=64)
    handle.seek(-10, io.SEEK_END)
    assert handle.read() == CONTENT[-10:]
    handle.seek(-60, io.SEEK_END)
    assert handle.read(20) == CONTENT[-60:-40]
    assert asked == [(4936, 5000)]


def test_blocks_grow_where_headers_lie_all_over_a_file():
    """A directory for each of many pages must not be a request for each."""
    handle, asked = opened()
    for start in range(0, 5000, 80):
        handle.seek(start)
        handle.read(8)
    assert len(asked) < 15


def test_blocks_do_not_grow_where_headers_are_far_apart():
    """Of a TAR file of large members, a good part would be fetched for its headers."""
    asked = []

    def fetch(wanted):
        asked.extend(wanted)
        return [bytes(b - a) for a, b in wanted]

    handle = RangeFile(fetch, 10**6)
    for start in range(0, 10**6, 10_000):
        handle.seek(start)
        handle.read(8)
    assert sum(b - a for a, b in asked) == 64 * len(asked) == 64 * 100


@given(st.lists(spans, max_size=40), st.integers(0, 100))
def test_what_comes_in_vain_is_bounded(wanted, gap):
    """No more than a gap for each request that is saved."""
    needed, ranges = merged(wanted, 0), merged(wanted, gap)
    in_vain = sum(b - a for a, b in ranges) - sum(b - a for a, b in needed)
    assert in_vain <= gap * (len(needed) - len(ranges))


def test_bytes_that_do_not_come_are_an_error():
    """A file that shrank, or a server that cuts short, is no image with zeros."""
    handle, _ = opened(size=6000)
    handle.seek(4990)
    with pytest.raises(EOFError, match="bytes came"):
        handle.read(100)


def test_positions():
    """As of any file."""
    handle, _ = opened()
    with pytest.raises(ValueError, match="position"):
        handle.seek(-1)
    assert handle.seek(9000) == 9000
    assert handle.read() == b""
    assert handle.seek(-5000, io.SEEK_END) == 0
    assert handle.readable()
    assert handle.seekable()
    assert handle.readall() == CONTENT

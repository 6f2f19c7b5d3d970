from unittest import mock

import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.grid import natural_sort, natural_sorted


@pytest.fixture(autouse=True, scope="module", params=[0, natural_sort.FEW])
def few(request):
    """Sort the few names of a test as many are sorted, and as few are."""
    with mock.patch.object(natural_sort, "FEW", request.param):
        yield


@given(
    st.lists(st.text("a0129.-_\0\n\u00e9\u0661\u00b2\U0001d7d8", max_size=6), max_size=12),
    st.sampled_from([1, 2, 256]),
)
def test_natural_order_is_that_of_tifffile(names, batch):
    """Names come in another order than tifffile's, or batches are mixed up."""
    with mock.patch.object(natural_sort, "BATCH", batch):
        assert tifffile.natural_sorted(names) == natural_sorted(iter(names))


@pytest.mark.slow
@given(st.lists(st.from_regex(r"[ab.-]{1,2}[0-9]{1,3}[é~]?", fullmatch=True), max_size=12))
def test_natural_order_of_names_with_numbers(names):
    """Padding changes the order of numbers, of marks before digits, or of equals like 1 and 01."""
    assert tifffile.natural_sorted(names) == natural_sorted(names)


@given(
    st.lists(st.tuples(st.sampled_from(["t", "0t"]), *[st.integers(0, 10**19)] * 2), max_size=12),
    st.sampled_from(["{}{:03d}_{}", "{}{}_{:020d}", "{}{}\u0661{}", "{}{}\n{}"]),
    st.sampled_from([1, 2, 256]),
)
def test_natural_order_of_names_that_differ_in_numbers_alone(fields, form, batch):
    """Equal numbers of other lengths change places, or long numbers overflow."""
    names = [form.format(*field) for field in fields]
    names += [name.replace("00", "0") for name in names]
    with mock.patch.object(natural_sort, "BATCH", batch):
        assert tifffile.natural_sorted(names) == natural_sorted(names)


def test_natural_order_needs_text():
    """Sorting anything but text is not the same error as in tifffile."""
    with pytest.raises(TypeError):
        natural_sorted([1, 2])


@given(
    st.lists(
        st.from_regex(r"[a_.-]{0,2}[0-9]{0,2}[a_.-]{0,2}[0-9]{0,2}[a.]?", fullmatch=True),
        max_size=5,
    ),
    st.sampled_from([1, 10_000]),
)
def test_natural_order_is_the_plain_one_only_where_it_is(names, many):
    """Names with numbers of various lengths, or that differ in marks, are sorted as plain text."""
    with mock.patch.object(natural_sort, "MAX_MASKS", many):
        assert tifffile.natural_sorted(names) == natural_sorted(names)


def test_natural_order_of_very_long_numbers():
    """One name with a long number makes the keys of all others as long."""
    names = ["a9" + "0" * 50, "a2" + "1" * 50, "a3"]
    with mock.patch.object(natural_sort, "padded_keys", side_effect=AssertionError):
        assert natural_sorted(names) == ["a3", names[1], names[0]]

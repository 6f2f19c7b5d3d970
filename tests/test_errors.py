"""Errors that a program can catch by what they are."""

import pickle
import zlib

import pytest

from dask_fileseq import errors
from dask_fileseq.errors import FileSequenceError, ReadError, public_error, shown


@pytest.mark.parametrize(
    "cause",
    [
        FileNotFoundError("x"),
        PermissionError(13, "no"),
        ValueError("x"),
        TypeError("x"),
        KeyError("x"),
        NotImplementedError("x"),
    ],
)
def test_read_errors_are_of_their_causes_type(cause):
    """Code that caught the reader's error must go on catching it, from a worker too."""
    error = ReadError.of(cause, "cannot read 'a'")
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(one, ReadError)
        assert isinstance(one, OSError)
        assert isinstance(one, type(cause))
        assert str(one) == "cannot read 'a'"


@pytest.mark.parametrize("cause", [zlib.error("x"), StopIteration(), RecursionError("x")])
def test_other_causes_are_read_errors_too(cause):
    """Whatever a codec raises must not escape without a name."""
    error = ReadError.of(cause, "cannot read 'a'")
    assert str(pickle.loads(pickle.dumps(error))) == "cannot read 'a'"


def test_a_unicode_error_is_a_value_error():
    """Builtins of their own layout fall back to what they are a kind of."""
    cause = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")
    assert isinstance(ReadError.of(cause, "x"), ValueError)


def test_every_error_has_one_base_and_a_builtin():
    """`except FileSequenceError` must be enough."""
    for name in errors.__all__:
        error = getattr(errors, name)
        if isinstance(error, type) and name.endswith("Error") and error is not FileSequenceError:
            assert issubclass(error, FileSequenceError)
            assert issubclass(error, ValueError | OSError)


def test_shown_names_a_few():
    """A million names in one message are no help."""
    assert shown(["a", "b"], 2) == "'a', 'b'"
    assert shown(iter("abcdef"), 6, 2) == "'a', 'b' and 4 more"


def test_circles_of_causes_end():
    """Libraries raise an error from its own consequence; to look for secrets must end."""
    first, second = OSError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    assert public_error(first) is first
    second.args = ("http://me:pass@host/t1.tif",)
    assert str(public_error(first)) == "OSError: first"

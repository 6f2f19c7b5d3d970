"""Descriptors with random damage are warnings, or errors in one sentence, and never tracebacks."""

import random
import re
import warnings
from pathlib import Path

import pytest

from dask_fileseq import FileSequenceError, open_sequence
from tests.helpers.instruments import MAKERS

PIECES = [
    b"9" * 30,
    b"-1",
    b"nan",
    b"null",
    b"[]",
    b"{}",
    b"1e400",
    b'"',
    b"<a>",
    b"\0",
    b"\xff\xfe",
]
NUMBERS = [b"0", b"-5", b"99999999999", b"1.5", b"", b"x", b"NaN", b"1000000"]


def damaged(data, rng):
    """Return bytes with one to three random changes."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        found = list(re.finditer(rb"\d+", data))
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.randint(1, 60)]
        elif kind == 2:
            data[at:at] = rng.choice(PIECES)
        elif kind == 3 and found:
            number = rng.choice(found)
            data[number.start() : number.end()] = rng.choice(NUMBERS)
        elif kind == 4 and rng.random() < 0.2:
            del data[at:]
        data = data or bytearray(b"x")
    return bytes(data)


@pytest.mark.parametrize("maker", MAKERS)
def test_random_damage(tmp_path, maker):
    """A damaged index would end in a traceback from inside, or never end."""
    rng = random.Random(maker)
    kind = MAKERS[maker](tmp_path)
    path = Path(kind.descriptor)
    whole = path.read_bytes()
    messages: list[str] = []
    for _ in range(25):
        path.write_bytes(damaged(whole, rng))
        for table in ("auto", kind.descriptor):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                try:
                    seq = open_sequence(
                        kind.files, table=table, unmatched="skip", duplicates="first"
                    )
                except FileSequenceError as error:
                    messages.append(str(error))
                    continue
                assert seq.explain()
                assert len(seq) <= len(open_sequence(kind.files, pattern=None))
    assert not [message for message in messages if "\n" in message]

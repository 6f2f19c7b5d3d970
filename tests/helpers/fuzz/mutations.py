"""Sixteen ways to damage a file, each a function of a random generator and the content."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Random = np.random.Generator
Mutation = Callable[[Random, bytearray], None]

NUMBERS = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 32767, 32768, 65535)
LARGE = (65_500, 65_536, 10**6, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
HUGE = (2**33, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def mutant(rng: Random, content: bytes) -> tuple[str, bytes]:
    """Return the names of the mutations that were drawn, mostly one, and the damaged content."""
    changed = bytearray(content)
    names = rng.choice(list(MUTATIONS), size=int(rng.choice([1, 1, 1, 2, 4])))
    for name in names:
        if changed:
            MUTATIONS[name](rng, changed)
    return " ".join(names), bytes(changed)


def _place(rng: Random, content: bytearray, length: int = 1) -> int:
    """Return a position with so many bytes behind it, as far as there are that many.

    Half of all are near the start or the end, where headers and directories are.
    """
    last = max(0, len(content) - length)
    near = int(2 ** rng.uniform(0, np.log2(last + 1)) - 1)
    return (near, near, last - near, *rng.integers(last + 1, size=3))[rng.integers(6)]


def _block(rng: Random, content: bytearray) -> slice:
    length = int(2 ** rng.uniform(0, 10))
    at = _place(rng, content, length)
    return slice(at, min(len(content), at + length))


def _bit(rng: Random, content: bytearray) -> None:
    content[_place(rng, content)] ^= 1 << int(rng.integers(8))


def _byte(rng: Random, content: bytearray) -> None:
    content[_place(rng, content)] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)]))


def _bytes(rng: Random, content: bytearray) -> None:
    for _ in range(int(rng.integers(2, 17))):
        _byte(rng, content)


def _step(rng: Random, content: bytearray) -> None:
    at = _place(rng, content)
    content[at] = (content[at] + int(rng.choice([-1, 1]))) % 256


def _cut(rng: Random, content: bytearray) -> None:
    del content[_place(rng, content) :]


def _delete(rng: Random, content: bytearray) -> None:
    del content[_block(rng, content)]


def _insert(rng: Random, content: bytearray) -> None:
    at = _place(rng, content)
    content[at:at] = rng.bytes(int(2 ** rng.uniform(0, 7)))


def _repeat(rng: Random, content: bytearray) -> None:
    at = _place(rng, content)
    content[at:at] = content[_block(rng, content)]


def _overwrite(rng: Random, content: bytearray) -> None:
    source = bytes(content[_block(rng, content)])
    at = _place(rng, content, len(source))
    content[at : at + len(source)] = source


def _exchange(rng: Random, content: bytearray) -> None:
    """Exchange two words that are near each other, such as two offsets or byte counts."""
    width = int(rng.choice([2, 4, 8]))
    a = _place(rng, content, 8 * width)
    b = min(a + width * int(rng.integers(1, 8)), max(a, len(content) - width))
    content[a : a + width], content[b : b + width] = content[b : b + width], content[a : a + width]


def _zeros(rng: Random, content: bytearray) -> None:
    block = _block(rng, content)
    content[block] = bytes(block.stop - block.start)


def _ones(rng: Random, content: bytearray) -> None:
    block = _block(rng, content)
    content[block] = b"\xff" * (block.stop - block.start)


def _noise(rng: Random, content: bytearray) -> None:
    block = _block(rng, content)
    content[block] = rng.bytes(block.stop - block.start)


def _number(width: int, numbers: tuple[int, ...]) -> Mutation:
    def mutation(rng: Random, content: bytearray) -> None:
        number = numbers[int(rng.integers(len(numbers)))]
        raw = number.to_bytes(width, "little" if rng.random() < 0.5 else "big")
        at = _place(rng, content, width)
        content[at : at + width] = raw

    return mutation


MUTATIONS: dict[str, Mutation] = {
    "bit": _bit,
    "byte": _byte,
    "bytes": _bytes,
    "step": _step,
    "cut": _cut,
    "delete": _delete,
    "insert": _insert,
    "repeat": _repeat,
    "overwrite": _overwrite,
    "exchange": _exchange,
    "zeros": _zeros,
    "ones": _ones,
    "noise": _noise,
    "number16": _number(2, NUMBERS),
    "number32": _number(4, NUMBERS + LARGE),
    "number64": _number(8, NUMBERS + LARGE + HUGE),
}

"""A process that judges mutants, one a line of its input; run as ``python -m``.

For each, it prints a line when it begins, one when the package has read it, and one when the
oracle has. A process that ends or stays silent before the second one did so in the package.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

from dask_fileseq import FileSequence, FileSequenceError, open_sequence
from tests.helpers.fuzz.mutations import mutant
from tests.helpers.fuzz.oracles import ORACLES
from tests.helpers.fuzz.seeds import KINDS, OTHERS, oracle_of, seed_path

ROOM = 3 * 2**30
"""Bytes of memory that a worker may take beyond those that it has when it starts."""

LONG_AGO = 1_000_000_000


def limit_memory() -> None:
    """Limit the address space, where the platform can."""
    with contextlib.suppress(ImportError, OSError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def write_mutant(seeds: Path, folder: Path, seed: int, number: int) -> tuple[str, Path, str]:
    """Write the mutant of a number; return its kind, its path, and what was done to it."""
    rng = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    original = seed_path(seeds, kind)
    done, content = mutant(rng, original.read_bytes())
    repair = OTHERS[kind].repair if kind in OTHERS else None
    if repair is not None and rng.random() < 0.6:
        content = repair(content)
    path = folder / f"m{number}{original.name[original.name.index('.') :]}"
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))  # so that no check waits whether it grows
    return kind, path, done


def attempt(verdict: dict, function: Callable[[], object]) -> object:
    """Return what a function returns, or its error; note an error that is not of the package."""
    try:
        return function()
    except FileSequenceError as error:
        return error
    except MemoryError as error:  # for the result, which is as large as the file claims
        return error
    except Exception as error:
        place = error.__traceback__
        while place.tb_next is not None:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
        verdict.setdefault("escapes", f"{type(error).__name__}: {error} ({where})"[:300])
        return error


def has_codec(seq: FileSequence) -> bool:
    """Return whether references to such files can be written at all."""
    return seq.reader.codec(seq[0], {}) is not None


FACES: tuple[Callable[[FileSequence], object], ...] = (
    lambda seq: seq.check(pixels=True),
    lambda seq: repr(seq.to_xarray()),
    lambda seq: repr(seq.table()),
    lambda seq: seq.to_dask_array(chunks="auto")[..., ::2].compute(scheduler="sync"),
    lambda seq: has_codec(seq) and seq.write_fsspec(f"{seq[0]}.json", scheduler="sync"),
)
"""Other ways to a file, of which each mutant takes one."""


def read(verdict: dict, original: Path, path: Path, kind: str, face: int) -> object:
    """Read a mutant in several ways; return the whole array, or the error."""
    if oracle_of(kind) in ("zipfile", "tarfile"):
        whole = attempt(verdict, lambda: open_sequence(path).asarray(ioworkers=1))
        attempt(verdict, lambda: open_sequence(path).check())
        return whole
    alone = open_sequence([str(path)])
    whole = attempt(verdict, lambda: alone.asarray(ioworkers=1)[0])
    if isinstance(whole, np.ndarray):
        index = (0, *[slice(n // 3, n // 3 + 2) for n in whole.shape])
        region = attempt(verdict, lambda: alone.array()[index])
        if not same(region, whole[index[1:]]):
            verdict["differs"] = f"a region is {region!r}"[:300]
    found = attempt(verdict, alone.check)
    if isinstance(found, MemoryError):
        verdict["escapes"] = "MemoryError in check"
    both = FileSequence(alone.reader, [str(original), str(path)])
    second = attempt(verdict, lambda: both.asarray(ioworkers=1)[1])
    if isinstance(second, MemoryError) and not isinstance(second, FileSequenceError):
        verdict["escapes"] = "MemoryError behind a sound file"
    if isinstance(second, np.ndarray) and not same(second, whole):
        verdict["differs"] = f"behind a sound file, it is read as other than {whole!r}"[:300]
    filled = attempt(verdict, lambda: both.asarray(ioworkers=1, errors="fill"))
    if not isinstance(filled, np.ndarray):
        verdict["escapes"] = f"with errors='fill', {filled!r}"[:300]
    attempt(verdict, lambda: FACES[face % len(FACES)](alone))
    return whole


def same(a: object, b: object) -> bool:
    """Return whether two results are arrays of the same pixels."""
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return False
    return a.shape == b.shape and a.dtype == b.dtype.newbyteorder("=") and equal(a, b)


def equal(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether pixels are equal, not-a-numbers too."""
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def compare(whole: object, kind: str, path: Path) -> dict[str, str]:
    """Return the verdict on what was read: a pair of one of the columns and the reason."""
    ours = f"ours: {whole!r}"[:200]
    if isinstance(whole, np.ndarray):
        ours = f"ours: {whole.shape} {whole.dtype}"
    try:
        reason = ""
        for expected in ORACLES[oracle_of(kind)](path):
            if not isinstance(whole, np.ndarray):
                return {"ours refuses": ours}
            fits = expected.size == whole.size
            if same(whole, expected.reshape(whole.shape) if fits else expected):
                return {"equal": ""}
            reason = reason or f"{ours}, oracle: {expected.shape} {expected.dtype}"
        if reason and not (oracle_of(kind) == "tifffile" and is_sparse(path)):
            return {"differs": reason}
        return {"no oracle": ""}
    except Exception as error:
        theirs = f"oracle: {type(error).__name__}: {error}"[:200]
        if isinstance(whole, np.ndarray):
            return {"differs": reason} if reason else {"oracle refuses": theirs}
        return {"both refuse": f"{ours}, {theirs}"}


def is_sparse(path: Path) -> bool:
    """Return whether strips or tiles have offset 0 or byte count 0: they were never written.

    Of these, the package gives nodata, and tifffile in some ways of reading other bytes.
    """
    with tifffile.TiffFile(path, _multifile=False) as tif:
        return not all(all((*page.dataoffsets, *page.databytecounts)) for page in tif.pages)


def is_repeatable(path: Path) -> bool:
    """Return whether tifffile reads the same each time.

    imagecodecs' LZW decoder takes bytes of memory that it never wrote for some damaged streams.
    """
    found = set()
    for number in range(8):
        try:
            found.add(tifffile.imread(path, _multifile=False, maxworkers=1).tobytes())
        except Exception as error:
            found.add(str(error).encode())
        np.full(2**14, number, "u1")  # other bytes in the memory that is free
    return len(found) == 1


def judge(seeds: Path, folder: Path, seed: int, number: int) -> None:
    """Judge one mutant, and print the verdict in two steps."""
    kind, path, done = write_mutant(seeds, folder, seed, number)
    verdict: dict[str, str] = {}
    tell({"kind": kind, "done": done, "verdict": verdict, "step": "begin"})
    whole = read(verdict, seed_path(seeds, kind), path, kind, number // len(KINDS))
    if isinstance(whole, MemoryError):
        verdict["memory"] = f"{whole}"[:200]
    tell({"kind": kind, "done": done, "verdict": verdict, "step": "ours"})
    theirs = {} if verdict.keys() & {"differs", "escapes"} else compare(whole, kind, path)
    if "differs" in verdict | theirs and oracle_of(kind) == "tifffile" and not is_repeatable(path):
        verdict, theirs = {}, {"no oracle": "its codec gives other pixels each time"}
    for written in folder.glob(f"{path.name}*"):
        written.unlink()
    tell({"kind": kind, "done": done, "verdict": verdict or theirs, "step": "oracle"})


def tell(message: dict) -> None:
    print(json.dumps(message), file=answers, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable()
    answers = os.fdopen(os.dup(1), "w")  # codecs of C print to 1, too
    os.dup2(2, 1)
    limit_memory()
    for line in sys.stdin:
        judge(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(line))

"""Processes that judge mutants, each of which may crash or hang."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from json import loads
from pathlib import Path

from tests.helpers.fuzz.seeds import KINDS, write_seeds

ROOT = Path(__file__).parents[3]

COLUMNS = (
    *("equal", "both refuse", "ours refuses", "oracle refuses", "no oracle"),
    *("differs", "hang", "crash", "memory", "escapes"),
)
"""All verdicts, of which the last ones are faults, but for memory."""

FAULTS = ("differs", "hang", "crash", "escapes")
"""The verdicts that must not occur."""

START = 120.0
"""Seconds more for the first mutant of a process, which imports the package."""


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant."""

    number: int
    kind: str
    done: str
    """The mutations."""
    column: str
    """One of `COLUMNS`."""
    detail: str


class Worker:
    """A process that judges mutants, which is started again when it ends."""

    def __init__(self, command: list[str], limit: float, start: float = START) -> None:
        self.command = command
        self.limit = limit
        self.start_limit = start
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str] = queue.Queue()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.lines = queue.Queue()
        listen = threading.Thread(target=self._listen, args=(self.process, self.lines), daemon=True)
        listen.start()
        self.listener = listen

    @staticmethod
    def _listen(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        with process.stdout as output:
            for line in output:
                lines.put(line)
        lines.put("")  # the process has ended

    def stop(self) -> int | None:
        """End the process, and return its exit code."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.kill()
        code = process.wait()
        self.listener.join()
        with contextlib.suppress(OSError):  # what it has not read is lost
            process.stdin.close()
        return code

    def judge(self, number: int) -> Verdict:
        """Return the verdict on the mutant of a number."""
        limit = self.limit
        if self.process is None:
            self.start()
            limit += self.start_limit
        said: dict = {"kind": KINDS[number % len(KINDS)], "done": "", "step": ""}
        try:
            with contextlib.suppress(OSError):  # it has ended, as its output shows
                self.process.stdin.write(f"{number}\n")
                self.process.stdin.flush()
            while said["step"] != "oracle":
                line = self.lines.get(timeout=limit)
                if not line:
                    return self._lost(number, said, "crash")
                said = loads(line)
                limit = self.limit
        except queue.Empty:
            return self._lost(number, said, "hang")
        column, detail = next(iter(said["verdict"].items()))
        return Verdict(number, said["kind"], said["done"], column, detail)

    def _lost(self, number: int, said: dict, column: str) -> Verdict:
        """Return the verdict on a mutant at which the process ended or went silent."""
        if column == "crash":
            self.process.wait()
        code = self.stop()
        detail = f"exit code {code}" if column == "crash" else f"nothing for {self.limit} s"
        if said["step"] == "ours":  # it was the oracle
            column, detail = next(iter(said["verdict"].items()), ("no oracle", detail))
        return Verdict(number, said["kind"], said["done"], column, detail)


def verdicts(numbers: range, seed: int, workers: int = 2, limit: float = 20) -> Iterator[Verdict]:
    """Judge the mutants of some numbers, and yield the verdicts as they come.

    Parameters
    ----------
    numbers : range
        The mutants: with a seed, each number is always the same one.
    seed : int
        Begins the random choices.
    workers : int
        Number of processes.
    limit : float
        Seconds for each mutant.
    """
    with tempfile.TemporaryDirectory() as name:
        seeds, folder = Path(name, "seeds"), Path(name, "mutants")
        seeds.mkdir()
        folder.mkdir()
        write_seeds(seeds)
        idle: queue.Queue[Worker] = queue.Queue()
        module = [sys.executable, "-m", "tests.helpers.fuzz.worker"]
        command = [*module, str(seeds), str(folder), str(seed)]
        all_workers = [Worker(command, limit) for _ in range(workers)]
        for worker in all_workers:
            idle.put(worker)

        def judge(number: int) -> Verdict:
            worker = idle.get()
            try:
                return worker.judge(number)
            finally:
                idle.put(worker)

        pool = ThreadPoolExecutor(workers)
        try:
            yield from pool.map(judge, numbers)
        finally:
            pool.shutdown(cancel_futures=True)
            for worker in all_workers:
                worker.stop()

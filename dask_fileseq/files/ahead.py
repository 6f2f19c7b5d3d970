"""The first bytes of files that are far away, requested before their turn.

The problem: a thread that opens a file waits for the server, and many threads cost more than
they wait. The idea: the thread of the file system requests the starts of all files that will be
opened, in their order and many at a time; and the threads that read find them in memory. Starts
that nobody took yet are bounded, in their number and their bytes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from typing import Any

from dask_fileseq.files.answers import REQUESTS, slots
from dask_fileseq.files.fetching import Get, Part, is_transient
from dask_fileseq.files.fileobjects import BATCH


class Starts:
    """Requests for the first `number` bytes of files, by names, which are paths in `fs`."""

    def __init__(
        self, fs: Any, get: Get, names: Sequence[str], paths: Sequence[str], number: int
    ) -> None:
        futures: list[Future[Part]] = [Future() for _ in names]
        self._futures = dict(zip(names, futures, strict=True))
        self._loop = fs.loop
        self._held = 0
        most = max(REQUESTS // 4, min(2 * REQUESTS, BATCH // number))
        self._free = asyncio.Semaphore(most)
        self._sizes: deque[int] = deque()
        self._at_once = most // 8
        self._number = number
        self._taken = asyncio.Event()

        async def request(path: str, future: Future[Part]) -> None:
            try:
                async with slots():
                    part = await get(fs, path, 0, number)
                self._held += len(part.content)
                settle = partial(future.set_result, part)
            except Exception as error:  # the one who opens the file asks again, or raises it
                settle = partial(future.set_exception, error)
            with suppress(InvalidStateError):  # nobody waits for it any more
                settle()

        async def request_all() -> None:
            async with asyncio.TaskGroup() as group:
                for path, future in zip(paths, futures, strict=True):
                    await self._free.acquire()
                    while self._held > BATCH:  # of a server that sends whole files
                        self._taken.clear()
                        await self._taken.wait()
                    group.create_task(request(path, future))

        self._requests = asyncio.run_coroutine_threadsafe(request_all(), self._loop)
        self._requests.add_done_callback(lambda _: [future.cancel() for future in futures])

    def take(self, name: str) -> Part | None:
        """Return the start of a file; None if it has to be requested, maybe again.

        Raises the error of a request that would fail again.
        """
        future = self._futures.pop(name, None)
        if future is None:
            return None
        size = 0
        try:
            part = future.result()
            size = len(part.content)
        except Exception as error:
            if is_transient(error) or future.cancelled():
                return None
            raise
        finally:
            self._sizes.append(size)
            # to wake a thread each time costs as much as to read a small file
            if len(self._sizes) >= self._at_once or size > self._number:
                self._loop.call_soon_threadsafe(self._release)
        return part

    def _release(self) -> None:
        """Let as many requests begin as starts were taken."""
        while self._sizes:
            self._held -= self._sizes.popleft()
            self._free.release()
        self._taken.set()

    def close(self) -> None:
        """End the requests that nobody waits for."""
        self._requests.cancel()

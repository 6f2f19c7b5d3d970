"""What the tasks of a local scheduler were and gave."""

from __future__ import annotations

from typing import Any

from dask.callbacks import Callback


class Seen(Callback):
    """Keeps keys and results of tasks."""

    def __init__(self) -> None:
        super().__init__(posttask=self.keep)
        self.results: dict[Any, Any] = {}

    def keep(self, key: Any, value: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        """Keep what a task gave."""
        self.results[key] = value

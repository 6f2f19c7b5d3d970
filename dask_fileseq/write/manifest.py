"""The manifest of a folder: which files were written there, from what.

It is a hidden file of lines of JSON, ``[name, token, size, mtime_ns]``. A line without size is
that of a file that is about to be written: if there is such a file, it may be whole, but its
line is missing because the process was killed. The last line of a name counts. A file
that is as its line says was written from what the token identifies, and is not written again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any, NamedTuple

from dask_fileseq.files import new_file, write_error

MANIFEST = ".fileseq-manifest.jsonl"


class Entry(NamedTuple):
    """A file in a manifest."""

    token: str
    """Identifies what is in the file."""
    size: int | None
    """In bytes; None if the file was about to be written."""
    time: int | None
    """When it was modified, in nanoseconds."""


class Manifest:
    """The manifest of a folder."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, MANIFEST)
        self.entries = _entries(self.path)
        self.file: IO[str] | None = None
        self._begun: set[str] = set()

    def begin(self, planned: Iterable[tuple[str, str]]) -> None:
        """Write that some files, pairs of a name and a token, are about to be written."""
        planned = list(planned)
        self._begun = {name for name, _ in planned}
        lines = "".join(_line(name, token, None, None) for name, token in planned)
        try:
            self.file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise write_error(error, self.path, f"{len(lines):,} bytes") from error
        # a line that was cut short ends here
        self._append("\n" + lines)

    def add(self, name: str, token: str, size: int, time: int) -> None:
        """Write that a file is finished."""
        self.entries[name] = Entry(token, size, time)
        self._append(_line(name, token, size, time))

    def _append(self, text: str) -> None:
        assert self.file is not None
        try:
            self.file.write(text)
            self.file.flush()
        except OSError as error:
            raise write_error(error, self.path, f"{len(text):,} bytes more") from error

    def close(self, *, finished: bool) -> None:
        """Close the file; if all is `finished`, write it anew with one line for each file.

        Other calls may write into the same folder at the same time, and their lines stay.
        """
        if self.file is not None:
            with suppress(OSError):  # an error before this one was about the same bytes
                self.file.close()
        if finished:
            own = {name: self.entries[name] for name in self._begun & self.entries.keys()}
            entries = _entries(self.path) | own
            lines = (
                _line(name, *entry)
                for name, entry in entries.items()
                if entry.size is not None or name not in self._begun
            )
            # it is as true before, and Windows replaces no file that another process has open
            with suppress(OSError), new_file(self.path, encoding="utf-8") as file:
                file.writelines(lines)


def _entries(path: str) -> dict[str, Entry]:
    """Return the entries of files in a manifest; none if there is no manifest."""
    entries: dict[str, Entry] = {}
    with suppress(FileNotFoundError, NotADirectoryError), open(path, encoding="utf-8") as file:
        for line in file:
            with suppress(ValueError, TypeError):  # a line that was cut short
                name, *entry = json.loads(line)
                entries[name] = Entry(*entry)
    return entries


def _line(*values: Any) -> str:
    return json.dumps(values) + "\n"

"""The journal of a conversion, in its target: what is converted, by which run, and what is done.

Three kinds of objects, each written whole, record the state below ``fileseq/``:

- ``plan.json`` holds the identity of the conversion and the name of the run that may
  write. It exists exactly as long as the conversion is not complete. A run takes over by
  writing it anew; the run before finds a name that is not its own, and ends.
- ``done/`` holds one marker for each region, written when the data of the region is safe,
  with checksums of its objects. A region without a whole marker of this conversion, or with
  objects that are not as they were written, is written again.
- ``zarr.json``, written last, is the manifest. It counts once ``plan.json`` is gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from dask_fileseq.convert.objectsums import damaged
from dask_fileseq.convert.targetstore import TargetStore, clear_write_errors
from dask_fileseq.errors import ChangedError, TargetExistsError

FOLDER = "fileseq"
PLAN = f"{FOLDER}/plan.json"
DONE = f"{FOLDER}/done"
MANIFEST = f"{FOLDER}/zarr.json"
FILES = f"{FOLDER}/files"
"""The list of files that are converted; it remains when the conversion is complete."""

OBJECTS = f"{FOLDER}/objects"
"""The list of objects that were written, with their checksums; it remains, too."""

CLEARED = "cleared"
"""Key of the plan while an old target is deleted."""

ZARR = {"zarr.json", ".zgroup", ".zarray"}
"""Names of the objects that mark a folder as Zarr."""

INTERVAL = 1.0
"""Seconds between two requests for the plan to a server."""

Identity = Mapping[str, Any]
Record = dict[str, Any]


class Journal:
    """The journal in a target, as one run of a conversion reads and writes it."""

    def __init__(self, target: TargetStore) -> None:
        self.target = target
        self.run: str | None = None
        """Name of this run; None if the target is complete, and no run may write."""
        self.checked: Any = None
        """State of the plan, or time, when it was last found to be that of this run."""

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest of a complete target; None if it is not complete."""
        if self.target.exists(PLAN):
            return None
        (group,) = self.target.get_json(MANIFEST)
        return ((group or {}).get("attributes") or {}).get("manifest")

    def begin(
        self, identity: Identity, *, resume: bool, overwrite: bool, changes: Callable[[], str]
    ) -> Identity | None:
        """Claim a new target, or check what exists there; `changes` names files that changed.

        Returns the identity with which the conversion to continue began; None for a new
        one. Raises a `TargetExistsError` if something else exists there, or the same and it
        is not to be resumed, and a `ChangedError` if another conversion exists there.
        """
        target, names = self.target, self.target.listing()
        manifest = self.manifest()
        found = manifest["identity"] if manifest else target.get_json(PLAN)[0]
        left = names
        if found is None and names == [FOLDER]:  # a run may have been killed as it began
            inside = {*target.listing(FOLDER)} - {"plan.json"}
            left = [name for name in inside if not name.endswith(".partial")]
        if not left:
            self.claim(identity)
            return None
        if overwrite:
            if found is None and not ZARR & set(names) and not target.exists(PLAN):
                raise TargetExistsError(f"{target} exists and is no Zarr: it is not overwritten")
            self.claim({CLEARED: True})  # what a killed process leaves is not taken for data
            target.delete([*ZARR, MANIFEST])  # first, or deleted chunks would read as zeros
            target.clear(keep=[FOLDER])
            target.clear(FOLDER, keep=["plan.json"])
            self.claim(identity)
            return None
        if found is None:
            problem = "exists, and no conversion began there; overwrite=True replaces Zarr"
        elif CLEARED in found:
            problem = "was being deleted to start over; overwrite=True does so again"
        elif not resume:
            problem = "exists; resume=True goes on with it, overwrite=True starts over"
        else:
            self._require_same(identity, found, changes)
            return {key: value for key, value in found.items() if key != "run"}
        raise TargetExistsError(f"{target} {problem}")

    def _require_same(
        self, identity: Identity, found: Identity, changes: Callable[[], str]
    ) -> None:
        """Raise a `ChangedError` that names the differences, if there are any."""
        now, then = identity["target"], found.get("target") or {}
        details = [
            f"{key} is {value!r}, not {then.get(key)!r}"
            for key, value in now.items()
            if value != then.get(key)
        ]
        if details:
            raise ChangedError(
                f"arguments are others than those of the conversion that is at {self.target}:"
                f" {'; '.join(details[:3])}; overwrite=True starts over"
            )
        if identity["source"] != found.get("source"):
            raise ChangedError(
                f"the files are others than when the conversion to {self.target} began:"
                f" {changes()}; overwrite=True starts over"
            )

    def claim(self, identity: Identity) -> None:
        """Write the plan, with a new run that may write; any other run ends."""
        self.run = uuid4().hex
        with clear_write_errors(self.target):
            self.target.put_json(PLAN, {**identity, "run": self.run})
            self.target.sync_to_disk([PLAN])

    def require(self) -> None:
        """Raise a `ChangedError` if another run has taken over; one may do so right after this."""
        with clear_write_errors(self.target):
            plan = self.target.get_json(PLAN)[0] or {}
        if plan.get("run") != self.run:
            raise ChangedError(
                f"another conversion to {self.target} began, and took the place of this one"
            )

    def watch(self) -> None:
        """Do what `require` does, at less cost: it is called before each object is written."""
        # In a folder, the plan is read if its file changed; on a server, once a second, so
        # that objects of one second may be written into the target of another run.
        folder = self.target.folder
        state: Any = time.monotonic() // INTERVAL if folder is None else None
        if folder is not None:
            with suppress(FileNotFoundError):
                stat = (folder / PLAN).stat()
                state = stat.st_ino, stat.st_mtime_ns
        if state is None or state != self.checked:
            self.require()
            self.checked = state

    def records(self, token: str, *, filled: bool, verify: str | None) -> dict[str, Record]:
        """Return the records of all finished regions of a conversion, by name.

        Regions with objects that are not as they were written are to be done again, and unless
        `filled`, those with files that could not be read.
        """
        names = self.target.listing(DONE)
        values = self.target.get_json(*(f"{DONE}/{name}" for name in names))
        found = {
            name: value
            for name, value in zip(names, values, strict=True)
            if isinstance(value, dict) and value.get("token") == token
        }
        again = {name for name, record in found.items() if record.get("failed") and not filled}
        if verify is not None:
            rows = [(name, row) for name in found for row in found[name].get("objects", ())]
            bad = damaged(self.target, [row for _, row in rows], whole=verify == "all")
            again |= {rows[number][0] for number in bad}
        if not again:
            return found
        self.forget(again)
        return {n: r for n, r in found.items() if n.startswith("0-") and n not in again}

    def finish(self, name: str, record: Record) -> None:
        """Mark a region as done; its data must be safe."""
        self.target.put_json(f"{DONE}/{name}", record)

    def forget(self, names: Iterable[str]) -> None:
        """Delete the markers of regions, and of all that are made of levels of others."""
        later = (name for name in self.target.listing(DONE) if not name.startswith("0-"))
        self.target.delete(f"{DONE}/{name}" for name in {*names, *later})

    def close(self) -> None:
        """Delete all but the manifest and its lists: the conversion is complete."""
        self.require()  # the plan of another run must not be deleted
        self.target.delete([PLAN])
        self.target.clear(FOLDER, keep=["plan.json", "zarr.json", "files", "objects"])

    def reopen(self, identity: Identity, records: Mapping[str, Record]) -> None:
        """Make a complete target incomplete, with only these regions done."""
        markers = {f"{DONE}/{n}": json.dumps(r).encode() for n, r in records.items()}
        with clear_write_errors(self.target):
            self.target.put_many(markers)
        self.claim(identity)

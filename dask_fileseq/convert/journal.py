"""What is done: one small object a region, written after the region's data is safe.

Beside the data, under ``fileseq/``, stand the identity of what is converted to what, and
the list of files. A region without a whole marker is done again, whatever is there of
it. At the end the manifest takes the place of all this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from dask_fileseq.convert.targetstore import Target, all_parsed, as_json, clear_write_errors
from dask_fileseq.errors import ChangedError, TargetExistsError

__all__ = ["FOLDER", "GROUP", "Identity", "Journal", "Record", "Watch"]

FOLDER = "fileseq"
PLAN = f"{FOLDER}/plan.json"
DONE = f"{FOLDER}/done"
RUNS = f"{FOLDER}/run"
"""Holds an object of the run that is under way: no other one may write."""

GROUP = f"{FOLDER}/zarr.json"
"""The manifest: the attributes of a group."""

CLEARED = "cleared"
"""What the plan says while an old target is deleted."""

ZARR = {"zarr.json", ".zgroup", ".zarray"}
"""What makes a folder one of Zarr."""

ASKING = 1.0
"""Seconds between two questions to a server whether a run may still write."""

Identity = Mapping[str, Any]
Record = dict[str, Any]


class Journal:
    """The state of a conversion, in its target.

    Parameters
    ----------
    target : Target
        Where.
    """

    def __init__(self, target: Target) -> None:
        self.target = target

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest of a target that is complete, else None."""
        if self.target.get(PLAN) is not None:
            return None
        group = self.target.get_json(GROUP) or {}
        return (group.get("attributes") or {}).get("manifest")

    def begin(
        self,
        identity: Identity,
        *,
        resume: bool,
        overwrite: bool,
        changes: Callable[[], str],
    ) -> bool:
        """Make the target ready; return whether a conversion goes on that began before.

        `changes` tells which files are others than when it began.

        Raises
        ------
        TargetExistsError
            Something else is there, or the same and it is not to be resumed.
        ChangedError
            Another conversion is there.
        """
        target = self.target
        there = target.listing()
        manifest = self.manifest()
        found = manifest["identity"] if manifest else target.get_json(PLAN)
        if not there or (found is None and self._only_begun(there)):
            self._claim(identity)
            return False
        if overwrite:
            if found is None and not ZARR & set(there) and target.get(PLAN) is None:
                raise TargetExistsError(f"{target} exists and is no Zarr: it is not overwritten")
            self._claim({CLEARED: True})  # or, killed while it deletes, it would be nobody's
            target.delete_folder(RUNS)
            target.delete([*ZARR, GROUP])  # first: what is left must not read as zeros
            target.clear(but=FOLDER)
            target.clear(FOLDER, but=PLAN.rpartition("/")[2])
            self._claim(identity)
            return False
        if found and CLEARED in found:
            raise TargetExistsError(
                f"{target} was being deleted to start over; overwrite=True does so again"
            )
        if found is None:
            raise TargetExistsError(
                f"{target} exists, and no conversion began there; overwrite=True replaces Zarr"
            )
        if not resume:
            raise TargetExistsError(
                f"{target} exists; resume=True goes on with it, overwrite=True starts over"
            )
        self._require(identity, found, changes)
        return True

    def _only_begun(self, there: list[str]) -> bool:
        """Return whether a run was killed before it could say what it is."""
        if there != [FOLDER]:
            return False
        plan = PLAN.rpartition("/")[2]
        inside = self.target.listing(FOLDER)
        return all(name == plan or name.endswith(".partial") for name in inside)

    def _claim(self, identity: Identity) -> None:
        with clear_write_errors(self.target):
            self.target.put_json(PLAN, dict(identity))
            self.target.sync_to_disk([PLAN])

    def _require(self, identity: Identity, found: Identity, changes: Callable[[], str]) -> None:
        """Raise a `ChangedError` that says what differs, if anything does."""
        now, then = identity["target"], found.get("target") or {}
        differing = [key for key in now if now[key] != then.get(key)]
        if differing:
            details = [f"{key} is {now[key]!r}, not {then.get(key)!r}" for key in differing[:3]]
            raise ChangedError(
                f"arguments are others than those of the conversion that is at {self.target}:"
                f" {'; '.join(details)}; overwrite=True starts over"
            )
        if identity["source"] != found.get("source"):
            raise ChangedError(
                f"the files are others than when the conversion to {self.target} began:"
                f" {changes()}; overwrite=True starts over"
            )

    def identity(self) -> Identity | None:
        """Return what the conversion that is under way converts to what."""
        found = self.target.get_json(PLAN)
        return found if isinstance(found, dict) else None

    def take_over(self) -> str:
        """Make this the run that is under way, and return its name.

        Another one that still is, here or on a worker, ends before it writes again.
        """
        run = uuid4().hex
        with clear_write_errors(self.target):
            self.target.put(f"{RUNS}/{run}", b"under way")
            others = [name for name in self.target.listing(RUNS) if name != run]
            self.target.delete([f"{RUNS}/{name}" for name in others])
        return run

    def require(self, run: str | None, token: str | None = None) -> None:
        """Raise a `ChangedError` if another run has taken over, or another conversion began.

        What one does right after may still meet the other, which deletes all that is
        there, or writes it anew, but for what is being written at that moment.
        """
        with clear_write_errors(self.target):
            ours = run is None or self.target.get(f"{RUNS}/{run}") is not None
            if ours and token is not None:
                plan = self.identity()
                ours = plan is None or plan.get("token") == token
        if not ours:
            raise ChangedError(
                f"another conversion to {self.target} began, and took the place of this one"
            )

    def records(self, token: str) -> dict[str, Record]:
        """Return the records of all regions that a conversion has done, by name."""
        names = self.target.listing(DONE)
        values = all_parsed(self.target.get_many([f"{DONE}/{name}" for name in names]))
        return {
            name: value
            for name, value in zip(names, values, strict=True)
            if isinstance(value, dict) and value.get("token") == token
        }

    def finish(self, name: str, record: Record) -> None:
        """Mark a region as done, once its data is safe."""
        self.target.put_json(f"{DONE}/{name}", record)

    def forget(self, names: Iterable[str]) -> None:
        """Have regions done again, and all that are made of the levels of others."""
        later = (name for name in self.target.listing(DONE) if not name.startswith("0-"))
        self.target.delete(f"{DONE}/{name}" for name in {*names, *later})

    def without_filled(self, records: Mapping[str, Record]) -> dict[str, Record]:
        """Return the records of regions without filled files; have the others done again."""
        filled = {name for name, record in records.items() if record.get("failed")}
        if not filled:
            return dict(records)
        self.forget(filled)
        kept = {name for name in records if name.startswith("0-")} - filled
        return {name: records[name] for name in kept}

    def reopen(self, identity: Identity, records: Mapping[str, Record]) -> None:
        """Make a complete target one that is under way, with just these regions done."""
        with clear_write_errors(self.target):
            self.target.put_many(
                {f"{DONE}/{name}": as_json(record) for name, record in records.items()}
            )
        self._claim(identity)

    def close(self, run: str | None, token: str) -> None:
        """Let the manifest take the place of the journal: the conversion is complete."""
        self.require(run, token)  # or the journal of another one would be gone
        self.target.delete([PLAN])
        self.target.delete_folder(DONE)
        self.target.delete_folder(RUNS)


class Watch:
    """Makes sure, before each object, that no other run has taken over.

    Between the question and the end of what is written then, one can: an object may be
    written into the target of another run. On servers, which are not asked for each
    object, these are the objects of a second.

    Parameters
    ----------
    journal : Journal
        Of the target.
    run : str or None
        The run that writes.
    """

    def __init__(self, journal: Journal, run: str | None) -> None:
        self.journal = journal
        self.run = run
        self.asked = -ASKING

    def __call__(self) -> None:
        """Raise a `ChangedError` if another run has taken over."""
        folder = self.journal.target.folder
        if folder is not None and self.run is not None:
            if (folder / RUNS / self.run).exists():
                return
        elif time.monotonic() - self.asked < ASKING:
            return
        self.asked = time.monotonic()
        self.journal.require(self.run)

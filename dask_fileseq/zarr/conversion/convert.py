"""The converter: a file array into Zarr, region by region, so that nothing is lost.

In this order: say what is converted to what (`journal`), write all regions (`regions`) on
any scheduler (`running`), make sure that no file changed meanwhile, read back and
compare, and last write the metadata, which make it a Zarr array or OME-Zarr. A target
without them is not complete; converting again goes on with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dask_fileseq.errors import ChangedError
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import shared_folder
from dask_fileseq.graph import Scheduler, run
from dask_fileseq.zarr.conversion.journal import Journal, Record
from dask_fileseq.zarr.conversion.layout import Image, Layout
from dask_fileseq.zarr.conversion.manifest import (
    FILES,
    file_objects,
    file_table,
    group_object,
    new_manifest,
    written_files,
)
from dask_fileseq.zarr.conversion.plan import Stage
from dask_fileseq.zarr.conversion.progress import Bar, Progress, reporter
from dask_fileseq.zarr.conversion.regions import (
    Job,
    Region,
    read_region,
    verify_region,
    write_region,
)
from dask_fileseq.zarr.conversion.source import (
    changes,
    digest_of,
    require_apart,
    source_identity,
    versions_of,
)
from dask_fileseq.zarr.conversion.target import Target, clear_write_errors
from dask_fileseq.zarr.conversion.work import Options, Work

__all__ = ["Conversion", "Ending", "Options"]

SOME = 128
"""Objects of metadata that are written at a time."""

Chosen = Sequence[tuple[Stage, int]]


@dataclass(frozen=True)
class Ending:
    """What is known when all regions are written."""

    levels: int
    halved: tuple[bool, ...]
    ranges: Mapping[int, tuple[float, float]]
    """Lowest and highest value of each channel."""


Groups = Callable[[Ending, Sequence[Image]], Iterable[tuple[str, bytes]]]


class Conversion:
    """A file array, on its way to a target.

    Parameters
    ----------
    array : FileArray
        What to convert.
    layout : Layout
        The images that it becomes.
    target : Target
        Where to.
    options : Options
        How.
    about : optional
        What the metadata tell, as JSON takes it: of a complete target, they alone are
        written anew where it is other than before.
    stat : bool
        Whether sizes and times of files tell their versions.

    Raises
    ------
    ValueError
        If an option does not fit.
    TargetExistsError
        If files stand where the target should be.
    """

    def __init__(
        self,
        array: FileArray,
        layout: Layout,
        target: Target,
        options: Options,
        *,
        about: Any = None,
        stat: bool = True,
    ) -> None:
        self.array, self.target, self.options, self.stat = array, target, options, stat
        self.work = Work.of(array, layout, options)
        self.report = reporter(options.progress)
        self.scheduler = Scheduler(options.scheduler, options.workers)
        if not (target.is_shared or self.scheduler.is_local):
            raise ValueError(f"{target} is memory of this process: only threads reach it")
        require_apart(array, target)
        self.versions = versions_of(array, stat)
        self.identity = self.work.identity(source_identity(array, self.versions))
        self.about = self.identity["about"] = digest_of(about)
        self.journal = Journal(target)
        self.running: str | None = None
        """What tells this run from others of the same conversion."""

    def job(self, advice: str = "convert again: just this is done again") -> Job:
        """Return what all regions share."""
        work, token = self.work, self.identity["token"]
        return Job(
            self.target,
            work.plan,
            work.levels,
            work.names,
            work.method,
            work.channel,
            token,
            self.running,
            advice,
        )

    def run(self, groups: Groups | None = None) -> dict[str, Any]:
        """Do all that is not done yet, and return the manifest.

        Parameters
        ----------
        groups : callable, optional
            Returns key and content of the metadata of groups, with those of some images;
            the root's last.
        """
        started = time.monotonic()
        if groups:  # an error in them shows now, and not when all is written
            list(groups(self._ending(()), self.work.layout.images[:1]))
        with clear_write_errors(self.target):
            resumed = self.journal.begin(
                self.identity,
                resume=self.options.resume,
                overwrite=self.options.overwrite,
                changes=self._changes,
            )
            manifest = self.journal.manifest() if resumed else None
        records: dict[str, Record] = {}
        if resumed:
            found = manifest["identity"] if manifest else self.journal.identity()
            self.identity = {**(found or self.identity), "about": self.about}
            self.work = self.work.with_stages(self.identity["stages"])
        if manifest and manifest["failed"] and self.array.options.errors == "raise":
            self._read_again(manifest)
            manifest = None
        chosen = self.work.chosen(self.options.verify, self.identity["token"])
        try:
            if manifest:
                self._compare_again(chosen)
                if manifest["identity"].get("about") != self.about:
                    manifest["identity"] = self.identity
                    self._finish(manifest, groups)
                return manifest
            self.running = self.journal.take_over()
            if resumed:
                self.target.delete_partial()
                records = self.journal.records(self.identity["token"])
                if self.array.options.errors == "raise":
                    records = self.journal.without_filled(records)
            if self.target.get(f"{FILES}/zarr.json") is None:
                for objects in file_objects(file_table(self.array, self.versions)):
                    self._put(objects)
            progress = self._progress(records, chosen)
            self._write(records, progress)
            self._require_same_files()
            self._compare(chosen, progress, self.job())
            verified = {"how": self.options.verify, "regions": len(chosen)}
            seconds = time.monotonic() - started
            manifest = new_manifest(self.array, self.identity, records, verified, seconds)
            self._finish(manifest, groups)
            return manifest
        finally:
            if isinstance(self.report, Bar):
                self.report.close()

    def _read_again(self, manifest: Mapping[str, Any]) -> None:
        """Have files of a complete target that were filled read again.

        Nothing is changed if the first of them still cannot be read: that is an error.
        """
        start, folder = len(manifest["folder"]), shared_folder(self.array.names)
        filled = {folder + failed["file"][start:] for failed in manifest["failed"]}
        again = self.work.made_of(filled)
        first = next(again)
        read_region(first)
        names = {first.name} | {region.name for region in again}
        every = (f"{stage.first}-{number}" for stage, number in self.work.everything())
        records: dict[str, Record] = {
            name: {"token": self.identity["token"]} for name in every if name not in names
        }
        if not self.work.plan.stages[-1].first:  # else those are done again that have ranges
            for record in islice(records.values(), 1):
                record["ranges"] = manifest["ranges"]
        self.journal.reopen(self.identity, records)

    # what is written

    def _write(self, records: dict[str, Record], progress: Progress) -> None:
        """Write all regions that are not done, stage by stage."""

        def done(region: Region, record: Record) -> None:
            records[region.name] = record
            progress.add(region.size * self.array.dtype.itemsize)

        for stage in self.work.plan.stages:
            left = (
                self.work.region(stage, number)
                for number in self.work.numbers(stage)
                if f"{stage.first}-{number}" not in records
            )
            run(self.scheduler, write_region, self.job(), left, done)

    def _progress(self, records: Mapping[str, Record], chosen: Chosen) -> Progress:
        """Return what counts the bytes of all regions, to write and to compare."""
        total = sum(self.work.nbytes(*each) for each in chosen)
        done = 0
        for stage, number in self.work.everything():
            size = self.work.nbytes(stage, number)
            total += size
            done += size if f"{stage.first}-{number}" in records else 0
        return Progress(total, done, self.report)

    def _put(self, objects: Mapping[str, bytes]) -> None:
        """Write objects, unless another run has begun."""
        left = iter(objects.items())
        while some := dict(islice(left, SOME)):
            self.journal.require(self.running, self.identity["token"])
            with clear_write_errors(self.target):
                self.target.put_many(some)
                self.target.sync_to_disk(some)

    def _finish(self, manifest: dict[str, Any], groups: Groups | None) -> None:
        """Write metadata, those of the root last, and the manifest, and close the journal."""
        objects = dict(self.work.array_objects())
        ending = self._ending(manifest["ranges"])
        described = list(groups(ending, self.work.layout.images)) if groups else []
        root = described[-1] if described else ("zarr.json", objects.pop("zarr.json"))
        self._put(objects | dict(described[:-1]))
        self._put(dict([root]))
        self._put(group_object(manifest))
        self.journal.close(self.running, self.identity["token"])

    def _ending(self, ranges: Iterable[Sequence[Any]]) -> Ending:
        found = {channel: (low, high) for channel, low, high in ranges}
        return Ending(len(self.work.levels), self.work.plan.halved, found)

    # what is checked

    def _changes(self) -> str:
        """Return which files are others than those in the target's table, in words."""
        try:
            then = written_files(self.target)
        except (OSError, ValueError, KeyError):
            return "their list is not complete"
        return changes(then, self.array, self.versions)

    def _require_same_files(self) -> None:
        """Raise an error if a file changed while it may have been read."""
        if self.versions is None:
            return
        now = versions_of(self.array, self.stat, fresh=True)
        if now is None:  # there is no first file
            found = f"{self.array.names[0]!r} gone"
        elif (now == self.versions).all():
            return
        else:
            found = changes(written_files(self.target), self.array, now)
        raise ChangedError(
            f"files changed while they were converted: {found}; overwrite=True starts over"
        )

    def _compare(self, chosen: Chosen, progress: Progress, job: Job) -> None:
        """Read regions back, and compare them with the files."""

        def done(region: Region, _: Any) -> None:
            progress.add(region.size * self.array.dtype.itemsize)

        regions = (self.work.region(stage, number) for stage, number in chosen)
        run(self.scheduler, verify_region, job, regions, done)

    def _compare_again(self, chosen: Chosen) -> None:
        """Compare a target that is complete already, if all of it is to be compared."""
        if self.options.verify == "all":
            total = sum(self.work.nbytes(*each) for each in chosen)
            job = self.job("overwrite=True writes it anew")
            self._compare(chosen, Progress(total, 0, self.report), job)

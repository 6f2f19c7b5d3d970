"""The conversion of a file array to Zarr or OME-Zarr, region by region.

It records what is converted to what (`journal`), writes all regions on any scheduler
(`tasks`), makes sure that no file changed meanwhile, reads regions back and compares
them, and at last writes the metadata, which make the target a Zarr array or OME-Zarr. A
target without them is not complete; converting again continues with it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from toolz import concat, first, partition_all
from zarr.core.group import GroupMetadata

from dask_fileseq.convert.conversionplan import make_plan
from dask_fileseq.convert.conversionsummary import summary
from dask_fileseq.convert.imagelayout import (
    ImageLayout,
    array_coordinates,
    array_layout,
    ome_layout,
)
from dask_fileseq.convert.journal import FILES, FOLDER, Journal, Record
from dask_fileseq.convert.metadataobjects import group_objects, json_object, labels_attribute
from dask_fileseq.convert.objectsums import damaged
from dask_fileseq.convert.partition import RegionIndex
from dask_fileseq.convert.provenance import (
    SourceFiles,
    new_manifest,
    object_list_objects,
    read_objects,
)
from dask_fileseq.convert.targetstore import TargetStore, clear_write_errors
from dask_fileseq.convert.tasks import RegionTask, read_region, verify_region, write_region
from dask_fileseq.errors import VerifyError, shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import shared_folder
from dask_fileseq.graph import ProgressLine, Scheduler, progress_callback, run
from dask_fileseq.headers import confirmed_metadata
from dask_fileseq.stablevalues import digest_of
from dask_fileseq.types import WriteOptions
from dask_fileseq.zarr import array_path, consolidated, encoded_coordinates, is_document

SOME = 128
"""Number of metadata objects that are written at a time."""

Manifest = dict[str, Any]


class Conversion:
    """The conversion of a file array to a target.

    `attributes` are those of each array. `groups` returns path and attributes of the groups
    of some images, the root's last, from the ranges of values of all channels. `beside` are
    objects of groups, and of coordinates beside an array. `about` is the content of the
    metadata, as a value of JSON: if nothing else changed since a target was completed, the
    metadata alone are written anew.
    """

    def __init__(
        self,
        array: FileArray,
        layout: ImageLayout,
        target: TargetStore,
        options: WriteOptions,
        levels: int | None = None,
        method: str = "mean",
        *,
        attributes: Mapping[str, Any] | None = None,
        groups: Callable[..., Iterable[tuple[str, dict[str, Any]]]] | None = None,
        beside: Mapping[str, bytes] | None = None,
        about: Any = None,
    ) -> None:
        self.array, self.target, self.options, self.groups = array, target, options, groups
        self.beside = beside or {}
        self.plan = make_plan(array, layout, options, levels, method, attributes or {})
        self.callback = progress_callback(options.progress)
        self.scheduler = Scheduler(options.scheduler, options.workers)
        # a store of zarr, or a URL of fsspec
        if str(target).startswith("memory:") and not self.scheduler.is_local:
            raise ValueError(f"{target} is memory of this process: only threads reach it")
        self.source = SourceFiles(array)
        self.source.require_apart(target)
        self.identity = self.plan.identity(self.source.identity())
        self.identity["about"] = digest_of(about)
        self.journal = Journal(target)

    def run(self) -> Manifest:
        """Do all that is not done yet, and return the manifest."""
        if self.groups:  # an error in them is raised now, and not after hours of work
            list(self.groups(self.plan.layout.images[:1], self.plan.pyramid.partition, {}))
        with clear_write_errors(self.target):
            found = self.journal.begin(
                self.identity,
                resume=self.options.resume,
                overwrite=self.options.overwrite,
                changes=lambda: self.source.changes(self.target, self.source.versions),
            )
            manifest = self.journal.manifest() if found else None
        if found:
            self.identity = {**found, "about": self.identity["about"]}
            self.plan = self.plan.with_stages(found["stages"])
        try:
            filled = self.array.options.errors == "fill"
            if manifest and manifest["failed"] and not filled:
                self._reopen(manifest)
            elif manifest:
                return self._finished_before(manifest)
            if not found:
                return self._convert({})
            self.journal.claim(self.identity)
            self.target.delete_partial()
            token, verify = self.identity["token"], self.options.verify
            return self._convert(self.journal.records(token, filled=filled, verify=verify))
        finally:
            self.close()

    def close(self) -> None:
        """End the line that shows progress, if there is one."""
        if isinstance(self.callback, ProgressLine):
            self.callback.close()

    def _convert(self, records: dict[str, Record]) -> Manifest:
        """Write and verify all regions but those that have records."""
        started = time.monotonic()
        if not self.target.exists(f"{FILES}/zarr.json"):
            for objects in self.source.table_objects():
                self._put(objects)
        verified = self.plan.verified(self.options.verify, self.identity["token"])
        self._start(verified, records)

        def done(region: RegionTask, record: Record) -> None:
            records[region.index.name] = record
            self._advance(region)

        job = self.plan.job(self.journal, self.identity["token"])
        for stage in self.plan.pyramid.partition.stages:
            left = (index for index in self.plan.indices(stage) if index.name not in records)
            run(self.scheduler, write_region, job, map(self.plan.region, left), done)
        self.source.require_unchanged(self.target)
        self._verify(verified)
        manifest = new_manifest(
            self.array,
            self.identity,
            records.values(),
            seconds=round(time.monotonic() - started, 3),
            verified={"how": self.options.verify, "regions": len(verified)},
        )
        for objects in object_list_objects(records):
            self._put(objects)
        self._finish(manifest)
        return manifest

    def _finished_before(self, manifest: Manifest) -> Manifest:
        """Return the manifest of a complete target, after checking pixels and metadata."""
        if self.options.verify == "all":
            every = self.plan.verified("all", self.identity["token"])
            self._start(every)
            self._verify(every, advice="overwrite=True writes it anew")
        if self.options.verify is not None:
            self._require_intact()
        if manifest["identity"].get("about") != self.identity["about"]:
            manifest["identity"] = self.identity
            self._finish(manifest)
        return manifest

    def _require_intact(self) -> None:
        """Raise a `VerifyError` if an object of a complete target is not as it was written."""
        rows = list(concat(read_objects(self.target).values()))
        whole = self.options.verify == "all"
        bad = [rows[i].rsplit(" ", 3)[0] for i in damaged(self.target, rows, whole=whole)]
        if bad:
            raise VerifyError(
                f"{shown(bad, len(bad))} of {self.target} {'is' if len(bad) == 1 else 'are'} not"
                " as written; overwrite=True writes all anew"
            )

    def _reopen(self, manifest: Manifest) -> None:
        """Prepare a complete target for reading the files again that were filled.

        Raises an error, and changes nothing, if the first of them still cannot be read.
        """
        start, folder = len(manifest["folder"]), shared_folder(self.array.names)
        names = {folder + failed["file"][start:] for failed in manifest["failed"]}
        again = (
            region
            for region in map(self.plan.region, self.plan.indices())
            if region.block is None or not names.isdisjoint(region.block.names)
        )
        unread = next(again)
        read_region(unread)
        left = {region.index.name for region in (unread, *again)}
        record, every = {"token": self.identity["token"]}, self.plan.indices()
        objects = read_objects(self.target)
        records: dict[str, Record] = {
            i.name: record | {"objects": objects.get(i.name, [])}
            for i in every
            if i.name not in left
        }
        stages = self.plan.pyramid.partition.stages
        if records and not stages[-1].first:  # else regions with ranges are done again
            first(records.values())["ranges"] = manifest["ranges"]
        self.journal.reopen(self.identity, records)

    def _start(
        self, verified: Sequence[RegionIndex], records: Mapping[str, Record] | None = None
    ) -> None:
        """Count the bytes to write, unless `records` is None, and to verify; show progress."""
        self.total, self.done = sum(map(self.plan.nbytes, verified)), 0
        for index in () if records is None else self.plan.indices():
            self.total += (size := self.plan.nbytes(index))
            self.done += size if records and index.name in records else 0
        self.callback(self.done, self.total)

    def _advance(self, region: RegionTask, _: None = None) -> None:
        """Count the bytes of a region that is done, and show progress."""
        self.done += self.plan.nbytes(region.index)
        self.callback(self.done, self.total)

    def _verify(self, indices: Sequence[RegionIndex], **advice: str) -> None:
        """Read regions back, and compare them with the files."""
        job = self.plan.job(self.journal, self.identity["token"], **advice)
        run(self.scheduler, verify_region, job, map(self.plan.region, indices), self._advance)

    def _put(self, objects: Mapping[str, bytes]) -> None:
        """Write objects, unless another run has begun."""
        for some in map(dict, partition_all(SOME, objects.items())):
            self.journal.require()
            with clear_write_errors(self.target):
                self.target.put_many(some)
                self.target.sync_to_disk(some)

    def _finish(self, manifest: Manifest) -> None:
        """Write metadata, those of the root last, and the manifest, and close the journal."""
        group = dict([json_object(FOLDER, GroupMetadata({"manifest": manifest}))])
        for some in (*self._metadata(manifest["ranges"]), group):
            self._put(some)
        self.journal.close()

    def _metadata(self, ranges: Iterable[tuple[int, Any, Any]]) -> tuple[dict[str, bytes], ...]:
        """Return the objects of all metadata, and then that of the root."""
        images, pyramid = self.plan.layout.images, self.plan.pyramid
        objects = dict(
            json_object(f"{image.path}/{name}", metadata)
            for image in images
            for name, metadata in zip(pyramid.names, pyramid.arrays, strict=True)
        )
        if self.groups:
            of_channels = {channel: (low, high) for channel, low, high in ranges}
            groups = self.groups(images, pyramid.partition, of_channels)
            objects |= dict(json_object(path, GroupMetadata(a)) for path, a in groups)
        if self.beside:
            objects |= self.beside
            documents = {k: json.loads(text) for k, text in objects.items() if is_document(k)}
            objects["zarr.json"] = json.dumps(consolidated(documents, 3)["zarr.json"]).encode()
        root = {"zarr.json": objects.pop("zarr.json")}
        return objects, root


def to_zarr(
    array: FileArray,
    url: Any,
    options: WriteOptions,
    *,
    groupname: str | None = "image",
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Copy a file array to Zarr, and return the manifest; see `FileSequence.to_zarr`."""
    if not isinstance(attributes, Mapping | None):
        raise ValueError(f"attributes={attributes!r} is no mapping")
    target = TargetStore(url, options.storage_options)
    layout, metadata = array_metadata(array, groupname, attributes)
    if options.dry_run:
        return summary(make_plan(array, layout, options, None, "mean", metadata["attributes"]))
    return Conversion(array, layout, target, options, **metadata).run()


def array_metadata(
    array: FileArray, groupname: str | None, attributes: Mapping[str, Any] | None
) -> tuple[ImageLayout, dict[str, Any]]:
    """Return the layout of a copy in Zarr, and what a `Conversion` takes of metadata."""
    path = array_path(groupname).rstrip("/")
    beside = group_objects(path) if path else {}
    coordinates, own = encoded_coordinates(array, path, array.dims, 3) if path else ({}, {})
    beside |= {key: value.to_bytes() for key, value in coordinates.items()}
    if not coordinates:  # at the root, or without xarray
        own = {"fileseq": labels_attribute(replace(array, metadata=confirmed_metadata(array)))}
    every = own | dict(attributes or {})
    metadata = {"attributes": every, "beside": beside, "about": [every, beside]}
    return array_layout(array, path), metadata


def to_ome_zarr(
    array: FileArray,
    url: Any,
    options: WriteOptions,
    *,
    axes: Mapping[str, str] | None = None,
    scale: Mapping[str, Any] | None = None,
    pixel_size: Any = None,
    name: str | None = None,
    levels: int | None = None,
    method: str = "mean",
) -> dict[str, Any]:
    """Copy a file array to OME-Zarr, and return the manifest; see `FileSequence.to_ome_zarr`."""
    try:
        from dask_fileseq.convert.omemetadata import OmeMetadata, channel_names
        from dask_fileseq.convert.omescale import axis_scales, scale_text
    except ImportError as error:
        raise ImportError(
            'to_ome_zarr needs yaozarrs, which pip install "dask-fileseq[ome]" brings'
        ) from error

    array = replace(array, metadata=confirmed_metadata(array, keep_steps=True))
    target = TargetStore(url, options.storage_options)
    if not isinstance(name, str | None):
        raise TypeError(f"name={name!r} is no text")
    layout = ome_layout(array, axes)
    basename = os.path.basename(str(target).rstrip("/\\")) or "image"
    ome = OmeMetadata(
        name or basename.removesuffix(".ome.zarr").removesuffix(".zarr"),
        array,
        layout,
        axis_scales(array, layout, scale, pixel_size),
        channel_names(array, layout),
        method,
        array_coordinates(array),
    )
    if options.dry_run:
        pixels = scale_text(dict(zip(layout.dims, ome.scales, strict=True)))
        return summary(make_plan(array, layout, options, levels, method, {}), ome.channels, pixels)
    about: dict[str, Any] = {"name": name, "scales": list(map(asdict, ome.scales))}
    about |= {"channels": ome.channels, "labels": ome.labels}
    return Conversion(
        array, layout, target, options, levels, method, groups=ome.groups, about=about
    ).run()

"""A sequence as bioio reads images: scenes of lazy arrays with the axes T, C, Z, Y, X and S.

Axes have the roles that they have in OME-Zarr; wells, fields and other images are scenes.

bioio imports this module for each file that anybody opens with it, and an error here would end
that: so nothing is imported that is not there, and nothing that takes long, before it is needed.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bioio_base import constants, io, types
from bioio_base.reader import Reader
from bioio_base.reader_metadata import ReaderMetadata
from fsspec.implementations.local import LocalFileSystem
from xarray import DataArray

from dask_fileseq.files import has_file
from dask_fileseq.grid import plain_labels
from dask_fileseq.readers import read_by_suffix

if TYPE_CHECKING:
    from dask_fileseq.convert.imagelayout import ImageLayout, TargetImage
    from dask_fileseq.convert.omescale import OmeScale
    from dask_fileseq.filearray import FileArray

SUFFIXES = tuple(suffix for group in read_by_suffix.suffixes for suffix in group)


class FilesReader(Reader):
    """An image of bioio over many files.

    Parameters
    ----------
    image : str, os.PathLike or list of these
        A folder, a glob or a URL, as `open_sequence` takes it; or names of files.
    fs_kwargs : mapping, optional
        `storage_options` of files that are not local.
    axes, scale, pixel_size : optional
        What axes are, and what headers do not say; as in `FileSequence.to_ome_zarr`.
    **opening
        Other keywords of `open_sequence`, such as `pattern`.

    Attributes
    ----------
    sequence : FileSequence
        The files.

    Raises
    ------
    NamesError
        If the names form no grid.
    LayoutError
        If the role of an axis is unknown; the error proposes what to give as `axes`.
    ReadError
        If the first header cannot be read.
    """

    NAME = "dask-fileseq"

    def __init__(
        self,
        image: Any,
        fs_kwargs: Mapping[str, Any] | None = None,
        *,
        axes: Mapping[str, str] | None = None,
        scale: Mapping[str, Any] | None = None,
        pixel_size: Any = None,
        **opening: Any,
    ) -> None:
        from dask_fileseq.sequence import open_sequence
        from dask_fileseq.sequence.arguments import needs_package

        with needs_package("dask_fileseq.bioio.Reader", "zarr 3 and yaozarrs", "bioio"):
            from dask_fileseq.convert.imagelayout import ome_layout
        given = dict(fs_kwargs or {})
        self._fs, self._path = io.pathlike_to_fs(_first(image), fs_kwargs=given)
        if given and not isinstance(self._fs, LocalFileSystem):
            opening = {"storage_options": given, **opening}
        self.sequence = open_sequence(image, **opening)
        self._array = self.sequence.array()
        self._layout = with_samples(self._array, ome_layout(self._array, axes))
        self._given = scale, pixel_size

    @classmethod
    def is_supported_image(
        cls, image: Any, fs_kwargs: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> bool:
        """Return whether it is a folder of images, a glob, or a list of names; reads no file.

        A single file is none: other readers of bioio know more of it.
        """
        if isinstance(image, list):
            return all(isinstance(name, str | os.PathLike) for name in image)
        fs, path = io.pathlike_to_fs(os.fspath(image), fs_kwargs=dict(fs_kwargs or {}))
        return cls._is_supported_image(fs, path)

    @staticmethod
    def _is_supported_image(fs: Any, path: str, **kwargs: Any) -> bool:
        if glob.has_magic(path) and path.lower().endswith(SUFFIXES):
            return not fs.exists(path)
        local = isinstance(fs, LocalFileSystem)
        return bool(fs.isdir(path)) and (not local or has_file(path, SUFFIXES))

    @cached_property
    def scenes(self) -> tuple[str, ...]:
        """Labels of wells, fields and other images that have files; of one image, ``Image:0``."""
        return tuple(map(self._scene, self._layout.images))

    def _scene(self, image: TargetImage) -> str:
        labels = []
        for axis, i in image.at.items():
            dim, length = self._array.dims[axis], self._array.shape[axis]
            along = self._array.coords.get(dim)
            if length > 1 or self._layout.kind == "plate":
                labels.append(f"{dim} {i if along is None else plain_labels(along[i])}")
        return ", ".join(labels) or "Image:0"

    @cached_property
    def resolution_levels(self) -> tuple[int, ...]:
        """Numbers of the levels that the first file has, from the largest on."""
        with self.sequence.source.open(self.sequence[0]) as file:
            levels = self.sequence.reader.inspect(file).levels
        return tuple(range(max(1, len(levels))))

    def _read_delayed(self) -> DataArray:
        from dask_fileseq.convert.omemetadata import channel_names
        from dask_fileseq.graph import TransposedFiles

        level = self.current_resolution_level
        image = self.sequence.to_xarray(**({"level": level} if level else {}))
        at = self._layout.images[self.current_scene_index].at
        image = image.isel({self._array.dims[axis]: i for axis, i in at.items()})
        behind = [[self._array.dims[axis] for axis in axes] for axes in self._layout.axes]
        order = [image.get_axis_num(dim) for dims in behind for dim in dims]
        data = TransposedFiles.of(image.data, order)
        dims = [role.upper() for role in self._layout.dims]
        if len(order) > len(dims):  # several axes, such as days and hours, end to end
            data = data.reshape([-1 if d[1:] else image.sizes[d[0]] for d in behind])
        single = {role: dims[0] for role, dims in zip(dims, behind, strict=True) if not dims[1:]}
        coords: dict[str, Any] = {
            role: image[dim].values for role, dim in single.items() if dim in image.coords
        }
        if "C" in dims:
            coords["C"] = channel_names(self._array, self._layout)
        attrs = {constants.METADATA_UNPROCESSED: image.attrs}
        return DataArray(data, coords, dims, name=image.name, attrs=attrs)

    def _read_immediate(self) -> DataArray:
        data: DataArray = self.xarray_dask_data.compute()
        return data

    def _read_indexed(self, given_dims: str, dim_specs: Sequence[Any]) -> Any:
        """Return a part of the image, of which only that is read."""
        data = self.dask_data
        for axis, spec in reversed([*enumerate(dim_specs)]):  # of lists, dask takes one at a time
            data = data[(slice(None),) * axis + (spec,)]
        return data.compute()

    @cached_property
    def _scales(self) -> dict[str, OmeScale]:
        from dask_fileseq.convert.omescale import axis_scales
        from dask_fileseq.headers import confirmed_metadata

        array = self._array
        array = replace(array, metadata=confirmed_metadata(array, keep_steps=True))
        scales = axis_scales(array, self._layout, *self._given)
        return dict(zip(self._layout.dims, scales, strict=True))

    def _step(self, dim: str, unit: str) -> float | None:
        """Return the step along an axis in a unit; None if it is unknown."""
        scale = self._scales.get(dim)
        if scale is None or scale.unit is None:
            return scale.step if scale and scale.source == "given" else None
        step = float(types.ureg.Quantity(scale.step, scale.unit).to(unit).magnitude)
        whole = self._layout.shape[self._layout.dims.index(dim)]
        return step * whole / int(self.dims[dim.upper()][0])

    @property
    def physical_pixel_sizes(self) -> types.PhysicalPixelSizes:
        """The sizes of pixels along Z, Y and X in micrometres; None where they are unknown."""
        return types.PhysicalPixelSizes(*(self._step(dim, "micrometer") for dim in "zyx"))

    @property
    def time_interval(self) -> timedelta | None:
        """The time between images; None if it is unknown."""
        seconds = self._step("t", "second")
        return None if seconds is None else timedelta(seconds=seconds)


class FilesReaderMetadata(ReaderMetadata):
    """What bioio asks before it reads."""

    @staticmethod
    def get_supported_extensions() -> list[str]:
        """Return the suffixes of globs; few, for bioio asks readers with few of them first."""
        return ["tif", "tiff"]

    @staticmethod
    def supports_directory_images() -> bool:
        """Return that a folder may be an image."""
        return True

    @staticmethod
    def get_reader() -> type[FilesReader]:
        """Return the reader."""
        return FilesReader


def with_samples(array: FileArray, layout: ImageLayout) -> ImageLayout:
    """Return a layout in which the samples of pixels are the axis s, and no channels."""
    samples = {
        i
        for i, axis in enumerate(array.tiling.axes)
        if axis.chunk is not None and array.spec.dims[axis.chunk] == "s"
    }
    kept = [tuple(axis for axis in axes if axis not in samples) for axes in layout.axes]
    found = [(dim, axes) for dim, axes in zip(layout.dims, kept, strict=True) if axes]
    found += [("s", (axis,)) for axis in samples if axis in {*sum(layout.axes, ())}]
    dims, axes = zip(*found, strict=True)
    lengths = tuple(tuple(array.shape[i] for i in each) for each in axes)
    return replace(layout, dims=dims, axes=axes, lengths=lengths)


def _first(image: Any) -> Any:
    return image[0] if isinstance(image, list) else image

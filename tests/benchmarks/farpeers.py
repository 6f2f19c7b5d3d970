"""Other ways to read files behind a server; each takes the URLs, in order, and gives arrays."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tifffile

__all__ = ["async_tiff_crops", "fsspec_images", "obstore_images", "rasterio_crops", "zip_members"]

TILE = 256
THREADS = 64
"""Files that rasterio reads at a time."""


def fsspec_images(urls: list[str]) -> list[Any]:
    """Request all files at once by fsspec, and decode them by tifffile."""
    import fsspec

    contents = fsspec.filesystem("http").cat(urls)
    return [tifffile.imread(io.BytesIO(contents[url])) for url in urls]


def obstore_images(urls: list[str]) -> list[Any]:
    """Request all files at once by obstore, and decode them by tifffile."""
    import obstore
    from obstore.store import HTTPStore

    async def content(name: str) -> bytes:
        return bytes(await (await obstore.get_async(store, name)).bytes_async())

    store = HTTPStore.from_url(os.path.dirname(urls[0]), client_options={"allow_http": True})
    return [tifffile.imread(io.BytesIO(each)) for each in _together(content, urls)]


def async_tiff_crops(urls: list[str], crop: tuple[slice, slice]) -> list[Any]:
    """Read the one tile of each file in which a crop is by async-tiff, all at once."""
    from async_tiff import TIFF
    from async_tiff.store import HTTPStore

    rows, columns = crop
    row, column = rows.start // TILE, columns.start // TILE
    inside = np.s_[
        rows.start - row * TILE : rows.stop - row * TILE,
        columns.start - column * TILE : columns.stop - column * TILE,
    ]

    async def read(name: str) -> Any:
        tiff = await TIFF.open(name, store=store, prefetch=32768)
        (tile,) = await tiff.fetch_tiles([(column, row)], 0)
        return np.asarray(await tile.decode()).reshape(TILE, TILE)[inside]

    store = HTTPStore.from_url(os.path.dirname(urls[0]), client_options={"allow_http": True})
    return _together(read, urls)


def rasterio_crops(urls: list[str], crop: tuple[slice, slice]) -> list[Any]:
    """Read a crop of each file by rasterio, in threads."""
    import rasterio
    from rasterio.windows import Window

    uncached = {"CPL_VSIL_CURL_NON_CACHED": "/vsicurl/"}  # else, repeats request less

    def read(url: str) -> Any:
        with (
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", **uncached),
            rasterio.open(f"/vsicurl/{url}") as file,
        ):
            return file.read(1, window=Window.from_slices(*crop))

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(read, urls))


def zip_members(url: str, names: list[str]) -> list[Any]:
    """Request a whole ZIP file, and decode its members by tifffile."""
    import fsspec

    with zipfile.ZipFile(io.BytesIO(fsspec.filesystem("http").cat_file(url))) as archive:
        return [tifffile.imread(io.BytesIO(archive.read(name))) for name in names]


def _together(read: Callable[[str], Awaitable[Any]], urls: list[str]) -> list[Any]:
    """Call an asynchronous function for all base names at once."""

    async def gathered() -> list[Any]:
        return list(await asyncio.gather(*(read(os.path.basename(url)) for url in urls)))

    return asyncio.run(gathered())

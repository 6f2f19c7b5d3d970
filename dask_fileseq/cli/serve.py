"""``dask fileseq serve``: the files as OME-Zarr over HTTP, for viewers on this machine."""

from __future__ import annotations

import sys
import threading
from typing import Any

from dask_fileseq.cli.options import command, file_options, open_files, options_of
from dask_fileseq.cli.terminal import echo, echo_json, echo_row, spinner

EXAMPLES = """
  dask fileseq serve scans/
  dask fileseq serve 'plate/**/*.tif' --pattern operetta --pixel-size 0.65um
  dask fileseq serve scans/ --port 8000 --for 3600
"""

VIEWERS = {
    "vizarr": "https://hms-dbmi.github.io/vizarr/?source={url}",
    "validator": "https://ome.github.io/ome-ngff-validator/?source={url}",
}

NAMES = ("axes", "scale", "pixel_size", "name")


@command(
    EXAMPLES,
    *file_options(),
    *(each for each in options_of("ome_zarr") if each.name in NAMES),
    *options_of("serving"),
)
def serve(files: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Serve FILES as OME-Zarr over HTTP on this machine, without a copy.

    The address that it prints is for viewers and readers of OME-Zarr 0.5: vizarr, neuroglancer,
    ome-zarr, napari. Programs of this machine alone can ask, and pages in its browser that know the
    address, part of which is random. Pixels are read from the files on request.
    """
    from dask_fileseq.serve import StoreServer

    seq = open_files(files, options)
    given = {name: options[name] for name in NAMES}
    with spinner("looking at some files"):
        store = seq.aszarr(ome={k: v for k, v in given.items() if v is not None} or True)
    with StoreServer(store, f"{given['name'] or 'image'}.ome.zarr", options["port"]) as server:
        links = {name: link.format(url=server.url) for name, link in VIEWERS.items()}
        if as_json:
            echo_json({"url": server.url, **links})
        else:
            echo(f"OME-Zarr of {len(seq):,} files at {server.url}")
            for name, link in links.items():
                echo_row(name, link)
        sys.stdout.flush()
        threading.Event().wait(options["seconds"])

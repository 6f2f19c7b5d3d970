"""An HTTP server on loopback for the keys of a Zarr store: GET and HEAD, with ranges and CORS.

Pages of any origin may ask, for viewers are pages elsewhere. Only those that know the address can:
it has a random part, so a page that tries all ports finds nothing.
"""

from __future__ import annotations

import re
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import quote, unquote

from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class StoreServer:
    """Serves a store at `url` until it is closed; a context.

    Parameters
    ----------
    store : zarr.abc.store.Store
        The store.
    name : str
        The last part of its URL.
    port : int
        The port; 0 takes a free one.

    Attributes
    ----------
    url : str
        The address of the store.

    Examples
    --------
    >>> import numpy as np
    >>> import zarr
    >>> from dask_fileseq import FileSequence
    >>> store = FileSequence(lambda name: np.eye(2), ["a", "b"]).aszarr()
    >>> with StoreServer(store) as server:
    ...     zarr.open_array(server.url, mode="r")[1]
    array([[1., 0.],
           [0., 1.]])
    """

    def __init__(self, store: Store, name: str = "image.ome.zarr", port: int = 0) -> None:
        place = f"/{secrets.token_urlsafe(9)}/{quote(name)}"
        handler = type("Handler", (StoreHandler,), {"store": store, "place": f"{place}/"})
        self.server = _Server(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}{place}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    """A server for viewers, which often end a request before it is answered."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error, unless it is that the client has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class StoreHandler(BaseHTTPRequestHandler):
    """Answers requests for keys of a store."""

    protocol_version = "HTTP/1.1"
    store: Store
    place: str

    def do_GET(self) -> None:
        """Send a value, or a part of it."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send the headers of a value."""
        self._answer(with_body=False)

    def do_OPTIONS(self) -> None:
        """Permit what browsers ask for before they send a range."""
        self._send(204, b"", {"Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"})

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(self.path.partition("?")[0])
        key = path.removeprefix(unquote(self.place))
        if key == path:
            self._send(404, b"")
            return
        try:
            value: Any = sync(self.store.get(key, default_buffer_prototype()))
        except Exception as error:  # of a file that cannot be read
            self._send(500, str(error).encode() if with_body else b"")
            return
        if value is None:
            self._send(404, b"")
            return
        content = value.to_bytes()
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
        wanted = _RANGE.fullmatch(self.headers.get("Range") or "")
        status = 200
        if wanted and any(wanted.groups()):
            size = len(content)
            start = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
            stop = min(size, int(wanted[2]) + 1) if wanted[1] and wanted[2] else size
            if start >= stop:
                self._send(416, b"", {"Content-Range": f"bytes */{size}"})
                return
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
            content, status = content[start:stop], 206
        self._send(status, content, headers, with_body=with_body)

    def _send(
        self,
        status: int,
        content: bytes,
        headers: dict[str, str] | None = None,
        *,
        with_body: bool = True,
    ) -> None:
        self.send_response(status)
        exposed = "Content-Length, Content-Range, Accept-Ranges"
        common = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Headers": "Range",
            "Access-Control-Expose-Headers": exposed,
            "Content-Length": str(len(content)),
        }
        for name, value in (common | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

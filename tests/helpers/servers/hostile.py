"""An HTTP server that misbehaves, by the first folder of a path, for tests.

``python -m tests.helpers.servers.hostile FOLDER`` prints its port, and ends when its standard
input does. It serves the files of a folder at ``/MANNER/NAME``:

* "good" as a server should;
* "mute" never answers, "slow" sends one byte in a while, "slowhead" already of the header;
* "longer" sends 5,000 bytes more than its Content-Range, "shorter" 10 less, "beyond" a part that
  is said to go on behind the end of the file, "huge" one of a terabyte that never ends;
* "endless" ignores ranges and sends without end or size, "bomb" a body that unpacks to much more;
* "other" sends the bytes of another file, with its own size, from the second request on;
* "lost" breaks the connection in the middle of each body;
* "chunks" sends a body in chunks, of which the last ones are missing, "lengths" states two lengths;
* "loop" redirects to itself, "file" to a file on the client's machine, "away" to the URL that is
  the query.
"""

from __future__ import annotations

import gzip
import os
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from tests.helpers.servers.process import serve

folder = sys.argv[1] if __name__ == "__main__" else ""
lock = threading.Lock()
requests: Counter = Counter()

BOMB = gzip.compress(bytes(2**24), 1)

LONGEST = 120
"""Seconds after which even the slowest answer ends."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, manner, *names = unquote(self.path.partition("?")[0]).split("/")
        name = "/".join(names)
        with lock:
            requests[self.path] += 1
            count = requests[self.path]
        if manner == "mute":
            time.sleep(LONGEST)
        if manner == "slowhead":
            self.drip(b"HTTP/1.1 206 Partial Content\r\n" + b"X-Wait: yes\r\n" * 1000)
        places = {"loop": self.path, "file": f"file://{folder}/{name}"}
        if manner in (*places, "away"):
            place = places.get(manner, unquote(self.path.partition("?")[2]))
            self.send(307, b"", "", {"Location": place})
            return
        try:
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
        except OSError:
            self.send(404, b"")
            return
        self.close_connection = manner != "good"
        start, stop = 0, len(content)
        wanted = self.headers.get("Range")
        if wanted is not None:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(stop, int(last) + 1)
        if manner == "other" and count > 1:
            content = content[:-1]
            stop = min(stop, len(content))
        part, size = content[start:stop], len(content)
        said = f"bytes {start}-{stop - 1}/{size}"
        if manner == "slow":
            self.head(206, len(part), said)
            self.drip(part)
        elif manner == "longer":
            self.send(206, part + bytes(5000), said)
        elif manner == "shorter":
            self.send(206, part[:-10], said)
        elif manner == "beyond":
            self.send(206, part, f"bytes {start}-{stop + 10}/{size}")
        elif manner == "huge":
            self.head(206, 10**12, f"bytes {start}-{start + 10**12 - 1}/{10**12}")
            self.pour()
        elif manner == "endless":
            self.head(200, None, "")
            self.pour()
        elif manner == "bomb":
            self.send(200, BOMB, "", {"Content-Encoding": "gzip"})
        elif manner == "chunks":
            self.head(206, None, said, {"Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part) // 2, part[: len(part) // 2]))
        elif manner == "lengths":
            self.send(206, part, said, {"Content-Length": "5"})
        elif manner == "lost":
            self.head(206, len(part), said)
            self.wfile.write(part[: len(part) // 2])
            self.connection.close()
        else:
            self.send(206, part, said)

    def do_HEAD(self):
        self.do_GET()

    def head(self, status, length, said, headers=None):
        """Send the head of an answer; "mute" and "slow" ones differ by what follows."""
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if said:
            self.send_header("Content-Range", said)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()

    def send(self, status, body, said="", headers=None):
        self.head(status, len(body), said, headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def drip(self, content):
        """Send a byte each fifth of a second."""
        for at in range(min(len(content), 5 * LONGEST)):
            self.wfile.write(content[at : at + 1])
            time.sleep(0.2)

    def pour(self):
        """Send zeros until nobody listens."""
        stop = time.monotonic() + LONGEST
        while time.monotonic() < stop:
            self.wfile.write(bytes(2**20))

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    serve(Handler)

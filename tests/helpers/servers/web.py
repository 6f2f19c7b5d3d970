"""An HTTP server of a folder, for tests: it counts, and misbehaves as it is told.

``python -m tests.helpers.servers.web FOLDER MODE [SECONDS]`` prints its port, and ends when its
standard input does. Before each answer it waits for the seconds, as a server far away does. Of
the modes, "ranges" is a good server, "whole" sends all whatever range it is asked for, "flaky"
fails twice before each answer in turn by status, reset and a body cut short, "forbidden" and
"down" always fail. "nohead" answers no ``HEAD``, "unsized" does not say how large files are,
"unversioned" not which version they are, and "away" redirects. Three send something else than
the range that was asked for: "shifted" the bytes behind its first, "several" an answer of several
parts, "packed" the range of a compressed file.
``GET /_log`` returns, and forgets, the requests so far: method, path, range, and bytes sent.
``GET /_most`` returns how many requests there were at a time since then, at most.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from tests.helpers.servers.process import serve

folder, mode = sys.argv[1:3] if __name__ == "__main__" else ("", "")
latency = float(sys.argv[3]) if len(sys.argv) > 3 and __name__ == "__main__" else 0.0
log = []
waiting = {"now": 0, "most": 0}
lock = threading.Lock()
failures: Counter = Counter()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer in two packets would wait 40 ms for the first's

    def do_GET(self):
        if self.path == "/_log":
            with lock:
                content = json.dumps(log).encode()
                log.clear()
                waiting["most"] = waiting["now"]
            self.answer(200, content, count=False)
            return
        if self.path == "/_most":
            self.answer(200, json.dumps(waiting["most"]).encode(), count=False)
            return
        self.wait()
        if mode == "forbidden":
            self.answer(403, b"no")
        elif mode == "down":
            self.answer(503, b"later")
        elif mode == "nohead" and self.command == "HEAD":
            self.answer(405, b"")
        elif mode == "away" and not self.path.endswith("?here"):
            self.answer(302, b"", {"Location": f"{self.path}?here"})
        elif mode != "flaky" or not self.fails():
            self.serve()

    do_HEAD = do_GET

    def wait(self):
        """Wait as a server far away does, and count those that wait together."""
        with lock:
            waiting["now"] += 1
            waiting["most"] = max(waiting.values())
        time.sleep(latency)
        with lock:
            waiting["now"] -= 1

    def fails(self):
        """Fail twice for each range of a file."""
        key = self.command, self.path, self.headers.get("Range")
        with lock:
            failures[key] += 1
            count, which = failures[key], len(failures)
        if count > 2:
            failures[key] = 0
            return False
        kind = (which + count) % 3
        if kind == 0:
            self.answer(503 if count == 1 else 429, b"busy", {"Retry-After": "0"})
        elif kind == 1:
            self.close_connection = True
            self.connection.shutdown(2)
        else:
            self.send_response(200 if self.headers.get("Range") is None else 206)
            self.send_header("Content-Length", "1000000")
            self.send_header("Content-Range", "bytes 0-999999/1000000")
            self.end_headers()
            self.wfile.write(b"cut")
            self.close_connection = True
        return True

    def serve(self):
        path = os.path.join(folder, unquote(self.path.partition("?")[0]).lstrip("/"))
        if os.path.isdir(path):
            names = sorted(n + "/" * os.path.isdir(os.path.join(path, n)) for n in os.listdir(path))
            links = "".join(f'<a href="{name}">{name}</a>\n' for name in ("../", *names))
            self.answer(200, links.encode(), {"Content-Type": "text/html"})
            return
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError:
            self.answer(404, b"not here")
            return
        stat = os.stat(path)
        headers = {"ETag": f'"{stat.st_size}-{stat.st_mtime_ns}"'} if mode != "unversioned" else {}
        wanted = self.headers.get("Range")
        if wanted is None or mode == "whole":
            self.answer(200, content, headers)
            return
        start, _, stop = wanted.removeprefix("bytes=").partition("-")
        part = content[int(start) : int(stop or len(content)) + 1]
        total = len(content)
        if not part:
            self.answer(416, b"", headers | {"Content-Range": f"bytes */{total}"})
            return
        shift = mode == "shifted"
        given = f"{int(start) + shift}-{int(start) + len(part) - 1}"
        headers["Content-Range"] = f"bytes {given}/{'*' if mode == 'unsized' else total}"
        if mode == "several":
            part = f"--x\r\nContent-Range: {headers.pop('Content-Range')}\r\n\r\n".encode() + part
            headers["Content-Type"] = "multipart/byteranges; boundary=x"
        if mode == "packed":
            headers["Content-Encoding"] = "gzip"
            part = gzip.compress(part)
        self.answer(206, part[shift:], headers)

    def answer(self, status, content, headers=None, count=True):
        sent = b"" if self.command == "HEAD" else content
        if count:  # before the answer, for the client may ask for the log at once
            with lock:
                log.append((self.command, self.path, self.headers.get("Range"), len(sent)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    serve(Handler)

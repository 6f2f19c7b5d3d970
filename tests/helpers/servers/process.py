"""Servers in processes of their own, which end with the tests whatever happens to these."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[3]


def end_with_stdin():
    """End this process when its standard input ends."""

    def wait():
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


class Server:
    """A module of this package, run as a server on loopback."""

    def __init__(self, module, *args):
        command = [sys.executable, "-W", "ignore", "-m", f"tests.helpers.servers.{module}", *args]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{port}"

    def log(self):
        """Return the requests since the last call: method, path, range, bytes sent."""
        with urlopen(f"{self.url}/_log") as answer:
            return json.loads(answer.read())

    def most(self):
        """Return how many requests a server of files had at a time, at most."""
        with urlopen(f"{self.url}/_most") as answer:
            return json.loads(answer.read())

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def serve(handler: type[BaseHTTPRequestHandler]):
    """Serve HTTP on a free port of this machine, and print the port, until stdin ends."""
    server = _Threads(("127.0.0.1", 0), handler)
    print(server.server_address[1], flush=True)
    end_with_stdin()
    server.serve_forever()

"""moto's S3 server, for tests: ``python -m tests.helpers.servers.s3`` prints its port.

It ends when its standard input does. ``GET /_log`` returns, and forgets, the requests so
far: method, path, range, and bytes sent.
"""

from __future__ import annotations

import json
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.helpers.servers.process import end_with_stdin

log = []
lock = threading.Lock()
moto = DomainDispatcherApplication(create_backend_app)


def counted(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/_log":
        with lock:
            content = json.dumps(log).encode()
            log.clear()
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return [content]

    def start(status, headers, *rest):
        once = [(key, value) for key, value in headers if key.lower() not in ("server", "date")]
        return start_response(status, once, *rest)  # werkzeug sends these, too

    chunks = list(moto(environ, start))
    asked = path + "?" * bool(environ["QUERY_STRING"]) + environ["QUERY_STRING"]
    with lock:
        sent = sum(map(len, chunks))
        log.append((environ["REQUEST_METHOD"], asked, environ.get("HTTP_RANGE"), sent))
    return chunks


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Quiet)
    print(server.server_port, flush=True)
    end_with_stdin()
    server.serve_forever()

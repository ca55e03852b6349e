"""A provider that stands in for a real one: an HTTP server on 127.0.0.1 that can be slow, broken or lost.

Subclass LocalServer and write `handle`. The test plans what goes wrong, beforehand and by name:

    server.plan("error", status=503)              the next call gets a 503 and nothing was done
    server.plan("delay", seconds=0.5, times=3)    the next three calls are answered late
    server.plan("hang", seconds=5)                no answer for so long, then the connection closes, nothing done
    server.plan("drop")                           the connection closes without an answer, nothing was done
    server.plan("drop-after")                     the work is done, then the connection closes without an answer
    server.plan("garbage", path="/refund")        200 with a body that is no answer, for that path alone
    server.plan("drop", times=None)               until server.clear()

`calls` keeps every request that arrived, in order; `count("/v1/refunds", method="POST")` counts them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    method: str
    path: str  # without the query
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """Something that goes wrong, `times` often (None: until cleared), for paths that contain `path`."""

    kind: str
    times: int | None
    path: str
    method: str
    seconds: float
    status: int


KINDS = ("error", "delay", "hang", "drop", "drop-after", "garbage")


class LocalServer:
    """The server; `with FakeX() as fake:` or start() and stop()."""

    garbage: ClassVar[bytes] = b"<html>Our engineers have been told.</html>"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.lock = threading.RLock()
        self._faults: list[Fault] = []
        self._stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def handle(self, call: Call) -> Answer:
        """Do what the call asks and answer it."""
        raise NotImplementedError

    # Life

    def start(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False  # stop() waits for answers under way
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def stop(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._stopping.set()  # whoever hangs lets go
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return the server's own address, without a slash at the end."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    # Faults

    def plan(self, kind: str, *, times: int | None = 1, path: str = "", method: str = "", seconds: float = 0.0,
             status: int = 500) -> None:
        """Let something go wrong; see the module's docstring."""
        assert kind in KINDS, kind
        with self.lock:
            self._faults.append(Fault(kind, times, path, method, seconds, status))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self.lock:
            self._faults.clear()

    @contextmanager
    def down(self) -> Iterator[None]:
        """While it lasts every connection closes without an answer."""
        self.plan("drop", times=None)
        try:
            yield
        finally:
            self.clear()

    def count(self, path: str, method: str = "") -> int:
        """Return how many requests arrived whose path contains `path`."""
        with self.lock:
            return sum(path in call.path and method in ("", call.method) for call in self.calls)

    def respond(self, call: Call) -> Answer | None:
        """Answer a call with what is planned for it; None: close the connection without a word."""
        fault = self._next_fault(call)
        kind = fault.kind if fault else ""
        if fault and kind in ("delay", "hang"):
            self._stopping.wait(fault.seconds)
        if kind in ("drop", "hang"):
            return None
        if fault and kind == "error":
            return Answer(fault.status, self.garbage, "text/html")
        if kind == "garbage":
            return Answer(200, self.garbage, "text/html")
        answer = self.handle(call)
        return None if kind == "drop-after" else answer

    def _next_fault(self, call: Call) -> Fault | None:
        with self.lock:
            self.calls.append(call)
            for fault in self._faults:
                if fault.path in call.path and fault.method in ("", call.method):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._faults.remove(fault)
                    return fault
        return None


def _handler(server: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: one answer per connection, so nothing is left open when a test ends.
        timeout = 10

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            call = Call(self.command, parts.path, parts.query,
                        {name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length))
            answer = server.respond(call)
            if answer is None:
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_DELETE = do_PUT = _answer  # noqa: N815 - the library's names

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # the caller went away first; what was asked is done or not, as on any network

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the calls are kept."""

    return Handler

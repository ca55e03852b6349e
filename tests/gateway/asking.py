"""How tests ask a gateway, down to the bytes, and servers behind it that tell what reached them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from storefront.foundation.headers import PUBLIC


@dataclass(frozen=True)
class Said:
    """An answer; header names in small letters, one that came twice is a list."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def ask(port: int, path: str, method: str = "GET", headers: Mapping[str, str] | None = None,
        body: bytes | None = None) -> Said:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        data = response.read()
        names = [name.lower() for name, _ in response.getheaders() if name != "Date"]  # Werkzeug and its server say it
        assert len(names) == len(set(names)), f"twice in {names}"
        return Said(response.status, {name.lower(): value for name, value in response.getheaders()}, data)
    finally:
        connection.close()


def send_raw(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        got = b""
        with contextlib.suppress(ConnectionResetError):  # refused before all of it was read
            while chunk := connection.recv(65536):
                got += chunk
    return got


@dataclass(frozen=True)
class Heard:
    """A request as it arrived behind the gateway."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, dict[str, str], bytes]


class Back:
    """A server in the shop's place: it remembers what arrives and answers by `answer(heard)`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.begun: list[str] = []  # paths of requests whose bodies may still be on their way
        self.answer: Callable[[Heard], Answer] = lambda _: (200, {"Cache-Control": PUBLIC}, b"live")
        back = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def handle_one_request(self) -> None:
                self.close_connection = True
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    return
                back.begun.append(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                heard = Heard(self.command, self.path, {name.lower(): value for name, value in self.headers.items()},
                              body)
                back.heard.append(heard)
                status, headers, data = back.answer(heard)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Connection", "close")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

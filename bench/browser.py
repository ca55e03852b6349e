"""A cheap browser: one kept connection, requests as bytes, answers read as far as status and Location.

http.client would cost as much as half of what is measured on a machine of two processors.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from bench.carts import Buyer

TIMEOUT = 60.0


@dataclass(frozen=True)
class Answer:
    """Status, where it leads, and the body."""

    status: int
    location: str
    body: bytes


class Browser:
    """One connection to the shop."""

    def __init__(self, port: int) -> None:
        self.port, self.host = port, f"127.0.0.1:{port}"
        self.socket = self._connect()

    def close(self) -> None:
        self.socket.close()

    def ask(self, method: str, path: str, cookie: str, form: dict[str, str] | None = None) -> Answer:
        """Send a request and read its answer; a connection that the server closed is opened again once."""
        body = urlencode(form or {}).encode() if method == "POST" else b""
        request = (f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nCookie: {cookie}\r\n"
                   "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        self.socket.sendall(request)
        return self._read()

    def _read(self) -> Answer:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the server hung up")
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while len(body) < int(headers.get("content-length", "0")):
            body += self.socket.recv(65536)
        if headers.get("connection", "").lower() == "close":
            self.socket.close()
            self.socket = self._connect()
        return Answer(int(lines[0].split()[1]), headers.get("location", ""), body)

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


@dataclass
class Bought:
    """What a crowd of buyers came to."""

    placed: int = 0
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    client_seconds: float = 0.0  # processor time of this process
    times: dict[str, list[float]] = field(default_factory=lambda: {"press": [], "provider": [], "return": []})

    @property
    def per_second(self) -> float:
        return self.placed / self.seconds if self.seconds else 0.0


def buy(browser: Browser, buyer: Buyer, result: Bought) -> str:
    """Press the button, accept at the demo provider, come back; returns "placed", "refused" or what went wrong."""
    began = time.perf_counter()
    pressed = browser.ask("POST", "/checkout/order", buyer.cookie,
                          {"checkout": buyer.checkout_id, "total": str(buyer.total)})
    first = time.perf_counter()
    path = urlsplit(pressed.location).path
    if path == "/cart":
        return "refused"
    if pressed.status != 303 or not path.startswith("/payments/demo/"):
        return f"press: {pressed.status} {pressed.location}"
    decided = browser.ask("POST", path, buyer.cookie, {"decision": "accept"})
    second = time.perf_counter()
    back = urlsplit(decided.location).path
    if decided.status != 303 or not back.startswith("/checkout/return/"):
        return f"provider: {decided.status} {decided.location}"
    returned = browser.ask("GET", back, buyer.cookie)
    for name, taken in (("press", first - began), ("provider", second - first),
                        ("return", time.perf_counter() - second)):
        result.times[name].append(taken)
    is_placed = returned.status == 303 and urlsplit(returned.location).path.startswith("/orders/")
    return "placed" if is_placed else f"return: {returned.status} {returned.location}"


def send_crowd(port: int, buyers: Sequence[Buyer], *, threads: int, seconds: float,
               tell: Callable[[int], None] = lambda done: None) -> Bought:
    """Let the buyers buy, `threads` at a time, for at most so many seconds."""
    result, queue, lock = Bought(), iter(buyers), threading.Lock()
    deadline = time.monotonic() + seconds

    def take() -> Iterator[Buyer]:
        while time.monotonic() < deadline:
            with lock:
                buyer = next(queue, None)
            if buyer is None:
                return
            yield buyer

    def work() -> None:
        browser = Browser(port)
        try:
            for buyer in take():
                _count(result, buy(browser, buyer, result), lock)
                tell(result.placed + result.refused)
        except OSError as error:
            _count(result, f"{type(error).__name__}: {error}", lock)
        finally:
            browser.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    began, used = time.monotonic(), time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    result.seconds, result.client_seconds = time.monotonic() - began, time.process_time() - used
    return result


def _count(result: Bought, said: str, lock: threading.Lock) -> None:
    with lock:
        if said == "placed":
            result.placed += 1
        elif said == "refused":
            result.refused += 1
        else:
            result.errors.append(said)

"""Pictures from addresses that others wrote down, against servers that set traps. # security 31 # fault 65"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog import images
from storefront.catalog.entries import ImageEntry
from storefront.catalog.fetching import fetch_image
from storefront.catalog.models import Image, ImageState
from storefront.catalog.outbound import FetchFailed, FetchRefused, fetch_bytes, is_public
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from tests.factories.catalog import make_product
from tests.storefront.catalog.test_media import picture


@dataclass
class Trap:
    """A server on this machine that answers every connection with the same bytes, and remembers what it heard."""

    answer: Callable[[socket.socket], None]
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://pictures.example:{self.port}/a.jpg"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(65536))
                try:
                    self.answer(connection)
                except OSError:
                    continue


@pytest.fixture
def trap() -> Iterator[Callable[[Callable[[socket.socket], None] | bytes], Trap]]:
    made: list[Trap] = []

    def make(answer: Callable[[socket.socket], None] | bytes) -> Trap:
        made.append(Trap(answer if callable(answer) else lambda connection: connection.sendall(answer)))
        return made[-1]

    yield make
    for one in made:
        one.server.close()


def response(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def fetch_locally(url: str, max_bytes: int = 100_000, max_seconds: float = 5.0) -> bytes:
    """Fetch from a trap as if 127.0.0.1 were a public address."""
    return fetch_bytes(url, max_bytes=max_bytes, is_allowed=lambda address: str(address) == "127.0.0.1",
                       resolve=lambda host, port: ["127.0.0.1"], max_seconds=max_seconds)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
    "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    "fec0::1",
])
def test_addresses_inside_networks_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]",
                                  "[::ffff:127.0.0.1]", "127.0.0.1.", "127.1"])
def test_no_spelling_of_this_machine_is_connected_to(trap: Callable[..., Trap], host: str) -> None:
    server = trap(response(b"secret"))
    with pytest.raises((FetchRefused, FetchFailed)):
        fetch_bytes(f"http://{host}:{server.port}/", max_bytes=1000)
    time.sleep(0.05)
    assert server.heard == []


def test_one_inner_address_among_public_ones_is_enough_to_refuse(trap: Callable[..., Trap]) -> None:
    server = trap(response(b"secret"))
    with pytest.raises(FetchRefused, match="inside a network"):
        fetch_bytes(server.url, max_bytes=1000, resolve=lambda host, port: ["1.1.1.1", "127.0.0.1"])
    assert server.heard == []


def test_the_connection_goes_to_the_address_that_was_checked(trap: Callable[..., Trap]) -> None:
    """Rebinding: a name asked twice could answer with an inner address the second time."""
    server, asked = trap(response(b"picture")), []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    body = fetch_bytes(server.url, max_bytes=1000, resolve=resolve, is_allowed=lambda address: address.is_loopback)
    assert (body, asked) == (b"picture", ["pictures.example"])
    assert f"Host: pictures.example:{server.port}".encode() in server.heard[0]


@pytest.mark.parametrize("url", [
    "gopher://127.0.0.1:6379/_FLUSHALL", "file:///etc/passwd", "ftp://x.example/a", "//x.example/a", "x", "", "http://",
    "http://user:word@x.example/a", "http://x.example:99999/", "http://[::1", "data:image/png;base64,AA",
    "http://\u2100\u2024example/", "http://" + "a" * 80 + ".example/",
])
def test_only_plain_web_addresses_are_asked(url: str) -> None:
    with pytest.raises(FetchRefused):
        fetch_bytes(url, max_bytes=1000, resolve=lambda host, port: pytest.fail("was looked up"))


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(trap: Callable[..., Trap], status: str) -> None:
    inner = trap(response(b"secret"))
    server = trap(response(b"", status, f"Location: http://127.0.0.1:{inner.port}/\r\n"))
    with pytest.raises(FetchRefused, match="not followed"):
        fetch_locally(server.url)
    assert inner.heard == []


def test_a_line_break_in_the_path_sends_no_second_command(trap: Callable[..., Trap]) -> None:
    server = trap(response(b"x"))
    with contextlib.suppress(FetchRefused, FetchFailed):
        fetch_locally(f"http://pictures.example:{server.port}/a\r\nFLUSHALL\r\n b ü")
    assert not any(b"\r\nFLUSHALL" in heard for heard in server.heard)


def test_a_file_above_the_limit_is_not_read(trap: Callable[..., Trap]) -> None:
    said = trap(response(b"x" * 2000))
    unsaid = trap(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 2000)
    for server in (said, unsaid):
        with pytest.raises(FetchRefused, match="larger"):
            fetch_locally(server.url, max_bytes=1000)


def test_an_answer_that_trickles_ends_with_the_time(trap: Callable[..., Trap]) -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    with pytest.raises(FetchFailed, match="took longer"):
        fetch_locally(trap(trickle).url, max_seconds=0.4)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf",
                                    response(b"", "503 Busy"), response(b"", "429 Too many")])
def test_a_broken_answer_may_be_better_later(trap: Callable[..., Trap], answer: bytes) -> None:
    with pytest.raises(FetchFailed):
        fetch_locally(trap(answer).url)


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "204 No Content"])
def test_a_refusal_is_final(trap: Callable[..., Trap], status: str) -> None:
    with pytest.raises(FetchRefused, match=status[:3]):
        fetch_locally(trap(response(b"", status)).url)


def pending_image(url: str) -> int:
    make_product(images=(ImageEntry(source_url=url, alt="A bowl"),), stock=0)
    return db.session.scalars(select(Image.id)).one()


def image(image_id: int) -> Image:
    db.session.rollback()
    return db.session.get_one(Image, image_id)


def test_the_job_brings_the_picture_to_hand_and_a_second_one_changes_nothing(
    app: Flask, trap: Callable[..., Trap]
) -> None:
    server = trap(response(picture(800, 400)))
    image_id = pending_image(server.url)
    fetch_image(image_id=image_id, fetch=fetch_locally)
    row = image(image_id)
    assert (row.state, row.width, row.height, row.problem, row.attempts) == (ImageState.READY, 800, 400, "", 0)
    assert row.renditions == {"avif": [320, 640, 800], "webp": [320, 640, 800], "jpg": [800]}
    events = db.session.query(OutboxEvent).count()
    fetch_image(image_id=image_id, fetch=lambda url: pytest.fail("was fetched again"))
    assert db.session.query(OutboxEvent).count() == events
    assert len(server.heard) == 1


def test_an_inner_address_fails_for_good_and_says_why(app: Flask) -> None:
    image_id = pending_image("http://169.254.169.254/latest/meta-data")
    fetch_image(image_id=image_id)
    row = image(image_id)
    assert (row.state, row.key, row.attempts) == (ImageState.FAILED, "", 1)
    assert row.problem == "169.254.169.254 leads inside a network, where the shop does not ask."
    assert images.requeue_images(includes_failed=False) == 0


def test_what_is_no_picture_fails_for_good(app: Flask, trap: Callable[..., Trap]) -> None:
    image_id = pending_image(trap(response(b"<html>not found</html>")).url)
    fetch_image(image_id=image_id, fetch=fetch_locally)
    assert image(image_id).state is ImageState.FAILED
    assert "not a picture" in image(image_id).problem


def test_a_failure_is_tried_again_five_times_and_then_waits_for_staff(app: Flask, trap: Callable[..., Trap]) -> None:
    server = trap(response(b"", "503 Busy"))
    image_id = pending_image(server.url)
    states = []
    for _ in range(5):
        fetch_image(image_id=image_id, fetch=fetch_locally)
        states.append((image(image_id).state, image(image_id).attempts))
        images.requeue_images(includes_failed=False)
    assert states == [(ImageState.PENDING, number) for number in (1, 2, 3, 4)] + [(ImageState.FAILED, 5)]
    assert image(image_id).problem == "pictures.example answered 503."
    assert images.requeue_images(includes_failed=False) == 0
    assert images.requeue_images(includes_failed=True) == 1
    assert (image(image_id).state, image(image_id).attempts) == (ImageState.PENDING, 0)


def test_a_picture_that_is_gone_is_no_error(app: Flask) -> None:
    fetch_image(image_id=12345)

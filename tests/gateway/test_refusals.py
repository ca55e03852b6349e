"""What nginx says itself: a page for people, a sentence for htmx, with the right status and kept by nobody."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests.factories.pages import write_page
from tests.gateway.asking import Back, ask, send_raw
from tests.gateway.conftest import Start
from tests.nginx import RunningGateway

HOST = b"Host: localhost\r\n"
RAW = [  # a request, its status, and a word of what it is told
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400, b"did not arrive whole"),
    (b"GET / HTTP/1.1\r\n", 400, b"did not arrive whole"),  # no host
    (b"GET /p/%00 HTTP/1.1\r\n" + HOST, 400, b"did not arrive whole"),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a" * 20_000 + b"\r\n", 400, b"did not arrive whole"),
    (b"GET /static/built/manifest.json HTTP/1.1\r\n" + HOST, 404, b"There is nothing here"),
    (b"GET /static/built/none.css HTTP/1.1\r\n" + HOST, 404, b"There is nothing here"),
    (b"GET /static/built/ HTTP/1.1\r\n" + HOST, 404, b"There is nothing here"),
    (b"DELETE /static/built/none.css HTTP/1.1\r\n" + HOST, 405, b"does not work here"),
    (b"POST /cart/lines HTTP/1.1\r\nContent-Length: 9999999\r\n" + HOST, 413, b"too much at once"),
    (b"POST /p/bowl HTTP/1.1\r\nContent-Length: 9999999\r\n" + HOST, 413, b"too much at once"),
    (b"GET /p/" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HOST, 414, b"too long"),
    (b"GET / HTTP/1.1\r\nHost: evil.example\r\n", 421, b"another house"),
    (b"GET /cart HTTP/1.1\r\n" + HOST, 503, b"out of breath"),
]


@pytest.mark.parametrize(("request_", "status", "said"), RAW, ids=map(str, range(len(RAW))))
def test_a_kind_page_with_the_right_status(gateway: Start, request_: bytes, status: int, said: bytes) -> None:
    front = gateway({"": ["127.0.0.1:9"]})
    head, _, body = send_raw(front.port, request_ + b"Connection: close\r\n\r\n").partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == str(status).encode()
    assert said in body
    assert body.endswith(b"</html>")
    for word in (b"Cache-Control: no-store", b"Content-Type: text/html; charset=utf-8", b"Content-Security-Policy: "):
        assert head.count(word) == 1, word
    assert (b"Retry-After: 5" in head) == (status in (413, 503))
    for word in (b"ETag", b"Last-Modified", b"nginx/"):
        assert word not in head, word


def test_htmx_is_told_a_sentence(gateway: Start) -> None:
    front = gateway({"": ["127.0.0.1:9"]})
    for path, status in (("/cart", 503), ("/p/bowl", 503), ("/static/built/none.css", 404)):
        told = ask(front.port, path, headers={"HX-Request": "true"})
        assert (told.status, told.headers["content-type"]) == (status, "text/plain; charset=utf-8")
        assert told.text.endswith(".")
        assert "<" not in told.text


def test_nobody_asks_for_a_refusal_itself(front: RunningGateway, back: Back) -> None:
    assert [ask(front.port, f"/-/{name}").status for name in ("503.html", "413.txt", "")] == [404, 404, 404]
    assert back.heard == []


SLOW = (b"GET /p/bowl HTTP/1.1\r\nHost: local",  # and then nothing
        b"POST /cart/lines HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nquantity=")


def test_slow_connections_keep_nobody_waiting(gateway: Start, back: Back) -> None:  # fault 56
    front = gateway({"": [back.address]}, limits=False, slowest=600)
    write_page("/p/bowl", b"a bowl")
    with ExitStack() as stack:
        for at in range(200):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", front.port), timeout=60))
            connection.sendall(SLOW[at % 2])
        for _ in range(5):
            assert ask(front.port, "/p/bowl").data == b"a bowl"
            assert ask(front.port, "/cart").data == b"live"
        assert set(back.begun) == {"/cart"}  # no process waits for who does not speak


def test_who_says_nothing_more_is_left(gateway: Start, back: Back) -> None:  # fault 56
    front = gateway({"": [back.address]}, slowest=1)
    for words in SLOW:
        assert send_raw(front.port, words) == b"", words

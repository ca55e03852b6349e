"""The shop behind a real nginx: pages stay when processes go, nothing is done twice, nothing old is held on to."""

from __future__ import annotations

import gzip
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from storefront.cart.models import CartLine
from storefront.foundation.database import db
from storefront.foundation.page_files import remove_page
from tests.factories.catalog import make_product
from tests.factories.pages import write_page
from tests.faults.processes import eventually, free_port
from tests.faults.visitor import Visitor
from tests.faults.world import World
from tests.journeys.walk import form_of
from tests.nginx import RunningGateway, find_nginx, start_gateway

pytestmark = pytest.mark.skipif(find_nginx() is None, reason="needs nginx")
HTMX = {"HX-Request": "true"}
Front = Callable[..., RunningGateway]


@pytest.fixture
def front() -> Iterator[Front]:
    """Start nginx before ports; ended with the test."""
    running: list[RunningGateway] = []

    def start(app: Flask, folder: Any, *ports: int, **options: Any) -> RunningGateway:
        running.append(start_gateway(app, folder, {"": [f"127.0.0.1:{port}" for port in ports]}, **options))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def states(front: RunningGateway) -> str:
    return (front.folder / "access.log").read_text()


def test_every_process_gone(world: World, front: Front) -> None:
    """# fault 27. Red without error_page 502, and without proxy_cache_use_stale: bare pages of nginx's own."""
    make_product(slug="bowl")
    write_page("/p/bowl", b"a page from before")
    web = world.start_web(TRUSTED_PROXIES="127.0.0.1")
    gateway = front(world.app, world.folder / "nginx", world.port, limits=False)
    visitor = Visitor(gateway.port)
    found = visitor.get("/search?q=bowl")
    assert found.status_code == 200
    web.kill_all()
    assert visitor.get("/p/bowl").text == "a page from before"
    eventually(lambda: visitor.get("/search?q=bowl").data == found.data and '"STALE"' in states(gateway), "an old list")
    for path in ("/cart", "/c/bowls", "/", "/search?q=never+asked"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), path
        assert "Back in a moment" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        fragment = visitor.get(path, headers=HTMX)  # htmx 4 would swap a page in
        assert (fragment.status_code, fragment.headers["Content-Type"]) == (503, "text/plain; charset=utf-8")
        assert fragment.text == "The shop is catching its breath. Please try again in a moment."
    assert visitor.post("/cart/lines", data={"quantity": "1"}, headers=HTMX).status_code == 503
    world.start_web(TRUSTED_PROXIES="127.0.0.1")
    eventually(lambda: visitor.get("/cart").status_code == 200, "the way back")
    remove_page("/p/bowl")  # the audit knows of none with this text


def test_one_of_two_hangs(world: World, front: Front) -> None:
    """# fault 28. Red with proxy_next_upstream non_idempotent (what hangs is sent again), and with max_fails=0."""
    make_product(slug="bowl", stock=100)
    hanging = world.start_web(TRUSTED_PROXIES="127.0.0.1")
    hanging_port, world.port = world.port, free_port()
    world.start_web(TRUSTED_PROXIES="127.0.0.1")
    fields = form_of(world.visitor().get("/p/bowl").text, "/cart/lines")
    gateway = front(world.app, world.folder / "nginx", hanging_port, world.port, limits=False, patience=2,
                    patience_with_deeds=2)
    began = time.monotonic()
    os.killpg(hanging.pid, signal.SIGSTOP)
    try:
        answers = [Visitor(gateway.port).get("/p/bowl").status_code for _ in range(12)]
        assert answers == [200] * 12  # one of them late
        rests = 1 + int((time.monotonic() - began) // 10)  # it is tried again after fail_timeout
        eventually(lambda: states(gateway).count('"uri":"/p/bowl"') == 12, "the log")
        assert states(gateway).count(f"127.0.0.1:{hanging_port}") <= rests
        posts: list[int] = []

        def post() -> bool:
            posts.append(Visitor(gateway.port).post("/cart/lines", data=fields).status_code)
            return 503 in posts

        eventually(post, "one that goes to the hanging one")
    finally:
        os.killpg(hanging.pid, signal.SIGCONT)
    assert set(posts) == {303, 503}
    lost = posts.count(503)
    eventually(lambda: Visitor(hanging_port).get("/healthz").status_code == 200, "the hanging one")
    db.session.rollback()
    quantities = [line.quantity for line in db.session.query(CartLine).all()]
    assert set(quantities) == {1}
    assert posts.count(303) <= len(quantities) <= posts.count(303) + lost  # once, or not at all


def test_read_while_it_is_rewritten(app: Flask, tmp_path: Any, front: Front, rounds: Callable[[int, int], int]) -> None:
    """# fault 22. Red when `write_page` writes in place, or a plain twin lies beside the .gz."""
    body = b"<p>A bowl, thrown and glazed by hand.</p>" * 50
    versions = [b"%06d" % at + body + b"%06d" % at for at in range(rounds(200, 10_000))]
    write_page("/p/bowl", versions[0])
    gateway = front(app, tmp_path / "nginx", 9)
    done = threading.Event()

    def rewrite() -> None:
        try:
            with app.app_context():
                for version in versions[1:]:
                    write_page("/p/bowl", version)
        finally:
            done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    visitor, last, seen = Visitor(gateway.port), b"", 0
    while not done.is_set() or seen < 20:
        for encoding in ("identity", "gzip"):
            answer = visitor.get("/p/bowl", headers={"Accept-Encoding": encoding})
            data = gzip.decompress(answer.data) if encoding == "gzip" else answer.data
            assert data == versions[int(data[:6])]
            assert data[:6] >= last
            last, seen = data[:6], seen + 1
    writer.join()
    assert visitor.get("/p/bowl").data == versions[-1]


def test_replaced_and_taken_away(app: Flask, tmp_path: Any, front: Front, rounds: Callable[[int, int], int]) -> None:
    """# fault 25. Red with `open_file_cache max=100 inactive=20s` in the configuration: the old page is sent on."""
    gateway = front(app, tmp_path / "nginx", 9)
    visitor = Visitor(gateway.port)
    for version in range(rounds(50, 2000)):
        write_page("/p/bowl", b"version %06d" % version)
        assert visitor.get("/p/bowl").data == b"version %06d" % version

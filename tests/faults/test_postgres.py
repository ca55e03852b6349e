"""PostgreSQL crashed, gone and overrun under a running shop: 503 and nothing half done, and it heals by itself."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import text

from storefront.foundation.database import db
from storefront.foundation.page_files import remove_page
from storefront.payments.models import DemoIntent
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.factories.pages import write_page
from tests.faults.invariants import assert_sound
from tests.faults.processes import House, eventually
from tests.faults.proxy import Proxy
from tests.faults.server import Server
from tests.faults.visitor import Answer, Visitor
from tests.faults.walks import (
    answer_provider,
    count,
    is_quiet,
    let_minutes_pass,
    orders,
    payments,
    reach_bank,
    reach_review,
    say_steps,
    states,
    together,
)
from tests.faults.world import World
from tests.journeys.walk import CONTACT, form_of, path_of, put_in_cart
from tests.nginx import find_nginx, start_gateway
from tests.postgres import Cluster
from tests.storefront.inventory.test_services import stock

PAID = ("placed", "captured")


@pytest.fixture(scope="module")
def server(cluster: Cluster | None) -> Iterator[Server]:
    """A server that nobody else uses."""
    if cluster is None:
        pytest.skip("crashes a PostgreSQL server")
    started = Server()
    yield started
    started.cluster.stop()


@pytest.fixture
def shop(server: Server, house: House, scratch: Path, tmp_path: Path) -> Iterator[World]:
    """A shop on that server, behind a proxy."""
    server.cluster.sql("DROP DATABASE IF EXISTS shop WITH (FORCE)")
    server.cluster.sql("CREATE DATABASE shop")
    folder = scratch / f"p{len(list(scratch.glob('p*')))}"
    built = World(folder, house, server.cluster.url("shop"))
    proxy = Proxy(scratch / f"{folder.name}x", server.cluster.directory)
    built.environ["DATABASE_URL"] = f"postgresql+psycopg://postgres@/shop?host={proxy.directory}"
    built.proxy = proxy
    try:
        with built.app.app_context():
            upgrade()
            make_world()
            make_product(slug="bowl", stock=100)
            db.session.remove()
            yield built
            built.stop_children()
            assert_sound()
    finally:
        built.close()
        proxy.close()
        with built.app.app_context():
            db.session.remove()
            db.engine.dispose()
        print(built.logs())  # noqa: T201
        shutil.rmtree(tmp_path, ignore_errors=True)


def assert_friendly(answer: Answer) -> None:
    """A 503 that a person can read, with the time to come back."""
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert "Try again" in answer.text or answer.text.endswith("try again in a moment.")


def buy_somehow(visitor: Visitor, heard: list[Answer]) -> None:
    """Buy one bowl, trying each step again while the shop says 503; `heard` is all that was answered."""

    def ask(step: Callable[[], Answer]) -> Answer:
        def answered() -> Answer | None:
            answer = step()
            heard.append(answer)
            return answer if answer.status_code != 503 else None

        found: Answer = eventually(answered, "an answer")
        return found

    ask(lambda: visitor.get("/p/bowl"))
    page = ask(lambda: visitor.get("/p/bowl"))
    assert page.status_code == 200, page
    fields = form_of(page.text, "/cart/lines")
    while not visitor.cookies:
        ask(lambda: visitor.post("/cart/lines", data=fields))
    for step, said, onward in (("contact", CONTACT, "delivery"), ("delivery", {"quote": "post"}, "payment"),
                               ("payment", {"method": "demo"}, "review")):
        answer = ask(lambda: visitor.post(f"/checkout/{step}", data=said))  # noqa: B023
        assert path_of(answer.location) == f"/checkout/{onward}", (step, answer)
    review = ask(lambda: visitor.get("/checkout/review"))
    assert review.status_code == 200, review
    button = form_of(review.text, "/checkout/order")
    bank = path_of(ask(lambda: visitor.post("/checkout/order", data=button)).location)
    answered = ask(lambda: visitor.post(bank, data={"decision": "accept"}))
    back = path_of(answered.location)
    assert ask(lambda: visitor.get(back)).location.startswith("/orders/")


def test_crashed_again_and_again_while_people_buy(
        shop: World, server: Server, rounds: Callable[[int, int], int]) -> None:
    """# fault 15. Red without _answer_database in foundation/pages.py: 500 for 503."""
    shop.start_web(workers=1, threads=6)
    heard: list[Answer] = []
    done = threading.Event()

    def crash_now_and_then() -> None:
        for _ in range(rounds(3, 20)):
            seen = len(heard)
            eventually(lambda: len(heard) > seen + 4 or done.is_set(), "more answers")  # noqa: B023
            server.crash()
            seen = len(heard)
            eventually(lambda: len(heard) > seen + 2 or done.is_set(), "answers without a database")  # noqa: B023
            server.start()

    buyers = rounds(4, 20)

    def crash() -> None:
        crash_now_and_then()

    def buy() -> None:
        buy_somehow(shop.visitor(), heard)

    crasher = threading.Thread(target=crash)
    crasher.start()
    results = together([buy] * buyers)
    done.set()
    crasher.join()
    assert [repr(result)[:2000] for result in results if result is not None] == []
    refused = [answer for answer in heard if answer.status_code == 503]
    assert refused
    for answer in refused:
        assert_friendly(answer)
    assert {answer.status_code for answer in heard} <= {200, 303, 503}
    assert states() == [PAID] * buyers
    assert stock(1) == (100, 0, buyers)


@pytest.mark.parametrize("at", ["order", "return"])
def test_answer_to_the_commit_lost(shop: World, at: str) -> None:
    """# fault 15. Red when a press does not find what an earlier one wrote."""
    shop.start_web()
    visitor = shop.visitor()
    button = reach_review(visitor)
    if at == "order":
        shop.proxy.loses_commit.set()
        assert_friendly(visitor.post("/checkout/order", data=button))
        assert shop.proxy.lost.is_set()
        assert len(orders()) == 1
    bank = path_of(visitor.post("/checkout/order", data=button).location)
    back = answer_provider(visitor, bank)
    if at == "return":
        shop.proxy.loses_commit.set()
        assert_friendly(visitor.get(back))
        assert states() == [PAID]
    assert visitor.get(back).location.startswith("/orders/")
    assert (len(orders()), len(payments()), count(DemoIntent), states()) == (1, 1, 1, [PAID])
    assert stock(1) == (100, 0, 1)
    let_minutes_pass()
    shop.start_behind("mail", "default")
    eventually(is_quiet, "the mail")
    assert len(shop.postbox.letters) == 1


@pytest.mark.skipif(find_nginx() is None, reason="needs nginx")
def test_down_for_long(shop: World, server: Server) -> None:
    """# fault 16. Red without _answer_database in foundation/pages.py: 500 instead of 503 with Retry-After."""
    shop.start_web()
    relay = shop.start("flask", "worker", "relay")
    visitor = shop.visitor()
    put_in_cart(visitor, "bowl")
    asset = next(part for part in visitor.get("/").text.split('"') if part.startswith("/static/built/"))
    write_page("/collections/kept", b"a page from before")
    front = start_gateway(shop.app, shop.folder / "nginx", {"": [f"127.0.0.1:{shop.port}"]})
    server.crash()
    try:
        through = Visitor(front.port)
        assert through.get("/collections/kept").text == "a page from before"
        for page in ("/p/bowl", "/cart", "/search?q=bowl"):
            assert_friendly(through.get(page))
        for page in ("/", "/p/bowl", "/cart", "/checkout/contact"):
            assert_friendly(visitor.get(page))
        assert visitor.get("/cart/drawer", headers={"HX-Request": "true"}).headers["Content-Type"].startswith(
            "text/plain")  # htmx 4 would swap a page in
        assert_friendly(visitor.post("/checkout/order", data={"total": "2850"}))
        assert [visitor.get(path).status_code for path in (asset, "/healthz", "/readyz")] == [200, 200, 503]
        eventually(lambda: "relay waits" in relay.log.read_text(), "the relay's complaint")
    finally:
        front.stop()
        remove_page("/collections/kept")  # the audit knows of none with this text
        server.start()
    eventually(lambda: visitor.get("/readyz").status_code == 200, "the shop's recovery")
    bank = path_of(visitor.post("/checkout/order", data=say_steps(visitor)).location)
    visitor.get(answer_provider(visitor, bank))
    assert states() == [PAID]
    assert relay.poll() is None


def test_more_visitors_than_connections(shop: World, server: Server, rounds: Callable[[int, int], int]) -> None:
    """# fault 17. Red without _answer_database: "too many clients" is a 500."""
    db.session.remove()
    db.engine.dispose()
    server.crash()
    server.start(["-c", "max_connections=10", "-c", "reserved_connections=0", "-c", "superuser_reserved_connections=3"])
    try:
        shop.start_web(workers=2, threads=16)
        shop.start("flask", "worker", "relay")
        crowd = rounds(24, 50)

        def visit() -> list[int]:
            visitor = shop.visitor()
            return [visitor.get(page).status_code for page in ("/p/bowl", "/cart", "/search?q=bowl")]

        codes = [code for result in together([visit] * crowd) for code in result]  # type: ignore[union-attr]
        assert set(codes) <= {200, 503}
        assert codes.count(200) > 0
        visitor = shop.visitor()
        eventually(lambda: visitor.get("/p/bowl").status_code == 200, "room again")
        visitor.get(answer_provider(visitor, reach_bank(visitor)))
        db.session.remove()
        db.engine.dispose()
    finally:
        shop.stop_children()
        server.crash()
        server.start()
    assert states() == [PAID]


def test_connection_lost_after_the_last_query(app: Flask, cluster: Cluster | None) -> None:
    """# fault 15. Red without Database.abandon: the request ends in an error that no page of ours answers."""
    if cluster is None:
        pytest.skip("concerns a server")
    with app.app_context():
        pid = db.session.scalar(text("SELECT pg_backend_pid()"))
        cluster.sql(f"SELECT pg_terminate_backend({pid}, 10000)")
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1


def test_every_connection_of_a_process_in_use(app: Flask, client: FlaskClient, cluster: Cluster | None) -> None:
    """# fault 17. Red without _answer_full_pool in foundation/pages.py: 500."""
    if cluster is None:
        pytest.skip("SQLite has no pool to use up")
    held = [db.engine.connect() for _ in range(10)]
    answer = client.get("/search?q=bowl")
    for connection in held:
        connection.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert client.get("/search?q=bowl").status_code == 200

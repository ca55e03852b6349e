"""Redis emptied, gone, frozen, full or killed: it may be lost at any moment, and nothing else is."""

from __future__ import annotations

import os
import shutil
import signal
import threading

import pytest

from storefront.cart.models import CartLine
from storefront.foundation.database import db
from tests.factories.accounts import PASSWORD, make_customer
from tests.factories.catalog import make_product
from tests.faults.processes import eventually
from tests.faults.visitor import Answer, Visitor
from tests.faults.walks import answer_provider, is_quiet, let_minutes_pass, only, reach_bank, states
from tests.faults.world import World
from tests.journeys.walk import check_out, form_of, put_in_cart
from tests.workers.outbox import jobs
from workers.queues import connect, has_worker
from workers.relay import relay_once

PAGES = ("/", "/p/bowl", "/cart", "/search?q=bowl", "/island?product=bowl")


@pytest.fixture
def shop(world: World) -> World:
    make_product(slug="bowl", stock=500)
    world.start_web()
    return world


def place_order(visitor: Visitor) -> None:
    """Walk all the way; the order's mail now waits in the outbox."""
    back = answer_provider(visitor, reach_bank(visitor))
    assert visitor.get(back).location.startswith("/orders/")


def lines() -> int:
    db.session.rollback()
    return sum(line.quantity for line in db.session.query(CartLine).all())


class Load:
    """Shoppers who fill carts and look around until told to stop; `answers` is all that they got."""

    def __init__(self, world: World, shoppers: int = 3) -> None:
        self.world, self.answers, self.added = world, list[Answer](), 0
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._shop) for _ in range(shoppers)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def wait_for(self, more: int) -> None:
        """Return when so many more answers have come."""
        target = len(self.answers) + more
        eventually(lambda: len(self.answers) >= target, f"{more} more answers")

    def _shop(self) -> None:
        visitor = self.world.visitor()
        fields = form_of(visitor.get("/p/bowl").text, "/cart/lines")
        while not self._stop.is_set():
            added = visitor.post("/cart/lines", data=fields)
            got = [added, *(visitor.get(page) for page in PAGES)]
            with self._lock:
                self.added += added.status_code == 303
                self.answers += got


def test_flushed_under_load(shop: World) -> None:
    """# fault 10. Red when read_count's None counts as 0 for the cart, and when claim_jobs never hands over again."""
    place_order(shop.visitor())
    make_customer()
    signed_in = shop.visitor()
    signed_in.post("/account/sign-in", data={"email": "ada@example.com", "password": PASSWORD})
    relay_once(connect(shop.app))
    with Load(shop) as load, shop.redis as redis:
        for _ in range(5):
            load.wait_for(10)
            redis.flushall()
        load.wait_for(10)
    assert {answer.status_code for answer in load.answers} == {200, 303}
    assert lines() == load.added
    assert signed_in.get("/account").status_code in (200, 303)
    let_minutes_pass()
    shop.start_behind("mail", "default")
    eventually(is_quiet, "the jobs whose wake-ups were flushed")
    assert len(shop.postbox.letters) == 2


def test_gone_while_shopping(shop: World) -> None:
    """# fault 11. Red without the `except RedisError` in cart/mirror.py: adding to the cart is a 503."""
    shop.valkey.stop()
    visitor = shop.visitor()
    place_order(visitor)
    assert [visitor.get(page).status_code for page in PAGES] == [200] * len(PAGES)
    assert states() == [("placed", "captured")]
    shop.restart_valkey()
    shop.start_behind("mail", "default")
    eventually(is_quiet, "the mail")
    assert len(shop.postbox.letters) == 1


def test_frozen_while_shopping(shop: World) -> None:
    """# fault 12. Red without the rest in foundation/redis.py (a page waits for each of its reads) or its time-out."""
    process = shop.valkey.process
    assert process is not None
    place_order(shop.visitor())  # connections are in the pools
    visitor = shop.visitor(timeout=10)  # of thirty reads that wait 0.4 s each only the first may
    os.kill(process.pid, signal.SIGSTOP)
    try:
        put_in_cart(visitor, "bowl")
        assert [visitor.get(page).status_code for page in PAGES] == [200] * len(PAGES)
        assert visitor.post(check_out(visitor), data={"decision": "accept"}).status_code == 303
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert [visitor.get(page).status_code for page in PAGES] == [200] * len(PAGES)


def test_full(shop: World) -> None:
    """# fault 13. Red without the `except RedisError` in workers/relay.py: the relay ends, and no mail is sent."""
    with shop.redis as redis:
        redis.config_set("maxmemory", "1")
        relay = shop.start("flask", "worker", "relay")
        place_order(shop.visitor())
        assert states() == [("placed", "captured")]
        eventually(lambda: "relay waits" in relay.log.read_text(), "the relay's complaint")
        assert relay.poll() is None
        redis.config_set("maxmemory", "0")
    let_minutes_pass()
    shop.start("flask", "worker", "run", "mail")
    shop.start("flask", "worker", "run", "default")
    eventually(is_quiet, "the mail")
    assert len(shop.postbox.letters) == 1


def kill_and_lose_all(shop: World) -> None:
    """Valkey ends as if nothing had reached the disk yet."""
    process = shop.valkey.process
    assert process is not None
    process.kill()
    process.wait()
    shutil.rmtree(shop.folder / "valkey" / "appendonlydir")


def test_killed_and_its_newest_writes_gone(shop: World) -> None:
    """# fault 14. Red when claim_jobs never hands over again: the wake-up was only in Redis."""
    make_customer()
    relay_once(connect(shop.app))
    assert only(jobs()).handed_at is not None
    kill_and_lose_all(shop)
    shop.restart_valkey()
    shop.start_behind("mail")
    let_minutes_pass()
    eventually(is_quiet, "the mail")
    assert (len(shop.postbox.letters), only(jobs()).attempts) == (1, 1)


def test_killed_and_back_without_knowing_who_works(shop: World) -> None:
    """# fault 14. Red without RegisteredWorker: to an empty Redis the worker that waits does not exist."""
    worker = shop.start("flask", "worker", "run", "mail")
    with shop.redis as redis:
        eventually(lambda: any(client["cmd"] == "blmove" for client in redis.client_list()), "a worker that waits")
    assert has_worker("mail", shop.redis)
    kill_and_lose_all(shop)
    shop.restart_valkey()
    eventually(lambda: has_worker("mail", shop.redis), "the worker's return")
    assert worker.poll() is None

"""Many writers at once: no deadlock, no lost update, no unit sold twice, on both databases."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask, request
from sqlalchemy import update

from admin.product_forms import StockForm
from admin.product_stock import change_stock
from storefront.cart.models import Cart
from storefront.cart.services import add_line
from storefront.checkout.errors import StepMissing
from storefront.foundation.clock import now
from storefront.foundation.database import execute_counted, transactional
from storefront.inventory.errors import OutOfStock
from storefront.inventory.services import correct_stock, receive_stock, release_reservations, reserve_stock
from tests.factories.cart import make_cart
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, read_total
from tests.faults.walks import (
    answer_provider,
    at_once,
    only,
    orders,
    reach_review,
    start_paying,
    states,
    together,
)
from tests.faults.world import World
from tests.journeys.walk import path_of
from tests.postgres import Cluster
from tests.storefront.inventory.test_services import stock

PAID = ("placed", "captured")


def errors(results: list[object]) -> list[str]:
    return [repr(result) for result in results if isinstance(result, Exception)]


def deadlocks(cluster: Cluster) -> int:
    return (cluster.directory / "log").read_text(errors="replace").count("deadlock detected")


@pytest.mark.usefixtures("sound")
def test_orders_for_the_same_things_in_opposite_order(
        app: Flask, cluster: Cluster | None, rounds: Callable[[int, int], int]) -> None:
    """# fault 18. Red when reserve_stock takes its variants as they come: PostgreSQL logs deadlocks."""
    pairs = rounds(40, 10_000)
    bowl, cup = (make_product(slug=slug, stock=2 * pairs).variant_id for slug in ("bowl", "cup"))
    before = deadlocks(cluster) if cluster else 0

    def reserve(first: int, second: int) -> None:
        order_id = uuid.uuid4()
        reserve_stock(order_id=order_id, holder_id=uuid.uuid4(), quantities={first: 1, second: 1}, actor="test")
        release_reservations(order_id=order_id, actor="test")

    results = at_once(app, [partial(reserve, *pair) for _ in range(pairs) for pair in ((bowl, cup), (cup, bowl))])
    assert errors(results) == []
    assert (stock(bowl), stock(cup)) == ((2 * pairs, 0, 0),) * 2
    if cluster:
        assert deadlocks(cluster) == before


@pytest.mark.usefixtures("sound")
def test_staff_edit_what_is_being_ordered(
        app: Flask, cluster: Cluster | None, rounds: Callable[[int, int], int]) -> None:
    """# fault 18. Red when change_stock sorts variants as words, 10 before 9: PostgreSQL logs deadlocks."""
    product = make_product(options={"Size": [f"S{number}" for number in range(10)]}, stock=1000)
    nine, ten = product.variant_ids[8:10]
    before = deadlocks(cluster) if cluster else 0

    def reserve() -> None:
        order_id = uuid.uuid4()
        reserve_stock(order_id=order_id, holder_id=uuid.uuid4(), quantities={nine: 1, ten: 1}, actor="test")
        release_reservations(order_id=order_id, actor="test")

    said = {"reason": "counted"} | {f"levels-{place}-{name}": word for place, variant_id in enumerate((nine, ten))
                                    for name, word in {"variant_id": variant_id, "delta": 1, "policy": "deny"}.items()}

    def edit() -> None:
        with app.test_request_context(method="POST", data=said):
            change_stock(product_id=product.id, form=StockForm(request.form), actor="staff:1")

    times = rounds(30, 2000)
    assert errors(at_once(app, [reserve, edit] * times)) == []
    assert (stock(nine), stock(ten)) == ((1000 + times, 0, 0),) * 2
    if cluster:
        assert deadlocks(cluster) == before


def test_a_deadlock_is_tried_again(app: Flask, cluster: Cluster | None) -> None:
    """# fault 18. Red with an empty RETRYABLE: one of the two fails with 40P01."""
    if cluster is None:
        pytest.skip("SQLite's writers stand in line and cannot deadlock")
    make_product(slug="bowl")
    carts = [make_cart({1: 1}), make_cart({1: 1})]
    barrier = threading.Barrier(2)
    tries: list[int] = []

    @transactional
    def cross(first: uuid.UUID, second: uuid.UUID) -> None:
        tries.append(1)
        for at, cart_id in enumerate((first, second)):
            execute_counted(update(Cart).where(Cart.id == cart_id).values(updated_at=now()))
            if at == 0 and len(tries) <= 2:
                barrier.wait(30)

    before = deadlocks(cluster)
    results = at_once(app, [partial(cross, *carts), partial(cross, *reversed(carts))])
    assert errors(results) == []
    assert (len(tries), deadlocks(cluster) - before) == (3, 1)


def test_two_writers_on_sqlite(
        world: World, cluster: Cluster | None, dice: random.Random, rounds: Callable[[int, int], int]) -> None:
    """# fault 19. Red with busy_timeout=0, and with BEGIN DEFERRED for services: "database is locked"."""
    if cluster is not None:
        pytest.skip("concerns SQLite")
    bowl = make_product(slug="bowl", stock=10_000).variant_id
    cart_id = make_cart({bowl: 1})
    world.start("flask", "worker", "relay")  # a second process that writes
    deeds: list[Callable[[], object]] = [
        partial(add_line, cart_id=None, customer_id=None, variant_id=bowl, quantity=1),
        partial(receive_stock, variant_id=bowl, quantity=1, actor="test"),
        partial(correct_stock, variant_id=bowl, delta=-1, actor="test", reason="broken"),
        partial(add_line, cart_id=cart_id, customer_id=None, variant_id=bowl, quantity=1),
    ]
    chosen = dice.choices(deeds[:3], k=rounds(200, 10_000)) + deeds[3:] * 20
    dice.shuffle(chosen)
    assert errors(at_once(world.app, chosen)) == []
    received = sum(deed is deeds[1] for deed in chosen) - sum(deed is deeds[2] for deed in chosen)
    assert stock(bowl) == (10_000 + received, 0, 0)


@pytest.mark.usefixtures("sound")
def test_ten_units_wanted_by_many(app: Flask, rounds: Callable[[int, int], int]) -> None:
    """# fault 46. Red when _change leaves out its condition: the losers get the CHECK's error instead of "sold out"."""
    make_world()
    bowl = make_product(slug="bowl", stock=10).variant_id
    carts = [make_checkout({bowl: 1}) for _ in range(rounds(24, 200))]
    total = read_total(carts[0])
    results = at_once(app, [partial(start_paying, cart_id, total) for cart_id in carts], width=10)
    won = [result for result in results if isinstance(result, str)]
    assert len(won) == 10
    assert all(isinstance(result, str | OutOfStock | StepMissing) for result in results), errors(results)
    assert stock(bowl) == (10, 10, 0)
    assert len(orders()) == 10


def test_the_last_unit_wanted_by_two(world: World) -> None:
    """# fault 46. Red as above; here over HTTP and two server processes."""
    bowl = make_product(slug="bowl", stock=1).variant_id
    world.start_web(workers=2, threads=2)
    visitors = [world.visitor() for _ in range(4)]
    buttons = [reach_review(visitor) for visitor in visitors]
    answers = together([partial(visitor.post, "/checkout/order", button)
                        for visitor, button in zip(visitors, buttons, strict=True)])
    ways = sorted(path_of(answer.location).split("/")[1] for answer in answers)  # type: ignore[union-attr]
    assert ways == ["cart", "cart", "cart", "payments"]
    [bank] = [path_of(answer.location) for answer in answers if "/payments/" in answer.location]  # type: ignore[union-attr]
    winner = next(visitor for visitor, answer in zip(visitors, answers, strict=True)
                  if "/payments/" in answer.location)  # type: ignore[union-attr]
    loser = next(visitor for visitor in visitors if visitor is not winner)
    assert "sold out" in loser.get("/cart").text
    winner.get(answer_provider(winner, bank))
    assert (states(), stock(bowl)) == ([PAID], (1, 0, 1))


@pytest.mark.parametrize("first", ["staff", "shopper"])
def test_stock_edited_while_it_is_sold(world: World, first: str) -> None:
    """# fault 51. Red when _change writes numbers that it read (`on_hand=level.on_hand + …`): one of both is lost."""
    bowl = make_product(slug="bowl", stock=10).variant_id
    world.start_web()
    visitor = world.visitor()
    button = reach_review(visitor, quantity="4")
    world.aim("before-commit:hold")
    answers = []
    sale = threading.Thread(target=lambda: answers.append(visitor.post("/checkout/order", button)))
    if first == "staff":
        edit = world.call("tests.faults.deeds.correct", variant_id=bowl, delta=-3)
        world.wait_until_held()
        sale.start()
    else:
        sale.start()
        world.wait_until_held()
        edit = world.call("tests.faults.deeds.correct", variant_id=bowl, delta=-3)
    world.let_go()
    sale.join()
    assert edit.wait() == 0
    assert path_of(only(answers).location).startswith("/payments/")
    assert stock(bowl) == (7, 4, 0)


@pytest.mark.usefixtures("sound")
def test_many_edits_at_once(app: Flask) -> None:
    """# fault 51. Red as above."""
    bowl = make_product(slug="bowl", stock=100).variant_id
    edits = [partial(correct_stock, variant_id=bowl, delta=delta, actor="test", reason="counted")
             for delta in [5, -3] * 12]
    assert errors(at_once(app, edits)) == []
    assert stock(bowl) == (100 + 24, 0, 0)

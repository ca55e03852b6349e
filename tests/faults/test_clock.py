"""Clocks that differ, and the moment at which a reservation ends."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.foundation.clock import now
from storefront.foundation.database import execute_counted, transactional
from storefront.orders.models import Order
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, pay
from tests.faults import deeds
from tests.faults.walks import answer_provider, at_once, bank_says_yes, only, orders, payments, reach_bank, states
from tests.faults.world import World
from tests.postgres import Cluster
from tests.storefront.inventory.test_services import stock

PAID = ("placed", "captured")


@pytest.mark.parametrize("minutes", [10, -10])
def test_one_process_with_a_wrong_clock(world: World, cluster: Cluster | None, minutes: int) -> None:
    """# fault 31. Red without the correction by the database's clock: the schedule ends an order in its first minute,
    or an order of the web server is dead when it is written."""
    if cluster is None:
        pytest.skip("SQLite's processes share one machine and its clock")
    bowl = make_product(slug="bowl").variant_id
    wrong = str(minutes * 60)
    world.start_web(STOREFRONT_CLOCK_OFFSET=wrong)
    visitor = world.visitor()
    bank = reach_bank(visitor)
    left = only(orders()).expires_at - now()
    assert timedelta(minutes=8) < left < timedelta(minutes=12)
    assert world.start("call", "tests.faults.deeds.sweep", "{}", STOREFRONT_CLOCK_OFFSET=wrong).wait() == 0
    assert (states(), stock(bowl)) == ([("pending", "pending")], (10, 1, 0))
    visitor.get(answer_provider(visitor, bank))
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


@transactional
def end_reservation(order_id: uuid.UUID, in_seconds: float) -> None:
    execute_counted(update(Order).where(Order.id == order_id).values(
        expires_at=now() + timedelta(seconds=in_seconds)))


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("epsilon", [-1.0, -0.001, 0.001, 1.0])
@pytest.mark.parametrize("is_rare", [False, True])
def test_reservation_ends_while_the_money_comes(
        app: Flask, monkeypatch: pytest.MonkeyPatch, epsilon: float, is_rare: bool) -> None:
    """# fault 47. Red when expire_orders asks nobody and late money finds no order: paid, and no goods."""
    make_world()
    bowl = make_product(slug="bowl", stock=1 if is_rare else 5).variant_id
    pay(make_checkout({bowl: 1}))
    order, payment = only(orders()), only(payments())
    end_reservation(order.id, 300)
    bank_says_yes(payment)
    monkeypatch.setenv("STOREFRONT_CLOCK_OFFSET", str(300 + epsilon))
    settle = partial(deeds.settle, payment_id=str(payment.id))
    results = at_once(app, [deeds.sweep, settle, deeds.sweep, settle])
    assert [result for result in results if isinstance(result, Exception)] == []
    deeds.sweep()
    assert (states(), stock(bowl)[1:]) == ([PAID], (0, 1))

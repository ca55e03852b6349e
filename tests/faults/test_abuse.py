"""Bots that try cards or hold stock: limits that a person does not meet, and stock that comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from storefront.checkout import throttle
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.faults import deeds
from tests.faults.walks import orders, payments, reach_bank, reach_review
from tests.journeys.walk import path_of, put_in_cart
from tests.storefront.inventory.test_services import stock

pytestmark = pytest.mark.usefixtures("sound")
SORRY = "Too many payments were begun"


def test_one_cart_tries_card_after_card(client: FlaskClient, rounds: Callable[[int, int], int]) -> None:
    """# fault 74. Red without check_attempts: as many cards are tried as the bot has."""
    make_world()
    bowl = make_product(slug="bowl").variant_id
    button = reach_review(client)  # type: ignore[arg-type]
    answers = []
    for _ in range(rounds(16, 1000)):
        answer = client.post("/checkout/order", data=button)
        answers.append(answer)
        if answer.status_code == 303:
            client.post(path_of(answer.location), data={"decision": "decline"})
    assert [answer.status_code for answer in answers[:10]] == [303] * 10
    assert {answer.status_code for answer in answers[10:]} == {429}
    assert SORRY in answers[-1].text
    assert len(payments()) == throttle.MAX_ATTEMPTS
    assert "Bowl" in client.get("/cart").text
    deeds.sweep()
    assert stock(bowl)[1] == 0


def test_one_address_holds_stock_with_many_carts(
        client: FlaskClient, new_client: Callable[[], FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """# fault 74. Red without counting_unpaid: every cart of the bot holds what it never pays."""
    monkeypatch.setattr(throttle, "MAX_UNFINISHED", 6)  # the real one would only take longer
    make_world()
    bowl = make_product(slug="bowl", stock=100).variant_id
    put_in_cart(client, "bowl", quantity="90")
    assert stock(bowl) == (100, 0, 0)  # a cart holds nothing
    answers = []
    for _ in range(9):
        bot = new_client()
        answers.append(bot.post("/checkout/order", data=reach_review(bot)))  # type: ignore[arg-type]
    assert [answer.status_code for answer in answers] == [303] * 6 + [429] * 3
    assert SORRY in answers[-1].text
    assert stock(bowl) == (100, 6, 0)
    monkeypatch.setenv("STOREFRONT_CLOCK_OFFSET", "3700")  # the reservations end, and the hour is over
    deeds.sweep()
    assert stock(bowl) == (100, 0, 0)
    assert {str(order.state) for order in orders()} == {"expired"}
    bank = reach_bank(client)  # type: ignore[arg-type]
    assert bank.startswith("/payments/")


def test_who_pays_is_not_counted(new_client: Callable[[], FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """# fault 74. Red without note_paid: an office of buyers is taken for a bot."""
    monkeypatch.setattr(throttle, "MAX_UNFINISHED", 2)
    make_world()
    make_product(slug="bowl")
    for _ in range(5):
        buyer = new_client()
        bank = reach_bank(buyer)  # type: ignore[arg-type]
        buyer.get(path_of(buyer.post(bank, data={"decision": "accept"}).location))
    assert [str(order.state) for order in orders()] == ["placed"] * 5

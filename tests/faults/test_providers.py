"""A payment provider that is away, slow, lies, repeats itself or tells things in any order; forgers too."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.checkout.settling import settle, settle_pending
from storefront.foundation.database import db
from storefront.payments.gateways.registry import GATEWAYS
from storefront.payments.gateways.stripe import StripeGateway
from storefront.payments.models import PaymentEvent
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.faults import deeds
from tests.faults.walks import at_once, count, let_polls_be_due, only, orders, payments, reach_review, states
from tests.journeys.walk import check_out, path_of, put_in_cart
from tests.providers.settings import set_up
from tests.providers.stripe import FakeStripe
from tests.storefront.inventory.test_services import stock

PAID = ("placed", "captured")
PENDING = ("pending", "pending")
pytestmark = pytest.mark.usefixtures("sound")


@pytest.fixture
def bowl(client: FlaskClient) -> int:
    make_world()
    return make_product(slug="bowl").variant_id


@pytest.fixture
def fake(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStripe]:
    monkeypatch.setitem(GATEWAYS, "stripe", StripeGateway(timeout=(2, 2)))
    with FakeStripe() as started:
        set_up(app, "stripe", **started.settings)
        yield started


@dataclass(frozen=True)
class Shop:
    """A shop with a bowl to sell, its Stripe, and what a test does with both."""

    client: FlaskClient
    new_client: Callable[[], FlaskClient]
    fake: FakeStripe
    bowl: int
    run_jobs: Callable[[], int]

    def webhook(self, body: bytes, headers: dict[str, str]) -> int:
        """What Stripe's server does: no browser, no cookies."""
        return self.new_client().post("/webhooks/stripe", data=body, headers=headers).status_code


@pytest.fixture
def shop(client: FlaskClient, new_client: Callable[[], FlaskClient], fake: FakeStripe, bowl: int,
         run_jobs: Callable[[], int]) -> Shop:
    return Shop(client, new_client, fake, bowl, run_jobs)


def reach_stripe(client: FlaskClient) -> str:
    """Buy a bowl up to Stripe's page; returns the session's id."""
    put_in_cart(client, "bowl")
    return check_out(client, method="stripe").rpartition("/")[2]


def come_back(client: FlaskClient, fake: FakeStripe, session: str) -> str:
    return client.get(path_of(fake.books.objects[session]["success_url"])).location or ""


@pytest.mark.parametrize("kind", ["error", "drop", "drop-after", "garbage", "hang"])
def test_provider_away_when_the_payment_is_opened(client: FlaskClient, fake: FakeStripe, bowl: int, kind: str) -> None:
    """# fault 34. Red when the idempotency key is a new one for each call: two sessions that can both be paid."""
    button = reach_review(client, method="stripe")  # type: ignore[arg-type]
    fake.plan(kind, times=None, seconds=6, status=503, method="POST")
    answer = client.post("/checkout/order", data=button)
    fake.clear()
    assert answer.status_code == 503
    assert "nothing was charged" in answer.text.lower()
    assert stock(bowl) == (10, 1, 0)
    again = client.post("/checkout/order", data=button)
    assert again.status_code == 303
    assert len(fake.books.every("cs")) == 1
    session = again.location.rpartition("/")[2]
    fake.books.pay(session)
    assert "/orders/" in come_back(client, fake, session)
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


@pytest.mark.parametrize("kind", ["error", "drop", "garbage"])
def test_provider_away_when_the_shopper_comes_back(client: FlaskClient, fake: FakeStripe, bowl: int, kind: str) -> None:
    """# fault 34. Red when settle takes GatewayUnavailable for a refusal: the order is lost though it was paid."""
    session = reach_stripe(client)
    fake.books.pay(session)
    fake.plan(kind, times=None, status=500)
    waiting = client.get(path_of(fake.books.objects[session]["success_url"]))
    assert waiting.status_code == 200
    assert "waiting" in waiting.text.lower()
    let_polls_be_due()
    assert settle_pending() == 0
    assert states() == [PENDING]
    fake.clear()
    assert "/orders/" in come_back(client, fake, session)
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


@pytest.mark.parametrize("times", [2, 20])
def test_webhook_delivered_often_and_at_once(shop: Shop, app: Flask, times: int) -> None:
    """# fault 35. Red without the UNIQUE of payments_payment_event and with an unconditional mark_captured."""
    client, new_client, fake, bowl, run_jobs = shop.client, shop.new_client, shop.fake, shop.bowl, shop.run_jobs
    session = reach_stripe(client)
    fake.books.pay(session)
    event = fake.events("checkout.session.completed")[0]

    def deliver() -> int:
        body, headers = fake.webhook(event)
        return new_client().post("/webhooks/stripe", data=body, headers=headers).status_code

    answers = at_once(app, [deliver] * times)
    assert set(answers) == {204}
    assert count(PaymentEvent) == 1
    run_jobs()
    payment_id = only(payments()).id
    assert {str(result) for result in at_once(app, [partial(deeds.settle, str(payment_id))] * 8)} == {"captured"}
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


@pytest.mark.parametrize("seed", range(4))
def test_webhooks_in_any_order(shop: Shop, seed: int, rounds: Callable[[int, int], int]) -> None:
    """# fault 36. Red without _take_over_news: what was refunded depends on who tells it."""
    client, fake, bowl, webhook, run_jobs = shop.client, shop.fake, shop.bowl, shop.webhook, shop.run_jobs
    session = reach_stripe(client)
    fake.books.pay(session)
    intent = fake.books.objects[session]["payment_intent"]
    fake.books.refund(intent, 1000, {})
    fake.books.dispute(session, amount=500)
    told = [fake.events(kind)[-1] for kind in
            ("checkout.session.completed", "payment_intent.succeeded", "charge.refunded", "charge.dispute.created")]
    ways = list(itertools.permutations(told))
    chosen = ways[seed * 6:seed * 6 + 6] if rounds(0, 1) else [random.Random(seed).choice(ways)]  # noqa: S311
    for way in chosen:
        for event in way:
            assert webhook(*fake.webhook(event)) == 204
            run_jobs()
    payment, order = only(payments()), only(orders())
    assert (payment.captured_amount, payment.refunded_amount, order.paid_amount, order.refunded_amount) == (
        2850, 1000, 2850, 1000)
    assert stock(bowl) == (10, 0, 1)


@pytest.mark.parametrize("is_sold", [True, False])
def test_webhook_three_days_late(shop: Shop, app: Flask, monkeypatch: pytest.MonkeyPatch, is_sold: bool) -> None:
    """# fault 37. Red when money for an expired order is only noted: paid and neither goods nor refund."""
    client, new_client, fake, bowl = shop.client, shop.new_client, shop.fake, shop.bowl
    webhook, run_jobs = shop.webhook, shop.run_jobs
    session = reach_stripe(client)
    fake.plan("drop", times=None)  # the provider cannot be asked while the order expires
    monkeypatch.setenv("STOREFRONT_CLOCK_OFFSET", str(timedelta(hours=2).total_seconds()))
    deeds.sweep()
    fake.clear()
    assert [str(order.state) for order in orders()] == ["expired"]
    fake.books.pay(session)
    if is_sold:
        set_up(app, "demo")
        put_in_cart(other := new_client(), "bowl", quantity="10")
        bank = check_out(other)
        other.get(path_of(other.post(bank, data={"decision": "accept"}).location))
        set_up(app, "stripe", **fake.settings)
    monkeypatch.setenv("STOREFRONT_CLOCK_OFFSET", str(timedelta(days=3).total_seconds()))
    assert webhook(*fake.webhook(fake.events("checkout.session.completed")[0])) == 204
    run_jobs()
    late = payments()[0]
    if is_sold:
        assert (late.captured_amount, late.refunded_amount, fake.refunded(session)) == (2850, 2850, 2850)
        assert str(orders()[0].state) == "expired"
        assert stock(bowl) == (10, 0, 10)
    else:
        assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


def test_webhooks_that_are_not_the_providers(
        shop: Shop, dice: random.Random, rounds: Callable[[int, int], int]) -> None:
    """# fault 38. Red when the signature is checked over the body parsed and written again, or not at all."""
    client, fake, bowl, webhook, run_jobs = shop.client, shop.fake, shop.bowl, shop.webhook, shop.run_jobs
    session = reach_stripe(client)
    fake.books.pay(session)
    event = fake.events("checkout.session.completed")[0]
    body, headers = fake.webhook(event)
    forged = [
        fake.webhook(event, secret="whsec_guessed"),
        fake.webhook(event, age=timedelta(minutes=20)),
        (json.dumps(json.loads(body)).encode(), headers),
        (body + b"\n", headers),
        (body, {}),
        (body, {**headers, "Stripe-Signature": ""}),
        (body, {**headers, "Stripe-Signature": "t=,v1="}),
        (body, {**headers, "Stripe-Signature": headers["Stripe-Signature"].replace("v1=", "v0=")}),
        (b"", headers),
        (b"\xff\xfe", headers),
        (b"[" * 20_000, headers),
        (b"x" * 70_000, headers),
        *(_changed(dice, body, headers) for _ in range(rounds(20, 500))),
    ]
    for text, signed in forged:
        assert webhook(text, signed) == 400, (text[:80], signed)
    run_jobs()
    assert (count(PaymentEvent), states()) == (0, [PENDING])
    assert webhook(body, headers) == 204
    assert webhook(body, headers) == 204  # replayed within the tolerance: stored once
    run_jobs()
    assert (count(PaymentEvent), states()) == (1, [PAID])
    assert webhook(body, headers) == 204
    run_jobs()
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


def _changed(dice: random.Random, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """The body with one byte changed, taken out or doubled."""
    at = dice.randrange(len(body))
    middle = dice.choice([bytes([body[at] ^ (1 << dice.randrange(7))]), b"", body[at:at + 1] * 2])
    return body[:at] + middle + body[at + 1:], headers


@pytest.mark.parametrize("lie", [{"amount": 1}, {"amount": 285000}, {"currency": "usd"}, {"order": "AAAA-BBBB-CCCC"},
                                 {"livemode": True}], ids=str)
def test_provider_says_something_else(shop: Shop, lie: dict[str, object]) -> None:
    """# fault 39. Red when _mismatch compares nothing: the order is placed for another sum."""
    client, fake, bowl, webhook, run_jobs = shop.client, shop.fake, shop.bowl, shop.webhook, shop.run_jobs
    session = reach_stripe(client)
    fake.books.pay(session)
    fake.lie(session, **lie)  # type: ignore[arg-type]
    fake.deliver(webhook)
    run_jobs()
    come_back(client, fake, session)
    assert states() == [("pending", "payment_review")]
    assert only(payments()).problem
    assert stock(bowl)[2] == 0


def test_no_webhook_ever_comes(client: FlaskClient, fake: FakeStripe, bowl: int) -> None:
    """# fault 40. Red without settle_pending and reconcile among the schedule's tasks."""
    fake.books.pay(reach_stripe(client))
    let_polls_be_due()
    deeds.sweep()
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


def test_browser_closed_and_returns_forged(shop: Shop) -> None:
    """# fault 41. Red when the return page takes `?status=success` for a payment."""
    client, new_client, fake, bowl = shop.client, shop.new_client, shop.fake, shop.bowl
    webhook, run_jobs = shop.webhook, shop.run_jobs
    session = reach_stripe(client)
    payment = only(payments())
    for said in ("?status=success", "?redirect_status=succeeded&paid=1", f"?session_id={session}", "?state=captured"):
        for browser in (client, new_client()):
            browser.get(f"/checkout/return/{payment.id}{said}")
    assert (states(), stock(bowl)) == ([PENDING], (10, 1, 0))
    fake.books.pay(session)
    fake.deliver(webhook)
    run_jobs()
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))
    assert new_client().get(f"/checkout/return/{payment.id}").location == "/cart"


def test_settling_asks_while_nothing_is_locked(app: Flask, client: FlaskClient, fake: FakeStripe, bowl: int) -> None:
    """# fault 34. Red when the provider is asked inside the transaction: SQLite's other writers time out."""
    fake.books.pay(reach_stripe(client))
    payment_id = only(payments()).id
    fake.plan("delay", seconds=1, times=None)
    slow = [partial(settle, payment_id=payment_id)] * 2
    quick = [partial(deeds.correct, variant_id=bowl, delta=1)] * 6
    results = at_once(app, [*slow, *quick])
    assert [result for result in results if isinstance(result, Exception)] == []
    db.session.rollback()
    assert (states(), stock(bowl)) == ([PAID], (16, 0, 1))

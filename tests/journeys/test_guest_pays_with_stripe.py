"""A guest pays on Stripe's page, over HTTP against our own Stripe: there, back, and what can happen between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import Message

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.foundation.database import db
from storefront.orders.models import Order
from storefront.orders.queries import read_order_id, read_order_view
from storefront.orders.states import OrderState
from storefront.payments.ledger import DISPUTES, ORDERS, clearing
from storefront.payments.models import Dispute, DisputeState, Payment, PaymentEvent, PaymentState
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.factories.ledger import read_balance
from tests.journeys.walk import check_out, form_of, number_in, path_of, put_in_cart
from tests.providers.settings import set_up
from tests.providers.stripe import FakeStripe
from tests.storefront.inventory.test_services import stock

Mailbox = Callable[[], list[Message]]
Webhook = Callable[[bytes, dict[str, str]], int]
TOTAL = 2 * 1600 + 450


@pytest.fixture
def cup(client: FlaskClient) -> int:
    make_world()
    return make_product(slug="cup", amount=1600, stock=3).variant_id


@pytest.fixture
def fake(app: Flask) -> Iterator[FakeStripe]:
    with FakeStripe() as started:
        set_up(app, "stripe", **started.settings)
        yield started


@pytest.fixture
def webhook(client: FlaskClient) -> Webhook:
    """What calls the shop's webhook: no browser and no cookies."""
    return lambda body, headers: client.post("/webhooks/stripe", data=body, headers=headers).status_code


@pytest.fixture
def work(run_jobs: Callable[[], int], mailbox: Mailbox) -> Mailbox:
    """Work the queues and return the mails that left."""

    def one() -> list[Message]:
        run_jobs()
        return mailbox()

    return one


def go_to_stripe(client: FlaskClient) -> str:
    """Buy two cups up to Stripe's page; returns the session's id."""
    put_in_cart(client, "cup", quantity="2")
    return check_out(client, method="stripe").rpartition("/")[2]


def back_to_shop(client: FlaskClient, fake: FakeStripe, session: str) -> str:
    """Follow Stripe's way back; returns where the shop leads."""
    response = client.get(path_of(fake.books.objects[session]["success_url"]))
    assert response.status_code == 303, response.text
    return path_of(response.location)


def assert_one_order(cup: int) -> None:
    """One order, paid once, its goods taken once, its money on the books once."""
    db.session.rollback()
    [order] = db.session.scalars(select(Order))
    [payment] = db.session.scalars(select(Payment))
    assert (order.state, order.total_amount, order.paid_amount) == (OrderState.PLACED, TOTAL, TOTAL)
    assert (payment.state, payment.captured_amount, payment.refunded_amount) == (PaymentState.CAPTURED, TOTAL, 0)
    assert (read_balance(ORDERS, "EUR"), read_balance(clearing("stripe"), "EUR")) == (TOTAL, -TOTAL)
    assert stock(cup) == (3, 0, 2)


def test_there_and_back_with_every_webhook_twice_makes_one_order(
    client: FlaskClient, fake: FakeStripe, cup: int, webhook: Webhook, work: Mailbox
) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session)
    url = back_to_shop(client, fake, session)
    assert number_in(url) in client.get(url).text
    assert set(fake.deliver(webhook, times=2, order="reversed")) == {204}
    work()
    back_to_shop(client, fake, session)
    [mail] = work()
    assert_one_order(cup)
    assert (mail["To"], number_in(url) in mail.as_string()) == ("aoife@example.org", True)
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == len(fake.events())
    assert not [event for event in db.session.scalars(select(PaymentEvent)) if event.handled_at is None]


def test_a_browser_that_never_comes_back_changes_nothing_about_it(
    client: FlaskClient, fake: FakeStripe, cup: int, webhook: Webhook, work: Mailbox
) -> None:
    fake.books.pay(go_to_stripe(client))
    fake.deliver(webhook)
    assert stock(cup) == (3, 2, 0)  # nothing is done before the job
    assert len(work()) == 1
    assert_one_order(cup)


def test_money_is_reserved_on_stripes_page_and_taken_with_the_order(
    app: Flask, client: FlaskClient, fake: FakeStripe, cup: int
) -> None:
    set_up(app, STRIPE_CAPTURE="manual")
    session = go_to_stripe(client)
    fake.books.pay(session)
    assert fake.books.every("ch")[0]["amount_captured"] == 0
    back_to_shop(client, fake, session)
    back_to_shop(client, fake, session)
    assert fake.books.every("ch")[0]["amount_captured"] == TOTAL
    assert fake.count("/capture") == 1
    assert_one_order(cup)


def test_a_slow_bank_keeps_the_order_until_its_webhook(
    client: FlaskClient, fake: FakeStripe, cup: int, webhook: Webhook, work: Mailbox
) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session, is_slow=True)
    back = client.get(path_of(fake.books.objects[session]["success_url"]))
    assert (back.status_code, "taking its time" in back.text) == (200, True)
    fake.deliver(webhook)
    assert work() == []
    fake.books.settle(session)
    fake.deliver(webhook)
    assert len(work()) == 1
    assert_one_order(cup)


def test_a_refund_made_in_stripes_dashboard_is_booked_once(
    client: FlaskClient, fake: FakeStripe, cup: int, webhook: Webhook, work: Mailbox
) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session)
    back_to_shop(client, fake, session)
    fake.books.refund(fake.books.objects[session]["payment_intent"], 1000, {})
    fake.deliver(webhook, only="charge.refunded", times=2)
    work()
    db.session.rollback()
    [payment] = db.session.scalars(select(Payment))
    assert (payment.captured_amount, payment.refunded_amount) == (TOTAL, 1000)
    assert (read_balance(ORDERS, "EUR"), read_balance(clearing("stripe"), "EUR")) == (TOTAL - 1000, 1000 - TOTAL)


def test_forged_webhooks_place_nothing(
    client: FlaskClient, fake: FakeStripe, cup: int, work: Mailbox
) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session)
    for event in fake.events():
        body, headers = fake.webhook(event, secret="whsec_guessed")
        assert client.post("/webhooks/stripe", data=body, headers=headers).status_code == 400
    assert work() == []
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == 0
    assert stock(cup) == (3, 2, 0)


def test_htmx_is_sent_off_the_site(client: FlaskClient, fake: FakeStripe, cup: int) -> None:
    session = go_to_stripe(client)
    fields = form_of(client.get("/checkout/review").text, "/checkout/order")
    answer = client.post("/checkout/order", data=fields, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["HX-Redirect"] == f"{fake.url}/c/pay/{session}"
    plain = client.post("/checkout/order", data=fields)
    assert (plain.status_code, plain.location) == (303, f"{fake.url}/c/pay/{session}")
    assert f"form-action 'self' {fake.url};" in plain.headers["Content-Security-Policy"]
    assert len(fake.books.every("cs")) == 1


def test_whoever_leaves_stripes_page_may_pay_after_all(client: FlaskClient, fake: FakeStripe, cup: int) -> None:
    session = go_to_stripe(client)
    left = client.get(path_of(fake.books.objects[session]["cancel_url"]))
    assert (left.status_code, left.location) == (303, "/checkout/payment")
    assert "nothing was charged" in client.get("/checkout/payment").text
    assert check_out(client, method="stripe").rpartition("/")[2] == session
    fake.books.pay(session)
    back_to_shop(client, fake, session)
    assert_one_order(cup)


def test_leaving_is_believed_of_nobody_who_has_paid(client: FlaskClient, fake: FakeStripe, cup: int) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session)
    response = client.get(path_of(fake.books.objects[session]["cancel_url"]))
    assert response.location.startswith("/orders/")
    assert_one_order(cup)


def test_while_stripe_is_down_the_shopper_reads_so_and_tries_again(
    client: FlaskClient, fake: FakeStripe, cup: int
) -> None:
    put_in_cart(client, "cup", quantity="2")
    with pytest.raises(AssertionError, match="nothing was charged"), fake.down():
        check_out(client, method="stripe")
    fields = form_of(client.get("/checkout/review").text, "/checkout/order")
    response = client.post("/checkout/order", data=fields)
    assert response.status_code == 303
    [session] = [each["id"] for each in fake.books.every("cs")]
    fake.books.pay(session)
    back_to_shop(client, fake, session)
    assert_one_order(cup)


@pytest.mark.parametrize("lie", [{"amount": 365}, {"currency": "usd"}, {"order": "AAAA-BBBB-CCCC"},
                                 {"livemode": True}])
def test_a_stripe_that_says_something_else_is_not_believed(
    client: FlaskClient, fake: FakeStripe, cup: int, lie: dict[str, object]
) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session)
    fake.lie(session, **lie)
    url = back_to_shop(client, fake, session)
    db.session.rollback()
    [payment] = db.session.scalars(select(Payment))
    assert payment.state == PaymentState.REVIEW
    order = read_order_view(read_order_id(number_in(url)))
    assert (order.status, order.placed_at) == (OrderState.PENDING, None)
    assert read_balance(ORDERS, "EUR") == 0


def test_a_dispute_is_heard_of_though_it_names_only_the_charge(
    client: FlaskClient, fake: FakeStripe, cup: int, webhook: Webhook, work: Mailbox
) -> None:
    session = go_to_stripe(client)
    fake.books.pay(session)
    fake.deliver(webhook)
    work()
    fake.books.dispute(session, amount=1000)
    assert set(fake.deliver(webhook, only="charge.dispute.created")) == {204}
    work()
    db.session.rollback()
    assert read_balance(DISPUTES, "EUR") == -1000
    assert [(row.amount, row.state) for row in db.session.scalars(select(Dispute))] == [(1000, DisputeState.OPEN)]
    assert (read_balance(ORDERS, "EUR"), read_balance(clearing("stripe"), "EUR")) == (TOTAL, 1000 - TOTAL)
    assert stock(cup) == (3, 0, 2)

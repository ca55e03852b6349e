"""Stripe beyond the contract: its states, its trouble, what it is told; over HTTP against our own Stripe."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from flask import Flask

from storefront.foundation.clock import now
from storefront.payments.errors import GatewayUnavailable, UnknownGateway
from storefront.payments.gateways import stripe_client as api
from storefront.payments.gateways.port import Intent, Offer
from storefront.payments.gateways.stripe import StripeGateway, session_params
from tests.providers.settings import set_up
from tests.providers.stripe import FakeStripe

RETURN = "http://localhost/checkout/return/x"


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as started:
        yield started


@pytest.fixture
def gateway(app: Flask, fake: FakeStripe) -> StripeGateway:
    set_up(app, "stripe", **fake.settings)
    return StripeGateway()


def intent(amount: int = 5250, currency: str = "EUR", number: str = "ABCD-EFGH") -> Intent:
    return Intent(uuid.uuid4(), number, amount, currency, RETURN, email="aoife@example.org")


@pytest.fixture
def session(gateway: StripeGateway) -> str:
    return gateway.create(intent()).reference


# What Stripe is told


def test_stripe_is_told_whose_money_it_is_and_where_the_browser_goes(gateway: StripeGateway, fake: FakeStripe) -> None:
    wanted = intent()
    made = gateway.create(wanted)
    call = fake.calls[-1]
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    assert call.headers["stripe-version"] == "2026-10-28.endive"
    assert call.headers["idempotency-key"] == str(wanted.key)
    assert made.redirect_url == f"{fake.url}/c/pay/{made.reference}"
    assert form["client_reference_id"] == form["metadata[order_number]"] == "ABCD-EFGH"
    assert form["metadata[payment_id]"] == form["payment_intent_data[metadata][payment_id]"] == str(wanted.key)
    assert (form["success_url"], form["cancel_url"]) == (RETURN, f"{RETURN}?left=1")
    assert form["adaptive_pricing[enabled]"] == "false"
    assert form["customer_email"] == "aoife@example.org"
    assert 30 * 60 < int(form["expires_at"]) - time.time() < 47 * 60
    fake.books.pay(made.reference)
    assert fake.books.every("pi")[0]["metadata"] == {"order_number": "ABCD-EFGH", "payment_id": str(wanted.key)}


@pytest.mark.parametrize("later", [0, 60, 15 * 60, 30 * 60, 44 * 60])
def test_a_call_repeated_later_finds_its_session(gateway: StripeGateway, fake: FakeStripe, later: int) -> None:
    wanted = intent()
    made = gateway.create(wanted)
    with api.stripe_client((3, 7)) as client:
        again = api.create_session(client, session_params(wanted), str(wanted.key), int(time.time()) + later)
    assert again["id"] == made.reference
    assert len(fake.books.every("cs")) == 1


def test_a_session_ends_when_stripe_allows_and_the_same_for_calls_within_a_quarter() -> None:
    for at in range(1_800_000_000, 1_800_002_000, 7):
        first, *before = api.expiries(at)
        assert 30 * 60 < first - at < 47 * 60
        assert first in api.expiries(at + 44 * 60)
        assert before == sorted(before, reverse=True)


@pytest.mark.parametrize(("amount", "currency"), [(500, "JPY"), (5, "ISK"), (5, "UGX"), (5120, "KWD"), (1099, "EUR")])
def test_each_currency_comes_back_as_it_was_asked(
    gateway: StripeGateway, fake: FakeStripe, amount: int, currency: str
) -> None:
    made = gateway.create(intent(amount, currency))
    fake.books.pay(made.reference)
    said = gateway.fetch(made.reference)
    assert (said.state, said.amount, said.currency) == ("captured", amount, currency)
    assert gateway.refund(made.reference, key=uuid.uuid4(), amount=amount, total=amount).state == "refunded"
    assert gateway.fetch(made.reference).refunded_amount == amount


def test_a_fraction_that_stripe_cannot_move_is_not_offered_and_not_sent(
    gateway: StripeGateway, fake: FakeStripe
) -> None:
    assert not gateway.accepts(Offer("KWD", "KW", 5124))
    with pytest.raises(GatewayUnavailable, match="another way to pay"):
        gateway.create(intent(5124, "KWD"))
    assert fake.calls == []
    made = gateway.create(intent(5120, "KWD"))
    fake.books.pay(made.reference)
    refused = gateway.refund(made.reference, key=uuid.uuid4(), amount=5, total=5120)
    assert (refused.state, "exactly" in refused.problem) == ("failed", True)


def test_without_its_settings_it_names_them(app: Flask) -> None:
    assert list(StripeGateway().missing_settings()) == ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
    for key, account in (("sk_test_1", "test"), ("sk_live_1", "live"), ("rk_live_1", "live"), ("rk_test_1", "test")):
        set_up(app, STRIPE_SECRET_KEY=key)
        assert StripeGateway().account() == account
    assert list(StripeGateway().missing_settings()) == ["STRIPE_WEBHOOK_SECRET"]


@pytest.mark.parametrize(("name", "value", "hint"), [
    ("STRIPE_SECRET_KEY", "pk_test_1", "sk_"), ("STRIPE_WEBHOOK_SECRET", "sk_test_1", "whsec_"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_1,we_2", "whsec_"), ("STRIPE_CAPTURE", "later", "manual")])
def test_a_setting_that_is_another_thing_is_named(
    app: Flask, gateway: StripeGateway, name: str, value: str, hint: str
) -> None:
    assert list(gateway.missing_settings()) == []
    set_up(app, **{name: value})
    [problem] = gateway.missing_settings()
    assert problem.startswith(f"{name} (")
    assert hint in problem


# States


def test_a_refused_card_leaves_the_payment_open_for_another(
    gateway: StripeGateway, fake: FakeStripe, session: str
) -> None:
    fake.books.decline(session)
    assert gateway.fetch(session).state == "open"
    fake.books.pay(session)
    assert gateway.fetch(session).state == "captured"


@pytest.mark.parametrize(("end", "state"), [("settle", "captured"), ("fail", "failed")])
def test_a_slow_method_is_under_way_until_the_bank_answers(
    gateway: StripeGateway, fake: FakeStripe, session: str, end: str, state: str
) -> None:
    fake.books.pay(session, is_slow=True)
    assert gateway.fetch(session).state == "processing"
    assert gateway.void(session).state == "processing"
    getattr(fake.books, end)(session)
    assert gateway.fetch(session).state == state


def test_money_is_reserved_first_where_the_shop_wants_it_so(app: Flask) -> None:
    with FakeStripe(capture="manual") as fake:
        set_up(app, "stripe", **fake.settings)
        gateway = StripeGateway()
        made = gateway.create(intent()).reference
        fake.books.pay(made)
        assert gateway.fetch(made).state == "authorized"
        assert list(gateway.list_recent(now() - timedelta(hours=1))) == []
        assert gateway.capture(made, key=uuid.uuid4()).state == "captured"
        assert [said.reference for said in gateway.list_recent(now() - timedelta(hours=1))] == [made]


def test_what_is_not_reserved_is_not_asked_for(gateway: StripeGateway, fake: FakeStripe, session: str) -> None:
    assert gateway.capture(session, key=uuid.uuid4()).state == "open"
    fake.books.pay(session)
    assert gateway.capture(session, key=uuid.uuid4()).state == "captured"
    assert fake.count("/capture") == 0


def test_what_counts_is_what_arrived(app: Flask) -> None:
    with FakeStripe(capture="manual") as fake:
        set_up(app, "stripe", **fake.settings)
        made = StripeGateway().create(intent()).reference
        fake.books.pay(made)
        fake.books.capture(fake.books.every("pi")[0], 3000)  # staff took less in the dashboard
        assert StripeGateway().fetch(made).amount == 3000


def test_a_session_whose_time_is_over_has_failed(gateway: StripeGateway, fake: FakeStripe, session: str) -> None:
    fake.books.expire(session)
    assert gateway.fetch(session).state == "failed"
    assert gateway.void(session).state == "failed"
    assert fake.count("/expire") == 0


def test_a_payment_is_found_by_its_intent_too(gateway: StripeGateway, fake: FakeStripe, session: str) -> None:
    fake.books.pay(session)
    assert gateway.fetch(fake.books.objects[session]["payment_intent"]).reference == session
    for unknown in ("pi_unknown", "cs_test_unknown", "price_1"):
        with pytest.raises(UnknownGateway):
            gateway.fetch(unknown)


@pytest.mark.parametrize(("status", "state"), [
    ("needs_response", "open"), ("under_review", "open"), ("warning_needs_response", "open"),
    ("warning_closed", "won"), ("won", "won"), ("lost", "lost"), ("something_new", "open")])
def test_a_dispute_is_told(
    gateway: StripeGateway, fake: FakeStripe, session: str, status: str, state: str
) -> None:
    fake.books.pay(session)
    dispute = fake.books.dispute(session, amount=5000, status=status)
    [said] = gateway.fetch(session).disputes
    assert (said.reference, said.state, said.amount, said.reason) == (dispute["id"], state, 5000, "fraudulent")


@pytest.mark.parametrize(("lie", "told"), [
    ({"amount": 525}, {"amount": 525}), ({"currency": "usd"}, {"currency": "USD"}),
    ({"order": "WXYZ"}, {"order_number": "WXYZ"}), ({"livemode": True}, {"account": "live"})])
def test_what_stripe_says_is_passed_on_as_it_is(
    gateway: StripeGateway, fake: FakeStripe, session: str, lie: dict[str, object], told: dict[str, object]
) -> None:
    fake.books.pay(session)
    honest = gateway.fetch(session)
    fake.lie(session, **lie)
    assert gateway.fetch(session) == dataclasses.replace(honest, **told)


# Refunds


@pytest.mark.parametrize(("status", "state"), [
    ("pending", "processing"), ("requires_action", "processing"), ("failed", "failed"), ("canceled", "failed")])
def test_a_refund_says_where_it_stands(
    gateway: StripeGateway, fake: FakeStripe, session: str, status: str, state: str
) -> None:
    fake.books.pay(session)
    fake.books.refund_status = status
    key = uuid.uuid4()
    said = gateway.refund(session, key=key, amount=1000, total=5250)
    assert (said.state, bool(said.problem)) == (state, state == "failed")
    fake.books.finish_refund(said.reference, "succeeded")
    assert gateway.refund(session, key=key, amount=1000, total=5250).state == "refunded"
    assert len(fake.books.every("re")) == 1


def test_before_the_shopper_has_paid_there_is_nothing_to_ask_back(
    gateway: StripeGateway, fake: FakeStripe, session: str
) -> None:
    refused = gateway.refund(session, key=uuid.uuid4(), amount=100, total=5250)
    assert (refused.state, refused.problem) == ("failed", "Nothing was captured at Stripe.")
    assert fake.count("/refunds") == 0


def test_a_refund_is_sent_once_even_when_stripe_has_forgotten_the_key(
    gateway: StripeGateway, fake: FakeStripe, session: str
) -> None:
    fake.books.pay(session)
    key = uuid.uuid4()
    first = gateway.refund(session, key=key, amount=1000, total=5250)
    fake._answers.clear()  # as Stripe does after a day
    assert gateway.refund(session, key=key, amount=1000, total=5250) == first
    assert fake.refunded(session) == 1000


# Trouble


@pytest.mark.parametrize("kind", ["drop", "drop-after", "error"])
def test_one_failure_is_repeated_with_the_same_key(gateway: StripeGateway, fake: FakeStripe, kind: str) -> None:
    fake.plan(kind, path="/checkout/sessions", method="POST", status=503)
    made = gateway.create(intent())
    assert [each["id"] for each in fake.books.every("cs")] == [made.reference]
    keys = {call.headers["idempotency-key"] for call in fake.calls}
    assert (len(fake.calls), len(keys)) == (2, 1)


def test_work_done_without_an_answer_is_not_done_twice(
    gateway: StripeGateway, fake: FakeStripe, session: str
) -> None:
    fake.books.pay(session)
    key = uuid.uuid4()
    fake.plan("drop-after", times=2, path="/refunds", method="POST")  # the call and its repetition
    with pytest.raises(GatewayUnavailable):
        gateway.refund(session, key=key, amount=1000, total=5250)
    assert gateway.refund(session, key=key, amount=1000, total=5250).state == "refunded"
    assert (fake.refunded(session), len(fake.books.every("re"))) == (1000, 1)


@pytest.mark.parametrize(("kind", "status"), [("garbage", 200), ("error", 500), ("error", 429), ("error", 502)])
def test_nonsense_and_errors_are_no_answer(
    gateway: StripeGateway, fake: FakeStripe, session: str, kind: str, status: int
) -> None:
    fake.plan(kind, times=None, status=status)
    for call in (lambda: gateway.create(intent()), lambda: gateway.fetch(session), lambda: gateway.void(session)):
        with pytest.raises(GatewayUnavailable, match="nothing was charged"):
            call()


def test_an_answer_that_takes_too_long_is_not_waited_for(fake: FakeStripe, gateway: StripeGateway) -> None:
    hasty = StripeGateway(timeout=(3, 0.2))
    fake.plan("delay", times=None, seconds=5)
    with pytest.raises(GatewayUnavailable):
        hasty.create(intent())


@pytest.mark.parametrize(("field", "value"), [
    ("status", "melted"), ("amount_total", "52.50"), ("amount_total", True), ("amount_total", None),
    ("currency", None), ("livemode", None)])
def test_an_answer_without_its_fields_is_nonsense(
    gateway: StripeGateway, fake: FakeStripe, session: str, field: str, value: object
) -> None:
    fake.books.lies[session] = {field: value}
    with pytest.raises(GatewayUnavailable):
        gateway.fetch(session)


def test_an_error_that_stripe_keeps_does_not_stop_the_payment_for_good(
    gateway: StripeGateway, fake: FakeStripe
) -> None:
    wanted = intent()
    fake.saved_error()
    with_luck = gateway.create(wanted)  # the repetition gets the kept error, another key gets the session
    assert gateway.create(wanted).reference == with_luck.reference
    assert len(fake.books.every("cs")) == 1


def test_a_wrong_key_is_our_trouble_and_not_the_shoppers(app: Flask, gateway: StripeGateway, fake: FakeStripe) -> None:
    set_up(app, STRIPE_SECRET_KEY="sk_test_wrong")
    with pytest.raises(GatewayUnavailable, match="nothing was charged"):
        gateway.create(intent())


def test_a_payment_made_while_it_is_called_off_stays(gateway: StripeGateway, fake: FakeStripe, session: str) -> None:
    fake.before["/expire"] = lambda: fake.books.pay(session)
    assert gateway.void(session).state == "captured"


def test_a_payment_that_cannot_be_called_off_now_is_neither_open_nor_over(
    gateway: StripeGateway, fake: FakeStripe, session: str
) -> None:
    fake.busy.add(session)
    with pytest.raises(GatewayUnavailable, match="right now"):
        gateway.void(session)
    fake.busy.clear()
    assert gateway.void(session).state == "failed"


# Reconciliation


def test_the_list_has_pages_and_leaves_out_what_is_not_ours(gateway: StripeGateway, fake: FakeStripe) -> None:
    paid = [gateway.create(intent()).reference for _ in range(3)]
    for number in range(240):
        other = dict(fake.books.objects[paid[0]])
        other.pop("id")
        other.pop("object")
        other.pop("created")
        made = fake.books.make("cs", **other | {"metadata": {} if number % 2 else other["metadata"]})
        fake.books.pay(made["id"])
    for reference in paid:
        fake.books.pay(reference)
    listed = [said.reference for said in gateway.list_recent(now() - timedelta(hours=1))]
    assert (len(listed), len(set(listed))) == (123, 123)
    assert set(paid) < set(listed)
    assert fake.count("/v1/checkout/sessions", method="GET") == 3

"""Stripe's webhooks: signatures, rotation, which payment an event is about; its published objects replayed."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.foundation.database import db
from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.port import Intent
from storefront.payments.gateways.stripe import StripeGateway
from storefront.payments.gateways.stripe_answers import read_dispute, read_refund, read_session
from storefront.payments.models import LedgerTransfer, Payment, PaymentEvent
from tests.conftest import SHARED
from tests.providers.settings import set_up
from tests.providers.stripe import FakeStripe

FIXTURES = SHARED / "data" / "stripe" / "fixtures3.json"
REPLAYED = ["checkout.session", "payment_intent", "charge", "refund", "dispute", "event"]
needs_fixtures = pytest.mark.skipif(not FIXTURES.exists(), reason="Stripe's fixtures3.json is not here")


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as started:
        yield started


@pytest.fixture
def gateway(app: Flask, fake: FakeStripe) -> StripeGateway:
    set_up(app, "stripe", **fake.settings)
    return StripeGateway()


@pytest.fixture
def wanted() -> Intent:
    return Intent(uuid.uuid4(), "ABCD-EFGH", 5250, "EUR", "http://localhost/checkout/return/x")


@pytest.fixture
def session(gateway: StripeGateway, wanted: Intent) -> str:
    return gateway.create(wanted).reference


# Signatures


def test_while_a_secret_is_replaced_both_are_believed(
    app: Flask, gateway: StripeGateway, fake: FakeStripe, session: str
) -> None:
    fake.books.pay(session)
    event = fake.events()[-1]
    old = fake.webhook(event)
    new = fake.webhook(event, secret="whsec_new")
    with pytest.raises(InvalidWebhook):
        gateway.verify_webhook(*new)
    set_up(app, STRIPE_WEBHOOK_SECRET=f"whsec_new, {fake.webhook_secret}")
    assert gateway.verify_webhook(*new) == gateway.verify_webhook(*old)
    set_up(app, STRIPE_WEBHOOK_SECRET="whsec_new")
    with pytest.raises(InvalidWebhook):
        gateway.verify_webhook(*old)


def test_of_several_signatures_one_must_fit(gateway: StripeGateway, fake: FakeStripe, session: str) -> None:
    fake.books.pay(session)
    body, headers = fake.webhook(fake.events()[-1])
    signed = headers["Stripe-Signature"]
    moment, _, signature = signed.partition(",")
    others = f"{moment},v1={'0' * 64},v0={'1' * 64}"
    assert gateway.verify_webhook(body, {"stripe-signature": f"{others},{signature}"}).event_id
    for wrong in (others, f"{moment},{signature.replace('v1=', 'v0=')}", signature, moment, "t=,v1=", f"{moment},v1=é"):
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(body, {"stripe-signature": wrong})


def test_without_a_secret_nothing_is_believed(app: Flask, gateway: StripeGateway, fake: FakeStripe) -> None:
    set_up(app, STRIPE_WEBHOOK_SECRET="")
    event = {"id": "evt_1", "type": "x", "livemode": False, "data": {"object": {"id": "cs_1"}}}
    for secret in ("", " "):
        signed = stripe.WebhookSignature.generate_signature_header(json.dumps(event), secret)
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(json.dumps(event).encode(), {"Stripe-Signature": signed})


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"1", b'{"id": "evt_1"}', b"\xff\xfe", b"[" * 60_000,
                                  b'{"id": "evt_1", "type": "x", "livemode": false, "data": {"object": []}}',
                                  b'{"id": "evt_1", "type": "x", "data": {"object": {}}}'])
def test_a_signed_body_that_says_nothing_is_refused(gateway: StripeGateway, fake: FakeStripe, body: bytes) -> None:
    header = stripe.WebhookSignature.generate_signature_header(body.decode("utf-8", "replace"), fake.webhook_secret)
    with pytest.raises(InvalidWebhook):
        gateway.verify_webhook(body, {"Stripe-Signature": header})


# Which payment it is about


def test_each_event_of_a_payment_leads_to_it(gateway: StripeGateway, fake: FakeStripe, wanted: Intent) -> None:
    session = gateway.create(wanted).reference
    fake.books.decline(session)
    fake.books.pay(session)
    gateway.refund(session, key=uuid.uuid4(), amount=100, total=5250)
    fake.books.close_dispute(fake.books.dispute(session)["id"], "lost")
    intent = fake.books.objects[session]["payment_intent"]
    told = {event["type"]: gateway.verify_webhook(*fake.webhook(event)) for event in fake.events()}
    # Stripe copies no metadata onto a dispute: it names the payment intent, and `fetch` takes that too.
    assert {kind: said.reference for kind, said in told.items()} == {
        "payment_intent.created": str(wanted.key), "payment_intent.payment_failed": str(wanted.key),
        "charge.succeeded": str(wanted.key), "payment_intent.succeeded": str(wanted.key),
        "checkout.session.completed": str(wanted.key), "refund.created": str(wanted.key),
        "charge.refunded": str(wanted.key), "charge.dispute.created": intent, "charge.dispute.closed": intent}
    assert all(said.kind == kind for kind, said in told.items())
    assert gateway.fetch(intent).reference == session


@pytest.mark.parametrize(("about", "reference"), [
    ({"id": "cs_live_1", "object": "checkout.session", "metadata": {"payment_id": "x"}}, "cs_live_1"),
    ({"id": "price_1", "object": "price"}, "price_1"), ({"object": "balance"}, "evt_1"),
    ({"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "metadata": {}}, "pi_1"),
    ({"id": "ch_1", "object": "charge", "payment_intent": None, "metadata": None}, "ch_1")])
def test_events_that_are_not_about_a_payment_of_ours_are_taken_too(
    gateway: StripeGateway, fake: FakeStripe, about: dict[str, Any], reference: str
) -> None:
    event = {"id": "evt_1", "type": "some.thing", "livemode": False, "data": {"object": about}}
    assert gateway.verify_webhook(*fake.webhook(event)).reference == reference


def test_an_event_of_the_other_mode_names_no_payment_of_ours(
    gateway: StripeGateway, fake: FakeStripe, wanted: Intent, session: str
) -> None:
    fake.books.pay(session)
    event = copy.deepcopy(fake.events("checkout.session")[-1]) | {"livemode": True}
    assert gateway.verify_webhook(*fake.webhook(event)).reference == session != str(wanted.key)


# What Stripe publishes, replayed


def resources() -> dict[str, Any]:
    return json.loads(FIXTURES.read_text(encoding="utf-8"))["resources"] if FIXTURES.exists() else {}


@needs_fixtures
def test_a_published_session_is_read() -> None:
    session = resources()["checkout.session"]
    paid = session | {"currency": "usd", "amount_total": 1099, "payment_status": "paid", "status": "complete",
                      "client_reference_id": "ABCD"}
    said = read_session(paid)
    assert (said.state, said.amount, said.currency, said.order_number) == ("captured", 1099, "USD", "ABCD")
    assert (said.reference, said.account, said.refunded_amount) == (session["id"], "test", 0)
    assert read_session(paid | {"status": "open", "payment_status": "unpaid"}).state == "open"
    # A session without a currency or an amount, as published, is for a subscription that is not chosen yet.
    with pytest.raises(TypeError):
        read_session(session)


@needs_fixtures
def test_a_published_session_with_its_intent_and_charge_is_read() -> None:
    known = resources()
    charge = known["charge"] | {"amount_refunded": 99, "captured": True}
    for status, received, state in (
        ("succeeded", 1099, "captured"), ("requires_capture", 0, "authorized"), ("processing", 0, "processing"),
        ("canceled", 0, "failed"), ("requires_payment_method", 0, "open"), ("requires_action", 0, "open")
    ):
        intent = known["payment_intent"] | {"status": status, "amount_received": received, "latest_charge": charge}
        said = read_session(known["checkout.session"] | {
            "payment_intent": intent, "currency": "usd", "amount_total": 1099})
        assert (said.state, said.amount, said.currency, said.refunded_amount) == (state, 1099, "USD", 99)


@needs_fixtures
def test_a_published_refund_and_dispute_are_read() -> None:
    known = resources()
    refund, dispute = read_refund(known["refund"]), read_dispute(known["dispute"])
    assert (refund.reference, refund.state, refund.problem) == (known["refund"]["id"], "refunded", "")
    assert (dispute.state, dispute.amount, dispute.reason) == ("open", 1000, "general")


@needs_fixtures
@pytest.mark.usefixtures("gateway")
def test_every_published_object_can_come_as_an_event_and_changes_nothing(
    client: FlaskClient, fake: FakeStripe, run_jobs: Callable[[], int]
) -> None:
    known = resources()
    for number, (kind, about) in enumerate(sorted(known.items())):
        event = known["event"] | {"id": f"evt_replay_{number}", "type": f"{kind}.updated"[:80],
                                  "data": {"object": about}}
        body, headers = fake.webhook(event)
        answer = client.post("/webhooks/stripe", data=body, headers=headers)
        assert answer.status_code == (204 if len(body) <= 64 * 1024 else 400), kind
        assert client.post("/webhooks/stripe", data=body + b" ", headers=headers).status_code == 400
    assert set(REPLAYED) < set(known)
    run_jobs()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == len(known)
    for table in (Payment, LedgerTransfer):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0

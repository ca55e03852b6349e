"""What every gateway promises, held against the demo gateway; webhooks; refunds."""

from __future__ import annotations

import json
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.payments.errors import InvalidWebhook, UnknownGateway
from storefront.payments.gateways.demo import SIGNATURE, decide_intent, sign, webhook_body
from storefront.payments.gateways.port import Gateway, Intent
from storefront.payments.gateways.registry import find_gateway, offered_gateways
from storefront.payments.models import PaymentEvent
from storefront.payments.services import (
    create_payment,
    mark_captured,
    mark_failed,
    receive_webhook,
)
from tests.storefront.inventory.test_services import in_parallel


def intent() -> Intent:
    return Intent(uuid.uuid4(), "ABCD-EFGH-JKMN", 5250, "EUR", "http://localhost/checkout/return/x")


@pytest.fixture
def gateway(app: Flask) -> Gateway:
    return find_gateway("demo")


def test_the_same_key_creates_one_payment(gateway: Gateway) -> None:
    wanted = intent()
    assert gateway.create(wanted) == gateway.create(wanted)
    assert gateway.create(wanted) != gateway.create(intent())


def test_the_same_key_at_once_creates_one_payment(app: Flask, gateway: Gateway) -> None:
    wanted = intent()
    assert len({str(made) for made in in_parallel(app, 10, lambda: gateway.create(wanted))}) == 1


@pytest.mark.parametrize(("decision", "state"), [("accept", "captured"), ("decline", "failed"),
                                                 ("slow", "processing"), ("closed", "captured")])
def test_it_says_what_was_decided_and_the_first_answer_stands(gateway: Gateway, decision: str, state: str) -> None:
    reference = gateway.create(intent()).reference
    assert gateway.fetch(reference).state == "open"
    decide_intent(reference=reference, decision=decision)
    decide_intent(reference=reference, decision="decline")
    said = gateway.fetch(reference)
    assert (said.state, said.amount, said.currency, said.order_number) == (state, 5250, "EUR", "ABCD-EFGH-JKMN")


def test_an_open_payment_can_be_voided_and_a_captured_one_stays(gateway: Gateway) -> None:
    first, second = (gateway.create(intent()).reference for _ in range(2))
    decide_intent(reference=second, decision="accept")
    assert (gateway.void(first).state, gateway.void(second).state) == ("failed", "captured")


def test_an_unknown_payment_is_said_to_be_unknown(gateway: Gateway) -> None:
    with pytest.raises(UnknownGateway):
        gateway.fetch("demo_nothing")


@pytest.mark.parametrize("change", ["body", "signature", "letters", "missing", "reserialized"])
def test_a_forged_webhook_changes_nothing(client: FlaskClient, gateway: Gateway, change: str) -> None:  # fault 38
    body = webhook_body(gateway.create(intent()).reference)
    headers = {SIGNATURE: sign(body)}
    if change == "body":
        body = body.replace(b"demo_", b"dem0_")
    elif change == "reserialized":
        body = json.dumps(json.loads(body), indent=1).encode()
    elif change == "signature":
        headers = {SIGNATURE: "0" * 64}
    elif change == "letters":
        headers = {SIGNATURE: "é" * 64}
    else:
        headers = {}
    assert client.post("/webhooks/demo", data=body, headers=headers).status_code == 400
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == 0


def test_a_webhook_is_stored_once_however_often_it_comes(app: Flask, client: FlaskClient, gateway: Gateway) -> None:
    body = webhook_body(gateway.create(intent()).reference)  # fault 35
    headers = {SIGNATURE: sign(body)}
    stored = in_parallel(app, 12, lambda: receive_webhook(gateway="demo", body=body, headers=headers))
    assert sorted(map(bool, stored)) == [False] * 11 + [True]
    assert client.post("/webhooks/demo", data=body, headers=headers).status_code == 204
    assert client.post("/webhooks/nobody", data=body, headers=headers).status_code == 404
    assert client.post("/webhooks/demo", data=b"x" * 70000, headers=headers).status_code == 400
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == 1


def test_a_signed_body_that_says_nothing_is_refused(gateway: Gateway) -> None:
    for body in (b"", b"[]", b"{}", b"\xff", b'{"id": 1}', b"[" * 60_000):
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(body, {SIGNATURE: sign(body)})


@pytest.mark.parametrize("name", ["", "a\0", "\ud800", "x" * 201])
def test_a_signed_name_that_no_column_can_keep_is_refused(client: FlaskClient, name: str) -> None:
    for said in ({"id": name, "reference": "r"}, {"id": "e", "reference": name}):
        body = json.dumps(said).encode()
        assert client.post("/webhooks/demo", data=body, headers={SIGNATURE: sign(body)}).status_code == 400


def test_an_end_is_reached_once(app: Flask) -> None:
    payment_id = create_payment(order_id=uuid.uuid4(), gateway="demo", money=Money(100, "EUR"))
    assert mark_captured(payment_id=payment_id)
    assert not mark_failed(payment_id=payment_id, problem="late")
    assert not mark_captured(payment_id=payment_id)


def test_only_what_the_settings_name_is_offered(app: Flask) -> None:
    assert [gateway.code for gateway in offered_gateways()] == ["demo"]

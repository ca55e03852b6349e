"""Money that goes back: never more than was captured, sent once, followed up when a provider refuses."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront.foundation.database import db
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.money import Money
from storefront.payments.errors import RefundTooLarge
from storefront.payments.gateways.demo import decide_intent
from storefront.payments.gift_cards import capture_gift_cards, find_gift_card, issue_gift_card
from storefront.payments.ledger import ORDERS, REFUNDS_DUE
from storefront.payments.models import DemoIntent, LedgerTransfer, Payment, Refund, RefundState
from storefront.payments.refunds import (
    BY_HAND,
    close_refund,
    list_failed_refunds,
    list_refunds,
    request_refunds,
    retry_refund,
    send_due_refunds,
    send_refund,
)
from storefront.payments.services import book_capture, create_payment, mark_captured, open_payment
from tests.factories.ledger import read_balance
from tests.storefront.inventory.test_services import in_parallel


def captured(order_id: uuid.UUID, amount: int) -> uuid.UUID:
    payment_id = create_payment(order_id=order_id, gateway="demo", money=Money(amount, "EUR"))
    reference = open_payment(payment_id=payment_id, order_number="A", return_url="http://x/").gateway_reference
    decide_intent(reference=reference or "", decision="accept")
    mark_captured(payment_id=payment_id)
    book_capture(payment_id=payment_id, credit=ORDERS, actor="test")
    return payment_id


def request(order_id: uuid.UUID, amount: int) -> list[uuid.UUID]:
    return request_refunds(order_id=order_id, amount=amount, order_refund_id=None, reason="test", actor="staff:1")


def at_provider() -> int:
    db.session.rollback()
    return sum(db.session.scalars(select(DemoIntent.refunded_amount)).all())


def test_parts_go_back_until_all_is_back_and_not_a_cent_more(app: Flask) -> None:
    order_id = uuid.uuid4()
    captured(order_id, 1000)
    for amount in (300, 700):
        (refund_id,) = request(order_id, amount)
        assert [send_refund(refund_id=refund_id) for _ in range(3)] == [RefundState.REFUNDED] * 3
    assert (at_provider(), read_balance(ORDERS, "EUR"), read_balance(REFUNDS_DUE, "EUR")) == (1000, 0, 0)
    with pytest.raises(RefundTooLarge):
        request(order_id, 1)


@pytest.mark.parametrize("amount", [0, -1, 1001, 10**15])
def test_what_cannot_go_back_promises_nothing(app: Flask, amount: int) -> None:
    order_id = uuid.uuid4()
    captured(order_id, 1000)
    with pytest.raises(RefundTooLarge):
        request(order_id, amount)
    assert list_refunds(order_id) == []
    assert db.session.scalars(select(Payment.refunded_amount)).all() == [0]


def test_refunds_asked_for_at_once_never_exceed_what_was_captured(app: Flask) -> None:  # fault 50
    order_id = uuid.uuid4()
    captured(order_id, 1000)
    results = in_parallel(app, 10, lambda: request(order_id, 300))
    assert sum(isinstance(result, list) for result in results) == 3
    ids = db.session.scalars(select(Refund.id)).all()
    left = iter([*ids, *ids])
    in_parallel(app, 6, lambda: send_refund(refund_id=next(left)))
    assert (at_provider(), read_balance(ORDERS, "EUR"), read_balance(REFUNDS_DUE, "EUR")) == (900, 100, 0)


def test_the_provider_gives_back_before_the_gift_card_does(app: Flask) -> None:
    order_id = uuid.uuid4()
    card = find_gift_card(issue_gift_card(amount=500, note="", recipient_email="", expires_at=None, actor="staff:1"))
    captured(order_id, 1000)
    capture_gift_cards(order_id=order_id, plan=[(card.id, 500)], actor="test")
    request(order_id, 1200)
    assert [(row.gateway, row.money.amount) for row in list_refunds(order_id)] == [("demo", 1000), ("gift_card", 200)]


def test_the_database_itself_refuses_more_than_was_captured(app: Flask) -> None:
    captured(uuid.uuid4(), 1000)
    with pytest.raises(IntegrityError):
        db.session.execute(update(Payment).values(refunded_amount=1001))
    db.session.rollback()


def refused(order_id: uuid.UUID) -> uuid.UUID:
    """A refund that the provider will not make: it thinks that the money went back already."""
    captured(order_id, 1000)
    db.session.execute(update(DemoIntent).values(refunded_amount=1000))
    db.session.commit()
    (refund_id,) = request(order_id, 400)
    assert send_refund(refund_id=refund_id) == RefundState.FAILED
    return refund_id


def test_a_refused_refund_waits_for_staff_and_can_be_sent_again_once(app: Flask) -> None:
    order_id = uuid.uuid4()
    refund_id = refused(order_id)
    assert [(row.id, order) for row, order in list_failed_refunds()] == [(refund_id, order_id)]
    assert (send_due_refunds(), read_balance(REFUNDS_DUE, "EUR")) == (0, 400)
    again = retry_refund(refund_id=refund_id, actor="staff:1")
    with pytest.raises(ShopError):
        retry_refund(refund_id=refund_id, actor="staff:1")
    db.session.execute(update(DemoIntent).values(refunded_amount=0))
    db.session.commit()
    assert send_refund(refund_id=again) == RefundState.REFUNDED
    assert (at_provider(), read_balance(REFUNDS_DUE, "EUR"), list(list_failed_refunds())) == (400, 0, [])


def test_a_refused_refund_can_be_sent_by_hand_once(app: Flask) -> None:
    refund_id = refused(uuid.uuid4())
    close_refund(refund_id=refund_id, note="bank transfer of today", actor="staff:1")
    with pytest.raises(ShopError):
        close_refund(refund_id=refund_id, note="again", actor="staff:1")
    assert (read_balance(BY_HAND, "EUR"), read_balance(REFUNDS_DUE, "EUR")) == (400, 0)


def test_an_unknown_refund_is_said_to_be_unknown(app: Flask) -> None:
    with pytest.raises(NotFound):
        send_refund(refund_id=uuid.uuid4())


@pytest.mark.parametrize("deed", ["update", "delete"])
def test_what_is_booked_stays_as_it_was_written(app: Flask, deed: str) -> None:
    captured(uuid.uuid4(), 1000)
    row = db.session.scalars(select(LedgerTransfer)).one()
    if deed == "update":
        row.amount = 1
    else:
        db.session.delete(row)
    with pytest.raises(Exception, match="append-only"):
        db.session.commit()
    db.session.rollback()
    assert read_balance(ORDERS, "EUR") == 1000

"""What becomes of money: late, twice, for something else, sent back elsewhere, taken back by a bank."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.checkout import reviews
from storefront.checkout.reconciling import reconcile_payments
from storefront.checkout.reviews import resolve_payment
from storefront.checkout.settling import expire_orders, settle, settle_event, settle_pending, take_payment
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.services import correct_stock
from storefront.orders.models import Order, OrderRefund
from storefront.orders.queries import OrderView, read_order_view
from storefront.orders.states import OrderState
from storefront.payments.gateways.demo import decide_intent
from storefront.payments.gateways.port import DisputeSaid
from storefront.payments.ledger import DISPUTES, ORDERS, REFUNDS_DUE, UNASSIGNED
from storefront.payments.models import DemoIntent, Dispute, DisputeState, Payment, PaymentState, Refund, RefundState
from storefront.payments.queries import PaymentInfo, list_payments, read_payment
from storefront.payments.refunds import send_due_refunds
from storefront.payments.services import create_payment, note_dispute, open_payment
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, open_payments, pay
from tests.factories.ledger import read_balance
from tests.storefront.inventory.test_services import in_parallel, stock

BOOKS = (ORDERS, UNASSIGNED, REFUNDS_DUE, "clearing:demo")


@pytest.fixture
def bowl(app: Flask) -> int:
    make_world()
    return make_product(slug="bowl", amount=2400, stock=10).variant_id


def books() -> dict[str, int]:
    """Balances that are not zero: credits less debits."""
    db.session.rollback()
    return {account: balance for account in BOOKS if (balance := read_balance(account, "EUR"))}


def begin(variant_id: int, quantity: int = 1) -> PaymentInfo:
    pay(make_checkout({variant_id: quantity}))
    return open_payments()[-1]


def decide(payment: PaymentInfo, decision: str) -> PaymentInfo:
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision=decision)
    return settle(payment_id=payment.id, is_told=True)


def order_of(payment: PaymentInfo) -> OrderView:
    db.session.rollback()
    return read_order_view(payment.order_id)


def expire(payment: PaymentInfo) -> None:
    """Let the order's time run out while its provider does not hear of it."""
    db.session.execute(update(Order).where(Order.id == payment.order_id).values(expires_at=now().replace(year=2020)))
    db.session.commit()
    assert expire_orders() == 1
    db.session.execute(update(DemoIntent).values(state="open"))  # the void never reached it
    db.session.commit()


def test_a_captured_payment_is_booked_once(bowl: int) -> None:
    payment = decide(begin(bowl), "accept")
    settle(payment_id=payment.id, is_told=True)
    assert books() == {ORDERS: 2850, "clearing:demo": -2850}
    assert (order_of(payment).paid.amount, order_of(payment).refunded.amount) == (2850, 0)


def test_money_that_is_only_reserved_is_taken_once_the_order_matches(bowl: int) -> None:
    payment = decide(begin(bowl), "reserve")
    assert (payment.state, order_of(payment).status) == (PaymentState.CAPTURED, OrderState.PLACED)
    assert db.session.scalars(select(DemoIntent.state)).all() == ["captured"]


def test_late_money_finds_its_goods_again(bowl: int) -> None:  # fault 37
    payment = begin(bowl)
    expire(payment)
    assert (order_of(payment).status, stock(bowl)) == (OrderState.EXPIRED, (10, 0, 0))
    payment = decide(payment, "closed")
    assert (payment.state, order_of(payment).status, stock(bowl)) == (
        PaymentState.CAPTURED, OrderState.PLACED, (10, 0, 1))
    assert books() == {ORDERS: 2850, "clearing:demo": -2850}


def test_late_money_for_goods_that_are_gone_goes_back(bowl: int) -> None:  # fault 37
    payment = begin(bowl)
    expire(payment)
    correct_stock(variant_id=bowl, delta=-10, actor="staff:1", reason="count")
    payment = decide(payment, "closed")
    assert (order_of(payment).status, stock(bowl)) == (OrderState.EXPIRED, (0, 0, 0))
    assert (payment.captured.amount, payment.refunded.amount) == (2850, 2850)
    assert books() == {REFUNDS_DUE: 2850, "clearing:demo": -2850}
    assert send_due_refunds() == 1
    assert books() == {}
    assert db.session.execute(select(DemoIntent.state, DemoIntent.refunded_amount)).all() == [("captured", 2850)]
    settle(payment_id=payment.id, is_told=True)
    assert (books(), send_due_refunds()) == ({}, 0)


def test_an_order_that_is_paid_twice_keeps_one_payment(app: Flask, bowl: int) -> None:
    first = begin(bowl)
    second_id = create_payment(order_id=first.order_id, gateway="demo", money=first.money)
    second = open_payment(payment_id=second_id, order_number=order_of(first).number, return_url="http://localhost/x")
    for payment in (first, second):
        assert payment.gateway_reference
        decide_intent(reference=payment.gateway_reference, decision="accept")
    ids = iter([first.id, second.id] * 4)
    in_parallel(app, 8, lambda: settle(payment_id=next(ids), is_told=True))
    paid = [read_payment(payment_id) for payment_id in (first.id, second.id)]
    assert sorted(payment.refunded.amount for payment in paid) == [0, 2850]
    assert (order_of(first).paid.amount, stock(bowl)) == (2850, (10, 0, 1))
    send_due_refunds()
    assert books() == {ORDERS: 2850, "clearing:demo": -2850}


def test_money_for_an_order_that_has_changed_since_goes_back(bowl: int) -> None:
    payment = begin(bowl)
    db.session.execute(update(Order).values(total_amount=9999))
    db.session.commit()
    payment = decide(payment, "accept")
    assert (order_of(payment).status, payment.refunded.amount) == (OrderState.PENDING, 2850)


def test_a_refund_made_at_the_provider_is_taken_over_once(app: Flask, bowl: int) -> None:  # fault 36
    payment = decide(begin(bowl), "accept")
    db.session.execute(update(DemoIntent).values(refunded_amount=1000))
    db.session.commit()
    in_parallel(app, 6, lambda: settle(payment_id=payment.id, is_told=True))
    order = order_of(payment)
    assert (order.paid.amount, order.refunded.amount) == (2850, 1000)
    assert books() == {ORDERS: 1850, "clearing:demo": -1850}
    assert db.session.execute(select(Refund.amount, Refund.state, Refund.actor)).all() == [
        (1000, RefundState.REFUNDED, "provider")]
    assert db.session.scalars(select(OrderRefund.amount)).all() == [1000]


def test_a_dispute_is_booked_once_and_back_when_it_is_won(bowl: int) -> None:
    payment = decide(begin(bowl), "accept")
    said = [DisputeSaid("dp_1", "open", 2850, "fraudulent"), DisputeSaid("dp_1", "won", 2850)]
    for one in (said[0], said[0]):
        note_dispute(payment_id=payment.id, said=one)
    assert (read_balance(DISPUTES, "EUR"), read_balance("clearing:demo", "EUR")) == (-2850, 0)
    for one in (said[1], said[0], said[1], said[0]):
        note_dispute(payment_id=payment.id, said=one)
    assert (read_balance(DISPUTES, "EUR"), read_balance("clearing:demo", "EUR")) == (0, -2850)
    assert db.session.scalars(select(Dispute.state)).all() == [DisputeState.WON]


def test_an_event_about_a_payment_that_we_do_not_know_changes_nothing(bowl: int) -> None:
    settle_event(gateway="demo", gateway_reference="demo_nobody")
    settle_event(gateway="demo", gateway_reference=str(uuid.uuid4()))
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0


def park(bowl: int, **changes: object) -> PaymentInfo:
    payment = begin(bowl)
    db.session.execute(update(DemoIntent).values(state="captured", **changes))
    db.session.commit()
    return settle(payment_id=payment.id)


@pytest.mark.parametrize("changes", [{"amount": 1}, {"currency": "USD"}, {"order_number": "AAAA-BBBB-CCCC"}])
def test_whatever_does_not_match_waits_for_staff(bowl: int, changes: dict[str, object]) -> None:  # fault 39
    payment = park(bowl, **changes)
    assert (payment.state, order_of(payment).status) == (PaymentState.REVIEW, OrderState.PENDING)
    assert read_balance(ORDERS, "EUR") == 0


def test_staff_accept_what_can_pay_the_order(bowl: int) -> None:
    payment = park(bowl, order_number="AAAA-BBBB-CCCC")
    resolve_payment(payment_id=payment.id, decision="accept", reason="the bank mistyped it", actor="staff:1")
    assert (order_of(payment).status, books()) == (OrderState.PLACED, {ORDERS: 2850, "clearing:demo": -2850})
    with pytest.raises(ShopError):
        resolve_payment(payment_id=payment.id, decision="refund", reason="again", actor="staff:1")


def test_staff_send_back_what_cannot(bowl: int) -> None:
    payment = park(bowl, amount=700)
    for decision in ("accept", "close", "guess"):
        with pytest.raises(ShopError):
            resolve_payment(payment_id=payment.id, decision=decision, reason="x", actor="staff:1")
    assert books() == {UNASSIGNED: 700, "clearing:demo": -700}
    resolve_payment(payment_id=payment.id, decision="refund", reason="wrong sum", actor="staff:1")
    send_due_refunds()
    told = db.session.scalar(select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == "PaymentReturned"))
    assert (books(), order_of(payment).status, told) == ({}, OrderState.PENDING, 1)


def test_staff_close_what_brought_no_money(bowl: int) -> None:
    payment = park(bowl, currency="USD")
    resolve_payment(payment_id=payment.id, decision="close", reason="not ours", actor="staff:1")
    assert (read_payment(payment.id).state, books()) == (PaymentState.FAILED, {})


def test_a_decision_that_was_read_before_another_was_made_comes_too_late(bowl: int) -> None:
    payment = park(bowl, order_number="AAAA-BBBB-CCCC")
    resolve_payment(payment_id=payment.id, decision="accept", reason="x", actor="staff:1")
    with pytest.raises(ShopError, match="a moment ago"):
        reviews._send_back(payment_id=payment.id, reason="y", actor="staff:2")  # as a twin that has passed the look
    assert (read_payment(payment.id).refunded.amount, order_of(payment).status) == (0, OrderState.PLACED)


def test_two_decisions_at_once_are_one(app: Flask, bowl: int) -> None:
    payment = park(bowl, order_number="AAAA-BBBB-CCCC")
    words = iter(["accept", "refund"] * 3)
    results = in_parallel(app, 6, lambda: resolve_payment(
        payment_id=payment.id, decision=next(words), reason="x", actor="staff:1"))
    assert sum(result is None for result in results) == 1
    is_placed = order_of(payment).status == OrderState.PLACED
    assert is_placed == (read_payment(payment.id).refunded.amount == 0)


def test_reconciliation_settles_what_only_the_provider_knows_and_names_what_nobody_does(bowl: int) -> None:
    payment = begin(bowl)
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision="closed")
    db.session.add(DemoIntent(reference="demo_stranger", idempotency_key="k", order_number="X", amount=5,
                              currency="EUR", state="captured", return_url=""))
    db.session.commit()
    found = {row.reference: row.is_settled for row in reconcile_payments()}
    assert found == {payment.gateway_reference: True, "demo_stranger": False}
    assert order_of(payment).status == OrderState.PLACED
    assert [row.reference for row in reconcile_payments()] == ["demo_stranger"]


def test_reconciliation_names_what_the_provider_does_not_know(bowl: int) -> None:
    payment = begin(bowl)
    take_payment(payment_id=payment.id, actor="test")
    found = reconcile_payments()
    assert [(row.reference, row.is_settled) for row in found] == [(payment.gateway_reference, False)]
    assert [one.state for one in list_payments(payment.order_id)] == [PaymentState.CAPTURED]


def test_polls_come_less_often_and_one_that_fails_keeps_no_other_waiting(bowl: int) -> None:  # fault 34
    first, second = begin(bowl), begin(bowl)
    db.session.execute(update(DemoIntent).where(DemoIntent.reference == second.gateway_reference)
                       .values(state="captured"))
    db.session.execute(update(Payment).where(Payment.id == first.id).values(gateway_reference="demo_unknown"))
    for wait in (40, 80, 160):
        db.session.execute(update(Payment).values(next_poll_at=now()))
        db.session.commit()
        before = now()
        settle_pending()
        after = now()
        db.session.rollback()
        row = db.session.get_one(Payment, first.id)
        assert row.next_poll_at is not None
        assert before <= row.next_poll_at - timedelta(seconds=wait) <= after
    assert (read_payment(second.id).state, read_payment(first.id).state) == (
        PaymentState.CAPTURED, PaymentState.PENDING)

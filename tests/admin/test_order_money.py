"""What staff do with an order's money and its returns, in the panel."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.foundation.database import db
from storefront.orders.models import OrderRefund, Return, Withdrawal
from storefront.orders.return_states import ReturnState
from storefront.orders.returns import request_return
from storefront.orders.states import OrderState
from storefront.orders.withdrawals import act_on_withdrawal, state_withdrawal
from storefront.payments.models import Payment, PaymentState, Refund, RefundState
from tests.admin.conftest import Panel
from tests.factories.orders import count, lines_of, make_bowl_order, make_order, read_order, send

BACK = "Promised. The provider is told at once"


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    return make_bowl_order()


def path(order_id: uuid.UUID, rest: str = "") -> str:
    return f"/admin/orders/{read_order(order_id).number}/{rest}"


def refund_form(page: str) -> dict[str, str]:
    """What the refund form would send as it stands."""
    return dict(re.findall(r'name="(refund-[^"]+)"[^>]*value="([^"]*)"', page))


def read_return() -> Return:
    db.session.rollback()
    return db.session.scalars(select(Return)).one()


def test_a_refund_is_worked_out_first_and_the_form_twice_is_one(staff: Panel, order_id: uuid.UUID) -> None:
    form = refund_form(staff.get(path(order_id)))
    assert form["refund-lines-0-quantity"] == "0"
    form |= {"refund-lines-0-quantity": "1", "refund-shipping_amount": "4.50", "refund-reason": "Chipped"}
    page = staff.post(path(order_id, "refunds"), form | {"preview": "1"}, status=200).text
    assert "This comes to <strong>€28.50</strong>" in page
    assert 'value="Chipped"' in page
    assert count(OrderRefund) == 0
    again = refund_form(page)
    assert again["refund-refund_id"] == form["refund-refund_id"]
    for _ in range(2):
        staff.post(path(order_id, "refunds"), form)
    order = read_order(order_id)
    assert (order.refunded_amount, order.shipping_refunded_amount, count(OrderRefund)) == (2850, 450, 1)
    row = db.session.scalars(select(OrderRefund)).one()
    assert row.actor.startswith("staff:")
    page = staff.get(path(order_id))
    for words in ("€28.50", "Chipped", "Maeve Clancy", "refunds_due", "Partly refunded"):
        assert words in page, words


@pytest.mark.parametrize(("field", "typed"), [
    ("refund-lines-0-quantity", "3"), ("refund-lines-0-quantity", "-1"), ("refund-lines-0-quantity", "1e3"),
    ("refund-shipping_amount", "4.51"), ("refund-goodwill_amount", "76.51"), ("refund-goodwill_amount", "-1"),
    ("refund-lines-0-line_id", "x"), ("refund-refund_id", "x"), ("refund-reason", " "),
    ("refund-lines-0-line_id", "00000000-0000-4000-8000-000000000000")])
def test_a_refund_that_cannot_be_gets_a_sentence(
        staff: Panel, order_id: uuid.UUID, field: str, typed: str) -> None:  # faults 53 and 54
    form = refund_form(staff.get(path(order_id))) | {"refund-lines-0-quantity": "1", "refund-reason": "Chipped"}
    page = staff.post(path(order_id, "refunds"), form | {field: typed}, status=422).text
    assert "This was not saved" in page
    assert (read_order(order_id).refunded_amount, count(OrderRefund)) == (0, 0)


def test_the_rest_is_canceled_with_a_reason(staff: Panel, order_id: uuid.UUID) -> None:
    send(order_id, {lines_of(order_id)[0]: 2})
    assert "Cancel the rest" in staff.get(path(order_id))
    staff.post(path(order_id, "rest-cancellation"), {"rest-reason": ""}, status=422)
    staff.post(path(order_id, "rest-cancellation"), {"rest-reason": "The kiln broke"})
    assert (read_order(order_id).state, read_order(order_id).refunded_amount) == (OrderState.FULFILLED, 2400)


def test_a_return_is_agreed_received_and_paid_back(staff: Panel, order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    send(order_id)
    name = request_return(return_id=uuid.uuid4(), order_id=order_id, quantities={small: 2}, reason="Too small",
                          actor="guest")
    assert f"Return {name}" in staff.get("/admin/")
    staff.post(path(order_id, f"returns/{name}/rejection"), {"reason": ""})
    assert "Say why" in staff.get(path(order_id))
    staff.post(path(order_id, f"returns/{name}/approval"), {"reason": "Please do"})
    assert f"Return {name}" not in staff.get("/admin/")
    staff.post(path(order_id, f"returns/{name}/receipt"), {f"quantity-{small}": "3"})
    assert read_return().state is ReturnState.APPROVED
    staff.post(path(order_id, f"returns/{name}/receipt"), {f"quantity-{small}": "1"})
    page = staff.get(path(order_id))
    assert "(1 on the shelf again)" in page
    refund_id = re.findall(r'name="refund_id" value="([^"]+)"', page)[0]
    form = {"refund_id": refund_id, "shipping_amount": "4.50", "goodwill_amount": ""}
    staff.post(path(order_id, f"returns/{name}/refund"), form | {"shipping_amount": "4.51"})
    assert read_order(order_id).refunded_amount == 0
    for _ in range(2):
        staff.post(path(order_id, f"returns/{name}/refund"), form)
    assert (read_return().state, read_order(order_id).refunded_amount) == (ReturnState.REFUNDED, 5250)
    staff.post(path(order_id, "returns/R-AAAA-AAAA/approval"), status=404)


def test_staff_tell_where_a_parcel_is(staff: Panel, order_id: uuid.UUID) -> None:
    fulfillment_id = send(order_id, number="CE1")
    key = str(uuid.uuid4())
    for _ in range(2):
        staff.post(path(order_id, f"fulfillments/{fulfillment_id}/sightings"),
                   {"key": key, "status": "problem", "text": "Gate was closed", "place": "Ennis"})
    assert staff.get(path(order_id)).count("Gate was closed") == 1
    staff.post(path(order_id, f"fulfillments/{fulfillment_id}/sightings"),
               {"key": str(uuid.uuid4()), "status": "lost"}, status=422)
    staff.post(path(order_id, f"fulfillments/{fulfillment_id}/sightings"),
               {"key": str(uuid.uuid4()), "status": "delivered"})
    assert read_order(order_id).state is OrderState.DELIVERED
    other = make_order({read_order(order_id).lines[0].variant_id: 1})
    staff.post(path(other, f"fulfillments/{fulfillment_id}/sightings"),
               {"key": str(uuid.uuid4()), "status": "delivered"}, status=404)


def test_a_refused_refund_is_shown_and_sent_again_or_by_hand(staff: Panel, order_id: uuid.UUID) -> None:
    form = refund_form(staff.get(path(order_id))) | {"refund-goodwill_amount": "5", "refund-reason": "Late"}
    staff.post(path(order_id, "refunds"), form)
    db.session.rollback()
    db.session.execute(update(Refund).values(state=RefundState.FAILED, problem="Card closed", next_try_at=None))
    db.session.commit()
    refund_id = db.session.scalars(select(Refund.id)).one()
    for page in (staff.get("/admin/"), staff.get(path(order_id))):
        assert "Card closed" in page
    assert "Ask the provider again" in staff.get(path(order_id))
    db.session.execute(update(Payment).values(gateway="transfer"))
    db.session.commit()
    page = staff.get(path(order_id))
    assert "Send €5.00 back by hand." in page
    assert "Ask the provider again" not in page
    staff.post(path(order_id, f"refunds/{refund_id}/closing"), {"note": " "})
    assert "Say how it was sent" in staff.get(path(order_id))
    staff.post(path(order_id, f"refunds/{refund_id}/closing"), {"note": "Transfer of today"})
    db.session.rollback()
    assert db.session.get_one(Refund, refund_id).state is RefundState.REFUNDED
    assert "Card closed" not in staff.get("/admin/")


def test_a_parked_payment_is_judged_by_its_own_order_only(staff: Panel, order_id: uuid.UUID) -> None:
    other = make_order({read_order(order_id).lines[0].variant_id: 1}, is_paid=False)
    db.session.rollback()
    db.session.execute(update(Payment).where(Payment.order_id == other).values(
        state=PaymentState.REVIEW, problem="1 EUR came"))
    db.session.commit()
    payment_id = db.session.scalars(select(Payment.id).where(Payment.order_id == other)).one()
    assert read_order(other).number in staff.get("/admin/orders/?paid=parked")
    assert read_order(order_id).number not in staff.get("/admin/orders/?paid=parked")
    assert read_order(order_id).number in staff.get("/admin/orders/?paid=paid")
    assert "Judge attempt 1" in staff.get(path(other))
    decision = {"decision": "close", "reason": "A test of theirs"}
    staff.post(path(order_id, f"payments/{payment_id}/decision"), decision, status=404)
    staff.post(path(other, f"payments/{payment_id}/decision"), {"decision": "steal", "reason": "x"}, status=422)
    staff.post(path(other, f"payments/{payment_id}/decision"), decision)
    db.session.rollback()
    assert db.session.get_one(Payment, payment_id).state is PaymentState.FAILED


def test_a_statement_without_an_order_waits_until_it_is_dealt_with(staff: Panel, order_id: uuid.UUID) -> None:
    statement_id = uuid.uuid4()
    state_withdrawal(withdrawal_id=statement_id, order_id=None, order_number="AAAA", name="Eve Adams",
                     email="eve@example.org", scope="The whole order.")
    act_on_withdrawal(withdrawal_id=statement_id)
    for page in ("/admin/", "/admin/withdrawals/"):
        assert "Eve Adams" in staff.get(page)
    staff.post(f"/admin/withdrawals/{statement_id}/closing")
    assert "Eve Adams" not in staff.get("/admin/")
    db.session.rollback()
    assert db.session.get_one(Withdrawal, statement_id).closed_by.startswith("staff:")
    staff.post(f"/admin/withdrawals/{statement_id}/closing", status=422)

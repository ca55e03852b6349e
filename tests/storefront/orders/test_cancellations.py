"""What is called off gives back its stock and its money, exactly that much of both."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.models import StockLevel
from storefront.orders.cancellations import cancel_lines, cancel_order, cancel_rest
from storefront.orders.models import OrderRefund
from storefront.orders.refunds import refund_order
from storefront.orders.states import IllegalMove, OrderState
from storefront.payments.models import Refund
from tests.factories.orders import STAFF, count, lines_of, make_bowl_order, make_order, read_order, send
from tests.storefront.inventory.test_services import in_parallel


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    return make_bowl_order()


def levels() -> list[tuple[int, int, int]]:
    """(on hand, reserved, allocated) of the small and the large bowl."""
    db.session.rollback()
    rows = db.session.scalars(select(StockLevel).order_by(StockLevel.variant_id))
    return [(row.on_hand, row.reserved, row.allocated) for row in rows]


def events(name: str) -> int:
    return count(OutboxEvent, OutboxEvent.name == name)


def test_a_canceled_order_gives_back_all_that_was_paid_once(order_id: uuid.UUID) -> None:
    for _ in range(2):
        cancel_order(order_id=order_id, reason="changed my mind", actor="guest")
    order = read_order(order_id)
    assert (order.state, order.refunded_amount, order.shipping_refunded_amount) == (OrderState.CANCELED, 7650, 450)
    assert [(line.refunded_quantity, line.refunded_amount) for line in order.lines] == [(2, 4800), (1, 2400)]
    assert levels() == [(10, 0, 0), (10, 0, 0)]
    assert (count(OrderRefund), count(Refund), events("OrderCanceled"), events("OrderRefunded")) == (1, 1, 1, 0)
    step = order.history[-1]
    assert (step.from_state, step.to_state, step.actor, step.reason) == (
        "placed", "canceled", "guest", "changed my mind")


def test_what_was_given_as_goodwill_is_not_given_again(order_id: uuid.UUID) -> None:
    refund_order(refund_id=uuid.uuid4(), order_id=order_id, quantities={}, goodwill_amount=1000, reason="late",
                 actor=STAFF)
    cancel_order(order_id=order_id, reason="changed my mind", actor="guest")
    order = read_order(order_id)
    assert (order.refunded_amount, order.paid_amount) == (7650, 7650)
    assert sum(db.session.scalars(select(OrderRefund.amount))) == 7650


def test_an_unpaid_order_is_canceled_without_money(app: Flask, order_id: uuid.UUID) -> None:
    unpaid = make_order({read_order(order_id).lines[0].variant_id: 1}, is_paid=False)
    cancel_order(order_id=unpaid, reason="changed my mind", actor="guest")
    assert (read_order(unpaid).state, read_order(unpaid).refunded_amount) == (OrderState.CANCELED, 0)
    assert (count(OrderRefund), events("OrderCanceled")) == (0, 0)


def test_canceled_by_eight_at_once_it_is_canceled_once(app: Flask, order_id: uuid.UUID) -> None:
    results = in_parallel(app, 8, lambda: cancel_order(order_id=order_id, reason="x", actor="guest"))
    assert results == [None] * 8
    assert (read_order(order_id).refunded_amount, count(OrderRefund), count(Refund)) == (7650, 1, 1)
    assert levels() == [(10, 0, 0), (10, 0, 0)]


def test_what_was_sent_cannot_be_canceled(order_id: uuid.UUID) -> None:
    send(order_id, {lines_of(order_id)[0]: 1})
    with pytest.raises(IllegalMove, match="has been sent"):
        cancel_order(order_id=order_id, reason="x", actor="guest")
    assert (read_order(order_id).state, read_order(order_id).refunded_amount) == (OrderState.PARTLY_FULFILLED, 0)


def test_the_rest_of_a_partly_sent_order_is_called_off(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    send(order_id, {small: 1})
    assert cancel_rest(order_id=order_id, reason="the kiln broke", actor=STAFF) == 4800
    order = read_order(order_id)
    assert (order.state, order.refunded_amount, order.shipping_refunded_amount) == (OrderState.FULFILLED, 4800, 0)
    assert [(line.canceled_quantity, line.refunded_quantity, line.refunded_amount) for line in order.lines] == [
        (1, 1, 2400), (1, 1, 2400)]
    assert levels() == [(9, 0, 0), (10, 0, 0)]
    assert (order.history[-1].actor, order.history[-1].reason) == (STAFF, "the kiln broke")
    with pytest.raises(IllegalMove):
        cancel_rest(order_id=order_id, reason="again", actor=STAFF)
    assert read_order(order_id).refunded_amount == 4800


def test_only_a_partly_sent_order_has_a_rest(order_id: uuid.UUID) -> None:
    with pytest.raises(IllegalMove):
        cancel_rest(order_id=order_id, reason="x", actor=STAFF)
    assert read_order(order_id).refunded_amount == 0


def test_some_of_the_lines_are_called_off_before_anything_leaves(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    assert cancel_lines(order_id=order_id, quantities={small: 1, large: 0}, reason="too many", actor="guest") == 2400
    order = read_order(order_id)
    assert (order.state, order.refunded_amount) == (OrderState.PLACED, 2400)
    assert levels() == [(10, 0, 1), (10, 0, 1)]
    send(order_id)
    assert read_order(order_id).state == OrderState.FULFILLED
    assert levels() == [(9, 0, 0), (9, 0, 0)]


def test_calling_off_all_the_lines_cancels_the_order_with_its_delivery(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    assert cancel_lines(order_id=order_id, quantities={small: 2, large: 1}, reason="x", actor="guest") == 7650
    assert (read_order(order_id).state, read_order(order_id).refunded_amount) == (OrderState.CANCELED, 7650)
    assert levels() == [(10, 0, 0), (10, 0, 0)]


@pytest.mark.parametrize("quantity", [-1, 0, 3, 2**63])
def test_more_than_is_left_to_send_is_not_called_off(order_id: uuid.UUID, quantity: int) -> None:
    with pytest.raises(ShopError):
        cancel_lines(order_id=order_id, quantities={lines_of(order_id)[0]: quantity}, reason="x", actor="guest")
    order = read_order(order_id)
    assert (order.refunded_amount, [line.canceled_quantity for line in order.lines]) == (0, [0, 0])
    assert levels() == [(10, 0, 2), (10, 0, 1)]


def test_what_was_refunded_before_is_called_off_without_money(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    refund_order(refund_id=uuid.uuid4(), order_id=order_id, quantities={small: 2}, reason="chipped", actor=STAFF)
    send(order_id, {large: 1})
    assert cancel_rest(order_id=order_id, reason="x", actor=STAFF) == 0
    order = read_order(order_id)
    assert (order.state, order.refunded_amount, order.lines[0].canceled_quantity) == (OrderState.FULFILLED, 4800, 2)

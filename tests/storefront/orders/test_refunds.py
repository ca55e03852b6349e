"""Money that goes back for an order: exact to the cent, once, and never more than was paid."""

import uuid

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.orders.models import Order, OrderLine, OrderRefund, OrderRefundLine
from storefront.orders.refunds import Parts, RefundRefused, cap, cost_of_units, note_outside_refund, refund_order
from storefront.payments.ledger import ORDERS, REFUNDS_DUE
from storefront.payments.models import Payment, Refund
from tests.factories.ledger import read_balance
from tests.factories.orders import STAFF, count, lines_of, make_bowl_order, make_order, read_order
from tests.storefront.inventory.test_services import in_parallel


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    return make_bowl_order()


def refund(order_id: uuid.UUID, quantities: dict[uuid.UUID, int] | None = None, *, key: uuid.UUID | None = None,
           shipping: int = 0, goodwill: int = 0) -> int:
    return refund_order(refund_id=key or uuid.uuid4(), order_id=order_id, quantities=quantities or {},
                        shipping_amount=shipping, goodwill_amount=goodwill, reason="chipped", actor=STAFF)


def test_a_unit_is_refunded_and_nothing_else_moves(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    assert refund(order_id, {small: 1, large: 0}) == 2400
    order = read_order(order_id)
    assert (order.paid_amount, order.refunded_amount, order.shipping_refunded_amount) == (7650, 2400, 0)
    assert [(line.refunded_quantity, line.refunded_amount) for line in order.lines] == [(1, 2400), (0, 0)]
    assert order.state == "placed"
    row = db.session.scalars(select(OrderRefund)).one()
    assert (row.amount, row.shipping_amount, row.currency, row.reason, row.actor) == (2400, 0, "EUR", "chipped", STAFF)
    assert [(line.order_line_id, line.quantity, line.amount) for line in row.lines] == [(small, 1, 2400)]
    sent = db.session.scalars(select(Refund)).one()
    assert (sent.amount, sent.order_refund_id) == (2400, row.id)
    assert (read_balance(ORDERS, "EUR"), read_balance(REFUNDS_DUE, "EUR")) == (5250, 2400)


def test_the_same_form_twice_is_one_refund(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    key = uuid.uuid4()
    assert refund(order_id, {small: 1}, key=key) == refund(order_id, {small: 1}, key=key) == 2400
    assert read_order(order_id).refunded_amount == 2400
    assert (count(OrderRefund), count(Refund), count(OrderRefundLine)) == (1, 1, 1)


def test_the_same_form_with_another_sum_is_told_that_nothing_went_back(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    key = uuid.uuid4()
    refund(order_id, {small: 1}, key=key, shipping=100, goodwill=50)
    others: list[tuple[dict[uuid.UUID, int], int, int]] = [
        ({small: 2}, 100, 50), ({small: 1}, 0, 50), ({small: 1}, 100, 51), ({}, 0, 1)]
    for quantities, shipping, goodwill in others:
        with pytest.raises(RefundRefused, match=r"€25\.50 went back by it\. Nothing more"):
            refund(order_id, quantities, key=key, shipping=shipping, goodwill=goodwill)
    assert refund(order_id, {small: 1}, key=key, shipping=100, goodwill=50) == 2550
    assert (read_order(order_id).refunded_amount, count(OrderRefund)) == (2550, 1)


def test_the_form_of_another_order_is_refused(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    variant_id = read_order(order_id).lines[0].variant_id
    other = make_order({variant_id: 1})
    key = uuid.uuid4()
    refund(order_id, {small: 1}, key=key)
    with pytest.raises(RefundRefused, match="another order"):
        refund(other, {lines_of(other)[0]: 1}, key=key)
    assert read_order(other).refunded_amount == 0


def test_several_partial_refunds_end_at_exactly_what_was_paid(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    assert [refund(order_id, {small: 1}), refund(order_id, {large: 1}, shipping=200), refund(order_id, shipping=250),
            refund(order_id, {small: 1})] == [2400, 2600, 250, 2400]
    order = read_order(order_id)
    assert (order.refunded_amount, order.shipping_refunded_amount) == (7650, 450)
    with pytest.raises(RefundRefused):
        refund(order_id, goodwill=1)
    assert read_order(order_id).refunded_amount == 7650
    assert sum(db.session.scalars(select(Payment.refunded_amount))) == 7650


def test_the_delivery_goes_back_once(order_id: uuid.UUID) -> None:
    assert refund(order_id, shipping=450) == 450
    with pytest.raises(RefundRefused, match="delivery"):
        refund(order_id, shipping=1)


@pytest.mark.parametrize(("quantity", "shipping", "goodwill"), [
    (-1, 0, 0), (-1, 0, 5000), (3, 0, 0), (2**63, 0, 0), (0, -1, 0), (0, 451, 0), (0, 0, -1), (0, 0, 7651), (0, 0, 0),
    (2, 450, 3000)])
def test_what_was_not_bought_or_not_paid_is_refused(
        order_id: uuid.UUID, quantity: int, shipping: int, goodwill: int) -> None:
    with pytest.raises(ShopError):
        refund(order_id, {lines_of(order_id)[0]: quantity}, shipping=shipping, goodwill=goodwill)
    order = read_order(order_id)
    assert (order.refunded_amount, [line.refunded_quantity for line in order.lines]) == (0, [0, 0])
    assert (count(OrderRefund), count(Refund)) == (0, 0)


def test_a_foreign_line_is_refused(order_id: uuid.UUID) -> None:
    other = make_order({read_order(order_id).lines[0].variant_id: 1})
    with pytest.raises(RefundRefused, match="not part of this order"):
        refund(order_id, {lines_of(other)[0]: 1})


def test_an_unpaid_order_gives_nothing_back(app: Flask, order_id: uuid.UUID) -> None:
    unpaid = make_order({read_order(order_id).lines[0].variant_id: 1}, is_paid=False)
    with pytest.raises(RefundRefused, match="more than was paid"):
        refund(unpaid, {lines_of(unpaid)[0]: 1})


def test_eight_presses_at_once_are_one_refund(app: Flask, order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    key = uuid.uuid4()
    results = in_parallel(app, 8, lambda: refund(order_id, {small: 1}, key=key))
    assert results == [2400] * 8
    assert (read_order(order_id).refunded_amount, count(OrderRefund), count(Refund)) == (2400, 1, 1)


def test_of_eight_refunds_at_once_only_what_was_bought_goes_back(app: Flask, order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    results = in_parallel(app, 8, lambda: refund(order_id, {small: 1}))
    assert sum(result == 2400 for result in results) == 2
    assert sum(isinstance(result, RefundRefused) for result in results) == 6
    order = read_order(order_id)
    assert (order.refunded_amount, order.lines[0].refunded_quantity, order.lines[0].refunded_amount) == (4800, 2, 4800)


def test_the_database_itself_refuses_more_than_was_paid(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    for statement in (update(Order).values(refunded_amount=7651), update(Order).values(refunded_amount=-1),
                      update(Order).values(shipping_refunded_amount=1),
                      update(OrderLine).where(OrderLine.id == small).values(refunded_quantity=3),
                      update(OrderLine).where(OrderLine.id == small).values(refunded_amount=4801)):
        with pytest.raises(IntegrityError):
            db.session.execute(statement)
        db.session.rollback()


def test_a_refund_made_at_the_provider_is_counted_once(order_id: uuid.UUID) -> None:
    key = uuid.uuid4()
    assert note_outside_refund(order_id=order_id, amount=1000, key=key, reason="in the dashboard")
    assert not note_outside_refund(order_id=order_id, amount=1000, key=key, reason="in the dashboard")
    with pytest.raises(RefundRefused):
        note_outside_refund(order_id=order_id, amount=6651, key=uuid.uuid4(), reason="in the dashboard")
    assert read_order(order_id).refunded_amount == 1000
    assert (count(OrderRefund), count(OrderRefundLine), count(Refund)) == (1, 0, 0)


amounts = st.integers(0, 10**9)


@given(amounts, st.integers(1, 60), st.randoms(use_true_random=False))
def test_unit_by_unit_the_parts_of_a_line_end_at_what_it_cost(gross: int, quantity: int, random: object) -> None:
    line = OrderLine(gross_amount=gross, quantity=quantity, refunded_quantity=0)
    total = 0
    while line.refunded_quantity < quantity:
        step = random.randint(1, quantity - line.refunded_quantity)  # type: ignore[attr-defined]
        part = cost_of_units(line, step)
        assert 0 <= part <= gross
        total += part
        line.refunded_quantity += step
    assert total == gross


@given(st.lists(amounts, max_size=5), amounts, amounts, amounts)
@settings(max_examples=200)
def test_a_cut_refund_is_the_lesser_of_wish_and_rest(lines: list[int], shipping: int, goodwill: int, most: int) -> None:
    wish = Parts({uuid.uuid4(): (1, amount) for amount in lines}, shipping, goodwill)
    cut = cap(wish, most)
    assert cut.amount == min(wish.amount, most)
    assert all(0 <= cut.lines[key][1] <= wish.lines[key][1] for key in wish.lines)
    assert 0 <= cut.shipping <= shipping
    assert 0 <= cut.goodwill <= goodwill

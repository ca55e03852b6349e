"""Goods on their way back: only what was sent, once, step by step, with the stock and the money that belong to it."""

import itertools
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.inventory.models import StockMovement
from storefront.orders.models import OrderRefund, Return
from storefront.orders.refunds import refund_order
from storefront.orders.return_states import RETURN_MOVES, ReturnState, check_return_move
from storefront.orders.returns import (
    approve_return,
    cancel_return,
    receive_return,
    refund_return,
    reject_return,
    request_return,
    returnable_quantities,
)
from storefront.orders.states import IllegalMove
from tests.factories.orders import STAFF, count, lines_of, make_bowl_order, read_order, send
from tests.storefront.inventory.test_services import in_parallel
from tests.storefront.orders.test_cancellations import levels

LEGAL = {("requested", "approved"), ("requested", "rejected"), ("requested", "canceled"), ("approved", "received"),
         ("approved", "canceled"), ("received", "refunded"), ("received", "rejected")}


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    """Sent whole but for one large bowl."""
    made = make_bowl_order(small=2, large=2)
    small, large = lines_of(made)
    send(made, {small: 2, large: 1})
    return made


def ask(order_id: uuid.UUID, quantities: dict[uuid.UUID, int], key: uuid.UUID | None = None) -> uuid.UUID:
    key = key or uuid.uuid4()
    request_return(return_id=key, order_id=order_id, quantities=quantities, reason="too small", actor="guest")
    return key


def read_return(return_id: uuid.UUID) -> Return:
    db.session.rollback()
    return db.session.get_one(Return, return_id)


@pytest.mark.parametrize(("current", "target"), list(itertools.product(ReturnState, ReturnState)))
def test_only_the_table_allows_a_step(current: ReturnState, target: ReturnState) -> None:
    assert (target in RETURN_MOVES[current]) == ((current.value, target.value) in LEGAL)
    if (current.value, target.value) in LEGAL:
        check_return_move(current, target)
    else:
        with pytest.raises(IllegalMove):
            check_return_move(current, target)


def test_a_return_goes_from_the_request_to_the_refund(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    return_id = ask(order_id, {small: 2, large: 1})
    approve_return(return_id=return_id, actor=STAFF)
    before = levels()
    receive_return(return_id=return_id, restocked={small: 1}, actor=STAFF)
    assert levels() == [(before[0][0] + 1, *before[0][1:]), before[1]]
    moved = db.session.scalars(select(StockMovement).where(StockMovement.reason == "returned")).one()
    assert (moved.on_hand, moved.order_id, moved.actor) == (1, order_id, STAFF)
    refund_id = uuid.uuid4()
    assert refund_return(return_id=return_id, refund_id=refund_id, actor=STAFF, shipping_amount=0) == 7200
    assert refund_return(return_id=return_id, refund_id=refund_id, actor=STAFF) == 0
    row, order = read_return(return_id), read_order(order_id)
    assert (row.state, order.refunded_amount) == (ReturnState.REFUNDED, 7200)
    assert [(step.from_state, step.to_state, step.actor) for step in row.history] == [
        ("", "requested", "guest"), ("requested", "approved", STAFF), ("approved", "received", STAFF),
        ("received", "refunded", STAFF)]
    assert db.session.scalars(select(OrderRefund)).one().return_id == return_id


def test_only_what_was_sent_and_is_not_on_its_way_back_can_be_asked_for(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    for quantities in ({large: 2}, {small: 3}, {small: -1}, {small: 0}, {uuid.uuid4(): 1}, {}, {small: 2**63}):
        with pytest.raises(ShopError):
            ask(order_id, quantities)
    first = ask(order_id, {small: 2})
    with pytest.raises(ShopError, match="not on its way back"):
        ask(order_id, {small: 1})
    cancel_return(return_id=first, actor="guest")
    cancel_return(return_id=first, actor="guest")
    assert returnable_quantities(read_order(order_id)) == {small: 2, large: 1}
    assert count(Return) == 1


def test_the_same_form_twice_is_one_return(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    key = uuid.uuid4()
    ask(order_id, {small: 1}, key)
    ask(order_id, {small: 1}, key)
    assert count(Return) == 1


def test_of_eight_requests_at_once_two_have_something_to_send_back(app: Flask, order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    results = in_parallel(app, 8, lambda: ask(order_id, {small: 1}))
    assert sum(isinstance(result, uuid.UUID) for result in results) == 2
    assert sum(isinstance(result, ShopError) for result in results) == 6
    assert count(Return) == 2


def test_before_anything_has_left_nothing_can_come_back(app: Flask) -> None:
    made = make_bowl_order()
    with pytest.raises(IllegalMove):
        ask(made, {lines_of(made)[0]: 1})


def test_a_refused_return_says_why_and_frees_the_goods(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    return_id = ask(order_id, {small: 2})
    with pytest.raises(ShopError, match="Say why"):
        reject_return(return_id=return_id, actor=STAFF, reason="")
    reject_return(return_id=return_id, actor=STAFF, reason="worn")
    assert read_return(return_id).state == ReturnState.REJECTED
    assert ask(order_id, {small: 2})


def test_no_step_is_skipped(order_id: uuid.UUID) -> None:
    return_id = ask(order_id, {lines_of(order_id)[0]: 1})
    for step in (lambda: receive_return(return_id=return_id, restocked={}, actor=STAFF),
                 lambda: refund_return(return_id=return_id, refund_id=uuid.uuid4(), actor=STAFF)):
        with pytest.raises(IllegalMove):
            step()
    assert (read_return(return_id).state, read_order(order_id).refunded_amount) == (ReturnState.REQUESTED, 0)


def test_no_more_goes_on_the_shelf_than_comes_back(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    return_id = ask(order_id, {small: 1})
    approve_return(return_id=return_id, actor=STAFF)
    before = levels()
    for restocked in ({small: 2}, {small: -1}, {large: 1}):
        with pytest.raises(ShopError):
            receive_return(return_id=return_id, restocked=restocked, actor=STAFF)
    assert (levels(), read_return(return_id).state) == (before, ReturnState.APPROVED)


def test_what_was_refunded_before_the_goods_came_is_not_refunded_again(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    return_id = ask(order_id, {small: 2})
    approve_return(return_id=return_id, actor=STAFF)
    receive_return(return_id=return_id, restocked={}, actor=STAFF)
    refund_order(refund_id=uuid.uuid4(), order_id=order_id, quantities={small: 1}, reason="chipped", actor=STAFF)
    assert refund_return(return_id=return_id, refund_id=uuid.uuid4(), actor=STAFF) == 2400
    assert read_order(order_id).refunded_amount == 4800


def test_more_beside_the_goods_than_is_left_is_refused_and_not_cut(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    return_id = ask(order_id, {small: 2})
    approve_return(return_id=return_id, actor=STAFF)
    receive_return(return_id=return_id, restocked={}, actor=STAFF)
    with pytest.raises(ShopError, match=r"no more than €48\.00"):
        refund_return(return_id=return_id, refund_id=uuid.uuid4(), actor=STAFF, goodwill_amount=4801)
    assert (read_return(return_id).state, read_order(order_id).refunded_amount) == (ReturnState.RECEIVED, 0)
    assert refund_return(return_id=return_id, refund_id=uuid.uuid4(), actor=STAFF, goodwill_amount=4800) == 9600

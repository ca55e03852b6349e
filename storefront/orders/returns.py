"""Goods on their way back: asked for, approved, received, refunded. Every step is a row with actor and reason."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select, update

from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.ids import new_number
from storefront.foundation.outbox import record
from storefront.inventory.services import restock
from storefront.orders.events import OrderRefunded, ReturnMoved
from storefront.orders.models import Order, Return, ReturnLine, ReturnTransition
from storefront.orders.refunds import (
    Parts,
    cap,
    cost_of_units,
    left_of_shipping,
    left_to_refund,
    refundable_quantity,
    said,
    write_refund,
)
from storefront.orders.return_states import ReturnState, check_return_move
from storefront.orders.states import IllegalMove, OrderState
from storefront.orders.steps import lock_order, sent_quantities

# Completed orders are closed: what comes back after a month is staff's to decide, by a refund.
RETURNABLE = (OrderState.PARTLY_FULFILLED, OrderState.FULFILLED, OrderState.DELIVERED)
GIVEN_UP = (ReturnState.REJECTED, ReturnState.CANCELED)


@transactional
def request_return(*, return_id: uuid.UUID, order_id: uuid.UUID, quantities: Mapping[uuid.UUID, int], reason: str,
                   actor: str, is_withdrawal: bool = False) -> str:
    """Write down what a customer wants to send back (order line id → quantity); returns the return's number.

    `return_id` is the form's hidden key: the same one again changes nothing. A withdrawal needs no approval and
    is approved at once. Raises ShopError for more than was sent and is not on its way back, IllegalMove when
    nothing of the order can come back.
    """
    order = lock_order(order_id)
    known = db.session.get(Return, return_id, populate_existing=True)
    if known is not None:
        if known.order_id != order_id:
            raise NotFound("We know no such return.")
        return known.number
    wanted = {line_id: count for line_id, count in quantities.items() if count}
    left = returnable_quantities(order)
    if order.state not in RETURNABLE:
        raise IllegalMove("Nothing of this order can be sent back.")
    if not wanted:
        raise ShopError("Choose at least one thing to send back.")
    if any(not 0 < count <= left.get(line_id, 0) for line_id, count in wanted.items()):
        raise ShopError("That is more than was sent and is not on its way back already. Please look again.")
    row = Return(id=return_id, number=_free_number(), order_id=order_id, reason=reason[:300],
                 is_withdrawal=is_withdrawal)
    row.lines = [ReturnLine(order_line_id=line_id, quantity=count) for line_id, count in wanted.items()]
    db.session.add(row)
    db.session.flush()
    _tell(row, "", ReturnState.REQUESTED, actor=actor, reason=reason)
    if is_withdrawal:
        _move(row, ReturnState.APPROVED, actor="system", reason="withdrawal from the contract")
    return row.number


@transactional
def approve_return(*, return_id: uuid.UUID, actor: str, reason: str = "") -> None:
    """Agree that the goods may be sent back; the customer is told where to. Raises IllegalMove."""
    _move(_locked(return_id), ReturnState.APPROVED, actor=actor, reason=reason)


@transactional
def reject_return(*, return_id: uuid.UUID, actor: str, reason: str) -> None:
    """Say no, and why: the customer reads it. Raises IllegalMove."""
    if not reason:
        raise ShopError("Say why: the customer reads it.")
    _move(_locked(return_id), ReturnState.REJECTED, actor=actor, reason=reason)


@transactional
def cancel_return(*, return_id: uuid.UUID, actor: str, reason: str = "") -> None:
    """The customer keeps the goods after all; a second call changes nothing. Raises IllegalMove."""
    row = _locked(return_id)
    if row.state != ReturnState.CANCELED:
        _move(row, ReturnState.CANCELED, actor=actor, reason=reason)


@transactional
def receive_return(*, return_id: uuid.UUID, restocked: Mapping[uuid.UUID, int], actor: str, reason: str = "") -> None:
    """Note that the goods are here, and put what is as new on the shelf again (order line id → quantity).

    Raises ShopError for more than comes back, IllegalMove unless the return is approved.
    """
    row = _locked(return_id)
    order = db.session.get_one(Order, row.order_id)
    coming = {line.order_line_id: line for line in row.lines}
    wanted = {line_id: count for line_id, count in restocked.items() if count}
    if any(line_id not in coming or not 0 < count <= coming[line_id].quantity for line_id, count in wanted.items()):
        raise ShopError("No more can go on the shelf than comes back.")
    _move(row, ReturnState.RECEIVED, actor=actor, reason=reason)
    units: dict[int, int] = {}
    for line in order.lines:
        if line.id in wanted:
            units[line.variant_id] = units.get(line.variant_id, 0) + wanted[line.id]
            coming[line.id].restocked_quantity = wanted[line.id]
    restock(order_id=order.id, quantities=units, actor=actor)


@transactional
def refund_return(*, return_id: uuid.UUID, refund_id: uuid.UUID, actor: str, shipping_amount: int = 0,
                  goodwill_amount: int = 0, reason: str = "") -> int:
    """Promise back what the returned units cost, with what else staff add; returns the sum in minor units.

    What was refunded before the goods came is not refunded again; the sum may then be 0. Raises IllegalMove
    unless the goods are here, ShopError for more delivery than was paid or more than is left beside the goods.
    """
    row = _locked(return_id)
    if row.state == ReturnState.REFUNDED:
        return 0
    order = db.session.get_one(Order, row.order_id)
    if not 0 <= shipping_amount <= left_of_shipping(order) or goodwill_amount < 0:
        raise ShopError("No more of the delivery can go back than was paid for it, and no amount is negative.")
    _move(row, ReturnState.REFUNDED, actor=actor, reason=reason)
    coming = {line.order_line_id: line.quantity for line in row.lines}
    lines = {line.id: (count, cost_of_units(line, count)) for line in order.lines
             if (count := min(coming.get(line.id, 0), refundable_quantity(line)))}
    parts = cap(Parts(lines), left_to_refund(order))
    beside = left_to_refund(order) - parts.amount
    if shipping_amount + goodwill_amount > beside:
        raise ShopError(f"Beside the returned things no more than {said(order, beside)} is left to pay back.")
    parts = replace(parts, shipping=shipping_amount, goodwill=goodwill_amount)
    if parts.amount:
        write_refund(order, parts, refund_id=refund_id, reason=reason or f"return {row.number}", actor=actor,
                     return_id=return_id)
        record(OrderRefunded(order_id=order.id, refund_id=refund_id))
    return parts.amount


def returnable_quantities(order: Order) -> dict[uuid.UUID, int]:
    """Return how many of each line were sent and are not on their way back; a line of which none are is not in it."""
    if order.state not in RETURNABLE:
        return {}
    coming = dict(db.session.execute(
        select(ReturnLine.order_line_id, func.sum(ReturnLine.quantity))
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.order_id == order.id, Return.state.not_in(GIVEN_UP)).group_by(ReturnLine.order_line_id)).all())
    left = {line_id: count - int(coming.get(line_id, 0)) for line_id, count in sent_quantities(order).items()}
    return {line_id: count for line_id, count in left.items() if count > 0}


def read_return_order(return_id: uuid.UUID) -> uuid.UUID:
    """Return the id of the order that the return is of; raises NotFound."""
    order_id = db.session.scalar(select(Return.order_id).where(Return.id == return_id))
    if order_id is None:
        raise NotFound("We know no such return.")
    return order_id


def _locked(return_id: uuid.UUID) -> Return:
    """Read the return under its order's lock, so that nothing else moves money or goods of it meanwhile."""
    lock_order(read_return_order(return_id))
    return db.session.get_one(Return, return_id, populate_existing=True)


def _move(row: Return, target: ReturnState, *, actor: str, reason: str) -> None:
    current = row.state
    check_return_move(current, target)
    changed = execute_counted(update(Return).where(Return.id == row.id, Return.state == current)
                              .values(state=target))
    if not changed:
        raise IllegalMove("This return has just been changed by someone else; please look again.")
    db.session.refresh(row, ["state"])
    _tell(row, current, target, actor=actor, reason=reason)


def _tell(row: Return, current: str, target: ReturnState, *, actor: str, reason: str) -> None:
    db.session.add(ReturnTransition(return_id=row.id, from_state=str(current), to_state=str(target), actor=actor,
                                    reason=reason[:300]))
    db.session.flush()
    record(ReturnMoved(return_id=row.id, state=target.value))


def _free_number() -> str:
    for _ in range(5):
        number = f"R-{new_number(groups=2)}"
        if db.session.scalar(select(func.count()).select_from(Return).where(Return.number == number)) == 0:
            return number
    raise RuntimeError("no free return number in five tries of forty random bits")

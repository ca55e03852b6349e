"""How an order takes a step: read under its lock, moved by a conditional statement, told as a row."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from storefront.foundation.database import add_row, db, execute_counted
from storefront.foundation.errors import NotFound
from storefront.orders.models import Order, OrderTransition
from storefront.orders.states import IllegalMove, OrderState, check_move

BEING_SENT = (OrderState.PLACED, OrderState.PARTLY_FULFILLED)  # something may still leave


def lock_order(order_id: uuid.UUID) -> Order:
    """Read the order under its row lock; SQLite's writers queue at BEGIN IMMEDIATE instead."""
    order = db.session.scalar(select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
                              .with_for_update().execution_options(populate_existing=True))
    if order is None:
        raise NotFound("We know no such order.")
    return order


def move_order(order: Order, target: OrderState, *, actor: str, reason: str) -> None:
    """Take the step and tell of it; raises IllegalMove when the table does not have it."""
    current = order.state
    check_move(current, target)
    changed = execute_counted(update(Order).where(Order.id == order.id, Order.state == current).values(state=target))
    if not changed:
        raise IllegalMove("This order has just been changed by someone else; please look again.")
    set_committed_value(order, "state", target)
    tell_step(order.id, current, target, actor=actor, reason=reason)


def tell_step(order_id: uuid.UUID, current: str, target: str, *, actor: str, reason: str) -> None:
    """Write a row of the order's history, after what it tells of."""
    db.session.flush()
    add_row(OrderTransition, order_id=order_id, from_state=str(current), to_state=str(target), actor=actor,
            reason=reason[:300])


def sent_quantities(order: Order) -> dict[uuid.UUID, int]:
    """Return how many of each line have left; a line of which none has is not in it."""
    sent: dict[uuid.UUID, int] = {}
    for fulfillment in order.fulfillments:
        for line in fulfillment.lines:
            sent[line.order_line_id] = sent.get(line.order_line_id, 0) + line.quantity
    return sent


def unsent_quantities(order: Order) -> dict[uuid.UUID, int]:
    """Return how many of each line may still leave; a line of which none may is not in it."""
    sent = sent_quantities(order)
    left = {line.id: line.quantity - line.canceled_quantity - sent.get(line.id, 0) for line in order.lines}
    return {key: count for key, count in left.items() if count > 0}

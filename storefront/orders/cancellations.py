"""What is called off: an order before anything left, lines of it, the rest of it, an order that nobody paid."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import update

from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.ids import new_uuid
from storefront.foundation.outbox import record
from storefront.inventory.services import release_allocated, release_allocations, release_reservations
from storefront.orders.events import OrderCanceled, OrderExpired, OrderRefunded
from storefront.orders.fulfillments import settle_deliveries
from storefront.orders.models import Order, OrderLine
from storefront.orders.refunds import (
    Parts,
    cap,
    cost_of_units,
    left_to_refund,
    measure_all,
    refundable_quantity,
    write_refund,
)
from storefront.orders.states import IllegalMove, OrderState
from storefront.orders.steps import BEING_SENT, lock_order, move_order, unsent_quantities
from storefront.payments.gift_cards import release_gift_cards
from storefront.promotions.services import release_redemptions


@transactional
def cancel_order(*, order_id: uuid.UUID, reason: str, actor: str) -> None:
    """Cancel an order of which nothing has left, give its stock back and promise back all that was paid.

    A second call changes nothing. Raises IllegalMove once something was sent.
    """
    order = lock_order(order_id)
    if order.state == OrderState.CANCELED:
        return
    if order.fulfillments:
        raise IllegalMove("Part of this order has been sent, so it cannot be canceled any more.")
    was_placed = order.placed_at is not None
    move_order(order, OrderState.CANCELED, actor=actor, reason=reason)
    release_reservations(order_id=order_id, actor=actor)
    release_allocations(order_id=order_id, actor=actor)
    release_gift_cards(order_id=order_id, actor=actor)
    release_redemptions(order_id=order_id)
    if left_to_refund(order):
        write_refund(order, measure_all(order), refund_id=new_uuid(), reason=reason, actor=actor)
    if was_placed:
        record(OrderCanceled(order_id=order_id))


@transactional
def expire_order(*, order_id: uuid.UUID) -> bool:
    """End a pending order whose money never came and give its stock back; False when it is not pending."""
    order = lock_order(order_id)
    if order.state != OrderState.PENDING:
        return False
    move_order(order, OrderState.EXPIRED, actor="system", reason="not paid in time")
    release_reservations(order_id=order_id, actor="system")
    release_gift_cards(order_id=order_id, actor="system")
    release_redemptions(order_id=order_id)
    record(OrderExpired(order_id=order_id))
    return True


@transactional
def cancel_rest(*, order_id: uuid.UUID, reason: str, actor: str) -> int:
    """Call off what has not left of a partly sent order; returns the minor units that go back for it.

    Its stock is free again and the order is fulfilled. Raises IllegalMove when nothing has left
    (then the order is canceled as a whole), or nothing is left.
    """
    order = lock_order(order_id)
    if order.state != OrderState.PARTLY_FULFILLED:
        raise IllegalMove("Only an order of which a part has been sent has a rest to cancel.")
    return cancel_lines(order_id=order_id, quantities=unsent_quantities(order), reason=reason, actor=actor)


@transactional
def cancel_lines(*, order_id: uuid.UUID, quantities: Mapping[uuid.UUID, int], reason: str, actor: str) -> int:
    """Call off units that have not left (line id → quantity); returns the minor units that go back for them.

    When that is all of an order of which nothing has left, the order is canceled and the delivery goes
    back too. Raises ShopError for more than is still to be sent, IllegalMove when nothing may leave any more.
    """
    order = lock_order(order_id)
    left = unsent_quantities(order)
    wanted = {line_id: count for line_id, count in quantities.items() if count}
    if order.state not in BEING_SENT:
        raise IllegalMove("Nothing of this order is still to be sent.")
    if not wanted or any(not 0 < count <= left.get(line_id, 0) for line_id, count in wanted.items()):
        raise ShopError("That is more than is still to be sent of this order. Reload the page and look again.")
    before = order.refunded_amount
    if wanted == left and not order.fulfillments:
        cancel_order(order_id=order_id, reason=reason, actor=actor)
        return order.refunded_amount - before
    _call_off(order, wanted, actor)
    _refund_units(order, wanted, reason=reason, actor=actor)
    if wanted == left:
        move_order(order, OrderState.FULFILLED, actor=actor, reason=reason)
        settle_deliveries(order, actor=actor)
    return order.refunded_amount - before


def _call_off(order: Order, wanted: Mapping[uuid.UUID, int], actor: str) -> None:
    units: dict[int, int] = {}
    for line in order.lines:
        count = wanted.get(line.id, 0)
        if not count:
            continue
        changed = execute_counted(update(OrderLine).where(
            OrderLine.id == line.id, OrderLine.canceled_quantity + count <= OrderLine.quantity,
        ).values(canceled_quantity=OrderLine.canceled_quantity + count))
        if not changed:
            raise IllegalMove("This order has just been changed by someone else; please look again.")
        db.session.refresh(line)
        units[line.variant_id] = units.get(line.variant_id, 0) + count
    release_allocated(order_id=order.id, quantities=units, actor=actor)


def _refund_units(order: Order, wanted: Mapping[uuid.UUID, int], *, reason: str, actor: str) -> None:
    """Promise back what the units cost, as far as it was paid and is not back already."""
    lines = {line.id: (count, cost_of_units(line, count)) for line in order.lines
             if (count := min(wanted.get(line.id, 0), refundable_quantity(line)))}
    parts = cap(Parts(lines), left_to_refund(order))
    if parts.amount:
        refund_id = new_uuid()
        write_refund(order, parts, refund_id=refund_id, reason=reason, actor=actor)
        record(OrderRefunded(order_id=order.id, refund_id=refund_id))

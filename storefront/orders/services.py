"""Writes of orders. Every step of an order's life is a conditional statement and a row of history."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.ids import new_number
from storefront.foundation.outbox import record
from storefront.inventory.services import (
    RESERVED_FOR,
    allocate_stock,
    release_allocations,
    release_reservations,
    reserve_stock,
    ship_stock,
)
from storefront.orders.events import OrderCanceled, OrderExpired, OrderFulfilled, OrderPlaced
from storefront.orders.models import Fulfillment, FulfillmentLine, Order, OrderLine, OrderTransition
from storefront.orders.states import IllegalMove, OrderState, check_move
from storefront.orders.totals import OrderTotals


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line's words and facts at this moment; its amounts stand in the totals, in the same order."""

    product_id: int
    variant_id: int
    sku: str
    name: str
    variant_title: str
    url: str
    picture: Mapping[str, Any] | None
    weight_grams: int
    needs_shipping: bool
    quantity: int
    unit_amount: int
    tax_category: str


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """Everything that an order keeps of the moment at which it is written down."""

    checkout_id: uuid.UUID
    customer_id: uuid.UUID | None
    cart_id: uuid.UUID
    email: str
    phone: str
    shipping_address: Mapping[str, str]
    billing_address: Mapping[str, str]
    shipping_code: str
    shipping_name: str
    shipping_detail: str
    payment_method: str
    gift_card_plan: Sequence[tuple[str, int]]  # gift card's id and what it pays, in order
    currency: str
    lines: Sequence[DraftLine]
    totals: OrderTotals


@transactional
def write_order(*, draft: OrderDraft, actor: str) -> uuid.UUID:
    """Write the checkout's pending order, or rewrite it while it is pending, and reserve its stock.

    One checkout has one order. Returns its id. Raises OutOfStock, and IllegalMove when the
    order is no longer pending.
    """
    order = db.session.scalar(select(Order).where(Order.checkout_id == draft.checkout_id).with_for_update())
    if order is None:
        order = Order(checkout_id=draft.checkout_id, number=_free_number())
        _fill(order, draft)
        db.session.add(order)
        db.session.flush()
        _tell(order.id, "", OrderState.PENDING, actor, "checkout")
    elif order.state != OrderState.PENDING:
        raise IllegalMove("This order is already on its way.")
    else:
        db.session.execute(delete(OrderLine).where(OrderLine.order_id == order.id))
        _fill(order, draft)
    for position, (line, total) in enumerate(zip(draft.lines, draft.totals.lines, strict=True)):
        db.session.add(OrderLine(
            order_id=order.id, position=position, product_id=line.product_id, variant_id=line.variant_id, sku=line.sku,
            name=line.name, variant_title=line.variant_title, url=line.url,
            picture=dict(line.picture) if line.picture else None, weight_grams=line.weight_grams,
            needs_shipping=line.needs_shipping, quantity=line.quantity, unit_amount=line.unit_amount,
            total_amount=total.total, tax_category=line.tax_category, tax_basis_points=total.rate.basis_points,
            tax_amount=total.tax, gross_amount=total.gross))
    db.session.flush()
    quantities = {line.variant_id: line.quantity for line in draft.lines}
    reserve_stock(order_id=order.id, holder_id=order.cart_id, quantities=quantities, actor=actor)
    return order.id


@transactional
def place_order(*, order_id: uuid.UUID, actor: str, paid_amount: int) -> bool:
    """Make the order binding and allocate its stock; False when it was placed already.

    `paid_amount` is what came for it by now: 0 for cash on delivery, else the total. Raises OutOfStock
    when late money finds the units sold, IllegalMove from any other state.
    """
    order = _locked(order_id)
    if order.placed_at is not None:
        return False
    _move(order, OrderState.PLACED, actor=actor, reason="paid" if paid_amount else "to be paid on delivery")
    order.placed_at = now()
    order.paid_amount = paid_amount
    db.session.flush()
    allocate_stock(order_id=order_id, holder_id=order.cart_id, quantities=_quantities(order), actor=actor)
    record(OrderPlaced(order_id=order_id))
    return True


@transactional
def note_paid(*, order_id: uuid.UUID, amount: int) -> None:
    """Count money that came after the order was placed (cash on delivery). Once per payment: the caller's part."""
    execute_counted(update(Order).where(Order.id == order_id).values(paid_amount=Order.paid_amount + amount))


@transactional
def cancel_order(*, order_id: uuid.UUID, reason: str, actor: str) -> None:
    """Cancel an order of which nothing has left and give its stock back; a second call changes nothing.

    Raises IllegalMove once something was sent.
    """
    order = _locked(order_id)
    if order.state == OrderState.CANCELED:
        return
    if order.fulfillments:
        raise IllegalMove("Part of this order has been sent, so it cannot be canceled any more.")
    was_placed = order.state == OrderState.PLACED
    _move(order, OrderState.CANCELED, actor=actor, reason=reason)
    release_reservations(order_id=order_id, actor=actor)
    release_allocations(order_id=order_id, actor=actor)
    if was_placed:
        record(OrderCanceled(order_id=order_id))


@transactional
def expire_order(*, order_id: uuid.UUID) -> bool:
    """End a pending order whose money never came and give its stock back; False when it is not pending."""
    order = _locked(order_id)
    if order.state != OrderState.PENDING:
        return False
    _move(order, OrderState.EXPIRED, actor="system", reason="not paid in time")
    release_reservations(order_id=order_id, actor="system")
    record(OrderExpired(order_id=order_id))
    return True


@transactional
def fulfill_order(*, order_id: uuid.UUID, carrier: str, tracking_number: str, actor: str,
                  quantities: Mapping[uuid.UUID, int] | None = None) -> uuid.UUID:
    """Record what leaves (order line id → quantity; all that is left when None); returns the fulfillment's id.

    The order is fulfilled when nothing is left to send. Raises ShopError for more than is
    left, IllegalMove when the order is not placed.
    """
    order = _locked(order_id)
    if order.state not in (OrderState.PLACED, OrderState.PARTLY_FULFILLED):
        check_move(order.state, OrderState.FULFILLED)
    left = _unsent(order)
    leaving = left if quantities is None else {key: count for key, count in quantities.items() if count}
    if not leaving or any(count < 0 or count > left.get(key, 0) for key, count in leaving.items()):
        raise ShopError("That is more than is left to send of this order.")
    row = Fulfillment(order_id=order_id, carrier=carrier, tracking_number=tracking_number)
    row.lines = [FulfillmentLine(order_line_id=key, quantity=count) for key, count in leaving.items()]
    db.session.add(row)
    variants = {line.id: line.variant_id for line in order.lines}
    ship_stock(order_id=order_id, quantities={variants[key]: count for key, count in leaving.items()}, actor=actor)
    if leaving == left:
        _move(order, OrderState.FULFILLED, actor=actor, reason="sent")
    elif order.state == OrderState.PLACED:
        _move(order, OrderState.PARTLY_FULFILLED, actor=actor, reason="partly sent")
    db.session.flush()
    record(OrderFulfilled(order_id=order_id, fulfillment_id=row.id))
    return row.id


def _fill(order: Order, draft: OrderDraft) -> None:
    order.customer_id, order.cart_id = draft.customer_id, draft.cart_id
    order.email, order.phone = draft.email, draft.phone
    order.shipping_address = dict(draft.shipping_address)
    order.billing_address = dict(draft.billing_address)
    order.expires_at = now() + RESERVED_FOR
    order.shipping_code, order.shipping_name = draft.shipping_code, draft.shipping_name
    order.payment_method = draft.payment_method
    order.gift_card_plan = [list(part) for part in draft.gift_card_plan]
    order.shipping_detail, order.currency = draft.shipping_detail, draft.currency
    totals = draft.totals
    order.subtotal_amount, order.tax_amount, order.total_amount = totals.subtotal, totals.tax, totals.total
    order.shipping_amount, order.shipping_tax_amount = totals.shipping.total, totals.shipping.tax
    order.is_tax_inclusive, order.tax_name = totals.is_tax_inclusive, totals.tax_name


def _free_number() -> str:
    for _ in range(5):
        number = new_number()
        if db.session.scalar(select(func.count()).select_from(Order).where(Order.number == number)) == 0:
            return number
    raise RuntimeError("no free order number in five tries of sixty random bits")


def _locked(order_id: uuid.UUID) -> Order:
    """Read the order under its row lock; SQLite's writers queue at BEGIN IMMEDIATE instead."""
    order = db.session.scalar(select(Order).where(Order.id == order_id).with_for_update()
                              .execution_options(populate_existing=True))
    if order is None:
        raise NotFound("We know no such order.")
    return order


def _move(order: Order, target: OrderState, *, actor: str, reason: str) -> None:
    current = order.state
    check_move(current, target)
    changed = execute_counted(update(Order).where(Order.id == order.id, Order.state == current).values(state=target))
    if not changed:
        raise IllegalMove("This order has just been changed by someone else; please look again.")
    db.session.refresh(order, ["state"])
    _tell(order.id, current, target, actor, reason)


def _tell(order_id: uuid.UUID, current: str, target: str, actor: str, reason: str) -> None:
    db.session.add(OrderTransition(order_id=order_id, from_state=str(current), to_state=str(target), actor=actor,
                                   reason=reason[:300]))


def _quantities(order: Order) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in order.lines}


def _unsent(order: Order) -> dict[uuid.UUID, int]:
    sent: dict[uuid.UUID, int] = {}
    for fulfillment in order.fulfillments:
        for line in fulfillment.lines:
            sent[line.order_line_id] = sent.get(line.order_line_id, 0) + line.quantity
    left = {line.id: line.quantity - line.canceled_quantity - sent.get(line.id, 0) for line in order.lines}
    return {key: count for key, count in left.items() if count}

"""Writes of orders: writing one down and placing it. Every step is a conditional statement and a row of history.

The rest of an order's life is beside it, by noun: cancellations, fulfillments, refunds, returns, withdrawals.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.ids import new_number
from storefront.foundation.outbox import record
from storefront.inventory.services import allocate_stock, reserve_stock
from storefront.orders.cancellations import cancel_order, expire_order
from storefront.orders.events import OrderPlaced
from storefront.orders.fulfillments import fulfill_order
from storefront.orders.models import Order, OrderLine
from storefront.orders.states import IllegalMove, OrderState
from storefront.orders.steps import lock_order, move_order, tell_step
from storefront.orders.totals import OrderTotals
from storefront.promotions.engine import Explanation
from storefront.promotions.services import confirm_redemptions, redeem_codes
from storefront.promotions.spelling import customer_key

__all__ = ["DraftLine", "OrderDraft", "cancel_order", "expire_order", "fulfill_order", "note_paid", "place_order",
           "write_order"]


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
    explanations: Sequence[Explanation] = ()  # of its discount


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
    stock_waits: timedelta  # how long units are held for the money
    gift_card_plan: Sequence[tuple[uuid.UUID, int]]  # gift card's id and what it pays, in order
    currency: str
    lines: Sequence[DraftLine]
    totals: OrderTotals
    shipping_explanations: Sequence[Explanation] = ()
    promotion_codes: Sequence[str] = ()
    promotion_code_ids: Sequence[int] = ()  # of the same codes, to be redeemed


@transactional
def write_order(*, draft: OrderDraft, actor: str) -> uuid.UUID:
    """Write the checkout's pending order, or rewrite it while it is pending, and reserve its stock.

    One checkout has one order. Returns its id. Raises OutOfStock, CodeUsedUp, and IllegalMove when the
    order is no longer pending.
    """
    order = db.session.scalar(select(Order).where(Order.checkout_id == draft.checkout_id).with_for_update())
    if order is None:
        order = Order(checkout_id=draft.checkout_id, number=new_number())
        _fill(order, draft)
        db.session.add(order)
        db.session.flush()
        tell_step(order.id, "", OrderState.PENDING, actor=actor, reason="checkout")
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
            total_amount=total.total, discount_amount=total.discount,
            explanations=[asdict(explanation) for explanation in line.explanations],
            tax_category=line.tax_category, tax_basis_points=total.rate.basis_points, tax_amount=total.tax,
            gross_amount=total.gross))
    db.session.flush()
    quantities = {line.variant_id: line.quantity for line in draft.lines}
    reserve_stock(order_id=order.id, holder_id=order.cart_id, quantities=quantities, actor=actor,
                  waits=draft.stock_waits)
    redeem_codes(order_id=order.id, code_ids=draft.promotion_code_ids, customer_key=order.customer_key,
                 holder_id=order.cart_id)
    return order.id


@transactional
def place_order(*, order_id: uuid.UUID, actor: str, paid_amount: int) -> bool:
    """Make the order binding and allocate its stock; False when it was placed already.

    `paid_amount` is what came for it by now: 0 for cash on delivery, else the total. Raises OutOfStock
    when late money finds the units sold, CodeUsedUp when it finds a code used up, IllegalMove from any
    other state.
    """
    order = lock_order(order_id)
    if order.placed_at is not None:
        return False
    move_order(order, OrderState.PLACED, actor=actor, reason="paid" if paid_amount else "to be paid on delivery")
    order.placed_at = now()
    order.paid_amount = paid_amount
    db.session.flush()
    allocate_stock(order_id=order_id, holder_id=order.cart_id, quantities=_quantities(order), actor=actor)
    confirm_redemptions(order_id=order_id)
    record(OrderPlaced(order_id=order_id))
    return True


@transactional
def note_paid(*, order_id: uuid.UUID, amount: int) -> bool:
    """Count money that came after the order was placed (cash on delivery), once per payment: the caller's part.

    False when the order was called off, or would be paid more than it costs.
    """
    return bool(execute_counted(
        update(Order).where(Order.id == order_id, Order.state != OrderState.CANCELED,
                            Order.paid_amount + amount <= Order.total_amount)
        .values(paid_amount=Order.paid_amount + amount)))


def _fill(order: Order, draft: OrderDraft) -> None:
    order.customer_id, order.cart_id = draft.customer_id, draft.cart_id
    order.email, order.phone, order.customer_key = draft.email, draft.phone, customer_key(draft.email)
    order.shipping_address = dict(draft.shipping_address)
    order.billing_address = dict(draft.billing_address)
    order.expires_at = now() + draft.stock_waits
    order.shipping_code, order.shipping_name = draft.shipping_code, draft.shipping_name
    order.payment_method = draft.payment_method
    order.gift_card_plan = [[str(card_id), amount] for card_id, amount in draft.gift_card_plan]
    order.shipping_detail, order.currency = draft.shipping_detail, draft.currency
    totals = draft.totals
    order.subtotal_amount, order.tax_amount, order.total_amount = totals.subtotal, totals.tax, totals.total
    order.discount_amount = totals.discount
    order.shipping_amount, order.shipping_tax_amount = totals.shipping.total, totals.shipping.tax
    order.shipping_discount_amount = totals.shipping.discount
    order.shipping_explanations = [asdict(explanation) for explanation in draft.shipping_explanations]
    order.promotion_codes = list(draft.promotion_codes)
    order.is_tax_inclusive, order.tax_name = totals.is_tax_inclusive, totals.tax_name


def _quantities(order: Order) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in order.lines}

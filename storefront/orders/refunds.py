"""Money that goes back for an order: for lines, for the delivery, as goodwill; never more than was paid.

Every sum is changed by a statement that holds its own condition, with a CHECK behind it. A line's amount is the
difference of two rounded sums, so refunding unit by unit ends at exactly what the line cost.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Update, update

from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.money import Money, format_money, round_half_up
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts
from storefront.orders.events import OrderRefunded
from storefront.orders.models import Order, OrderLine, OrderRefund, OrderRefundLine
from storefront.orders.steps import lock_order
from storefront.payments.refunds import request_refunds


class RefundRefused(ShopError):
    """The refund asks for something that was not bought, not paid, or is back already."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a refund is for: line id → (quantity, minor units), and the rest in minor units."""

    lines: Mapping[uuid.UUID, tuple[int, int]] = field(default_factory=dict)
    shipping: int = 0
    goodwill: int = 0

    @property
    def amount(self) -> int:
        return sum(amount for _, amount in self.lines.values()) + self.shipping + self.goodwill


@transactional
def refund_order(*, refund_id: uuid.UUID, order_id: uuid.UUID, quantities: Mapping[uuid.UUID, int],
                 shipping_amount: int = 0, goodwill_amount: int = 0, reason: str, actor: str,
                 return_id: uuid.UUID | None = None) -> int:
    """Promise back what units of lines cost, part of the delivery and goodwill; returns the sum in minor units.

    `refund_id` is the form's hidden key: the same form again changes nothing and returns the first sum.
    Raises RefundRefused for what is negative, foreign, not paid or refunded already, and for a key that comes
    again with other amounts.
    """
    order = lock_order(order_id)
    known = db.session.get(OrderRefund, refund_id, populate_existing=True)
    if known is not None:
        if known.order_id != order_id:
            raise RefundRefused("This form belongs to another order. Reload the page and try again.")
        if _asked_for(known) != ({line_id: count for line_id, count in quantities.items() if count},
                                 shipping_amount, goodwill_amount):
            raise RefundRefused(f"This form was sent before, and {said(order, known.amount)} went back by it. "
                                "Nothing more was sent now: open the order again for another refund.")
        return known.amount
    parts = measure(order, quantities, shipping_amount=shipping_amount, goodwill_amount=goodwill_amount)
    if parts.amount > left_to_refund(order):
        raise RefundRefused(f"That is {said(order, parts.amount)}, more than was paid and not given back yet: "
                            f"{said(order, left_to_refund(order))}.")
    write_refund(order, parts, refund_id=refund_id, reason=reason, actor=actor, return_id=return_id)
    record(OrderRefunded(order_id=order_id, refund_id=refund_id))
    return parts.amount


@transactional
def note_outside_refund(*, order_id: uuid.UUID, amount: int, key: uuid.UUID, reason: str) -> bool:
    """Count money that was sent back at the provider, without us; False when the key was counted before.

    Raises RefundRefused when it is more than the order was paid.
    """
    order = lock_order(order_id)
    if db.session.get(OrderRefund, key, populate_existing=True) is not None:
        return False
    if not 0 < amount <= left_to_refund(order):
        raise RefundRefused("More went back at the provider than was paid for the order.")
    _keep(order, Parts(goodwill=amount), refund_id=key, reason=reason, actor="provider", return_id=None)
    record(OrderRefunded(order_id=order_id, refund_id=key))
    return True


def measure(order: Order, quantities: Mapping[uuid.UUID, int], *, shipping_amount: int = 0,
            goodwill_amount: int = 0) -> Parts:
    """Return what a refund of these units and amounts comes to; raises RefundRefused."""
    lines = {line.id: line for line in order.lines}
    for line_id, count in quantities.items():
        if line_id not in lines:
            raise RefundRefused("One of the lines is not part of this order. Reload the page and try again.")
        left = refundable_quantity(lines[line_id])
        if not 0 <= count <= left:
            raise RefundRefused(f"Of “{lines[line_id].name}” you can refund from 0 to {left}.")
    if not 0 <= shipping_amount <= left_of_shipping(order):
        raise RefundRefused(f"Of the delivery you can refund up to {said(order, left_of_shipping(order))}.")
    if goodwill_amount < 0:
        raise RefundRefused("A goodwill amount cannot be negative.")
    parts = Parts({line_id: (count, cost_of_units(lines[line_id], count))
                   for line_id, count in quantities.items() if count}, shipping_amount, goodwill_amount)
    if parts.amount <= 0:
        raise RefundRefused("There is nothing to refund yet: choose a quantity or enter an amount.")
    return parts


def measure_all(order: Order) -> Parts:
    """Return everything that was paid and is not given back, whatever it was for."""
    wanted = Parts({line.id: (count, cost_of_units(line, count)) for line in order.lines
                    if (count := refundable_quantity(line))}, left_of_shipping(order))
    parts = cap(wanted, left_to_refund(order))
    return replace(parts, goodwill=left_to_refund(order) - parts.amount)


def cap(parts: Parts, most: int) -> Parts:
    """Return the parts cut to the sum `most`, the last ones first: what was given as goodwill counts."""
    lines = {}
    for line_id, (count, amount) in parts.lines.items():
        lines[line_id] = (count, min(amount, most))
        most -= lines[line_id][1]
    shipping = min(parts.shipping, most)
    return Parts(lines, shipping, min(parts.goodwill, most - shipping))


def write_refund(order: Order, parts: Parts, *, refund_id: uuid.UUID, reason: str, actor: str,
                 return_id: uuid.UUID | None = None) -> None:
    """Count the parts on a locked order and promise the money, in the present transaction."""
    _keep(order, parts, refund_id=refund_id, reason=reason, actor=actor, return_id=return_id)
    request_refunds(order_id=order.id, amount=parts.amount, order_refund_id=refund_id, reason=reason, actor=actor)


def left_to_refund(order: Order) -> int:
    """Return what was paid and not promised back, in minor units."""
    return order.paid_amount - order.refunded_amount


def shipping_cost(order: Order) -> int:
    """Return what the delivery cost, tax included or added: the total less the lines."""
    return order.total_amount - sum(line.gross_amount for line in order.lines)


def left_of_shipping(order: Order) -> int:
    """Return what of the delivery's cost was not refunded."""
    return max(0, shipping_cost(order) - order.shipping_refunded_amount)


def refundable_quantity(line: OrderLine) -> int:
    """Return how many units of the line were not refunded."""
    return line.quantity - line.refunded_quantity


def cost_of_units(line: OrderLine, count: int) -> int:
    """Return what the next `count` refunded units come to: the difference of two rounded sums."""
    def until(units: int) -> int:
        return round_half_up(line.gross_amount * units, line.quantity)

    return until(line.refunded_quantity + count) - until(line.refunded_quantity)


def _asked_for(row: OrderRefund) -> tuple[dict[uuid.UUID, int], int, int]:
    """Return the quantities, the part of the delivery and the goodwill that made the refund."""
    of_lines = sum(line.amount for line in row.lines)
    return ({line.order_line_id: line.quantity for line in row.lines}, row.shipping_amount,
            row.amount - of_lines - row.shipping_amount)


def _keep(order: Order, parts: Parts, *, refund_id: uuid.UUID, reason: str, actor: str,
          return_id: uuid.UUID | None) -> None:
    row = OrderRefund(id=refund_id, order_id=order.id, return_id=return_id, amount=parts.amount,
                      shipping_amount=parts.shipping, currency=order.currency, reason=reason[:300], actor=actor)
    row.lines = [OrderRefundLine(order_line_id=line_id, quantity=count, amount=amount)
                 for line_id, (count, amount) in parts.lines.items()]
    db.session.add(row)
    db.session.flush()
    for line_id in sorted(parts.lines):
        count, amount = parts.lines[line_id]
        _count(update(OrderLine).where(
            OrderLine.id == line_id, OrderLine.order_id == order.id,
            OrderLine.refunded_quantity + count <= OrderLine.quantity,
            OrderLine.refunded_amount + amount <= OrderLine.gross_amount,
        ).values(refunded_quantity=OrderLine.refunded_quantity + count,
                 refunded_amount=OrderLine.refunded_amount + amount))
    _count(update(Order).where(
        Order.id == order.id, Order.refunded_amount + parts.amount <= Order.paid_amount,
        Order.shipping_refunded_amount + parts.shipping <= shipping_cost(order),
    ).values(refunded_amount=Order.refunded_amount + parts.amount,
             shipping_refunded_amount=Order.shipping_refunded_amount + parts.shipping))
    db.session.refresh(order)
    for line in order.lines:
        db.session.refresh(line)


def _count(statement: Update) -> None:
    if not execute_counted(statement):
        raise RefundRefused("Some of this has just been refunded by someone else; please look again.")


def said(order: Order, amount: int) -> str:
    """Return minor units of the order's currency as its shop writes them."""
    return format_money(Money(amount, order.currency), facts().locale)

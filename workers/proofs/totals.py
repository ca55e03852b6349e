"""I4: an order's total comes out of its own lines again, to the minor unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import select

from storefront.foundation.database import db
from storefront.orders.models import Order, OrderLine
from storefront.orders.totals import WrittenLine, recompute_total
from workers.proofs.proof import LISTED, Breach, Proof

BATCH = 20_000  # orders whose lines are in memory at once

SUMS = Proof(
    "I4",
    """
    SELECT o.id, o.number, o.currency, o.subtotal_amount, o.discount_amount, o.tax_amount, o.total_amount,
           coalesce(l.subtotal, 0) AS subtotal, coalesce(l.discount, 0) AS discount,
           coalesce(l.tax, 0) + o.shipping_tax_amount AS tax,
           coalesce(l.gross, 0) + o.shipping_amount + CASE WHEN o.is_tax_inclusive THEN 0
                                                           ELSE o.shipping_tax_amount END AS total
    FROM orders_order o
    LEFT JOIN (SELECT order_id, sum(total_amount + discount_amount) AS subtotal, sum(discount_amount) AS discount,
                      sum(tax_amount) AS tax, sum(gross_amount) AS gross
               FROM orders_order_line GROUP BY order_id) l ON l.order_id = o.id
    WHERE o.subtotal_amount <> coalesce(l.subtotal, 0) OR o.discount_amount <> coalesce(l.discount, 0)
       OR o.tax_amount <> coalesce(l.tax, 0) + o.shipping_tax_amount
       OR o.total_amount <> coalesce(l.gross, 0) + o.shipping_amount
                            + CASE WHEN o.is_tax_inclusive THEN 0 ELSE o.shipping_tax_amount END
    """,
    "Order {number} says goods {subtotal_amount}, discount {discount_amount}, tax {tax_amount}, total {total_amount} "
    "{currency}; its lines and delivery come to {subtotal}, {discount}, {tax}, {total}.",
    ("id",),
)

LINES = Proof(
    "I4",
    """
    SELECT l.id, l.order_id, l.quantity, l.unit_amount, l.discount_amount, l.total_amount, l.tax_amount, l.gross_amount
    FROM orders_order_line l JOIN orders_order o ON o.id = l.order_id
    WHERE l.total_amount <> l.quantity * l.unit_amount - l.discount_amount OR l.total_amount < 0
       OR l.gross_amount <> l.total_amount + CASE WHEN o.is_tax_inclusive THEN 0 ELSE l.tax_amount END
    """,
    "Line {id}: {quantity} × {unit_amount} less {discount_amount} is not {total_amount}, or with tax of {tax_amount} "
    "not {gross_amount}.",
    ("id", "order_id"),
)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Every order once more through the pure function that priced it: the tax's rounding has no SQL."""

    invariant: str = "I4"

    def find(self) -> Iterator[Breach]:
        """Yield a breach for each order that comes to another total; a batch of orders is one statement."""
        broken = 0
        for order, lines in _orders():
            total = recompute_total(lines=lines, shipping_amount=order.shipping_amount,
                                    shipping_tax_amount=order.shipping_tax_amount,
                                    is_tax_inclusive=order.is_tax_inclusive)
            if total == order.total_amount:
                continue
            broken += 1
            if broken <= LISTED:
                yield Breach("I4", f"Order {order.number} says {order.total_amount} {order.currency}; by its lines, "
                                   f"discounts and rates it comes to {total}.", (str(order.order_id),))
        if broken > LISTED:
            yield Breach("I4", f"… and {broken - LISTED} more like the one before.")


def _orders() -> Iterator[tuple[Any, Sequence[WrittenLine]]]:
    last = None
    while True:
        page = select(Order.id).order_by(Order.id).limit(BATCH)
        ids = (page if last is None else page.where(Order.id > last)).subquery()
        rows = db.session.execute(
            select(Order.id.label("order_id"), Order.number, Order.currency, Order.shipping_amount,
                   Order.shipping_tax_amount, Order.is_tax_inclusive, Order.total_amount, OrderLine.quantity,
                   OrderLine.unit_amount, OrderLine.discount_amount, OrderLine.tax_basis_points)
            .join(ids, ids.c.id == Order.id).outerjoin(OrderLine, OrderLine.order_id == Order.id)
            .order_by(Order.id)).all()
        if not rows:
            return
        for _, group in groupby(rows, key=lambda row: row.order_id):
            mine = list(group)
            yield mine[0], [WrittenLine(row.quantity, row.unit_amount, row.discount_amount, row.tax_basis_points)
                            for row in mine if row.quantity is not None]
        last = rows[-1].order_id


PROOFS = (SUMS, LINES, Recomputed())

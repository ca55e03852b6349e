"""I3: what orders count as refunded is what their refunds and the payments' refunds come to."""

from __future__ import annotations

from workers.proofs.proof import Proof

ORDERS = Proof(
    "I3",
    """
    SELECT o.id, o.number, o.currency, o.refunded_amount, o.shipping_refunded_amount,
           coalesce(r.amount, 0) AS amount, coalesce(r.shipping_amount, 0) AS shipping_amount
    FROM orders_order o
    LEFT JOIN (SELECT order_id, sum(amount) AS amount, sum(shipping_amount) AS shipping_amount
               FROM orders_order_refund GROUP BY order_id) r ON r.order_id = o.id
    WHERE o.refunded_amount <> coalesce(r.amount, 0) OR o.shipping_refunded_amount <> coalesce(r.shipping_amount, 0)
       OR o.refunded_amount > o.paid_amount
    """,
    "Order {number} counts {refunded_amount} {currency} as refunded, {shipping_refunded_amount} for delivery; its "
    "refunds come to {amount} and {shipping_amount}.",
    ("id",),
)

LINES = Proof(
    "I3",
    """
    SELECT l.id, l.order_id, l.refunded_quantity, l.refunded_amount, coalesce(r.quantity, 0) AS quantity,
           coalesce(r.amount, 0) AS amount
    FROM orders_order_line l
    LEFT JOIN (SELECT order_line_id, sum(quantity) AS quantity, sum(amount) AS amount FROM orders_order_refund_line
               GROUP BY order_line_id) r ON r.order_line_id = l.id
    WHERE l.refunded_quantity <> coalesce(r.quantity, 0) OR l.refunded_amount <> coalesce(r.amount, 0)
       OR l.refunded_quantity > l.quantity OR l.refunded_amount > l.gross_amount
    """,
    "Line {id} counts {refunded_quantity} units and {refunded_amount} minor units as refunded; its refunds come to "
    "{quantity} and {amount}.",
    ("id", "order_id"),
)

# A refund made at the provider itself carries its id over to the order's; ours name the order's refund.
PROMISED = Proof(
    "I3",
    """
    SELECT o.id, o.order_id, o.currency, o.amount, coalesce(r.amount, 0) AS promised
    FROM orders_order_refund o
    LEFT JOIN (SELECT coalesce(order_refund_id, id) AS order_refund_id, sum(amount) AS amount FROM payments_refund
               WHERE state <> 'failed' OR next_try_at IS NULL GROUP BY coalesce(order_refund_id, id)) r
      ON r.order_refund_id = o.id
    WHERE o.amount <> coalesce(r.amount, 0)
    """,
    "Refund {id} of order {order_id} is over {amount} {currency}; {promised} of it are promised by payments.",
    ("id", "order_id"),
)

PROOFS = (ORDERS, LINES, PROMISED)

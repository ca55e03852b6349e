"""I2: captured money belongs to one placed order, or goes back, or waits for staff; an order is paid by money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam

from storefront.payments.gateways.registry import GATEWAYS
from workers.proofs.proof import Proof


def _paid_later() -> Mapping[str, Any]:
    return {"later": [code for code, gateway in GATEWAYS.items() if gateway.places_order]}


HOMELESS = Proof(
    "I2",
    """
    SELECT p.id, p.order_id, p.captured_amount, p.refunded_amount, p.currency, o.number, o.state
    FROM payments_payment p LEFT JOIN orders_order o ON o.id = p.order_id
    WHERE p.state = 'captured' AND p.refunded_amount < p.captured_amount
      AND (o.id IS NULL OR o.placed_at IS NULL OR o.state = 'canceled')
    """,
    "Payment {id} captured {captured_amount} {currency} and promises {refunded_amount} back, but its order {number} "
    "is {state}.",
    ("id", "order_id"),
)

STATES = Proof(
    "I2",
    """
    SELECT id, order_id, state, amount, captured_amount, currency FROM payments_payment
    WHERE (state NOT IN ('captured', 'payment_review') AND captured_amount <> 0)
       OR (state = 'captured' AND captured_amount = 0 AND amount <> 0)
    """,
    "Payment {id} of {amount} {currency} is {state} and says that {captured_amount} were captured.",
    ("id", "order_id"),
)

# Kept money is what the ledger gave to orders; late money was never theirs and goes back (see HOMELESS, I3).
PAID = Proof(
    "I2",
    """
    SELECT o.id, o.number, o.state, o.currency, o.paid_amount, coalesce(k.kept, 0) AS kept
    FROM orders_order o
    LEFT JOIN (SELECT p.order_id, p.currency, sum(p.captured_amount) AS kept
               FROM payments_payment p
               JOIN (SELECT DISTINCT payment_id FROM payments_ledger_transfer WHERE credit = 'orders') t
                 ON t.payment_id = p.id
               WHERE p.state = 'captured' GROUP BY p.order_id, p.currency) k
      ON k.order_id = o.id AND k.currency = o.currency
    WHERE o.paid_amount <> coalesce(k.kept, 0)
    """,
    "Order {number} says {paid_amount} {currency} were paid; its captured payments come to {kept}.",
    ("id",),
)

UNPAID = Proof(
    "I2",
    """
    SELECT id, number, currency, payment_method, total_amount, paid_amount FROM orders_order
    WHERE (placed_at IS NULL AND paid_amount <> 0)
       OR (placed_at IS NOT NULL AND paid_amount > total_amount)
       OR (placed_at IS NOT NULL AND paid_amount < total_amount AND payment_method NOT IN :later)
    """,
    "Order {number} of {total_amount} {currency}, to be paid by {payment_method}, has {paid_amount} paid.",
    ("id",),
    values=_paid_later,
    prepare=lambda statement: statement.bindparams(bindparam("later", expanding=True)),
)

CURRENCIES = Proof(
    "I2",
    """
    SELECT p.id, p.order_id, p.currency, o.number, o.currency AS order_currency
    FROM payments_payment p JOIN orders_order o ON o.id = p.order_id WHERE p.currency <> o.currency
    """,
    "Payment {id} is in {currency}, its order {number} in {order_currency}.",
    ("id", "order_id"),
)

PROOFS = (HOMELESS, STATES, PAID, UNPAID, CURRENCIES)

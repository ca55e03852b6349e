"""What waits for a person: parked payments, refused refunds, returns, statements of withdrawal, disputes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.foundation.database import db
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts
from storefront.orders.models import Order, Return
from storefront.orders.return_states import OPEN_RETURNS, ReturnState
from storefront.orders.withdrawals import list_withdrawals
from storefront.payments.models import Payment
from storefront.payments.queries import list_disputes, list_parked_payments
from storefront.payments.refunds import list_failed_refunds

# An approved return waits for the post, not for us.
WAITING_RETURNS = {
    ReturnState.REQUESTED: "asked for: agree or refuse",
    ReturnState.RECEIVED: "is here: pay it back",
}


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that waits. `number` is its order's, "" when it has none."""

    what: str
    trouble: str
    since: datetime
    number: str


def read_matters(limit: int = 20) -> list[Matter]:
    """Return what waits for a person, oldest first."""
    parked, failed, disputes = list_parked_payments(limit), list_failed_refunds(limit), list_disputes(limit=limit)
    returns = list(db.session.scalars(select(Return).where(Return.state.in_(
        [state for state in OPEN_RETURNS if state in WAITING_RETURNS])).order_by(Return.created_at).limit(limit)))
    orders_of = _orders_of_payments([entry.payment_id for entry in disputes])
    statements = list_withdrawals(is_open=True, limit=limit)
    numbers = _numbers({*(payment.order_id for payment in parked), *(order_id for _, order_id in failed),
                        *(row.order_id for row in returns), *orders_of.values(),
                        *(row.order_id for row in statements if row.order_id)})
    matters = [
        *(Matter("Payment", payment.problem or "The provider's word does not match ours.", payment.created_at,
                 numbers.get(payment.order_id, "")) for payment in parked),
        *(Matter(f"Refund of {_said(refund.money)}", refund.problem or "The provider refused it.", refund.created_at,
                 numbers.get(order_id, "")) for refund, order_id in failed),
        *(Matter(f"Return {row.number}", WAITING_RETURNS[row.state], row.created_at, numbers.get(row.order_id, ""))
          for row in returns),
        *(Matter(f"Withdrawal of {row.name}", row.outcome, row.stated_at,
                 numbers.get(row.order_id, "") if row.order_id else "") for row in statements),
        *(Matter(f"Dispute over {_said(Money(row.amount, row.currency))}", row.reason or "The bank took it back.",
                 row.created_at, numbers.get(orders_of[row.payment_id], "")) for row in disputes),
    ]
    return sorted(matters, key=lambda matter: matter.since)[:limit]


def _orders_of_payments(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    rows = db.session.execute(select(Payment.id, Payment.order_id).where(Payment.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def _numbers(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = db.session.execute(select(Order.id, Order.number).where(Order.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def _said(money: Money) -> str:
    return format_money(money, facts().locale)

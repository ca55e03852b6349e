"""The money ledger: double-entry, append-only; each row moves an amount from one account to another.

| account | what it says |
|---|---|
| `clearing:<gateway>` | money that a provider holds for us or has paid out (debit: more) |
| `gift_cards` | what holders of gift cards may still spend (credit: more) |
| `gift_cards_issued` | what we gave away for it (debit: more) |
| `orders` | what orders have paid and not got back (credit: more) |
| `unassigned` | money that came and belongs to no binding order: goes back, or staff decide |
| `refunds_due` | promised back, not yet sent |
| `disputes` | taken back by banks |

`orders` always equals the sum of paid less refunded over all orders; `flask audit` proves it.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select

from storefront.foundation.database import add_row, db, is_in_service
from storefront.foundation.money import Money
from storefront.payments.models import LedgerTransfer

ORDERS = "orders"
UNASSIGNED = "unassigned"
REFUNDS_DUE = "refunds_due"
DISPUTES = "disputes"
GIFT_CARDS = "gift_cards"
GIFT_CARDS_ISSUED = "gift_cards_issued"


def clearing(gateway: str) -> str:
    """Return the account that stands for the gateway's money."""
    return GIFT_CARDS if gateway == "gift_card" else f"clearing:{gateway}"


def book(*, key: str, debit: str, credit: str, money: Money, actor: str, order_id: uuid.UUID | None = None,
         payment_id: uuid.UUID | None = None) -> bool:
    """Write the transfer into the current service's transaction; False when the key was booked before."""
    if not is_in_service():
        raise RuntimeError("money is booked inside a transactional service")
    if not money or db.session.scalar(select(LedgerTransfer.id).where(LedgerTransfer.key == key)) is not None:
        return False
    add_row(LedgerTransfer, key=key, debit=debit, credit=credit, amount=money.amount, currency=money.currency,
            actor=actor, order_id=order_id, payment_id=payment_id)
    return True

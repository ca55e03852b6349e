"""What the money ledger says."""

from __future__ import annotations

from sqlalchemy import case, func, or_, select

from storefront.foundation.database import db
from storefront.payments.models import LedgerTransfer


def read_balance(account: str, currency: str) -> int:
    """Return the account's credits less its debits, in minor units."""
    signed = case((LedgerTransfer.credit == account, LedgerTransfer.amount), else_=-LedgerTransfer.amount)
    return int(db.session.scalar(select(func.sum(signed)).where(
        or_(LedgerTransfer.credit == account, LedgerTransfer.debit == account),
        LedgerTransfer.currency == currency)) or 0)

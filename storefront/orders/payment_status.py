"""How an order stands with its money: never stored, always what its sums say."""

from __future__ import annotations

import enum

from sqlalchemy import ColumnElement, and_

from storefront.orders.models import Order


class PaymentStatus(enum.StrEnum):
    """What of the total is here."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"  # all that was paid goes back


PAYMENT_STATUS = {
    PaymentStatus.UNPAID: "Not paid",
    PaymentStatus.PAID: "Paid",
    PaymentStatus.PARTLY_REFUNDED: "Partly refunded",
    PaymentStatus.REFUNDED: "Refunded",
}


def payment_status(*, total: int, paid: int, refunded: int) -> PaymentStatus:
    """Return the status of the sums, in minor units; an order that costs nothing is paid."""
    if refunded:
        return PaymentStatus.REFUNDED if refunded >= paid else PaymentStatus.PARTLY_REFUNDED
    return PaymentStatus.PAID if paid >= total else PaymentStatus.UNPAID


def has_payment_status(status: PaymentStatus) -> ColumnElement[bool]:
    """Return the same rule as a condition on orders."""
    return {
        PaymentStatus.UNPAID: and_(Order.refunded_amount == 0, Order.paid_amount < Order.total_amount),
        PaymentStatus.PAID: and_(Order.refunded_amount == 0, Order.paid_amount >= Order.total_amount),
        PaymentStatus.PARTLY_REFUNDED: and_(Order.refunded_amount > 0, Order.refunded_amount < Order.paid_amount),
        PaymentStatus.REFUNDED: and_(Order.refunded_amount > 0, Order.refunded_amount >= Order.paid_amount),
    }[status]

"""Orders and customers in lists: found by number, e-mail or name, read for one page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from storefront.accounts.models import Customer
from storefront.foundation.database import db
from storefront.foundation.ids import spell_number
from storefront.foundation.money import Money
from storefront.foundation.pagination import Pager
from storefront.orders.models import Fulfillment, FulfillmentLine, Order, OrderLine
from storefront.orders.payment_status import PaymentStatus, has_payment_status, payment_status
from storefront.orders.states import OrderState
from storefront.payments.models import Payment, PaymentState

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A line of the order list."""

    number: str
    state: OrderState
    email: str
    country: str
    created_at: datetime
    total: Money
    count: int
    payment_status: PaymentStatus


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A line of the customer list."""

    id: uuid.UUID
    name: str
    email: str
    registered_at: datetime
    is_disabled: bool
    order_count: int


def read_orders(*, words: str, state: str, paid: str = "", customer_id: uuid.UUID | None = None, number: int = 1,
                ) -> tuple[Pager, list[OrderRow]]:
    """Return the page of orders, newest first. `words` is a number, the start of one, or an e-mail address.

    `paid` is a payment status, or `parked` for orders with a payment that waits for a decision.
    """
    found = select(Order)
    if words:
        spelled = spell_number(words) or words
        found = found.where(or_(Order.number.startswith(spelled, autoescape=True),
                                Order.email.startswith(words.lower(), autoescape=True)))
    if state:
        found = found.where(Order.state == OrderState(state))
    if paid == "parked":
        found = found.where(Order.id.in_(select(Payment.order_id).where(Payment.state == PaymentState.REVIEW)))
    elif paid:
        found = found.where(has_payment_status(PaymentStatus(paid)))
    if customer_id:
        found = found.where(Order.customer_id == customer_id)
    pager = Pager(number, PAGE_SIZE, db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)
    rows = db.session.scalars(
        found.order_by(Order.created_at.desc(), Order.id.desc()).limit(PAGE_SIZE).offset(pager.offset)).all()
    counts = dict(db.session.execute(
        select(OrderLine.order_id, func.sum(OrderLine.quantity))
        .where(OrderLine.order_id.in_([row.id for row in rows])).group_by(OrderLine.order_id)).all())
    return pager, [
        OrderRow(row.number, row.state, row.email, row.shipping_address.get("country", ""), row.created_at,
                 Money(row.total_amount, row.currency), int(counts.get(row.id, 0)),
                 payment_status(total=row.total_amount, paid=row.paid_amount, refunded=row.refunded_amount))
        for row in rows
    ]


def read_customers(*, words: str, number: int = 1) -> tuple[Pager, list[CustomerRow]]:
    """Return the page of customers, newest first, found by e-mail or name."""
    found = select(Customer)
    if words:
        found = found.where(or_(Customer.email.startswith(words.lower(), autoescape=True),
                                Customer.name.icontains(words, autoescape=True)))
    pager = Pager(number, PAGE_SIZE, db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)
    rows = db.session.scalars(
        found.order_by(Customer.registered_at.desc(), Customer.id).limit(PAGE_SIZE).offset(pager.offset)).all()
    counts = dict(db.session.execute(
        select(Order.customer_id, func.count()).where(Order.customer_id.in_([row.id for row in rows]))
        .group_by(Order.customer_id)).all())
    return pager, [CustomerRow(row.id, row.name, row.email, row.registered_at, row.is_disabled, counts.get(row.id, 0))
                   for row in rows]


def read_unsent(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Return how many of each order line have not left yet; a line of which all has left has 0."""
    sent = dict(db.session.execute(
        select(FulfillmentLine.order_line_id, func.sum(FulfillmentLine.quantity))
        .join(Fulfillment, Fulfillment.id == FulfillmentLine.fulfillment_id)
        .where(Fulfillment.order_id == order_id).group_by(FulfillmentLine.order_line_id)).all())
    lines = db.session.execute(
        select(OrderLine.id, OrderLine.quantity - OrderLine.canceled_quantity)
        .where(OrderLine.order_id == order_id).order_by(OrderLine.position)).all()
    return {line_id: count - int(sent.get(line_id, 0)) for line_id, count in lines}

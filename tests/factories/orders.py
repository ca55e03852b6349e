"""Orders for tests, bought and paid through the services that the pages use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from storefront.checkout.settling import settle
from storefront.foundation.database import db
from storefront.orders.fulfillments import fulfill_order
from storefront.orders.models import Order, OrderLine
from storefront.payments.gateways.demo import decide_intent
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, open_payments, pay

STAFF = "staff:1"


def make_order(quantities: Mapping[int, int], *, customer_id: uuid.UUID | None = None,
               is_paid: bool = True) -> uuid.UUID:
    """Buy and, unless told otherwise, pay; returns the order's id."""
    pay(make_checkout(quantities, customer_id=customer_id))
    payment = open_payments()[-1]
    if is_paid:
        assert payment.gateway_reference
        decide_intent(reference=payment.gateway_reference, decision="accept")
        settle(payment_id=payment.id)
    return payment.order_id


def make_bowl_order(small: int = 2, large: int = 1) -> uuid.UUID:
    """A paid order of small bowls and large ones at €24.00, delivery €4.50 below €80.00: 2 + 1 cost €76.50."""
    make_world()
    bowl = make_product(slug="bowl", amount=2400, options={"Size": ["Small", "Large"]}, stock=10)
    wanted = {bowl.variant_ids[0]: small, bowl.variant_ids[1]: large}
    return make_order({variant_id: count for variant_id, count in wanted.items() if count})


def read_order(order_id: uuid.UUID) -> Order:
    """Read the order as the database has it now."""
    db.session.rollback()
    return db.session.scalars(select(Order).where(Order.id == order_id)).one()


def lines_of(order_id: uuid.UUID) -> list[uuid.UUID]:
    """The ids of the order's lines, in order."""
    db.session.rollback()
    return list(db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)
                                   .order_by(OrderLine.position)))


def send(order_id: uuid.UUID, quantities: Mapping[uuid.UUID, int] | None = None, number: str = "",
         carrier: str = "An Post") -> uuid.UUID:
    """Send all of it, or what is said; returns the fulfillment's id."""
    return fulfill_order(order_id=order_id, carrier=carrier, tracking_number=number, actor=STAFF,
                         quantities=quantities)


def count(model: type, *conditions: Any) -> int:
    """How many rows there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0

"""Checkouts for tests: every step said, through the services that the pages use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from storefront.checkout.queries import find_checkout, read_review, read_summary
from storefront.checkout.services import save_contact, save_delivery, save_payment_method, start_payment
from storefront.foundation.database import db
from storefront.payments.models import Payment
from storefront.payments.queries import OPEN, PaymentInfo, read_payment
from storefront.shipping.rates import MAX_GRAMS
from storefront.shipping.services import save_method, save_zone
from storefront.taxes.services import save_category, save_rate
from tests.factories.cart import make_cart

ADDRESS = {"name": "Aoife Byrne", "company": "", "street": "4 Parnell Street", "street2": "", "city": "Ennis",
           "region": "Co. Clare", "postal_code": "V95 T0Y6", "country": "IE"}


def make_world() -> None:
    """Ireland at 23 % inclusive, delivery for €4.50, free from €80; a courier for €9.90."""
    save_category(code="standard", name="Standard")
    save_rate(country="IE", tax_category="standard", basis_points=2300, is_inclusive=True)
    zone = save_zone(name="Ireland", countries=["IE"])
    save_method(zone_id=zone, code="post", name="An Post", tiers=[(MAX_GRAMS, 450)], free_from_amount=8000)
    save_method(zone_id=zone, code="courier", name="Courier", tiers=[(MAX_GRAMS, 990)], position=1)


def make_checkout(quantities: Mapping[int, int], *, customer_id: uuid.UUID | None = None) -> uuid.UUID:
    """Fill a cart and say every step; returns the cart's id."""
    cart_id = make_cart(quantities, customer_id=customer_id)
    save_contact(cart_id=cart_id, customer_id=customer_id, email="aoife@example.org", phone="",
                 shipping_address=ADDRESS, billing_address=None)
    save_delivery(cart_id=cart_id, code="post")
    save_payment_method(cart_id=cart_id, code="demo")
    return cart_id


def read_total(cart_id: uuid.UUID) -> int:
    """The total that the review shows."""
    checkout = find_checkout(cart_id)
    assert checkout is not None
    review = read_review(read_summary(cart_id, checkout), checkout)
    assert review is not None
    return review.total.amount


def pay(cart_id: uuid.UUID) -> str:
    """Press the button; returns where the browser goes."""
    return start_payment(cart_id=cart_id, confirmed_total=read_total(cart_id), actor="guest")


def open_payments() -> list[PaymentInfo]:
    """Payments by provider or by hand whose end is not known, oldest first."""
    rows = db.session.scalars(select(Payment.id).where(Payment.state.in_(OPEN), Payment.gift_card_id.is_(None))
                              .order_by(Payment.created_at, Payment.id)).all()
    return [read_payment(payment_id) for payment_id in rows]

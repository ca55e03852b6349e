"""Carts for tests, filled by the service that the shop uses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from storefront.cart.models import CartLine
from storefront.cart.services import add_line
from storefront.foundation.database import db


def make_cart(quantities: Mapping[int, int], *, customer_id: uuid.UUID | None = None) -> uuid.UUID:
    """Fill a cart (variant id → quantity), a guest's unless a customer is named; returns its id."""
    cart_id = None
    for variant_id, quantity in quantities.items():
        cart_id = add_line(cart_id=cart_id, customer_id=customer_id, variant_id=variant_id, quantity=quantity).cart_id
    assert cart_id is not None
    return cart_id


def rows_of(cart_id: uuid.UUID) -> dict[int, int]:
    """Return variant id → quantity as the table now has it."""
    db.session.rollback()
    rows = db.session.scalars(select(CartLine).where(CartLine.cart_id == cart_id, CartLine.removed_at.is_(None)))
    return {row.variant_id: row.quantity for row in rows}


def line_of(cart_id: uuid.UUID, variant_id: int) -> uuid.UUID:
    """Return the id of the cart's line with the variant."""
    return db.session.scalars(
        select(CartLine.id).where(CartLine.cart_id == cart_id, CartLine.variant_id == variant_id)
    ).one()


def count_lines() -> int:
    """Return how many lines all carts have together, removed ones too."""
    db.session.rollback()
    return len(db.session.scalars(select(CartLine.id)).all())

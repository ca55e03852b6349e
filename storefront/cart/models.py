"""Carts. A guest's cart is known by its id in a cookie, a customer's by the customer."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model
from storefront.foundation.ids import new_uuid

MAX_QUANTITY = 999  # of one variant in one cart
MAX_LINES = 100
MAX_CODES = 10


class Cart(Model):
    """An open cart; a customer has at most one."""

    __tablename__ = "cart_cart"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    customer_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    lines: Mapped[list[CartLine]] = relationship(order_by="CartLine.added_at", cascade="all, delete-orphan")


class CartLine(Model):
    """A variant and how many of it; no price is kept, the catalog's present one counts.

    A line with `removed_at` is out of the cart: it is read only to be put back.
    """

    __tablename__ = "cart_cart_line"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    cart_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cart_cart.id", ondelete="CASCADE"))
    variant_id: Mapped[int]
    quantity: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # set: taken out, can be put back
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint("quantity BETWEEN 1 AND 999", name="quantity"),
    )


class CartCode(Model):
    """A promotion code that was entered; what it is worth is asked anew whenever the cart is read."""

    __tablename__ = "cart_cart_code"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    cart_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cart_cart.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(40))  # as promotions spell it
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (UniqueConstraint("cart_id", "code"),)

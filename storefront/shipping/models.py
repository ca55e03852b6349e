"""Shipping zones, their methods and rate tiers."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.database import Model


class ShippingZone(Model):
    """Countries that are served alike; `["*"]` is every country in no other zone."""

    __tablename__ = "shipping_shipping_zone"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    countries: Mapped[list[str]] = mapped_column(JSON)
    methods: Mapped[list[ShippingMethod]] = relationship(
        order_by="ShippingMethod.position", cascade="all, delete-orphan", back_populates="zone")

    def __str__(self) -> str:
        return self.name


class ShippingMethod(Model):
    """A way to send to a zone. Free from `free_from_amount` of goods, when that is set."""

    __tablename__ = "shipping_shipping_method"
    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("shipping_shipping_zone.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    detail: Mapped[str] = mapped_column(String(200), default="")
    currency: Mapped[str] = mapped_column(String(3))
    min_days: Mapped[int] = mapped_column(default=1)
    max_days: Mapped[int] = mapped_column(default=5)
    free_from_amount: Mapped[int | None]
    tax_category: Mapped[str] = mapped_column(String(40), default="standard")
    position: Mapped[int] = mapped_column(default=0)
    is_published: Mapped[bool] = mapped_column(default=True)
    zone: Mapped[ShippingZone] = relationship(back_populates="methods")
    tiers: Mapped[list[ShippingTier]] = relationship(
        order_by="ShippingTier.up_to_grams", cascade="all, delete-orphan", back_populates="method")
    __table_args__ = (UniqueConstraint("zone_id", "code"),)

    def __str__(self) -> str:
        return self.name


class ShippingTier(Model):
    """The price of a parcel up to a weight; a flat method has one tier up to MAX_GRAMS."""

    __tablename__ = "shipping_shipping_tier"
    id: Mapped[int] = mapped_column(primary_key=True)
    method_id: Mapped[int] = mapped_column(ForeignKey("shipping_shipping_method.id", ondelete="CASCADE"))
    up_to_grams: Mapped[int]
    amount: Mapped[int]
    method: Mapped[ShippingMethod] = relationship(back_populates="tiers")
    __table_args__ = (
        UniqueConstraint("method_id", "up_to_grams"),
        CheckConstraint("amount >= 0 AND up_to_grams > 0", name="positive"),
    )

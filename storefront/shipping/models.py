"""Shipping zones, their methods and rate tiers; parcels and what carriers said of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column
from storefront.foundation.ids import new_uuid
from storefront.shipping.carriers.port import ParcelStatus


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


class Parcel(Model):
    """Something with a tracking number. Its status is what its events say, in whatever order they came."""

    __tablename__ = "shipping_parcel"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    carrier: Mapped[str] = mapped_column(String(80), default="")  # as people write it
    carrier_code: Mapped[str] = mapped_column(String(40), default="")
    tracking_number: Mapped[str] = mapped_column(String(120))
    tracking_url: Mapped[str] = mapped_column(String(500), default="")
    follower_reference: Mapped[str] = mapped_column(String(200), default="")  # whoever follows it, calls it so
    status: Mapped[ParcelStatus | None] = mapped_column(enum_column(ParcelStatus))  # None: nobody has told of it
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    events: Mapped[list[TrackingEvent]] = relationship(cascade="all, delete-orphan",
                                                       order_by="TrackingEvent.occurred_at, TrackingEvent.key")
    __table_args__ = (
        UniqueConstraint("carrier_code", "tracking_number"),
        Index("ix_shipping_parcel_tracking_number", "tracking_number"),
    )


class TrackingEvent(Model):
    """One line of a parcel's timeline, kept once by its key."""

    __tablename__ = "shipping_tracking_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shipping_parcel.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    status: Mapped[ParcelStatus] = mapped_column(enum_column(ParcelStatus))
    text: Mapped[str] = mapped_column(String(300), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80), default="carrier")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class TrackingMessage(Model):
    """A verified webhook about a parcel, stored once by its sender's event id."""

    __tablename__ = "shipping_tracking_message"
    id: Mapped[int] = mapped_column(primary_key=True)
    tracker: Mapped[str] = mapped_column(String(40))
    provider_event_id: Mapped[str] = mapped_column(String(200))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (UniqueConstraint("tracker", "provider_event_id"),)

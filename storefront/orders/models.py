"""Orders and what happened to them. Every word and amount is a snapshot: nothing is looked up later."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column
from storefront.foundation.ids import new_token, new_uuid
from storefront.orders.states import OrderState


class Order(Model):
    """A binding purchase, or one that waits for its money (`pending`)."""

    __tablename__ = "orders_order"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key: Mapped[str] = mapped_column(String(64), default=new_token)  # a guest's way in: ?key=
    checkout_id: Mapped[uuid.UUID] = mapped_column(unique=True)  # one checkout session, one order
    customer_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    cart_id: Mapped[uuid.UUID]
    state: Mapped[OrderState] = mapped_column(enum_column(OrderState), default=OrderState.PENDING)
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(32), default="")
    shipping_address: Mapped[dict[str, str]] = mapped_column(JSON)
    billing_address: Mapped[dict[str, str]] = mapped_column(JSON)
    shipping_code: Mapped[str] = mapped_column(String(40))
    shipping_name: Mapped[str] = mapped_column(String(80))
    shipping_detail: Mapped[str] = mapped_column(String(200), default="")
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_amount: Mapped[int]  # lines as shown, before added tax
    shipping_amount: Mapped[int]  # as shown, before added tax
    shipping_tax_amount: Mapped[int]
    tax_amount: Mapped[int]  # of lines and shipping, held in or added to the amounts above
    total_amount: Mapped[int]
    is_tax_inclusive: Mapped[bool]
    tax_name: Mapped[str] = mapped_column(String(40), default="VAT")
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  # while pending: when its reservation ends
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.position", cascade="all, delete-orphan",
                                                  back_populates="order")
    history: Mapped[list[OrderTransition]] = relationship(order_by="OrderTransition.id", cascade="all, delete-orphan")
    fulfillments: Mapped[list[Fulfillment]] = relationship(order_by="Fulfillment.created_at",
                                                           cascade="all, delete-orphan")
    __table_args__ = (
        CheckConstraint("total_amount >= 0", name="total"),
        Index("ix_orders_order_newest", "created_at", "id"),
        Index("ix_orders_order_state", "state", "expires_at"),
    )


class OrderLine(Model):
    """What was bought, in the words and at the price of that moment."""

    __tablename__ = "orders_order_line"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    product_id: Mapped[int]
    variant_id: Mapped[int] = mapped_column(index=True)
    sku: Mapped[str] = mapped_column(String(120), default="")
    name: Mapped[str] = mapped_column(String(300))
    variant_title: Mapped[str] = mapped_column(String(300), default="")
    picture: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # catalog's Picture; its files never change
    url: Mapped[str] = mapped_column(String(300), default="")
    weight_grams: Mapped[int] = mapped_column(default=0)
    needs_shipping: Mapped[bool] = mapped_column(default=True)
    quantity: Mapped[int]
    unit_amount: Mapped[int]  # as shown to the shopper
    total_amount: Mapped[int]  # quantity × unit, as shown
    tax_category: Mapped[str] = mapped_column(String(40))
    tax_basis_points: Mapped[int]
    tax_amount: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")
    __table_args__ = (CheckConstraint("quantity > 0 AND unit_amount >= 0", name="positive"),)


class OrderTransition(Model):
    """A step of the order's life: from, to, who, when and why. Append-only."""

    __tablename__ = "orders_order_transition"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"), index=True)
    from_state: Mapped[str] = mapped_column(String(20), default="")
    to_state: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Fulfillment(Model):
    """Lines that left together."""

    __tablename__ = "orders_fulfillment"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"), index=True)
    carrier: Mapped[str] = mapped_column(String(80), default="")
    tracking_number: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lines: Mapped[list[FulfillmentLine]] = relationship(cascade="all, delete-orphan")


class FulfillmentLine(Model):
    """How many of an order line are in a fulfillment."""

    __tablename__ = "orders_fulfillment_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    fulfillment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_fulfillment.id", ondelete="CASCADE"))
    order_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order_line.id", ondelete="CASCADE"))
    quantity: Mapped[int]
    __table_args__ = (
        UniqueConstraint("fulfillment_id", "order_line_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

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
from storefront.orders.return_states import ReturnState
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
    customer_key: Mapped[str] = mapped_column(String(64), default="", index=True)  # promotions.spelling, for limits
    phone: Mapped[str] = mapped_column(String(32), default="")
    shipping_address: Mapped[dict[str, str]] = mapped_column(JSON)
    billing_address: Mapped[dict[str, str]] = mapped_column(JSON)
    shipping_code: Mapped[str] = mapped_column(String(40))
    shipping_name: Mapped[str] = mapped_column(String(80))
    shipping_detail: Mapped[str] = mapped_column(String(200), default="")
    payment_method: Mapped[str] = mapped_column(String(40), default="")
    gift_card_plan: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)  # [gift card's id, amount], in order
    promotion_codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_amount: Mapped[int]  # lines as shown, before discounts and added tax
    discount_amount: Mapped[int] = mapped_column(default=0)  # taken off the lines, as shown
    shipping_amount: Mapped[int]  # as shown, after its discount, before added tax
    shipping_discount_amount: Mapped[int] = mapped_column(default=0)
    shipping_explanations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    shipping_tax_amount: Mapped[int]
    tax_amount: Mapped[int]  # of lines and shipping, held in or added to the amounts above
    total_amount: Mapped[int]
    paid_amount: Mapped[int] = mapped_column(default=0)
    refunded_amount: Mapped[int] = mapped_column(default=0)  # promised back, whether or not it has arrived
    shipping_refunded_amount: Mapped[int] = mapped_column(default=0)  # the part of it that is for the delivery
    is_tax_inclusive: Mapped[bool]
    tax_name: Mapped[str] = mapped_column(String(40), default="VAT")
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  # while pending: when its reservation ends
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.position", cascade="all, delete-orphan",
                                                  back_populates="order")
    history: Mapped[list[OrderTransition]] = relationship(order_by="OrderTransition.id", cascade="all, delete-orphan")
    fulfillments: Mapped[list[Fulfillment]] = relationship(order_by="Fulfillment.created_at",
                                                           cascade="all, delete-orphan")
    __table_args__ = (
        CheckConstraint("total_amount >= 0", name="total"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= paid_amount", name="refunded"),
        CheckConstraint("shipping_refunded_amount >= 0 AND shipping_refunded_amount <= refunded_amount",
                        name="shipping_refunded"),
        Index("ix_orders_order_newest", "created_at", "id"),
        Index("ix_orders_order_state", "state", "expires_at"),
    )


class OrderLine(Model):
    """What was bought, in the words and at the price of that moment."""

    __tablename__ = "orders_order_line"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    product_id: Mapped[int] = mapped_column(index=True)
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
    total_amount: Mapped[int]  # quantity × unit less the discount, as shown
    discount_amount: Mapped[int] = mapped_column(default=0)
    explanations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # {label, amount} of each discount
    tax_category: Mapped[str] = mapped_column(String(40))
    tax_basis_points: Mapped[int]
    tax_amount: Mapped[int]
    gross_amount: Mapped[int]  # to pay for the line, tax included or added
    canceled_quantity: Mapped[int] = mapped_column(default=0)  # called off before it left
    refunded_quantity: Mapped[int] = mapped_column(default=0)
    refunded_amount: Mapped[int] = mapped_column(default=0)
    order: Mapped[Order] = relationship(back_populates="lines")
    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_amount >= 0 AND discount_amount >= 0", name="positive"),
        CheckConstraint("canceled_quantity >= 0 AND canceled_quantity <= quantity", name="canceled"),
        CheckConstraint("refunded_quantity >= 0 AND refunded_quantity <= quantity AND refunded_amount >= 0 "
                        "AND refunded_amount <= gross_amount", name="refunded"),
    )


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
    parcel_id: Mapped[uuid.UUID | None] = mapped_column(index=True)  # shipping_parcel.id, when it can be tracked
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
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


class OrderRefund(Model):
    """Money that goes back for an order: for lines, for delivery, or as goodwill. Its id is the form's key."""

    __tablename__ = "orders_order_refund"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order.id"), index=True)
    return_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders_return.id"))
    amount: Mapped[int]
    shipping_amount: Mapped[int] = mapped_column(default=0)  # the part of `amount` that is for the delivery
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(300))
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lines: Mapped[list[OrderRefundLine]] = relationship(cascade="all, delete-orphan")
    __table_args__ = (CheckConstraint("amount > 0 AND shipping_amount >= 0 AND shipping_amount <= amount",
                                      name="amount"),)


class OrderRefundLine(Model):
    """How many of a line are refunded, and how much of the refund is for them."""

    __tablename__ = "orders_order_refund_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    refund_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order_refund.id"), index=True)
    order_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order_line.id"))
    quantity: Mapped[int]
    amount: Mapped[int]
    __table_args__ = (
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint("quantity > 0 AND amount >= 0", name="positive"),
    )


class Return(Model):
    """Goods on their way back: asked for, approved, received, refunded."""

    __tablename__ = "orders_return"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order.id"), index=True)
    state: Mapped[ReturnState] = mapped_column(enum_column(ReturnState), default=ReturnState.REQUESTED)
    is_withdrawal: Mapped[bool] = mapped_column(default=False)  # the consumer's right, which needs no approval
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lines: Mapped[list[ReturnLine]] = relationship(cascade="all, delete-orphan")
    history: Mapped[list[ReturnTransition]] = relationship(order_by="ReturnTransition.id",
                                                           cascade="all, delete-orphan")


class ReturnLine(Model):
    """How many of an order line come back, and how many of them go on the shelf again."""

    __tablename__ = "orders_return_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    return_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_return.id"), index=True)
    order_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_order_line.id"))
    quantity: Mapped[int]
    restocked_quantity: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint("return_id", "order_line_id"),
        CheckConstraint("quantity > 0 AND restocked_quantity >= 0 AND restocked_quantity <= quantity",
                        name="quantity"),
    )


class ReturnTransition(Model):
    """A step of a return: from, to, who, when and why. Append-only."""

    __tablename__ = "orders_return_transition"
    id: Mapped[int] = mapped_column(primary_key=True)
    return_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders_return.id"), index=True)
    from_state: Mapped[str] = mapped_column(String(20), default="")
    to_state: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Withdrawal(Model):
    """A consumer's statement of withdrawal, kept word for word with its time (Directive (EU) 2023/2673)."""

    __tablename__ = "orders_withdrawal"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders_order.id"), index=True)
    order_number: Mapped[str] = mapped_column(String(40))  # as it was typed
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    scope: Mapped[str] = mapped_column(Text)  # what of the order, in words
    quantities: Mapped[dict[str, int] | None] = mapped_column(JSON)  # by order line, when it was chosen from a list
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(200), default="")  # what the shop did by itself, in words for staff
    is_open: Mapped[bool] = mapped_column(default=False)  # waits for staff: no order fits, or the period is over
    closed_by: Mapped[str] = mapped_column(String(80), default="")

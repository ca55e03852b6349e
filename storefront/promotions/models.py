"""Promotions, their codes, and who used them. The database itself holds every limit."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model

LANES = 9


class Promotion(Model):
    """What is taken off, for whom and when. Without `needs_code` it applies by itself."""

    __tablename__ = "promotions_promotion"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))  # staff see it
    title: Mapped[str] = mapped_column(String(80))  # shoppers read it
    lane: Mapped[int] = mapped_column(default=5)  # 1 applies first; in one lane only one promotion applies
    priority: Mapped[int] = mapped_column(default=0)  # the highest of a lane goes before what takes off most
    is_active: Mapped[bool] = mapped_column(default=True)
    needs_code: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # no longer from this moment on
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # terms.Conditions
    benefit: Mapped[dict[str, Any]] = mapped_column(JSON)  # terms.Benefit
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    codes: Mapped[list[PromotionCode]] = relationship(order_by="PromotionCode.id", back_populates="promotion")
    __table_args__ = (
        CheckConstraint("lane BETWEEN 1 AND 9", name="lane"),
        CheckConstraint("starts_at IS NULL OR ends_at IS NULL OR starts_at < ends_at", name="dates"),
        Index("ix_promotions_promotion_open", "is_active", "needs_code"),
    )

    def __str__(self) -> str:
        return self.name


class PromotionCode(Model):
    """A word that lets a promotion apply. `used_count` counts what is redeemed and not given back."""

    __tablename__ = "promotions_promotion_code"
    id: Mapped[int] = mapped_column(primary_key=True)
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions_promotion.id"), index=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)  # spelling.normalize_code
    is_active: Mapped[bool] = mapped_column(default=True)
    usage_limit: Mapped[int | None]  # None: without limit
    per_customer_limit: Mapped[int | None]
    used_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    promotion: Mapped[Promotion] = relationship(back_populates="codes")
    __table_args__ = (
        CheckConstraint("used_count >= 0 AND (usage_limit IS NULL OR used_count <= usage_limit)", name="used"),
        CheckConstraint("per_customer_limit IS NULL OR per_customer_limit BETWEEN 1 AND 1000", name="per_customer"),
    )

    def __str__(self) -> str:
        return self.code


class Redemption(Model):
    """One use of a code by one order. A customer's uses stand in numbered slots, each at most once."""

    __tablename__ = "promotions_redemption"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code_id: Mapped[int] = mapped_column(ForeignKey("promotions_promotion_code.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(index=True)
    customer_key: Mapped[str] = mapped_column(String(64))  # spelling.customer_key
    holder_id: Mapped[uuid.UUID | None]  # the cart, until the order is placed: its own use is no refusal to it
    slot: Mapped[int | None]  # 1 to the limit per customer; None: given back, or without such a limit
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        UniqueConstraint("code_id", "customer_key", "slot"),
        UniqueConstraint("code_id", "order_id"),
        CheckConstraint("released_at IS NULL OR slot IS NULL", name="released"),
    )

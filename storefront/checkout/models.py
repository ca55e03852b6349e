"""One expiring attempt at buying."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model
from storefront.foundation.ids import new_uuid


class CheckoutSession(Model):
    """What a shopper has said so far. Its order names it, not the other way round."""

    __tablename__ = "checkout_checkout_session"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    cart_id: Mapped[uuid.UUID] = mapped_column(index=True)
    customer_id: Mapped[uuid.UUID | None]
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    shipping_address: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    billing_address: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # empty: as shipping
    shipping_code: Mapped[str] = mapped_column(String(40), default="")
    payment_method: Mapped[str] = mapped_column(String(40), default="")
    gift_cards: Mapped[list[str]] = mapped_column(JSON, default=list)  # ids, in the order in which they pay
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its order was placed, or can no longer be
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

"""The delivery log: what was sent to whom, once per message and reference."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model


class Delivery(Model):
    """One message for one reason. The unique pair is what keeps a repeated job from a second mail."""

    __tablename__ = "notifications_delivery"
    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str] = mapped_column(String(60))  # the folder under templates/emails/
    reference: Mapped[str] = mapped_column(String(100))  # what it is about, such as an order's number
    recipient: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(200))  # the mail's Message-ID, same on each try
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (UniqueConstraint("message", "reference"),)

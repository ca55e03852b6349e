"""Stock by variant and location, and the ledger that explains every unit."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column


class StockPolicy(enum.StrEnum):
    """What happens when no more are available."""

    DENY = "deny"  # nobody can buy more than there are
    CONTINUE = "continue"  # sold on; made or ordered later
    UNTRACKED = "untracked"  # not counted at all


class ReservationState(enum.StrEnum):
    """What became of a reservation."""

    HELD = "held"  # waits for the payment until expires_at
    ALLOCATED = "allocated"  # the order was placed
    RELEASED = "released"  # given back: declined, canceled, superseded or expired



class StockLocation(Model):
    """A place where stock lies."""

    __tablename__ = "inventory_stock_location"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    is_active: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name


class StockLevel(Model):
    """How many of a variant lie at a location. The CHECK is the last wall against overselling."""

    __tablename__ = "inventory_stock_level"
    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int]  # catalog_variant.id; no foreign key crosses a context
    location_id: Mapped[int] = mapped_column(ForeignKey("inventory_stock_location.id"))
    policy: Mapped[StockPolicy] = mapped_column(enum_column(StockPolicy), default=StockPolicy.DENY)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    location: Mapped[StockLocation] = relationship()
    __table_args__ = (
        UniqueConstraint("variant_id", "location_id"),
        CheckConstraint("reserved >= 0 AND allocated >= 0", name="promises"),
        CheckConstraint("policy <> 'deny' OR on_hand >= 0", name="on_hand"),
        CheckConstraint("policy <> 'deny' OR on_hand - reserved - allocated >= 0", name="available"),
    )


class Reservation(Model):
    """Units held for an unpaid order until `expires_at`."""

    __tablename__ = "inventory_reservation"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(index=True)
    holder_id: Mapped[uuid.UUID] = mapped_column(index=True)  # the cart: its own hold is no one else's sale
    variant_id: Mapped[int]
    location_id: Mapped[int] = mapped_column(ForeignKey("inventory_stock_location.id"))
    quantity: Mapped[int]
    state: Mapped[ReservationState] = mapped_column(enum_column(ReservationState), default=ReservationState.HELD)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_inventory_reservation_expiry", "state", "expires_at"),
    )


class Allocation(Model):
    """Units promised to a placed order's line until they ship or the line is canceled."""

    __tablename__ = "inventory_allocation"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(index=True)
    variant_id: Mapped[int]
    location_id: Mapped[int] = mapped_column(ForeignKey("inventory_stock_location.id"))
    quantity: Mapped[int]
    shipped_quantity: Mapped[int] = mapped_column(default=0)
    released_quantity: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint("order_id", "variant_id", "location_id"),
        CheckConstraint("quantity > 0 AND shipped_quantity >= 0 AND released_quantity >= 0 "
                        "AND shipped_quantity + released_quantity <= quantity", name="quantities"),
    )


class StockMovement(Model):
    """One change of a level, append-only: the sum of the deltas is the level."""

    __tablename__ = "inventory_stock_movement"
    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int]
    location_id: Mapped[int] = mapped_column(ForeignKey("inventory_stock_location.id"))
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(40))  # received, corrected, reserved, released, allocated, shipped …
    actor: Mapped[str] = mapped_column(String(80))  # "system", "customer:<id>", "staff:<id>"
    order_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (Index("ix_inventory_stock_movement_variant_id", "variant_id", "id"),)

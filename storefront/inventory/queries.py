"""Reads of stock. Never cached: the number shown comes from the rows that guard the sale."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, case, func, select

from storefront.foundation.ahead import read_answers
from storefront.foundation.database import db
from storefront.inventory.models import (
    Reservation,
    ReservationState,
    StockLevel,
    StockLocation,
    StockMovement,
    StockPolicy,
)

State = Literal["in_stock", "low", "sold_out", "backorder"]
LOW = 5  # from here on the shopper is told how many are left
UNLIMITED = 999
MANY = 200  # ids


@dataclass(frozen=True, slots=True)
class Availability:
    """What a shopper may be promised. `available` is None where stock is not counted."""

    state: State
    available: int | None
    text: str
    maximum: int  # the most that one cart may hold


SOLD_OUT = Availability("sold_out", 0, "Sold out", 0)


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One stock level as staff read it."""

    location: str
    policy: StockPolicy
    on_hand: int
    reserved: int
    allocated: int


def read_availability(variant_ids: Collection[int], holder_id: uuid.UUID | None = None) -> dict[int, Availability]:
    """Return the availability of each variant over all active locations, in one query.

    A variant without a stock level is sold out. What the holder (a cart) has reserved for
    itself counts as available to it.
    """
    if not variant_ids:
        return {}
    ahead = read_answers() if holder_id is None else None
    if ahead is not None:
        return _read_ahead(variant_ids, ahead.setdefault("availability", {}))
    return _read_now(variant_ids, holder_id)


def _read_ahead(variant_ids: Collection[int], known: dict[int, Availability]) -> dict[int, Availability]:
    """Ask once in a batch of pages for each variant."""
    missing = [variant_id for variant_id in variant_ids if variant_id not in known]
    if missing:
        known |= _read_now(missing, None)
    return {variant_id: known[variant_id] for variant_id in variant_ids}


def _read_now(variant_ids: Collection[int], holder_id: uuid.UUID | None) -> dict[int, Availability]:
    own = _read_held(holder_id) if holder_id else {}
    rows = db.session.execute(_select_levels(len(variant_ids) > MANY), {"asked": list(variant_ids)}).all()
    found = {row[0]: judge_stock(row[1], row[2], row[3], own.get(row[0], 0)) for row in rows}
    return {variant_id: found.get(variant_id, SOLD_OUT) for variant_id in variant_ids}


@cache
def _select_levels(is_many: bool) -> Select[*tuple[Any, ...]]:
    """Made once. A batch of pages asks for thousands: numbers in the statement cost less than a parameter each."""
    available = func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated)
    asked: BindParameter[list[int]] = bindparam("asked", expanding=True, literal_execute=is_many)
    return (
        select(StockLevel.variant_id, func.min(StockLevel.policy), func.max(StockLevel.policy), available)
        .join(StockLocation).where(StockLevel.variant_id.in_(asked), StockLocation.is_active)
        .group_by(StockLevel.variant_id)
    )


def select_stock() -> Select[*tuple[Any, ...]]:
    """Return the statement of what judge_stock asks of the variant `:variant_id`, over all active locations."""
    available = func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated)
    return (
        select(func.min(StockLevel.policy).label("least"), func.max(StockLevel.policy).label("most"),
               available.label("available"))
        .join(StockLocation).where(StockLevel.variant_id == bindparam("variant_id"), StockLocation.is_active)
    )


def select_ample() -> Select[int]:
    """Return the statement of how many of the variant `:variant_id` there are, NULL where judge_stock must be asked.

    That is: where few are left, also of what is not counted or made to order.
    """
    available = func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated)
    return (
        select(case((available > LOW, available)))
        .join(StockLocation).where(StockLevel.variant_id == bindparam("variant_id"), StockLocation.is_active)
    )


def select_held(holder_id: ColumnElement[uuid.UUID]) -> Select[int]:
    """Return the statement of how many of the variant `:variant_id` the holder has reserved."""
    return select(func.sum(Reservation.quantity)).where(
        Reservation.holder_id == holder_id, Reservation.variant_id == bindparam("variant_id"),
        Reservation.state == ReservationState.HELD)


def judge_stock(least: StockPolicy | None, most: StockPolicy | None, available: int | None, held: int) -> Availability:
    """Return the availability by a row of select_stock, and what the holder has reserved for itself."""
    if least is None or most is None or available is None:
        return SOLD_OUT
    return _judge({least, most}, int(available) + int(held))


def read_levels(variant_id: int) -> list[LevelRow]:
    """Return the levels of a variant by location, for staff."""
    rows = db.session.execute(
        select(StockLocation.name, StockLevel).join(StockLocation)
        .where(StockLevel.variant_id == variant_id).order_by(StockLocation.id)
    ).all()
    return [LevelRow(name, level.policy, level.on_hand, level.reserved, level.allocated) for name, level in rows]


def read_movements(variant_id: int, limit: int = 50) -> list[StockMovement]:
    """Return the newest movements of a variant, for staff."""
    statement = select(StockMovement).where(StockMovement.variant_id == variant_id)
    return list(db.session.scalars(statement.order_by(StockMovement.id.desc()).limit(limit)))


def _read_held(holder_id: uuid.UUID) -> dict[int, int]:
    rows = db.session.execute(
        select(Reservation.variant_id, func.sum(Reservation.quantity))
        .where(Reservation.holder_id == holder_id, Reservation.state == ReservationState.HELD)
        .group_by(Reservation.variant_id)).all()
    return {variant_id: int(quantity) for variant_id, quantity in rows}


def _judge(policies: set[StockPolicy], available: int) -> Availability:
    if StockPolicy.UNTRACKED in policies:
        return Availability("in_stock", None, "In stock", UNLIMITED)
    if available > LOW:
        return Availability("in_stock", available, "In stock", min(available, UNLIMITED))
    if StockPolicy.CONTINUE in policies:
        state: State = "in_stock" if available > 0 else "backorder"
        text = "In stock" if available > 0 else "Made to order, leaves in two to three weeks"
        return Availability(state, None, text, UNLIMITED)
    if available <= 0:
        return SOLD_OUT
    return Availability("low", available, "The last one" if available == 1 else f"{available} left", available)

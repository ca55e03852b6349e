"""Writes of stock: conditional statements, rows in sorted id order, a movement for each change.

Every statement states its own condition (`WHERE … available >= :q`) and its row count is
the answer; nothing is read first and written later. The CHECKs stand behind them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from storefront.foundation.clock import now
from storefront.foundation.database import add_row, db, execute_counted, transactional
from storefront.foundation.outbox import record
from storefront.inventory.errors import OutOfStock, StockTooLow
from storefront.inventory.events import StockChanged
from storefront.inventory.models import (
    Allocation,
    Reservation,
    ReservationState,
    StockLevel,
    StockLocation,
    StockMovement,
    StockPolicy,
)
from storefront.inventory.queries import LOW, read_availability

RESERVED_FOR = timedelta(minutes=10)


@transactional
def save_location(*, code: str, name: str) -> int:
    """Create or rename a stock location; returns its id."""
    row = db.session.scalar(select(StockLocation).where(StockLocation.code == code)) or StockLocation(code=code)
    row.name = name
    db.session.add(row)
    db.session.flush()
    return row.id


@transactional
def receive_stock(*, variant_id: int, quantity: int, policy: StockPolicy | None = None, actor: str,
                  reason: str = "received", location_code: str = "main") -> None:
    """Add units to a location, making the level when there is none; `policy` is set when given."""
    level = _ensure_level(variant_id, location_code)
    if policy is not None and level.policy is not policy:
        level.policy = policy
        record(StockChanged(variant_id=variant_id))
    db.session.flush()
    if quantity:
        _change(variant_id, level.location_id, on_hand=quantity, reason=reason, actor=actor)


@transactional
def correct_stock(*, variant_id: int, delta: int, actor: str, reason: str, location_code: str = "main") -> None:
    """Change what lies there by a difference, never to an absolute number: a sale meanwhile stays counted.

    Raises StockTooLow when units are gone that are already promised.
    """
    level = _ensure_level(variant_id, location_code)
    db.session.flush()
    if delta and not _change(variant_id, level.location_id, on_hand=delta, reason=reason[:40], actor=actor):
        raise StockTooLow("That many are not there, or are already promised to orders. The stock stays as it was.")


@transactional
def set_policy(*, variant_id: int, policy: StockPolicy, actor: str, location_code: str = "main") -> None:
    """Say what happens when none are left. Raises StockTooLow when more are promised than `deny` allows."""
    level = _ensure_level(variant_id, location_code)
    if level.policy == policy:
        return
    level.policy = policy
    try:
        db.session.flush()
    except IntegrityError:
        raise StockTooLow("More are promised than are there: correct the stock first.") from None
    record(StockChanged(variant_id=variant_id))


@transactional
def reserve_stock(*, order_id: uuid.UUID, holder_id: uuid.UUID, quantities: Mapping[int, int], actor: str,
                  waits: timedelta = RESERVED_FOR) -> None:
    """Hold units for an unpaid order as long as it `waits`, superseding what the order held before.

    `holder_id` is the cart: to itself its held units count as available.
    All or nothing: raises OutOfStock with what is available of each variant that falls short.
    """
    release_reservations(order_id=order_id, actor=actor)
    short = [variant_id for variant_id in sorted(quantities)
             if not _reserve(order_id, holder_id, variant_id, quantities[variant_id], actor=actor, waits=waits)]
    if short:
        left = read_availability(short)
        raise OutOfStock({variant_id: left[variant_id].available or 0 for variant_id in short})


@transactional
def release_reservations(*, order_id: uuid.UUID, actor: str) -> int:
    """Give back what an order holds; returns how many reservations ended. A second call changes nothing."""
    return _end_reservations(order_id, ReservationState.RELEASED, actor)


@transactional
def allocate_stock(*, order_id: uuid.UUID, holder_id: uuid.UUID, quantities: Mapping[int, int], actor: str) -> None:
    """Turn an order's reservations into allocations; what is no longer held is reserved anew first.

    Raises OutOfStock when late money finds the units gone. A second call changes nothing.
    """
    if db.session.scalar(select(Allocation.id).where(Allocation.order_id == order_id).limit(1)) is not None:
        return
    held = _held(order_id)
    if not held:
        reserve_stock(order_id=order_id, holder_id=holder_id, quantities=quantities, actor=actor)
        held = _held(order_id)
    for row in held:
        _expect(execute_counted(
            update(Reservation).where(Reservation.id == row.id, Reservation.state == ReservationState.HELD)
            .values(state=ReservationState.ALLOCATED)))
        _expect(_change(row.variant_id, row.location_id, reserved=-row.quantity, allocated=row.quantity,
                        reason="allocated", actor=actor, order_id=order_id))
        add_row(Allocation, order_id=order_id, variant_id=row.variant_id, location_id=row.location_id,
                quantity=row.quantity)


@transactional
def ship_stock(*, order_id: uuid.UUID, quantities: Mapping[int, int], actor: str) -> None:
    """Take units off the shelf for a fulfillment. Raises StockTooLow beyond what is allocated."""
    for variant_id in sorted(quantities):
        _take_allocated(order_id, variant_id, quantities[variant_id], actor, ships=True)


@transactional
def release_allocations(*, order_id: uuid.UUID, actor: str) -> None:
    """Give a canceled order's unshipped units back; a second call changes nothing."""
    rows = db.session.scalars(select(Allocation).where(Allocation.order_id == order_id)
                              .order_by(Allocation.variant_id)).all()
    for row in rows:
        left = row.quantity - row.shipped_quantity - row.released_quantity
        if left:
            _take_allocated(order_id, row.variant_id, left, actor, ships=False)


@transactional
def release_allocated(*, order_id: uuid.UUID, quantities: Mapping[int, int], actor: str) -> None:
    """Give some of an order's unshipped units back (variant id → quantity). Raises StockTooLow beyond them."""
    for variant_id in sorted(quantities):
        _take_allocated(order_id, variant_id, quantities[variant_id], actor, ships=False)


@transactional
def restock(*, order_id: uuid.UUID, quantities: Mapping[int, int], actor: str) -> None:
    """Put returned units (variant id → quantity) back where they were shipped from, in the order's name."""
    for variant_id in sorted(quantities):
        location_id = db.session.scalar(select(Allocation.location_id).where(
            Allocation.order_id == order_id, Allocation.variant_id == variant_id).order_by(Allocation.id).limit(1))
        if location_id is None or quantities[variant_id] <= 0:
            raise StockTooLow("Only what this order was sent can go back on the shelf.")
        _expect(_change(variant_id, location_id, on_hand=quantities[variant_id], reason="returned", actor=actor,
                        order_id=order_id))


def _reserve(order_id: uuid.UUID, holder_id: uuid.UUID, variant_id: int, quantity: int, *, actor: str,
             waits: timedelta) -> bool:
    """Reserve at the first location that has all of it."""
    places = db.session.scalars(
        select(StockLevel.location_id).join(StockLocation)
        .where(StockLevel.variant_id == variant_id, StockLocation.is_active).order_by(StockLevel.location_id)).all()
    for location_id in places:
        if _change(variant_id, location_id, reserved=quantity, reason="reserved", actor=actor, order_id=order_id):
            add_row(Reservation, order_id=order_id, holder_id=holder_id, variant_id=variant_id,
                    location_id=location_id, quantity=quantity, expires_at=now() + waits)
            return True
    return False


def _end_reservations(order_id: uuid.UUID, state: ReservationState, actor: str) -> int:
    ended = 0
    for row in _held(order_id):
        changed = execute_counted(
            update(Reservation).where(Reservation.id == row.id, Reservation.state == ReservationState.HELD)
            .values(state=state))
        if changed:
            _expect(_change(row.variant_id, row.location_id, reserved=-row.quantity, reason="released", actor=actor,
                            order_id=order_id))
            ended += 1
    return ended


def _held(order_id: uuid.UUID) -> list[Reservation]:
    return list(db.session.scalars(
        select(Reservation).where(Reservation.order_id == order_id, Reservation.state == ReservationState.HELD)
        .order_by(Reservation.variant_id).execution_options(populate_existing=True)))


def _take_allocated(order_id: uuid.UUID, variant_id: int, quantity: int, actor: str, *, ships: bool) -> None:
    row = db.session.scalar(select(Allocation).where(
        Allocation.order_id == order_id, Allocation.variant_id == variant_id))
    column = Allocation.shipped_quantity if ships else Allocation.released_quantity
    taken = row is not None and execute_counted(
        update(Allocation)
        .where(Allocation.id == row.id,
               Allocation.shipped_quantity + Allocation.released_quantity + quantity <= Allocation.quantity)
        .values({column: column + quantity}))
    if row is None or not taken:
        raise StockTooLow("More would leave than this order was promised.")
    reason = "shipped" if ships else "released"
    _expect(_change(variant_id, row.location_id, on_hand=-quantity if ships else 0, allocated=-quantity,
                    reason=reason, actor=actor, order_id=order_id))


def _change(variant_id: int, location_id: int, *, reason: str, actor: str, on_hand: int = 0, reserved: int = 0,
            allocated: int = 0, order_id: uuid.UUID | None = None) -> bool:
    """Change a level by differences when what is available allows it, and write the movement; nothing is read.

    Where the change is seen on pages, that is recorded: the UPDATE itself tells what is available after it.
    """
    after = (StockLevel.on_hand + on_hand) - (StockLevel.reserved + reserved) - (StockLevel.allocated + allocated)
    # What adds to availability always may; what takes from it needs the units, or a policy that sells on.
    frees = on_hand - reserved - allocated >= 0
    condition = [] if frees else [or_(StockLevel.policy != StockPolicy.DENY, after >= 0)]
    changed = db.session.execute(
        update(StockLevel)
        .where(StockLevel.variant_id == variant_id, StockLevel.location_id == location_id, *condition)
        .values(on_hand=StockLevel.on_hand + on_hand, reserved=StockLevel.reserved + reserved,
                allocated=StockLevel.allocated + allocated)
        .returning(StockLevel.policy, StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated),
        execution_options={"synchronize_session": False}).one_or_none()
    if changed is None:
        return False
    policy, available = changed
    _tell(variant_id, policy, available - (on_hand - reserved - allocated), available)
    add_row(StockMovement, variant_id=variant_id, location_id=location_id, on_hand=on_hand, reserved=reserved,
            allocated=allocated, reason=reason, actor=actor, order_id=order_id)
    return True


def _tell(variant_id: int, policy: StockPolicy, before: int, after: int) -> None:
    """Record what pages say otherwise now. Judged by one location: of several, the sum is never nearer to none."""
    if before == after or policy is StockPolicy.UNTRACKED or min(before, after) > LOW:
        return
    is_listed = policy is StockPolicy.DENY and (before > 0) != (after > 0)
    record(StockChanged(variant_id, "variant" if is_listed else "stock"))


def _ensure_level(variant_id: int, location_code: str) -> StockLevel:
    location_id = db.session.scalar(select(StockLocation.id).where(StockLocation.code == location_code))
    if location_id is None:
        location_id = save_location(code=location_code, name="Main stock" if location_code == "main" else location_code)
    level = db.session.scalar(select(StockLevel).where(
        StockLevel.variant_id == variant_id, StockLevel.location_id == location_id))
    if level is None:
        level = StockLevel(variant_id=variant_id, location_id=location_id)
        db.session.add(level)
        db.session.flush()
    return level


def _expect(changed: int | bool) -> None:
    """A row that this transaction holds did not move as it must: undo all of it."""
    if not changed:
        raise RuntimeError("a stock row moved against its ledger")

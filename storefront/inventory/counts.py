"""Counting anew: what a count or an import says lies there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Select, bindparam, func, or_, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.inserts import insert_rows
from storefront.inventory.errors import StockTooLow
from storefront.inventory.models import StockLevel, StockLocation, StockMovement, StockPolicy
from storefront.inventory.services import correct_stock, save_location, set_policy


@transactional
def count_stock(*, variant_id: int, available: int | None, policy: str, actor: str, reason: str) -> None:
    """Say what happens when none are left and make `available` this many by one correcting movement.

    What is reserved and allocated stays so and comes on top. None counts nothing (policy `untracked`).
    Raises StockTooLow when `deny` does not go with what is promised.
    """
    wanted = StockPolicy(policy)
    if wanted is not StockPolicy.DENY:
        set_policy(variant_id=variant_id, policy=wanted, actor=actor)
    if available is not None:
        now_available = db.session.scalar(
            select(func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated))
            .where(StockLevel.variant_id == variant_id)
        )
        correct_stock(variant_id=variant_id, delta=available - int(now_available or 0), actor=actor, reason=reason)
    if wanted is StockPolicy.DENY:
        set_policy(variant_id=variant_id, policy=wanted, actor=actor)


def select_sellable() -> Select[int]:
    """Return the statement of the ids of the variants that can be bought now, for lists of what is in stock."""
    left = StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated > 0
    return (select(StockLevel.variant_id).join(StockLocation)
            .where(StockLocation.is_active, or_(StockLevel.policy != StockPolicy.DENY, left)))


@transactional
def count_new(*, counts: Mapping[int, tuple[int | None, str]], actor: str, reason: str) -> None:
    """Write the first counts of variants that come with a new product: (available or None, policy) by variant id.

    The same rows as count_stock writes, in one statement per table, without events: the product's own says that all
    of it is new. A variant that has a level raises IntegrityError.
    """
    if not counts:
        return
    location_id = db.session.scalar(select(StockLocation.id).where(StockLocation.code == "main"))
    if location_id is None:
        location_id = save_location(code="main", name="Main stock")
    moment = now()
    insert_rows(StockLevel, [
        {"variant_id": variant_id, "location_id": location_id, "policy": StockPolicy(policy),
         "on_hand": available or 0, "reserved": 0, "allocated": 0}
        for variant_id, (available, policy) in counts.items()])
    moved = [{"variant_id": variant_id, "location_id": location_id, "on_hand": available, "reserved": 0,
              "allocated": 0, "reason": reason[:40], "actor": actor, "order_id": None, "created_at": moment}
             for variant_id, (available, _) in counts.items() if available]
    insert_rows(StockMovement, moved)


def read_stock(variant_ids: Collection[int]) -> dict[int, tuple[int, int, str]]:
    """Return (available, promised, policy) of each variant that has a stock level, over all locations."""
    promised = StockLevel.reserved + StockLevel.allocated
    rows = db.session.execute(
        select(StockLevel.variant_id, func.sum(StockLevel.on_hand - promised), func.sum(promised),
               func.min(StockLevel.policy), func.max(StockLevel.policy))
        .where(StockLevel.variant_id.in_(variant_ids)).group_by(StockLevel.variant_id))
    return {row[0]: (int(row[1]), int(row[2]), _policy({row[3], row[4]})) for row in rows}


@transactional
def take_back(*, variant_id: int, units: int, policy: str, actor: str) -> None:
    """Undo a count: as many units as it added go again, by a movement, so that a sale meanwhile stays counted.

    Raises StockTooLow when they are gone, or promised.
    """
    wanted = StockPolicy(policy)
    if wanted is not StockPolicy.DENY:
        set_policy(variant_id=variant_id, policy=wanted, actor=actor)
    if units:
        correct_stock(variant_id=variant_id, delta=-units, actor=actor, reason="import undone")
    if wanted is StockPolicy.DENY:
        set_policy(variant_id=variant_id, policy=wanted, actor=actor)


@transactional
def take_back_new(*, units: Mapping[int, int], actor: str) -> None:
    """Undo the first counts of variants whose product goes out of the shop: all units, by variant id, as they came.

    One statement per table, without events: the product's own says that all of it is gone. Raises StockTooLow, and
    leaves all as it is, when one of them was sold, promised or counted since.
    """
    if not units:
        return
    location_id = db.session.scalar(select(StockLocation.id).where(StockLocation.code == "main"))
    done = db.session.connection().execute(
        update(StockLevel)
        .where(StockLevel.variant_id == bindparam("variant"), StockLevel.location_id == location_id,
               StockLevel.on_hand == bindparam("units"), StockLevel.reserved == 0, StockLevel.allocated == 0)
        .values(on_hand=0),
        [{"variant": variant_id, "units": number} for variant_id, number in units.items()],
        execution_options={"preserve_rowcount": True})
    if done.rowcount != len(units):
        raise StockTooLow("It was sold or counted after the import.")
    moment = now()
    insert_rows(StockMovement, [
        {"variant_id": variant_id, "location_id": location_id, "on_hand": -number, "reserved": 0, "allocated": 0,
         "reason": "import undone", "actor": actor, "order_id": None, "created_at": moment}
        for variant_id, number in units.items() if number])


def _policy(said: set[StockPolicy]) -> str:
    """Return the one policy of a variant's levels; where they differ, the one that sells the most."""
    return next(policy for policy in ("untracked", "continue", "deny") if policy in said)

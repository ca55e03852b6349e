"""Counting anew: what a count or an import says lies there."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select

from storefront.foundation.database import db, transactional
from storefront.inventory.models import StockLevel, StockLocation, StockPolicy
from storefront.inventory.services import correct_stock, set_policy


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

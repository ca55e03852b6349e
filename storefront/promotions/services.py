"""Writes of promotions and their codes. Uses of a code are in redemptions.py, and here for whoever calls them."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select, update

from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, execute_counted, transactional
from storefront.promotions.errors import CodeLimitTooLow, CodeTaken, InvalidPromotion, UnknownPromotion
from storefront.promotions.models import LANES, Promotion, PromotionCode
from storefront.promotions.redemptions import confirm_redemptions, redeem_codes, release_redemptions
from storefront.promotions.spelling import new_code, normalize_code
from storefront.promotions.terms import Benefit, BuyGet, Conditions, PercentOff, ShippingOff, to_json

__all__ = ["add_code", "change_code", "confirm_redemptions", "generate_codes", "redeem_codes",
           "release_redemptions", "save_promotion"]

GROUP = "promotions"
MAX_GENERATED = 1000  # codes at once
WHOLE = 10_000  # basis points in one
logger = logging.getLogger(__name__)


@transactional
def save_promotion(
    *, promotion_id: int | None, name: str, title: str, conditions: Conditions, benefit: Benefit, actor: str,
    lane: int = 5, priority: int = 0, is_active: bool = True, needs_code: bool = False,
    starts_at: datetime | None = None, ends_at: datetime | None = None,
) -> int:
    """Make the promotion (None: a new one) say this and return its id. Orders keep what they were given.

    `starts_at` and `ends_at` are UTC; it applies from the first and no longer from the second. Raises
    InvalidPromotion, UnknownPromotion.
    """
    _check_terms(conditions, benefit)
    if not name.strip() or not title.strip():
        raise InvalidPromotion("A promotion needs a name for staff and a title for shoppers.")
    if not 1 <= lane <= LANES:
        raise InvalidPromotion(f"A lane is a number from 1 to {LANES}.")
    if starts_at and ends_at and ends_at <= starts_at:
        raise InvalidPromotion("A promotion ends after it starts.")
    row = Promotion(benefit={}) if promotion_id is None else db.session.get(Promotion, promotion_id)
    if row is None:
        raise UnknownPromotion
    row.name, row.title, row.lane, row.priority = name.strip()[:120], title.strip()[:80], lane, priority
    row.is_active, row.needs_code, row.starts_at, row.ends_at = is_active, needs_code, starts_at, ends_at
    row.conditions, row.benefit = to_json(conditions), to_json(benefit)
    db.session.add(row)
    db.session.flush()
    invalidate(GROUP)
    logger.info("promotion saved", extra={"promotion_id": row.id, "actor": actor})
    return row.id


@transactional
def add_code(*, promotion_id: int, code: str, usage_limit: int | None = None,
             per_customer_limit: int | None = None, actor: str) -> int:
    """Give the promotion a code and return the code's id. None means without that limit.

    Raises InvalidPromotion for what can be no code or limit, CodeTaken, UnknownPromotion.
    """
    spelled = normalize_code(code)
    if not spelled:
        raise InvalidPromotion("A code has letters, digits and hyphens, at most 40 of them, such as WELCOME10.")
    _check_limits(usage_limit, per_customer_limit)
    if db.session.get(Promotion, promotion_id) is None:
        raise UnknownPromotion
    if db.session.scalar(select(PromotionCode.id).where(PromotionCode.code == spelled)) is not None:
        raise CodeTaken(spelled)
    row = PromotionCode(promotion_id=promotion_id, code=spelled, usage_limit=usage_limit,
                        per_customer_limit=per_customer_limit)
    db.session.add(row)
    db.session.flush()
    logger.info("promotion code added", extra={"code_id": row.id, "actor": actor})
    return row.id


@transactional
def generate_codes(*, promotion_id: int, count: int, prefix: str = "", usage_limit: int | None = 1,
                   per_customer_limit: int | None = None, actor: str) -> list[str]:
    """Make `count` random codes (at most MAX_GENERATED) with the prefix and return them."""
    if not 1 <= count <= MAX_GENERATED:
        raise InvalidPromotion(f"Make 1 to {MAX_GENERATED} codes at once.")
    if prefix and (not normalize_code(prefix) or len(prefix) > 20):
        raise InvalidPromotion("A prefix has letters, digits and hyphens, at most 20 of them.")
    codes = {new_code(normalize_code(prefix)) for _ in range(count)}
    for code in sorted(codes):
        add_code(promotion_id=promotion_id, code=code, usage_limit=usage_limit,
                 per_customer_limit=per_customer_limit, actor=actor)
    return sorted(codes)


@transactional
def change_code(*, code_id: int, usage_limit: int | None, per_customer_limit: int | None, is_active: bool,
                actor: str) -> None:
    """Set the code's limits and whether it counts. Raises CodeLimitTooLow, InvalidPromotion, UnknownPromotion."""
    _check_limits(usage_limit, per_customer_limit)
    mine = PromotionCode.id == code_id
    statement = update(PromotionCode).where(mine)
    if usage_limit is not None:  # asked in the statement itself: others may be using it this moment
        statement = statement.where(PromotionCode.used_count <= usage_limit)
    changed = execute_counted(statement.values(
        usage_limit=usage_limit, per_customer_limit=per_customer_limit, is_active=is_active))
    if not changed:
        used = db.session.scalar(select(PromotionCode.used_count).where(mine))
        raise UnknownPromotion("code") if used is None else CodeLimitTooLow(used)
    logger.info("promotion code changed", extra={"code_id": code_id, "actor": actor})


def _check_limits(usage_limit: int | None, per_customer_limit: int | None) -> None:
    if usage_limit is not None and not 1 <= usage_limit <= 10**9:
        raise InvalidPromotion("A limit is a number above zero. Leave it empty for no limit.")
    if per_customer_limit is not None and not 1 <= per_customer_limit <= 1000:
        raise InvalidPromotion("A limit per customer is a number from 1 to 1000. Leave it empty for no limit.")


def _check_terms(conditions: Conditions, benefit: Benefit) -> None:
    if conditions.minimum_amount < 0 or conditions.minimum_quantity < 0:
        raise InvalidPromotion("A minimum cannot be below zero.")
    if isinstance(benefit, PercentOff | ShippingOff | BuyGet):
        if not 0 < benefit.basis_points <= WHOLE:
            raise InvalidPromotion("A percentage is above 0 and at most 100.")
        if isinstance(benefit, BuyGet) and not (benefit.buy > 0 and benefit.get > 0 and benefit.limit >= 0):
            raise InvalidPromotion("Say how many are to be bought and how many are then given.")
    elif benefit.amount <= 0:
        raise InvalidPromotion("The amount to take off is above zero.")

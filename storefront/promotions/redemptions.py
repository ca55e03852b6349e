"""Uses of codes by orders. The limits hold in the database: a conditional UPDATE for all customers together,
numbered slots under a UNIQUE for each one of them.

Codes are always taken in the order of their ids, and the code's row first: two orders that use the same
codes stand in line and cannot deadlock. No provider is called in these transactions, so the line is short.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.ids import new_uuid
from storefront.promotions.errors import CodeUsedUp, UnknownPromotion
from storefront.promotions.models import PromotionCode, Redemption


@transactional
def redeem_codes(*, order_id: uuid.UUID, code_ids: Collection[int], customer_key: str,
                 holder_id: uuid.UUID | None = None) -> None:
    """Make the order's redemptions exactly these codes; a second call with the same ones changes nothing.

    What the order had redeemed and no longer uses is given back. `customer_key` is spelling.customer_key's;
    `holder_id` is the cart, which may go on counting on what its own unplaced order holds. Raises CodeUsedUp
    when a code's limit, in total or for this customer, is reached.
    """
    held = {row.code_id: row for row in db.session.scalars(
        select(Redemption).where(Redemption.order_id == order_id).execution_options(populate_existing=True))}
    for code_id in sorted({*code_ids, *held}):
        row = held.get(code_id)
        if code_id not in code_ids:
            assert row is not None
            _give_back(row)
            db.session.delete(row)
            db.session.flush()
        elif row is not None and row.released_at is None and row.customer_key == customer_key:
            row.holder_id = holder_id
        else:
            if row is not None:
                _give_back(row)
                db.session.delete(row)
                db.session.flush()
            _redeem(code_id, Redemption(id=new_uuid(), order_id=order_id, customer_key=customer_key,
                                        holder_id=holder_id))


@transactional
def confirm_redemptions(*, order_id: uuid.UUID) -> None:
    """Keep the order's redemptions for good: it is placed. What was given back when it expired is redeemed anew.

    Raises CodeUsedUp when others used it up meanwhile. A second call changes nothing.
    """
    for row in _rows_of(order_id):
        if row.released_at is not None:
            db.session.delete(row)
            db.session.flush()
            _redeem(row.code_id, Redemption(id=new_uuid(), order_id=order_id, customer_key=row.customer_key))
        else:
            row.holder_id = None


@transactional
def release_redemptions(*, order_id: uuid.UUID) -> int:
    """Give back the codes of an order that expired or was canceled; returns how many. A second call gives 0."""
    given = 0
    for row in _rows_of(order_id):
        given += _give_back(row)
    return given


def _rows_of(order_id: uuid.UUID) -> list[Redemption]:
    return list(db.session.scalars(select(Redemption).where(Redemption.order_id == order_id)
                                   .order_by(Redemption.code_id).execution_options(populate_existing=True)))


def _redeem(code_id: int, row: Redemption) -> None:
    """Count one more use and take the customer's next free slot."""
    counted = execute_counted(
        update(PromotionCode)
        .where(PromotionCode.id == code_id,
               or_(PromotionCode.usage_limit.is_(None), PromotionCode.used_count < PromotionCode.usage_limit))
        .values(used_count=PromotionCode.used_count + 1))
    code = db.session.scalar(select(PromotionCode).where(PromotionCode.id == code_id)
                             .execution_options(populate_existing=True))
    if code is None:
        raise UnknownPromotion("code")
    if not counted:
        raise CodeUsedUp(code.code, by_customer=False)
    row.code_id = code_id
    if code.per_customer_limit is None:
        db.session.add(row)
        db.session.flush()
    elif not _take_slot(row, code.per_customer_limit):
        raise CodeUsedUp(code.code, by_customer=True)


def _take_slot(row: Redemption, limit: int) -> bool:
    """Insert the row into one of the customer's free slots; False when there is none."""
    used = db.session.scalars(select(Redemption.slot).where(
        Redemption.code_id == row.code_id, Redemption.customer_key == row.customer_key,
        Redemption.released_at.is_(None))).all()
    if len(used) >= limit:  # also what was used before there was a limit, which has no slot
        return False
    for slot in sorted(set(range(1, limit + 1)) - set(used)):
        row.slot = slot
        try:
            with db.session.begin_nested():
                db.session.add(row)
        except IntegrityError:  # a twin took it between the question and the answer
            continue
        return True
    return False


def _give_back(row: Redemption) -> int:
    """Free the use and its slot, once."""
    released = execute_counted(update(Redemption).where(Redemption.id == row.id, Redemption.released_at.is_(None))
                               .values(released_at=now(), slot=None, holder_id=None))
    if released:
        execute_counted(update(PromotionCode).where(PromotionCode.id == row.code_id)
                        .values(used_count=PromotionCode.used_count - 1))
    return released

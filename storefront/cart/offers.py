"""What a wish to add meets, in one statement: the visitor's cart, its line of the variant, the offer and the stock.

Adding to the cart is the shop's most frequent write, so it is asked in one go and built once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql

from storefront.cart.models import MAX_LINES, MAX_QUANTITY, Cart, CartLine
from storefront.catalog.variants import select_offer
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_alone
from storefront.foundation.ids import new_uuid
from storefront.foundation.shop import facts
from storefront.inventory.queries import judge_stock, select_ample, select_held, select_stock

TOUCHED_EVERY = timedelta(hours=1)  # how often adding marks a cart as used, which costs every index of its row
# The tables and not the classes: rows of plain values cost a third of objects in a session.
cart_table, line_table = cast(Table, Cart.__table__), cast(Table, CartLine.__table__)
carts, lines = cart_table.c, line_table.c


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as the cart may have it; `held` is what the cart's line already holds."""

    name: str
    maximum: int  # the most that this cart may hold
    held: int
    line_id: uuid.UUID | None  # of the line, also of one that was taken out
    seen: int  # the line's quantity, also of one that was taken out
    cart_id: uuid.UUID | None
    touched_at: datetime | None  # when the cart was last marked as used


def read_offer(variant_id: int, *, cart_id: uuid.UUID | None, customer_id: uuid.UUID | None) -> Offer | None:
    """Return the offer to the customer's cart, else to the guest's with that id, and lock the cart's row.

    Without such a cart the ids are None; None is returned for what is not for sale. Whoever waited for the lock may
    have read the line as it was before: a write must ask for `seen`, and read again when it misses.
    """
    who = "customer" if customer_id else "guest" if cart_id else "nobody"
    row = db.session.connection().execute(_select_offer(who), {
        "variant_id": variant_id, "currency": facts().currency, "owner": customer_id or cart_id}).one_or_none()
    if row is None:
        if who == "nobody":
            return None
        # No such cart, or nothing to sell: the question without a cart tells them apart.
        return read_offer(variant_id, cart_id=None, customer_id=None)
    found, touched_at, line_id, quantity, removed_at, name, least, most, available, held = row
    stands = line_id is not None and removed_at is None
    return Offer(
        name=name, maximum=min(judge_stock(least, most, available, held or 0).maximum, MAX_QUANTITY),
        held=quantity if stands else 0, line_id=line_id, seen=quantity or 0, cart_id=found, touched_at=touched_at,
    )


@dataclass(frozen=True, slots=True)
class Added:
    """What add_at_once wrote."""

    cart_id: uuid.UUID
    line_id: uuid.UUID
    quantity: int  # of the whole line
    name: str


def add_at_once(variant_id: int, quantity: int, *, cart_id: uuid.UUID | None,
                customer_id: uuid.UUID | None) -> Added | None:
    """Add to the customer's cart, else to the guest's, in one statement; None when it is not as plain as it mostly is.

    Plain is: the cart is there and marked as used of late, it holds few lines, the thing was not taken out of it
    before, it is on sale and there is plenty. All else changed nothing and is for read_offer to look at, as is all
    on SQLite, which has one writer and no server to save the way to.
    """
    owner = customer_id or cart_id
    if owner is None or db.engine.dialect.name != "postgresql":
        return None
    row = execute_alone(_add_at_once(customer_id is not None), {
        "line": new_uuid(), "variant_id": variant_id, "wanted": quantity, "moment": now(), "owner": owner,
        "recent": now() - TOUCHED_EVERY, "currency": facts().currency})
    return Added(*row) if row else None


@cache
def _add_at_once(is_customer: bool) -> Executable:
    """The cart's row is locked, as every other writer of carts locks it."""
    ample, wanted = select_ample().scalar_subquery(), bindparam("wanted", type_=lines.quantity.type)
    variant = bindparam("variant_id", type_=lines.variant_id.type)
    standing = select(func.count()).where(lines.cart_id == carts.id, lines.removed_at.is_(None)).scalar_subquery()
    found = select(
        bindparam("line", type_=lines.id.type), carts.id, variant, wanted,
        bindparam("moment", type_=lines.added_at.type),
    ).where(
        _is_owned(is_customer), carts.updated_at >= bindparam("recent", type_=carts.updated_at.type),
        standing < MAX_LINES // 2, select_offer().exists(), wanted <= ample,
    ).with_for_update(of=cart_table)
    insertion = postgresql.insert(line_table).from_select(
        ["id", "cart_id", "variant_id", "quantity", "added_at"], found, include_defaults=False)
    whole = lines.quantity + insertion.excluded.quantity
    statement: Executable = insertion.on_conflict_do_update(
        index_elements=["cart_id", "variant_id"], set_={"quantity": whole},
        where=lines.removed_at.is_(None) & (whole <= MAX_QUANTITY) & (whole <= ample),
    ).returning(lines.cart_id, lines.id, lines.quantity, select_offer().scalar_subquery())
    return statement


def _is_owned(is_customer: bool) -> ColumnElement[bool]:
    owner = bindparam("owner", type_=carts.id.type)
    return carts.customer_id == owner if is_customer else (carts.id == owner) & carts.customer_id.is_(None)


@cache
def _select_offer(who: str) -> Select[*tuple[Any, ...]]:
    offer, stock = select_offer().subquery("offer"), select_stock().subquery("stock")
    if who == "nobody":
        nothing = [literal(None)] * 5
        return select(*nothing, offer.c.name, *stock.c, literal(0)).select_from(offer).join(stock, true())
    line = (lines.cart_id == carts.id) & (lines.variant_id == bindparam("variant_id"))
    return (
        select(carts.id, carts.updated_at, lines.id, lines.quantity, lines.removed_at, offer.c.name, *stock.c,
               select_held(carts.id).scalar_subquery())
        .select_from(cart_table.outerjoin(line_table, line).join(offer, true()).join(stock, true()))
        .where(_is_owned(who == "customer")).with_for_update(of=cart_table)
    )


@cache
def insert_line() -> Insert:
    """Return the statement that puts the thing (`:variant`) into the cart (`:cart`) under the id `:line`."""
    return insert(line_table).values(
        id=bindparam("line"), cart_id=bindparam("cart"), variant_id=bindparam("variant"),
        quantity=bindparam("wanted"), added_at=bindparam("moment"))


@cache
def raise_line() -> Update:
    """Return the statement that sets the quantity (`:wanted`) of a line that stands as it was seen (`:seen`)."""
    return _as_seen().where(lines.removed_at.is_(None)).values(quantity=bindparam("wanted"))


@cache
def bring_back_line() -> Update:
    """Return the statement that puts a line back that was taken out, as if it were new."""
    return _as_seen().where(lines.removed_at.is_not(None)).values(
        quantity=bindparam("wanted"), removed_at=None, added_at=bindparam("moment"))


def _as_seen() -> Update:
    return update(line_table).where(lines.id == bindparam("line"), lines.quantity == bindparam("seen"))

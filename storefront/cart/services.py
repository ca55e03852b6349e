"""Writes of carts. Each takes the cart's row first, so two tabs at once stand in line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storefront.cart.codes import bring_codes
from storefront.cart.errors import CartFull, InvalidQuantity, LineGone, NotEnough, NotForSale
from storefront.cart.mirror import drop_after_commit
from storefront.cart.models import MAX_LINES, MAX_QUANTITY, Cart, CartCode, CartLine
from storefront.cart.offers import (
    TOUCHED_EVERY,
    Added,
    Offer,
    add_at_once,
    bring_back_line,
    insert_line,
    raise_line,
    read_offer,
)
from storefront.catalog.queries import read_variants
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.ids import new_uuid
from storefront.inventory.queries import read_availability

GUEST_CARTS_KEPT = timedelta(days=30)  # as long as their cookie, and as the empty cart's page says


@dataclass(frozen=True, slots=True)
class AddResult:
    """What stands in the cart after adding: the line, its whole quantity, a sentence to say."""

    cart_id: uuid.UUID
    line_id: uuid.UUID
    quantity: int
    name: str
    message: str


def add_line(*, cart_id: uuid.UUID | None, customer_id: uuid.UUID | None, variant_id: int, quantity: int) -> AddResult:
    """Add `quantity` to the visitor's cart, which is made when there is none; an unknown id makes a new one.

    One transaction, and mostly one statement. Raises InvalidQuantity, NotForSale, NotEnough (the old quantity
    stays) and CartFull.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidQuantity
    added = add_at_once(variant_id, quantity, cart_id=cart_id, customer_id=customer_id) or _add_in_steps(
        variant_id, quantity, cart_id=cart_id, customer_id=customer_id)
    drop_after_commit(added.cart_id)
    return AddResult(added.cart_id, added.line_id, added.quantity, added.name, f"{added.name} is in your cart.")


@transactional
def _add_in_steps(variant_id: int, quantity: int, *, cart_id: uuid.UUID | None,
                  customer_id: uuid.UUID | None) -> Added:
    added = None
    while added is None:  # twice only when another tab changed the line while we waited for the cart
        offer = read_offer(variant_id, cart_id=cart_id, customer_id=customer_id)
        if offer is None:
            raise NotForSale
        if offer.held + quantity > offer.maximum:
            raise NotEnough(available=offer.maximum, held=offer.held)
        added = _put_offered(offer, variant_id, offer.held + quantity, customer_id)
    return added


@transactional
def change_line(*, cart_id: uuid.UUID | None, line_id: uuid.UUID, quantity: int) -> None:
    """Set the line's quantity; 0 removes it.

    Raises InvalidQuantity, LineGone, NotForSale and NotEnough (the old quantity stays).
    """
    if quantity == 0:
        remove_line(cart_id=cart_id, line_id=line_id)
        return
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidQuantity
    line = _take_line(cart_id, line_id)
    if line.removed_at:
        raise LineGone
    variant = read_variants([line.variant_id]).get(line.variant_id)
    if variant is None or not variant.is_sellable:
        raise NotForSale
    _check_available(line.cart_id, line.variant_id, wanted=quantity, held=line.quantity)
    line.quantity = quantity
    drop_after_commit(line.cart_id)


@transactional
def remove_line(*, cart_id: uuid.UUID | None, line_id: uuid.UUID) -> None:
    """Take the line out of the cart, so that it can be put back; a second call changes nothing.

    Raises LineGone when the cart never had it.
    """
    line = _take_line(cart_id, line_id)
    if line.removed_at is None:
        line.removed_at = now()
        drop_after_commit(line.cart_id)


@transactional
def restore_line(*, cart_id: uuid.UUID | None, line_id: uuid.UUID) -> None:
    """Put a removed line back as it was; a second call changes nothing.

    Raises LineGone and CartFull. Whether there are still enough is said by the cart itself.
    """
    line = _take_line(cart_id, line_id)
    if line.removed_at is not None:
        _check_room(line.cart_id)
        line.removed_at = None
        drop_after_commit(line.cart_id)


@transactional
def merge_carts(*, guest_cart_id: uuid.UUID, customer_id: uuid.UUID) -> list[str]:
    """Bring a guest's cart to the customer: per variant the larger quantity stands, never the sum.

    A second call, at once or later, changes nothing. Returns sentences for the shopper.
    """
    own_id = db.session.scalar(select(Cart.id).where(Cart.customer_id == customer_id))
    if own_id is None:
        if _adopt(guest_cart_id, customer_id):
            drop_after_commit(guest_cart_id)
            return []
        own_id = db.session.scalar(select(Cart.id).where(Cart.customer_id == customer_id))
    # The customer's cart first, then the guest's: two tabs take them in the same order.
    if own_id is None or not _take(own_id, Cart.customer_id == customer_id):
        return []
    if not _take(guest_cart_id, Cart.customer_id.is_(None)):
        return []
    notices = _bring_over(guest_cart_id, own_id)
    bring_codes(guest_cart_id=guest_cart_id, own_id=own_id)
    execute_counted(delete(CartLine).where(CartLine.cart_id == guest_cart_id))
    execute_counted(delete(Cart).where(Cart.id == guest_cart_id, Cart.customer_id.is_(None)))
    drop_after_commit(own_id)
    drop_after_commit(guest_cart_id)
    return notices


@transactional
def take_bought(*, cart_id: uuid.UUID, quantities: Mapping[int, int]) -> None:
    """Take what an order bought (variant id → quantity) out of the cart, and its codes; what was added stays.

    To be called once per order, in the transaction that places it.
    """
    if not _take(cart_id):
        return
    for variant_id, quantity in sorted(quantities.items()):
        mine = (CartLine.cart_id == cart_id, CartLine.variant_id == variant_id, CartLine.removed_at.is_(None))
        execute_counted(delete(CartLine).where(*mine, CartLine.quantity <= quantity))
        execute_counted(
            update(CartLine).where(*mine, CartLine.quantity > quantity).values(quantity=CartLine.quantity - quantity)
        )
    execute_counted(delete(CartCode).where(CartCode.cart_id == cart_id))
    drop_after_commit(cart_id)


@transactional
def forget_carts(*, before: datetime | None = None, limit: int = 500) -> int:
    """Delete guests' carts untouched since `before` (UTC; None: for GUEST_CARTS_KEPT) and return how many.

    Customers keep theirs.
    """
    before = before or now() - GUEST_CARTS_KEPT
    old = select(Cart.id).where(Cart.customer_id.is_(None), Cart.updated_at < before).limit(limit)
    ids = db.session.scalars(old).all()
    execute_counted(delete(CartLine).where(CartLine.cart_id.in_(ids)))
    return execute_counted(
        delete(Cart).where(Cart.id.in_(ids), Cart.customer_id.is_(None), Cart.updated_at < before)
    )


def _take(cart_id: uuid.UUID, *conditions: object) -> bool:
    """Touch the cart's row, which holds off every other writer until the commit, on SQLite and PostgreSQL."""
    statement = update(Cart).where(Cart.id == cart_id, *conditions)  # type: ignore[arg-type]
    return execute_counted(statement.values(updated_at=now())) == 1


def _put_offered(offer: Offer, variant_id: int, wanted: int,
                 customer_id: uuid.UUID | None) -> Added | None:
    """Write the line; None when another tab was quicker."""
    cart_id = offer.cart_id or _open(customer_id)
    if cart_id is None:
        return None
    if offer.touched_at and offer.touched_at < now() - TOUCHED_EVERY:
        _take(cart_id)
    if offer.cart_id and not offer.held:
        _check_room(cart_id)
    line_id = offer.line_id or new_uuid()
    said = {"line": line_id, "wanted": wanted, "seen": offer.seen, "moment": now(), "cart": cart_id,
            "variant": variant_id}
    write = insert_line if offer.line_id is None else raise_line if offer.held else bring_back_line
    return Added(cart_id, line_id, wanted, offer.name) if execute_counted(write(), said) else None


def _open(customer_id: uuid.UUID | None) -> uuid.UUID | None:
    """Open a cart under an id of our own choosing; None when another tab has just opened the customer's."""
    cart_id = new_uuid()
    statement = insert(Cart).values(id=cart_id, customer_id=customer_id)
    if customer_id is None:
        db.session.execute(statement)
        return cart_id
    try:
        with db.session.begin_nested():
            db.session.execute(statement)
    except IntegrityError:
        return None
    return cart_id


def _adopt(guest_cart_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    """Make the guest's cart the customer's, who has none; False when another tab was quicker."""
    statement = update(Cart).where(Cart.id == guest_cart_id, Cart.customer_id.is_(None))
    try:
        with db.session.begin_nested():
            return execute_counted(statement.values(customer_id=customer_id, updated_at=now())) == 1
    except IntegrityError:
        return False


def _take_line(cart_id: uuid.UUID | None, line_id: uuid.UUID) -> CartLine:
    if cart_id is None or not _take(cart_id):
        raise LineGone
    line = db.session.scalar(select(CartLine).where(CartLine.id == line_id, CartLine.cart_id == cart_id))
    if line is None:
        raise LineGone
    return line


def _put(cart_id: uuid.UUID, variant_id: int, quantity: int, line: CartLine | None) -> uuid.UUID:
    if line is None:
        line = CartLine(cart_id=cart_id, variant_id=variant_id, quantity=quantity)
        db.session.add(line)
        db.session.flush()
        return line.id
    if line.removed_at:
        line.removed_at, line.added_at = None, now()
    line.quantity = quantity
    return line.id


def _check_available(cart_id: uuid.UUID, variant_id: int, *, wanted: int, held: int) -> None:
    maximum = min(read_availability([variant_id], cart_id)[variant_id].maximum, MAX_QUANTITY)
    if wanted > maximum:
        raise NotEnough(available=maximum, held=held)


def _check_room(cart_id: uuid.UUID) -> None:
    statement = select(func.count()).where(CartLine.cart_id == cart_id, CartLine.removed_at.is_(None))
    if (db.session.scalar(statement) or 0) >= MAX_LINES:
        raise CartFull(MAX_LINES)


def _bring_over(guest_cart_id: uuid.UUID, own_id: uuid.UUID) -> list[str]:
    rows = db.session.scalars(
        select(CartLine).where(CartLine.cart_id.in_([guest_cart_id, own_id])).order_by(CartLine.added_at)
    ).all()
    own = {row.variant_id: row for row in rows if row.cart_id == own_id}
    standing = [row for row in own.values() if row.removed_at is None]
    guest = [row for row in rows if row.cart_id == guest_cart_id and row.removed_at is None]
    room = MAX_LINES - len(standing)
    has_larger = has_no_room = False
    for row in guest:
        line = own.get(row.variant_id)
        if line is not None and line.removed_at is None:
            has_larger = has_larger or line.quantity != row.quantity
            line.quantity = max(line.quantity, row.quantity)
        elif room > 0:
            _put(own_id, row.variant_id, row.quantity, line)
            room -= 1
        else:
            has_no_room = True
    return _merge_notices(bool(standing and guest), has_larger, has_no_room)


def _merge_notices(has_both: bool, has_larger: bool, has_no_room: bool) -> list[str]:
    notices = []
    if has_both:
        notices.append("Your account had kept a cart from before; both are one now.")
    if has_larger:
        notices.append("Where both held the same thing, the larger quantity stands.")
    if has_no_room:
        notices.append(f"A cart holds {MAX_LINES} different things, so some of them did not fit.")
    return notices

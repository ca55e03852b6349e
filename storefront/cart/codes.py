"""Promotion codes that stand in a cart: entered, taken out, brought along when two carts become one."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select, update

from storefront.cart.errors import CodeRefused, TooManyCodes
from storefront.cart.models import MAX_CODES, Cart, CartCode
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.promotions.queries import Shopper, check_code


@transactional
def enter_code(*, cart_id: uuid.UUID | None, text: str, shopper: Shopper) -> str:
    """Keep the promotion code with the cart and return it as it is kept; a second call changes nothing.

    One that waits for something (a minimum, a delivery) is kept and counts by itself as soon as that is so.
    Raises CodeRefused for none, for one that is unknown, not open now or used up, and TooManyCodes.
    """
    if not text.strip():
        raise CodeRefused("Enter a code first.")
    state = check_code(text, shopper)
    if state.is_refused:
        raise CodeRefused(state.sentence, is_unknown=state.code_id is None)
    if cart_id is None or not execute_counted(update(Cart).where(Cart.id == cart_id).values(updated_at=now())):
        raise CodeRefused("Your cart is empty. Put something in it first, then enter the code.")
    held = db.session.scalars(select(CartCode.code).where(CartCode.cart_id == cart_id)).all()
    if state.code in held:
        return state.code
    if len(held) >= MAX_CODES:
        raise TooManyCodes(MAX_CODES)
    db.session.add(CartCode(cart_id=cart_id, code=state.code))  # the cart's row is held: no other tab does the same
    db.session.flush()
    return state.code


@transactional
def remove_code(*, cart_id: uuid.UUID | None, code_id: uuid.UUID) -> None:
    """Take the code (the id of its row in the cart) out; a second call changes nothing."""
    execute_counted(delete(CartCode).where(CartCode.id == code_id, CartCode.cart_id == cart_id))


def bring_codes(*, guest_cart_id: uuid.UUID, own_id: uuid.UUID) -> None:
    """Bring a guest's codes to the customer's cart, as far as there is room. Inside merge_carts' transaction."""
    own = set(db.session.scalars(select(CartCode.code).where(CartCode.cart_id == own_id)))
    for row in db.session.scalars(select(CartCode).where(CartCode.cart_id == guest_cart_id)
                                  .order_by(CartCode.entered_at, CartCode.id)).all():
        if row.code not in own and len(own) < MAX_CODES:
            row.cart_id = own_id
            own.add(row.code)
    db.session.flush()

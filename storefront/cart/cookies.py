"""Which cart is this visitor's. A guest's is named by a signed cookie, a customer's by the account.

A cookie that is forged, or names a cart that a customer took over, names no cart.
"""

from __future__ import annotations

import functools
import uuid
from datetime import timedelta

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from storefront.accounts.sign_in import current_customer_id
from storefront.cart.queries import count_items, find_cart_id, find_guest_cart_id
from storefront.foundation.hint import cookie_name, drop_hint, show_hint

CART_AGE = timedelta(days=30)  # from the last change; workers forget guests' carts as old


def current_cart_id() -> uuid.UUID | None:
    """Return the id of the visitor's cart, or None while there is none. Reads the session."""
    if "cart_id" not in g:
        customer_id = current_customer_id()
        g.cart_id = find_cart_id(customer_id) if customer_id else _find_guest_cart()
    found: uuid.UUID | None = g.cart_id
    return found


def read_guest_cart_id() -> uuid.UUID | None:
    """Return the id that the cookie holds, unchecked against the database; None when it is not ours."""
    text = request.cookies.get(cookie_name("cart"))
    return _read_signed(text, _keys()) if text else None


def remember_cart(response: Response, cart_id: uuid.UUID, *, is_filled: bool = False) -> None:
    """Send the cookies that fit the cart as it now is; the response becomes one visitor's own.

    `is_filled` says that something is in it, which saves asking.
    """
    g.cart_id = cart_id
    is_customer = current_customer_id() is not None
    if not is_customer:
        response.set_cookie(
            cookie_name("cart"), _write_signed(cart_id, _keys()), max_age=CART_AGE, path="/",
            httponly=True, samesite="Lax", secure=current_app.config["IS_SECURE"],
        )
    if is_customer or is_filled or count_items(cart_id):
        show_hint(response)
    else:
        drop_hint(response)


def forget_guest_cart(response: Response) -> None:
    """Take the guest's cookie away: the cart it named is the customer's now, or gone."""
    response.delete_cookie(cookie_name("cart"), path="/", httponly=True, samesite="Lax",
                           secure=current_app.config["IS_SECURE"])


def _find_guest_cart() -> uuid.UUID | None:
    cart_id = read_guest_cart_id()
    return find_guest_cart_id(cart_id) if cart_id else None


@functools.lru_cache(maxsize=1024)
def _read_signed(text: str, keys: tuple[str, ...]) -> uuid.UUID | None:
    """A cookie comes again with every island; whether it is ours depends on nothing but the keys."""
    try:
        return uuid.UUID(_signer(keys).loads(text))
    except (BadSignature, ValueError, TypeError, AttributeError):
        return None


@functools.lru_cache(maxsize=1024)
def _write_signed(cart_id: uuid.UUID, keys: tuple[str, ...]) -> str:
    return str(_signer(keys).dumps(str(cart_id)))


def _signer(keys: tuple[str, ...]) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt="cart")


def _keys() -> tuple[str, ...]:
    config = current_app.config
    # itsdangerous signs with the last key and accepts all: the fallbacks come first.
    return (*config.get("SECRET_KEY_FALLBACKS", []), config["SECRET_KEY"])

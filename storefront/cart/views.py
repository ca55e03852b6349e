"""Pages of the cart. Each form works without JavaScript: it posts and is led to /cart.

What delivery costs is shipping's to say, which stands above the cart: app.py hands its query
in by `delivery_notes`, so the cart tells a price before anyone asks and knows no carrier. In the same
way `pairings` brings the cards of what goes well with the things in the cart.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, after_this_request, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from storefront.accounts.sign_in import current_customer, current_customer_id
from storefront.cart import services
from storefront.cart.codes import enter_code, remove_code
from storefront.cart.cookies import current_cart_id, forget_guest_cart, read_guest_cart_id, remember_cart
from storefront.cart.errors import CodeRefused, NoSuchCombination
from storefront.cart.forms import Addition, read_addition, read_quantity
from storefront.cart.queries import CartView, RemovedLine, find_removed, read_cart
from storefront.cart.throttle import count_code_try
from storefront.catalog.queries import resolve_variant
from storefront.foundation.errors import ShopError
from storefront.foundation.headers import PRIVATE
from storefront.foundation.htmx import fragments, is_htmx, is_partial
from storefront.foundation.shop import facts
from storefront.promotions.queries import Shopper
from storefront.promotions.spelling import customer_key

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
delivery_notes: list[Callable[[str, str], str]] = []  # (country, currency) → a sentence or nothing
pairings: list[Callable[[Sequence[int]], Sequence[object]]] = []  # product ids → cards (components/card.html)
NOTE = "What delivery costs is said before you pay."


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """A cart is one visitor's: nobody in between may keep the answer."""
    response.headers["Cache-Control"] = PRIVATE
    return response


@blueprint.get("")
def show() -> Response:
    """Show the cart; `?removed=<line>` offers to put that line back."""
    return _answer(removed=_find_removed(request.args.get("removed", "")))


@blueprint.get("/drawer")
def drawer() -> Response:
    """The drawer's content; without htmx the cart itself."""
    return make_response(_drawer()) if is_htmx() else redirect(url_for("cart.show"), 303)


@blueprint.post("/lines")
def add_line() -> Response:
    """Add what the product page's form says."""
    try:
        wish = read_addition(request.form)
        variant_id = _choose_variant(wish)
        # The service itself looks whether the cookie's cart is a guest's: what is true then is what counts.
        result = services.add_line(cart_id=read_guest_cart_id(), customer_id=current_customer_id(),
                                   variant_id=variant_id, quantity=wish.quantity)
    except ShopError as error:
        return _refuse_addition(error)
    if not is_partial():
        flash(result.message, "success")
        response = redirect(url_for("cart.show"), 303)
        remember_cart(response, result.cart_id, is_filled=True)
        return response
    response = make_response("")
    remember_cart(response, result.cart_id, is_filled=True)
    response.set_data(_drawer(added=result.name))
    return response


@blueprint.post("/lines/<uuid:line_id>")
def change_line(line_id: uuid.UUID) -> Response:
    """Set a line's quantity; 0 removes it."""
    try:
        quantity = read_quantity(request.form.get("quantity", ""), minimum=0)
        services.change_line(cart_id=current_cart_id(), line_id=line_id, quantity=quantity)
    except ShopError as error:
        return _answer(error=error, line_id=line_id)
    return _answer_change(line_id if quantity == 0 else None)


@blueprint.post("/lines/<uuid:line_id>/removal")
def remove_line(line_id: uuid.UUID) -> Response:
    """Take a line out."""
    try:
        services.remove_line(cart_id=current_cart_id(), line_id=line_id)
    except ShopError as error:
        return _answer(error=error, line_id=line_id)
    return _answer_change(line_id)


@blueprint.post("/lines/<uuid:line_id>/restoration")
def restore_line(line_id: uuid.UUID) -> Response:
    """Put a removed line back."""
    try:
        services.restore_line(cart_id=current_cart_id(), line_id=line_id)
    except ShopError as error:
        return _answer(error=error, line_id=line_id)
    return _answer_change(None)


@blueprint.post("/codes")
def add_code() -> Response:
    """Keep a promotion code with the cart."""
    text = request.form.get("code", "")
    try:
        count_code_try(current_cart_id(), request.remote_addr or "")
        enter_code(cart_id=current_cart_id(), text=text, shopper=current_shopper())
    except CodeRefused as error:
        hint = " A gift card is taken later, beside the ways to pay." if error.is_unknown else ""
        return _answer(code_error=CodeRefused(f"{error}{hint}"), typed=text)
    except ShopError as error:
        return _answer(code_error=error, typed=text)
    return redirect(url_for("cart.show", _anchor="cart-totals"), 303)


@blueprint.post("/codes/<uuid:code_id>/removal")
def drop_code(code_id: uuid.UUID) -> Response:
    """Take a promotion code out."""
    remove_code(cart_id=current_cart_id(), code_id=code_id)
    return redirect(url_for("cart.show", _anchor="cart-totals"), 303)


def current_shopper() -> Shopper:
    """Return what promotions may know of this visitor before the checkout asks."""
    customer = current_customer()
    return Shopper(customer_key(customer.email) if customer else "", holder_id=current_cart_id())


def merge_on_sign_in(customer_id: uuid.UUID) -> None:
    """Bring the guest's cart to the customer who has just signed in, and tell them what happened."""
    guest_cart_id = read_guest_cart_id()
    if guest_cart_id is None:
        return
    for notice in services.merge_carts(guest_cart_id=guest_cart_id, customer_id=customer_id):
        flash(notice, "info")

    @after_this_request
    def forget(response: Response) -> Response:
        forget_guest_cart(response)
        return response


def _choose_variant(wish: Addition) -> int:
    """Return the variant that has the chosen option values; without choices the one that is named."""
    if not wish.option_value_ids:
        return wish.variant_id
    variant_id = resolve_variant(wish.variant_id, wish.option_value_ids)
    if variant_id is None:
        raise NoSuchCombination
    return variant_id


def _answer_change(removed_id: uuid.UUID | None) -> Response:
    """Answer a change that was made: the lines anew for htmx, a way back to the page for everyone else."""
    if is_partial():
        response = _answer(removed=_find_removed(str(removed_id or "")))
    else:
        response = redirect(url_for("cart.show", removed=removed_id), 303)
    cart_id = current_cart_id()
    if cart_id is not None:
        remember_cart(response, cart_id)
    return response


def _answer(*, removed: RemovedLine | None = None, error: ShopError | None = None,
            line_id: uuid.UUID | None = None, code_error: ShopError | None = None, typed: str = "") -> Response:
    """Answer with the cart as it stands; an error is said at its line or the code's field, else above the lines."""
    cart = _read()
    if error is not None:
        cart = _with_problem(cart, str(error), line_id)
    refused = error or code_error
    status = refused.status if refused else 200
    said: dict[str, Any] = {"cart": cart, "removed": removed, "code_error": str(code_error or ""),
                            "typed_code": typed[:80]}
    if is_partial():
        return fragments("cart/cart.html", ["lines", "totals"], status=status, **said)
    return make_response(render_template("cart/cart.html", goes_with=_find_pairings(cart), **said), status)


def _find_pairings(cart: CartView) -> list[object]:
    """The cards below a cart: for the whole page alone, so that adding and changing wait for none of it."""
    wanted = [cart.variants[line.variant_id].product_id for line in cart.lines if line.is_counted]
    return [card for find in pairings for card in find(wanted)] if wanted else []


def _refuse_addition(error: ShopError) -> Response:
    if is_partial():
        return make_response(_drawer(notice=str(error)), error.status)
    return _answer(error=error)


def _drawer(*, added: str = "", notice: str = "") -> str:
    cart = _read()
    cart = replace(cart, notices=[notice, *cart.notices]) if notice else cart
    return render_template("cart/drawer.html", cart=cart, added=added)


def _read() -> CartView:
    cart = read_cart(current_cart_id(), shopper=current_shopper())
    if not cart.is_sent:
        return replace(cart, delivery_note="Nothing of this is sent by post, so no delivery is charged.")
    notes = [note(facts().country, facts().currency) for note in delivery_notes]
    return replace(cart, delivery_note=" ".join(filter(None, notes)) or NOTE)


def _with_problem(cart: CartView, sentence: str, line_id: uuid.UUID | None) -> CartView:
    if any(line.id == line_id for line in cart.lines):
        lines = [replace(line, problem=sentence) if line.id == line_id else line for line in cart.lines]
        return replace(cart, lines=lines)
    return replace(cart, notices=[sentence, *cart.notices])


def _find_removed(text: str) -> RemovedLine | None:
    cart_id = current_cart_id()
    try:
        return find_removed(cart_id, uuid.UUID(text)) if cart_id else None
    except ValueError:
        return None

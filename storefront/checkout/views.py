"""The checkout's steps, each a page with a form that posts; htmx makes them quicker."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from storefront.accounts.addresses import as_fields
from storefront.accounts.queries import list_addresses, read_customer
from storefront.accounts.sign_in import current_customer_id
from storefront.cart.cookies import current_cart_id
from storefront.cart.throttle import count_code_try
from storefront.checkout.codes import drop_code, forget_code, list_codes, use_code
from storefront.checkout.errors import StepMissing, TooManyAttempts, TotalChanged
from storefront.checkout.forms import ContactForm, EmptyForm, contact_form
from storefront.checkout.queries import (
    CheckoutInfo,
    choose_quotes,
    find_checkout,
    find_completed,
    find_quote,
    first_open_step,
    list_payment_methods,
    list_quotes,
    list_steps,
    read_offer,
    read_review,
    read_summary,
)
from storefront.checkout.services import save_contact, save_delivery, save_payment_method, start_payment
from storefront.checkout.settling import settle
from storefront.checkout.throttle import counting_unpaid, note_paid
from storefront.foundation.errors import ShopError
from storefront.foundation.htmx import fragments, go_to, is_partial
from storefront.inventory.errors import OutOfStock
from storefront.orders.queries import read_order_brief, read_order_view
from storefront.payments.errors import GatewayUnavailable, GiftCardEmpty
from storefront.payments.gateways.port import Shopper
from storefront.payments.gateways.registry import explain_refusal
from storefront.payments.instructions import read_code
from storefront.payments.queries import read_payment
from storefront.promotions.errors import CodeUsedUp
from storefront.shipping.queries import read_served_countries

blueprint = Blueprint("checkout", __name__)
NOBODYS = uuid.UUID(int=0)


@blueprint.get("/checkout")
def start() -> Response:
    """Go to the first step that still needs an answer."""
    return go_to(f"/checkout/{first_open_step(find_checkout(current_cart_id()))}")


@blueprint.route("/checkout/contact", methods=["GET", "POST"])
def contact() -> Response:
    """Ask who buys and where it goes."""
    checkout = _begin("contact")
    if isinstance(checkout, Response):
        return checkout
    form = _contact_form(checkout)
    if request.method == "POST" and form.validate():
        save_contact(cart_id=_cart_id(), customer_id=current_customer_id(), email=form.data["email"],
                     phone=form.data["phone"] or "", shipping_address=as_fields(form.address), billing_address=None)
        return go_to("/checkout/delivery")
    return _page("contact", checkout, form=form, status=422 if form.errors else 200)


@blueprint.post("/checkout/contact/country")
def country() -> Response:
    """Show the fields of another country; nothing is saved and nothing typed is lost."""
    checkout = _begin("contact")
    if isinstance(checkout, Response):
        return checkout
    form = _contact_form(checkout)
    if is_partial():
        return fragments("checkout/contact.html", ["address"], form=form)
    return _page("contact", checkout, form=form)


@blueprint.route("/checkout/delivery", methods=["GET", "POST"])
def delivery() -> Response:
    """Ask how it travels."""
    checkout = _begin("delivery")
    if isinstance(checkout, Response):
        return checkout
    form = EmptyForm()
    if request.method == "POST":
        try:
            save_delivery(cart_id=_cart_id(), code=request.form.get("quote", ""))
            return go_to("/checkout/payment")
        except StepMissing as error:
            form.form_errors.append(str(error))
    return _page("delivery", checkout, form=form, status=422 if form.form_errors else 200)


@blueprint.route("/checkout/payment", methods=["GET", "POST"])
def payment() -> Response:
    """Ask how it is paid."""
    checkout = _begin("payment")
    if isinstance(checkout, Response):
        return checkout
    form = EmptyForm()
    if request.method == "POST":
        try:
            save_payment_method(cart_id=_cart_id(), code=request.form.get("method", ""))
            return go_to("/checkout/review")
        except StepMissing as error:
            form.form_errors.append(str(error))
    return _page("payment", checkout, form=form, status=422 if form.form_errors else 200)


@blueprint.post("/checkout/codes")
def add_code() -> Response:
    """Take a promotion code or a gift card."""
    checkout = _begin("payment")
    if not isinstance(checkout, CheckoutInfo):
        return checkout or go_to("/checkout")
    text = request.form.get("code", "")
    try:
        count_code_try(_cart_id(), request.remote_addr or "")
        use_code(checkout=checkout, text=text)
    except ShopError as error:
        return _page("payment", checkout, form=EmptyForm(), status=error.status, code_error=str(error),
                     typed_code=text[:80])
    return go_to("/checkout/payment")


@blueprint.post("/checkout/codes/<uuid:code_id>/removal")
def remove_code(code_id: uuid.UUID) -> Response:
    """Take a promotion code or a gift card out again."""
    checkout = find_checkout(current_cart_id())
    if checkout is not None:
        drop_code(checkout=checkout, code_id=code_id)
    return go_to("/checkout/payment")


@blueprint.get("/checkout/review")
def review() -> Response:
    """Show all of it once more."""
    checkout = _begin("review")
    return checkout if isinstance(checkout, Response) else _page("review", checkout, form=EmptyForm())


@blueprint.post("/checkout/order")
def order() -> Response:
    """Place the order and go to the payment; pressed again, it leads to the same order."""
    completed = find_completed(request.form.get("checkout", NOBODYS, type=uuid.UUID), current_cart_id())
    if completed is not None:
        return go_to(completed.url)
    checkout = find_checkout(current_cart_id())
    if checkout is None:
        answer = _begin("review")
        return answer if isinstance(answer, Response) else go_to("/checkout")
    form = EmptyForm()
    customer_id = current_customer_id()
    actor = f"customer:{customer_id}" if customer_id else "guest"
    try:
        with counting_unpaid(_cart_id(), request.remote_addr or ""):
            return go_to(start_payment(cart_id=_cart_id(), confirmed_total=_read_total(), actor=actor,
                                       shopper=_read_shopper()))
    except (TotalChanged, TooManyAttempts, GatewayUnavailable, GiftCardEmpty) as error:
        form.form_errors.append(str(error))
        return _page("review", find_checkout(_cart_id()), form=form, status=error.status)
    except CodeUsedUp as error:
        forget_code(checkout=checkout, code=error.code)
        form.form_errors.append(f"{error} We took it out: please look at the new total.")
        return _page("review", find_checkout(_cart_id()), form=form, status=409)
    except (StepMissing, OutOfStock) as error:
        flash(str(error))
        step = error.step if isinstance(error, StepMissing) else "cart"
        return go_to("/cart" if step == "cart" else f"/checkout/{step}")


@blueprint.get("/checkout/return/<uuid:payment_id>")
def returned(payment_id: uuid.UUID) -> Response:
    """Where the provider sends the browser: whatever the address says, the provider is asked."""
    try:
        payment = settle(payment_id=payment_id)
    except GatewayUnavailable:
        payment = None
    bought = read_order_brief((payment or read_payment(payment_id)).order_id)
    if bought.cart_id != current_cart_id():  # this browser does not hold the cart that the order was made from
        # The address may have traveled: it settles the payment for everyone, and shows the order to its buyer alone.
        flash("Thank you. What became of the payment is said in the mail about the order, with a link to its page.")
        return go_to("/cart")
    is_kept = payment is not None and payment.is_open and payment.is_by_hand  # staff will record the money
    if bought.placed_at is not None or is_kept:
        note_paid(_cart_id(), request.remote_addr or "")
        return go_to(f"{bought.url}&new=1")
    if payment is None or payment.is_open:
        if payment is not None and "left" in request.args:  # says no more than where the shopper wants to go
            flash("You have not paid yet, so nothing was charged. Pay now, or choose another way to pay.")
            return go_to("/checkout/payment")
        return _waiting(payment_id)
    if payment.state == "payment_review":
        flash("Your payment arrived, but something about it needs a human. We have been told and write to you soon.")
        return go_to(bought.url)
    flash("The payment was declined, so nothing was charged. Your cart is as it was: try again, or pay another way.")
    return go_to("/checkout/payment")


def _waiting(payment_id: uuid.UUID) -> Response:
    """204 tells htmx that there is no news; the page without JavaScript asks again by itself."""
    if is_partial():
        return Response(status=204)
    payment = read_payment(payment_id)
    scan = read_code(payment)
    template = "checkout/scan.html" if scan else "orders/waiting.html"
    return make_response(render_template(template, order=read_order_view(payment.order_id), scan=scan,
                                         poll_url=url_for("checkout.returned", payment_id=payment_id)))


def _begin(step: str) -> CheckoutInfo | Response | None:
    """Return the checkout when this step may be shown, else the way to the page that comes first."""
    cart = read_summary(current_cart_id(), None)
    if cart.is_empty:
        flash("Your cart is empty, so there is nothing to order yet.")
        return go_to("/cart")
    if not cart.is_orderable:
        flash("Something in your cart has changed. Please look at it before you go on.")
        return go_to("/cart")
    checkout = find_checkout(cart.id)
    keys = [key.key for key in list_steps(checkout, step)]
    first = first_open_step(checkout)
    if keys.index(step) > keys.index(first):
        return go_to(f"/checkout/{first}")
    return checkout


def _page(step: str, checkout: CheckoutInfo | None, *, form: ContactForm | EmptyForm, status: int = 200,
          **said: str) -> Response:
    """Answer with the step: a fragment for htmx, the whole page otherwise."""
    summary = read_summary(current_cart_id(), checkout)
    context: dict[str, Any] = {"form": form, "summary": summary, "steps": list_steps(checkout, step), **said}
    if step == "delivery" and checkout:
        context["quotes"] = choose_quotes(list_quotes(summary, checkout), checkout.shipping_code)
    if step == "payment" and checkout:
        offer = read_offer(summary, checkout)
        context |= {"codes": list_codes(summary, checkout), "methods": list_payment_methods(checkout, offer),
                    "why_none": explain_refusal(offer)}
    if step == "review" and checkout:
        context["review"] = read_review(summary, checkout)
        if context["review"] is None:
            flash("The delivery or the way to pay is not to be had any more. Please choose again.")
            return go_to("/checkout/payment" if find_quote(summary, checkout) else "/checkout/delivery")
    template = f"checkout/{step}.html"
    if is_partial():
        return fragments(template, ["step"], status=status, **context)
    return make_response(render_template(template, **context), status)


def _cart_id() -> uuid.UUID:
    return current_cart_id() or abort(404)


def _contact_form(checkout: CheckoutInfo | None) -> ContactForm:
    """The form of the country asked for, filled with what was typed, said before, or known of the customer."""
    known = _known(checkout)
    sent = request.form if request.method == "POST" else None
    country = (sent or known).get("country", "")
    return contact_form(country, countries=read_served_countries(), formdata=sent, data=known)


def _known(checkout: CheckoutInfo | None) -> dict[str, str]:
    if checkout is not None and checkout.email:
        return {**checkout.shipping_address, "email": checkout.email, "phone": checkout.phone}
    customer_id = current_customer_id()
    customer = read_customer(customer_id) if customer_id else None
    if customer is None:
        return {}
    addresses = list_addresses(customer.id)
    postal = as_fields(addresses[0].postal) if addresses else {"name": customer.name}
    return {**postal, "email": customer.email, "phone": customer.phone}


def _read_total() -> int:
    text = request.form.get("total", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def _read_shopper() -> Shopper:
    """What a provider may ask of the browser: whether it is a phone's, and its address."""
    is_mobile = request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in request.headers.get("User-Agent", "")
    return Shopper(is_mobile=is_mobile, ip=request.remote_addr or "127.0.0.1")

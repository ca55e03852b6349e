"""An order's page for its owner, and the account's orders."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from storefront.accounts.sign_in import current_customer_id, customer_required, signed_in_customer
from storefront.foundation.errors import ShopError
from storefront.orders.queries import OrderView, list_orders, read_order_by_number
from storefront.orders.services import cancel_order

blueprint = Blueprint("orders", __name__)
RECENT = 5


@blueprint.get("/orders/<number>")
def show(number: str) -> Response:
    """Show an order to its customer, or to whoever holds its key; 404 for everyone else."""
    order = _own_order(number)
    page = render_template("orders/order.html", order=order, is_new="new" in request.args,
                           cancel_key=request.args.get("key", ""))
    return _private(make_response(page))


@blueprint.post("/orders/<number>/cancellation")
def cancel(number: str) -> Response:
    """Cancel one's own order while nothing of it has left."""
    order = _own_order(number)
    customer_id = current_customer_id()
    actor = f"customer:{customer_id}" if customer_id else "guest"
    try:
        cancel_order(order_id=order.id, reason="called off by the customer", actor=actor)
        flash("Your order is canceled. What you paid goes back the way it came.")
    except ShopError as error:
        flash(str(error))
    return redirect(order.url, 303)


@blueprint.get("/account")
@customer_required
def account() -> Response:
    """Show the account with the newest orders."""
    customer = signed_in_customer()
    orders = list_orders(customer_id=customer.id, limit=RECENT)
    overview = {"name": customer.name, "email": customer.email, "orders": orders}
    return _private(make_response(render_template("orders/account.html", account=overview)))


@blueprint.get("/account/orders")
@customer_required
def history() -> Response:
    """Show every order of the account."""
    orders = list_orders(customer_id=signed_in_customer().id)
    return _private(make_response(render_template("orders/history.html", orders=orders)))


def _own_order(number: str) -> OrderView:
    return read_order_by_number(number[:40], key=request.args.get("key", ""), customer_id=current_customer_id())


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response

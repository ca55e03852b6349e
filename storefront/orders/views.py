"""An order's page for its owner, and the account's orders."""

from __future__ import annotations

from flask import flash, redirect, request
from werkzeug.wrappers import Response

import storefront.orders.return_views
import storefront.orders.withdrawal_views  # noqa: F401  # both put their pages on the blueprint
from storefront.accounts.sign_in import customer_required, signed_in_customer
from storefront.foundation.errors import ShopError
from storefront.orders.pages import blueprint, current_actor, own_order, private_page
from storefront.orders.queries import list_orders
from storefront.orders.services import cancel_order
from storefront.orders.story import read_story
from storefront.payments.instructions import find_transfer

__all__ = ["blueprint"]
RECENT = 5


@blueprint.get("/orders/<number>")
def show(number: str) -> Response:
    """Show an order to its customer, or to whoever holds its key; 404 for everyone else."""
    order = own_order(number)
    return private_page("orders/order.html", order=order, story=read_story(order.id),
                        how_to_pay=find_transfer(order.id, order.number), is_new="new" in request.args)


@blueprint.post("/orders/<number>/cancellation")
def cancel(number: str) -> Response:
    """Cancel one's own order while nothing of it has left."""
    order = own_order(number)
    try:
        cancel_order(order_id=order.id, reason="called off by the customer", actor=current_actor())
        flash("Your order is canceled. What you paid goes back the way it came." if order.paid.amount
              else "Your order is canceled. Nothing was charged.")
    except ShopError as error:
        flash(str(error))
    return redirect(order.url, 303)


@blueprint.get("/account")
@customer_required
def account() -> Response:
    """Show the account with the newest orders."""
    customer = signed_in_customer()
    orders = list_orders(customer_id=customer.id, limit=RECENT)
    return private_page("orders/account.html",
                        account={"name": customer.name, "email": customer.email, "orders": orders})


@blueprint.get("/account/orders")
@customer_required
def history() -> Response:
    """Show every order of the account."""
    return private_page("orders/history.html", orders=list_orders(customer_id=signed_in_customer().id))

"""The blueprint of orders, and who may open an order's pages."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from storefront.accounts.sign_in import current_customer_id
from storefront.foundation.headers import PRIVATE
from storefront.orders.queries import OrderView, read_order_by_number

blueprint = Blueprint("orders", __name__)


def own_order(number: str) -> OrderView:
    """Return the order to whoever holds its key (`?key=`) or is its customer; NotFound for everyone else."""
    return read_order_by_number(number[:40], key=request.args.get("key", ""), customer_id=current_customer_id())


def current_actor() -> str:
    """Return who asks, as histories name them."""
    customer_id = current_customer_id()
    return f"customer:{customer_id}" if customer_id else "guest"


def private_page(template: str, status: int = 200, **context: object) -> Response:
    """Render a page that belongs to one visitor and is kept nowhere."""
    return private(make_response(render_template(template, **context), status))


def private(response: Response) -> Response:
    """Keep an answer out of every cache."""
    response.headers["Cache-Control"] = PRIVATE
    return response

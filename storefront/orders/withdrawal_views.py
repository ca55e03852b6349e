"""The withdrawal function (Directive 2011/83/EU, Art. 11a): a form, a confirmation, a page that says it is done.

The empty form is the same for everyone. It answers a number and an address that belong together exactly as it
answers any others.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from storefront.accounts.throttle import count_try
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.headers import public_headers
from storefront.foundation.ids import new_uuid
from storefront.orders.forms import Chosen, StatementForm, read_key, read_quantities
from storefront.orders.pages import blueprint, private_page
from storefront.orders.queries import OrderView, read_order_by_number
from storefront.orders.return_states import ReturnState
from storefront.orders.story import read_story
from storefront.orders.withdrawals import WHOLE, find_for_statement, read_withdrawal, state_withdrawal

logger = logging.getLogger(__name__)


@blueprint.get("/withdrawal")
def withdrawal() -> Response:
    """Show the form; with an order's key, filled in and with its lines to choose from."""
    order = _known_order()
    if order is not None:
        return _form(_filled(order), order)
    response = make_response(render_template("orders/withdrawal.html", form=StatementForm(), order=None, problems={},
                                             typed={}, most={}))
    response.headers.update(public_headers(request.path))
    response.add_etag()
    return response.make_conditional(request)


@blueprint.post("/withdrawal")
def check_statement() -> Response:
    """Show what is about to be stated, to be confirmed; or the form again with what needs a look."""
    order, form = _known_order(), StatementForm(request.form)
    chosen = _chosen(order)
    if not form.validate() or chosen.problems:
        return _form(form, order, chosen, 422)
    return private_page("orders/withdrawal_confirm.html", form=form, order=order, quantities=chosen.quantities,
                        scope=_scope(form, order, chosen), statement_id=new_uuid())


@blueprint.post("/withdrawal/statements")
def confirm_statement() -> Response:
    """Keep the confirmed statement; the receipt goes out by mail."""
    order, form = _known_order(), StatementForm(request.form)
    chosen = _chosen(order)
    if not form.validate() or chosen.problems:
        return _form(form, order, chosen, 422)
    statement_id, email = read_key(request.form.get("statement_id")), form.email.data or ""
    try:
        count_try(f"withdrawal {email}", request.remote_addr or "")
    except ShopError as error:
        form.form_errors.append(str(error))
        return _form(form, order, chosen, error.status)
    number = order.number if order else form.order_number.data or ""
    state_withdrawal(
        withdrawal_id=statement_id, order_number=number, name=form.name.data or "", email=email,
        order_id=order.id if order else find_for_statement(order_number=number, email=email),
        scope=_scope(form, order, chosen), quantities=chosen.quantities if order and chosen.quantities else None)
    logger.info("withdrawal stated", extra={"key": str(statement_id)})
    return redirect(url_for("orders.show_statement", statement_id=statement_id), 303)


@blueprint.get("/withdrawal/statements/<uuid:statement_id>")
def show_statement(statement_id: uuid.UUID) -> Response:
    """Say that the statement is here, word for word, with its date and time."""
    return private_page("orders/withdrawal_done.html", statement=read_withdrawal(statement_id))


def _known_order() -> OrderView | None:
    """Return the order whose number and key came along; a wrong pair is as good as none."""
    number, key = request.values.get("order", ""), request.values.get("key", "")
    if not number or not key:
        return None
    try:
        return read_order_by_number(number[:40], key=key)
    except NotFound:
        return None


def _bought(order: OrderView) -> dict[uuid.UUID, int]:
    return {line.id: line.quantity - line.canceled_quantity for line in order.lines}


def _offered(order: OrderView) -> dict[uuid.UUID, int]:
    """What of each line may still be withdrawn from: not what is on its way back, or back already."""
    back = Counter[uuid.UUID]()
    for row in read_story(order.id).returns:
        if row.state not in (ReturnState.REJECTED, ReturnState.CANCELED):
            back.update({line_id: quantity for line_id, _, quantity, _ in row.lines})
    return {line_id: max(count - back[line_id], 0) for line_id, count in _bought(order).items()}


def _chosen(order: OrderView | None) -> Chosen:
    """Read the chosen lines; without a list to choose from it is the whole order."""
    if order is None:
        return Chosen()
    chosen = read_quantities(request.form, _offered(order))
    if not chosen.quantities and any(name.startswith("quantity-") for name in request.form):
        chosen.problems.setdefault(order.lines[0].id, "Choose at least one thing, or go back.")
    return chosen


def _scope(form: StatementForm, order: OrderView | None, chosen: Chosen) -> str:
    if order is None:
        return form.scope.data or WHOLE
    if not chosen.quantities or chosen.quantities == {key: count for key, count in _bought(order).items() if count}:
        return WHOLE
    return "\n".join(f"{chosen.quantities[line.id]} × {' · '.join(filter(None, (line.name, line.variant_title)))}"
                     for line in order.lines if line.id in chosen.quantities)


def _filled(order: OrderView) -> StatementForm:
    return StatementForm(data={"name": order.shipping_lines[0] if order.shipping_lines else "",
                               "order_number": order.number, "email": order.email})


def _form(form: StatementForm, order: OrderView | None, chosen: Chosen | None = None, status: int = 200) -> Response:
    return private_page("orders/withdrawal.html", status, form=form, order=order, typed=request.form,
                        most=_offered(order) if order else {}, problems=chosen.problems if chosen else {})

"""Orders in the panel: found, explained, sent, canceled."""

from __future__ import annotations

import logging
import re
import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import or_, select
from wtforms import FieldList, Form, FormField, HiddenField

from admin.access import actor
from admin.fields import Required, WholeField, line, trimmed
from admin.names import name_actors
from admin.order_lists import read_orders, read_unsent
from admin.views import Answer, PanelView
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.pagination import read_page_number
from storefront.inventory.models import StockMovement
from storefront.notifications.models import Delivery
from storefront.notifications.services import send_message
from storefront.orders.models import Order
from storefront.orders.queries import STATUS, read_order_id, read_order_view
from storefront.orders.services import cancel_order, fulfill_order
from storefront.orders.states import OrderState
from storefront.payments.queries import list_payments

logger = logging.getLogger(__name__)


class SentLineForm(Form):
    """How many of a line leave now."""

    line_id = HiddenField()
    quantity = WholeField("Quantity", high=999)


class FulfillmentForm(Form):
    """What leaves, and with whom."""

    carrier = line("Carrier", most=80, description="Such as An Post. The customer reads it.")
    tracking_number = line("Tracking number", most=120)
    lines = FieldList(FormField(SentLineForm), max_entries=200)


class CancellationForm(Form):
    """Why an order is canceled."""

    reason = line("Reason", Required("Say why: it stands in the order's history."), most=300,
                  description="It stays in the order's history.")


class Orders(PanelView):
    """The list of orders, and one order with all that happened to it."""

    def __init__(self) -> None:
        super().__init__(name="Orders", category="Sales", endpoint="admin_orders", url="/admin/orders")

    @expose("/")
    def index(self) -> str:
        """Orders by state, number or e-mail."""
        words, state = trimmed(request.args.get("q"))[:100], request.args.get("state", "")
        state = state if state in set(OrderState) else ""
        pager, rows = read_orders(words=words, state=state, number=read_page_number(request.args.get("page")))

        def page_url(number: int) -> str:
            return url_for(".index", q=words or None, state=state or None, page=number)

        page: str = self.render(
            "admin/orders/list.html", rows=rows, pager=pager, words=words, state=state, states=STATUS,
            previous_url=page_url(pager.number - 1) if pager.number > 1 else "",
            next_url=page_url(pager.number + 1) if pager.number < pager.pages else "")
        return page

    @expose("/<number>/")
    def show(self, number: str) -> Answer:
        """One order."""
        order_id = _find(number)
        return self._page(order_id, _fulfillment_form(order_id), CancellationForm())

    @expose("/<number>/fulfillments", methods=("POST",))
    def fulfill(self, number: str) -> Answer:
        """Record what has left; the customer is told by mail."""
        order_id = _find(number)
        form = FulfillmentForm(request.form)
        problem = ""
        if form.validate():
            try:
                fulfill_order(order_id=order_id, carrier=form.carrier.data, tracking_number=form.tracking_number.data,
                              actor=actor(), quantities=_quantities(form))
                flash("Recorded. The customer is told that it is on its way.", "success")
                return redirect(url_for(".show", number=number), 303)
            except NotFound:
                raise
            except ShopError as error:
                problem = str(error)
        return self._page(order_id, form, CancellationForm(), problem)

    @expose("/<number>/cancellation", methods=("POST",))
    def cancel(self, number: str) -> Answer:
        """Cancel an order of which nothing has left; its stock is given back."""
        order_id = _find(number)
        form = CancellationForm(request.form)
        problem = ""
        if form.validate():
            try:
                cancel_order(order_id=order_id, reason=form.reason.data, actor=actor())
                flash("The order is canceled and its stock is free again.", "success")
                return redirect(url_for(".show", number=number), 303)
            except NotFound:
                raise
            except ShopError as error:
                problem = str(error)
        return self._page(order_id, _fulfillment_form(order_id), form, problem)

    @expose("/<number>/confirmations", methods=("POST",))
    def confirm(self, number: str) -> Answer:
        """Send the confirmation once more, at once, so that staff see whether it left."""
        view = read_order_view(_find(number))
        if view.placed_at is None:
            raise ShopError("Only an order that was paid has a confirmation.")
        mails = _read_mails(db.session.get_one(Order, view.id))
        count = sum(mail.message == "order_confirmation" for mail in mails)
        db.session.rollback()
        try:
            send_message(message="order_confirmation", reference=f"{view.number} again {count}",
                         recipient=view.email, context={"order": view})
            flash(f"The confirmation is sent to {view.email} once more.", "success")
        except Exception as error:  # whatever the mail server did, staff must read that nothing left
            logger.warning("confirmation not sent again", exc_info=error)
            flash("The mail could not leave. Look at the mail settings, then try again.", "error")
        return redirect(url_for(".show", number=number), 303)

    def _page(self, order_id: uuid.UUID, fulfillment: FulfillmentForm, cancellation: CancellationForm,
              problem: str = "") -> Answer:
        db.session.rollback()
        view, row = read_order_view(order_id), db.session.get_one(Order, order_id)
        movements = _read_movements(order_id)
        actors = name_actors([step.actor for step in row.history] + [move.actor for move in movements])
        unsent = read_unsent(order_id)
        page: str = self.render(
            "admin/orders/show.html", order=view, row=row, movements=movements, actors=actors, unsent=unsent,
            payments=list_payments(order_id), fulfillment=fulfillment, cancellation=cancellation, problem=problem,
            can_fulfill=row.state is OrderState.PLACED and any(unsent.values()), mails=_read_mails(row),
            names={str(line.id): " · ".join(filter(None, (line.name, line.variant_title))) for line in row.lines},
            titles={line.variant_id: " · ".join(filter(None, (line.name, line.variant_title))) for line in row.lines})
        return (page, 422) if request.method == "POST" else page


def _find(number: str) -> uuid.UUID:
    """Return the order's id; raises NotFound for what can be no number."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,20}", number):
        raise NotFound("There is no such order.")
    return read_order_id(number)


def _fulfillment_form(order_id: uuid.UUID) -> FulfillmentForm:
    lines = [{"line_id": str(line_id), "quantity": left} for line_id, left in read_unsent(order_id).items() if left]
    return FulfillmentForm(data={"lines": lines})


def _quantities(form: FulfillmentForm) -> dict[uuid.UUID, int]:
    """Return what leaves by order line; raises ShopError for an id that is none."""
    try:
        return {uuid.UUID(row["line_id"]): row["quantity"] or 0 for row in form.lines.data}
    except ValueError:
        raise ShopError("The form was damaged on its way. Reload the page and try again.") from None


def _read_movements(order_id: uuid.UUID) -> list[Any]:
    return list(db.session.scalars(
        select(StockMovement).where(StockMovement.order_id == order_id).order_by(StockMovement.id)))


def _read_mails(order: Order) -> list[Delivery]:
    return list(db.session.scalars(
        select(Delivery).where(or_(Delivery.reference.startswith(order.number),
                                   Delivery.reference.in_([str(row.id) for row in order.fulfillments])))
        .order_by(Delivery.id)))



"""Orders in the panel: found, explained, sent, canceled. Money and returns are beside it."""

from __future__ import annotations

import logging
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

from admin.access import actor
from admin.fields import trimmed
from admin.order_forms import FulfillmentForm, ReasonForm, SightingForm, read_id, read_lines
from admin.order_lists import read_orders
from admin.order_money import MoneyOfOrders
from admin.order_page import find_order, page_facts, read_mails
from admin.order_returns import ReturnsOfOrders
from admin.views import Answer, PanelView
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.pagination import read_page_number
from storefront.notifications.services import send_message
from storefront.orders.cancellations import cancel_order, cancel_rest
from storefront.orders.forms import read_key
from storefront.orders.fulfillments import fulfill_order, tell_sighting
from storefront.orders.models import Order
from storefront.orders.payment_status import PAYMENT_STATUS, PaymentStatus
from storefront.orders.queries import STATUS, read_order_view
from storefront.orders.states import OrderState
from storefront.orders.story import read_story
from storefront.shipping.carriers.port import ParcelStatus, Sighting

logger = logging.getLogger(__name__)


class Orders(MoneyOfOrders, ReturnsOfOrders, PanelView):
    """The list of orders, and one order with all that happened to it."""

    def __init__(self) -> None:
        super().__init__(name="Orders", category="Sales", endpoint="admin_orders", url="/admin/orders")

    @expose("/")
    def index(self) -> str:
        """Orders by state, payment, number or e-mail."""
        words, state = trimmed(request.args.get("q"))[:100], request.args.get("state", "")
        state, paid = state if state in set(OrderState) else "", request.args.get("paid", "")
        paid = paid if paid in {*PaymentStatus, "parked"} else ""
        pager, rows = read_orders(words=words, state=state, paid=paid,
                                  number=read_page_number(request.args.get("page")))

        def page_url(number: int) -> str:
            return url_for(".index", q=words or None, state=state or None, paid=paid or None, page=number)

        page: str = self.render(
            "admin/orders/list.html", rows=rows, pager=pager, states=STATUS, statuses=PAYMENT_STATUS,
            words=words, state=state, paid=paid,
            previous_url=page_url(pager.number - 1) if pager.number > 1 else "",
            next_url=page_url(pager.number + 1) if pager.number < pager.pages else "")
        return page

    @expose("/<number>/")
    def show(self, number: str) -> Answer:
        """One order."""
        return self.page(number)

    @expose("/<number>/fulfillments", methods=("POST",))
    def fulfill(self, number: str) -> Answer:
        """Record what has left; the customer is told by mail."""
        order_id, form = find_order(number), FulfillmentForm(request.form)

        def send() -> str:
            fulfill_order(order_id=order_id, carrier=form.carrier.data, tracking_number=form.tracking_number.data,
                          tracking_url=form.tracking_url.data, actor=actor(), quantities=read_lines(form.lines.data),
                          fulfillment_id=read_key(form.fulfillment_id.data))
            return "Recorded. The customer is told that it is on its way."

        return self.answer(number, send if form.validate() else None, fulfillment=form)

    @expose("/<number>/fulfillments/<fulfillment_id>/sightings", methods=("POST",))
    def tell(self, number: str, fulfillment_id: str) -> Answer:
        """Write down what staff know of a parcel."""
        order_id, form = find_order(number), SightingForm(request.form)

        def write() -> str:
            row_id = read_id(fulfillment_id)
            if row_id not in {parcel.fulfillment_id for parcel in read_story(order_id).parcels}:
                raise NotFound("There is no such parcel of this order.")
            sighting = Sighting(f"manual:{read_id(form.key.data)}", ParcelStatus(form.status.data), form.text.data,
                                form.place.data, now())
            tell_sighting(fulfillment_id=row_id, sighting=sighting, actor=actor())
            return "Written down. It stands in the customer's timeline."

        return self.answer(number, write if form.validate() else None, sighting=form)

    @expose("/<number>/cancellation", methods=("POST",))
    def cancel(self, number: str) -> Answer:
        """Cancel an order of which nothing has left; its stock and its money are given back."""
        order_id, form = find_order(number), ReasonForm(request.form)

        def call_off() -> str:
            cancel_order(order_id=order_id, reason=form.reason.data, actor=actor())
            return "The order is canceled and its stock is free again."

        return self.answer(number, call_off if form.validate() else None, cancellation=form)

    @expose("/<number>/rest-cancellation", methods=("POST",))
    def cancel_the_rest(self, number: str) -> Answer:
        """Call off what has not left of a partly sent order."""
        order_id, form = find_order(number), ReasonForm(request.form, prefix="rest-")

        def call_off() -> str:
            cancel_rest(order_id=order_id, reason=form.reason.data, actor=actor())
            return "The rest is called off, its stock is free and its money goes back."

        return self.answer(number, call_off if form.validate() else None, rest=form)

    @expose("/<number>/confirmations", methods=("POST",))
    def confirm(self, number: str) -> Answer:
        """Send the confirmation once more, at once, so that staff see whether it left."""
        view = read_order_view(find_order(number))
        if view.placed_at is None:
            raise ShopError("Only an order that was paid has a confirmation.")
        mails = read_mails(db.session.get_one(Order, view.id), read_story(view.id))
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

    def page(self, number: str, status: int = 200, **forms: Any) -> Answer:
        """Render the order's page; forms that are given stand as they were sent."""
        page: str = self.render("admin/orders/show.html", **page_facts(find_order(number), **forms))
        return page if status == 200 else (page, status)

"""What staff do with an order's money: record it, judge it, send it back."""

from __future__ import annotations

import uuid

from flask import request
from flask_admin import expose

from admin.access import actor
from admin.fields import trimmed
from admin.order_actions import Actions
from admin.order_forms import DecisionForm, RefundForm, read_id, read_lines
from admin.order_page import find_order
from admin.views import Answer
from storefront.checkout.reviews import record_money, resolve_payment
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.money import Money
from storefront.orders.models import Order
from storefront.orders.refunds import measure, refund_order
from storefront.payments.queries import list_payments
from storefront.payments.refunds import close_refund, list_refunds, retry_refund


class MoneyOfOrders(Actions):
    """The forms about payments and refunds."""

    @expose("/<number>/refunds", methods=("POST",))
    def refund(self, number: str) -> Answer:
        """Work out a refund, or promise it; the same form twice is one refund."""
        order_id, form = find_order(number), RefundForm(request.form, prefix="refund-")
        if not form.validate():
            return self.page(number, 422, refund=form)
        if "preview" in request.form:
            return self._preview(number, order_id, form)

        def send_back() -> str:
            refund_order(refund_id=read_id(form.refund_id.data), order_id=order_id,
                         quantities=read_lines(form.lines.data), shipping_amount=form.shipping_amount.data or 0,
                         goodwill_amount=form.goodwill_amount.data or 0, reason=form.reason.data, actor=actor())
            return "Promised. The provider is told at once, and the customer by mail."

        return self.answer(number, send_back, refund=form)

    def _preview(self, number: str, order_id: uuid.UUID, form: RefundForm) -> Answer:
        """Show what the form comes to, without promising anything."""
        order = db.session.get_one(Order, order_id)
        try:
            parts = measure(order, read_lines(form.lines.data), shipping_amount=form.shipping_amount.data or 0,
                            goodwill_amount=form.goodwill_amount.data or 0)
        except ShopError as error:
            return self.page(number, 422, refund=form, problem=str(error))
        return self.page(number, refund=form, preview=Money(parts.amount, order.currency))

    @expose("/<number>/refunds/<refund_id>/retrial", methods=("POST",))
    def retry(self, number: str, refund_id: str) -> Answer:
        """Ask the provider once more for a refund that it refused."""
        def again() -> str:
            retry_refund(refund_id=_own_refund(number, refund_id), actor=actor())
            return "The provider is asked again."

        return self.answer_button(number, again)

    @expose("/<number>/refunds/<refund_id>/closing", methods=("POST",))
    def close(self, number: str, refund_id: str) -> Answer:
        """Note that a refused refund was sent another way."""
        def note() -> str:
            said = trimmed(request.form.get("note"))[:300]
            if not said:
                raise ShopError("Say how it was sent, such as by bank transfer on a date.")
            close_refund(refund_id=_own_refund(number, refund_id), note=said, actor=actor())
            return "Noted. The refund counts as sent."

        return self.answer_button(number, note)

    @expose("/<number>/payments/<payment_id>/money", methods=("POST",))
    def record(self, number: str, payment_id: str) -> Answer:
        """Note that the money of a transfer, or of cash on delivery, is here."""
        def note() -> str:
            record_money(payment_id=_own_payment(number, payment_id), actor=actor())
            return "Recorded: the money is here."

        return self.answer_button(number, note)

    @expose("/<number>/payments/<payment_id>/decision", methods=("POST",))
    def decide(self, number: str, payment_id: str) -> Answer:
        """Judge a parked payment."""
        own_id, form = _own_payment(number, payment_id), DecisionForm(request.form)

        def judge() -> str:
            resolve_payment(payment_id=own_id, decision=form.decision.data, reason=form.reason.data, actor=actor())
            return "Decided."

        return self.answer(number, judge if form.validate() else None, decision=form)


def _own_payment(number: str, payment_id: str) -> uuid.UUID:
    """Return the payment's id when it is the order's; raises NotFound."""
    for payment in list_payments(find_order(number)):
        if str(payment.id) == payment_id:
            return payment.id
    raise NotFound("There is no such payment of this order.")


def _own_refund(number: str, refund_id: str) -> uuid.UUID:
    for refund in list_refunds(find_order(number)):
        if str(refund.id) == refund_id:
            return refund.id
    raise NotFound("There is no such refund of this order.")

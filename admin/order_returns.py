"""What staff do with returns: agree or not, receive, put on the shelf again, pay back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import request
from flask_admin import expose

from admin.access import actor
from admin.fields import trimmed
from admin.order_actions import Actions
from admin.order_forms import ReturnRefundForm, read_id
from admin.order_page import find_order
from admin.views import Answer
from storefront.foundation.errors import NotFound, ShopError
from storefront.orders.forms import read_quantities
from storefront.orders.returns import approve_return, receive_return, refund_return, reject_return
from storefront.orders.story import ReturnView, read_story


class ReturnsOfOrders(Actions):
    """The forms about returns."""

    @expose("/<number>/returns/<return_number>/approval", methods=("POST",))
    def approve(self, number: str, return_number: str) -> Answer:
        """Agree; the customer is told where to send it."""
        return self._step(number, return_number, lambda row: approve_return(
            return_id=row.id, actor=actor(), reason=trimmed(request.form.get("reason"))[:300]),
            "Agreed. The customer is told where to send it.")

    @expose("/<number>/returns/<return_number>/rejection", methods=("POST",))
    def reject(self, number: str, return_number: str) -> Answer:
        """Say no, and why."""
        return self._step(number, return_number, lambda row: reject_return(
            return_id=row.id, actor=actor(), reason=trimmed(request.form.get("reason"))[:300]),
            "The customer is told why.")

    @expose("/<number>/returns/<return_number>/receipt", methods=("POST",))
    def receive(self, number: str, return_number: str) -> Answer:
        """Note that the goods are here, and how many of them are as new."""
        def note(row: ReturnView) -> None:
            chosen = read_quantities(request.form, {line_id: count for line_id, _, count, _ in row.lines})
            if chosen.problems:
                raise ShopError("On the shelf can go from none to all of what comes back, in whole numbers.")
            receive_return(return_id=row.id, restocked=chosen.quantities, actor=actor())

        return self._step(number, return_number, note, "Received. Now pay back what it cost.")

    @expose("/<number>/returns/<return_number>/refund", methods=("POST",))
    def pay_back(self, number: str, return_number: str) -> Answer:
        """Pay back what the returned things cost, and what else staff add."""
        form = ReturnRefundForm(request.form)

        def pay(row: ReturnView) -> None:
            if not form.validate():
                raise ShopError("Enter amounts such as 4.50.")
            refund_return(return_id=row.id, refund_id=read_id(form.refund_id.data), actor=actor(),
                          shipping_amount=form.shipping_amount.data or 0,
                          goodwill_amount=form.goodwill_amount.data or 0)

        return self._step(number, return_number, pay,
                          "Promised. The provider is told at once, and the customer by mail.")

    def _step(self, number: str, return_number: str, work: Callable[[ReturnView], None], said: str) -> Answer:
        """Take a step of the order's return; a refusal is said on the page that follows."""
        row = _own_return(find_order(number), return_number)

        def step() -> str:
            work(row)
            return said

        return self.answer_button(number, step)


def _own_return(order_id: uuid.UUID, name: str) -> ReturnView:
    for row in read_story(order_id).returns:
        if row.number == name:
            return row
    raise NotFound("There is no such return of this order.")

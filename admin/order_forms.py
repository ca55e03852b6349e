"""The forms of an order's page: what leaves, what is called off, what goes back, what is known of a parcel."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from wtforms import FieldList, FormField, HiddenField, SelectField

from admin.fields import AmountField, Required, WholeField, check_link, choices, line
from admin.forms import Form
from admin.order_lists import read_unsent
from storefront.checkout.reviews import DECISIONS
from storefront.foundation.errors import ShopError
from storefront.foundation.ids import new_uuid
from storefront.orders.models import Order
from storefront.orders.refunds import refundable_quantity
from storefront.shipping.carriers.port import LABELS

DAMAGED = "The form was damaged on its way. Reload the page and try again."


class LineForm(Form):
    """How many of a line."""

    line_id = HiddenField()
    quantity = WholeField("Quantity", high=999_999)


class FulfillmentForm(Form):
    """What leaves, and with whom."""

    fulfillment_id = HiddenField()  # the same form sent twice is one parcel
    carrier = line("Carrier", most=80, description="Such as An Post. The customer reads it.")
    tracking_number = line("Tracking number", most=120)
    tracking_url = line("Tracking link", most=500, description="Only for a carrier whose page we do not know.")
    lines = FieldList(FormField(LineForm), max_entries=200)

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if self.tracking_url.data:
            try:
                check_link(self, self.tracking_url)
            except ValueError as error:
                self.tracking_url.errors = [*self.tracking_url.errors, str(error)]
                return False
        return fine


class ReasonForm(Form):
    """Why something is called off or refused."""

    reason = line("Reason", Required("Say why: it stands in the order's history."), most=300,
                  description="It stays in the order's history.")


class RefundForm(Form):
    """How much goes back, and what for."""

    refund_id = HiddenField()  # the same form sent twice is one refund
    lines = FieldList(FormField(LineForm), max_entries=200)
    shipping_amount = AmountField("Of the delivery")
    goodwill_amount = AmountField("Goodwill")
    reason = line("Reason", Required("Say why: it stands in the order's history."), most=300,
                  description="For us; the customer reads what it is for.")


class ReturnRefundForm(Form):
    """What goes back beside the returned things themselves."""

    refund_id = HiddenField()
    shipping_amount = AmountField("Of the delivery")
    goodwill_amount = AmountField("Goodwill")


class DecisionForm(Form):
    """What becomes of a parked payment."""

    decision = SelectField("Decision", choices=choices(DECISIONS.items()))
    reason = line("Reason", Required("Say why: it is kept with the payment."), most=300)


class SightingForm(Form):
    """What staff know of a parcel."""

    key = HiddenField()
    status = SelectField("Where it is", choices=choices((status.value, label) for status, label in LABELS.items()))
    text = line("In words", most=200, description="The customer reads it.")
    place = line("Place", most=120)


def fulfillment_form(order_id: uuid.UUID) -> FulfillmentForm:
    """Return the form with all that is left to send."""
    lines = [{"line_id": str(line_id), "quantity": left} for line_id, left in read_unsent(order_id).items() if left]
    return FulfillmentForm(data={"fulfillment_id": str(new_uuid()), "lines": lines})


def refund_form(order: Order) -> RefundForm:
    """Return the form with every line of which something can be refunded."""
    lines = [{"line_id": str(line.id), "quantity": 0} for line in order.lines if refundable_quantity(line)]
    return RefundForm(prefix="refund-", data={"refund_id": str(new_uuid()), "lines": lines})


def read_lines(rows: list[Mapping[str, Any]]) -> dict[uuid.UUID, int]:
    """Return quantities by order line; raises ShopError for an id that is none."""
    try:
        return {uuid.UUID(row["line_id"]): row["quantity"] or 0 for row in rows}
    except ValueError:
        raise ShopError(DAMAGED) from None


def read_id(text: str | None) -> uuid.UUID:
    """Return the id that a hidden field or an address carries; raises ShopError."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        raise ShopError(DAMAGED) from None

"""What the shop tells people after they have bought: where the parcel is, money and goods that go back, receipts."""

from __future__ import annotations

import uuid

from storefront.notifications.services import send_message
from storefront.orders.queries import read_order_view
from storefront.orders.returns import read_return_order
from storefront.orders.story import read_story
from storefront.orders.withdrawals import read_withdrawal
from storefront.shipping.carriers.port import ParcelStatus

# The steps of a parcel that people want to hear of; that it has left is told by send_order_shipped.
TOLD = (ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.READY_FOR_PICKUP, ParcelStatus.DELIVERED, ParcelStatus.PROBLEM,
        ParcelStatus.RETURNED)


def send_parcel_update(*, order_id: uuid.UUID, fulfillment_id: uuid.UUID, status: str) -> bool:
    """Tell the shopper of a step of a parcel; False when it was told before, or the parcel is further by now."""
    parcels = [row for row in read_story(order_id).parcels if row.fulfillment_id == fulfillment_id]
    if status not in TOLD or not parcels or not parcels[0].events or parcels[0].status != status:
        return False
    order = read_order_view(order_id)
    return send_message(message="parcel_update", reference=f"{fulfillment_id}:{status}", recipient=order.email,
                        context={"order": order, "parcel": parcels[0], "status": status})


def send_order_refunded(*, order_id: uuid.UUID, refund_id: uuid.UUID) -> bool:
    """Tell the shopper that money goes back, how much and for what; once for each refund."""
    refunds = [row for row in read_story(order_id).refunds if row.id == refund_id]
    order = read_order_view(order_id)
    return bool(refunds) and send_message(message="order_refunded", reference=str(refund_id), recipient=order.email,
                                          context={"order": order, "refund": refunds[0]})


def send_return_update(*, return_id: uuid.UUID, state: str) -> bool:
    """Tell the shopper of a step of a return; the refund itself is told by send_order_refunded."""
    order_id = read_return_order(return_id)
    row = next(row for row in read_story(order_id).returns if row.id == return_id)
    if row.state != state or state == "refunded":
        return False
    order = read_order_view(order_id)
    return send_message(message="return_update", reference=f"{return_id}:{state}", recipient=order.email,
                        context={"order": order, "row": row})


def send_withdrawal_receipt(*, withdrawal_id: uuid.UUID) -> bool:
    """Send the receipt of a statement of withdrawal: its content, date and time (2011/83/EU, Art. 11a(4))."""
    statement = read_withdrawal(withdrawal_id)
    return send_message(message="withdrawal_receipt", reference=str(withdrawal_id), recipient=statement.email,
                        context={"statement": statement})

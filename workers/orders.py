"""Jobs about what becomes of orders: parcels that move, and the mails about parcels, refunds and returns."""

from __future__ import annotations

from uuid import UUID

from storefront.notifications import order_news
from storefront.orders.fulfillments import list_in_parcel, note_parcel
from storefront.orders.withdrawals import act_on_withdrawal
from storefront.recommendations import services as recommendations
from storefront.shipping import tracking


def count_in(order_id: str) -> None:
    """After OrderPlaced: what was bought together."""
    recommendations.follow_order(order_id=UUID(order_id))


def follow_parcel(parcel_id: str) -> None:
    """After ParcelRegistered."""
    tracking.follow_parcel(parcel_id=UUID(parcel_id))


def apply_message(message_id: int) -> None:
    """After TrackingReceived."""
    tracking.apply_message(message_id=message_id)


def note_arrival(parcel_id: str, status: str) -> None:
    """After ParcelMoved."""
    note_parcel(parcel_id=UUID(parcel_id))


def send_parcel_updates(parcel_id: str, status: str) -> None:
    """After ParcelMoved: whoever has something in the parcel is told."""
    for order_id, fulfillment_id in list_in_parcel(UUID(parcel_id)):
        order_news.send_parcel_update(order_id=order_id, fulfillment_id=fulfillment_id, status=status)


def send_order_refunded(order_id: str, refund_id: str) -> None:
    """After OrderRefunded."""
    order_news.send_order_refunded(order_id=UUID(order_id), refund_id=UUID(refund_id))


def send_return_update(return_id: str, state: str) -> None:
    """After ReturnMoved."""
    order_news.send_return_update(return_id=UUID(return_id), state=state)


def act_on_statement(withdrawal_id: str) -> None:
    """After WithdrawalStated."""
    act_on_withdrawal(withdrawal_id=UUID(withdrawal_id))


def send_withdrawal_receipt(withdrawal_id: str) -> None:
    """After WithdrawalStated."""
    order_news.send_withdrawal_receipt(withdrawal_id=UUID(withdrawal_id))

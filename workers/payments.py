"""Jobs about payments: what a stored webhook leads to, money that goes back, the demo provider's calls."""

from __future__ import annotations

import uuid

from storefront.checkout.services import settle_event
from storefront.payments.services import refund_order, send_demo_webhook


def settle_payment(*, gateway: str, gateway_reference: str) -> None:
    """Settle the payment that a verified webhook is about."""
    settle_event(gateway=gateway, gateway_reference=gateway_reference)


def call_demo_webhook(*, reference: str) -> None:
    """Let the demo provider tell the shop what was decided on its page."""
    send_demo_webhook(reference=reference)


def refund_canceled(*, order_id: str) -> None:
    """Send back what was paid for a canceled order."""
    refund_order(order_id=uuid.UUID(order_id), reason="order canceled")

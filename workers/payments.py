"""Jobs about payments: what a stored webhook leads to, money that goes back, the demo provider's calls."""

from __future__ import annotations

import uuid

from storefront.checkout.settling import settle_event
from storefront.payments import refunds
from storefront.payments.services import send_demo_webhook


def settle_payment(*, gateway: str, gateway_reference: str) -> None:
    """Settle the payment that a verified webhook is about."""
    settle_event(gateway=gateway, gateway_reference=gateway_reference)


def call_demo_webhook(*, reference: str) -> None:
    """Let the demo provider tell the shop what was decided on its page."""
    send_demo_webhook(reference=reference)


def send_refund(*, refund_id: str) -> None:
    """After RefundRequested; one that is still under way is asked about again by the schedule."""
    refunds.send_refund(refund_id=uuid.UUID(refund_id))

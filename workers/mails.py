"""Jobs that send messages. Each may run twice, or twice at once: notifications sends once."""

from __future__ import annotations

from uuid import UUID

from storefront.notifications import services


def send_order_confirmation(order_id: str) -> None:
    """After OrderPlaced."""
    services.send_order_confirmation(order_id=UUID(order_id))


def send_order_canceled(order_id: str) -> None:
    """After OrderCanceled."""
    services.send_order_canceled(order_id=UUID(order_id))


def send_order_shipped(order_id: str, fulfillment_id: str) -> None:
    """After OrderFulfilled."""
    services.send_order_shipped(order_id=UUID(order_id), fulfillment_id=UUID(fulfillment_id))


def send_payment_awaited(payment_id: str) -> None:
    """After PaymentAwaited."""
    services.send_payment_awaited(payment_id=UUID(payment_id))


def send_payment_parked(payment_id: str) -> None:
    """After PaymentParked."""
    services.send_payment_parked(payment_id=UUID(payment_id))


def send_payment_returned(payment_id: str) -> None:
    """After PaymentReturned."""
    services.send_payment_returned(payment_id=UUID(payment_id))


def send_welcome(customer_id: str) -> None:
    """After CustomerRegistered."""
    services.send_welcome(customer_id=UUID(customer_id))


def send_registration_repeated(customer_id: str) -> None:
    """After RegistrationRepeated."""
    services.send_registration_repeated(customer_id=UUID(customer_id))


def send_password_changed(customer_id: str, session_version: int) -> None:
    """After PasswordChanged."""
    services.send_password_changed(customer_id=UUID(customer_id), session_version=session_version)

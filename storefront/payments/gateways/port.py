"""What every gateway does. Amounts are minor units; no gateway is called inside a transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

ProviderState = Literal["open", "processing", "captured", "failed"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What the shop asks a provider to collect. `key` is the idempotency key: our payment's id."""

    key: uuid.UUID
    order_number: str
    amount: int
    currency: str
    return_url: str


@dataclass(frozen=True, slots=True)
class Created:
    """The provider's payment: its id there and the page where the shopper pays."""

    reference: str
    redirect_url: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the provider says about a payment now."""

    reference: str
    state: ProviderState
    order_number: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class WebhookSaid:
    """A verified webhook: the event's id there and the payment that it is about."""

    event_id: str
    reference: str


class Gateway(Protocol):
    """A payment provider."""

    code: str
    name: str
    detail: str

    def create(self, intent: Intent) -> Created:
        """Make the provider's payment; the same key returns the same one. Raises GatewayUnavailable."""

    def fetch(self, reference: str) -> Said:
        """Ask what became of a payment. Raises GatewayUnavailable."""

    def void(self, reference: str) -> Said:
        """Call off an unpaid payment and say what it is now; a captured one stays captured."""

    def refund(self, reference: str, *, key: uuid.UUID, amount: int) -> None:
        """Send a captured amount back; the same key sends it once. Raises GatewayUnavailable."""

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        """Check the signature over the raw body. Raises InvalidWebhook."""

"""What every gateway does. Amounts are minor units; no gateway is called inside a transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

ProviderState = Literal["open", "processing", "authorized", "captured", "failed"]
STOCK_WAITS = timedelta(minutes=10)  # how long units are held for a payment that a browser makes


@dataclass(frozen=True, slots=True)
class Offer:
    """What a checkout wants paid: decides which ways to pay it is shown."""

    currency: str
    country: str  # ISO 3166, of the shipping address; "" when not known yet
    amount: int


@dataclass(frozen=True, slots=True)
class Shopper:
    """What a provider may need to know of the browser that pays."""

    is_mobile: bool = False
    ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the shop asks a provider to collect. `key` is the idempotency key: our payment's id."""

    key: uuid.UUID
    order_number: str
    amount: int
    currency: str
    return_url: str
    email: str = ""
    shopper: Shopper = Shopper()


@dataclass(frozen=True, slots=True)
class Created:
    """The provider's payment: its id there, the page where the shopper pays, and what a page of ours shows."""

    reference: str
    redirect_url: str
    instructions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DisputeSaid:
    """A chargeback as the provider tells of it."""

    reference: str
    state: Literal["open", "won", "lost"]
    amount: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the provider says about a payment now. `account` is whose money it is, as the provider names us."""

    reference: str
    state: ProviderState
    order_number: str
    amount: int
    currency: str
    account: str = ""
    refunded_amount: int = 0
    disputes: Sequence[DisputeSaid] = ()


@dataclass(frozen=True, slots=True)
class RefundSaid:
    """What became of a refund: sent, still on its way, or refused for good (with the provider's words)."""

    reference: str
    state: Literal["refunded", "processing", "failed"]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WebhookSaid:
    """A verified webhook: the event's id there, the payment that it is about, and its kind in their words."""

    event_id: str
    reference: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the provider wants to hear when its event is stored."""

    body: str = ""
    status: int = 204
    content_type: str = "text/plain"


class Gateway(Protocol):
    """A payment provider, or a way to pay that staff settle by hand.

    Calls raise GatewayUnavailable when the provider does not answer or answers nonsense; nothing is then
    known of what happened, and the same call may be repeated with the same key.
    """

    code: str
    name: str
    detail: str
    stock_waits: timedelta  # how long the order's units are held for the money
    is_polled: bool  # False: nobody can be asked, staff record the money
    places_order: bool  # True: the order binds before the money comes (cash on delivery)

    def missing_settings(self) -> Sequence[str]:
        """Return the names of the settings that this gateway still needs; empty when it can be offered."""

    def accepts(self, offer: Offer) -> bool:
        """Tell whether it can take this currency, country and amount."""

    def account(self) -> str:
        """Return how the provider names us; `Said.account` must equal it."""

    def create(self, intent: Intent) -> Created:
        """Make the provider's payment; the same key returns the same one."""

    def fetch(self, reference: str) -> Said:
        """Ask what became of a payment."""

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        """Take money that is authorized; the same key takes it once."""

    def void(self, reference: str) -> Said:
        """Call off a payment that is not captured and say what it is now; a captured one stays captured."""

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        """Send part (`amount`) of a captured `total` back; the same key sends it once."""

    def list_recent(self, since: datetime) -> Iterator[Said]:
        """Yield every payment that the provider captured for us since then, for reconciliation."""

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        """Check the signature over the raw body. Raises InvalidWebhook."""

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        """Return the answer that the provider demands: taken, or refused with a problem."""

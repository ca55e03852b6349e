"""The demo provider: needs no account, takes no money, and behaves like one that does.

Its books are the table payments_demo_intent, which the shop reads through this gateway
only. The shopper answers on its page: accept, decline, slow (captured some seconds later),
or captured while the browser never comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.ids import new_token
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts
from storefront.payments.errors import InvalidWebhook, UnknownGateway
from storefront.payments.events import DemoIntentDecided
from storefront.payments.gateways.port import Created, Intent, ProviderState, Said, WebhookSaid
from storefront.payments.models import DemoIntent

SLOW = timedelta(seconds=8)
SIGNATURE = "Demo-Signature"
# decision on the page: the state that follows
DECISIONS = {"accept": "captured", "decline": "declined", "slow": "processing", "closed": "captured"}
STATES: dict[str, ProviderState] = {
    "open": "open", "processing": "processing", "captured": "captured", "declined": "failed", "voided": "failed",
    "refunded": "captured"}


class DemoGateway:
    """The gateway of the demo provider."""

    code = "demo"
    name = "Demo payment"
    detail = "A pretend provider: try an accepted, declined, slow or abandoned payment. No money moves."

    def create(self, intent: Intent) -> Created:
        reference = _create_intent(intent)
        return Created(reference, f"{facts().site_url}/payments/demo/{reference}")

    def fetch(self, reference: str) -> Said:
        row = read_intent(reference)
        state = STATES[row.state]
        if state == "processing" and row.settles_at is not None and row.settles_at <= now():
            state = "captured"
        return Said(row.reference, state, row.order_number, row.amount, row.currency)

    def void(self, reference: str) -> Said:
        _void_intent(reference)
        return self.fetch(reference)

    def refund(self, reference: str, *, key: uuid.UUID, amount: int) -> None:
        _refund_intent(reference)

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        # As bytes: compare_digest takes no text beyond ASCII, and a forger may send any.
        if not hmac.compare_digest(sign(body).encode(), headers.get(SIGNATURE, "").encode()):
            raise InvalidWebhook("The signature does not fit the body.")
        try:
            said = json.loads(body)
            return WebhookSaid(str(said["id"]), str(said["reference"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InvalidWebhook("The body is not an event.") from None


def sign(body: bytes) -> str:
    """Return the signature that the demo provider puts on a webhook."""
    key = hashlib.sha256(b"demo-provider:" + facts().secret_key.encode()).digest()
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def webhook_body(reference: str) -> bytes:
    """Return the event that the demo provider sends about a decided payment."""
    row = read_intent(reference)
    return json.dumps({"id": f"evt_{row.reference}_{row.state}", "reference": row.reference}).encode()


def read_intent(reference: str) -> DemoIntent:
    """Return the provider's record; raises UnknownGateway where there is none."""
    row = db.session.scalar(select(DemoIntent).where(DemoIntent.reference == reference)
                            .execution_options(populate_existing=True))
    if row is None:
        raise UnknownGateway("The demo provider knows no such payment.")
    return row


@transactional
def decide_intent(*, reference: str, decision: str) -> str:
    """Answer an open payment on the provider's page and return where the browser goes next.

    A second answer changes nothing. For `closed` the browser goes nowhere: returns "".
    """
    row = read_intent(reference)
    if decision not in DECISIONS:
        raise InvalidWebhook("Choose one of the answers on the page.")
    settles_at = now() + SLOW if decision == "slow" else None
    decided = execute_counted(
        update(DemoIntent).where(DemoIntent.reference == reference, DemoIntent.state == "open")
        .values(state=DECISIONS[decision], settles_at=settles_at))
    if decided:
        record(DemoIntentDecided(reference=reference))
    return "" if decision == "closed" else row.return_url


@transactional
def _create_intent(intent: Intent) -> str:
    key = str(intent.key)
    kept = db.session.scalar(select(DemoIntent.reference).where(DemoIntent.idempotency_key == key))
    if kept is not None:
        return kept
    row = DemoIntent(reference=f"demo_{new_token()}", idempotency_key=key, order_number=intent.order_number,
                     amount=intent.amount, currency=intent.currency, return_url=intent.return_url)
    db.session.add(row)
    db.session.flush()
    return row.reference


@transactional
def _void_intent(reference: str) -> None:
    execute_counted(update(DemoIntent).where(DemoIntent.reference == reference, DemoIntent.state == "open")
                    .values(state="voided"))


@transactional
def _refund_intent(reference: str) -> None:
    execute_counted(update(DemoIntent).where(DemoIntent.reference == reference,
                                             DemoIntent.state.in_(["captured", "processing"])).values(state="refunded"))

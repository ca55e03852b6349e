"""The demo provider: needs no account, takes no money, and behaves like one that does.

Its books are the table payments_demo_intent, which the shop reads through this gateway
only. The shopper answers on its page: accept, decline, slow (captured some seconds later),
reserve (authorized, captured by the shop), or captured while the browser never comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.ids import new_token
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts
from storefront.payments.errors import InvalidWebhook, UnknownGateway
from storefront.payments.events import DemoIntentDecided
from storefront.payments.gateways.port import (
    STOCK_WAITS,
    Created,
    Intent,
    Offer,
    ProviderState,
    RefundSaid,
    Said,
    WebhookAnswer,
    WebhookSaid,
)
from storefront.payments.models import DemoIntent

SLOW = timedelta(seconds=8)
SIGNATURE = "Demo-Signature"
# decision on the page: the state that follows
DECISIONS = {"accept": "captured", "decline": "declined", "slow": "processing", "closed": "captured",
             "reserve": "authorized"}
STATES: dict[str, ProviderState] = {
    "open": "open", "processing": "processing", "authorized": "authorized", "captured": "captured",
    "declined": "failed", "voided": "failed"}


class DemoGateway:
    """The gateway of the demo provider."""

    code = "demo"
    name = "Demo payment"
    detail = "A pretend provider: try an accepted, declined, slow or abandoned payment. No money moves."
    stock_waits = STOCK_WAITS
    is_polled = True
    places_order = False

    def missing_settings(self) -> Sequence[str]:
        return ()

    def accepts(self, offer: Offer) -> bool:
        return True

    def account(self) -> str:
        return "demo"

    def create(self, intent: Intent) -> Created:
        reference = _create_intent(intent)
        return Created(reference, f"{facts().site_url}/payments/demo/{reference}")

    def fetch(self, reference: str) -> Said:
        return _said(read_intent(reference))

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        _change_intent(reference, {"authorized"}, "captured")
        return self.fetch(reference)

    def void(self, reference: str) -> Said:
        _change_intent(reference, {"open", "authorized"}, "voided")
        return self.fetch(reference)

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        problem = _refund_intent(reference, str(key), amount)
        return RefundSaid(str(key), "failed" if problem else "refunded", problem)

    def list_recent(self, since: datetime) -> Iterator[Said]:
        rows = db.session.scalars(select(DemoIntent).where(DemoIntent.created_at >= since)
                                  .order_by(DemoIntent.created_at, DemoIntent.reference)).all()
        return (said for said in map(_said, rows) if said.state == "captured")

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        # As bytes: compare_digest takes no text beyond ASCII, and a forger may send any.
        if not hmac.compare_digest(sign(body).encode(), headers.get(SIGNATURE, "").encode()):
            raise InvalidWebhook("The signature does not fit the body.")
        try:
            said = json.loads(body)
            return WebhookSaid(str(said["id"]), str(said["reference"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InvalidWebhook("The body is not an event.") from None

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        return WebhookAnswer(status=400, body=problem) if problem else WebhookAnswer()


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
def _change_intent(reference: str, current: Collection[str], target: str) -> None:
    execute_counted(update(DemoIntent).where(DemoIntent.reference == reference, DemoIntent.state.in_(current))
                    .values(state=target))


@transactional
def _refund_intent(reference: str, key: str, amount: int) -> str:
    """Send money back once per key; returns why not, or "". More than was captured is refused."""
    row = db.session.scalar(select(DemoIntent).where(DemoIntent.reference == reference).with_for_update()
                            .execution_options(populate_existing=True))
    if row is None or STATES[row.state] not in ("captured", "processing"):
        return "Nothing was captured."
    if key in row.refund_keys:
        return ""
    if amount <= 0 or row.refunded_amount + amount > row.amount:
        return "More than was captured cannot go back."
    row.refunded_amount += amount
    row.refund_keys = [*row.refund_keys, key]
    return ""


def _said(row: DemoIntent) -> Said:
    state = STATES[row.state]
    if state == "processing" and row.settles_at is not None and row.settles_at <= now():
        state = "captured"
    return Said(row.reference, state, row.order_number, row.amount, row.currency, "demo", row.refunded_amount)

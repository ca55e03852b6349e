"""What Stripe's objects mean to the shop. Each is a plain dict: a StripeObject is none (`to_dict()` makes it one).

A field that is missing or of another kind raises KeyError, TypeError or ValueError: the answer is nonsense then.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.port import DisputeSaid, ProviderState, RefundSaid, Said, WebhookSaid
from storefront.payments.gateways.stripe_amounts import as_ours

Object = Mapping[str, Any]

# The payment intent decides where there is one; all its other states leave it to the session.
INTENT_STATES: dict[str, ProviderState] = {
    "succeeded": "captured", "requires_capture": "authorized", "processing": "processing", "canceled": "failed"}
# A complete session whose payment is neither here nor under way: a slow method bounced.
SESSION_STATES: dict[str, ProviderState] = {"open": "open", "complete": "failed", "expired": "failed"}
REFUND_STATES: dict[str, Literal["refunded", "processing", "failed"]] = {
    "succeeded": "refunded", "pending": "processing", "requires_action": "processing", "failed": "failed",
    "canceled": "failed"}
# A warning is an inquiry: the bank asks and takes no money yet. Closed, it came to nothing.
DISPUTE_STATES: dict[str, Literal["open", "won", "lost"]] = {
    "needs_response": "open", "under_review": "open", "warning_needs_response": "open",
    "warning_under_review": "open", "warning_closed": "won", "won": "won", "prevented": "won", "lost": "lost"}


def read_session(session: Object, disputes: Sequence[Object] = ()) -> Said:
    """Return what a Checkout Session says, its payment intent and latest charge expanded where there are any."""
    intent = session["payment_intent"]
    intent = intent if isinstance(intent, Mapping) else {}
    state = INTENT_STATES.get(intent.get("status", ""))
    if state is None:
        is_paid = session["payment_status"] in ("paid", "no_payment_required")
        state = "captured" if is_paid else SESSION_STATES[session["status"]]
    has_money = state == "captured" and bool(intent)
    currency = _currency((intent if has_money else session)["currency"])
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    return Said(
        reference=str(session["id"]), state=state, order_number=str(session["client_reference_id"] or ""),
        amount=as_ours(_whole(intent["amount_received"] if has_money else session["amount_total"]), currency),
        currency=currency, account=account_of(session),
        refunded_amount=as_ours(_whole(charge.get("amount_refunded", 0)), currency),
        disputes=tuple(read_dispute(dispute) for dispute in disputes))


def account_of(answer: Object) -> str:
    """Return whose money it is: a test's is nobody's."""
    return {True: "live", False: "test"}[answer["livemode"]]


def intent_of(session: Object) -> str:
    """Return the id of the session's payment intent; "" before the shopper has confirmed."""
    intent = session["payment_intent"]
    return str(intent["id"] if isinstance(intent, Mapping) else intent or "")


def our_words(session: Object) -> dict[str, str]:
    """Return what we wrote on a session of ours; empty when it is another's."""
    written = session["metadata"] or {}
    return {name: str(written[name]) for name in ("order_number", "payment_id")} if "payment_id" in written else {}


def is_disputed(session: Object) -> bool:
    """Tell whether the bank has asked the money back, now or once."""
    intent = session["payment_intent"]
    charge = intent.get("latest_charge") if isinstance(intent, Mapping) else None
    return isinstance(charge, Mapping) and charge.get("disputed") is True


def read_dispute(dispute: Object) -> DisputeSaid:
    """Return what a dispute says; a state that is new to us counts as open."""
    currency = _currency(dispute["currency"])
    return DisputeSaid(str(dispute["id"]), DISPUTE_STATES.get(dispute["status"], "open"),
                       as_ours(_whole(dispute["amount"]), currency), str(dispute["reason"] or ""))


def read_refund(refund: Object) -> RefundSaid:
    """Return what became of a refund, with Stripe's reason where it failed."""
    state = REFUND_STATES[refund["status"]]
    reason = str(refund.get("failure_reason") or refund["status"]).replace("_", " ")
    problem = f"Stripe could not send it: {reason}." if state == "failed" else ""
    return RefundSaid(str(refund["id"]), state, problem)


def read_event(body: bytes, account: str) -> WebhookSaid:
    """Return which event it is and of which payment; raises InvalidWebhook where it says nothing readable.

    The payment is named by our id, which our sessions, intents, charges and refunds carry; else by the
    object's session, its payment intent or itself, so that events that do not concern us are kept as well.
    """
    try:
        event = json.loads(body)
        about = event["data"]["object"]
        subject = _subject(about, is_ours=account_of(event) == account)
        return WebhookSaid(str(event["id"]), subject or str(event["id"]), str(event["type"])[:80])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidWebhook("The body is not an event.") from None


def _subject(about: Object, *, is_ours: bool) -> str:
    metadata = about.get("metadata")
    named = metadata.get("payment_id") if isinstance(metadata, Mapping) else None
    if is_ours and isinstance(named, str) and _is_uuid(named):
        return named
    intent = about.get("payment_intent")
    if about.get("object") in ("charge", "refund", "dispute") and isinstance(intent, str):
        return intent
    return str(about.get("id") or "")


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _currency(value: object) -> str:
    if not isinstance(value, str) or len(value) != 3:
        raise TypeError(f"{value!r} is no currency")
    return value.upper()


def _whole(value: object) -> int:
    """Money is a whole number or the answer is nonsense; True is one to Python."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no amount")
    return value

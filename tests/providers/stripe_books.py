"""The books of the fake Stripe: sessions, payment intents, charges, refunds, disputes, events.

Objects are dicts in the shape of Stripe's API (version 2026-10-28), with the fields that an integration of
hosted checkout reads and a few that it does not. Nested objects are kept by id and expanded on request.
What the shopper, the bank and the merchant's dashboard do are methods here; stripe.py speaks HTTP.
"""

from __future__ import annotations

import copy
import time
from itertools import count
from typing import Any

Object = dict[str, Any]

KINDS = {"cs": "checkout.session", "pi": "payment_intent", "ch": "charge", "re": "refund", "dp": "dispute",
         "evt": "event"}


class Refusal(Exception):
    """An error in Stripe's shape."""

    def __init__(self, message: str, *, code: str = "", status: int = 400, kind: str = "invalid_request_error",
                 param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, **({"code": code} if code else {}),
                               **({"param": param} if param else {})}}


class Books:
    """Everything the fake knows, by id in order of making."""

    def __init__(self, *, livemode: bool = False) -> None:
        self.livemode = livemode
        self.objects: dict[str, Object] = {}
        self.lies: dict[str, Object] = {}  # id: fields that answers say wrongly
        self.refund_status = "succeeded"  # of the refunds made next
        self._numbers = count(1)
        self.started = format(time.time_ns(), "x")[-10:]  # two fakes never give the same id

    # Reading

    def find(self, name: str, prefix: str) -> Object:
        """Return the object; raises Refusal as Stripe does for an unknown id."""
        found = self.objects.get(name)
        if found is None or found["object"] != KINDS[prefix]:
            raise Refusal(f"No such {KINDS[prefix]}: '{name}'", code="resource_missing", status=404, param="id")
        return found

    def every(self, prefix: str) -> list[Object]:
        """Return all objects of a kind, newest first, as Stripe's lists do."""
        return [each for each in reversed(list(self.objects.values())) if each["object"] == KINDS[prefix]]

    def show(self, found: Object, expand: list[str]) -> Object:
        """Return the object as an answer: lies told, nested objects expanded."""
        shown: Object = copy.deepcopy(found) | self.lies.get(found["id"], {})
        deeper: dict[str, list[str]] = {}
        for path in expand:
            first, _, rest = path.partition(".")
            deeper.setdefault(first, []).extend([rest] if rest else [])
        for name, paths in deeper.items():
            if shown.get(name) is not None:
                shown[name] = self.show(self.objects[shown[name]], paths)
        return shown

    # Making

    def make(self, prefix: str, **fields: Any) -> Object:
        number = next(self._numbers)
        mode = ("live_" if self.livemode else "test_") if prefix == "cs" else ""
        made = {"id": f"{prefix}_{mode}{self.started}{number:06d}", "object": KINDS[prefix],
                "created": int(time.time()), **({} if prefix == "re" else {"livemode": self.livemode}), **fields}
        self.objects[made["id"]] = made
        return made

    def tell(self, kind: str, about: Object) -> Object:
        """Write an event with the object as it stands."""
        return self.make("evt", api_version="2026-10-28.endive", type=kind, pending_webhooks=1,
                         request={"id": None, "idempotency_key": None},
                         data={"object": self.show(about, [])})

    # What the shopper and the bank do on the hosted page

    def pay(self, session_id: str, *, is_slow: bool = False) -> None:
        """Pay: captured, or authorized for a manual session; slow: the bank answers later (settle, fail)."""
        session = self._open_session(session_id)
        intent = self._intent_of(session)
        session.update(status="complete", url=None,
                       customer_details={"email": session["customer_email"], "name": "A. Byrne"})
        if is_slow:
            intent["status"] = "processing"
        else:
            self._charge(session, intent)
        self.tell("checkout.session.completed", session)

    def settle(self, session_id: str) -> None:
        """Let a slow payment arrive."""
        session = self.find(session_id, "cs")
        self._charge(session, self.objects[session["payment_intent"]])
        self.tell("checkout.session.async_payment_succeeded", session)

    def fail(self, session_id: str) -> None:
        """Let a slow payment bounce."""
        session = self.find(session_id, "cs")
        intent = self.objects[session["payment_intent"]]
        intent.update(status="requires_payment_method", last_payment_error={"type": "card_error"})
        self.tell("payment_intent.payment_failed", intent)
        self.tell("checkout.session.async_payment_failed", session)

    def decline(self, session_id: str) -> None:
        """Refuse the card: the session stays open and the shopper may try another."""
        session = self._open_session(session_id)
        intent = self._intent_of(session)
        intent.update(status="requires_payment_method",
                      last_payment_error={"type": "card_error", "code": "card_declined"})
        self.tell("payment_intent.payment_failed", intent)

    def expire(self, session_id: str) -> Object:
        """End an open session; raises Refusal for another."""
        session = self._open_session(session_id)
        session.update(status="expired", url=None)
        self.tell("checkout.session.expired", session)
        return session

    def dispute(self, session_id: str, *, amount: int | None = None, status: str = "needs_response") -> Object:
        """Let the shopper's bank take the money back, for now."""
        intent = self.objects[self.find(session_id, "cs")["payment_intent"]]
        charge = self.objects[intent["latest_charge"]]
        charge["disputed"] = True
        dispute = self.make("dp", amount=amount or charge["amount"], currency=charge["currency"],
                            charge=charge["id"], payment_intent=intent["id"], reason="fraudulent", status=status,
                            evidence={}, metadata={}, is_charge_refundable=False, balance_transactions=[])
        self.tell("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute_id: str, status: str) -> None:
        """Let the bank decide: won, lost, warning_closed."""
        dispute = self.find(dispute_id, "dp")
        dispute["status"] = status
        self.tell("charge.dispute.closed", dispute)

    # What the merchant's server (or its dashboard) does

    def capture(self, intent: Object, amount: int | None) -> Object:
        if intent["status"] != "requires_capture":
            raise Refusal(f"This PaymentIntent could not be captured because it has a status of {intent['status']}.",
                          code="payment_intent_unexpected_state")
        taken = intent["amount_capturable"] if amount is None else amount
        if not 0 < taken <= intent["amount_capturable"]:
            raise Refusal("The amount could not be captured: it is more than was authorized.", code="amount_too_large")
        charge = self.objects[intent["latest_charge"]]
        charge.update(captured=True, amount_captured=taken)
        intent.update(status="succeeded", amount_received=taken, amount_capturable=0)
        self.tell("charge.captured", charge)
        self.tell("payment_intent.succeeded", intent)
        return intent

    def cancel(self, intent: Object) -> Object:
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise Refusal(f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
                          code="payment_intent_unexpected_state")
        intent.update(status="canceled", amount_capturable=0, canceled_at=int(time.time()))
        self.tell("payment_intent.canceled", intent)
        return intent

    def refund(self, intent_id: str, amount: int | None, metadata: dict[str, str]) -> Object:
        """Send money back, never more than was captured."""
        intent = self.find(intent_id, "pi")
        charge = self.objects.get(intent["latest_charge"] or "")
        if charge is None or intent["status"] != "succeeded":
            raise Refusal(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                          code="payment_intent_unexpected_state")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left == 0:
            raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if amount is not None and not 0 < amount <= left:
            raise Refusal("Refund amount is greater than unrefunded amount on charge.", param="amount")
        made = self.make("re", amount=amount or left, currency=charge["currency"], charge=charge["id"],
                         payment_intent=intent_id, reason=None, status="pending", metadata=metadata,
                         failure_reason=None)
        self._count_refunds(charge)
        self.tell("refund.created", made)
        self.finish_refund(made["id"], self.refund_status)
        self.tell("charge.refunded", charge)
        return made

    def finish_refund(self, refund_id: str, status: str) -> None:
        """Let a refund end: succeeded, failed, canceled, or wait: pending, requires_action."""
        refund = self.find(refund_id, "re")
        refund.update(status=status, failure_reason="expired_or_canceled_card" if status == "failed" else None)
        self._count_refunds(self.objects[refund["charge"]])
        if status != "succeeded":
            self.tell("refund.failed" if status == "failed" else "refund.updated", refund)

    # Inner

    def _open_session(self, session_id: str) -> Object:
        session = self.find(session_id, "cs")
        if session["status"] == "open" and session["expires_at"] <= time.time():
            session.update(status="expired", url=None)
        if session["status"] != "open":
            raise Refusal("Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session "
                          f"has a status of {session['status']}.")
        return session

    def _intent_of(self, session: Object) -> Object:
        """Stripe makes a session's payment intent when the shopper confirms, not before."""
        if session["payment_intent"] is None:
            data = session["_intent"]
            intent = self.make_intent(session["amount_total"], session["currency"], data.get("metadata", {}),
                                      data.get("capture_method", "automatic_async"))
            session["payment_intent"] = intent["id"]
        return self.objects[session["payment_intent"]]

    def make_intent(self, amount: int, currency: str, metadata: dict[str, str], capture_method: str) -> Object:
        intent = self.make(
            "pi", amount=amount, amount_capturable=0, amount_received=0, currency=currency, metadata=metadata,
            capture_method=capture_method, status="requires_payment_method", latest_charge=None, canceled_at=None,
            last_payment_error=None, payment_method=None, payment_method_types=["card"], description=None,
            next_action=None)
        intent["client_secret"] = f"{intent['id']}_secret_x"
        self.tell("payment_intent.created", intent)
        return intent

    def _charge(self, session: Object, intent: Object) -> None:
        self.charge(intent)
        session["payment_status"] = "unpaid" if intent["status"] == "requires_capture" else "paid"

    def charge(self, intent: Object) -> None:
        """Let the bank say yes: captured, or authorized when the intent is captured by hand."""
        is_manual = intent["capture_method"] == "manual"
        charge = self.make(
            "ch", amount=intent["amount"], amount_captured=0 if is_manual else intent["amount"], amount_refunded=0,
            captured=not is_manual, currency=intent["currency"], disputed=False, paid=True, refunded=False,
            payment_intent=intent["id"], metadata=dict(intent["metadata"]), status="succeeded", description=None)
        intent.update(latest_charge=charge["id"], last_payment_error=None,
                      status="requires_capture" if is_manual else "succeeded",
                      amount_capturable=intent["amount"] if is_manual else 0,
                      amount_received=0 if is_manual else intent["amount"])
        self.tell("charge.succeeded", charge)
        self.tell("payment_intent.amount_capturable_updated" if is_manual else "payment_intent.succeeded", intent)

    def _count_refunds(self, charge: Object) -> None:
        gone = [refund["amount"] for refund in self.every("re")
                if refund["charge"] == charge["id"] and refund["status"] not in ("failed", "canceled")]
        charge.update(amount_refunded=sum(gone), refunded=sum(gone) == charge["amount_captured"])

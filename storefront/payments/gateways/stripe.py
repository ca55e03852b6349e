"""Stripe: the shopper pays on its hosted page (a Checkout Session) and comes back; see docs/payments.md.

A payment is known here by its session's id. Behind the session stands a payment intent, which Stripe makes
when the shopper confirms; both carry our order's number and our payment's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any

from storefront.foundation.clock import now
from storefront.foundation.errors import SettingsError
from storefront.payments.errors import GatewayUnavailable, InvalidWebhook
from storefront.payments.gateways.offering import missing, setting, unreadable
from storefront.payments.gateways.port import (
    STOCK_WAITS,
    Created,
    Intent,
    Offer,
    RefundSaid,
    Said,
    WebhookAnswer,
    WebhookSaid,
)
from storefront.payments.gateways.stripe_amounts import NotChargeable, as_sent, is_chargeable
from storefront.payments.gateways.stripe_answers import (
    intent_of,
    is_disputed,
    our_words,
    read_event,
    read_refund,
    read_session,
)

if TYPE_CHECKING:
    from stripe import StripeClient

OPEN_FOR = timedelta(hours=1)  # no session of ours is open for longer
HELD_FOR = timedelta(days=8)  # authorized money falls back to the shopper by then


class StripeGateway:
    """Stripe's hosted checkout. `timeout`: seconds to connect and to wait for an answer."""

    code = "stripe"
    name = "Card or wallet"
    detail = "You pay on the secure page of Stripe and come back here: cards, wallets and what your country uses."
    stock_waits = STOCK_WAITS
    is_polled = True
    places_order = False

    def __init__(self, timeout: tuple[float, float] = (3, 7)) -> None:
        self.timeout = timeout

    def missing_settings(self) -> Sequence[str]:
        return [*missing("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
                *unreadable("STRIPE_SECRET_KEY", _check_key), *unreadable("STRIPE_WEBHOOK_SECRET", _check_secret),
                *unreadable("STRIPE_CAPTURE", _check_capture)]

    def accepts(self, offer: Offer) -> bool:
        return is_chargeable(offer.amount, offer.currency)

    def account(self) -> str:
        # sk_live_…, or rk_live_… for a restricted key
        return "live" if "k_live_" in setting("STRIPE_SECRET_KEY") else "test"

    def create(self, intent: Intent) -> Created:
        api = _api()
        with api.stripe_client(self.timeout) as client:
            session = api.create_session(client, session_params(intent), str(intent.key), int(now().timestamp()))
            return Created(str(session["id"]), str(session["url"] or ""))

    def fetch(self, reference: str) -> Said:
        """Also by the payment intent's id (`pi_…`), which is all that some events tell."""
        with _api().stripe_client(self.timeout) as client:
            return _ask(client, reference)[0]

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        api = _api()
        with api.stripe_client(self.timeout) as client:
            said, session = _ask(client, reference)
            if said.state != "authorized":
                return said
            with suppress(api.Refused):  # captured or let go a moment ago: what it is now is what counts
                api.capture_intent(client, intent_of(session), f"{key}-capture")
            return _ask(client, reference)[0]

    def void(self, reference: str) -> Said:
        api = _api()
        with api.stripe_client(self.timeout) as client:
            said, session = _ask(client, reference)
            with suppress(api.Refused):  # paid or expired a moment ago
                if said.state == "open":
                    api.expire_session(client, said.reference)
                elif said.state == "authorized":
                    api.cancel_intent(client, intent_of(session))
                else:
                    return said
            said = _ask(client, reference)[0]
        if said.state in ("open", "authorized"):
            raise GatewayUnavailable("The payment is being made right now. Please look again in a minute.")
        return said

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        api = _api()
        with api.stripe_client(self.timeout) as client:
            session = api.find_session(client, reference)
            intent = intent_of(session)
            if not intent:
                return RefundSaid("", "failed", "Nothing was captured at Stripe.")
            # Stripe forgets idempotency keys after a day; a refund carries its key for longer.
            for made in api.list_refunds(client, intent):
                if (made["metadata"] or {}).get("refund_id") == str(key):
                    return read_refund(made)
            try:
                metadata = {"refund_id": str(key), **our_words(session)}
                sent = as_sent(amount, str(session["currency"]).upper())
                params = {"payment_intent": intent, "amount": sent, "metadata": metadata}
                return read_refund(api.create_refund(client, params, str(key)))
            except (NotChargeable, api.Refused) as error:
                return RefundSaid("", "failed", str(error))

    def list_recent(self, since: datetime) -> Iterator[Said]:
        """Those of this shop alone: an account may serve others. Some that were captured shortly before too."""
        before = OPEN_FOR + (HELD_FOR if _is_manual() else timedelta(0))
        api = _api()
        with api.stripe_client(self.timeout) as client:
            for session in api.list_sessions(client, int((since - before).timestamp())):
                if our_words(session):
                    said = _read(client, session)
                    if said.state == "captured":
                        yield said

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        secrets = setting("STRIPE_WEBHOOK_SECRET").replace(",", " ").split()  # two while one is replaced
        if not any(_api().is_signed(body, header, secret) for secret in secrets):
            raise InvalidWebhook("The signature does not fit the body, or it is old.")
        return read_event(body, self.account())

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        return WebhookAnswer(status=400, body=problem) if problem else WebhookAnswer()


def _api() -> ModuleType:
    """The SDK takes a tenth of a second to import: only processes that talk to Stripe pay for it."""
    from storefront.payments.gateways import stripe_client  # noqa: PLC0415

    return stripe_client


def _check_key(key: str) -> None:
    if not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise SettingsError("it is the secret key, which begins with sk_, or a restricted one with rk_")


def _check_secret(secrets: str) -> None:
    if not all(secret.startswith("whsec_") for secret in secrets.replace(",", " ").split()):
        raise SettingsError("it is the endpoint's signing secret, which begins with whsec_")


def _check_capture(capture: str) -> None:
    if capture not in ("manual", "automatic"):
        raise SettingsError("it is manual or automatic")


def _is_manual() -> bool:
    return setting("STRIPE_CAPTURE") == "manual"


def session_params(intent: Intent) -> dict[str, Any]:
    """Return what Stripe is told of a payment; raises NotChargeable."""
    amount = as_sent(intent.amount, intent.currency)
    ours = {"order_number": intent.order_number, "payment_id": str(intent.key)}
    what = f"Order {intent.order_number}"
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": {
            "currency": intent.currency.lower(), "unit_amount": amount, "product_data": {"name": what}}}],
        "client_reference_id": intent.order_number,
        "metadata": ours,
        "payment_intent_data": {"metadata": ours, "description": what,
                                **({"capture_method": "manual"} if _is_manual() else {})},
        # Else Stripe may charge in the shopper's own currency, and the amount is not ours any more.
        "adaptive_pricing": {"enabled": False},
        "success_url": intent.return_url,
        "cancel_url": f"{intent.return_url}?left=1",
        **({"customer_email": intent.email} if intent.email else {}),
    }


def _ask(client: StripeClient, reference: str) -> tuple[Said, dict[str, Any]]:
    session = _api().find_session(client, reference)
    return _read(client, session), session


def _read(client: StripeClient, session: dict[str, Any]) -> Said:
    disputes = _api().list_disputes(client, intent_of(session)) if is_disputed(session) else []
    return read_session(session, disputes)

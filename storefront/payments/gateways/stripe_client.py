"""The calls to Stripe's API over its SDK; answers are plain dicts. Loaded at the first call: the SDK is large.

Whatever goes wrong becomes a sentence for a person and a line for the log. Calls are short and repeated once;
after that the caller may ask again with the same key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from stripe import StripeClient

from storefront.payments.errors import GatewayUnavailable, UnknownGateway
from storefront.payments.gateways.offering import setting
from storefront.payments.gateways.stripe_amounts import NotChargeable

VERSION = "2026-10-28.endive"  # of the API: what stripe_answers.py reads; change it together with the SDK
TOLERANCE = 300  # seconds that a webhook may be old
STEP = 15 * 60  # seconds; see expiries
LEAST_LIFE = 31 * 60  # seconds: Stripe's shortest session lives half an hour
SILENT = ("The payment provider does not answer at the moment. As far as we know nothing was charged; "
          "please try again in a minute.")
REFUSED = "The payment provider did not take this payment, so nothing was charged. Please choose another way to pay."

Object = dict[str, Any]
# The SDK's own annotations of parameters are per call and thousands of lines; ours are plain.
Params = Any

logger = logging.getLogger(__name__)


class Refused(Exception):
    """Stripe will not do this, now or later; the text is Stripe's."""


@contextmanager
def stripe_client(timeout: tuple[float, float]) -> Iterator[StripeClient]:
    """Give the client. `timeout`: seconds to connect and to wait. Raises GatewayUnavailable or UnknownGateway."""
    try:
        yield _make_client(setting("STRIPE_SECRET_KEY"), setting("STRIPE_API_BASE"), timeout)
    except (Refused, NotChargeable) as error:
        raise GatewayUnavailable(REFUSED) from error
    except stripe.StripeError as error:
        _note(error)
        if error.code == "resource_missing":
            raise UnknownGateway("Stripe knows no such payment.") from error
        raise GatewayUnavailable(SILENT) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        logger.warning("stripe answered nonsense", extra={"problem": repr(error)})
        raise GatewayUnavailable(SILENT) from error


@lru_cache(maxsize=4)
def _make_client(key: str, base: str, timeout: tuple[float, float]) -> StripeClient:
    """One for the process: it keeps its connection to Stripe open between calls."""
    return StripeClient(
        key, stripe_version=VERSION, base_addresses={"api": base.rstrip("/")} if base else {},
        http_client=stripe.RequestsClient(timeout=timeout), max_network_retries=1)


def create_session(client: StripeClient, params: Mapping[str, Any], key: str, at: int) -> Object:
    """Make a session, or return the one that the key has made. `at`: epoch seconds, now. Raises Refused."""
    for expires_at in expiries(at):
        try:
            return _post_session(client, {**params, "expires_at": expires_at}, key)
        except stripe.IdempotencyError:
            continue  # made under this key some minutes ago, when it was to end earlier
    raise Refused("The key has made another session, long ago.")


def find_session(client: StripeClient, reference: str) -> Object:
    """Return the session with its payment; also by the payment intent's id (`pi_…`), all that some events tell."""
    if reference.startswith("pi_"):
        found = client.v1.checkout.sessions.list({"payment_intent": reference, "limit": 1}).data
        reference = found[0].id if found else ""
    if not reference.startswith("cs_"):
        raise UnknownGateway("Stripe knows no such payment of ours.")
    params: Params = {"expand": ["payment_intent.latest_charge"]}
    return client.v1.checkout.sessions.retrieve(reference, params).to_dict()


def list_sessions(client: StripeClient, since: int) -> Iterator[Object]:
    """Yield the complete sessions made since then (epoch seconds), newest first, with their payments."""
    params: Params = {"status": "complete", "created": {"gte": since}, "limit": 100,
                      "expand": ["data.payment_intent.latest_charge"]}
    for session in client.v1.checkout.sessions.list(params).auto_paging_iter():
        yield session.to_dict()


def expire_session(client: StripeClient, reference: str) -> None:
    """End an open session. Raises Refused: it is paid or over."""
    with _refusing():
        client.v1.checkout.sessions.expire(reference)


def capture_intent(client: StripeClient, intent: str, key: str) -> None:
    """Take authorized money. Raises Refused: it is taken or let go."""
    with _refusing():
        client.v1.payment_intents.capture(intent, {}, {"idempotency_key": key})


def cancel_intent(client: StripeClient, intent: str) -> None:
    """Let authorized money go. Raises Refused: it is taken."""
    with _refusing():
        client.v1.payment_intents.cancel(intent)


def list_refunds(client: StripeClient, intent: str) -> Iterator[Object]:
    """Yield the refunds of a payment."""
    for refund in client.v1.refunds.list({"payment_intent": intent, "limit": 100}).auto_paging_iter():
        yield refund.to_dict()


def create_refund(client: StripeClient, params: Params, key: str) -> Object:
    """Send money back, once per key. Raises Refused: more than is left, or disputed."""
    with _refusing():
        return client.v1.refunds.create(params, {"idempotency_key": key}).to_dict()


def list_disputes(client: StripeClient, intent: str) -> list[Object]:
    """Return what the shopper's bank has asked back; a payment has a handful at most."""
    return [each.to_dict() for each in client.v1.disputes.list({"payment_intent": intent, "limit": 100}).data]


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Tell whether the secret signed the body within the last minutes."""
    try:
        # Several v1 signatures in one header: while Stripe rotates the secret, one of them fits.
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE))
    except (stripe.SignatureVerificationError, UnicodeError, TypeError):  # letters beyond ASCII cannot be compared
        return False


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        _note(error)
        raise Refused(error.user_message or "Stripe refused it.") from error


def _post_session(client: StripeClient, params: Params, key: str) -> Object:
    try:
        return client.v1.checkout.sessions.create(params, {"idempotency_key": key}).to_dict()
    except stripe.InvalidRequestError as error:
        _note(error)
        raise Refused(error.user_message or "Stripe refused it.") from error
    except stripe.APIError as error:
        # Stripe keeps even its own failures under a key. A second session is harmless: nobody has the
        # address of the first, if there is one.
        if {name.lower(): value for name, value in (error.headers or {}).items()}.get("idempotent-replayed") != "true":
            raise
        return client.v1.checkout.sessions.create(params, {"idempotency_key": f"{key}-again"}).to_dict()


def expiries(at: int) -> range:
    """Return when a new session ends, first as of `at`, then as a call some minutes before would have said it.

    Stock waits ten minutes and Stripe's shortest session half an hour: `void` ends one earlier. The same key
    must come with the same parameters, so the end is on a quarter of the hour and the last few are tried.
    """
    newest = (at // STEP + 1) * STEP + LEAST_LIFE
    return range(newest, newest - 4 * STEP, -STEP)


def _note(error: stripe.StripeError) -> None:
    """Log what Stripe said: its code and the id that its support asks for; never our parameters."""
    logger.warning("stripe refused or failed", extra={
        "problem": type(error).__name__, "code": error.code, "status": error.http_status, "request": error.request_id})

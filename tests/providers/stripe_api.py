"""The routes of the fake Stripe: what each call asks of the books, with Stripe's checks of its parameters."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.providers.stripe_books import Books, Object, Refusal

Form = dict[str, Any]
# Written again from Stripe's documentation, apart from the shop's own table, so that one checks the other.
WHOLE = frozenset(("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof",
                   "xpf"))
THREE = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
HUNDREDS = frozenset(("isk", "ugx"))
LONGEST = {"idr": 12, "cop": 10, "inr": 9}
SESSION = frozenset((
    "mode", "line_items", "success_url", "cancel_url", "client_reference_id", "metadata", "payment_intent_data",
    "expires_at", "customer_email", "adaptive_pricing", "submit_type", "expand"))
HALF_HOUR, DAY = 1800, 86400


def route(books: Books, url: str, method: str, path: str, form: Form) -> Any:
    """Do what the call asks; raises Refusal."""
    expand = form.pop("expand", [])
    for pattern, verb, work in ROUTES:
        matched = re.fullmatch(pattern, path)
        if matched and verb == method:
            answer = work(books, url, form, *matched.groups())
            if answer.get("object") == "list":
                inner = [each.removeprefix("data.") for each in expand]
                return answer | {"url": path, "data": [_public(books.show(each, inner)) for each in answer["data"]]}
            return _public(books.show(answer, expand))
    raise Refusal(f"Unrecognized request URL ({method}: {path}).", status=404)


def _public(shown: Object) -> Object:
    return {key: value for key, value in shown.items() if not key.startswith("_")}


def _create_session(books: Books, url: str, form: Form) -> Object:
    unknown = set(form) - SESSION
    if unknown:
        raise Refusal(f"Received unknown parameter: {sorted(unknown)[0]}", code="parameter_unknown")
    if form.get("mode") != "payment":
        raise Refusal("The mode must be payment here.", param="mode")
    for needed in ("success_url", "line_items"):
        if not form.get(needed):
            raise Refusal(f"Missing required param: {needed}.", code="parameter_missing", param=needed)
    prices = [item["price_data"] for item in form["line_items"]]
    currencies = {price["currency"] for price in prices}
    currency = currencies.pop()
    amount = sum(int(item["quantity"]) * _read_amount(item["price_data"]["unit_amount"])
                 for item in form["line_items"])
    _check_amount(amount, currency)
    now = int(time.time())
    expires_at = int(form.get("expires_at", now + DAY))
    if not now + HALF_HOUR <= expires_at <= now + DAY:
        raise Refusal("The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout "
                      "Session creation.", param="expires_at")
    session = books.make(
        "cs", mode="payment", status="open", payment_status="unpaid", amount_subtotal=amount, amount_total=amount,
        currency=currency, client_reference_id=form.get("client_reference_id"), metadata=form.get("metadata", {}),
        success_url=form["success_url"], cancel_url=form.get("cancel_url"), expires_at=expires_at,
        customer_email=form.get("customer_email"), customer=None, payment_intent=None, payment_link=None,
        payment_method_types=["card"], _intent=form.get("payment_intent_data", {}))
    session["url"] = f"{url}/c/pay/{session['id']}"
    return session


def _expire_session(books: Books, url: str, form: Form, name: str) -> Object:
    return books.expire(name)


def _create_intent(books: Books, url: str, form: Form) -> Object:
    _check_amount(_read_amount(form.get("amount")), str(form.get("currency")))
    intent = books.make_intent(int(form["amount"]), form["currency"], form.get("metadata", {}),
                               form.get("capture_method", "automatic_async"))
    if form.get("confirm") == "true":
        books.charge(intent)
    return intent


def _confirm_intent(books: Books, url: str, form: Form, name: str) -> Object:
    intent = books.find(name, "pi")
    books.charge(intent)
    return intent


def _capture_intent(books: Books, url: str, form: Form, name: str) -> Object:
    amount = _read_amount(form["amount_to_capture"]) if "amount_to_capture" in form else None
    return books.capture(books.find(name, "pi"), amount)


def _cancel_intent(books: Books, url: str, form: Form, name: str) -> Object:
    return books.cancel(books.find(name, "pi"))


def _create_refund(books: Books, url: str, form: Form) -> Object:
    amount = _read_amount(form["amount"]) if "amount" in form else None
    intent = books.find(str(form.get("payment_intent")), "pi")
    if amount is not None and intent["currency"] in THREE and amount % 10:
        raise Refusal("The amount must be divisible by ten.", param="amount")
    return books.refund(intent["id"], amount, form.get("metadata", {}))


def _finder(prefix: str) -> Callable[..., Object]:
    return lambda books, url, form, name: books.find(name, prefix)


def _lister(prefix: str, *filters: str) -> Callable[..., Object]:
    def work(books: Books, url: str, form: Form) -> Object:
        found = [each for each in books.every(prefix) if all(each[name] == form[name] for name in filters
                                                             if name in form)]
        since = int(form.get("created", {}).get("gte", 0))
        found = [each for each in found if each["created"] >= since]
        if "starting_after" in form:
            names = [each["id"] for each in found]
            found = found[names.index(form["starting_after"]) + 1 :]
        limit = int(form.get("limit", 10))
        return {"object": "list", "has_more": len(found) > limit, "data": found[:limit]}

    return work


def _read_amount(text: object) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit()):
        raise Refusal(f"Invalid integer: {text}", code="parameter_invalid_integer", param="amount")
    return int(text)


def _check_amount(amount: int, currency: str) -> None:
    if currency != currency.lower() or len(currency) != 3:
        raise Refusal(f"Invalid currency: {currency}.", param="currency")
    if amount < (1 if currency in WHOLE else 30):
        raise Refusal("The total amount due must be higher.", code="amount_too_small")
    if len(str(amount)) > LONGEST.get(currency, 8):
        raise Refusal("Amount must be no more than the limit.", code="amount_too_large")
    if (currency in THREE and amount % 10) or (currency in HUNDREDS and amount % 100):
        raise Refusal(f"The amount cannot be charged in {currency}.", code="invalid_charge_amount")


ONE = r"([A-Za-z0-9_\-]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Object]], ...] = (
    (r"/v1/checkout/sessions", "POST", _create_session),
    (r"/v1/checkout/sessions", "GET", _lister("cs", "payment_intent", "status")),
    (rf"/v1/checkout/sessions/{ONE}", "GET", _finder("cs")),
    (rf"/v1/checkout/sessions/{ONE}/expire", "POST", _expire_session),
    (r"/v1/payment_intents", "POST", _create_intent),
    (r"/v1/payment_intents", "GET", _lister("pi")),
    (rf"/v1/payment_intents/{ONE}", "GET", _finder("pi")),
    (rf"/v1/payment_intents/{ONE}/confirm", "POST", _confirm_intent),
    (rf"/v1/payment_intents/{ONE}/capture", "POST", _capture_intent),
    (rf"/v1/payment_intents/{ONE}/cancel", "POST", _cancel_intent),
    (r"/v1/refunds", "POST", _create_refund),
    (r"/v1/refunds", "GET", _lister("re", "payment_intent", "charge")),
    (rf"/v1/refunds/{ONE}", "GET", _finder("re")),
    (rf"/v1/charges/{ONE}", "GET", _finder("ch")),
    (r"/v1/disputes", "GET", _lister("dp", "payment_intent", "charge")),
    (rf"/v1/disputes/{ONE}", "GET", _finder("dp")),
    (r"/v1/events", "GET", _lister("evt", "type")),
    (rf"/v1/events/{ONE}", "GET", _finder("evt")),
)

"""A Stripe of ours on 127.0.0.1: what hosted checkout needs of its API, for tests over real HTTP.

    with FakeStripe() as fake:
        set_up(app, "stripe", **fake.settings)        # or os.environ | fake.settings for a process
        … the shop redirects the browser to <fake.url>/c/pay/cs_…
        session = fake.newest()                       # the id of the session made last
        fake.books.pay(session)                       # the shopper pays; also decline, expire, settle, fail, dispute
        fake.deliver(f"{shop}/webhooks/stripe")       # its server calls ours with every event not yet sent

What it has: Checkout Session create/retrieve/list/expire, PaymentIntent create/confirm/retrieve/list/capture/
cancel, Refund create (never more than was captured)/retrieve/list, Charge, Dispute and Event retrieve/list,
`expand`, paging, idempotency keys (same key, same answer; other parameters, 400; at once, 409), errors in
Stripe's shape, limits of amounts and of a session's life, unknown parameters refused, the secret key
checked. Its hosted page has two buttons, for browsers. `fake.books` (stripe_books.py) is what the shopper,
the bank and the dashboard do; its `objects` and `every("re")` can be counted.

What can go wrong: everything of LocalServer.plan (server.py): slow, lost before or after the work, errors,
garbage; `saved_error()`, an error that is kept under the idempotency key; `lie(session, amount=…, currency=…,
order=…, livemode=…)`, answers that say something else than what was asked; `before["/expire"] = …`, what happens
just before a call is worked, and `busy.add(session)`, a session that cannot be expired now; `deliver(…,
times=2)` sends each event twice, `order="reversed"` the last first, `only="charge."` some of them;
`webhook(event, age=…, secret=…)` hands out the signed body and headers of one event instead. Signatures are
made by the SDK's own code.
"""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import stripe

from tests.providers.forms import read_form
from tests.providers.server import Answer, Call, LocalServer
from tests.providers.stripe_api import route
from tests.providers.stripe_books import Books, Object, Refusal

Post = Callable[[bytes, dict[str, str]], int]
NOW = timedelta(0)


class FakeStripe(LocalServer):
    """The server and its books; see the module's docstring."""

    def __init__(self, *, livemode: bool = False, capture: str = "automatic") -> None:
        super().__init__()
        self.books = Books(livemode=livemode)
        self.secret_key = f"sk_{'live' if livemode else 'test'}_{uuid.uuid4().hex}"
        self.webhook_secret = f"whsec_{uuid.uuid4().hex}"
        self.capture = capture
        self._answers: dict[str, tuple[str, Answer | None]] = {}  # idempotency key: what was asked, the answer
        self._sent: set[str] = set()
        self._saved_errors = 0
        self.before: dict[str, Callable[[], object]] = {}  # the end of a path: what happens just before that call
        self.busy: set[str] = set()  # sessions whose shopper is paying right now: they cannot be expired

    @property
    def settings(self) -> dict[str, str]:
        """Return what the shop needs to reach this Stripe."""
        return {"STRIPE_SECRET_KEY": self.secret_key, "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
                "STRIPE_API_BASE": self.url, "STRIPE_CAPTURE": self.capture}

    # Control

    def newest(self) -> str:
        """Return the id of the session made last."""
        with self.lock:
            return str(self.books.every("cs")[0]["id"])

    def refunded(self, session_id: str) -> int:
        """Return what went back of a session's payment, in Stripe's units."""
        intent = self.books.find(session_id, "cs")["payment_intent"]
        return sum(each["amount"] for each in self.books.every("re")
                   if each["payment_intent"] == intent and each["status"] != "failed")

    def lie(self, session_id: str, *, amount: int | None = None, currency: str = "", order: str = "",
            livemode: bool | None = None) -> None:
        """Let answers about a session and its payment say something else; call it after the payment."""
        session = self.books.find(session_id, "cs")
        wrong: Object = {}
        if amount is not None:
            wrong |= {"amount_total": amount, "amount": amount, "amount_received": amount}
        if currency:
            wrong["currency"] = currency
        if order:
            wrong |= {"client_reference_id": order, "metadata": {**session["metadata"], "order_number": order}}
        if livemode is not None:
            wrong["livemode"] = livemode
        for name in filter(None, (session_id, session["payment_intent"])):
            self.books.lies[name] = {key: value for key, value in wrong.items() if key in self.books.objects[name]}

    def saved_error(self, times: int = 1) -> None:
        """Let the next posts with an idempotency key fail with a 500 that is kept under the key."""
        self._saved_errors = times

    # Webhooks

    def events(self, only: str = "") -> list[Object]:
        """Return the events whose type begins with `only`, oldest first."""
        with self.lock:
            return [event for event in reversed(self.books.every("evt")) if event["type"].startswith(only)]

    def webhook(self, event: Object, *, age: timedelta = NOW, secret: str = "") -> tuple[bytes, dict[str, str]]:
        """Return the body and headers of a webhook, signed `age` ago with the endpoint's secret or another."""
        body = json.dumps(event, indent=2)  # Stripe's webhooks are indented: a parsed copy is not the same bytes
        signed = int(time.time() - age.total_seconds())
        header = stripe.WebhookSignature.generate_signature_header(body, secret or self.webhook_secret, signed)
        return body.encode(), {"Stripe-Signature": header, "Content-Type": "application/json"}

    def deliver(self, to: str | Post, *, only: str = "", times: int = 1, order: str = "made") -> list[int]:
        """Send what was not sent yet to a URL (or a function that posts); returns the shop's statuses."""
        post = to if callable(to) else _poster(to)
        due = [event for event in self.events(only) if event["id"] not in self._sent]
        self._sent.update(event["id"] for event in due)
        if order == "reversed":
            due.reverse()
        return [post(*self.webhook(event)) for event in due for _ in range(times)]

    # HTTP

    def handle(self, call: Call) -> Answer:
        if call.path.startswith("/c/pay/"):
            return self._hosted_page(call)
        if not call.headers.get("authorization", "").endswith(self.secret_key):
            return _json(401, {"error": {"message": "Invalid API Key provided.", "type": "invalid_request_error"}})
        key = call.headers.get("idempotency-key", "")
        return self._once(key, call) if key and call.method == "POST" else self._work(call)

    def _once(self, key: str, call: Call) -> Answer:
        asked = hashlib.sha256(f"{call.method} {call.path} ".encode() + call.body).hexdigest()
        with self.lock:
            if key in self._answers:
                return _repeated(key, asked, *self._answers[key])
            self._answers[key] = (asked, None)
            is_broken, self._saved_errors = self._saved_errors > 0, max(0, self._saved_errors - 1)
        if is_broken:
            answer = _json(500, {"error": {"message": "An unknown error occurred", "type": "api_error"}})
        else:
            answer = self._work(call)
        with self.lock:
            self._answers[key] = (asked, answer)
        return answer

    def _work(self, call: Call) -> Answer:
        try:
            form = read_form(call.body.decode() if call.method == "POST" else call.query)
            with self.lock:
                for end, work in self.before.items():
                    if call.path.endswith(end):
                        work()
                if call.path.endswith("/expire") and call.path.split("/")[-2] in self.busy:
                    raise Refusal("You cannot expire this Checkout Session while a payment is in progress.")
                return _json(200, route(self.books, self.url, call.method, call.path, form))
        except Refusal as refusal:
            return _json(refusal.status, refusal.body)

    def _hosted_page(self, call: Call) -> Answer:
        """A page with two buttons, each a form that posts and comes back to the shop."""
        session_id = call.path.rsplit("/", 1)[1]
        if call.method != "POST":
            buttons = "".join(f'<form method="post"><button name="decision" value="{value}">{value}</button></form>'
                              for value in ("pay", "leave"))
            # No picture in the tab: a browser would ask for /favicon.ico and call its absence an error.
            page = f"<!doctype html><link rel='icon' href='data:,'><title>Pay</title>{buttons}"
            return Answer(200, page.encode(), "text/html")
        with self.lock:
            session = self.books.find(session_id, "cs")
            if read_form(call.body.decode()).get("decision") == "pay":
                self.books.pay(session_id)
                return Answer(303, headers={"Location": session["success_url"]})
            return Answer(303, headers={"Location": session["cancel_url"]})


def _repeated(key: str, asked: str, asked_first: str, answer: Answer | None) -> Answer:
    if asked != asked_first:
        return _json(400, {"error": {"type": "idempotency_error", "message": (
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.")}})
    if answer is None:
        return _json(409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": (
            "There is currently another in-progress request using this Idempotent Key.")}})
    return Answer(answer.status, answer.body, answer.content_type, {**answer.headers, "Idempotent-Replayed": "true"})


def _json(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode(), headers={"Request-Id": "req_fake"})


def _poster(url: str) -> Post:
    def post(body: bytes, headers: dict[str, str]) -> int:
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - the test's own shop
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    return post

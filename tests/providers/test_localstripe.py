"""Our Stripe beside a third party's, `localstripe`: the same calls, the same answers in what the shop reads.

It is no dependency of ours (GPL; no checkout sessions, disputes or idempotency keys). To run these tests,
install it somewhere else and put it on the PATH: docs/decisions says how and what was found.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from flask import Flask

from storefront.payments.gateways.stripe import StripeGateway
from storefront.payments.gateways.stripe_answers import read_refund
from storefront.payments.gateways.stripe_client import VERSION
from tests.providers.server import Answer, Call, LocalServer
from tests.providers.settings import set_up
from tests.providers.stripe import FakeStripe

PROGRAM = shutil.which("localstripe")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="localstripe is not on the PATH")

# What the shop reads and localstripe has: it says no amount_received and copies no metadata onto the charge.
INTENT = ("id", "object", "amount", "currency", "status", "metadata", "livemode", "capture_method")
CHARGE = ("id", "object", "amount", "amount_refunded", "captured", "currency", "status", "payment_intent", "livemode",
          "refunded")
REFUND = ("id", "object", "amount", "currency", "status", "metadata", "payment_intent", "charge")


class Sink(LocalServer):
    """Keeps what is posted to it."""

    def handle(self, call: Call) -> Answer:
        return Answer(200, b"{}")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert PROGRAM is not None
    folder: Path = tmp_path_factory.mktemp("localstripe")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([PROGRAM, "--port", str(port), "--from-scratch"], cwd=folder, stdout=log, stderr=log,
                                   env={**os.environ, "TMPDIR": str(folder), "HOME": str(folder)})
    try:
        _wait_for(lambda: _is_open(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as started:
        yield started


@pytest.fixture
def clients(theirs: str, fake: FakeStripe) -> tuple[stripe.StripeClient, stripe.StripeClient]:
    """Ours and theirs, behind the same SDK."""
    return tuple(stripe.StripeClient(fake.secret_key, stripe_version=VERSION, base_addresses={"api": url},
                                     http_client=stripe.RequestsClient(timeout=20)) for url in (fake.url, theirs))


def read(answer: stripe.StripeObject, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that we read; of an id only what kind of thing it names."""
    known = answer.to_dict()

    def kind(value: Any) -> Any:
        return value.split("_")[0] if isinstance(value, str) and value[:3] in ("pi_", "ch_", "re_") else value

    return {name: kind(known[name]) for name in names}


def both(clients: tuple[stripe.StripeClient, ...], work: Callable[[stripe.StripeClient], Any]) -> list[Any]:
    return [work(client) for client in clients]


def paid(client: stripe.StripeClient, **params: Any) -> Any:
    return client.v1.payment_intents.create({
        "amount": 5250, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa",
        "metadata": {"payment_id": "p", "order_number": "ABCD"}, **params})


def charge_of(client: stripe.StripeClient, intent: str) -> Any:
    return client.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge


def test_a_payment_intent_is_made_paid_and_found(clients: tuple[stripe.StripeClient, ...]) -> None:
    def work(client: stripe.StripeClient) -> list[Any]:
        made = paid(client)
        return [read(made, INTENT), read(charge_of(client, made.id), CHARGE)]

    ours, theirs = both(clients, work)
    assert ours == theirs
    assert ours[0]["status"] == "succeeded"


def test_reserved_money_is_captured(clients: tuple[stripe.StripeClient, ...]) -> None:
    def work(client: stripe.StripeClient) -> list[Any]:
        made = paid(client, capture_method="manual")
        return [read(made, INTENT), read(client.v1.payment_intents.capture(made.id), INTENT)]

    ours, theirs = both(clients, work)
    assert ours == theirs
    assert [each["status"] for each in ours] == ["requires_capture", "succeeded"]


def test_money_goes_back(clients: tuple[stripe.StripeClient, ...]) -> None:
    def work(client: stripe.StripeClient) -> list[Any]:
        made = paid(client)
        refund = client.v1.refunds.create({"payment_intent": made.id, "amount": 1000, "metadata": {"refund_id": "r"}})
        assert read_refund(refund.to_dict()).state == "refunded"
        listed = client.v1.refunds.list({"payment_intent": made.id, "limit": 100}).data
        return [read(refund, REFUND), [read(each, REFUND) for each in listed],
                read(charge_of(client, made.id), CHARGE)]

    ours, theirs = both(clients, work)
    assert ours == theirs
    assert ours[2]["amount_refunded"] == 1000


def test_an_unknown_payment_is_missing(clients: tuple[stripe.StripeClient, ...]) -> None:
    for client in clients:
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client.v1.payment_intents.retrieve("pi_nothing")
        assert missing.value.http_status == 404


def test_its_webhooks_pass_our_verification(
    app: Flask, theirs: str, clients: tuple[stripe.StripeClient, ...], fake: FakeStripe
) -> None:
    set_up(app, "stripe", **fake.settings)
    with Sink() as sink:
        _configure(theirs, sink.url, fake.webhook_secret)
        paid(clients[1])
        _wait_for(lambda: sink.count("/"))
        call = sink.calls[0]
    said = StripeGateway().verify_webhook(call.body, call.headers)
    assert said.event_id.startswith("evt_")
    assert said.kind


def _configure(theirs: str, url: str, secret: str) -> None:
    client = stripe.RequestsClient(timeout=20)
    body = f"url={url}&secret={secret}"
    _, status, _ = client.request("post", f"{theirs}/_config/webhooks/ours",
                                  {"Content-Type": "application/x-www-form-urlencoded"}, body)
    client.close()
    assert status == 200


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)

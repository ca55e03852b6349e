"""What every gateway promises (storefront/payments/gateways/port.py), asked of each over its driver."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from storefront.foundation.clock import now
from storefront.payments.errors import GatewayUnavailable, InvalidWebhook, UnknownGateway
from storefront.payments.gateways.port import Gateway, Intent, Offer
from storefront.payments.gateways.registry import find_gateway
from tests.providers.settings import set_up
from tests.storefront.inventory.test_services import in_parallel
from tests.storefront.payments.gateways.drivers import DRIVERS, Driver, those_that

AMOUNT = 5250
NUMBER = "ABCD-EFGH-JKMN"
every_gateway = pytest.mark.parametrize("driver", list(DRIVERS), indirect=True)


def gateways_that(*traits: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("driver", those_that(*traits), indirect=True)


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[Driver]:
    made = DRIVERS[request.param]()
    set_up(app, made.code, **made.start())
    yield made
    made.stop()


@pytest.fixture
def gateway(driver: Driver) -> Gateway:
    return find_gateway(driver.code)


@pytest.fixture
def intend(driver: Driver) -> Callable[[], Intent]:
    def one() -> Intent:
        return Intent(uuid.uuid4(), NUMBER, AMOUNT, driver.currency, "http://localhost/checkout/return/x",
                      email="aoife@example.org")

    return one


@pytest.fixture
def reference(driver: Driver, gateway: Gateway, intend: Callable[[], Intent]) -> str:
    """An open payment, which the browser has seen."""
    made = gateway.create(intend())
    driver.visit(made)
    return made.reference


@pytest.fixture
def paid(driver: Driver, reference: str) -> str:
    """A captured payment."""
    driver.pay(reference)
    return reference


# What it says of itself


@every_gateway
def test_set_up_it_can_be_offered(driver: Driver, gateway: Gateway) -> None:
    assert list(gateway.missing_settings()) == []
    assert gateway.accepts(Offer(driver.currency, "IE", AMOUNT))
    assert gateway.code == driver.code
    assert gateway.name
    assert gateway.detail


# Create


@every_gateway
def test_the_same_key_creates_one_payment(gateway: Gateway, intend: Callable[[], Intent]) -> None:
    wanted = intend()
    first, second = gateway.create(wanted), gateway.create(wanted)
    assert first.reference == second.reference
    assert first.redirect_url or first.instructions
    assert gateway.create(intend()).reference != first.reference


@every_gateway
def test_the_same_key_at_once_creates_one_payment(
    app: Flask, gateway: Gateway, intend: Callable[[], Intent]
) -> None:
    wanted = intend()
    made = in_parallel(app, 6, lambda: gateway.create(wanted).reference)
    references = [each for each in made if not isinstance(each, GatewayUnavailable)]  # "one is under way, come again"
    assert set(references) == {gateway.create(wanted).reference}


# Fetch


@every_gateway
def test_an_open_payment_says_whose_it_is(driver: Driver, gateway: Gateway, reference: str) -> None:
    said = gateway.fetch(reference)
    assert (said.reference, said.state) == (reference, "open")
    assert (said.order_number, said.amount, said.currency) == (NUMBER, AMOUNT, driver.currency)
    assert said.account == gateway.account()
    assert (said.refunded_amount, list(said.disputes)) == (0, [])


@every_gateway
def test_a_paid_payment_is_captured(driver: Driver, gateway: Gateway, paid: str) -> None:
    said = gateway.fetch(paid)
    assert (said.state, said.order_number) == ("captured", NUMBER)
    assert (said.amount, said.currency, said.account) == (AMOUNT, driver.currency, gateway.account())


@gateways_that("declines")
def test_a_declined_payment_has_failed(driver: Driver, gateway: Gateway, reference: str) -> None:
    driver.decline(reference)
    assert gateway.fetch(reference).state == "failed"


@every_gateway
def test_an_unknown_payment_is_said_to_be_unknown(gateway: Gateway) -> None:
    with pytest.raises(UnknownGateway):
        gateway.fetch("nothing-of-the-sort")


# Void


@every_gateway
def test_an_open_payment_can_be_voided_twice(gateway: Gateway, reference: str) -> None:
    assert gateway.void(reference).state == "failed"
    assert gateway.void(reference).state == "failed"
    assert gateway.fetch(reference).state == "failed"


@every_gateway
def test_a_captured_payment_stays_captured_when_voided(driver: Driver, gateway: Gateway, paid: str) -> None:
    assert gateway.void(paid).state == "captured"
    assert driver.refunded(paid) == 0


# Capture


@gateways_that("authorizes")
def test_reserved_money_is_captured_once(driver: Driver, gateway: Gateway, reference: str) -> None:
    driver.reserve(reference)
    assert gateway.fetch(reference).state == "authorized"
    key = uuid.uuid4()
    for _ in range(2):
        said = gateway.capture(reference, key=key)
        assert (said.state, said.amount) == ("captured", AMOUNT)
    assert gateway.capture(reference, key=uuid.uuid4()).amount == AMOUNT


@gateways_that("authorizes")
def test_reserved_money_can_be_let_go(driver: Driver, gateway: Gateway, reference: str) -> None:
    driver.reserve(reference)
    assert gateway.void(reference).state == "failed"
    assert gateway.capture(reference, key=uuid.uuid4()).state == "failed"


# Refund


@every_gateway
def test_money_goes_back_in_parts_and_each_key_once(driver: Driver, gateway: Gateway, paid: str) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    for key, amount in ((first, 1000), (first, 1000), (second, 250), (first, 1000)):
        assert gateway.refund(paid, key=key, amount=amount, total=AMOUNT).state in ("refunded", "processing")
    assert driver.refunded(paid) == 1250
    said = gateway.fetch(paid)
    assert (said.state, said.refunded_amount) == ("captured", 1250 if driver.sums_refunds else 0)


@every_gateway
def test_the_same_refund_at_once_goes_back_once(app: Flask, driver: Driver, gateway: Gateway, paid: str) -> None:
    key = uuid.uuid4()
    in_parallel(app, 4, lambda: gateway.refund(paid, key=key, amount=700, total=AMOUNT))
    assert driver.refunded(paid) == 700


@every_gateway
def test_all_of_it_can_go_back_and_never_more(driver: Driver, gateway: Gateway, paid: str) -> None:
    assert gateway.refund(paid, key=uuid.uuid4(), amount=AMOUNT - 50, total=AMOUNT).state != "failed"
    refused = gateway.refund(paid, key=uuid.uuid4(), amount=51, total=AMOUNT)
    assert refused.state == "failed"
    assert refused.problem
    assert driver.refunded(paid) == AMOUNT - 50
    assert gateway.refund(paid, key=uuid.uuid4(), amount=50, total=AMOUNT).state != "failed"
    assert driver.refunded(paid) == AMOUNT


@every_gateway
def test_nothing_goes_back_of_what_never_came(driver: Driver, gateway: Gateway, reference: str) -> None:
    refused = gateway.refund(reference, key=uuid.uuid4(), amount=100, total=AMOUNT)
    assert (refused.state, driver.refunded(reference)) == ("failed", 0)
    assert refused.problem


# Webhooks


@every_gateway
def test_a_signed_webhook_names_the_payment(driver: Driver, gateway: Gateway, intend: Callable[[], Intent]) -> None:
    wanted = intend()
    made = gateway.create(wanted)
    reference = made.reference
    driver.visit(made)
    driver.pay(reference)
    first, second = (gateway.verify_webhook(*driver.webhook(reference)) for _ in range(2))
    assert first == second
    assert first.event_id
    # By the provider's name for the payment, or by ours, which it carried for us.
    assert first.reference in (reference, str(wanted.key))


@every_gateway
@pytest.mark.parametrize("change", ["cut", "longer", "secret", "no header", "letters", "empty"])
def test_a_forged_webhook_is_refused(driver: Driver, gateway: Gateway, paid: str, change: str) -> None:
    body, headers = driver.webhook(paid, forged=change == "secret")
    if change == "cut":
        body = body[:-2]
    elif change == "longer":
        body += b" " if driver.signs_bytes else b"x"
    elif change == "no header":
        headers = {}
        body = b"{}"
    elif change == "letters":
        headers = dict.fromkeys(headers, "é" * 64)
        body = body if driver.signs_bytes else b"sign=%C3%A9"
    elif change == "empty":
        body = b""
    with pytest.raises(InvalidWebhook):
        gateway.verify_webhook(body, headers)


@gateways_that("signs_bytes")
def test_a_reserialized_webhook_is_refused(driver: Driver, gateway: Gateway, paid: str) -> None:  # fault 38
    body, headers = driver.webhook(paid)
    with pytest.raises(InvalidWebhook):
        gateway.verify_webhook(json.dumps(json.loads(body), indent=3).encode(), headers)


@gateways_that("dates")
def test_an_old_webhook_is_refused(driver: Driver, gateway: Gateway, paid: str) -> None:  # fault 37
    gateway.verify_webhook(*driver.webhook(paid, age=timedelta(minutes=2)))
    with pytest.raises(InvalidWebhook):
        gateway.verify_webhook(*driver.webhook(paid, age=timedelta(minutes=6)))


@every_gateway
def test_it_answers_webhooks_as_the_provider_demands(gateway: Gateway) -> None:
    assert 200 <= gateway.answer_webhook().status < 300
    assert gateway.answer_webhook("The signature does not fit.").status == 400


# Reconciliation


@gateways_that("lists")
def test_what_was_captured_is_listed(driver: Driver, gateway: Gateway, intend: Callable[[], Intent]) -> None:
    since = now() - timedelta(minutes=5)
    left_open, *paid = [gateway.create(intend()).reference for _ in range(4)]
    for reference in paid:
        driver.pay(reference)
    listed = {said.reference: said for said in gateway.list_recent(since)}
    assert set(listed) == set(paid)
    assert left_open not in listed
    assert {(said.state, said.order_number, said.amount, said.currency) for said in listed.values()} == {
        ("captured", NUMBER, AMOUNT, driver.currency)}


# An outage


@gateways_that("fails")
@pytest.mark.parametrize("call", ["create", "fetch", "void", "refund"])
def test_a_provider_that_is_down_is_said_to_be(
    driver: Driver, gateway: Gateway, intend: Callable[[], Intent], paid: str, call: str
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: gateway.create(intend()),
        "fetch": lambda: gateway.fetch(paid),
        "void": lambda: gateway.void(paid),
        "refund": lambda: gateway.refund(paid, key=uuid.uuid4(), amount=100, total=AMOUNT),
    }
    if call == "create" and not driver.creates:
        with driver.outage():
            assert gateway.create(intend()).reference  # the browser will find the provider down
        return
    with driver.outage(), pytest.raises(GatewayUnavailable) as caught:
        calls[call]()
    assert str(caught.value).endswith(".")
    assert gateway.fetch(paid).state == "captured"
    assert driver.refunded(paid) == 0


@gateways_that("fails", "lists")
def test_a_list_that_cannot_be_had_is_no_empty_list(driver: Driver, gateway: Gateway) -> None:
    with driver.outage(), pytest.raises(GatewayUnavailable):
        list(gateway.list_recent(now() - timedelta(days=1)))

"""Alipay beyond the common promises: what it says of trades, its raw signatures, its bill."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.payments.errors import GatewayUnavailable, InvalidWebhook
from storefront.payments.gateways.alipay import AlipayGateway
from storefront.payments.gateways.alipay_wire import SHANGHAI, split_members
from storefront.payments.gateways.bills import days_since
from storefront.payments.gateways.port import Intent, Offer, Shopper
from storefront.payments.models import PaymentEvent
from tests.providers.alipay import FakeAlipay
from tests.providers.settings import set_up

KEY = uuid.UUID("0123456789abcdef0123456789abcdef")
NUMBER = "ABCD-EFGH-JKMN"


@pytest.fixture
def fake(app: Flask) -> Iterator[FakeAlipay]:
    with FakeAlipay() as started:
        set_up(app, "alipay", **started.settings)
        yield started


@pytest.fixture
def gateway(fake: FakeAlipay) -> AlipayGateway:
    return AlipayGateway()


def intent(key: uuid.UUID = KEY, *, amount: int = 5250, is_mobile: bool = False) -> Intent:
    return Intent(key, NUMBER, amount, "CNY", "http://localhost/checkout/return/x", shopper=Shopper(is_mobile))


def opened(gateway: AlipayGateway, fake: FakeAlipay, key: uuid.UUID = KEY) -> str:
    made = gateway.create(intent(key))
    assert fake.visit(made.redirect_url) == 200
    return made.reference


def paid(gateway: AlipayGateway, fake: FakeAlipay, key: uuid.UUID = KEY) -> str:
    reference = opened(gateway, fake, key)
    fake.pay(reference)
    return reference


@pytest.mark.parametrize("is_mobile", [False, True])
@pytest.mark.parametrize(("amount", "yuan"), [(1, "0.01"), (100, "1.00"), (999_999_999_9, "99999999.99")])
def test_the_page_is_asked_for_the_exact_yuan(
    gateway: AlipayGateway, fake: FakeAlipay, is_mobile: bool, amount: int, yuan: str
) -> None:
    made = gateway.create(intent(amount=amount, is_mobile=is_mobile))
    method = "alipay.trade.wap.pay" if is_mobile else "alipay.trade.page.pay"
    fields = dict(parse_qsl(urlsplit(made.redirect_url).query))
    content = json.loads(fields["biz_content"])
    assert (fields["method"], content["total_amount"]) == (method, yuan)
    assert made.reference == content["out_trade_no"] == f"ABCD_EFGH_JKMN_{KEY.hex}"
    assert fields["notify_url"] == "http://localhost/webhooks/alipay"
    assert content["subject"] == f"Plainsong {NUMBER}"
    assert fake.visit(made.redirect_url) == 200
    assert gateway.fetch(made.reference).amount == amount


def test_a_page_that_was_never_opened_is_an_open_payment_of_which_nothing_is_known(gateway: AlipayGateway) -> None:
    reference = gateway.create(intent()).reference
    said = gateway.fetch(reference)
    assert (said.state, said.order_number, said.amount) == ("open", "", 0)
    assert gateway.void(reference).state == "failed"


def test_an_address_tampered_with_opens_nothing(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    url = gateway.create(intent()).redirect_url
    fake.visit(url.replace("52.50", "0.01"))
    assert fake.trades == {}


def test_the_page_closes_with_the_hold_on_the_goods(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    content = json.loads(dict(parse_qsl(urlsplit(gateway.create(intent()).redirect_url).query))["biz_content"])
    assert abs(fake._read(content["time_expire"]) - now() - timedelta(minutes=10)) < timedelta(minutes=1)


def test_closed_after_all_went_back_is_captured_and_refunded(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    reference = paid(gateway, fake)
    gateway.refund(reference, key=uuid.uuid4(), amount=5250, total=5250)
    assert fake.trades[reference].status == "TRADE_CLOSED"
    said = gateway.fetch(reference)
    assert (said.state, said.amount, said.refunded_amount) == ("captured", 5250, 5250)


def test_closed_without_money_has_failed(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    reference = opened(gateway, fake)
    fake.decline(reference)
    assert gateway.fetch(reference).state == "failed"


def test_a_refund_that_nobody_is_sure_of_is_asked_for_again_under_its_key(
    gateway: AlipayGateway, fake: FakeAlipay
) -> None:
    reference, key = paid(gateway, fake), uuid.uuid4()
    fake.unsure = 1
    with pytest.raises(GatewayUnavailable):
        gateway.refund(reference, key=key, amount=250, total=5250)
    assert gateway.refund(reference, key=key, amount=250, total=5250).state == "refunded"
    assert int(fake.trades[reference].refunded * 100) == 250


@pytest.mark.parametrize("fault", ["drop", "drop-after", "garbage", "error"])
def test_an_answer_that_is_lost_or_nonsense_decides_nothing(
    gateway: AlipayGateway, fake: FakeAlipay, fault: str
) -> None:
    reference = paid(gateway, fake)
    fake.plan(fault)
    with pytest.raises(GatewayUnavailable) as caught:
        gateway.fetch(reference)
    assert "try again" in str(caught.value)


def test_an_answer_is_verified_on_its_raw_text(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    """One blank less says the same to a JSON reader and is not what Alipay signed."""
    reference = paid(gateway, fake)
    fake.tamper = 1
    with pytest.raises(GatewayUnavailable):
        gateway.fetch(reference)
    assert gateway.fetch(reference).state == "captured"


@pytest.mark.parametrize("untruth", [{"out_trade_no": "another"}, {"total_amount": "1e3"}, {"total_amount": None},
                                     {"total_amount": "0.001"}, {"trade_status": "TRADE_DREAMT"}])
def test_a_signed_answer_about_something_else_is_none(
    gateway: AlipayGateway, fake: FakeAlipay, untruth: dict[str, str]
) -> None:
    reference = paid(gateway, fake)
    fake.lie(reference, **untruth)
    with pytest.raises(GatewayUnavailable):
        gateway.fetch(reference)


def test_another_amount_or_currency_is_said_as_it_is(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    reference = paid(gateway, fake)
    fake.lie(reference, total_amount="0.01", trans_currency="USD")
    said = gateway.fetch(reference)
    assert (said.amount, said.currency) == (1, "USD")


@pytest.mark.parametrize("change", [{"app_id": "2021000000000002"}, {"seller_id": "2088000000000002"}])
def test_a_notification_to_another_merchant_is_refused(
    gateway: AlipayGateway, fake: FakeAlipay, change: dict[str, str]
) -> None:
    with pytest.raises(InvalidWebhook, match="another merchant"):
        gateway.verify_webhook(*fake.notification(paid(gateway, fake), **change))


def test_a_form_written_anew_passes_only_while_it_says_the_same(
    client: FlaskClient, gateway: AlipayGateway, fake: FakeAlipay
) -> None:  # fault 38
    """Alipay signs the decoded fields by name, so their order may change; no value, none more, none twice."""
    body, _ = fake.notification(paid(gateway, fake))
    pairs = parse_qsl(body.decode())
    assert gateway.verify_webhook(urlencode(pairs[::-1]).encode(), {}) == gateway.verify_webhook(body, {})
    rewritten = [
        urlencode([(name, value.strip("0") if name == "total_amount" else value) for name, value in pairs]),
        urlencode([*pairs, ("total_amount", "52.50")]),
        urlencode([*pairs, ("new", "")]),
        urlencode([pair for pair in pairs if pair[0] != "seller_id"]),
        json.dumps(dict(pairs)),
        urlencode(pairs, encoding="gbk"),
        urlencode([("sign_type", "RSA") if pair[0] == "sign_type" else pair for pair in pairs]),
    ]
    for form in rewritten:
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(form.encode(), {})
        answer = client.post("/webhooks/alipay", data=form.encode(),
                             headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert (answer.status_code, answer.data) == (400, b"failure")
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == 0


def test_a_refund_is_another_event_than_the_payment(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    reference = paid(gateway, fake)
    first = gateway.verify_webhook(*fake.notification(reference))
    gateway.refund(reference, key=uuid.uuid4(), amount=250, total=5250)
    assert gateway.verify_webhook(*fake.notification(reference)).event_id != first.event_id


def test_the_bills_of_past_days_are_read(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    yesterday = now() - timedelta(days=1)
    first, second, today = (opened(gateway, fake, uuid.uuid4()) for _ in range(3))
    fake.pay(first, at=yesterday)
    fake.pay(second, at=yesterday - timedelta(days=1))
    fake.pay(today, at=now() + timedelta(days=1))  # not yesterday, even if the day changes right now
    fake.trades[second].refunds["r"] = (fake.trades[second].total / 2, yesterday)
    listed = {said.reference: said for said in gateway.list_recent(now() - timedelta(days=3))}
    assert set(listed) == {first, second}
    assert (listed[first].amount, listed[first].refunded_amount, listed[first].order_number) == (5250, 0, NUMBER)
    assert (listed[second].amount, listed[second].refunded_amount) == (5250, 2625)


def test_days_are_counted_by_the_clock_of_shanghai(app: Flask) -> None:
    assert days_since(now() + timedelta(hours=1), SHANGHAI) == []
    first, *_, last = days_since(now() - timedelta(days=2), SHANGHAI)
    assert last - first >= timedelta(days=1)
    assert now().astimezone(SHANGHAI).date() - last in (timedelta(days=1), timedelta(days=2))
    assert len(days_since(now() - timedelta(days=4000), SHANGHAI)) == 92


def test_a_bill_that_is_none_is_no_empty_list(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    fake.pay(opened(gateway, fake), at=now() - timedelta(days=1))
    fake.plan("garbage", path="/bill")
    with pytest.raises(GatewayUnavailable):
        list(gateway.list_recent(now() - timedelta(days=2)))


def test_only_yuan_up_to_the_limit_are_taken(gateway: AlipayGateway) -> None:
    assert [gateway.accepts(Offer(currency, "CN", amount)) for currency, amount in (
        ("CNY", 100_000_000_00), ("CNY", 100_000_000_01), ("EUR", 100))] == [True, False, False]


def test_raw_members_are_cut_out_as_they_came() -> None:
    text = ' { "sign" : "x\\"}" ,\n"a_response": {"b": "},\\"sign\\":\\"no\\"", "c": [1, {"d": 2}]} }'
    assert split_members(text) == {
        "sign": '"x\\"}"', "a_response": '{"b": "},\\"sign\\":\\"no\\"", "c": [1, {"d": 2}]}'}
    for broken in ("", "[]", '{"a":1', '{"a":1,"a":2}', '{"a" 1}', "{1:2}", '{"a":1 "b":2}'):
        with pytest.raises(ValueError):
            split_members(broken)

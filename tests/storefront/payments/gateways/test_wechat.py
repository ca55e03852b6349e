"""WeChat Pay beyond the common promises: codes and phones, what it signs and locks, its bill, its old letters."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.payments.errors import GatewayUnavailable, InvalidWebhook
from storefront.payments.gateways.port import Intent, Offer, Shopper
from storefront.payments.gateways.wechat import WechatGateway
from storefront.payments.models import PaymentEvent
from tests.conftest import SHARED
from tests.providers.settings import set_up
from tests.providers.wechat import APP_ID, MCH_ID, FakeWechat

KEY = uuid.UUID("0123456789abcdef0123456789abcdef")
NUMBER = "ABCD-EFGH-JKMN"
BACK = "http://localhost/checkout/return/x"


@pytest.fixture
def fake(app: Flask) -> Iterator[FakeWechat]:
    with FakeWechat() as started:
        set_up(app, "wechat", **started.settings)
        yield started


@pytest.fixture
def gateway(fake: FakeWechat) -> WechatGateway:
    return WechatGateway()


def intent(key: uuid.UUID = KEY, *, is_mobile: bool = False) -> Intent:
    return Intent(key, NUMBER, 5250, "CNY", BACK, shopper=Shopper(is_mobile, "203.0.113.7"))


def paid(gateway: WechatGateway, fake: FakeWechat) -> str:
    reference = gateway.create(intent()).reference
    fake.pay(reference)
    return reference


def test_a_desktop_gets_a_code_for_a_page_of_ours(gateway: WechatGateway, fake: FakeWechat) -> None:
    made = gateway.create(intent())
    assert (made.reference, made.redirect_url) == (KEY.hex, BACK)
    assert made.instructions["code_url"].startswith("weixin://")
    assert gateway.create(intent()) == made
    assert len(fake.payments) == 1


def test_a_phone_is_sent_to_wechat_with_its_address(gateway: WechatGateway, fake: FakeWechat) -> None:
    made = gateway.create(intent(is_mobile=True))
    assert made.redirect_url.endswith("&redirect_url=http%3A%2F%2Flocalhost%2Fcheckout%2Freturn%2Fx")
    assert dict(made.instructions) == {}
    assert json.loads(fake.calls[0].body)["scene_info"]["payer_client_ip"] == "203.0.113.7"


def test_a_payment_made_by_an_earlier_try_leads_to_the_way_back(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference = paid(gateway, fake)
    made = gateway.create(intent())
    assert (made.reference, made.redirect_url, dict(made.instructions)) == (reference, BACK, {})


def test_a_payment_of_which_little_is_said_before_it_is_made_is_open(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference = gateway.create(intent()).reference
    fake.lie(reference, attach="", amount=None)
    said = gateway.fetch(reference)
    assert (said.state, said.order_number, said.amount) == ("open", "", 0)


def test_partly_refunded_is_captured(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference = paid(gateway, fake)
    gateway.refund(reference, key=uuid.uuid4(), amount=1, total=5250)
    assert fake.payments[reference].state == "REFUND"
    assert gateway.fetch(reference).state == "captured"


def test_a_refund_on_its_way_is_asked_about_again(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference, key = paid(gateway, fake), uuid.uuid4()
    fake.slow_refunds = True
    assert gateway.refund(reference, key=key, amount=250, total=5250).state == "processing"
    fake.slow_refunds = False
    assert gateway.refund(reference, key=key, amount=250, total=5250).state == "refunded"
    assert fake.payments[reference].refunded == 250


@pytest.mark.parametrize("fault", ["drop", "drop-after", "garbage", "error"])
@pytest.mark.parametrize("call", ["create", "fetch", "refund"])
def test_an_answer_that_is_lost_or_nonsense_decides_nothing(
    gateway: WechatGateway, fake: FakeWechat, fault: str, call: str
) -> None:
    key, other = uuid.uuid4(), uuid.uuid4()
    reference = paid(gateway, fake)
    does = {"create": lambda: gateway.create(intent(other)), "fetch": lambda: gateway.fetch(reference),
            "refund": lambda: gateway.refund(reference, key=key, amount=250, total=5250)}[call]
    fake.plan(fault)
    with pytest.raises(GatewayUnavailable):
        does()
    does()
    assert fake.payments[reference].refunded == (250 if call == "refund" else 0)
    assert len(fake.payments) == (2 if call == "create" else 1)


def test_an_answer_changed_on_its_way_or_old_is_none(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference = paid(gateway, fake)
    fake.tamper = 1
    with pytest.raises(GatewayUnavailable):
        gateway.fetch(reference)
    for age in (timedelta(minutes=6), timedelta(minutes=-6)):
        fake.age = age
        with pytest.raises(GatewayUnavailable):
            gateway.fetch(reference)
    fake.age = timedelta(minutes=4)
    assert gateway.fetch(reference).state == "captured"


@pytest.mark.parametrize("untruth", [
    {"out_trade_no": "another"}, {"trade_state": "DREAMT"}, {"amount": {"total": "52.50"}}, {"amount": {"total": -1}},
    {"amount": {"total": True}}, {"amount": "52.50"}])
def test_a_signed_answer_that_makes_no_sense_is_none(
    gateway: WechatGateway, fake: FakeWechat, untruth: dict[str, Any]
) -> None:
    reference = paid(gateway, fake)
    fake.lie(reference, **untruth)
    with pytest.raises(GatewayUnavailable):
        gateway.fetch(reference)


def test_another_amount_currency_merchant_or_order_is_said_as_it_is(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference = paid(gateway, fake)
    fake.lie(reference, amount={"total": 1, "currency": "USD"}, mchid="1900000002", attach="XXXX")
    said = gateway.fetch(reference)
    assert (said.amount, said.currency, said.account, said.order_number) == (1, "USD", f"1900000002/{APP_ID}", "XXXX")
    assert gateway.account() == f"{MCH_ID}/{APP_ID}"


@pytest.mark.parametrize("change", [{"mchid": "1900000002"}, {"appid": "wx0000000000000002"}])
def test_a_notification_to_another_merchant_is_refused(
    gateway: WechatGateway, fake: FakeWechat, change: dict[str, str]
) -> None:
    with pytest.raises(InvalidWebhook, match="another"):
        gateway.verify_webhook(*fake.notification(paid(gateway, fake), **change))


def test_a_notification_locked_or_signed_with_another_key_is_refused(gateway: WechatGateway, fake: FakeWechat) -> None:
    reference = paid(gateway, fake)
    for wrong in ({"key": "x" * 32}, {"owner": "forger"}, {"serial": "PUB_KEY_ID_OF_ANOTHER"},
                  {"age": timedelta(minutes=6)}, {"age": timedelta(minutes=-6)}):
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(*fake.notification(reference, **wrong))


def test_a_signed_body_that_cannot_be_opened_is_refused(gateway: WechatGateway, fake: FakeWechat) -> None:
    for body in (b"", b"[]", b"{}", b"\xff", b'{"resource": 1}', b'{"resource": {"algorithm": "ROT13"}}', b"[" * 60_000,
                 json.dumps({"resource": {"algorithm": "AEAD_AES_256_GCM", "nonce": "", "ciphertext": "AA"}}).encode(),
                 json.dumps({"resource": {"algorithm": "AEAD_AES_256_GCM", "nonce": "n" * 12, "associated_data": None,
                                          "ciphertext": base64.b64encode(b"x" * 32).decode()}}).encode()):
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(body, fake._signed(body))


def test_refusals_are_answered_in_json(client: FlaskClient, gateway: WechatGateway, fake: FakeWechat) -> None:
    body, headers = fake.notification(paid(gateway, fake), owner="forger")
    answer = client.post("/webhooks/wechat", data=body, headers=headers)
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (400, "application/json", "FAIL")
    assert answer.json["message"].endswith(".")


def test_the_bills_of_past_days_are_read(gateway: WechatGateway, fake: FakeWechat) -> None:
    yesterday = now() - timedelta(days=1)
    first, second, today = (gateway.create(intent(uuid.uuid4())).reference for _ in range(3))
    fake.pay(first, at=yesterday)
    fake.pay(second, at=yesterday - timedelta(days=1))
    fake.pay(today, at=now() + timedelta(days=1))  # not yesterday, even if the day changes right now
    fake.payments[second].refunds["r"] = (2625, yesterday)
    listed = {said.reference: said for said in gateway.list_recent(now() - timedelta(days=3))}
    assert set(listed) == {first, second}
    assert (listed[first].amount, listed[first].refunded_amount, listed[first].order_number) == (5250, 0, NUMBER)
    assert (listed[second].amount, listed[second].refunded_amount) == (5250, 2625)
    fake.plan("garbage", path="/bill-file")
    with pytest.raises(GatewayUnavailable):
        list(gateway.list_recent(now() - timedelta(days=3)))


def test_only_yuan_are_taken(gateway: WechatGateway) -> None:
    assert [gateway.accepts(Offer(currency, "CN", 100)) for currency in ("CNY", "EUR")] == [True, False]


def test_a_letter_of_the_old_kind_is_refused_and_changes_nothing(client: FlaskClient, fake: FakeWechat) -> None:
    """Version 2 sent XML with an MD5 signature inside; the sample is a real one, and says that money came."""
    path = SHARED / "data/wechatpay/paysuccess.notification.sample.xml"
    if not path.exists():
        pytest.skip("the sample notifications are not beside the repository")
    letter = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - a file of our own
    fields = {child.tag: child.text for child in letter}
    assert (fields["result_code"], fields["total_fee"], fields["out_trade_no"]) == ("SUCCESS", "1", "1409811653")
    answer = client.post("/webhooks/wechat", data=path.read_bytes(), headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.json["code"]) == (400, "FAIL")
    assert db.session.scalar(select(func.count()).select_from(PaymentEvent)) == 0


def test_a_signature_of_the_old_kind_opens_nothing(gateway: WechatGateway) -> None:
    path = SHARED / "data/wechatpay/v2-sign-vector.json"
    if not path.exists():
        pytest.skip("the sample notifications are not beside the repository")
    vector = json.loads(path.read_text())
    assert vector["string_to_sign"].endswith(f"&key={vector['key']}")
    for old in (vector["md5"], vector["hmac_sha256"]):
        headers = {"Wechatpay-Timestamp": str(int(now().timestamp())), "Wechatpay-Nonce": vector["params"]["nonce_str"],
                   "Wechatpay-Serial": "", "Wechatpay-Signature": old}
        with pytest.raises(InvalidWebhook):
            gateway.verify_webhook(vector["string_to_sign"].encode(), headers)

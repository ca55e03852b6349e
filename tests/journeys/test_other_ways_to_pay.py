"""Ways to pay beside cards: by a code on our page, on Alipay's page, by bank transfer, in cash."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from email.message import Message
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.checkout.reviews import record_money
from storefront.foundation.database import db
from storefront.orders.queries import read_order_id, read_order_view
from storefront.orders.states import OrderState
from storefront.payments.gift_cards import issue_gift_card
from storefront.payments.models import PaymentEvent, PaymentState
from storefront.payments.queries import PaymentInfo, find_payment, list_payments
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world, open_payments
from tests.journeys.walk import CONTACT, form_of, number_in, path_of, put_in_cart
from tests.providers.alipay import FakeAlipay
from tests.providers.settings import set_up
from tests.providers.wechat import FakeWechat
from tests.storefront.inventory.test_services import stock

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"}
BANK = {"BANK_ACCOUNT_NAME": "Plainsong Ltd", "BANK_IBAN": "IE29 AIBK 9311 5212 3456 78", "BANK_BIC": "AIBKIE2D"}
Mailbox = Callable[[], list[Message]]


@pytest.fixture
def cup(app: Flask) -> int:
    make_world()
    return make_product(slug="cup", amount=1600, stock=3).variant_id


@pytest.fixture
def yuan(app: Flask) -> None:
    """A shop that sells for yuan."""
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], currency="CNY")
    app.config["CURRENCY"] = "CNY"


@pytest.fixture
def wechat(app: Flask, yuan: None) -> Iterator[FakeWechat]:
    with FakeWechat() as fake:
        set_up(app, "wechat", **fake.settings)
        yield fake


@pytest.fixture
def alipay(app: Flask, yuan: None) -> Iterator[FakeAlipay]:
    with FakeAlipay() as fake:
        set_up(app, "alipay", **fake.settings)
        yield fake


def choose(client: FlaskClient, method: str, **headers: str) -> str:
    """Buy a cup up to the button; returns where the browser is sent."""
    put_in_cart(client, "cup")
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"}), ("payment", {"method": method})):
        assert client.post(f"/checkout/{step}", data=fields).status_code == 303
    fields = form_of(client.get("/checkout/review").text, "/checkout/order")
    response = client.post("/checkout/order", data=fields, headers=headers)
    assert response.status_code == 303, response.text
    return str(response.location)


def only_payment() -> PaymentInfo:
    db.session.rollback()
    [payment] = open_payments()
    return payment


def events() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(PaymentEvent)) or 0


def test_a_code_on_our_page_is_paid_and_the_page_goes_on(
    client: FlaskClient, wechat: FakeWechat, cup: int, run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    back = path_of(choose(client, "wechat"))
    payment = only_payment()
    page = client.get(back).text
    assert '<svg viewBox="0 0' in page
    assert "Scan to pay CN¥20.50" in page
    assert 'http-equiv="refresh"' in page  # it goes on without JavaScript too
    assert client.get(back, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).status_code == 204
    wechat.pay(payment.id.hex)
    body, headers = wechat.notification(payment.id.hex)
    answers = [client.post("/webhooks/wechat", data=body, headers=headers) for _ in range(2)]
    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b"")] * 2
    run_jobs()
    assert events() == 1
    onward = client.get(back)
    order = read_order_view(read_order_id(number_in(onward.location)))
    assert (order.status, order.paid.amount, stock(cup)) == (OrderState.PLACED, 2050, (3, 0, 1))
    assert len(mailbox()) == 1


def test_a_phone_is_sent_to_wechat_itself(client: FlaskClient, wechat: FakeWechat, cup: int) -> None:
    url = urlsplit(choose(client, "wechat", **PHONE))
    payment = only_payment()
    assert url.netloc == "wx.tenpay.com"
    assert parse_qs(url.query)["redirect_url"] == [f"http://localhost/checkout/return/{payment.id}"]
    wechat.pay(payment.id.hex)
    onward = client.get(f"/checkout/return/{payment.id}")  # no notification came; the way back asks
    assert read_order_view(read_order_id(number_in(onward.location))).status == OrderState.PLACED


def test_another_amount_than_ours_is_parked(
    client: FlaskClient, wechat: FakeWechat, cup: int, run_jobs: Callable[[], int]
) -> None:  # fault 40
    choose(client, "wechat")
    reference = only_payment().id.hex
    wechat.pay(reference)
    wechat.lie(reference, amount={"total": 1, "currency": "CNY"})
    body, headers = wechat.notification(reference)
    assert client.post("/webhooks/wechat", data=body, headers=headers).status_code == 204
    run_jobs()
    db.session.rollback()
    assert open_payments() == []
    payment = find_payment("wechat", reference)
    assert payment is not None
    assert payment.state == PaymentState.REVIEW
    assert read_order_view(payment.order_id).status == OrderState.PENDING


def test_alipay_tells_twice_and_one_order_is_placed(
    client: FlaskClient, alipay: FakeAlipay, cup: int, run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    page = choose(client, "alipay")
    assert parse_qs(urlsplit(page).query)["method"] == ["alipay.trade.page.pay"]
    payment = only_payment()
    assert client.get(f"/checkout/return/{payment.id}").status_code == 200  # came back without having looked at it
    assert only_payment().id == payment.id
    assert alipay.visit(page) == 200
    assert payment.gateway_reference is not None
    alipay.pay(payment.gateway_reference)
    body, headers = alipay.notification(payment.gateway_reference)
    for _ in range(2):
        answer = client.post("/webhooks/alipay", data=body, headers=headers)
        assert (answer.status_code, answer.data) == (200, b"success")
        run_jobs()
    assert events() == 1
    order = read_order_view(payment.order_id)
    assert (order.status, order.paid.amount, stock(cup)) == (OrderState.PLACED, 2050, (3, 0, 1))
    assert len(mailbox()) == 1


def test_a_forged_notification_is_answered_as_alipay_knows_it(
    client: FlaskClient, alipay: FakeAlipay, cup: int
) -> None:  # fault 38
    page = choose(client, "alipay")
    alipay.visit(page)
    reference = only_payment().gateway_reference
    assert reference is not None
    alipay.pay(reference)
    body, headers = alipay.notification(reference, owner="forger")
    answer = client.post("/webhooks/alipay", data=body, headers=headers)
    assert (answer.status_code, answer.data) == (400, b"failure")
    assert events() == 0


def test_an_order_waits_for_a_bank_transfer_and_is_placed_when_staff_record_it(
    app: Flask, client: FlaskClient, cup: int, run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    set_up(app, "transfer", **BANK)
    back = client.get(path_of(choose(client, "transfer")))
    assert back.status_code == 303
    url = path_of(back.location)
    order_id = read_order_id(number_in(url))
    number = read_order_view(order_id).number
    page = client.get(url).text
    for said in ("IE29 AIBK 9311 5212 3456 78", "AIBKIE2D", "Plainsong Ltd", "€20.50", number, '<svg viewBox="0 0'):
        assert said in page
    run_jobs()
    [letter] = mailbox()
    assert letter["Subject"] == f"How to pay for your order {number}"
    text = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    assert "IE29 AIBK 9311 5212 3456 78" in str(text.get_payload(decode=True), "utf-8")
    assert (read_order_view(order_id).status, stock(cup)) == (OrderState.PENDING, (3, 1, 0))
    for _ in range(2):
        record_money(payment_id=list_payments(order_id)[0].id, actor="staff:1")
    run_jobs()
    order = read_order_view(order_id)
    assert (order.status, order.paid.amount, stock(cup)) == (OrderState.PLACED, 2050, (3, 0, 1))
    assert len(mailbox()) == 2
    assert "IE29" not in client.get(url).text


def test_cash_places_the_order_at_once_and_the_money_is_recorded_later(
    app: Flask, client: FlaskClient, cup: int, run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    set_up(app, "cash", CASH_COUNTRIES="IE GB", CASH_MAXIMUM="2050")
    back = client.get(path_of(choose(client, "cash")))
    order_id = read_order_id(number_in(back.location))
    order = read_order_view(order_id)
    assert (order.status, order.paid.amount, stock(cup)) == (OrderState.PLACED, 0, (3, 0, 1))
    run_jobs()
    [letter] = mailbox()
    text = str(next(part for part in letter.walk() if part.get_content_type() == "text/plain")
               .get_payload(decode=True), "utf-8")
    assert "is paid" not in text
    for _ in range(2):
        record_money(payment_id=list_payments(order_id)[0].id, actor="staff:1")
    assert read_order_view(order_id).paid.amount == 2050


def test_only_what_takes_the_order_is_offered_and_nothing_else_is_taken(
    app: Flask, client: FlaskClient, cup: int
) -> None:
    set_up(app, "demo", "transfer", "cash", "alipay", "wechat", **BANK, BANK_COUNTRIES="DE",
           CASH_COUNTRIES="IE", CASH_MAXIMUM="2049")
    put_in_cart(client, "cup")
    client.post("/checkout/contact", data=CONTACT)
    client.post("/checkout/delivery", data={"quote": "post"})
    page = client.get("/checkout/payment").text
    assert 'value="demo"' in page
    for code in ("transfer", "cash", "alipay", "wechat", "gift_card", "shells"):
        assert f'value="{code}"' not in page
        refused = client.post("/checkout/payment", data={"method": code})
        assert refused.status_code == 422
        assert "Please choose one of the ways to pay below." in refused.text
    assert client.post("/checkout/payment", data={"method": "demo"}).status_code == 303


def test_what_a_gift_card_pays_is_not_asked_of_the_other_way_to_pay(
    app: Flask, client: FlaskClient, cup: int
) -> None:
    set_up(app, "cash", CASH_COUNTRIES="IE", CASH_MAXIMUM="2000")
    put_in_cart(client, "cup")
    client.post("/checkout/contact", data=CONTACT)
    client.post("/checkout/delivery", data={"quote": "post"})
    assert "cannot take a sum as large as this one" in client.get("/checkout/payment").text
    for amount, button in ((50, "Place the order, pay €20.00 later"), (5000, "Place the order<")):
        card = issue_gift_card(amount=amount, note="", recipient_email="", expires_at=None, actor="staff:1")
        assert client.post("/checkout/codes", data={"code": card}).status_code == 303
        assert client.post("/checkout/payment", data={"method": "cash"}).status_code == 303
        assert button in client.get("/checkout/review").text


def test_a_way_to_pay_that_went_away_before_the_button_is_asked_for_again(
    app: Flask, client: FlaskClient, cup: int
) -> None:
    set_up(app, "cash", CASH_COUNTRIES="IE")
    put_in_cart(client, "cup")
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"}), ("payment", {"method": "cash"})):
        client.post(f"/checkout/{step}", data=fields)
    review = client.get("/checkout/review").text
    assert "Place the order, pay €20.50 later" in review
    set_up(app, CASH_COUNTRIES="DE")
    assert client.get("/checkout/review").location == "/checkout/payment"
    refused = client.post("/checkout/order", data=form_of(review, "/checkout/order"))
    assert (refused.status_code, refused.location) == (303, "/checkout/payment")
    page = client.get("/checkout/payment").text
    assert "is not to be had for this order any more" in page
    assert "No way to pay for this order" in page
    assert "Another address may help" in page

"""Bank transfer and cash: what of the port applies to them, their settings, and what the shopper is told."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from storefront.foundation.money import Money
from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.by_hand import ByHand
from storefront.payments.gateways.iban import is_bic, is_iban, spaced
from storefront.payments.gateways.port import Intent, Offer
from storefront.payments.gateways.registry import explain_refusal, find_gateway, offered_gateways
from storefront.payments.qr import draw_qr, draw_transfer_qr
from tests.providers.settings import set_up

BANK = {"BANK_ACCOUNT_NAME": "Plainsong Ltd", "BANK_IBAN": "ie29 aibk 9311 5212 3456 78", "BANK_BIC": "AIBKIE2D"}
by_hand = pytest.mark.parametrize("code", ["transfer", "cash"])


def intent() -> Intent:
    return Intent(uuid.uuid4(), "ABCD-EFGH-JKMN", 5250, "EUR", "http://localhost/checkout/return/x")


@by_hand
def test_nobody_is_asked_and_nothing_is_sent(app: Flask, code: str) -> None:
    set_up(app, code, **BANK, CASH_COUNTRIES="IE")
    gateway, wanted = find_gateway(code), intent()
    assert isinstance(gateway, ByHand)
    assert list(gateway.missing_settings()) == []
    assert gateway.create(wanted) == gateway.create(wanted)
    reference = gateway.create(wanted).reference
    assert reference != gateway.create(intent()).reference
    assert (gateway.is_polled, gateway.places_order) == (False, code == "cash")
    assert gateway.fetch(reference).state == "open"
    assert gateway.void(reference).state == "failed"
    refunded = gateway.refund(reference, key=uuid.uuid4(), amount=1, total=5250)
    assert (refunded.state, "by hand" in refunded.problem) == ("failed", True)


@by_hand
def test_nobody_sends_events_about_it(client: FlaskClient, code: str) -> None:
    with pytest.raises(InvalidWebhook):
        find_gateway(code).verify_webhook(b"{}", {})
    assert client.post(f"/webhooks/{code}", data=b"{}").status_code == 400


def test_a_transfer_keeps_what_the_shopper_was_told(app: Flask) -> None:
    set_up(app, "transfer", **BANK)
    made = find_gateway("transfer").create(intent())
    assert dict(made.instructions) == {"account_name": "Plainsong Ltd", "iban": "IE29AIBK93115212345678",
                                       "bic": "AIBKIE2D", "reference": "ABCD-EFGH-JKMN"}


@pytest.mark.parametrize(("setting", "value"), [
    ("BANK_IBAN", ""), ("BANK_IBAN", "IE29AIBK93115212345679"), ("BANK_IBAN", "IE29AIBK9311521234567"),
    ("BANK_ACCOUNT_NAME", ""), ("BANK_BIC", "AIB")])
def test_a_transfer_needs_an_account_that_can_be_one(app: Flask, setting: str, value: str) -> None:
    set_up(app, "transfer", **{**BANK, setting: value})
    [missing] = find_gateway("transfer").missing_settings()
    assert missing.split()[0] == setting
    assert offered_gateways() == []


@pytest.mark.parametrize(("text", "is_one"), [
    ("GB82 WEST 1234 5698 7654 32", True), ("DE89370400440532013000", True), ("NO9386011117947", True),
    ("MT84MALT011000012345MTLCAST001S", True), ("GB82 WEST 1234 5698 7654 33", False), ("GB82WEST", False),
    ("DE5137040044053201300", False), ("", False), ("IE29 AIBK 9311 5212 3456 7é", False), ("٢٩", False)])
def test_account_numbers_are_checked(text: str, is_one: bool) -> None:
    assert is_iban(text) == is_one


def test_account_numbers_are_written_in_fours_and_bank_codes_have_their_shape() -> None:
    assert spaced("gb82west12345698765432") == "GB82 WEST 1234 5698 7654 32"
    assert [is_bic(text) for text in ("AIBKIE2D", "DEUTDEFF500", "AIBK", "AIBKIE2D5", "")] == [
        True, True, False, False, False]


@pytest.mark.parametrize(("offer", "codes"), [
    (Offer("EUR", "IE", 20000), ["transfer", "cash"]), (Offer("EUR", "IE", 20001), ["transfer"]),
    (Offer("EUR", "GB", 100), ["cash"]), (Offer("EUR", "DE", 100), ["transfer"]), (Offer("EUR", "US", 100), []),
    (Offer("EUR", "", 100), [])])
def test_country_and_total_decide_what_is_offered(app: Flask, offer: Offer, codes: list[str]) -> None:
    set_up(app, "transfer", "cash", "alipay", **BANK, BANK_COUNTRIES="ie, de", CASH_COUNTRIES="IE GB",
           CASH_MAXIMUM="20000")
    assert [gateway.code for gateway in offered_gateways(offer)] == codes
    assert bool(explain_refusal(offer)) == (not codes)


def test_cash_is_offered_nowhere_unless_a_shop_says_where(app: Flask) -> None:
    set_up(app, "cash", CASH_MAXIMUM="200.00")
    assert [name.split()[0] for name in find_gateway("cash").missing_settings()] == ["CASH_COUNTRIES", "CASH_MAXIMUM"]
    assert offered_gateways() == []


def test_why_nothing_is_offered_names_the_way_on(app: Flask) -> None:
    set_up(app, "cash", CASH_COUNTRIES="IE", CASH_MAXIMUM="20000")
    assert "order a part of it" in explain_refusal(Offer("EUR", "IE", 20001))
    assert "Another address" in explain_refusal(Offer("EUR", "US", 100))
    set_up(app, CASH_COUNTRIES="")
    assert "our fault" in explain_refusal(Offer("EUR", "IE", 100))


def test_codes_are_drawn_as_svg_without_styles_or_scripts() -> None:
    for code in (draw_qr("weixin://wxpay/bizpayurl?pr=abc&x=<y>"), transfer_code(Money(5250, "EUR"))):
        assert isinstance(code, Markup)
        assert re.fullmatch(r'<svg viewBox="0 0 (\d+) \1" class="qr__code"><path [^<>]*/></svg>', code)
        assert "style" not in code


def test_banking_apps_get_a_code_for_euro_alone() -> None:
    assert transfer_code(Money(5250, "GBP")) == ""
    assert transfer_code(Money(0, "EUR")) == ""
    assert transfer_code(Money(1, "EUR")) != transfer_code(Money(2, "EUR"))


def transfer_code(money: Money) -> Markup:
    return draw_transfer_qr(name="Plainsong Ltd", iban="IE29AIBK93115212345678", bic="", money=money,
                            reference="ABCD-EFGH-JKMN")

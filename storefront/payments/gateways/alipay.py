"""Alipay: page pay on a desktop, WAP pay on a phone, both by redirect; RSA2 both ways.

Alipay learns of a trade when the shopper opens its page, not before: until then it says that there is none,
and the shop calls the payment open. Its answers name neither our app nor the shop's order, so the order's
number travels inside out_trade_no. It tells of refunds made in its dashboard only through the daily bill,
and through TRADE_CLOSED when all of the money went back.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from storefront.foundation.clock import now
from storefront.foundation.money import InvalidAmount, Money, decimal_text, parse_amount
from storefront.foundation.shop import facts
from storefront.payments.errors import InvalidWebhook, UnknownGateway
from storefront.payments.gateways.alipay_wire import SHANGHAI, ask, refusal, signed
from storefront.payments.gateways.bills import BillRow, days_since, read_alipay_bill, sum_up
from storefront.payments.gateways.offering import missing, setting, unreadable
from storefront.payments.gateways.port import (
    STOCK_WAITS,
    Created,
    Intent,
    Offer,
    ProviderState,
    RefundSaid,
    Said,
    WebhookAnswer,
    WebhookSaid,
)
from storefront.payments.gateways.rsa import is_signed, read_private_key, read_public_key
from storefront.payments.gateways.wire import call, unavailable

CURRENCY = "CNY"
MAX_AMOUNT = 100_000_000_00  # fen in one trade, says Alipay
PRODUCTS = {False: ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"), True: ("alipay.trade.wap.pay", "QUICK_WAP_WAY")}
STATES: dict[str, ProviderState] = {
    "WAIT_BUYER_PAY": "open", "TRADE_SUCCESS": "captured", "TRADE_FINISHED": "captured", "TRADE_CLOSED": "failed"}
NO_TRADE = "ACQ.TRADE_NOT_EXIST"
MAX_FIELDS = 100  # of a notification; a real one has about thirty


class AlipayGateway:
    """The gateway of Alipay's open platform."""

    code = "alipay"
    name = "Alipay · 支付宝"
    detail = "You pay on Alipay's own page or in its app and come back here."
    stock_waits = STOCK_WAITS
    is_polled = True
    places_order = False

    def missing_settings(self) -> Sequence[str]:
        return [*missing("ALIPAY_APP_ID", "ALIPAY_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY"),
                *unreadable("ALIPAY_PRIVATE_KEY", read_private_key), *unreadable("ALIPAY_PUBLIC_KEY", read_public_key)]

    def accepts(self, offer: Offer) -> bool:
        return offer.currency == CURRENCY and offer.amount <= MAX_AMOUNT

    def account(self) -> str:
        return setting("ALIPAY_APP_ID")

    def create(self, intent: Intent) -> Created:
        """Sign the address of Alipay's page; Alipay is not called, the browser brings the trade along."""
        reference = f"{intent.order_number.replace('-', '_')}_{intent.key.hex}"
        method, product = PRODUCTS[intent.shopper.is_mobile]
        content = {
            "out_trade_no": reference, "total_amount": _yuan(intent.amount, intent.currency), "product_code": product,
            # / = & and quotes are forbidden in it
            "subject": re.sub(r"[^\w .-]", " ", f"{facts().site_name} {intent.order_number}")[:256],
            "time_expire": (now() + self.stock_waits).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        }
        if intent.shopper.is_mobile:
            content["quit_url"] = f"{facts().site_url}/checkout/payment"
        fields = signed(method, content, return_url=intent.return_url,
                        notify_url=f"{facts().site_url}/webhooks/{self.code}")
        return Created(reference, f"{fields.address}?{urlencode(fields.values)}")

    def fetch(self, reference: str) -> Said:
        said = ask("alipay.trade.query", {"out_trade_no": reference})
        if refusal(said) == NO_TRADE:
            if not _is_ours(reference):
                raise UnknownGateway("Alipay knows no such payment.")
            return Said(reference, "open", "", 0, CURRENCY, self.account())
        if refusal(said) or said.get("out_trade_no") != reference or said.get("trade_status") not in STATES:
            raise unavailable(self.name, f"no answer about {reference}: {said}")
        amount = _fen(said.get("total_amount"))
        state, refunded = STATES[said["trade_status"]], 0
        if said["trade_status"] == "TRADE_CLOSED" and said.get("send_pay_date"):
            state, refunded = "captured", amount  # it was paid once: closed means that all of it went back
        # The answer is signed for the app that asked, and names it nowhere.
        return Said(reference, state, _order_number(said["out_trade_no"]), amount,
                    said.get("trans_currency", CURRENCY), self.account(), refunded)

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        return self.fetch(reference)  # nothing is ever authorized: Alipay takes the money at once

    def void(self, reference: str) -> Said:
        """Close the trade; one that the shopper never opened cannot be closed, and ends by its time_expire."""
        closed = ask("alipay.trade.close", {"out_trade_no": reference})
        if refusal(closed) == NO_TRADE:
            return Said(reference, "failed", "", 0, CURRENCY, self.account())
        return self.fetch(reference)

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        asked = {"out_trade_no": reference, "out_request_no": key.hex}
        said = ask("alipay.trade.refund", {**asked, "refund_amount": _yuan(amount, CURRENCY)})
        if not refusal(said) and said.get("fund_change") == "Y":
            return RefundSaid(key.hex, "refunded")
        # N says no more than that this call moved nothing: an earlier one may have.
        found = ask("alipay.trade.fastpay.refund.query", asked)
        if not refusal(found) and found.get("refund_status") == "REFUND_SUCCESS":
            return RefundSaid(key.hex, "refunded")
        if refusal(said):
            return RefundSaid(key.hex, "failed", f"{said.get('sub_msg', '')} ({refusal(said)})"[:300])
        return RefundSaid(key.hex, "processing")

    def list_recent(self, since: datetime) -> Iterator[Said]:
        """Read the daily trade bills; each comes on the following day, so the last hours are not in them."""
        for row in sum_up(row for day in days_since(since, SHANGHAI) for row in self._read_bill(day)):
            yield Said(row.reference, "captured", _order_number(row.reference), row.amount, CURRENCY,
                       self.account(), row.refunded_amount)

    def _read_bill(self, day: date) -> list[BillRow]:
        said = ask("alipay.data.dataservice.bill.downloadurl.query",
                   {"bill_type": "trade", "bill_date": day.isoformat()})
        if refusal(said).lower() == "isp.bill_not_exist":
            return []
        if refusal(said) or not said.get("bill_download_url"):
            raise unavailable(self.name, f"no bill of {day}: {said}")
        answer = call("GET", str(said["bill_download_url"]), provider=self.name)
        if answer.status != 200:
            raise unavailable(self.name, f"the bill of {day} answers {answer.status}")
        return read_alipay_bill(answer.body, self.name)

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        """Alipay signs the decoded fields in the order of their names: one more, less or other, and it is refused."""
        if self.missing_settings():
            raise UnknownGateway("This shop takes no payments by Alipay.")
        fields = _read_form(body)
        signature, kind = fields.pop("sign", ""), fields.pop("sign_type", "")
        message = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        if kind != "RSA2" or not is_signed(setting("ALIPAY_PUBLIC_KEY"), message.encode(), signature):
            raise InvalidWebhook("The signature does not fit the notification.")
        seller = setting("ALIPAY_SELLER_ID")
        if fields.get("app_id") != self.account() or (seller and fields.get("seller_id") != seller):
            raise InvalidWebhook("The notification is about another merchant.")
        if "notify_id" not in fields or "out_trade_no" not in fields:
            raise InvalidWebhook("The notification names no event or no trade.")
        return WebhookSaid(fields["notify_id"], fields["out_trade_no"], fields.get("trade_status", ""))

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        """Exactly `success`, else Alipay sends it again for a day."""
        return WebhookAnswer("failure", 400) if problem else WebhookAnswer("success", 200)


def _read_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, encoding="utf-8",
                          errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidWebhook("The body is no form.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidWebhook("The body says a field twice.")
    return fields


def _is_ours(reference: str) -> bool:
    return re.fullmatch(r"[0-9A-Z_]+_[0-9a-f]{32}", reference) is not None


def _order_number(reference: str) -> str:
    """The number that out_trade_no begins with; a trade that is not ours keeps the name it has."""
    return reference[:-33].replace("_", "-") if _is_ours(reference) else reference


def _yuan(amount: int, currency: str) -> str:
    if currency != CURRENCY:
        raise ValueError("Alipay takes CNY")
    return decimal_text(Money(amount, CURRENCY))


def _fen(text: Any) -> int:
    try:
        return parse_amount(str(text), CURRENCY)
    except InvalidAmount as error:
        raise unavailable(AlipayGateway.name, f"an amount that is none: {text!r}") from error

"""WeChat Pay, API v3: Native (a QR code on a page of ours) on a desktop, H5 (by redirect) on a phone.

The order's number travels in `attach`, which comes back in every answer. A payment of which a part went back
is in state REFUND without a sum, so refunds made in WeChat Pay's dashboard are seen in the daily bill alone.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from storefront.foundation.errors import SettingsError
from storefront.foundation.shop import facts
from storefront.payments.errors import InvalidWebhook, UnknownGateway
from storefront.payments.gateways.alipay_wire import SHANGHAI
from storefront.payments.gateways.bills import BillRow, days_since, read_wechat_bill, sum_up
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
from storefront.payments.gateways.rsa import read_private_key, read_public_key
from storefront.payments.gateways.wechat_wire import Refused, ask, download, read_notification
from storefront.payments.gateways.wire import unavailable

CURRENCY = "CNY"
MAX_AMOUNT = 10_000_000_00  # fen; limits of banks and wallets are far below
PAYMENTS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
STATES: dict[str, ProviderState] = {
    "SUCCESS": "captured", "REFUND": "captured", "NOTPAY": "open", "USERPAYING": "processing", "ACCEPT": "processing",
    "CLOSED": "failed", "REVOKED": "failed", "PAYERROR": "failed"}
NEEDED = ("WECHAT_APP_ID", "WECHAT_MCH_ID", "WECHAT_API_V3_KEY", "WECHAT_PRIVATE_KEY", "WECHAT_CERT_SERIAL",
          "WECHAT_PUBLIC_KEY", "WECHAT_PUBLIC_KEY_ID")


class WechatGateway:
    """The gateway of WeChat Pay for merchants in China."""

    code = "wechat"
    name = "WeChat Pay · 微信支付"
    detail = "You scan a code with WeChat; on a phone, WeChat opens by itself."
    stock_waits = STOCK_WAITS
    is_polled = True
    places_order = False

    def missing_settings(self) -> Sequence[str]:
        return [*missing(*NEEDED), *unreadable("WECHAT_PRIVATE_KEY", read_private_key),
                *unreadable("WECHAT_PUBLIC_KEY", read_public_key), *unreadable("WECHAT_API_V3_KEY", _check_key)]

    def accepts(self, offer: Offer) -> bool:
        return offer.currency == CURRENCY and offer.amount <= MAX_AMOUNT

    def account(self) -> str:
        return f"{setting('WECHAT_MCH_ID')}/{setting('WECHAT_APP_ID')}"

    def create(self, intent: Intent) -> Created:
        reference = intent.key.hex
        content: dict[str, object] = {
            "appid": setting("WECHAT_APP_ID"), "mchid": setting("WECHAT_MCH_ID"), "out_trade_no": reference,
            "description": f"{facts().site_name} {intent.order_number}"[:120], "attach": intent.order_number,
            "notify_url": f"{facts().site_url}/webhooks/{self.code}",
            "amount": {"total": intent.amount, "currency": intent.currency},
        }
        if intent.shopper.is_mobile:
            content["scene_info"] = {"payer_client_ip": intent.shopper.ip, "h5_info": {"type": "Wap"}}
        try:
            made = ask("POST", f"{PAYMENTS}/{'h5' if intent.shopper.is_mobile else 'native'}", content)
        except Refused as error:
            if error.code == "ORDERPAID":
                return Created(reference, intent.return_url)  # paid by an earlier try: the way back will see it
            raise unavailable(self.name, str(error)) from error
        if intent.shopper.is_mobile:
            back = quote(intent.return_url, safe="")
            return Created(reference, f"{_text(made, 'h5_url')}&redirect_url={back}")
        return Created(reference, intent.return_url, {"code_url": _text(made, "code_url")})

    def fetch(self, reference: str) -> Said:
        try:
            said = ask("GET", f"{PAYMENTS}/out-trade-no/{reference}?mchid={setting('WECHAT_MCH_ID')}")
        except Refused as error:
            if error.code in ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"):
                raise UnknownGateway("WeChat Pay knows no such payment.") from error
            raise unavailable(self.name, str(error)) from error
        amount = said.get("amount") or {}
        is_about_it = said.get("out_trade_no") == reference and said.get("trade_state") in STATES
        if not is_about_it or not isinstance(amount, dict):
            raise unavailable(self.name, f"no answer about {reference}: {said}")
        return Said(reference, STATES[said["trade_state"]], str(said.get("attach", "")), _fen(amount.get("total", 0)),
                    str(amount.get("currency", CURRENCY)), f"{said.get('mchid', '')}/{said.get('appid', '')}")

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        return self.fetch(reference)  # nothing is ever authorized: WeChat Pay takes the money at once

    def void(self, reference: str) -> Said:
        try:
            ask("POST", f"{PAYMENTS}/out-trade-no/{reference}/close", {"mchid": setting("WECHAT_MCH_ID")})
        except Refused as error:
            if error.code not in ("ORDERPAID", "ORDER_PAID", "ORDER_CLOSED"):
                raise unavailable(self.name, str(error)) from error
        return self.fetch(reference)

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        try:
            said = ask("POST", REFUNDS, {
                "out_trade_no": reference, "out_refund_no": key.hex,
                "amount": {"refund": amount, "total": total, "currency": CURRENCY}})
        except Refused as error:
            return RefundSaid(key.hex, "failed", str(error))
        if said.get("out_refund_no") != key.hex:
            raise unavailable(self.name, f"no answer about refund {key.hex}: {said}")
        if said.get("status") == "SUCCESS":
            return RefundSaid(key.hex, "refunded")
        if said.get("status") in ("CLOSED", "ABNORMAL"):
            return RefundSaid(key.hex, "failed", f"WeChat Pay says {said['status']}: finish it in its dashboard.")
        return RefundSaid(key.hex, "processing")

    def list_recent(self, since: datetime) -> Iterator[Said]:
        """Read the daily trade bills; each comes on the following day, so the last hours are not in them."""
        for row in sum_up(row for day in days_since(since, SHANGHAI) for row in self._read_bill(day)):
            yield Said(row.reference, "captured", row.order_number, row.amount, CURRENCY, self.account(),
                       row.refunded_amount)

    def _read_bill(self, day: date) -> list[BillRow]:
        try:
            said = ask("GET", f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL")
        except Refused as error:
            if error.code == "NO_STATEMENT_EXIST":
                return []
            raise unavailable(self.name, str(error)) from error
        answer = download(_text(said, "download_url"))
        digest = hashlib.sha1(answer.body, usedforsecurity=False).hexdigest()  # theirs to choose; the hash is signed
        if answer.status != 200 or said.get("hash_type") != "SHA1" or said.get("hash_value", "").lower() != digest:
            raise unavailable(self.name, f"the bill of {day} does not fit its hash")
        return read_wechat_bill(answer.body, self.name)

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        if self.missing_settings():
            raise UnknownGateway("This shop takes no payments by WeChat Pay.")
        said, payment = read_notification(body, headers)
        if payment.get("mchid") != setting("WECHAT_MCH_ID"):
            raise InvalidWebhook("The notification is about another merchant.")
        if payment.get("appid", setting("WECHAT_APP_ID")) != setting("WECHAT_APP_ID"):  # refunds name no app
            raise InvalidWebhook("The notification is about another app.")
        try:
            return WebhookSaid(str(said["id"]), str(payment["out_trade_no"]), str(said.get("event_type", "")))
        except KeyError:
            raise InvalidWebhook("The notification names no event or no payment.") from None

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        """204 ends it; anything else makes WeChat Pay send it again for a day."""
        if not problem:
            return WebhookAnswer()
        return WebhookAnswer(json.dumps({"code": "FAIL", "message": problem}), 400, "application/json")


def _check_key(text: str) -> None:
    if len(text.encode()) != 32:
        raise SettingsError("it must have 32 characters")


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise unavailable(WechatGateway.name, f"an answer without {name}: {said}")
    return value


def _fen(value: object) -> int:
    if type(value) is not int or value < 0:
        raise unavailable(WechatGateway.name, f"an amount that is none: {value!r}")
    return value

"""A WeChat Pay of ours on 127.0.0.1: API v3 for Native and H5, refunds, notifications and bills.

    with FakeWechat() as fake:
        set_up(app, "wechat", **fake.settings)
        fake.pay(reference)                 # the shopper scans and pays; also decline
        body, headers = fake.notification(reference)   # what its server would post to /webhooks/wechat

It checks the merchant's signature on every call, signs every answer but the bill, keeps payments by out_trade_no
and refunds by out_refund_no, and never gives back more than was paid. What can go wrong: LocalServer.plan
(server.py); `tamper = n`, the next n answers are changed after they were signed; `age`, the answers' timestamps are
that old; `lie(reference, amount=…)`, honestly signed untruths; `slow_refunds = True`, refunds stay PROCESSING.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storefront.foundation.clock import now
from tests.providers.keys import fits, private_pem, public_pem, sign_as
from tests.providers.server import Answer, Call, LocalServer

CHINA = timezone(timedelta(hours=8))
APP_ID, MCH_ID, SERIAL, KEY_ID = "wx0000000000000001", "1900000001", "5157F09EFDC096DE", "PUB_KEY_ID_0119000000012026"
API_V3_KEY = "0123456789abcdef0123456789ABCDEF"
NOW = timedelta(0)
HEAD = ("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
        "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
        "申请退款金额,费率备注")


class Refusal(Exception):
    """Status, code and message."""


@dataclass
class Payment:
    asked: dict[str, Any]
    number: str
    kind: str  # NATIVE, MWEB
    state: str = "NOTPAY"
    paid_at: datetime | None = None
    refunds: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return int(self.asked["amount"]["total"])

    @property
    def refunded(self) -> int:
        return sum(amount for amount, _ in self.refunds.values())


class FakeWechat(LocalServer):
    """The server and its books."""

    def __init__(self) -> None:
        super().__init__()
        self.payments: dict[str, Payment] = {}
        self.lies: dict[str, dict[str, Any]] = {}
        self.tamper = 0
        self.age = NOW
        self.slow_refunds = False
        self._nonces: set[str] = set()

    @property
    def settings(self) -> dict[str, str]:
        return {"WECHAT_APP_ID": APP_ID, "WECHAT_MCH_ID": MCH_ID, "WECHAT_API_V3_KEY": API_V3_KEY,
                "WECHAT_PRIVATE_KEY": private_pem("merchant"), "WECHAT_CERT_SERIAL": SERIAL,
                "WECHAT_PUBLIC_KEY": public_pem("wechat"), "WECHAT_PUBLIC_KEY_ID": KEY_ID, "WECHAT_API_BASE": self.url}

    # The shopper

    def pay(self, reference: str, at: datetime | None = None) -> None:
        with self.lock:
            payment = self.payments[reference]
            assert payment.state == "NOTPAY"
            payment.state, payment.paid_at = "SUCCESS", at or now()

    def decline(self, reference: str) -> None:
        with self.lock:
            self.payments[reference].state = "PAYERROR"

    def lie(self, reference: str, **untruths: Any) -> None:
        self.lies[reference] = untruths

    def notification(self, reference: str, *, age: timedelta = NOW, owner: str = "wechat", serial: str = KEY_ID,
                     key: str = API_V3_KEY, **changes: Any) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of what its server posts about the payment as it stands, under one id."""
        payment = self.payments[reference]
        nonce = secrets.token_hex(6)
        plain = json.dumps({**self._describe(reference), **changes}).encode()
        inside = {"algorithm": "AEAD_AES_256_GCM", "associated_data": "transaction", "nonce": nonce,
                  "original_type": "transaction",
                  "ciphertext": base64.b64encode(AESGCM(key.encode()).encrypt(nonce.encode(), plain,
                                                                              b"transaction")).decode()}
        event_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{reference}{payment.state}{len(payment.refunds)}"))
        body = json.dumps({"id": event_id, "create_time": now().astimezone(CHINA).isoformat(timespec="seconds"),
                           "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource",
                           "summary": "支付成功", "resource": inside}, ensure_ascii=False).encode()
        return body, {"Content-Type": "application/json", **self._signed(body, age=age, owner=owner, serial=serial)}

    # The server

    def handle(self, call: Call) -> Answer:
        with self.lock:
            if call.path == "/bill-file":
                self._check(call)
                return Answer(200, self._bill(call.query), "text/csv")
            try:
                self._check(call)
                said: Any = self._route(call)
                status = 204 if said is None else 200
            except Refusal as refusal:
                status, code, message = refusal.args
                said = {"code": code, "message": message}
        body = b"" if said is None else json.dumps(said, ensure_ascii=False).encode()
        headers = self._signed(body, age=self.age)
        if self.tamper:
            self.tamper -= 1
            body = body.replace(b'"', b' "', 1) if body else b"{}"
        return Answer(status, body, headers=headers)

    def _check(self, call: Call) -> None:
        """Verify the merchant's signature; a nonce is good once."""
        scheme, _, text = call.headers.get("authorization", "").partition(" ")
        facts = dict(re.findall(r'(\w+)="([^"]*)"', text))
        path = f"{call.path}?{call.query}" if call.query else call.path
        message = f"{call.method}\n{path}\n{facts.get('timestamp')}\n{facts.get('nonce_str')}\n".encode()
        is_good = (scheme == "WECHATPAY2-SHA256-RSA2048" and facts.get("mchid") == MCH_ID
                   and facts.get("serial_no") == SERIAL and facts["nonce_str"] not in self._nonces
                   and abs(now().timestamp() - int(facts["timestamp"])) < 300
                   and fits("merchant", message + call.body + b"\n", facts.get("signature", "")))
        if not is_good:
            raise Refusal(401, "SIGN_ERROR", "签名错误")
        assert call.headers["wechatpay-serial"] == KEY_ID
        assert call.headers["accept"] == "application/json"
        assert call.headers["user-agent"]
        self._nonces.add(facts["nonce_str"])

    def _route(self, call: Call) -> Any:
        content = json.loads(call.body) if call.body else {}
        if call.path in ("/v3/pay/transactions/native", "/v3/pay/transactions/h5"):
            return self._prepare(content, is_native=call.path.endswith("native"))
        if call.path == "/v3/refund/domestic/refunds":
            return self._refund(content)
        if call.path == "/v3/bill/tradebill":
            return self._bill_url(parse_qs(call.query))
        match = re.fullmatch(r"/v3/pay/transactions/out-trade-no/([0-9A-Za-z_*-]+)(/close)?", call.path)
        assert match, call.path
        if match[1] not in self.payments:
            raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
        return self._close(match[1]) if match[2] else {**self._describe(match[1]), **self.lies.get(match[1], {})}

    def _prepare(self, content: dict[str, Any], *, is_native: bool) -> dict[str, str]:
        assert (content["mchid"], content["appid"]) == (MCH_ID, APP_ID)
        assert content["description"]
        assert content["notify_url"].startswith("http")
        assert "?" not in content["notify_url"]
        if not is_native:
            assert content["scene_info"]["payer_client_ip"]
            assert content["scene_info"]["h5_info"]["type"] == "Wap"
        reference = content["out_trade_no"]
        assert re.fullmatch(r"[0-9A-Za-z_*-]{6,32}", reference)
        payment = self.payments.setdefault(reference, Payment(content, f"4200{len(self.payments):024}",
                                                              "NATIVE" if is_native else "MWEB"))
        if payment.paid_at is not None:
            raise Refusal(400, "ORDERPAID", "该订单已支付")
        if payment.asked != content or payment.state != "NOTPAY":
            raise Refusal(400, "INVALID_REQUEST", "201 商户订单号重复")
        if is_native:
            return {"code_url": f"weixin://wxpay/bizpayurl?pr={payment.number[-9:]}"}
        return {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={payment.number}"}

    def _describe(self, reference: str) -> dict[str, Any]:
        """What is said of a payment; before it is paid it is said that little."""
        payment = self.payments[reference]
        said = {"appid": APP_ID, "mchid": MCH_ID, "out_trade_no": reference, "trade_state": payment.state,
                "trade_state_desc": "…", "attach": payment.asked.get("attach", ""),
                "amount": {"total": payment.total, "currency": "CNY", "payer_currency": "CNY"}}
        if payment.paid_at is not None:
            said |= {"transaction_id": payment.number, "trade_type": payment.kind, "bank_type": "OTHERS",
                     "success_time": payment.paid_at.astimezone(CHINA).isoformat(timespec="seconds")}
        return said

    def _close(self, reference: str) -> None:
        payment = self.payments[reference]
        if payment.paid_at is not None:
            raise Refusal(400, "ORDERPAID", "该订单已支付")
        payment.state = "CLOSED"

    def _refund(self, content: dict[str, Any]) -> dict[str, Any]:
        payment, key = self.payments.get(content["out_trade_no"]), content["out_refund_no"]
        amount = content["amount"]
        if payment is None or payment.paid_at is None:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付")
        if key in payment.refunds and payment.refunds[key][0] != amount["refund"]:
            raise Refusal(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致")
        if key not in payment.refunds:
            if amount["total"] != payment.total or payment.refunded + amount["refund"] > payment.total:
                raise Refusal(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
            payment.refunds[key] = (amount["refund"], now())
            payment.state = "REFUND"
        return {"refund_id": f"5030{key[:12]}", "out_refund_no": key, "out_trade_no": content["out_trade_no"],
                "status": "PROCESSING" if self.slow_refunds else "SUCCESS", "amount": amount}

    def _bill_url(self, query: dict[str, list[str]]) -> dict[str, str]:
        assert query["bill_type"] == ["ALL"]
        [day] = query["bill_date"]
        if not self._rows(day):
            raise Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        return {"hash_type": "SHA1", "hash_value": hashlib.sha1(self._bill(day)).hexdigest(),  # noqa: S324 - theirs
                "download_url": f"{self.url}/bill-file?{day}"}

    def _rows(self, day: str) -> list[str]:
        rows = []
        for reference, payment in self.payments.items():
            paid = [("SUCCESS", 0, payment.paid_at)] if payment.paid_at else []
            for state, back, at in paid + [("REFUND", amount, at) for amount, at in payment.refunds.values()]:
                if at.astimezone(CHINA).date().isoformat() == day:
                    cells = [""] * 27
                    cells[6], cells[9], cells[11] = reference, state, "CNY"
                    cells[21] = payment.asked["attach"]
                    cells[24], cells[25] = f"{payment.total / 100:.2f}", f"{back / 100:.2f}"
                    rows.append(",".join(f"`{cell}" for cell in cells))
        return rows

    def _bill(self, day: str) -> bytes:
        sums = "总交易单数,应结订单总金额,退款总金额\r\n`1,`1.00,`0.00\r\n"
        return ("\ufeff" + "\r\n".join([HEAD, *self._rows(day), sums])).encode()

    def _signed(self, body: bytes, *, age: timedelta = NOW, owner: str = "wechat",
                serial: str = KEY_ID) -> dict[str, str]:
        timestamp, nonce = str(int((now() - age).timestamp())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return {"Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": serial,
                "Wechatpay-Signature": sign_as(owner, message), "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048"}

"""An Alipay of ours on 127.0.0.1: its gateway, its cashier's page, its notifications and its bills.

    with FakeAlipay() as fake:
        set_up(app, "alipay", **fake.settings)
        fake.visit(url)                     # the browser opens the page that the shop redirected to
        fake.pay(reference)                 # the shopper pays there; also decline
        body, headers = fake.notification(reference)   # what its server would post to /webhooks/alipay

It checks the merchant's RSA2 signature on everything, keeps trades by out_trade_no, refunds by out_request_no
and never gives back more than was paid. What can go wrong: LocalServer.plan (server.py); `tamper = n`, the next
n answers are changed after they were signed; `lie(reference, total_amount=…)`, honestly signed untruths;
`unsure = n`, the next n refunds are done and answered with ACQ.SYSTEM_ERROR.
"""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from storefront.foundation.clock import now
from tests.providers.keys import fits, private_bare, public_bare, sign_as
from tests.providers.server import Answer, Call, LocalServer

CHINA = timezone(timedelta(hours=8))
APP_ID, SELLER_ID = "2021000000000001", "2088000000000001"
HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注")


class Refusal(Exception):
    """A business failure: sub_code and sub_msg."""


@dataclass
class Trade:
    out_trade_no: str
    trade_no: str
    total: Decimal
    subject: str
    status: str = "WAIT_BUYER_PAY"
    paid_at: datetime | None = None
    refunds: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict)

    @property
    def refunded(self) -> Decimal:
        return sum((amount for amount, _ in self.refunds.values()), Decimal("0.00"))


class FakeAlipay(LocalServer):
    """The server and its books."""

    def __init__(self) -> None:
        super().__init__()
        self.trades: dict[str, Trade] = {}
        self.lies: dict[str, dict[str, Any]] = {}
        self.tamper = 0
        self.unsure = 0

    @property
    def settings(self) -> dict[str, str]:
        return {"ALIPAY_APP_ID": APP_ID, "ALIPAY_SELLER_ID": SELLER_ID, "ALIPAY_PRIVATE_KEY": private_bare("merchant"),
                "ALIPAY_PUBLIC_KEY": public_bare("alipay"), "ALIPAY_API_BASE": f"{self.url}/gateway.do"}

    # The shopper

    def visit(self, url: str) -> int:
        """Open the cashier's page; returns the status."""
        try:
            with urllib.request.urlopen(url) as answer:  # noqa: S310 - the fake's own address
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def pay(self, reference: str, at: datetime | None = None) -> None:
        with self.lock:
            trade = self.trades[reference]
            assert trade.status == "WAIT_BUYER_PAY"
            trade.status, trade.paid_at = "TRADE_SUCCESS", at or now()

    def decline(self, reference: str) -> None:
        with self.lock:
            self.trades[reference].status = "TRADE_CLOSED"

    def lie(self, reference: str, **untruths: Any) -> None:
        self.lies[reference] = untruths

    def notification(self, reference: str, owner: str = "alipay", **changes: str) -> tuple[bytes, dict[str, str]]:
        """Return the form that its server posts about the trade as it stands, with the same notify_id each time."""
        trade = self.trades[reference]
        fields = {
            "notify_time": self._time(now()), "notify_type": "trade_status_sync", "charset": "utf-8", "version": "1.0",
            "notify_id": f"{trade.trade_no}{trade.status}{len(trade.refunds)}", "app_id": APP_ID,
            "seller_id": SELLER_ID,
            "auth_app_id": APP_ID, "trade_no": trade.trade_no, "out_trade_no": reference, "trade_status": trade.status,
            "total_amount": str(trade.total), "receipt_amount": str(trade.total), "subject": trade.subject,
            "buyer_logon_id": "李***@example.com", "fund_bill_list": '[{"amount":"1.00","fundChannel":"BANKCARD"}]',
            **({"refund_fee": str(trade.refunded)} if trade.refunds else {}), **changes,
        }
        message = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        fields |= {"sign": sign_as(owner, message.encode()), "sign_type": "RSA2"}
        return urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    # The server

    def handle(self, call: Call) -> Answer:
        if call.path == "/bill":
            return Answer(200, self._bill(call.query), "application/zip")
        fields = dict(parse_qsl(call.query, keep_blank_values=True))
        fields |= dict(parse_qsl(call.body.decode(), keep_blank_values=True))
        signature = fields.pop("sign", "")
        message = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
        if fields.get("app_id") != APP_ID or not fits("merchant", message.encode(), signature):
            return Answer(200, b'{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"}}')
        content = json.loads(fields["biz_content"])
        assert abs(self._read(fields["timestamp"]) - now()) < timedelta(minutes=5)
        with self.lock:
            if call.method == "GET":
                return self._open(fields["method"], content)
            return self._answer(fields["method"], content)

    def _open(self, method: str, content: dict[str, str]) -> Answer:
        """The cashier's page: it is here that a trade begins."""
        product = {"alipay.trade.page.pay": "FAST_INSTANT_TRADE_PAY", "alipay.trade.wap.pay": "QUICK_WAP_WAY"}[method]
        assert content["product_code"] == product
        if self._read(content["time_expire"]) <= now():
            return Answer(403, b"expired", "text/html")
        reference, total = content["out_trade_no"], Decimal(content["total_amount"])
        assert len(reference) <= 64
        assert reference.replace("_", "").isalnum()
        trade = self.trades.setdefault(reference, Trade(reference, f"20261121{len(self.trades):020}", total,
                                                        content["subject"]))
        return Answer(200 if trade.total == total and trade.status == "WAIT_BUYER_PAY" else 403, b"page", "text/html")

    def _answer(self, method: str, content: dict[str, str]) -> Answer:
        does = {"alipay.trade.query": self._query, "alipay.trade.close": self._close,
                "alipay.trade.refund": self._refund, "alipay.trade.fastpay.refund.query": self._refund_query,
                "alipay.data.dataservice.bill.downloadurl.query": self._bill_url}[method]
        try:
            said = {"code": "10000", "msg": "Success", **does(content)}
        except Refusal as refusal:
            code = "20000" if refusal.args[0].startswith("aop.") else "40004"
            said = {"code": code, "msg": "Business Failed", "sub_code": refusal.args[0], "sub_msg": refusal.args[1]}
        # Alipay escapes slashes, which another JSON writer would not: only the raw text verifies.
        raw = json.dumps(said, ensure_ascii=False).replace("/", "\\/")
        signature = sign_as("alipay", raw.encode())
        if self.tamper:
            self.tamper -= 1
            raw = raw.replace('"code": "10000"', '"code":"10000"')
        return Answer(200, f'{{"{method.replace(".", "_")}_response":{raw},"sign":"{signature}"}}'.encode())

    def _find(self, content: dict[str, str]) -> Trade:
        if content["out_trade_no"] not in self.trades:
            raise Refusal("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return self.trades[content["out_trade_no"]]

    def _query(self, content: dict[str, str]) -> dict[str, Any]:
        trade = self._find(content)
        paid = {"send_pay_date": self._time(trade.paid_at), "receipt_amount": str(trade.total)} if trade.paid_at else {}
        return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no, "trade_status": trade.status,
                "total_amount": str(trade.total), "buyer_logon_id": "李***", **paid,
                **self.lies.get(trade.out_trade_no, {})}

    def _close(self, content: dict[str, str]) -> dict[str, Any]:
        trade = self._find(content)
        if trade.status != "WAIT_BUYER_PAY":
            raise Refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        trade.status = "TRADE_CLOSED"
        return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}

    def _refund(self, content: dict[str, str]) -> dict[str, Any]:
        trade, key, amount = self._find(content), content["out_request_no"], Decimal(content["refund_amount"])
        is_new = key not in trade.refunds
        if not is_new and trade.refunds[key][0] != amount:
            raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款请求号重复")
        if is_new:
            if trade.paid_at is None:
                raise Refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            if trade.refunded + amount > trade.total:
                raise Refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
            trade.refunds[key] = (amount, now())
            trade.status = "TRADE_CLOSED" if trade.refunded == trade.total else trade.status
        if self.unsure:
            self.unsure -= 1
            raise Refusal("ACQ.SYSTEM_ERROR", "系统错误")
        return {"out_trade_no": trade.out_trade_no, "fund_change": "Y" if is_new else "N",
                "refund_fee": str(trade.refunded)}

    def _refund_query(self, content: dict[str, str]) -> dict[str, Any]:
        trade = self._find(content)
        found = trade.refunds.get(content["out_request_no"])
        return {"out_trade_no": trade.out_trade_no, "refund_amount": str(found[0]),
                "refund_status": "REFUND_SUCCESS"} if found else {}

    def _bill_url(self, content: dict[str, str]) -> dict[str, Any]:
        assert content["bill_type"] == "trade"
        if not any(self._rows(content["bill_date"])):
            raise Refusal("isp.bill_not_exist", "账单不存在")
        return {"bill_download_url": f"{self.url}/bill?{content['bill_date']}"}

    def _rows(self, day: str) -> list[list[str]]:
        rows = []
        for trade in self.trades.values():
            paid = [("交易", trade.total, trade.paid_at)] if trade.paid_at else []
            back = [("退款", -amount, at) for amount, at in trade.refunds.values()]
            rows += [[f"{trade.trade_no}\t", f"{trade.out_trade_no}\t", f"{kind}\t", trade.subject, self._time(at),
                      self._time(at), *[""] * 5, str(amount), str(amount), *[""] * 12]
                     for kind, amount, at in paid + back if at.astimezone(CHINA).date().isoformat() == day]
        return rows

    def _bill(self, day: str) -> bytes:
        text, packed = io.StringIO(), io.BytesIO()
        text.write("#支付宝业务明细查询\r\n#账号：[20880000000000010156]\r\n#----业务明细列表----\r\n")
        csv.writer(text).writerows([HEAD.split(","), *self._rows(day)])
        text.write("#----业务明细列表结束----\r\n#交易合计：1笔\r\n")
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("details.csv", text.getvalue().encode("gbk"))
            archive.writestr("sums.csv", "#汇总\r\n门店编号,门店名称,交易订单总笔数\r\n合计,,1\r\n".encode("gbk"))
        return packed.getvalue()

    def _time(self, at: datetime) -> str:
        return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")

    def _read(self, text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)

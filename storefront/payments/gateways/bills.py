"""The daily bills of Alipay (a zip of GBK text) and WeChat Pay (UTF-8 text): what was taken and given back."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from storefront.foundation.clock import now
from storefront.foundation.money import InvalidAmount, parse_amount
from storefront.payments.gateways.wire import unavailable

MAX_TEXT = 128 * 2**20  # bytes of an unpacked bill
MAX_DAYS = 92  # how far back the providers keep them


@dataclass(frozen=True, slots=True)
class BillRow:
    """Money taken or given back; `order_number` is "" where the bill does not carry it."""

    reference: str
    amount: int
    refunded_amount: int
    order_number: str = ""


def days_since(since: datetime, zone: tzinfo) -> list[date]:
    """Return the days from then to yesterday, as the provider's clock counts them."""
    first, today = since.astimezone(zone).date(), now().astimezone(zone).date()
    return [today - timedelta(days=back) for back in range(min((today - first).days, MAX_DAYS), 0, -1)]


def read_alipay_bill(body: bytes, provider: str) -> list[BillRow]:
    """Return the rows of a day's trade bill. Raises GatewayUnavailable when it cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = archive.infolist()
            if sum(file.file_size for file in files) > MAX_TEXT:
                raise ValueError("the bill is too large")
            texts = [archive.read(file).decode("gbk") for file in files]
        return [row for text in texts for row in _alipay_rows(text)]
    except (zipfile.BadZipFile, ValueError, KeyError, InvalidAmount, csv.Error) as error:
        raise unavailable(provider, f"a bill that cannot be read: {error}") from error


def read_wechat_bill(body: bytes, provider: str) -> list[BillRow]:
    """Return the rows of a day's trade bill. Raises GatewayUnavailable when it cannot be read."""
    try:
        return list(_wechat_rows(body.decode("utf-8-sig")))
    except (ValueError, KeyError, InvalidAmount, csv.Error) as error:
        raise unavailable(provider, f"a bill that cannot be read: {error}") from error


def sum_up(rows: Iterable[BillRow]) -> list[BillRow]:
    """Return one row for each payment that was taken; a refund of an older one is left out."""
    found: dict[str, BillRow] = {}
    for row in rows:
        known = found.setdefault(row.reference, BillRow(row.reference, 0, 0, row.order_number))
        found[row.reference] = replace(known, amount=known.amount + row.amount,
                                       refunded_amount=known.refunded_amount + row.refunded_amount)
    return [row for row in found.values() if row.amount]


def _alipay_rows(text: str) -> Iterator[BillRow]:
    """The summary file beside the details has other columns and is passed over."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for row in _records(lines, "商户订单号"):
        amount = parse_amount(row["订单金额（元）"].lstrip("-"), "CNY")
        is_refund = row["业务类型"] == "退款"
        yield BillRow(row["商户订单号"], 0 if is_refund else amount, amount if is_refund else 0)


def _wechat_rows(text: str) -> Iterator[BillRow]:
    lines = text.splitlines()
    end = next((at for at, line in enumerate(lines) if line.startswith("总交易单数")), len(lines))
    for row in _records(lines[:end], "商户订单号"):
        is_refund = row["交易状态"] == "REFUND"
        amount = parse_amount(row["申请退款金额" if is_refund else "订单金额"], "CNY")
        yield BillRow(row["商户订单号"], 0 if is_refund else amount, amount if is_refund else 0, row["商户数据包"])


def _records(lines: Sequence[str], needed: str) -> Iterator[dict[str, str]]:
    """Read rows under their head; both providers guard numbers against spreadsheets with a tab or a backtick."""
    if not lines or needed not in lines[0]:
        return
    head, *rows = csv.reader(lines)
    names = [name.strip() for name in head]
    for row in rows:
        yield dict(zip(names, (cell.strip().removeprefix("`").strip() for cell in row), strict=True))

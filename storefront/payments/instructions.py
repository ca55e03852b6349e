"""What a shopper is told who pays without leaving the shop: a code to scan, or where to send the money."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from storefront.foundation.money import Money
from storefront.payments.gateways.iban import spaced
from storefront.payments.gateways.transfer import TransferGateway, tell
from storefront.payments.qr import draw_qr, draw_transfer_qr
from storefront.payments.queries import PaymentInfo, list_payments


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a transfer form."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Instructions:
    """How to pay: `code` is a QR code as SVG or "", `facts` what a transfer form asks for."""

    money: Money
    code: Markup
    facts: Sequence[Fact] = ()
    days: int = 0  # how long the goods are kept for the money


def read_code(payment: PaymentInfo) -> Instructions | None:
    """Return the code that a shopper scans to make this open payment; None when there is none."""
    text = payment.instructions.get("code_url", "")
    return Instructions(payment.money, draw_qr(text)) if text and payment.is_open else None


def read_transfer(payment: PaymentInfo, order_number: str) -> Instructions | None:
    """Return where to send the money of an open bank transfer; None for any other payment."""
    if payment.gateway != TransferGateway.code or not payment.is_open:
        return None
    # A mail may be written before the page that keeps the instructions is: they are the same then.
    told = payment.instructions or tell(order_number)
    facts = [Fact("To", told["account_name"]), Fact("IBAN", spaced(told["iban"]))]
    if told["bic"]:
        facts.append(Fact("BIC", told["bic"]))
    facts += [Fact("Reference", told["reference"])]
    code = draw_transfer_qr(name=told["account_name"], iban=told["iban"], bic=told["bic"], money=payment.money,
                            reference=told["reference"])
    return Instructions(payment.money, code, facts, TransferGateway.stock_waits.days)


def find_transfer(order_id: uuid.UUID, order_number: str) -> Instructions | None:
    """Return where to send the money that an order waits for; None when it waits for none."""
    found = (read_transfer(payment, order_number) for payment in list_payments(order_id))
    return next((instructions for instructions in found if instructions), None)

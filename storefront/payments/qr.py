"""QR codes as SVG, drawn here: no picture service learns what is paid."""

from __future__ import annotations

from decimal import Decimal

import segno
from markupsafe import Markup
from segno.helpers import make_epc_qr

from storefront.foundation.money import Money, exponent

MAX_EPC = 99_999_999_999  # cents, in a SEPA transfer


def draw_qr(text: str) -> Markup:
    """Return the text as a QR code; one module is one unit, the quiet zone is in it, the page gives the size."""
    return _as_svg(segno.make_qr(text, error="m"))


def draw_transfer_qr(*, name: str, iban: str, bic: str, money: Money, reference: str) -> Markup:
    """Return the code that banking apps read (EPC069-12), or "" for what a SEPA transfer cannot carry."""
    if money.currency != "EUR" or not 0 < money.amount <= MAX_EPC:
        return Markup("")
    amount = Decimal(money.amount).scaleb(-exponent(money.currency))
    return _as_svg(make_epc_qr(name=name[:70], iban=iban, amount=amount, text=reference, bic=bic or None,
                               encoding="utf-8"))


def _as_svg(code: segno.QRCode) -> Markup:
    # The attributes in it are for drawing, not for styling: the page's policy of no inline styles holds.
    return Markup(code.svg_inline(omitsize=True, svgclass="qr__code", lineclass=None, border=4))  # noqa: S704 - ours

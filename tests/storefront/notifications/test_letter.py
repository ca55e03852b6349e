"""Letters: what they say and what no name or address can make of them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from storefront.foundation.money import Money
from storefront.notifications.letter import Words, render_message, write_letter
from storefront.orders.queries import OrderLineView, OrderView, TotalRow
from storefront.orders.return_states import ReturnState
from storefront.orders.states import OrderState
from storefront.orders.story import ParcelView, RefundView, ReturnView
from storefront.orders.withdrawals import WithdrawalInfo

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MESSAGES = sorted(path.name for path in Path("templates/emails").iterdir() if path.is_dir())


def make_order(**changes: object) -> OrderView:
    def euro(amount: int) -> Money:
        return Money(amount, "EUR")

    facts: dict[str, object] = dict.fromkeys(OrderView.__dataclass_fields__, "")
    facts |= {
        "id": uuid.uuid4(), "number": "7F3K-9QXM-2B4T", "key": "k3y", "url": "/orders/7F3K-9QXM-2B4T?key=k3y",
        "customer_id": None, "status": OrderState.PLACED, "status_text": "Placed", "created_at": AT, "placed_at": AT,
        "email": "aoife@example.org", "can_cancel": True, "timeline": [], "tracking": ["An Post CP123456789IE"],
        "lines": [
            _line("Low Bowl", "Moss / Large", 1, euro(4600)),
            _line("Linen Tea Towel", "", 3, euro(1200)),
        ],
        "totals": [
            TotalRow("Goods", euro(8200)), TotalRow("Delivery", euro(490), "Post"),
            TotalRow("Total", euro(8690), "including VAT", is_grand=True), TotalRow("of which VAT", euro(1625)),
        ],
        "total": euro(8690), "shipping_lines": ["Aoife Byrne", "4 Parnell Street", "Ennis", "V95 T0Y6", "Ireland"],
        "billing_lines": ["Byrne & Daughters Ltd", "1 Quay Road", "Galway", "Ireland"],
        "delivery_name": "Post", "delivery_detail": "1 to 2 working days", "payment_text": "Paid",
    }
    known = set(OrderView.__dataclass_fields__)
    return OrderView(**{name: value for name, value in (facts | changes).items() if name in known})  # type: ignore[arg-type]


def _line(name: str, variant_title: str, quantity: int, price: Money) -> OrderLineView:
    facts: dict[str, object] = dict.fromkeys(OrderLineView.__dataclass_fields__, "")
    facts |= {"id": uuid.uuid4(), "name": name, "variant_title": variant_title, "sku": "PS-1", "quantity": quantity,
              "unit_price": price, "total": price * quantity, "picture": None}
    return OrderLineView(**facts)  # type: ignore[arg-type]


class Reader:
    name = "Ada <script>alert(1)</script>"
    email = "ada@example.com"


EURO = Money(2400, "EUR")
THING = "Bowl <script>alert(1)</script>"
PARCEL = ParcelView(uuid.uuid4(), "Parcel 1", "An Post", "CP123456789IE", "https://anpost.example/CP1", "delivered",
                    "Delivered", AT, AT, [(THING, 2)], [])
RETURN = ReturnView(uuid.uuid4(), "R-7F3K-9QXM", ReturnState.APPROVED, "Agreed", True, "too small", "", AT,
                    [(uuid.uuid4(), THING, 1, 0)], True, [])
CONTEXT = {
    "order": make_order(paid=Money(8690, "EUR"), refunded=Money(4800, "EUR")), "customer": Reader(),
    "parcel": PARCEL, "status": "delivered", "row": RETURN,
    "refund": RefundView(uuid.uuid4(), AT, EURO, EURO, THING, "", "staff:1", "Sent"),
    "statement": WithdrawalInfo(uuid.uuid4(), None, "7F3K", Reader.name, Reader.email, THING, AT, "", False),
    "payment": SimpleNamespace(gateway_name="Stripe", gateway_reference="pi_1", money=EURO, captured=EURO,
                               problem=THING),
    "how": SimpleNamespace(facts=[SimpleNamespace(label="IBAN", value="IE12")], code=None, days=7, money=EURO),
    "card": SimpleNamespace(issued=EURO, expires_at=AT), "code": "AAAA-BBBB",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_a_subject_a_text_and_html(app: Flask, message: str) -> None:
    words = render_message(message, CONTEXT)
    assert 10 < len(words.subject) < 70
    assert "Plainsong" in words.text
    assert "<" not in words.text.replace("<script>", "").replace("</script>", "")
    assert words.html.startswith("<!DOCTYPE html>")
    assert "<script" not in words.html
    assert " style=" in words.html
    assert "<link" not in words.html
    assert "<img" not in words.html


def test_the_confirmation_holds_what_was_agreed(app: Flask) -> None:
    words = render_message("order_confirmation", CONTEXT)
    assert words.subject == "Thank you: your order 7F3K-9QXM-2B4T"
    for part in (words.text, words.html):
        for said in ("7F3K-9QXM-2B4T", "Low Bowl", "Moss / Large", "€46.00", "Linen Tea Towel", "€36.00", "€4.90",
                     "€86.90", "including VAT", "€16.25", "4 Parnell Street", "1 Quay Road", "1 to 2 working days",
                     "http://localhost/orders/7F3K-9QXM-2B4T?key=k3y"):
            assert said in part, said
    assert "Byrne &amp; Daughters Ltd" in words.html
    assert "Byrne & Daughters Ltd" in words.text


def test_the_shipping_mail_names_the_tracking_number(app: Flask) -> None:
    assert "An Post CP123456789IE" in render_message("order_shipped", CONTEXT).text
    untold = replace(PARCEL, tracking_number="")
    assert "Tracking" not in render_message("order_shipped", CONTEXT | {"parcel": untold}).html


@pytest.mark.parametrize("status", ["out_for_delivery", "ready_for_pickup", "delivered", "problem", "returned"])
def test_every_step_of_a_parcel_has_words_of_its_own(app: Flask, status: str) -> None:
    words = render_message("parcel_update", CONTEXT | {"status": status})
    assert ("held up" in words.subject) == (status == "problem")
    assert "CP123456789IE" in words.text


@pytest.mark.parametrize("state", [state for state in ReturnState if state is not ReturnState.REFUNDED])
def test_every_step_of_a_return_has_words_of_its_own(app: Flask, state: ReturnState) -> None:
    words = render_message("return_update", CONTEXT | {"row": replace(RETURN, state=state, answer="Worn & torn")})
    assert words.subject.endswith(": R-7F3K-9QXM")
    assert ("Worn & torn" in words.text) == ("Worn &amp; torn" in words.html) == (state is ReturnState.REJECTED)


def test_only_who_has_paid_is_told_that_money_goes_back(app: Flask) -> None:
    for paid in (0, 8690):
        words = render_message("order_canceled", {"order": make_order(paid=Money(paid, "EUR"))})
        assert ("goes back the way it came" in words.text) == ("goes back the way it came" in words.html) == bool(paid)


def test_a_line_break_in_a_subject_begins_no_header(app: Flask) -> None:
    order = make_order(number="1\r\nBcc: eve@example.com", paid=Money(8690, "EUR"))
    words = render_message("order_confirmation", {"order": order})
    letter = write_letter(words, recipient="aoife@example.org", message_id="<1@plainsong.example>")
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Thank you: your order 1 Bcc: eve@example.com"


@pytest.mark.parametrize("recipient", [
    "ada@example.com, eve@example.com", "ada@example.com\r\nBcc: eve@example.com", "Ada <ada@example.com>", "ada", "",
    "ada@", "@example.com"])
def test_a_recipient_is_one_address(app: Flask, recipient: str) -> None:
    with pytest.raises(ValueError):
        write_letter(Words("s", "t", "<p>h</p>"), recipient=recipient, message_id="<1@plainsong.example>")


def test_a_domain_outside_ascii_is_written_for_machines(app: Flask) -> None:
    letter = write_letter(Words("s", "t", "<p>h</p>"), recipient="ada@bücher.example", message_id="<1@x>")
    assert letter["To"] == "ada@xn--bcher-kva.example"
    assert (letter["From"], letter["Auto-Submitted"]) == ("Plainsong <shop@plainsong.example>", "auto-generated")


def test_both_parts_travel_as_utf_8(app: Flask) -> None:
    words = render_message("order_confirmation", CONTEXT)
    letter = write_letter(words, recipient="aoife@example.org", message_id="<1@x>")
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert "€86.90" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert letter.as_bytes().isascii()

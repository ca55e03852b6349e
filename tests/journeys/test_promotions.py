"""A shopper with codes and a gift card, by forms alone: from the cart to the mail, and what staff can explain."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from email.message import Message

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cart.models import CartCode
from storefront.cart.services import forget_carts
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.orders.discounts import explain_order
from storefront.orders.models import Order
from storefront.orders.queries import read_order_id
from storefront.orders.services import cancel_order
from storefront.orders.totals import WrittenLine, recompute_total
from storefront.payments.gift_cards import issue_gift_card
from storefront.promotions.models import PromotionCode
from storefront.promotions.services import redeem_codes
from storefront.promotions.spelling import customer_key
from storefront.promotions.terms import BuyGet, Conditions, PercentOff, ShippingOff
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.factories.promotions import make_code, make_promotion
from tests.journeys.walk import CONTACT, answer_bank, check_out, form_of, number_in, put_in_cart

Mailbox = Callable[[], list[Message]]


@pytest.fixture(autouse=True)
def goods(client: FlaskClient) -> None:
    make_world()
    make_product(slug="bowl", amount=2400, stock=20)
    make_product(slug="cup", amount=999, stock=20)


def enter(client: FlaskClient, code: str, status: int = 303) -> str:
    response = client.post("/cart/codes", data={"code": code})
    assert response.status_code == status, response.text
    return client.get("/cart").text if status == 303 else response.text


def used(code_id: int) -> int:
    db.session.rollback()
    return db.session.get_one(PromotionCode, code_id).used_count


def recompute(order: Order) -> int:
    return recompute_total(
        lines=[WrittenLine(line.quantity, line.unit_amount, line.discount_amount, line.tax_basis_points)
               for line in order.lines],
        shipping_amount=order.shipping_amount, shipping_tax_amount=order.shipping_tax_amount,
        is_tax_inclusive=order.is_tax_inclusive)


def test_a_code_goes_from_cart_to_order_to_mail(
    client: FlaskClient, run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    code_id = make_code("WELCOME10", PercentOff(1000), per_customer_limit=1, usage_limit=5)
    make_promotion(ShippingOff(), name="Post", title="Free delivery", lane=9,
                   conditions=Conditions(minimum_amount=5000))
    make_promotion(BuyGet(2, 1), name="Third", title="The third is free", lane=1,
                   conditions=Conditions(minimum_quantity=3))
    put_in_cart(client, "bowl", quantity="3")
    cart = enter(client, " welcome 10 ")
    for words in ("The third is free", "−€24.00", "WELCOME10", "10 % of €48.00", "−€4.80", "€43.20"):
        assert words in cart, words
    url = answer_bank(client, check_out(client))
    order = db.session.get_one(Order, read_order_id(number_in(url)))
    assert (order.subtotal_amount, order.discount_amount, order.shipping_discount_amount) == (7200, 2880, 450)
    assert (order.total_amount, order.tax_amount, order.promotion_codes) == (4320, 808, ["WELCOME10"])
    assert recompute(order) == order.total_amount
    account = explain_order(order)
    assert [(step.title, step.exact, step.amount.amount) for step in account[0].steps] == [
        ("The third is free", "2400", 2400), ("Welcome", "480", 480)]
    assert sum(line.gross.amount for line in account) == 4320
    page = client.get(url).text
    run_jobs()
    [mail] = mailbox()
    text = "".join(str(part.get_payload(decode=True), "utf-8") for part in mail.walk()
                   if part.get_content_type() == "text/plain")
    for shown in (page, text):
        assert "The third is free" in shown
        assert "−€4.80" in shown
        assert "Free delivery" in shown
    assert used(code_id) == 1
    assert "WELCOME10" not in client.get("/cart").text


def test_a_guest_does_not_get_around_the_limit_and_reads_why(client: FlaskClient,
                                                            new_client: Callable[[], FlaskClient]) -> None:
    code_id = make_code("ONCE", PercentOff(1000), per_customer_limit=1)
    put_in_cart(client, "cup")
    enter(client, "ONCE")
    first = read_order_id(number_in(answer_bank(client, check_out(client))))
    other = new_client()
    put_in_cart(other, "cup")
    assert "−€1.00" in enter(other, "ONCE")  # nobody knows yet who it is
    for step, fields in (("contact", {**CONTACT, "email": "AOIFE+again@example.org"}), ("delivery", {"quote": "post"})):
        other.post(f"/checkout/{step}", data=fields)
    payment = other.get("/checkout/payment").text
    assert "You have used the code ONCE already" in payment
    assert "−€1.00" not in payment
    assert used(code_id) == 1
    cancel_order(order_id=first, reason="changed their mind", actor="test")
    assert used(code_id) == 0
    assert "−€1.00" in other.get("/checkout/payment").text


REFUSED = [("NOPE", "We know no code NOPE"), ("7F3K-9QXM-2B4T-7F3K", "A gift card is taken later"),
           ("x" * 500, "We know no such code"),
           ("10%", "We know no such code"), ("\0", "We know no such code"), ("'; DROP TABLE", "We know no such code")]


@pytest.mark.parametrize(("typed", "sentence"), REFUSED)
def test_a_code_that_is_none_is_refused_kindly_and_stays_typed(client: FlaskClient, typed: str, sentence: str) -> None:
    put_in_cart(client, "cup")
    page = enter(client, typed, 422)
    assert sentence in page
    if typed == "NOPE":
        assert form_of(page, "/cart/codes")["code"] == "NOPE"


def test_a_minimum_says_how_much_is_missing_and_counts_by_itself_later(client: FlaskClient) -> None:
    make_code("BIG", PercentOff(1000), conditions=Conditions(minimum_amount=2000))
    put_in_cart(client, "cup")
    assert "Add €10.01 more and it counts." in enter(client, "BIG")
    put_in_cart(client, "bowl")
    page = client.get("/cart").text
    assert "more and it counts" not in page
    assert "−€3.40" in page


def test_no_code_at_all_is_asked_for(client: FlaskClient) -> None:
    put_in_cart(client, "cup")
    assert "Enter a code first." in client.post("/cart/codes", data={"code": " "}).text


def test_guessing_codes_is_slow(client: FlaskClient) -> None:
    put_in_cart(client, "cup")
    answers = [client.post("/cart/codes", data={"code": f"GUESS{number}"}).status_code for number in range(22)]
    assert answers == [422] * 20 + [429] * 2


def test_a_gift_card_pays_a_part_and_the_rows_say_so(client: FlaskClient) -> None:
    code = issue_gift_card(amount=1000, note="", recipient_email="", expires_at=None, actor="test")
    put_in_cart(client, "bowl")
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"})):
        client.post(f"/checkout/{step}", data=fields)
    wrong = client.post("/checkout/codes", data={"code": "NOPE"})
    assert (wrong.status_code, "We know no such code" in wrong.text) == (422, True)
    assert client.post("/checkout/codes", data={"code": code.lower()}).location == "/checkout/payment"
    payment = client.get("/checkout/payment").text
    assert f"Gift card ••••{code[-4:]}" in payment
    assert "−€10.00" in payment
    assert "Left to pay" in payment
    client.post("/checkout/payment", data={"method": "demo"})
    review = client.get("/checkout/review").text
    assert "Pay €18.50" in review
    assert form_of(review, "/checkout/order")["total"] == "1850"


def test_gift_cards_that_pay_for_all_of_it_need_no_way_to_pay_and_get_the_same_thanks(client: FlaskClient) -> None:
    code = issue_gift_card(amount=5000, note="", recipient_email="", expires_at=None, actor="test")
    put_in_cart(client, "bowl")
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"}), ("codes", {"code": code})):
        client.post(f"/checkout/{step}", data=fields)
    payment = client.get("/checkout/payment").text
    assert "Nothing is left to pay" in payment
    assert 'type="radio"' not in payment
    assert client.post("/checkout/payment", data=form_of(payment, "/checkout/payment")).location == "/checkout/review"
    placed = client.post("/checkout/order", data=form_of(client.get("/checkout/review").text, "/checkout/order"))
    assert "Thank you. It is yours." in client.get(placed.location).text


def test_a_code_used_up_a_moment_before_the_button_is_taken_out_and_the_new_total_is_shown(client: FlaskClient) -> None:
    code_id = make_code("LAST", PercentOff(1000), usage_limit=1)
    put_in_cart(client, "bowl")
    enter(client, "LAST")
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"}), ("payment", {"method": "demo"})):
        client.post(f"/checkout/{step}", data=fields)
    fields = form_of(client.get("/checkout/review").text, "/checkout/order")
    assert fields["total"] == "2610"
    redeem_codes(order_id=uuid.uuid4(), code_ids=[code_id],
                 customer_key=customer_key("quick@example.org"))
    page = client.post("/checkout/order", data=fields)
    assert page.status_code == 409
    assert form_of(page.text, "/checkout/order")["total"] == "2850"
    assert used(code_id) == 1
    assert db.session.scalar(select(Order.id)) is None


def test_a_forgotten_cart_takes_its_codes_along(client: FlaskClient) -> None:
    make_code("GONE")
    put_in_cart(client, "cup")
    enter(client, "GONE")
    assert forget_carts(before=now()) == 1
    assert db.session.scalar(select(CartCode.id)) is None

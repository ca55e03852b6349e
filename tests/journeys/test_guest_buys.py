"""A guest buys two variants, by forms alone; then what must not be possible."""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message

import pytest
from flask.testing import FlaskClient

from storefront.orders.queries import read_order_id, read_order_view
from storefront.orders.states import OrderState
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.journeys.walk import CONTACT, answer_bank, check_out, form_of, number_in, path_of, put_in_cart
from tests.storefront.inventory.test_services import stock

Mailbox = Callable[[], list[Message]]


@pytest.fixture
def goods(client: FlaskClient) -> tuple[int, int]:
    make_world()
    bowl = make_product(slug="bowl", amount=2400, stock=10, options={"Glaze": ["Moss", "Chalk"]})
    cup = make_product(slug="cup", amount=1600, stock=3)
    return bowl.variant_ids[1], cup.variant_id


def test_a_guest_buys_two_variants(
    client: FlaskClient, goods: tuple[int, int], run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    chalk_bowl, cup = goods
    put_in_cart(client, "bowl", variant_id=str(chalk_bowl), quantity="2")
    put_in_cart(client, "cup")
    cart = client.get("/cart").text
    assert "Chalk" in cart
    assert "€64.00" in cart
    url = answer_bank(client, check_out(client))
    page = client.get(url).text
    number = number_in(url)
    order = read_order_view(read_order_id(number))
    assert (order.status, order.total.amount) == (OrderState.PLACED, 6850)
    assert [(line.sku, line.quantity) for line in order.lines] == [("BOWL-CHALK", 2), ("CUP", 1)]
    assert number in page
    assert "€68.50" in page
    assert (stock(chalk_bowl), stock(cup)) == ((10, 0, 2), (3, 0, 1))
    run_jobs()
    [mail] = mailbox()
    assert mail["To"] == "aoife@example.org"
    assert number in mail["Subject"] or number in mail.as_string()
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    run_jobs()
    assert len(mailbox()) == 1


def test_an_order_is_nobody_elses(client: FlaskClient, new_client: Callable[[], FlaskClient],
                                  goods: tuple[int, int]) -> None:  # fault 63
    put_in_cart(client, "cup")
    url = answer_bank(client, check_out(client))
    stranger = new_client()
    assert stranger.get(url.split("?")[0]).status_code == 404
    assert stranger.get(url.split("?")[0] + "?key=" + "x" * 32).status_code == 404
    assert stranger.get(url.split("?")[0] + "?key=é").status_code == 404
    assert stranger.post(url.split("?")[0] + "/cancellation").status_code == 404
    assert stranger.get(url).status_code == 200


def test_the_way_back_from_the_bank_shows_the_order_to_its_buyer_alone(
    client: FlaskClient, new_client: Callable[[], FlaskClient], goods: tuple[int, int]
) -> None:  # fault 63
    put_in_cart(client, "cup")
    back = path_of(client.post(check_out(client), data={"decision": "accept"}).location)
    stranger = new_client().get(back)
    assert (stranger.status_code, stranger.location) == (303, "/cart")
    assert client.get(back).location.startswith("/orders/")


def test_a_forged_return_places_nothing(client: FlaskClient, goods: tuple[int, int]) -> None:  # fault 41
    put_in_cart(client, "cup")
    bank = check_out(client)
    form = client.get(bank).text
    assert "Accept the payment" in form
    payment_url = client.post(bank, data={"decision": "nonsense"})
    assert payment_url.status_code == 400
    from tests.factories.checkout import open_payments

    [payment] = open_payments()
    waiting = client.get(f"/checkout/return/{payment.id}?status=success&paid=1")
    assert waiting.status_code == 200
    assert read_order_view(payment.order_id).status == OrderState.PENDING


def test_the_button_pressed_again_after_all_is_done_leads_to_the_order(
    client: FlaskClient, goods: tuple[int, int]
) -> None:  # fault 43
    put_in_cart(client, "cup")
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"}), ("payment", {"method": "demo"})):
        client.post(f"/checkout/{step}", data=fields)
    fields = form_of(client.get("/checkout/review").text, "/checkout/order")
    bank = client.post("/checkout/order", data=fields).location.removeprefix("http://localhost")
    url = answer_bank(client, bank)
    again = client.post("/checkout/order", data=fields)
    assert (again.status_code, number_in(again.location)) == (303, number_in(url))
    assert stock(goods[1]) == (3, 0, 1)


def test_a_canceled_order_gives_stock_and_money_back(
    client: FlaskClient, goods: tuple[int, int], run_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    put_in_cart(client, "cup")
    url = answer_bank(client, check_out(client)).removesuffix("&new=1")
    number = number_in(url)
    for _ in range(2):
        assert client.post(url.replace("?", "/cancellation?")).status_code == 303
    run_jobs()
    assert stock(goods[1]) == (3, 0, 0)
    assert read_order_view(read_order_id(number)).status == OrderState.CANCELED
    from storefront.foundation.database import db
    from storefront.payments.models import DemoIntent, Refund

    [refund] = db.session.query(Refund).all()
    assert (refund.amount, refund.state) == (2050, "refunded")
    assert [row.refunded_amount for row in db.session.query(DemoIntent).all()] == [2050]
    assert len(mailbox()) == 2


@pytest.mark.parametrize("step", ["contact", "delivery", "payment", "review"])
def test_a_step_before_its_time_leads_to_the_one_that_is_missing(
    client: FlaskClient, goods: tuple[int, int], step: str
) -> None:
    assert client.get(f"/checkout/{step}").location == "/cart"
    put_in_cart(client, "cup")
    response = client.get(f"/checkout/{step}")
    assert response.status_code == 200 if step == "contact" else response.location == "/checkout/contact"


def test_what_was_typed_is_not_lost_by_an_error(client: FlaskClient, goods: tuple[int, int]) -> None:
    put_in_cart(client, "cup")
    response = client.post("/checkout/contact", data={**CONTACT, "email": "not-a-mail", "postal_code": "12"})
    assert response.status_code == 422
    for typed in ("not-a-mail", "Aoife Byrne", "4 Parnell Street", "Ennis"):
        assert f'value="{typed}"' in response.text
    other = client.post("/checkout/contact/country", data={**CONTACT, "country": "XX"})
    assert other.status_code == 200
    assert 'value="Aoife Byrne"' in other.text

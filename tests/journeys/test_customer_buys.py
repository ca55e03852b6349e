"""A customer registers, signs in, finds the guest's cart merged and is told, buys, sees the order."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.factories.accounts import PASSWORD, sign_in
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.journeys.walk import answer_bank, check_out, number_in, path_of, put_in_cart
from tests.providers.settings import set_up


def test_a_customer_registers_merges_buys_and_sees_the_order(
    client: FlaskClient, new_client: Callable[[], FlaskClient]
) -> None:
    make_world()
    make_product(slug="bowl", amount=2400, stock=10)
    make_product(slug="cup", amount=1600, stock=10)
    answer = client.post("/account/register",
                         data={"name": "Ada Byrne", "email": "Ada@Example.com", "password": PASSWORD})
    assert answer.status_code == 303
    assert 'value="ada@example.com"' in client.get(answer.location).text
    sign_in(client)
    assert "ada@example.com" not in client.get("/account/sign-in").text
    put_in_cart(client, "bowl", quantity="1")
    put_in_cart(client, "cup", quantity="3")

    elsewhere = new_client()
    put_in_cart(elsewhere, "bowl", quantity="4")
    put_in_cart(elsewhere, "cup", quantity="2")
    sign_in(elsewhere)
    cart = elsewhere.get("/cart").text
    assert "€144.00" in cart  # four bowls and three cups: the larger of each, not the sum
    assert "role=\"status\"" in cart or "notice" in cart

    url = answer_bank(elsewhere, check_out(elsewhere))
    number = number_in(url)
    for page in ("/account", "/account/orders", f"/orders/{number}"):
        assert number in client.get(page).text
    assert "Nothing in it yet" in client.get("/cart").text

    stranger = new_client()
    assert stranger.get("/account/orders").status_code in (302, 303)
    assert stranger.get(f"/orders/{number}").status_code == 404


def test_an_order_that_waits_for_a_bank_transfer_stands_in_the_account(app: Flask, client: FlaskClient) -> None:
    make_world()
    make_product(slug="bowl", amount=2400, stock=10)
    set_up(app, "transfer", BANK_ACCOUNT_NAME="Plainsong Ltd", BANK_IBAN="IE29 AIBK 9311 5212 3456 78")
    client.post("/account/register", data={"name": "Ada Byrne", "email": "ada@example.com", "password": PASSWORD})
    sign_in(client)
    put_in_cart(client, "bowl")
    number = number_in(path_of(client.get(check_out(client, "transfer")).location))
    for page in ("/account", "/account/orders"):
        assert number in client.get(page).text
        assert "Waiting for payment" in client.get(page).text
    assert "Send €28.50 to us" in client.get(f"/orders/{number}").text

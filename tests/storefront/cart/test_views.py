import re
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cart.models import Cart
from storefront.cart.queries import find_cart_id
from storefront.catalog.models import Variant
from storefront.foundation.database import db
from storefront.inventory.services import correct_stock
from tests.factories.accounts import make_customer, sign_in
from tests.factories.cart import count_lines, line_of, make_cart, rows_of
from tests.factories.catalog import MadeProduct, make_product

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def bowl(app: Flask) -> MadeProduct:
    return make_product(name="Oat Bowl", amount=2400, stock=5)


def the_cart() -> uuid.UUID:
    db.session.rollback()
    return db.session.scalars(select(Cart.id)).one()


def add(client: FlaskClient, product: MadeProduct, quantity: object = 1, **more: object):
    return client.post("/cart/lines", data={"variant_id": product.variant_id, "quantity": quantity, **more})


def test_adding_without_javascript_leads_to_the_cart_that_says_so(client: FlaskClient, bowl: MadeProduct) -> None:
    response = add(client, bowl, 2)
    assert (response.status_code, response.location) == (303, "/cart")
    page = client.get("/cart").text
    assert "Oat Bowl is in your cart." in page
    assert "€48.00" in page
    assert rows_of(the_cart()) == {bowl.variant_id: 2}


def test_adding_with_htmx_answers_the_drawer_the_count_and_the_status(client: FlaskClient, bowl: MadeProduct) -> None:
    response = client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": 2}, headers=HTMX)
    assert response.status_code == 200
    assert 'id="drawer-title"' in response.text
    assert "<html" not in response.text
    assert re.search(r'id="cart-count" hx-swap-oob="innerHTML">2<', response.text)
    assert "Oat Bowl added." in response.text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("quantity", ["-1", "0", "1000000000", "9223372036854775808", "٣", "1e3", "0.5", "NaN", ""])
def test_a_bad_quantity_is_refused_kindly_and_moves_nothing(  # fault 53
        client: FlaskClient, bowl: MadeProduct, quantity: str, headers: dict[str, str]) -> None:
    add(client, bowl, 2)
    response = client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": quantity}, headers=headers)
    assert response.status_code == 422
    assert "A quantity is a whole number from 1 to 999." in response.text
    cart_id = the_cart()
    if quantity != "0":
        line = f"/cart/lines/{line_of(cart_id, bowl.variant_id)}"
        response = client.post(line, data={"quantity": quantity}, headers=headers)
        assert response.status_code == 422
        assert "A quantity is a whole number from 1 to 999." in response.text
    assert rows_of(cart_id) == {bowl.variant_id: 2}
    assert count_lines() == 1


def test_a_refused_first_thing_sets_no_cookie_and_opens_no_cart(client: FlaskClient, bowl: MadeProduct) -> None:
    response = add(client, bowl, 6)
    assert response.status_code == 422
    assert "There are 5 left. Please choose 5 or fewer." in response.text
    assert "Set-Cookie" not in response.headers
    assert count_lines() == 0


@pytest.mark.parametrize("variant_id", ["4711", "0", "-1", "abc", "99999999999", ""])
def test_an_unknown_variant_is_404_in_a_sentence(client: FlaskClient, bowl: MadeProduct, variant_id: str) -> None:
    response = client.post("/cart/lines", data={"variant_id": variant_id, "quantity": "1"})
    assert response.status_code == 404
    assert "We no longer sell this one." in response.text
    assert count_lines() == 0


def test_options_are_resolved_to_the_variant_that_has_them(client: FlaskClient, app: Flask) -> None:
    vase = make_product(slug="vase", options={"Size": ["Small", "Large"], "Glaze": ["Oat", "Moss"]})
    values = {value.value: (value.option_id, value.id)
              for variant in db.session.scalars(select(Variant)) for value in variant.option_values}
    chosen = {f"option_{values[name][0]}": values[name][1] for name in ("Large", "Oat")}
    assert add(client, vase, 1, **chosen).status_code == 303
    assert rows_of(the_cart()) == {vase.variant_ids[2]: 1}


def test_a_combination_that_is_not_made_is_told(client: FlaskClient, bowl: MadeProduct) -> None:
    response = add(client, bowl, 1, option_99=12345)
    assert response.status_code == 422
    assert "We do not make this one in that combination." in response.text
    assert count_lines() == 0


def test_a_quantity_is_set_and_the_page_shows_it(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 1)
    line = f"/cart/lines/{line_of(the_cart(), bowl.variant_id)}"
    response = client.post(line, data={"quantity": "4"})
    assert (response.status_code, response.location) == (303, "/cart")
    assert "€96.00" in client.get("/cart").text
    fragment = client.post(line, data={"quantity": "3"}, headers=HTMX)
    assert fragment.status_code == 200
    assert "€72.00" in fragment.text
    assert "<html" not in fragment.text
    assert re.search(r'id="cart-count" hx-swap-oob="innerHTML">3<', fragment.text)


def test_more_than_there_are_is_said_at_the_line(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 2)
    line_id = line_of(the_cart(), bowl.variant_id)
    for headers in ({}, HTMX):
        response = client.post(f"/cart/lines/{line_id}", data={"quantity": "6"}, headers=headers)
        assert response.status_code == 422
        assert re.search(rf'id="problem-{line_id}"[^>]*>There are 5 left; your cart still holds 2\.', response.text)
    assert rows_of(the_cart()) == {bowl.variant_id: 2}


@pytest.mark.parametrize("way", ["zero", "removal"])
def test_a_removed_line_can_be_put_back(client: FlaskClient, bowl: MadeProduct, way: str) -> None:
    add(client, bowl, 2)
    cart_id = the_cart()
    line = f"/cart/lines/{line_of(cart_id, bowl.variant_id)}"
    response = client.post(line, data={"quantity": "0"}) if way == "zero" else client.post(f"{line}/removal")
    assert response.status_code == 303
    assert rows_of(cart_id) == {}
    page = client.get(response.location).text
    assert "Oat Bowl is out of the cart." in page
    assert f'action="{line}/restoration"' in page
    assert client.post(f"{line}/restoration").status_code == 303
    assert rows_of(cart_id) == {bowl.variant_id: 2}
    assert "is out of the cart" not in client.get(response.location).text


def test_removing_with_htmx_offers_undo_in_the_fragment(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 2)
    line = f"/cart/lines/{line_of(the_cart(), bowl.variant_id)}"
    response = client.post(f"{line}/removal", headers=HTMX)
    assert "Oat Bowl is out of the cart." in response.text
    assert 'id="cart-count" hx-swap-oob="innerHTML"><' in response.text
    assert client.post(f"{line}/restoration", headers=HTMX).status_code == 200
    assert rows_of(the_cart()) == {bowl.variant_id: 2}


def test_a_line_that_another_tab_removed_gives_a_kind_page(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 2)
    line = f"/cart/lines/{line_of(the_cart(), bowl.variant_id)}"
    client.post(f"{line}/removal")
    response = client.post(line, data={"quantity": "1"})
    assert response.status_code == 404
    assert "That is no longer in your cart." in response.text


def test_another_visitors_line_cannot_be_touched(  # fault 63, security 17
        client: FlaskClient, new_client: Callable[[], FlaskClient], bowl: MadeProduct) -> None:
    add(client, bowl, 2)
    cart_id = the_cart()
    line = f"/cart/lines/{line_of(cart_id, bowl.variant_id)}"
    stranger = new_client()
    assert stranger.post(line, data={"quantity": "1"}).status_code == 404
    assert stranger.post(f"{line}/removal").status_code == 404
    assert stranger.post(f"{line}/restoration").status_code == 404
    assert rows_of(cart_id) == {bowl.variant_id: 2}


@pytest.mark.parametrize("forge", [
    str, lambda cart_id: f'"{cart_id}".abc', lambda cart_id: "", lambda cart_id: "x" * 4000,
])
def test_a_forged_cookie_opens_nobodys_cart(client: FlaskClient, bowl: MadeProduct,
                                            forge: Callable[[uuid.UUID], str]) -> None:  # fault 63
    cart_id = make_cart({bowl.variant_id: 3})
    client.set_cookie("cart", forge(cart_id))
    page = client.get("/cart")
    assert page.status_code == 200
    assert "Oat Bowl" not in page.text


def test_the_cookies_are_as_they_should_be(client: FlaskClient, bowl: MadeProduct) -> None:  # security 1
    cookies = {c.split("=")[0]: c for c in add(client, bowl).headers.getlist("Set-Cookie")}
    assert "HttpOnly" in cookies["cart"]
    assert "SameSite=Lax" in cookies["cart"]
    assert "Secure" not in cookies["cart"]
    assert cookies["hint"].startswith("hint=1;")
    assert "HttpOnly" not in cookies["hint"]
    assert "SameSite=Lax" in cookies["hint"]


def test_over_https_the_cookies_are_bound_to_the_host(app: Flask, client: FlaskClient, bowl: MadeProduct) -> None:
    app.config["IS_SECURE"] = True
    cookies = [c for c in add(client, bowl).headers.getlist("Set-Cookie") if "session" not in c]
    assert {c.split("=")[0] for c in cookies} == {"__Host-cart", "__Host-hint"}
    assert all("Secure" in c and "Path=/" in c and "Domain" not in c for c in cookies)


def test_a_cart_signed_with_the_former_key_is_still_found(app: Flask, client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 2)
    former, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another-secret-of-enough-characters"
    assert "Oat Bowl" not in client.get("/cart").text
    app.config["SECRET_KEY_FALLBACKS"] = [former]
    assert "Oat Bowl" in client.get("/cart").text


def test_the_hint_goes_with_the_last_thing_and_comes_back_with_it(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl)
    line = f"/cart/lines/{line_of(the_cart(), bowl.variant_id)}"
    assert client.get_cookie("hint")
    client.post(f"{line}/removal")
    assert client.get_cookie("hint") is None
    client.post(f"{line}/restoration")
    assert client.get_cookie("hint")


@pytest.mark.parametrize("path", ["/cart", "/cart/drawer"])
def test_a_cart_is_kept_by_nobody_in_between(client: FlaskClient, bowl: MadeProduct, path: str) -> None:  # security 10
    add(client, bowl)
    for headers in ({}, HTMX):
        assert client.get(path, headers=headers).headers["Cache-Control"] == "private, no-store"


def test_the_drawer_without_htmx_is_the_cart(client: FlaskClient, bowl: MadeProduct) -> None:
    assert client.get("/cart/drawer").location == "/cart"
    add(client, bowl)
    assert "Oat Bowl" in client.get("/cart/drawer", headers=HTMX).text


def test_a_form_from_another_site_changes_nothing(client: FlaskClient, bowl: MadeProduct) -> None:  # security 11
    response = client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": 1},
                           headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert count_lines() == 0


def test_signing_in_brings_the_guests_cart_along(client: FlaskClient, bowl: MadeProduct) -> None:
    customer_id = make_customer()
    add(client, bowl, 2)
    guest = the_cart()
    sign_in(client)
    assert find_cart_id(customer_id) == guest
    assert client.get_cookie("cart") is None
    assert client.get_cookie("hint")
    assert "Oat Bowl" in client.get("/cart").text


def test_merging_two_carts_is_told_on_the_cart_page(client: FlaskClient, bowl: MadeProduct) -> None:
    customer_id = make_customer()
    own = make_cart({bowl.variant_id: 3}, customer_id=customer_id)
    add(client, bowl, 2)
    sign_in(client)
    page = client.get("/cart").text
    assert "Your account had kept a cart from before; both are one now." in page
    assert rows_of(own) == {bowl.variant_id: 3}


def test_after_signing_out_the_customers_cart_cannot_be_reached(  # pain 16
        client: FlaskClient, new_client: Callable[[], FlaskClient], bowl: MadeProduct) -> None:
    make_customer()
    add(client, bowl, 2)
    kept = client.get_cookie("cart")
    assert kept is not None
    sign_in(client)
    client.post("/account/sign-out")
    assert client.get_cookie("hint") is None
    assert "Oat Bowl" not in client.get("/cart").text
    stranger = new_client()
    stranger.set_cookie("cart", kept.value)  # the guest's cookie of before
    assert "Oat Bowl" not in stranger.get("/cart").text


def test_a_signed_in_customer_adds_to_the_account_from_any_browser(
        client: FlaskClient, new_client: Callable[[], FlaskClient], bowl: MadeProduct) -> None:
    customer_id = make_customer()
    sign_in(client)
    add(client, bowl, 1)
    assert client.get_cookie("cart") is None
    other = new_client()
    sign_in(other)
    add(other, bowl, 1)
    cart_id = find_cart_id(customer_id)
    assert cart_id is not None
    assert rows_of(cart_id) == {bowl.variant_id: 2}


def test_the_page_shows_what_changed_under_it(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 4)
    correct_stock(variant_id=bowl.variant_id, delta=-3, actor="staff:1", reason="broken")
    assert "There are 2 left. Please choose 2 or fewer." in client.get("/cart").text


def test_what_is_no_longer_sold_can_only_be_taken_out(client: FlaskClient, bowl: MadeProduct) -> None:
    add(client, bowl, 2)
    line = f"/cart/lines/{line_of(the_cart(), bowl.variant_id)}"
    db.session.get_one(Variant, bowl.variant_id).is_archived = True
    db.session.commit()
    page = client.get("/cart").text
    assert "We no longer sell this one, so it is not counted." in page
    assert f'action="{line}/removal"' in page
    assert f'action="{line}"' not in page
    assert "€48.00" not in page
    response = client.post(line, data={"quantity": "1"})
    assert response.status_code == 404
    assert "We no longer sell this one. Your cart is as it was." in response.text

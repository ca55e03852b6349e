"""The visitor's part of a page: what it brings, what it costs, and whom it knows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.services import change_price, change_status, rename_product
from storefront.foundation.database import db
from storefront.foundation.redis import client as redis
from storefront.inventory.services import correct_stock
from storefront.recommendations.recent import look_at
from tests.factories.accounts import make_customer, sign_in
from tests.factories.catalog import ACTOR, MadeProduct, make_product


@pytest.fixture
def bowl(app: Flask) -> MadeProduct:
    made = make_product(slug="bowl", options={"Glaze": ["Moss", "Fog"]})
    db.session.remove()
    return made


def add(client: FlaskClient, product: MadeProduct) -> None:
    assert client.post("/cart/lines", data={"variant_id": product.variant_id}).status_code == 303


def count_of(text: str) -> str:
    found = re.search(r'id="cart-count"[^>]*>(\d*)', text)
    assert found is not None
    return found[1]


def test_a_guests_island_asks_no_database(
    client: FlaskClient, bowl: MadeProduct, count_queries: Callable[[], int],
) -> None:
    add(client, bowl)
    assert count_of(client.get("/island").text) == "1"
    count_queries()
    assert count_of(client.get("/island").text) == "1"
    assert count_queries() == 0
    client.get("/island?product=bowl")
    count_queries()
    client.get("/island?product=bowl")
    assert count_queries() == 1  # the stock
    add(client, bowl)
    assert count_of(client.get("/island").text) == "2"


def test_a_customers_island_asks_for_the_session_alone_and_a_revoked_one_shows_nothing(
    client: FlaskClient, bowl: MadeProduct, count_queries: Callable[[], int],
) -> None:
    make_customer(name="Ada Byrne")
    add(client, bowl)
    sign_in(client)
    client.get("/island")
    count_queries()
    shown = client.get("/island").text
    assert count_queries() == 1
    assert (count_of(shown), "signed in as Ada Byrne" in shown) == ("1", True)
    copy = client.get_cookie("session")
    assert copy is not None
    client.post("/account/sign-out")
    client.set_cookie("session", copy.value)
    revoked = client.get("/island").text
    assert (count_of(revoked), "Ada" in revoked) == ("", False)


def test_a_guests_cookie_of_before_shows_nothing_of_the_customers_cart(client: FlaskClient, bowl: MadeProduct) -> None:
    make_customer()
    add(client, bowl)
    kept = client.get_cookie("cart")
    assert kept is not None
    sign_in(client)
    assert count_of(client.get("/island").text) == "1"
    client.post("/account/sign-out")
    client.set_cookie("cart", kept.value)
    for _ in range(2):
        assert count_of(client.get("/island").text) == ""


def test_a_product_comes_with_stock_and_price_of_now_for_what_stands_chosen(
    client: FlaskClient, bowl: MadeProduct,
) -> None:
    client.get("/island?product=bowl")
    moss, fog = bowl.variant_ids
    change_price(variant_id=fog, currency="EUR", amount=9900, compare_at_amount=None, actor=ACTOR)
    correct_stock(variant_id=fog, delta=-7, actor=ACTOR, reason="counted")
    text = client.get(f"/island?product=bowl&variant_id={fog}").text
    choice = text[text.index('id="choice"'):text.index('id="versions"')]
    assert 'hx-swap-oob="outerMorph"' in choice
    assert "€99.00" in choice
    assert "3 left" in choice
    assert re.search(rf'value="{fog}" checked', choice)
    versions = text[text.index('id="versions"'):text.index('id="recent"')]
    assert re.findall(r"€\d+\.\d\d", versions) == ["€24.00", "€99.00"]
    correct_stock(variant_id=moss, delta=-10, actor=ACTOR, reason="counted")
    assert "Sold out for now" in client.get(f"/island?product=bowl&variant_id={moss}").text


def test_a_page_opened_before_the_product_moved_is_told_of_it(client: FlaskClient, bowl: MadeProduct) -> None:
    rename_product(product_id=bowl.id, slug="dish", actor=ACTOR)
    assert 'data-product="dish"' in client.get("/island?product=bowl").text
    change_status(product_id=bowl.id, status="inactive", actor=ACTOR)
    assert 'id="choice"' not in client.get("/island?product=bowl").text


@pytest.mark.parametrize("query", ["product=nothing", "product=", "product=%00", "product=bowl&variant_id=99999999999",
                                   "product=bowl&option_1=x"])
def test_nonsense_brings_what_there_is(client: FlaskClient, bowl: MadeProduct, query: str) -> None:
    answer = client.get(f"/island?{query}")
    assert answer.status_code == 200
    assert ('id="choice"' in answer.text) == ("bowl" in query)


def test_a_stranger_leaves_no_trace(client: FlaskClient, bowl: MadeProduct) -> None:
    answer = client.get("/island?product=bowl")
    assert 'aria-labelledby="recent-title" hidden' in answer.text
    assert [cookie.split("=")[:2] for cookie in answer.headers.getlist("Set-Cookie")] == [["hint", "; Expires"]]
    assert redis().keys("recent:*") == []


def test_what_was_viewed_comes_back_newest_first_and_without_what_is_shown(
    client: FlaskClient, bowl: MadeProduct,
) -> None:
    slugs = [make_product(slug=f"cup-{number}").slug for number in range(6)]
    make_product(slug="hidden", status="draft")
    db.session.remove()
    add(client, bowl)
    for slug in ("bowl", *slugs, "cup-4", "bowl", "hidden"):
        text = client.get(f"/island?product={slug}").text
    text = client.get("/island?product=bowl").text
    assert re.findall(r'card__name"><a href="/p/([^"]+)"', text) == ["cup-4", "cup-5", "cup-3", "cup-2"]
    (key,) = redis().keys("recent:*")
    assert redis().llen(key) == 5


def test_without_redis_nothing_was_viewed(app: Flask, bowl: MadeProduct) -> None:
    app.config["REDIS_URL"] = "unix:///nowhere/r.sock"
    app.extensions.pop("redis", None)
    assert look_at(make_customer(), 1) == []

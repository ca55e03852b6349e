"""Lists under filters as a browser gets them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from storefront.catalog.collections import save_collection
from storefront.catalog.models import Product
from storefront.foundation.cache import leave_behind
from storefront.foundation.database import db
from storefront.foundation.headers import PUBLIC
from storefront.search.services import rebuild_search
from tests.factories.catalog import make_product

LIST = "/c/clay"


@pytest.fixture
def shop(app: Flask) -> None:
    """Two bowls, a cup and a plate; only one bowl is in stock in moss."""
    colors = {"Color": ["Moss", "Fog"]}
    make_product(slug="low-bowl", categories=("clay/bowls",), options=colors, amount=2400, brand="Acme")
    make_product(slug="tall-bowl", categories=("clay/bowls",), options=colors, amount=3600, stock=0, brand="Bolt")
    make_product(slug="cup", categories=("clay/cups",), options={"Color": ["Fog"]}, amount=1250, brand="Acme")
    make_product(slug="plate", categories=("clay",), amount=5000, compare_at_amount=6000, brand="Acme")
    save_collection(slug="desk", name="Desk", product_slugs=["plate", "cup", "low-bowl"])
    rebuild_search()
    db.session.remove()


def shown(answer: TestResponse) -> list[str]:
    """The products of the list, in its order."""
    assert answer.status_code == 200, answer.text[:300]
    return re.findall(r'class="card__name"><a href="/p/([^"?]+)', answer.text)


def links(answer: TestResponse, start: str) -> dict[str, str]:
    found = re.findall(rf'id="({start}[^"]*)" href="([^"]*)" rel="nofollow"', answer.text)
    return {name: url.replace("&amp;", "&") for name, url in found}


def sell(slug: str) -> None:
    """Say that it was bought, and let lists know."""
    db.session.execute(update(Product).where(Product.slug == slug).values(sales_count=3))
    db.session.commit()
    rebuild_search()


def count(answer: TestResponse, box: str) -> tuple[int, bool]:
    """How many a box would leave, and whether it is ticked."""
    found = re.search(rf'<input [^>]*id="f-{box}"([^>]*)>.*?<small>(\d+)</small>', answer.text)
    assert found, box
    return int(found[2]), " checked" in found[1]


@pytest.mark.usefixtures("shop")
def test_the_plain_form_leads_to_the_one_address_of_what_it_asks(client: FlaskClient) -> None:
    sent = client.get(f"{LIST}?color=moss&brand=bolt&brand=acme&price-from=&price-to=40&sort=price&utm_source=x")
    assert sent.status_code == 302
    address = f"{LIST}?brand=acme&brand=bolt&color=moss&price=-40&sort=price"
    assert sent.location == address
    answer = client.get(address)
    assert shown(answer) == ["low-bowl", "tall-bowl"]
    assert answer.headers["X-Accel-Expires"] == "2"
    assert answer.headers["Cache-Control"] == PUBLIC
    assert "Vary" not in answer.headers
    assert client.get(f"{LIST}?utm_source=x&color=moss").status_code == 200  # what is not ours stays where it is


@pytest.mark.usefixtures("shop")
def test_counts_are_those_under_the_other_choices(client: FlaskClient) -> None:
    answer = client.get(f"{LIST}?color=moss&in_stock=1")
    assert shown(answer) == ["low-bowl"]
    assert count(answer, "color-moss") == (1, True)
    assert count(answer, "color-fog") == (2, False)  # its own choice does not narrow it
    assert count(answer, "in-stock") == (1, True)
    assert count(answer, "brand-bolt") == (0, False)  # made in moss, but there is none
    assert re.search(r'id="f-brand-bolt"[^>]* disabled', answer.text)


@pytest.mark.usefixtures("shop")
def test_each_chip_takes_one_choice_back(client: FlaskClient) -> None:
    answer = client.get(f"{LIST}?brand=acme&color=fog&price=10-30&in_stock=1")
    assert links(answer, "chip-") == {
        "chip-brand-acme": f"{LIST}?color=fog&price=10-30&in_stock=1",
        "chip-color-fog": f"{LIST}?brand=acme&price=10-30&in_stock=1",
        "chip-price": f"{LIST}?brand=acme&color=fog&in_stock=1",
        "chip-in-stock": f"{LIST}?brand=acme&color=fog&price=10-30",
    }
    assert "€10.00 to €30.00" in answer.text
    assert links(answer, "chips-clear") == {"chips-clear": LIST}


@pytest.mark.usefixtures("shop")
def test_robots_keep_lists_of_one_choice_and_no_more(client: FlaskClient) -> None:
    for query, robots, canonical in (
        ("", None, ""), ("?color=fog", None, "?color=fog"),
        ("?color=fog&color=moss", "noindex, follow", "?color=fog&color=moss"),
        ("?color=fog&in_stock=1", "noindex, follow", "?color=fog&in_stock=1"),
        ("?color=fog&sort=price", "noindex, follow", "?color=fog"),
        ("?price=10-50", "noindex, follow", ""), ("?price=-50", "noindex, follow", ""),
        ("?color=fog&price=10-", "noindex, follow", "?color=fog"),
    ):
        text = client.get(LIST + query).text
        found = re.search(r'<meta name="robots" content="([^"]*)"', text)
        assert (found[1] if found else None) == robots, query
        assert f'<link rel="canonical" href="http://localhost{LIST}{canonical.replace("&", "&amp;")}">' in text


@pytest.mark.usefixtures("shop")
def test_the_list_alone_has_an_address_of_its_own_and_names_the_page(client: FlaskClient) -> None:
    answer = client.get("/listing/c/clay?color=moss&price-from=&price-to=", headers={"HX-Request": "true"})
    assert shown(answer) == ["tall-bowl", "low-bowl"]
    assert answer.headers["HX-Push-Url"] == f"{LIST}?color=moss"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "Vary" not in answer.headers
    assert "<title>Clay, Moss · Plainsong</title>" in answer.text
    assert '<p id="status" hx-swap-oob="innerHTML">2 things</p>' in answer.text
    assert re.search(r'<form [^>]*id="filter-form"[^>]*hx-swap-oob="outerMorph"', answer.text)
    assert "<html" not in answer.text


@pytest.mark.usefixtures("shop")
def test_nothing_under_the_choices_offers_ways_on(client: FlaskClient) -> None:
    answer = client.get(f"{LIST}?color=moss&price=90-")
    assert shown(answer) == []
    assert "Nothing is all of that at once" in answer.text
    assert links(answer, "chip-") == {"chip-color-moss": f"{LIST}?price=90-", "chip-price": f"{LIST}?color=moss"}


@pytest.mark.usefixtures("shop")
def test_words_of_somebodys_own_become_no_page(client: FlaskClient) -> None:
    for query, kept in (("color=buy-cheap-pills-now", ""), ("color=nonsense&color=moss", "?color=moss"),
                        ("brand=acme&color=x&color=y", "?brand=acme"), ("color=acme", ""), ("color=%00", "")):
        sent = client.get(f"{LIST}?{query}")
        assert (sent.status_code, sent.location) == (302, LIST + kept), query
        assert client.get(sent.location).status_code == 200
        alone = client.get(f"/listing{LIST}?{query}")
        assert alone.headers["HX-Push-Url"] == LIST + kept
    nobody = client.get(f"{LIST}/cups?brand=bolt")  # the shop has it, this list has not
    assert shown(nobody) == []
    assert links(nobody, "chip-") == {"chip-brand-bolt": f"{LIST}/cups"}
    assert 'name="robots" content="noindex, follow"' in nobody.text
    assert client.get(f"{LIST}?flavor=sweet").status_code == 200  # no facet: not ours


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("least", "most", "address"), [
    ("€20", "", "?price=20-"), ("20 €", "EUR 40", "?price=20-40"), ("12,50", "1.000", "?price=12.50-1000"),
    ("1 000", "1,234.50", "?price=1000-1234.50"), ("50", "10", "?price=10-50"), ("1.234,5", "", "?price=1234.50-"),
])
def test_prices_are_read_as_people_type_them(client: FlaskClient, least: str, most: str, address: str) -> None:
    asked = {"price-from": least, "price-to": most}
    assert client.get(LIST, query_string=asked).location == LIST + address
    assert client.get(LIST, query_string={"price": "10–20"}).location == f"{LIST}?price=10-20"


@pytest.mark.usefixtures("shop")
def test_a_price_that_cannot_be_read_is_kept_and_said(client: FlaskClient) -> None:
    address = f"{LIST}?color=moss&price-from=ten+%3Cb%3E&price-to=40"
    for answer in (client.get(address), client.get(f"/listing{address}")):
        assert shown(answer) == ["tall-bowl", "low-bowl"]
        assert "We cannot read “ten &lt;b&gt;” as a price. Write it like 12.50." in answer.text
        assert re.search(r'id="f-price-from"[^>]*value="ten &lt;b&gt;"[^>]*describedby="f-price-problem"', answer.text)
        assert re.search(r'id="f-price-to"[^>]*value="40"(?![^>]*aria-invalid)', answer.text)
    page = client.get(address).text
    assert 'name="robots" content="noindex, follow"' in page
    assert f'rel="canonical" href="http://localhost{LIST}?color=moss"' in page


@pytest.mark.usefixtures("shop")
def test_before_anybody_bought_anything_no_list_claims_so(client: FlaskClient) -> None:
    assert "Most bought" not in client.get(LIST).text
    assert shown(client.get(f"{LIST}?sort=best"))
    assert "A few things from the shop" in client.get("/search?q=zzzzqqqq").text
    sell("cup")
    assert "Most bought" in client.get(LIST).text
    assert "What others bring home" in client.get("/search?q=zzzzqqqq").text


@pytest.mark.usefixtures("shop")
def test_stars_stand_where_there_are_reviews(client: FlaskClient) -> None:
    assert "stars" not in client.get(LIST).text
    db.session.execute(update(Product).where(Product.slug == "cup").values(rating=433, review_count=12))
    db.session.commit()
    rebuild_search()
    leave_behind("catalog")
    listed = client.get(f"{LIST}?rating=4").text
    assert 'aria-label="4.3 of 5 from 12 reviews"' in listed
    assert 'type="radio" id="f-rating-4" name="rating" value="4" checked' in listed
    assert 'type="radio" id="f-rating-any" name="rating" value=""' in listed
    assert client.get(f"{LIST}?rating=").location == LIST
    assert 'aria-label="4.3 of 5 from 12 reviews"' in client.get("/p/cup").text
    assert "of 5 from" not in client.get("/p/plate").text


@pytest.mark.usefixtures("shop")
def test_a_search_that_stopped_counting_says_over(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<p>2 things</p>" in client.get("/search?q=bowl").text
    for module in ("storefront.search.queries", "storefront.browse.listings"):
        monkeypatch.setattr(f"{module}.MAX_MATCHES", 2)
    assert "<p>over 2 things</p>" in client.get("/search?q=bowl").text
    assert "<p>1 thing</p>" in client.get("/search?q=bowl&brand=acme").text


@pytest.mark.usefixtures("shop")
def test_collections_and_searches_are_filtered_in_their_own_order(client: FlaskClient) -> None:
    assert shown(client.get("/collections/desk")) == ["plate", "cup", "low-bowl"]
    assert shown(client.get("/collections/desk?color=fog")) == ["cup", "low-bowl"]
    assert shown(client.get("/search?q=bowl&brand=acme")) == ["low-bowl"]
    assert client.get("/search?brand=acme&q=bowl").location == "/search?q=bowl&brand=acme"
    assert shown(client.get("/listing/search?q=bowl&brand=bolt")) == ["tall-bowl"]


SENSELESS = {
    200: ("flavor=sweet", "color=" + "x" * 10_000, "x" * 10_000 + "=1", "%00=%00",
          "sort=drop+table", "brand=", "after=newest.1.5", "after=newest.999999999999.9999999999"),
    302: ("price=abc", "price=50-10", "price=" + "9" * 40, "price=1-2-3", "rating=17", "in_stock=maybe", "page=1",
          "color=moss&color=%00", "color=%00", "color=%F0%9F%8D%89", "after=",
          "&".join(f"color=c{number}" for number in range(500))),
    400: ("after=newest.1.2.3", "after=price.100.1", "after=newest.99999999999999999.1", "after=%00",
          "after=newest.-1.5", "after=newest.%D9%A1.5"),
    404: ("page=-1", "page=1e9", "page=9999", "page=7", "page=%00", "page=%D9%A2"),
}


@pytest.mark.usefixtures("shop")
def test_senseless_addresses_get_a_sensible_page_or_a_clear_refusal(client: FlaskClient) -> None:
    for status, queries in SENSELESS.items():
        for query in queries:
            answer = client.get(f"{LIST}?{query}")
            assert answer.status_code == status, query[:80]
            alone = client.get(f"/listing{LIST}?{query}")
            assert alone.status_code == (200 if status == 302 else status), query[:80]
            if status == 302:
                assert client.get(answer.location).status_code == 200, query[:80]  # and no further
            if status == 400:
                assert "place that this list does not have" in answer.text
                assert f'href="{LIST}">To the first page of the list</a>' in answer.text


@pytest.mark.usefixtures("shop")
def test_far_pages_are_reached_from_place_to_place(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("storefront.search.facets.PAGE_SIZE", "storefront.browse.cards.NUMBERED"):
        monkeypatch.setattr(module, 1)
    seen, address = [], f"{LIST}?sort=price"
    while address:
        answer = client.get(address)
        seen += shown(answer)
        onward = re.search(r'id="page-next" rel="[^"]*" href="([^"]*)"', answer.text)
        address = onward[1].replace("&amp;", "&") if onward else ""
        assert "page=" not in address
    assert seen == ["cup", "low-bowl", "tall-bowl", "plate"]
    for address, status in (("/collections/desk?after=ours.9999999999.1", 200), ("/search?q=bowl&after=ours.9.1", 400),
                            ("/collections/desk?after=newest.9.1", 400), (f"{LIST}?after=ours.9.1", 400)):
        assert client.get(address).status_code == status, address


def test_before_the_first_rebuild_lists_come_without_filters(client: FlaskClient) -> None:
    make_product(slug="bowl", categories=("clay",))
    answer = client.get(LIST)
    assert shown(answer) == ["bowl"]
    assert "filter-form" not in answer.text
    assert client.get(f"{LIST}?price=1-2").location == LIST


@pytest.mark.usefixtures("shop")
def test_a_list_under_filters_costs_few_statements(client: FlaskClient, run_jobs: Callable[[], int],
                                                   count_queries: Callable[[], int]) -> None:
    run_jobs()
    client.get(LIST)  # what is kept from now on: the tree, the menus, the blocks
    count_queries()
    client.get(f"{LIST}?color=moss&in_stock=1&sort=price")
    assert count_queries() <= 10

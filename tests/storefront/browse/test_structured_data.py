"""What the pages say of themselves to machines: titles, canonical addresses, JSON-LD."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.collections import save_collection
from storefront.foundation.database import db
from tests.factories.catalog import make_product
from tests.factories.content import make_home, make_page

SITE = "http://localhost"


class Head(HTMLParser):
    """Reads what a robot reads of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title, self.metas, self.canonical, self.data = "", {}, "", []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "meta" and "content" in said:
            self.metas[said.get("name") or said.get("property") or ""] = said["content"]
        if tag == "link" and said.get("rel") == "canonical":
            self.canonical = said["href"] or ""
        is_data = tag == "script" and said.get("type") == "application/ld+json"
        self._inside = "data" if is_data else tag if tag == "title" and not self.title else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside == "data":
            self.data.append(json.loads(data))

    def of_type(self, kind: str) -> dict[str, Any]:
        (found,) = [item for item in self.data if item["@type"] == kind]
        return found


def read(client: FlaskClient, path: str) -> Head:
    return Head(client.get(path).text)


@pytest.fixture
def shop(app: Flask) -> None:
    make_home()
    make_page()
    for number in range(25):
        make_product(slug=f"cup-{number}", categories=("clay/cups",), stock=0)
    make_product(slug="low-bowl", categories=("clay",), description="<p>Turned &amp; glazed.</p>", brand="Plainsong",
                 options={"Glaze": ["Moss"], "Size": ["Small", "Large"]}, amounts={("Moss", "Large"): 4600})
    make_product(slug="jug", categories=("clay",), stock=2)
    save_collection(slug="desk", name="Desk", product_slugs=["jug"])
    db.session.remove()


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("path", "title", "canonical", "robots"), [
    ("/", "Plainsong: plain things, well made, for home and desk", "/", None),
    ("/c/clay", "Clay · Plainsong", "/c/clay", None),
    ("/c/clay?utm_source=x", "Clay · Plainsong", "/c/clay", None),
    ("/c/clay?page=2", "Clay, page 2 · Plainsong", "/c/clay?page=2", None),
    ("/c/clay?sort=newest", "Clay · Plainsong", "/c/clay", None),
    ("/c/clay?sort=nonsense", "Clay · Plainsong", "/c/clay", None),
    ("/c/clay?sort=price&page=2", "Clay, page 2 · Plainsong", "/c/clay?page=2", "noindex, follow"),
    ("/collections/desk", "Desk · Plainsong", "/collections/desk", None),
    ("/collections/desk?sort=-price", "Desk · Plainsong", "/collections/desk", "noindex, follow"),
    ("/search?q=cup", "Search: cup · Plainsong", "/search?q=cup", "noindex, follow"),
    ("/p/low-bowl", "Low Bowl · Plainsong", "/p/low-bowl", None),
    ("/p/low-bowl?variant=2", "Low Bowl · Plainsong", "/p/low-bowl", None),
    ("/pages/about", "About · Plainsong", "/pages/about", None),
])
def test_each_page_says_what_it_is(client: FlaskClient, path: str, title: str, canonical: str,
                                   robots: str | None) -> None:
    head = read(client, path)
    assert head.title == title
    assert head.canonical == SITE + canonical
    assert head.metas.get("robots") == robots
    assert 10 <= len(head.metas["description"]) <= 300
    assert head.metas["og:url"] == head.canonical


@pytest.mark.usefixtures("shop")
def test_the_home_page_says_who_and_how_to_search(client: FlaskClient) -> None:
    head = read(client, "/")
    assert head.of_type("Organization")["name"] == "Plainsong"
    target = head.of_type("WebSite")["potentialAction"]["target"]["urlTemplate"]
    assert target == f"{SITE}/search?q={{search_term_string}}"


@pytest.mark.usefixtures("shop")
def test_breadcrumbs_lead_from_home_to_the_page(client: FlaskClient) -> None:
    items = read(client, "/p/low-bowl").of_type("BreadcrumbList")["itemListElement"]
    assert [(item["position"], item["name"], item["item"]) for item in items] == [
        (1, "Home", f"{SITE}/"), (2, "Clay", f"{SITE}/c/clay"), (3, "Low Bowl", f"{SITE}/p/low-bowl")]
    items = read(client, "/c/clay/cups").of_type("BreadcrumbList")["itemListElement"]
    assert [item["name"] for item in items] == ["Home", "Clay", "Cups"]


@pytest.mark.usefixtures("shop")
def test_one_variant_is_a_product_with_an_offer(client: FlaskClient) -> None:
    data = read(client, "/p/jug").of_type("Product")
    assert (data["name"], data["sku"], data["url"]) == ("Jug", "JUG", f"{SITE}/p/jug")
    assert data["offers"] == {
        "@type": "Offer", "url": f"{SITE}/p/jug", "price": "24.00", "priceCurrency": "EUR",
        "availability": "https://schema.org/LimitedAvailability", "itemCondition": "https://schema.org/NewCondition"}


@pytest.mark.usefixtures("shop")
def test_several_variants_are_a_group(client: FlaskClient) -> None:
    data = read(client, "/p/low-bowl").of_type("ProductGroup")
    assert data["variesBy"] == ["https://schema.org/color", "https://schema.org/size"]
    assert (data["brand"]["name"], data["description"]) == ("Plainsong", "Turned & glazed.")
    small, large = data["hasVariant"]
    assert (large["name"], large["color"], large["size"]) == ("Low Bowl, Moss / Large", "Moss", "Large")
    assert (small["offers"]["price"], large["offers"]["price"]) == ("24.00", "46.00")
    assert re.fullmatch(rf"{SITE}/p/low-bowl\?variant=\d+", large["url"])
    assert small["url"] != large["url"]


@pytest.mark.usefixtures("app")
def test_no_name_breaks_out_of_its_place(client: FlaskClient) -> None:
    evil = '</script><script>alert(1)</script><!--"\'&'
    make_product(slug="evil", name=evil, subtitle=evil, brand=evil[:120], categories=("clay",),
                 facts=((evil, evil),), seo_description=evil, options={"Size": [evil, "Small"]})
    for path in ("/", "/c/clay", "/p/evil", "/p/evil/choice", "/search?q=script"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text, path
        assert "<!--" not in answer.text, path
    assert read(client, "/p/evil").of_type("ProductGroup")["name"] == evil

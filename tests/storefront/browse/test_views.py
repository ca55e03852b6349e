"""The public pages as a browser gets them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.accounts.services import register_customer
from storefront.browse.public import PUBLIC
from storefront.catalog.collections import save_collection
from storefront.catalog.services import change_status, rename_product
from storefront.foundation import outbox
from storefront.foundation.database import db
from storefront.inventory.services import correct_stock
from storefront.search.services import rebuild_search
from tests.factories.catalog import ACTOR, MadeProduct, make_product
from tests.factories.content import make_footer, make_home, make_page

PAGES = ("/", "/c/clay", "/c/clay/bowls", "/c/clay?sort=price", "/collections/desk", "/search", "/search?q=bowl",
         "/p/low-bowl", "/p/cup", "/p/low-bowl/choice", "/pages/about", "/robots.txt",
         "/sitemap.xml")


@pytest.fixture
def shop(app: Flask) -> MadeProduct:
    """A shop with something on every page."""
    make_home()
    make_page()
    make_footer()
    made = make_product(slug="low-bowl", categories=("clay/bowls",), description="<p>Turned.</p>",
                        options={"Glaze": ["Moss", "Fog"], "Size": ["Small", "Large"]}, brand="Plainsong")
    make_product(slug="cup", categories=("clay/cups",))
    make_product(slug="plate", categories=("clay/bowls",))
    save_collection(slug="desk", name="Desk", product_slugs=["cup", "low-bowl"])
    db.session.remove()
    return made


def sign_in(client: FlaskClient) -> None:
    register_customer(email="mary@example.org", password="a long enough phrase", name="Mary Byrne")
    answer = client.post("/account/sign-in", data={"email": "mary@example.org", "password": "a long enough phrase"})
    assert answer.status_code == 303


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_belongs_to_everyone(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == PUBLIC
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


@pytest.mark.usefixtures("shop")
def test_a_customer_with_a_cart_gets_the_bytes_that_a_stranger_gets(
    client: FlaskClient, new_client: Callable[[], FlaskClient], shop: MadeProduct,
) -> None:
    sign_in(client)
    assert client.post("/cart/lines", data={"variant_id": shop.variant_id}).status_code == 303
    stranger = new_client()
    for path in PAGES:
        mine, theirs = client.get(path), stranger.get(path)
        assert mine.data == theirs.data, path
        assert b"Mary" not in mine.data
        assert "Set-Cookie" not in mine.headers, path
        assert "Vary" not in mine.headers, path


@pytest.mark.usefixtures("shop")
def test_an_unchanged_page_is_not_sent_again_and_a_changed_one_is(client: FlaskClient, shop: MadeProduct) -> None:
    first = client.get("/p/low-bowl")
    again = client.get("/p/low-bowl", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Set-Cookie" not in again.headers
    correct_stock(variant_id=shop.variant_ids[0], delta=-7, actor=ACTOR, reason="counted")
    changed = client.get("/p/low-bowl", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert b"3 left" in changed.data


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("path", "most"), [("/", 10), ("/c/clay", 10), ("/p/low-bowl", 12), ("/search?q=bowl", 15),
                                            ("/collections/desk", 11), ("/pages/about", 10)])
def test_a_page_keeps_to_its_queries(client: FlaskClient, count_queries: Callable[[], int], path: str,
                                     most: int) -> None:
    count_queries()
    client.get(path)
    assert count_queries() <= most
    client.get(path)
    warm = count_queries()
    # Stock is read live, in one query, and so is whether lists have filters; a search is never kept, and PostgreSQL is
    # told before and after it how long it may take.
    searched = 8 if db.engine.dialect.name == "postgresql" else 6
    assert warm == {"/pages/about": 0, "/c/clay": 2, "/collections/desk": 2, "/search?q=bowl": searched}.get(path, 1)


@pytest.mark.usefixtures("shop")
def test_a_list_with_filters_asks_twice_once_it_is_kept(client: FlaskClient, count_queries: Callable[[], int]) -> None:
    rebuild_search()
    outbox.relay_events(reactions={}, limit=1000)
    for path in ("/c/clay", "/c/clay?sort=price"):
        client.get(path)
        count_queries()
        assert 'id="filters"' in client.get(path).text
        assert count_queries() == 2  # what the list leaves out by now, and the stock of what it shows


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("path", ["/c/nothing", "/p/nothing", "/p/nothing/choice", "/collections/nothing",
                                  "/pages/nothing", "/c/clay?page=2", "/c/clay?page=0", "/c/clay?page=x",
                                  "/c/clay?page=501", "/search?q=bowl&page=9", "/c/%00", "/p/%F0%9F%8D%B5", "/p/%00",
                                  "/p/a%00/choice", "/collections/%00", "/pages/%00"])
def test_what_is_not_there_is_a_page_that_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<h1" in answer.text
    assert 'href="/c/clay"' in answer.text  # the menu leads on


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("path", "to"), [
    ("/c/clay/", "/c/clay"), ("/c/clay/bowls/?sort=price", "/c/clay/bowls?sort=price"), ("/p/low-bowl/", "/p/low-bowl"),
    ("/p/old-bowl", "/p/low-bowl"), ("/p/old-bowl?variant=1", "/p/low-bowl?variant=1"),
    ("/p/old-bowl/choice?variant_id=1", "/p/low-bowl/choice?variant_id=1"),  # asked by a page opened before
])
def test_other_addresses_of_a_thing_lead_to_its_one_address(client: FlaskClient, shop: MadeProduct, path: str,
                                                            to: str) -> None:
    rename_product(product_id=shop.id, slug="passing", actor=ACTOR)
    rename_product(product_id=shop.id, slug="old-bowl", actor=ACTOR)
    rename_product(product_id=shop.id, slug="low-bowl", actor=ACTOR)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (301, to)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.usefixtures("shop")
def test_a_product_off_sale_is_not_found(client: FlaskClient, shop: MadeProduct) -> None:
    change_status(product_id=shop.id, status="inactive", actor=ACTOR)
    assert client.get("/p/low-bowl").status_code == 404
    assert "Low Bowl" not in client.get("/c/clay").text
    assert "Low Bowl" not in client.get("/search?q=bowl").text


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("query", [
    "", "%20", "%00", "🍵", "AND+OR", "%25%25%25", "a" * 10_000, "<script>alert(1)</script>", "%ff%fe", "bowl%00",
    "'+OR+1=1--", "\\", "{{7*7}}",
])
def test_any_search_is_a_sensible_page(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/search?q={query}", follow_redirects=True)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert len(answer.data) < 60_000
    assert 'name="robots" content="noindex, follow"' in answer.text


@pytest.mark.usefixtures("shop")
def test_search_finds_and_offers_a_way_on(client: FlaskClient) -> None:
    assert 'href="/p/low-bowl"' in client.get("/search?q=bowls").text
    nothing = client.get("/search?q=bowling-alley-x").text
    assert "<h1>Nothing goes by “bowling-alley-x”</h1>" in nothing
    assert "Things like" not in nothing
    assert 'href="/c/clay"' in nothing


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("query", [
    "variant_id=999999", "variant_id=x", "variant_id=-1", "variant_id=99999999999999999999", "option_1=x", "option_=1",
    "option_9999=9999", "variant=%00", "variant_id=", "&".join(f"option_{n}=1" for n in range(500)),
])
def test_a_choice_that_is_nonsense_shows_the_first_in_stock(client: FlaskClient, shop: MadeProduct, query: str) -> None:
    for path in ("/p/low-bowl", "/p/low-bowl/choice"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 200
        assert f'name="variant_id" value="{shop.variant_ids[0]}"' in answer.text


@pytest.mark.usefixtures("shop")
def test_the_choice_is_a_fragment_of_the_page(client: FlaskClient, shop: MadeProduct) -> None:
    large = shop.variant_ids[1]
    fragment = client.get(f"/p/low-bowl/choice?variant_id={large}")
    page = client.get(f"/p/low-bowl?variant={large}")
    assert fragment.headers["X-Robots-Tag"] == "noindex"
    assert fragment.text.lstrip().startswith('<div class="choice" id="choice"')
    # A reload shows the same choice.
    assert fragment.headers["HX-Replace-Url"] == f"/p/low-bowl?variant={large}"
    assert "<html" not in fragment.text
    assert " ".join(fragment.text.split()) in " ".join(page.text.split())


@pytest.mark.usefixtures("shop")
def test_the_island_is_one_visitors_and_kept_by_nobody(client: FlaskClient, shop: MadeProduct) -> None:
    stranger = client.get("/island")
    assert stranger.headers["Cache-Control"] == "private, no-store"
    assert "Mary" not in stranger.text
    assert "hint=;" in stranger.headers["Set-Cookie"]  # nothing to show: do not ask again
    sign_in(client)
    client.post("/cart/lines", data={"variant_id": shop.variant_id, "quantity": "3"})
    mine = client.get("/island")
    assert mine.headers["Cache-Control"] == "private, no-store"
    assert "Mary Byrne" in mine.text
    assert re.search(r'id="cart-count"[^>]*>3<', mine.text)
    assert "hint=;" not in mine.headers.get("Set-Cookie", "")


def test_robots_are_told_what_is_not_for_them(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    for line in ("User-agent: *", "Disallow: /cart", "Disallow: /checkout", "Disallow: /search", "Disallow: /island",
                 "Disallow: /p/*/choice"):
        assert line in answer.text.splitlines()


@pytest.mark.usefixtures("shop")
def test_the_map_of_the_site_names_each_public_page_once(client: FlaskClient) -> None:
    make_product(slug="hidden", status="draft", categories=("clay",))
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    paths = re.findall(r"<loc>http://localhost([^<]*)</loc>", answer.text)
    assert sorted(paths) == ["/", "/c/clay", "/c/clay/bowls", "/c/clay/cups", "/collections/desk", "/p/cup",
                             "/p/low-bowl", "/p/plate", "/pages/about"]
    assert {client.get(path).status_code for path in paths} == {200}
    assert re.search(r"<loc>http://localhost/p/cup</loc><lastmod>\d{4}-\d\d-\d\d</lastmod>", answer.text)


def test_a_policy_report_is_taken_from_anywhere_and_a_long_one_refused(
    client: FlaskClient, caplog: pytest.LogCaptureFixture,
) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/csp-reports", data='{"csp-report": {"blocked-uri": "inline"}}', headers=foreign,
                         content_type="application/csp-report")
    assert (answer.status_code, answer.data) == (204, b"")
    assert [record.problem for record in caplog.records if hasattr(record, "problem")] == [
        '{"csp-report": {"blocked-uri": "inline"}}']
    assert client.post("/csp-reports", data=b"\xff\x00" * 100).status_code == 204
    assert client.post("/csp-reports", data=b"x" * 8193).status_code == 413


@pytest.mark.usefixtures("shop")
def test_posting_to_a_page_changes_nothing(client: FlaskClient) -> None:
    answers: list[TestResponse] = [client.post(path) for path in PAGES]
    assert {answer.status_code for answer in answers} == {405}

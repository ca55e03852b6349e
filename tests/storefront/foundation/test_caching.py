"""What each answer says about being kept: docs/caching.md, held against every route that there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from storefront.accounts.services import register_customer
from storefront.catalog.collections import save_collection
from storefront.foundation.database import db
from tests.factories.catalog import make_product
from tests.factories.content import make_footer, make_home, make_page
from tests.factories.pages import write_page

TABLE = Path(__file__).resolve().parents[3] / "docs" / "caching.md"
NOBODY = "11111111-1111-4111-8111-111111111111"
MOMENT = "page kept for a moment"
# Where the table's routes are asked; a route may answer in more than one class.
EXAMPLES = {
    "page": ("/", "/c/clay", "/c/clay?sort=price", "/collections/desk", "/p/bowl", "/pages/about", "/sitemap.xml"),
    MOMENT: ("/search", "/search?q=bowl", "/search?q=bowl&sort=price", "/p/bowl?variant=1", "/p/bowl/choice",
             "/c/clay?sort=newest", "/robots.txt", "/listing/c/clay", "/listing/collections/desk",
             "/listing/search?q=bowl", "/search/suggestions?q=bowl"),
    "form for everyone": ("/withdrawal",),
    "other address": ("/p/bowl/", "/products/bowl", "/product/bowl/", "/c/clay/", "/c/clay?page=1"),
    "island": ("/island", "/island?product=bowl"),
    "one visitor's page": (
        "/cart", "/cart/drawer", "/checkout", "/checkout/contact", "/checkout/delivery", "/checkout/payment",
        "/checkout/review", "/account", "/account/orders", "/account/addresses", "/account/addresses/new",
        "/account/profile", "/account/register", "/account/sign-in"),
    "demo": ("/demo/mail",),
    "health": ("/healthz", "/readyz"),
    "source asset": ("/static/js/island.js",),
    "error": ("/nothing", "/p/nothing", "/account/x.css", "/p/bowl/x.css", "/cart/x.css", "/island/x.css",
              "/media/x/1.webp", f"/account/addresses/{NOBODY}", f"/checkout/return/{NOBODY}", "/orders/AAAA-AAAA-AAAA",
              "/orders/AAAA-AAAA-AAAA/returns/new", f"/withdrawal/statements/{NOBODY}", "/payments/demo/nothing",
              "/demo/mail/nothing", "/demo/mail/nothing/body"),
}


def read_table() -> dict[str, tuple[str, str, str]]:
    """Return class → (routes, Cache-Control, what is beside it)."""
    section = TABLE.read_text(encoding="utf-8").partition("## Each class")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()
            if line.startswith("| ") and not line.startswith("| class")]
    return {name: (routes, control, beside) for name, routes, control, beside in rows}


def classes_of(rule: str) -> list[str]:
    """Return the classes whose row names the route, or the folder that it lies in."""
    return [name for name, (routes, _, _) in read_table().items()
            if any(rule == said or (said.endswith("…") and rule.startswith(said[:-1]))
                   for said in re.findall(r"`([^`]+)`", routes))]


@pytest.fixture
def visitor(app: Flask, client: FlaskClient) -> FlaskClient:
    """A customer with a cart in a shop with something on every page."""
    make_home()
    make_page()
    make_footer()
    made = make_product(slug="bowl", categories=("clay",), options={"Size": ["Small", "Large"]})
    save_collection(slug="desk", name="Desk", product_slugs=["bowl"])
    register_customer(email="mary@example.org", password="a long enough phrase", name="Mary Byrne")
    db.session.remove()
    client.post("/account/sign-in", data={"email": "mary@example.org", "password": "a long enough phrase"})
    assert client.post("/cart/lines", data={"variant_id": made.variant_id}).status_code == 303
    return client


def test_every_route_has_a_class(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert {rule: classes_of(rule) for rule in sorted(rules) if not classes_of(rule)} == {}
    twice = {rule: classes_of(rule) for rule in rules if len(classes_of(rule)) > 1}
    assert set(twice) == {"/static/<path:filename>"}
    named = {said for routes, _, _ in read_table().values() for said in re.findall(r"`(/[^`]*[^`…])`", routes)}
    assert named - rules == set(), "the table names routes that are not there"


def test_every_route_is_asked(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    asked = {adapter.match(path.partition("?")[0], return_rule=True)[0].rule
             for name, paths in EXAMPLES.items() for path in paths
             if not path.startswith(("/nothing", "/account/x", "/cart/x", "/p/bowl/x", "/island/x"))}
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert {rule for rule in rules - asked if not rule.startswith("/admin/")} == set()


def check(answer: TestResponse, name: str, path: str) -> None:
    _, control, beside = read_table()[name]
    said = answer.headers.get_all("Cache-Control")
    assert said in [[part] for part in re.findall(r"`([^`]+)`", control)], (name, path, said)
    assert ("ETag" in answer.headers) == ("`ETag`" in beside), (name, path)
    assert ("Surrogate-Key" in answer.headers) == ("`Surrogate-Key`" in beside), (name, path)
    assert answer.headers.get("X-Accel-Expires") == ("2" if "X-Accel-Expires" in beside else None), (name, path)
    if "public" in control:
        assert "Set-Cookie" not in answer.headers, path
        assert "Cookie" not in answer.headers.get("Vary", ""), path


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_class_says_what_the_table_says(visitor: FlaskClient, name: str) -> None:  # security 10, fault 61
    for path in EXAMPLES[name]:
        answer = visitor.get(path)
        assert (answer.status_code >= 400) == (name == "error"), (path, answer.status_code)
        check(answer, name, path)
        answer.close()


def test_what_a_public_page_may_be_kept_by_comes_back_unchanged(visitor: FlaskClient) -> None:
    for path in (*EXAMPLES["page"], *EXAMPLES[MOMENT], "/withdrawal"):
        first = visitor.get(path)
        again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["Cache-Control"]) == (
            304, b"", first.headers["Cache-Control"]), path


def test_pages_as_files_assets_and_pictures(app: Flask, visitor: FlaskClient) -> None:
    live = visitor.get("/pages/about")
    write_page("/pages/about", live.data)
    filed = visitor.get("/pages/about", headers={"Accept-Encoding": "gzip"})
    assert filed.headers["Content-Encoding"] == "gzip"
    assert filed.headers["Vary"] == "Accept-Encoding"
    check(filed, "page", "/pages/about")
    built = visitor.get(re.search(r'href="(/static/built/[^"]+\.css)"', live.text)[1])  # type: ignore[index]
    if built.status_code == 200:  # the assets are built
        check(built, "built asset", "app.css")
    built.close()


def test_forms_panel_and_webhooks_are_kept_by_nobody(app: Flask, visitor: FlaskClient) -> None:
    panel = sorted(rule.rule for rule in app.url_map.iter_rules()
                   if rule.rule.startswith("/admin/") and "GET" in (rule.methods or ()) and not rule.arguments)
    for path in panel:
        check(visitor.get(path), "panel", path)
    for path in ("/cart/lines", "/account/sign-in", "/account/sign-out", "/withdrawal", "/webhooks/stripe",
                 "/csp-reports"):
        answer = visitor.post(path)
        assert "no-store" in answer.headers["Cache-Control"], path


def test_no_key_of_the_cache_knows_a_visitor(
    app: Flask, visitor: FlaskClient, new_client: Callable[[], FlaskClient],
) -> None:
    """What a stranger's visit keeps is all that a customer's keeps: nothing more, nothing else."""
    with Redis.from_url(app.config["REDIS_URL"]) as redis:

        def walk(browser: FlaskClient) -> dict[bytes, bytes]:
            for path in (*EXAMPLES["page"], *EXAMPLES[MOMENT]):
                browser.get(path).close()
            kept = {}
            for key in redis.scan_iter("cache:*"):
                kept[re.sub(rb"[\w-]{32}", b"<version>", key)] = (redis.get(key) or b"").partition(b" ")[2]
            return kept

        redis.flushall()
        strangers = walk(new_client())
        redis.flushall()
        mine = walk(visitor)
    assert mine == strangers
    assert any(b"read_product" in key for key in mine)
    text = b"".join([*mine, *mine.values()])
    assert b"Mary" not in text
    assert b"mary@" not in text

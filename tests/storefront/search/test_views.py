"""What pages of the search and suggestions say."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from storefront.foundation.database import db
from storefront.search.popular import note_query, read_popular
from storefront.search.services import rebuild_documents
from tests.factories.catalog import make_category, make_product
from tests.storefront.search.test_queries import BAD


@pytest.fixture
def shop(app: Flask) -> Flask:
    make_category("bowls", "Bowls")
    make_product(slug="low-bowl", name="Low <b>Bowl</b>", categories=("bowls",))
    make_product(slug="throw", name="Herringbone Throw")
    rebuild_documents()
    return app


@pytest.mark.usefixtures("shop")
def test_a_slip_is_put_right_and_said(client: FlaskClient) -> None:
    page = client.get("/search?q=herringbnoe").text
    assert "Things like “herringbone”" in page
    assert "Nothing goes by “herringbnoe”" in page
    assert 'href="/p/throw"' in page


@pytest.mark.usefixtures("shop")
def test_nothing_found_leaves_ways_on(client: FlaskClient) -> None:
    page = client.get("/search?q=zzzzqqq").text
    assert 'href="/c/bowls"' in page.split("Perhaps one of these")[1]
    assert 'href="/p/throw"' in page.split("A few things from the shop")[1]


@pytest.mark.usefixtures("shop")
def test_suggestions_are_options_and_the_same_for_everyone(client: FlaskClient) -> None:
    response = client.get("/search/suggestions?q=bow")
    assert response.headers["X-Accel-Expires"] == "2"
    assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Set-Cookie" not in response.headers
    assert 'role="option" tabindex="-1" class="hint hint--product" href="/p/low-bowl"' in response.text
    assert "Low &lt;b&gt;Bowl&lt;/b&gt;" in response.text
    assert 'class="hint" href="/c/bowls">Bowls</a>' in response.text
    assert 'href="/search?q=bowl"' in response.text
    assert 'hx-swap-oob="innerHTML">4 suggestions' in response.text


@pytest.mark.usefixtures("shop")
def test_any_text_gets_a_page_and_suggestions(client: FlaskClient) -> None:
    for words in BAD:
        said = quote(words.encode("utf-8", "surrogatepass"))
        assert client.get(f"/search?q={said}", follow_redirects=True).status_code == 200, words
        assert client.get(f"/listing/search?q={said}", follow_redirects=True).status_code == 200, words
        assert client.get(f"/search/suggestions?q={said}").status_code == 200, words
    assert client.get("/search/suggestions").text.strip() == ""
    assert client.get("/search/suggestions?q=a").text.strip() == ""


@pytest.mark.schema
@pytest.mark.usefixtures("shop")
def test_a_broken_index_leaves_pages_with_ways_on(client: FlaskClient) -> None:
    for side in ("a", "b"):
        db.session.execute(text(f"DROP TABLE search_engine_{side}"))
    db.session.commit()
    assert 'href="/p/throw"' in client.get("/search?q=herringbone").text
    assert 'href="/p/throw"' in client.get("/search?q=herringbnoe").text.split("A few things from the shop")[1]
    assert 'href="/c/bowls">Bowls</a>' in client.get("/search/suggestions?q=bow").text


def test_queries_are_offered_when_several_asked_and_nobody_is_known_by_them(
        shop: Flask, client: FlaskClient) -> None:
    for number in range(3):
        assert read_popular("her", 3) == []
        client.get("/search?q=Herringbone", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
    assert read_popular("her", 3) == ["herringbone"]
    for number in range(5):  # one asker; a slip; words that nothing holds; a page of words too long
        note_query("throw", "192.0.2.1", is_whole=True)
        client.get("/search?q=herringbnoe", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        client.get("/search?q=rude+throw", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        client.get("/search?q=throw", environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{number}"})  # one household
        for private in ("ann@herringbone.example", "herringbone 2026-10431", "herringbone 555 12 34", "throw/throw"):
            note_query(private, f"192.0.2.{number}", is_whole=True)
    assert read_popular("", 9) == ["herringbone"]
    with Redis.from_url(shop.config["REDIS_URL"]) as redis:
        kept = {key: redis.dump(key) for key in redis.scan_iter("search:*")}
    assert kept
    assert not any(b"192.0.2" in key + (value or b"") for key, value in kept.items())

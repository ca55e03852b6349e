"""The app serves page files itself, early, with the headers of a live page."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.foundation import page_views
from storefront.foundation.database import db
from tests.factories.catalog import make_product
from tests.factories.pages import write_page

LIVE = {"Cache-Control", "Content-Security-Policy", "Surrogate-Key", "Speculation-Rules", "X-Content-Type-Options",
        "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"}


def test_a_page_file_is_answered_with_the_headers_of_a_live_page(app: Flask, client: FlaskClient) -> None:
    make_product(slug="bowl")
    live = client.get("/p/bowl")
    write_page("/p/bowl", b"<p>from the file</p>")
    served = client.get("/p/bowl", headers={"Accept-Encoding": "br"})
    assert (served.status_code, served.data) == (200, b"<p>from the file</p>")
    assert served.content_type == live.content_type == "text/html; charset=utf-8"
    assert {name: served.headers.get(name) for name in LIVE} == {name: live.headers.get(name) for name in LIVE}
    assert served.headers["X-Request-Id"]
    assert served.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in served.headers


def test_the_same_page_compressed_or_not_and_304_for_both(app: Flask, client: FlaskClient) -> None:
    write_page("/", b"home")
    plain = client.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    packed = client.get("/", headers={"Accept-Encoding": "gzip, deflate"})
    assert (plain.data, "Content-Encoding" in plain.headers) == (b"home", False)
    assert (gzip.decompress(packed.data), packed.headers["Content-Encoding"]) == (b"home", "gzip")
    assert plain.headers["ETag"] == packed.headers["ETag"]
    again = client.get("/", headers={"If-None-Match": plain.headers["ETag"], "Accept-Encoding": "gzip"})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == plain.headers["Cache-Control"]
    head = client.head("/", headers={"Accept-Encoding": "gzip"})
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(packed.data)))
    write_page("/", b"home, later")
    assert client.get("/", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 200


def test_pages_are_there_while_the_database_and_redis_are_gone(app: Flask, client: FlaskClient) -> None:
    write_page("/c/ceramics?sort=price", b"by price")
    write_page("/sitemap.xml", b"<urlset/>")
    db.session.remove()
    db.engine.dispose()
    app.config["REDIS_URL"] = "unix:///nowhere.sock"
    asked: list[object] = []
    db.engine.pool.connect = lambda: asked.append(1)  # type: ignore[method-assign]
    assert client.get("/c/ceramics?sort=price").data == b"by price"
    assert client.get("/sitemap.xml").content_type == "application/xml; charset=utf-8"
    assert asked == []


def test_what_advertisements_add_to_a_link_changes_no_page(app: Flask, client: FlaskClient) -> None:
    write_page("/", b"home")
    write_page("/c/ceramics?sort=price", b"by price")
    assert client.get("/?utm_source=news&utm_medium=mail").data == b"home"
    assert client.get("/c/ceramics?gclid=a&sort=price&fbclid=b").data == b"by price"


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/"), ("GET", "/?sort=price&x=1"), ("GET", "/c/ceramics"), ("GET", "/?UTM_source=a"),
    ("GET", "/?utm_a&b")])
def test_anything_else_goes_its_way(app: Flask, client: FlaskClient, method: str, path: str) -> None:
    write_page("/", b"home")
    assert client.open(path, method=method).data != b"home"


def test_views_become_heat_by_the_batch(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_views, "MAX_COUNTED", 3)
    monkeypatch.setattr(page_views, "MAX_SECONDS", 1e9)
    page_views._views.clear()
    write_page("/", b"home")
    write_page("/p/%C3%A4pfel", b"apples")
    for path in ("/", "/p/äpfel"):
        client.get(path)
    assert page_views.take_counted() == {}
    client.get("/")
    assert page_views.take_counted() == {"/": 2, "/p/%C3%A4pfel": 1}
    assert page_views.take_counted() == {}

"""What is kept: computed once however many ask, and never anything of one visitor."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.accounts.models import Address
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from tests.factories.accounts import PASSWORD, make_customer
from tests.factories.catalog import make_product
from tests.factories.content import make_footer, make_home, make_page

SECRETS = ("Ada Byrne", "ada@example.com", "Parnell Street", "V95 T0Y6")
# What a cache that goes by the end of an address would take for a file.
DECEPTIONS = ("/account/x.css", "/account/profile/x.css", "/account/profile%2fx.css", "/account/profile;x.css",
              "/account/addresses/x.js", "/cart/x.png", "/cart%00.css", "/island/x.css", "/island;x.js",
              "/checkout/contact/x.ico", "/orders/x.css", "/p/bowl/x.css", "/p/bowl/choice/x.css")


asked: list[str] = []


@cached("things")
def read_slowly(name: str) -> list[str]:
    asked.append(name)
    time.sleep(0.1)  # long enough for all to come
    return [name]


def test_a_cold_key_asked_for_by_many_at_once(
        app: Flask, rounds: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """# fault 26. Red when `_take` in foundation/cache.py lets everybody pass: each reader asks the database."""
    for name in ("TURN", "PATIENCE"):  # seconds, and a busy machine may take some
        monkeypatch.setattr(f"storefront.foundation.cache.{name}", 60)
    asked.clear()
    readers = 24  # as many as a shop's processes have threads: more wait at the door
    for wave in map(str, range(rounds(2, 20))):
        start, found = threading.Barrier(readers), list[str]()
        threads = [threading.Thread(target=_read, args=(app, start, wave, found)) for _ in range(readers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert (asked.count(wave), found) == (1, [wave] * readers)


def _read(app: Flask, start: threading.Barrier, name: str, found: list[str]) -> None:
    with app.app_context():
        start.wait()
        found.extend(read_slowly(name))


@pytest.fixture
def ada(client: FlaskClient) -> FlaskClient:
    """A customer with a name, an address and a cart, in a shop with something on every page."""
    make_home()
    make_page()
    make_footer()
    bowl = make_product(slug="bowl", categories=("clay/bowls",), options={"Size": ["Small", "Large"]})
    make_product(slug="cup", categories=("clay/cups",))
    customer_id = make_customer()
    db.session.add(Address(customer_id=customer_id, is_default=True, postal={
        "name": "Ada Byrne", "street": "4 Parnell Street", "city": "Ennis", "postal_code": "V95 T0Y6",
        "country": "IE"}))
    db.session.commit()
    client.post("/account/sign-in", data={"email": "ada@example.com", "password": PASSWORD})
    client.post("/cart/lines", data={"variant_id": bowl.variant_id})
    return client


def crawl(client: FlaskClient, *starts: str) -> dict[str, TestResponse]:
    """Follow every link of the shop but the panel's; returns what answered, by address."""
    waiting, answers = deque(starts), dict[str, TestResponse]()
    while waiting:
        path = waiting.popleft()
        if path in answers or path.startswith(("/admin", "/static", "/media", "/demo")):
            continue
        answers[path] = client.get(path)
        if answers[path].mimetype in ("text/html", "application/xml"):
            found = re.findall(r'(?:href|action|hx-get)="(/[^"#]*)|<loc>http://localhost(/[^<]*)', answers[path].text)
            waiting += ["".join(pair).replace("&amp;", "&") for pair in found]
    return answers


def test_nothing_private_in_what_may_be_kept(ada: FlaskClient, new_client: Callable[[], FlaskClient]) -> None:
    """# fault 61. Red when the island or a page of the account says PUBLIC, or a public page names who is
    signed in."""
    mine = crawl(ada, "/", "/sitemap.xml", "/account", "/cart", "/island", "/island?product=bowl", *DECEPTIONS)
    stranger = new_client()
    kept = {path for path, answer in mine.items() if "no-store" not in answer.headers.get("Cache-Control", "")}
    assert {"/", "/c/clay", "/p/bowl", "/p/bowl/choice", "/pages/about"} <= kept
    assert not kept & {"/island", "/island?product=bowl", "/account", "/cart", *DECEPTIONS}
    assert any(SECRETS[0] in mine[path].text for path in mine.keys() - kept), "the crawl saw nothing private at all"
    for path in sorted(kept):
        answer, theirs = mine[path], stranger.get(path)
        assert (answer.status_code, answer.data) == (theirs.status_code, theirs.data), path
        assert [secret for secret in SECRETS if secret in answer.text] == [], path
        for header in ("Set-Cookie", "Vary"):
            assert (header not in answer.headers, header not in theirs.headers) == (True, True), (path, header)
    for path in DECEPTIONS:
        assert mine[path].status_code == 404, path
        assert [secret for secret in SECRETS if secret in mine[path].text] == [], path

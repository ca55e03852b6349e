"""The way to a provider's page and back, in a browser that enforces our Content-Security-Policy."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from storefront.foundation.database import db
from storefront.orders.queries import read_order_id, read_order_view
from storefront.orders.states import OrderState
from tests.browser.test_purchase import say_contact, see_order
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.providers.settings import set_up
from tests.providers.stripe import FakeStripe

pytestmark = pytest.mark.browser


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as started:
        yield started


@pytest.fixture
def shop(app: Flask, fake: FakeStripe) -> Iterator[SimpleNamespace]:
    """A small shop on a port, in place of the demo: a demo takes no real provider."""
    make_world()
    make_product(slug="cup", amount=1600, stock=3)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], site_url=url)
    app.config["SITE_URL"] = url
    set_up(app, "stripe", **fake.settings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield SimpleNamespace(url=url)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("js", [True, False])
def test_to_stripe_and_back(visit: Callable[..., Page], fake: FakeStripe, js: bool) -> None:
    page = visit(js=js)
    page.goto("/p/cup")
    page.locator("#add").click()
    if js:
        expect(page.locator("#drawer h2")).to_be_visible()
    else:
        page.wait_for_url("**/cart")
    page.goto("/checkout")
    say_contact(page)
    page.wait_for_url("**/checkout/delivery")
    page.locator("#go-on").click()
    page.wait_for_url("**/checkout/payment")
    page.locator("#go-on").click()
    page.wait_for_url("**/checkout/review")
    page.locator("#pay").click()
    page.wait_for_url(f"{fake.url}/c/pay/**")
    page.locator("[value=leave]").click()  # and to Stripe again: the same session
    page.wait_for_url("**/checkout/payment")
    expect(page.locator("body")).to_contain_text("nothing was charged")
    page.locator("#go-on").click()
    page.wait_for_url("**/checkout/review")
    page.locator("#pay").click()
    page.wait_for_url(f"{fake.url}/c/pay/{fake.newest()}")
    page.locator("[value=pay]").click()
    number = see_order(page)
    db.session.rollback()  # what the server wrote is newer than what this test has read
    assert read_order_view(read_order_id(number)).status == OrderState.PLACED
    assert len(fake.books.every("cs")) == 1

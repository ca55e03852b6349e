"""The visitor's part of pages that are the same for everyone, as a browser gets it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser
# Adds up how far things jumped that nobody had touched.
WATCH = """
window.jumped = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.jumped += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""


def dynamic_requests(page: Page) -> list[str]:
    """What the page asks of the shop from now on, files left out."""
    asked: list[str] = []

    def note(request: Any) -> None:
        path = re.sub(r"^https?://[^/]+", "", request.url)
        if not path.startswith(("/static/", "/media/")):
            asked.append(path.partition("?")[0])

    page.on("request", note)
    return asked


def settle(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")


def put_in_cart(page: Page, path: str = "/p/low-bowl") -> None:
    settle(page, path)
    page.locator("#add").click()
    expect(page.locator("#drawer h2")).to_be_visible()


def make_old(page: Page, pattern: str, edit: Callable[[str], str] = str) -> None:
    """Let the page come as a file that was rendered long ago."""

    def answer(route: Route) -> None:
        response = route.fetch()
        body = response.text().replace("<body ", '<body data-rendered="1" data-fresh-hours="24" ', 1)
        route.fulfill(response=response, body=edit(body))

    page.route(pattern, answer)


def hold_island(page: Page) -> list[Route]:
    """Keep the island's answers back; they stand in the list."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/island?**", hold)
    return held


def test_a_stranger_costs_no_request(visit: Callable[..., Page]) -> None:
    page = visit()
    asked = dynamic_requests(page)
    for path in ("/", "/c/ceramics", "/p/low-bowl", "/pages/about"):
        asked.clear()
        settle(page, path)
        assert asked == [path]
    assert page.context.cookies() == []
    expect(page.locator("#recent")).to_be_hidden()


def test_a_cart_is_counted_and_what_was_viewed_comes_back(visit: Callable[..., Page]) -> None:
    page = visit()
    page.add_init_script(WATCH)
    put_in_cart(page)
    asked = dynamic_requests(page)
    settle(page, "/p/morning-cup")
    assert asked == ["/p/morning-cup", "/island"]
    settle(page, "/p/low-bowl")
    expect(page.locator("[data-cart-count]")).to_contain_text("1")
    row = page.get_by_role("region", name="Recently viewed")
    expect(row.locator("li")).to_have_count(1)
    expect(row.get_by_role("link", name="Morning Cup")).to_have_attribute("href", "/p/morning-cup")
    assert page.evaluate("window.jumped") == 0
    settle(page, "/c/ceramics")
    assert page.evaluate("window.jumped") == 0


def test_an_old_page_asks_for_stock_and_price_and_leaves_what_was_typed(visit: Callable[..., Page]) -> None:
    page = visit()
    make_old(page, "**/p/low-bowl", lambda body: body.replace("€24.00", "€1.00"))
    asked = dynamic_requests(page)
    waiting = hold_island(page)
    page.goto("/p/low-bowl")
    price = page.locator(".choice__price .price")
    expect(price).to_have_text("€1.00")
    page.locator("#quantity").fill("3")
    expect.soft(page.locator("#quantity")).to_be_focused()
    page.wait_for_function("() => document.getElementById('status').getAttribute('aria-busy')")
    waiting[0].continue_()
    expect(price).to_have_text("€24.00")
    expect(page.locator("#versions li").first).to_contain_text("€24.00")
    expect(page.locator("#status")).to_contain_text("€24.00")
    expect(page.locator("#quantity")).to_have_value("3")
    expect(page.locator("#quantity")).to_be_focused()
    expect(page.locator("#quantity-fewer")).to_be_enabled()
    assert asked == ["/p/low-bowl", "/island"]


def test_what_is_chosen_while_the_island_is_on_its_way_stands(visit: Callable[..., Page]) -> None:
    page = visit()
    make_old(page, "**/p/low-bowl")
    waiting = hold_island(page)
    page.goto("/p/low-bowl")
    page.wait_for_function("() => document.getElementById('status').getAttribute('aria-busy')")
    page.locator("#option-2 label").filter(has_text="Large").click()
    price = page.locator(".choice__price .price")
    expect(price).to_have_text("€46.00")
    waiting[0].continue_()
    page.wait_for_function("() => !document.getElementById('status').getAttribute('aria-busy')")
    expect(price).to_have_text("€46.00")
    expect(page.locator("#option-2").get_by_label("Large")).to_be_checked()


def test_the_way_back_shows_the_cart_of_now(visit: Callable[..., Page]) -> None:
    page = visit()
    put_in_cart(page)
    settle(page, "/p/morning-cup")
    expect(page.locator("[data-cart-count]")).to_contain_text("1")
    page.goto("/cart")
    page.locator("form[action$='/removal'] button").first.click()
    expect(page.locator("body")).to_contain_text("Nothing in it yet")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Morning Cup")
    expect(page.locator("[data-cart-count]")).to_be_empty()


def test_without_javascript_account_and_cart_are_links_and_adding_finds_the_truth(visit: Callable[..., Page]) -> None:
    page = visit(js=False)
    make_old(page, "**/p/low-bowl", lambda body: body.replace("€24.00", "€1.00"))
    page.goto("/p/low-bowl")
    expect(page.locator("#account-link")).to_have_attribute("href", "/account")
    expect(page.locator("#cart-link")).to_have_attribute("href", "/cart")
    expect(page.locator("#recent")).to_be_hidden()
    page.locator("#add").click()
    expect(page.locator("body")).to_have_attribute("data-page", "cart")
    expect(page.locator(".line__total")).to_have_text("€24.00")

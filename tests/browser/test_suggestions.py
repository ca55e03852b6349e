"""Suggestions by keyboard alone, as a screen reader is told of them; the form works without any of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser


def test_arrows_mark_an_option_enter_follows_it_and_escape_closes(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto("/")
    field = begin(page, "bow")
    options = page.locator("#q-hints [role=option]")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_attribute("aria-controls", "q-hints")
    expect(page.locator("#status")).to_have_text(f"{options.count()} suggestions; arrow keys lead through them.")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    field.press("ArrowUp")  # back in the field, then round to the last one
    assert field.get_attribute("aria-activedescendant") is None
    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field.press("Home")  # the caret's own
    assert field.evaluate("field => field.selectionStart") == 0
    field.press("Escape")
    expect(page.locator("#q-hints")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("bow")
    field.press("ArrowDown")
    target = str(options.first.get_attribute("href"))
    field.press("Enter")
    page.wait_for_url(f"**{target}")


def test_enter_without_an_option_sends_the_form(visit: Callable[..., Page]) -> None:
    for js in (True, False):
        page = visit(js=js)
        page.goto("/search")
        page.fill("#search-again", "herringbone")
        page.press("#search-again", "Enter")
        page.wait_for_url("**/search?q=herringbone")
        expect(page.locator(".card").first).to_be_visible()


def test_what_is_typed_on_wins_and_escape_silences_what_is_on_its_way(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto("/")
    held: list[Route] = []
    page.route("**/search/suggestions?q=bo", lambda route: held.append(route))  # noqa: PLW0108  # a bound method of a list is refused
    field = page.locator("#q")
    field.press_sequentially("bo")
    page.wait_for_function("() => document.querySelector('#q').classList.contains('htmx-request')")
    begin(page, "bow")  # the first one, still unanswered, is given up
    held.pop().fulfill(body="<a role=option href='/old'>old</a>")
    expect(page.locator("#q-hints")).not_to_contain_text("old")
    field.fill("bo")
    page.wait_for_function("() => document.querySelector('#q').classList.contains('htmx-request')")
    field.press("Escape")
    held.pop().fulfill(body="<a role=option href='/late'>late</a>")
    expect(page.locator("#q-hints")).to_contain_text("late")
    expect(page.locator("#q-hints")).to_be_hidden()


def test_the_list_fits_a_phone(visit: Callable[..., Page]) -> None:
    page = visit(width=320)
    page.goto("/search")
    begin(page, "bow", "search-again")
    page.route("**/search/suggestions?*", lambda route: route.fulfill(
        body=f"<a role=option class=hint href='/p/x'>{'Extraordinarily' * 20}</a>"))
    page.locator("#search-again").press("l")
    expect(page.locator("#search-again-hints")).to_contain_text("Extraordinarily")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def begin(page: Page, text: str, name: str = "q") -> Locator:
    """Type, and wait for what is offered."""
    field = page.locator(f"#{name}")
    field.fill("")
    field.press_sequentially(text)
    expect(page.locator(f"#{name}-hints [role=option]").first).to_be_visible()
    return field

"""Filters as a shopper touches them, with JavaScript and without, on a wide screen and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
LIST = "/c/ceramics"


def names(page: Page) -> list[str]:
    return page.locator(".card__name").all_inner_texts()


def test_boxes_change_the_list_and_chips_take_them_back(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(LIST)
    everything = names(page)
    moss = page.locator("#f-glaze-moss")
    counted = int(moss.locator("xpath=..").locator("small").inner_text())
    page.evaluate("window.isSamePage = true")
    moss.check()
    page.wait_for_url(f"**{LIST}?glaze=moss")
    expect(page.locator("#status")).to_have_text(f"{counted} things")
    expect(page.locator(".card")).to_have_count(counted)
    assert page.evaluate("document.activeElement.id") == "f-glaze-moss"
    page.fill("#f-price-to", "40")
    page.locator("#f-in-stock").check()  # leaving the field sends it too
    page.wait_for_url(f"**{LIST}?glaze=moss&price=-40&in_stock=1")
    page.click("#chip-glaze-moss")
    page.wait_for_url(f"**{LIST}?price=-40&in_stock=1")
    expect(moss).not_to_be_checked()
    expect(page.locator("#listing")).to_be_focused()
    assert page.evaluate("window.isSamePage")
    canonical, robots = page.locator("link[rel=canonical]"), page.locator("meta[name=robots]")
    expect(canonical).to_have_attribute("href", re.compile(rf"{LIST}\?in_stock=1$"))
    expect(robots).to_have_attribute("content", "noindex, follow")
    page.go_back()
    expect(page.locator("#f-glaze-moss")).to_be_checked()
    expect(canonical).to_have_attribute("href", re.compile(rf"{LIST}\?glaze=moss&in_stock=1$"))
    page.locator("#chips-clear").click()
    page.wait_for_url(f"**{LIST}")
    expect(page.locator(".card")).to_have_count(len(everything))
    assert names(page) == everything
    expect(canonical).to_have_attribute("href", re.compile(rf"{LIST}$"))
    expect(robots).to_have_count(0)
    page.context.set_offline(True)
    page.locator("#f-in-stock").click()
    expect(page.locator("#toast")).to_contain_text("No connection")
    expect(page.locator("#f-in-stock")).not_to_be_checked()  # the list is still the one of everything


def test_without_javascript_the_form_leads_to_the_same_addresses(visit: Callable[..., Page]) -> None:
    page = visit(js=False, width=390)
    page.goto(LIST)
    expect(page.locator("#f-glaze-moss")).to_be_hidden()
    page.click("#filters-open")  # the browser itself opens the drawer
    page.check("#f-glaze-moss")
    page.fill("#f-price-to", "40")
    page.click("#filters-show")
    page.wait_for_url(f"**{LIST}?glaze=moss&price=-40")
    expect(page.locator(".filters-open__count")).to_have_text("2")
    page.click("#chip-price")
    page.wait_for_url(f"**{LIST}?glaze=moss")
    page.click("#filters-open")
    expect(page.locator("#filters-close")).to_be_focused()
    page.fill("#f-price-from", "abc")
    page.click("#filters-show")
    problem = page.locator("#listing-problem")
    expect(problem).to_contain_text("We cannot read “abc” as a price")
    problem.get_by_role("button").click()
    expect(page.locator("#f-price-from")).to_be_visible()


def test_on_a_phone_the_drawer_stays_open_while_choosing(visit: Callable[..., Page]) -> None:
    page = visit(width=320)
    page.goto(LIST)
    page.click("#filters-open")
    page.check("#f-glaze-moss")
    page.wait_for_url(f"**{LIST}?glaze=moss")
    done = page.locator("#filters-done")
    expect(done).to_be_visible()
    expect(done).to_have_text(f"Show {page.locator('.card').count()} things")
    done.click()
    expect(done).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_open_drawer_keeps_the_focus_and_gives_it_back(visit: Callable[..., Page]) -> None:
    page = visit(width=390)
    page.goto(LIST)
    opening, listing = page.locator("#filters-open"), page.locator("#listing")
    drawer = page.get_by_role("dialog", name="Filter")
    opening.press("Enter")
    expect(drawer).to_have_attribute("aria-modal", "true")
    expect(page.locator("#filters-close")).to_be_focused()
    page.check("#f-glaze-moss")
    page.wait_for_url(f"**{LIST}?glaze=moss")
    expect(listing).to_have_attribute("inert", "")  # also the list that came meanwhile
    expect(page.locator(".site-header")).to_have_attribute("inert", "")
    page.keyboard.press("Escape")
    expect(opening).to_be_focused()
    expect(drawer).to_have_count(0)
    expect(page.locator("[inert]")).to_have_count(0)
    page.keyboard.press("Enter")
    page.check("#f-in-stock")
    page.wait_for_url(f"**{LIST}?glaze=moss&in_stock=1")
    page.click("#filters-done")
    expect(opening).to_be_focused()


def test_enter_in_a_price_asks_once_and_what_cannot_be_read_stays(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(LIST)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/listing/" in request.url else None)
    highest = page.locator("#f-price-to")
    highest.fill("€40")
    highest.press("Enter")
    page.wait_for_url(f"**{LIST}?price=-40")
    expect(highest).to_have_value("40")
    assert len(asked) == 1
    highest.fill("cheap")
    highest.press("Enter")
    expect(page.locator("#f-price-problem")).to_contain_text("We cannot read “cheap” as a price")
    expect(page.locator("#status")).to_contain_text("We cannot read “cheap” as a price")
    expect(highest).to_have_value("cheap")
    page.locator("#listing-problem a").click()
    expect(highest).to_be_focused()


def test_turning_the_page_leads_to_the_list_and_says_which_it_is(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto("/search?q=a")
    page.locator("#page-next").press("Enter")
    page.wait_for_url("**/search?q=a&page=2")
    expect(page.locator("#listing")).to_be_focused()
    expect(page.locator("#status")).to_have_text(re.compile("Page 2 of"))


@pytest.mark.parametrize("js", [True, False])
def test_a_phone_has_search_and_account_in_sight(visit: Callable[..., Page], js: bool) -> None:
    page = visit(js=js, width=320)
    page.goto(LIST)
    expect(page.locator("#account-link")).to_be_visible()
    page.click(".site-header a[href='/search']")
    page.wait_for_url("**/search")
    expect(page.locator("#search-again")).to_be_focused()

"""Filters as a shopper touches them, with JavaScript and without, on a wide screen and on a phone."""

from __future__ import annotations

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
    page.go_back()
    expect(page.locator("#f-glaze-moss")).to_be_checked()
    page.locator("#chips-clear").click()
    page.wait_for_url(f"**{LIST}")
    expect(page.locator(".card")).to_have_count(len(everything))
    assert names(page) == everything


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

"""A guest buys two things: with JavaScript, without it, and with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
PRODUCTS = ("/p/low-bowl", "/p/morning-cup")


def say_contact(page: Page) -> None:
    page.get_by_label("E-mail address").fill("aoife@example.org")
    page.get_by_label("Full name").fill("Aoife Byrne")
    page.get_by_label("Street and number").fill("4 Parnell Street")
    page.get_by_label("Town or city").fill("Ennis")
    page.locator("[name=region]").select_option(index=1)
    page.locator("[name=postal_code]").fill("V95 T0Y6")
    page.locator("#go-on").click()


def finish(page: Page) -> None:
    """From the contact step to the provider's page."""
    say_contact(page)
    page.wait_for_url("**/checkout/delivery")
    page.locator("#go-on").click()
    page.wait_for_url("**/checkout/payment")
    page.locator("[name=method]").first.check()
    page.locator("#go-on").click()
    page.wait_for_url("**/checkout/review")
    expect(page.locator("#pay")).to_have_text(re.compile(r"^Pay €\d+\.\d\d$"))
    page.locator("#pay").click()
    page.wait_for_url("**/payments/demo/**")


def see_order(page: Page) -> str:
    page.wait_for_url("**/orders/**")
    expect(page.locator("body")).to_have_attribute("data-page", "order")
    expect(page.locator("h1")).to_have_text("Thank you. It is yours.")
    number = re.search(r"/orders/([0-9A-Z-]+)", page.url)
    assert number
    return number[1]


def see_mail(page: Page, number: str) -> None:
    """The confirmation leaves through outbox, relay and worker; the demo catches it."""
    for _ in range(240):
        page.goto("/demo/mail")
        if page.get_by_text(number).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"no mail about {number}")


def test_with_javascript(visit: Callable[..., Page]) -> None:
    page = visit()
    for path in PRODUCTS:
        page.goto(path)
        page.locator("#add").click()
        expect(page.locator("#drawer h2")).to_be_visible()
        assert page.url.endswith(path)
    expect(page.locator("[data-cart-count]").first).to_contain_text("2")
    page.goto("/checkout")
    finish(page)
    page.locator("[value=accept]").click()
    number = see_order(page)
    page.goto("/cart")
    expect(page.locator("body")).to_contain_text("Nothing in it yet")
    see_mail(page, number)


def test_without_javascript(visit: Callable[..., Page]) -> None:
    page = visit(js=False)
    for path in PRODUCTS:
        page.goto(path)
        page.locator("#add").click()
        page.wait_for_url("**/cart")
    assert page.locator("[name=quantity]").count() == 2
    page.goto("/checkout")
    finish(page)
    page.locator("[value=accept]").click()
    see_order(page)


def test_a_decline_loses_nothing_and_a_second_try_works(visit: Callable[..., Page]) -> None:
    page = visit(js=False)
    page.goto(PRODUCTS[0])
    page.locator("#add").click()
    page.goto("/checkout")
    finish(page)
    page.locator("[value=decline]").click()
    page.wait_for_url("**/checkout/payment")
    expect(page.locator("body")).to_contain_text("declined")
    page.locator("#go-on").click()
    page.wait_for_url("**/checkout/review")
    page.locator("#pay").click()
    page.wait_for_url("**/payments/demo/**")
    page.locator("[value=accept]").click()
    see_order(page)


def tab_to(page: Page, selector: str, *, limit: int = 120) -> None:
    """Press Tab until the focus is where the selector points."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never reached {selector}")


def test_by_keyboard_alone(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(PRODUCTS[0])
    tab_to(page, "#add")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer h2")).to_be_visible()
    tab_to(page, "#drawer a[href*='/checkout']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/contact")
    for name, text in (("email", "aoife@example.org"), ("name", "Aoife Byrne"), ("street", "4 Parnell Street"),
                       ("city", "Ennis")):
        tab_to(page, f"[name={name}]")
        page.keyboard.type(text)
    tab_to(page, "[name=region]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[name=postal_code]")
    page.keyboard.type("V95 T0Y6")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/delivery")
    tab_to(page, "#go-on")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/payment")
    tab_to(page, "[name=method]")
    page.keyboard.press("Space")
    tab_to(page, "#go-on")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/review")
    tab_to(page, "#pay")
    page.keyboard.press("Enter")
    page.wait_for_url("**/payments/demo/**")
    tab_to(page, "[value=accept]")
    page.keyboard.press("Enter")
    see_order(page)

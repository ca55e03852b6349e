"""Chromium fetches pages of the catalog ahead, and nothing that does or counts something."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.chromium import find_chromium
from tests.factories.pages import write_page
from tests.faults.processes import eventually
from tests.gateway.asking import Back
from tests.nginx import RunningGateway

LINKS = {"filter": "/c/bowls?brand=a", "cart": "/cart", "choice": "/p/bowl/choice", "account": "/account/sign-out",
         "closed": "/p/closed", "product": "/p/bowl"}


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")
def test_pages_of_the_catalog_are_fetched_ahead_and_nothing_else(front: RunningGateway, back: Back) -> None:
    links = "".join(f'<a id="{name}" href="{href}"{" rel=nofollow" if name == "closed" else ""}>{name}</a> '
                    for name, href in LINKS.items())
    for address in ("/", "/p/bowl", "/p/closed"):
        write_page(address, f'<!doctype html><link rel="icon" href="data:,"><title>{address}</title>{links}'.encode())
    rules: list[dict[str, Any]] = []
    candidates: set[str] = set()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        session = page.context.new_cdp_session(page)
        session.on("Preload.ruleSetUpdated", lambda event: rules.append(event["ruleSet"]))
        session.on("Preload.preloadingAttemptSourcesUpdated", lambda event: candidates.update(
            source["key"]["url"].removeprefix(front.address) for source in event["preloadingAttemptSources"]))
        session.send("Preload.enable")
        page.goto(front.address)
        for name in LINKS:
            page.hover(f"#{name}")

        def is_fetched() -> bool:
            page.wait_for_timeout(50)  # lets the browser's news in
            return '"uri":"/p/bowl"' in (front.folder / "access.log").read_text()

        eventually(is_fetched, "the product's page, fetched ahead")
        browser.close()
    assert [rule.get("errorType") for rule in rules] == [None]
    assert candidates <= {"/", "/p/bowl"}
    assert "/p/bowl" in candidates
    assert complaints == []  # the content policy has nothing against it
    assert back.heard == []

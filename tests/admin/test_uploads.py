"""Files that are too large for the shop, and other small kindnesses of forms."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.admin.conftest import Panel
from tests.factories.catalog import make_category


@pytest.mark.parametrize(("referrer", "leads_to"), [
    ("http://localhost/admin/imports/", "/admin/imports/"), ("http://elsewhere.example/admin/imports/", "/admin/"),
    ("http://localhost/cart", "/admin/"), ("", "/admin/"),
])
def test_too_much_at_once_leads_back_to_the_form(app: Flask, staff: Panel, referrer: str, leads_to: str) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = staff.client.post("/admin/imports/", data={"file": "x" * 2000, "csrf_token": "any"},
                               headers={"Referer": referrer} if referrer else {})
    assert (answer.status_code, answer.location) == (303, leads_to)
    page = staff.client.get(leads_to).text
    assert "This is too large: at most 30 MB can be sent at once. Nothing was changed." in page
    assert 'aria-label="Panel"' in page


def test_a_rule_offers_categories_by_their_names(staff: Panel) -> None:
    make_category("clothing/hoodies")
    page = staff.get("/admin/collections/new/")
    assert "Clothing › Hoodies" in page
    assert "clothing/hoodies" not in page

"""Staff write and publish a product, and it appears wherever a shopper would look."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from storefront.accounts.services import create_staff
from tests.admin.conftest import EMAIL, PASSWORD, Panel
from tests.factories.catalog import make_category, make_product

PLACES = ("/", "/c/ceramics", "/c/ceramics/bowls", "/search?q=heron")


def test_a_published_product_appears_and_a_withdrawn_one_goes(
    client: FlaskClient, new_client: Callable[[], FlaskClient]
) -> None:
    make_category("ceramics/bowls")
    make_product(slug="low-bowl", categories=("ceramics/bowls",))
    create_staff(email=EMAIL, password=PASSWORD, name="Maeve Clancy")
    panel, shopper = Panel(client), new_client()
    assert panel.sign_in().status_code == 303

    def seen() -> list[bool]:
        return ["Heron Jug" in shopper.get(place).text for place in PLACES]

    assert seen() == [False] * 4  # and every list is cached now
    path = panel.post("/admin/products/new", {"name": "Heron Jug", "amount": "48.00", "sku": "HERON",
                                              "category": "ceramics/bowls"}).location
    assert seen() == [False] * 4
    for status in ("pending_review", "approved", "active"):
        panel.post(f"{path}status", {"status": status})
    assert seen() == [True] * 4
    panel.post(f"{path}status", {"status": "inactive"})
    assert seen() == [False] * 4
    assert shopper.get("/p/heron-jug").status_code == 404

"""The map from what changed to the pages that show it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from storefront.browse import page_map
from storefront.browse.page_map import GATHER, find_pages, list_pages_of_shop
from storefront.catalog.collections import save_collection
from storefront.content.services import save_page
from storefront.foundation.page_marks import OWN, REBUILD, SHOWN, Mark, Subject
from storefront.recommendations.services import rebuild_recommendations
from tests.factories.catalog import MadeProduct, make_product
from tests.factories.purchases import make_purchase

START = datetime(2026, 1, 1, tzinfo=UTC)
SORTS = ("", "?sort=price", "?sort=-price", "?sort=best")


def find(*subjects: str, lies: bool = True) -> dict[str, Mark]:
    return find_pages([Subject(name, 1, lies) for name in subjects])


def lists(*paths: str) -> set[str]:
    return {f"/c/{path}{sort}" for path in paths for sort in SORTS}


def make_row(count: int, category: str = "ceramics/bowls") -> list[MadeProduct]:
    """Products of one category, the first one the oldest."""
    return [make_product(slug=f"p{number}", categories=(category,), published_at=START + timedelta(days=number))
            for number in range(count)]


def test_a_product_is_on_its_page_and_in_every_list_above_it(app: Flask) -> None:
    bowl = make_product(slug="bowl", categories=("ceramics/bowls", "gifts"))
    make_product(slug="cup", categories=("ceramics/cups",))
    save_collection(slug="winter", name="Winter", product_slugs=["bowl"])
    found = find(f"product:{bowl.id}")
    collection = {f"/collections/winter{sort}" for sort in (*SORTS, "?sort=newest")}
    assert set(found) == {"/p/bowl", "/", "/sitemap.xml"} | lists("ceramics/bowls", "ceramics", "gifts") | collection
    assert found["/p/bowl"] == Mark("product", OWN, lies=True)
    assert found["/c/ceramics?sort=price"] == Mark("category", SHOWN, lies=True)
    assert found["/sitemap.xml"] == Mark("sitemap", SHOWN, lies=False, delay=GATHER)


def test_only_the_newest_are_on_home_and_on_the_pages_of_their_category(app: Flask) -> None:
    made = make_row(10)
    oldest, newest = find(f"product:{made[0].id}"), find(f"product:{made[9].id}")
    assert "/" not in oldest
    assert [address for address in oldest if address.startswith("/p/")] == ["/p/p0"]
    assert "/" in newest
    assert {address for address in newest if address.startswith("/p/")} == {f"/p/p{number}" for number in range(10)}
    assert (newest["/p/p9"].urgency, newest["/p/p0"].urgency) == (OWN, SHOWN)


def test_the_number_that_is_left_is_on_the_products_page_alone(app: Flask) -> None:
    bowl = make_product(slug="bowl", categories=("ceramics",))
    assert set(find(f"stock:{bowl.variant_id}")) == {"/p/bowl"}
    assert set(find(f"variant:{bowl.variant_id}")) >= {"/p/bowl", "/", "/c/ceramics"}


def test_words_touch_their_own_pages(app: Flask) -> None:
    make_row(2)
    assert set(find("home", "page:about", "address:/p/old", lies=False)) == {
        "/", "/pages/about", "/sitemap.xml", "/p/old"}
    assert find("home", lies=False)["/"].lies is False
    assert set(find("left:2")) == {"/p/p0", "/p/p1"}  # ceramics/bowls
    assert find("product:999", "category:999", "variant:999", "nonsense", "nonsense:12").keys() <= {"/sitemap.xml"}


def test_a_new_price_takes_away_every_page_with_the_card_beside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_map, "MANY", 3)  # thousands stand beside a bestseller, more than a statement may name
    lamp = make_product(slug="lamp", categories=("light",))
    made = [make_product(slug=f"q{number}", categories=("other",), published_at=START + timedelta(days=number))
            for number in range(8)]
    for product in made:
        for shopper in ("a", "b"):
            make_purchase(f"{shopper}-{product.slug}", [lamp.id, product.id])
    rebuild_recommendations()
    found = find(f"product:{lamp.id}")
    assert {address: mark for address, mark in found.items() if address.startswith("/p/q")} == {
        f"/p/q{number}": Mark("product", SHOWN, lies=True) for number in range(8)}  # whose category is another
    assert not any(address.startswith("/p/q") for address in find(f"stock:{lamp.variant_id}"))
    assert find(f"product:{lamp.id}", lies=False)["/p/q0"].lies is False


def test_many_changes_cost_as_many_statements_as_one(app: Flask, count_queries: Callable[[], int]) -> None:
    made = make_row(12)
    save_collection(slug="winter", name="Winter", product_slugs=[product.slug for product in made])

    def count(products: list[MadeProduct]) -> int:
        count_queries()
        find(*(f"product:{product.id}" for product in products), *(f"stock:{p.variant_id}" for p in products))
        return count_queries()

    find(f"product:{made[11].id}")  # what is cached is cached now
    assert count(made) == count(made[-1:]) <= 12


def test_everything_is_home_lists_products_words_and_the_map(app: Flask) -> None:
    make_product(slug="bowl", categories=("ceramics",))
    make_product(slug="draft", categories=("ceramics",), status="draft")
    save_collection(slug="winter", name="Winter", product_slugs=["bowl"])
    save_page(slug="about", title="About us", body="We make bowls.")
    found = list_pages_of_shop()
    assert {mark.urgency for mark in found.values()} == {REBUILD}
    assert {"/", "/sitemap.xml", "/pages/about", "/p/bowl", "/collections/winter?sort=newest"} < set(found)
    assert lists("ceramics") < set(found)
    assert "/p/draft" not in found

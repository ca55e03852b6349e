"""Filters over a real catalog: what they find is what the catalog and the stock say, from the first moment on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.catalog.queries import read_product
from storefront.catalog.services import change_price, change_status
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.inventory.queries import read_availability
from storefront.inventory.services import correct_stock
from storefront.search.facets import Ask, Chosen, FilteredPage, Place, filter_categories, filter_products, read_index
from storefront.search.facets_saving import rebuild_facets, refresh_facets
from storefront.search.models import FacetBlock, FacetPlace, StaleProduct
from tests.factories.catalog import ACTOR, MadeProduct, make_category, make_product

COLORS, SIZES = ("Moss", "Rust", "Clay"), ("S", "M", "L")


@pytest.fixture
def shop(app: Flask) -> dict[str, MadeProduct]:
    """A dozen products on two shelves that differ in everything a filter asks for."""
    made = {}
    for number in range(12):
        options = {"Color": COLORS[number % 3:number % 3 + 2]} if number % 4 else {}
        if number % 2:
            options["Size"] = SIZES[: number % 3 + 1]
        made[f"thing-{number}"] = make_product(
            slug=f"thing-{number}", categories=("home/table" if number % 3 else "home/desk",), options=options,
            amount=1000 + 300 * number, stock=0 if number % 5 == 0 else 3, brand=("Acme", "Bolt")[number % 2],
            facts=[("Material", ("Oak", "Ash")[number % 2]), ("Number", f"{number}")],
            compare_at_amount=9000 if number % 6 == 0 else None)
    rebuild_facets()
    return made


def listed(**chosen: object) -> FilteredPage:
    values = {name: frozenset(kept) for name, kept in chosen.get("values", {}).items()}
    others = {name: value for name, value in chosen.items() if name != "values"}
    index = read_index()
    assert index is not None
    return filter_categories(index, [make_category("home/table")], Ask(Chosen(values, **others)))


def by_hand(slugs: object, **chosen: object) -> set[int]:
    """The same by reading each product as its page does."""
    values = {name: set(kept) for name, kept in chosen.get("values", {}).items()}
    found = set()
    for slug in slugs:
        try:
            product = read_product(slug)
        except NotFound:
            continue
        stock = read_availability([variant.id for variant in product.variants])
        names = {value.id: (option.name.lower(), value.value.lower())
                 for option in product.options for value in option.values}
        for variant in product.variants:
            said = {names[value] for value in variant.values.values()} | {("brand", product.brand.lower())}
            said |= {(label.lower(), value.lower()) for label, value in product.facts if label == "Material"}
            fits = (all(any((facet, value) in said for value in kept) for facet, kept in values.items())
                    and chosen.get("lowest", 0) <= variant.price.amount <= chosen.get("highest", 10**9)
                    and (stock[variant.id].maximum > 0 or not chosen.get("in_stock"))
                    and (variant.compare_at is not None or not chosen.get("on_sale")))
            if fits:
                found.add(product.id)
    return found


CHOICES = [
    {}, {"in_stock": True}, {"on_sale": True}, {"lowest": 1700, "highest": 3200}, {"values": {"color": {"moss"}}},
    {"values": {"color": {"moss", "rust"}, "size": {"m"}}, "in_stock": True},
    {"values": {"brand": {"acme"}, "material": {"oak"}}, "highest": 2500},
    {"values": {"color": {"moss"}}, "highest": 1},
]


def test_a_list_and_its_counts_are_what_reading_every_product_finds(shop: dict[str, MadeProduct]) -> None:
    shelf = [slug for number, slug in enumerate(shop) if number % 3]
    for chosen in CHOICES:
        page = listed(**chosen)

        assert set(page.ids) == by_hand(shelf, **chosen)
        assert page.total == len(page.ids)
        assert {facet.name for facet in page.facets.facets} == {"brand", "color", "size", "material"}
        for facet in page.facets.facets:
            for choice in facet.choices:
                values = {**chosen.get("values", {}), facet.name: {choice.value}}
                counted = by_hand(shelf, **{**chosen, "values": values})
                assert choice.count == len(counted), (chosen, facet.name, choice.value)
        assert page.facets.in_stock == len(by_hand(shelf, **{**chosen, "in_stock": True}))
    facets = {facet.name: facet for facet in listed().facets.facets}
    assert list(facets) == ["brand", "color", "material", "size"]
    assert [choice.label for choice in facets["size"].choices] == ["S", "M", "L"]  # as people order sizes


def test_a_change_shows_at_once_and_stays_when_a_worker_has_taken_it(shop: dict[str, MadeProduct],
                                                                     run_jobs: Callable[[], int]) -> None:
    run_jobs()
    cheap = shop["thing-1"]
    for variant_id in cheap.variant_ids:
        change_price(variant_id=variant_id, currency="EUR", amount=99_00, compare_at_amount=None, actor=ACTOR)
    change_status(product_id=shop["thing-2"].id, status="inactive", actor=ACTOR)
    for variant_id in shop["thing-4"].variant_ids:
        correct_stock(variant_id=variant_id, delta=-3, actor=ACTOR, reason="counted")
    new = make_product(slug="new", categories=("home/table",), options={"Color": ["Plum"]}, brand="Corn")

    def look() -> tuple[object, ...]:
        db.session.rollback()
        everything, dear, in_stock = listed(), listed(lowest=90_00), listed(in_stock=True)
        plum = listed(values={"color": {"plum"}})
        return (sorted(everything.ids), dear.ids, shop["thing-4"].id in in_stock.ids, plum.ids,
                [choice.label for choice in everything.facets.facets[0].choices])

    before = look()
    assert shop["thing-2"].id not in before[0]
    assert before[1:] == ([cheap.id], False, [new.id], ["Acme", "Bolt", "Corn"])
    run_jobs()
    assert db.session.scalar(select(func.count()).select_from(StaleProduct)) == 0
    assert look() == before


def test_what_does_not_change_a_filter_writes_no_block(shop: dict[str, MadeProduct]) -> None:
    assert refresh_facets(product_ids=[product.id for product in shop.values()]) == 0
    assert refresh_facets(product_ids=[99_999]) == 0


def test_a_rebuild_leaves_nothing_of_the_old_behind(shop: dict[str, MadeProduct]) -> None:
    before = listed().ids
    assert rebuild_facets() == len(shop)
    db.session.rollback()
    assert listed().ids == before
    assert db.session.scalar(select(func.count(FacetBlock.generation.distinct()))) == 1
    assert db.session.scalar(select(func.count()).select_from(FacetPlace)) == len(shop)


def test_products_in_an_order_of_their_own_keep_it_and_page_through_it(shop: dict[str, MadeProduct]) -> None:
    ids = [product.id for product in shop.values()][::-1]
    index = read_index()
    assert index is not None
    page = filter_products(index, [*ids, ids[0], 99_999], Ask(Chosen({"brand": frozenset({"acme"})})))
    assert page.ids == [product_id for place, product_id in enumerate(ids) if place % 2]
    assert filter_products(index, ids, Ask(sort="price")).ids == ids[::-1]


def test_pages_by_place_meet_every_product_once(shop: dict[str, MadeProduct], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.search.facets.PAGE_SIZE", 3)
    index, seen = read_index(), []
    assert index is not None
    categories, after = [make_category("home/table"), make_category("home/desk")], None
    while True:
        page = filter_categories(index, categories, Ask(sort="-price", after=after))
        seen += page.ids
        if page.next is None:
            break
        after = page.next
    assert seen == [product.id for product in shop.values()][::-1]
    assert filter_categories(index, categories, Ask(sort="-price", after=Place(0, 1))).ids == []
    with pytest.raises(NotFound):
        filter_categories(index, categories, Ask(sort="-price", number=9))

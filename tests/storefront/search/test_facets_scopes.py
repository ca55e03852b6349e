"""Collections under filters: their lists are what their rows say, page by page, from the first moment on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.catalog.collections import save_collection
from storefront.catalog.members import read_members
from storefront.catalog.models import Collection
from storefront.catalog.queries import read_collection_cards
from storefront.catalog.rules import Priced, Rule
from storefront.catalog.services import change_price, change_status
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.outbox import OutboxEvent
from storefront.search import facets_saving
from storefront.search.facets import Ask, Chosen, FilteredPage, filter_members, filter_products, read_index
from storefront.search.facets_saving import rebuild_facets, refresh_facets
from tests.factories.catalog import ACTOR, MadeProduct, make_product

PLACED = ["thing-07", "thing-02", "thing-27"]  # the last one does not fit the rule, the first is off sale later


@pytest.fixture
def shop(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[MadeProduct]:
    """Thirty-two products in eleven blocks; the rule finds those at 10.00 to 38.00, and two more are placed first."""
    monkeypatch.setattr(facets_saving, "BLOCK_SIZE", 3)
    made = [make_product(slug=f"thing-{number:02}", amount=1000 + 100 * ((number * 7) % 32), stock=number % 3,
                         options={"Color": ("Moss", "Rust", "Clay")[number % 2:][:2]},
                         brand=("Acme", "Bolt")[number % 2])
            for number in range(32)]
    rebuild_facets()
    collect()
    return made


def collect(placed: list[str] = PLACED, order: str = "-price") -> None:
    save_collection(slug="found", name="Found", product_slugs=placed, rule=Rule((Priced(1000, 3800),), order=order))  # type: ignore[arg-type]


def ask(said: Ask) -> FilteredPage:
    db.session.rollback()
    index = read_index()
    assert index is not None
    row = db.session.execute(select(Collection.id, Collection.version)).one()
    return filter_members(index, read_members(*row), said)


def walk(said: Ask) -> list[int]:
    """All pages of the list, one after the other."""
    pages = [ask(said)]
    pages += [ask(replace(said, number=number)) for number in range(2, pages[0].pages + 1)]
    ids = [product_id for page in pages for product_id in page.ids]
    assert {page.total for page in pages} == {len(ids)}
    with pytest.raises(NotFound):
        ask(replace(said, number=len(pages) + 1))
    return ids


def rows(sort: str | None = None) -> list[int]:
    """What the tables say."""
    collection_id = db.session.scalars(select(Collection.id)).one()
    first = read_collection_cards(collection_id, sort)  # type: ignore[arg-type]
    pages = [first, *(read_collection_cards(collection_id, sort, number)  # type: ignore[arg-type]
                      for number in range(2, first.pages + 1))]
    return [card.id for page in pages for card in page.cards]


@pytest.mark.usefixtures("shop")
def test_pages_stand_as_the_rows_say() -> None:
    many = [f"thing-{number:02}" for number in reversed(range(27))]  # more than a page of them
    for order, placed in (("newest", PLACED), ("price", PLACED), ("-price", many), ("best", [])):
        collect(placed, order)
        assert len(rows()) == 29 + ("thing-27" in placed) + 2 * (placed is many)
        assert walk(Ask()) == rows()
    for sort in ("newest", "price", "-price", "best"):
        assert walk(Ask(sort=sort)) == rows(sort)


def test_filters_leave_what_fits_in_the_same_order(shop: list[MadeProduct]) -> None:
    whole = ask(Ask())
    for chosen, fits in (
        (Chosen(in_stock=True), lambda number: number % 3 > 0),
        (Chosen({"brand": frozenset({"bolt"})}), lambda number: number % 2 == 1),
        (Chosen({"color": frozenset({"moss"})}), lambda number: number % 2 == 0),
        (Chosen({"brand": frozenset({"acme"})}, in_stock=True), lambda number: number % 2 == 0 and number % 3 > 0),
    ):
        wanted = {made.id for number, made in enumerate(shop) if fits(number)}
        assert walk(Ask(chosen)) == [product_id for product_id in rows() if product_id in wanted]
    counts = {choice.value: choice.count for facet in whole.facets.facets if facet.name == "brand"
              for choice in facet.choices}
    assert counts == {"acme": sum(made.id in rows() for made in shop[::2]),
                      "bolt": sum(made.id in rows() for made in shop[1::2])}


@pytest.mark.usefixtures("shop")
def test_its_own_order_goes_on_from_place_to_place_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.search.facets.PAGE_SIZE", 4)
    for order, placed in (("newest", PLACED), ("-price", [f"thing-{number:02}" for number in range(9)]), ("best", [])):
        collect(placed, order)
        page, seen, turned = ask(Ask()), [], 0
        while page.next is None:  # among those placed by hand a page has its number
            seen += page.ids
            turned += 1
            page = ask(Ask(number=turned + 1))
        assert turned == len(placed) // 4
        seen += page.ids
        while page.next is not None:
            page = ask(Ask(after=page.next))
            seen += page.ids
        assert seen == rows()


def test_what_a_search_found_lies_anywhere_and_keeps_its_order(shop: list[MadeProduct],
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.search.facets.PAGE_SIZE", 5)
    found = [made.id for made in shop[::-3]] + [made.id for made in shop[1::4]]  # of many blocks, some twice
    for chosen, fits in ((Chosen(), lambda number: True), (Chosen(in_stock=True), lambda number: number % 3 > 0),
                         (Chosen({"brand": frozenset({"bolt"})}, highest=3000),
                          lambda number: number % 2 == 1 and (number * 7) % 32 <= 20)):
        wanted = {made.id for number, made in enumerate(shop) if fits(number)}
        expected = [product_id for product_id in dict.fromkeys(found) if product_id in wanted]
        seen: list[int] = []
        index = read_index()
        assert index is not None
        for number in range(1, -(-len(expected) // 5) + 1):
            page = filter_products(index, found, Ask(chosen, number=number))
            assert (page.total, page.chosen) == (len(expected), chosen)
            seen += page.ids
        assert seen == expected


def test_what_enters_and_leaves_is_seen_at_once_and_again_after_the_worker(
        shop: list[MadeProduct], count_queries: Callable[[], int]) -> None:
    assert walk(Ask()) == rows()
    db.session.execute(update(OutboxEvent).values(relayed_at=now()))
    db.session.commit()
    assert walk(Ask()) == rows()
    count_queries()
    ask(Ask())
    assert count_queries() == 2  # the version (kept with the collection in the shop) and whether the blocks moved
    moves: list[Callable[[], object]] = [
        lambda: change_price(variant_id=shop[10].variant_ids[0], currency="EUR", amount=100, compare_at_amount=None,
                             actor=ACTOR),
        lambda: change_status(product_id=shop[7].id, status="inactive", actor=ACTOR),
        lambda: collect(placed=PLACED[::-1]), lambda: make_product(slug="new", amount=1500),
        lambda: change_status(product_id=shop[7].id, status="active", actor=ACTOR)]
    for move in moves:
        before = rows()
        move()
        assert rows() != before
        assert walk(Ask()) == rows()
        refresh_facets(product_ids=rows() + before)
        assert walk(Ask()) == rows()

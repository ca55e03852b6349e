"""Lists of products: what is in them, in which order, on which page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from storefront.catalog.collections import save_collection
from storefront.catalog.entries import OptionEntry, OptionValueEntry
from storefront.catalog.listing import PAGE_SIZE, CardPage
from storefront.catalog.models import Price, Product, Variant
from storefront.catalog.queries import (
    count_by_child,
    find_redirect,
    list_collections,
    read_cards,
    read_category_cards,
    read_collection,
    read_collection_cards,
    read_newest,
    read_newest_of_category,
    read_tree,
)
from storefront.catalog.services import change_status, rename_product, save_category
from storefront.catalog.tree import ancestors, children, find_node, subtree_ids
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.money import Money
from tests.factories.catalog import ACTOR, make_category, make_product

pytestmark = pytest.mark.usefixtures("app")
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def on_day(number: int) -> datetime:
    return DAY + timedelta(days=number)


def slugs(page: CardPage) -> list[str]:
    return [card.slug for card in page.cards]


def test_the_tree_is_walked_depth_first_by_position_and_shows_nothing_below_what_is_hidden() -> None:
    save_category(path="light", name="Light", position=2)
    save_category(path="clay", name="Clay", position=1)
    save_category(path="clay/cups", name="Cups", position=1)
    save_category(path="clay/bowls", name="Bowls", position=1)
    save_category(path="clay/bowls/deep", name="Deep")
    save_category(path="old", name="Old", is_published=False)
    save_category(path="old/things", name="Things")
    tree = read_tree()
    assert [node.path for node in tree] == ["clay", "clay/bowls", "clay/bowls/deep", "clay/cups", "light"]
    clay, deep = find_node(tree, "clay"), find_node(tree, "clay/bowls/deep")
    assert clay is not None
    assert deep is not None
    assert [node.path for node in children(tree, clay.id)] == ["clay/bowls", "clay/cups"]
    assert [node.path for node in children(tree, None)] == ["clay", "light"]
    assert [node.path for node in ancestors(tree, deep)] == ["clay", "clay/bowls"]
    assert len(subtree_ids(tree, clay)) == 4
    assert find_node(tree, "old/things") is None


def test_a_category_holds_what_lies_below_it_but_not_its_namesake() -> None:
    make_product(slug="bowl", categories=("clay/bowls",), published_at=on_day(1))
    make_product(slug="jug", categories=("clay",), published_at=on_day(2))
    make_product(slug="brick", categories=("clay-works",), published_at=on_day(3))
    make_product(slug="both", categories=("clay/bowls/deep", "clay/bowls", "clay/cups"), published_at=on_day(4))
    page = read_category_cards("clay")
    assert (slugs(page), page.total, page.number, page.pages) == (["both", "jug", "bowl"], 3, 1, 1)
    assert count_by_child("clay") == {"clay/bowls": 2, "clay/cups": 1}
    assert count_by_child("clay/cups") == {}
    with pytest.raises(NotFound):
        read_category_cards("nothing")


def test_what_is_off_sale_is_in_no_list() -> None:
    shown = make_product(slug="shown", categories=("clay",))
    for status in ("draft", "pending_review", "approved"):
        make_product(slug=f"is-{status.replace('_', '-')}", categories=("clay",), status=status)
    inactive, archived, priceless = (make_product(slug=slug, categories=("clay",))
                                     for slug in ("inactive", "archived", "priceless"))
    change_status(product_id=inactive.id, status="inactive", actor=ACTOR)
    db.session.execute(update(Variant).where(Variant.product_id == archived.id).values(is_archived=True))
    db.session.execute(delete(Price).where(Price.variant_id == priceless.variant_id))
    db.session.commit()
    save_collection(slug="all", name="All", product_slugs=["inactive", "shown", "archived", "priceless"])
    category_id = read_tree()[0].id
    assert slugs(read_category_cards("clay")) == ["shown"]
    assert read_category_cards("clay").total == 1
    assert [card.slug for card in read_newest()] == ["shown"]
    assert [card.slug for card in read_newest_of_category(category_id)] == ["shown"]
    assert slugs(read_collection_cards(read_collection("all").id)) == ["shown"]
    assert [card.id for card in read_cards([inactive.id, archived.id, shown.id, priceless.id])] == [shown.id]


def test_a_list_is_sorted_by_newness_price_and_sales() -> None:
    for number, (slug, amount, sales) in enumerate([("a", 300, 5), ("b", 100, 9), ("c", 200, 1)]):
        made = make_product(slug=slug, amount=amount, categories=("clay",), published_at=on_day(number))
        db.session.execute(update(Product).where(Product.id == made.id).values(sales_count=sales))
        db.session.commit()
    assert slugs(read_category_cards("clay", "newest")) == ["c", "b", "a"]
    assert slugs(read_category_cards("clay", "price")) == ["b", "c", "a"]
    assert slugs(read_category_cards("clay", "-price")) == ["a", "c", "b"]
    assert slugs(read_category_cards("clay", "best")) == ["b", "a", "c"]


def test_pages_hold_24_and_no_product_twice() -> None:
    for number in range(PAGE_SIZE + 1):
        make_product(slug=f"p-{number:02}", categories=("clay",), published_at=DAY, stock=0)  # all equally new
    first, second = read_category_cards("clay"), read_category_cards("clay", "newest", 2)
    assert (len(first.cards), len(second.cards), first.total, first.pages) == (24, 1, 25, 2)
    assert len({*slugs(first), *slugs(second)}) == 25
    for number in (0, 3, 500):
        with pytest.raises(NotFound):
            read_category_cards("clay", "newest", number)


def test_a_card_says_the_lowest_price_and_the_colors() -> None:
    glaze = OptionEntry(name="Glaze", values=(OptionValueEntry(value="Moss", swatch="#87906a"),
                                              OptionValueEntry(value="Fog", swatch="#a7bcc4")))
    made = make_product(slug="low-bowl", brand="Plainsong", options={"Size": ["Large", "Small"]},
                        amounts={("Large",): 4600, ("Small",): 2400}, compare_at_amount=3000)
    card = read_cards([made.id])[0]
    assert (card.name, card.brand, card.url, card.picture) == ("Low Bowl", "Plainsong", "/p/low-bowl", None)
    assert (card.price, card.compare_at, card.has_price_range) == (Money(2400, "EUR"), Money(3000, "EUR"), True)
    assert (card.swatches, card.variant_ids) == ([], made.variant_ids)
    plain = make_product(slug="cup")
    colored = make_product(slug="vase", options={"Glaze": ["Moss", "Fog"]})
    product = db.session.get_one(Product, colored.id)
    for value, said in zip(product.options[0].values, glaze.values, strict=True):
        value.swatch = said.swatch
    db.session.commit()
    cards = read_cards([colored.id, plain.id, colored.id])
    assert [(swatch.label, swatch.color) for swatch in cards[0].swatches] == [("Moss", "#87906a"), ("Fog", "#a7bcc4")]
    assert [card.id for card in cards] == [colored.id, plain.id]
    assert (cards[1].has_price_range, cards[1].compare_at) == (False, None)


def test_a_collection_keeps_the_order_that_staff_gave_it() -> None:
    for number, slug in enumerate(("a", "b", "c")):
        make_product(slug=slug, amount=100 + number, published_at=on_day(number))
    collection_id = save_collection(slug="desk", name="Desk", intro="For work.", product_slugs=["b", "a", "c"])
    detail = read_collection("desk")
    assert (detail.id, detail.name, detail.intro, detail.url) == (collection_id, "Desk", "For work.",
                                                                  "/collections/desk")
    assert slugs(read_collection_cards(collection_id)) == ["b", "a", "c"]
    assert slugs(read_collection_cards(collection_id, "-price")) == ["c", "b", "a"]
    save_collection(slug="old", name="Old", is_published=False)
    assert [item.slug for item in list_collections()] == ["desk"]
    for slug in ("old", "nothing"):
        with pytest.raises(NotFound):
            read_collection(slug)


def test_a_list_costs_four_queries_however_long_it_is(count_queries: Callable[[], int]) -> None:
    for number in range(PAGE_SIZE):
        make_product(slug=f"p-{number}", categories=("clay",), options={"Size": ["S", "M", "L"]}, stock=0)
    read_tree()
    db.session.remove()
    count_queries()
    page = read_category_cards("clay")
    assert len(page.cards) == PAGE_SIZE
    assert count_queries() == 4
    assert read_category_cards("clay") == page
    assert count_queries() == 0


def test_a_change_shows_in_the_list_at_once() -> None:
    make_product(slug="a", categories=("clay",))
    assert slugs(read_category_cards("clay")) == ["a"]
    make_product(slug="b", categories=("clay",))
    assert slugs(read_category_cards("clay")) == ["b", "a"]
    make_category("clay", name="Ceramics")
    assert read_tree()[0].name == "Ceramics"


def test_an_old_address_leads_to_the_present_one_while_the_product_is_on_sale() -> None:
    made = make_product(slug="old")
    rename_product(product_id=made.id, slug="new", actor=ACTOR)
    assert find_redirect("old") == "/p/new"
    assert find_redirect("new") is None
    change_status(product_id=made.id, status="inactive", actor=ACTOR)
    assert find_redirect("old") is None

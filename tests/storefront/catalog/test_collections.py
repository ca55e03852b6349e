"""What a rule finds, and that a collection follows it when products, stock and days change."""

from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.catalog.collections import (
    ask_for_stocked_refresh,
    follow_products,
    save_collection,
    work_on_rules,
)
from storefront.catalog.models import Category, Collection, CollectionEntry, Product
from storefront.catalog.places import read_places
from storefront.catalog.queries import read_collection_cards, read_collection_ids
from storefront.catalog.rules import (
    Condition,
    InCategory,
    InStock,
    OfBrand,
    Priced,
    PublishedBetween,
    PublishedLately,
    Reduced,
    Rule,
    Tagged,
    read_rule,
    to_json,
)
from storefront.catalog.services import change_price, change_status, save_product
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.services import correct_stock
from tests.factories.catalog import ACTOR, make_product, product_entry


def collect(*conditions: Condition, matches: str = "all", **said: object) -> int:
    rule = Rule(conditions, matches=matches, order="price")  # type: ignore[arg-type]
    return save_collection(slug="found", name="Found", rule=rule, **said)  # type: ignore[arg-type]


follow = transactional(follow_products)  # as the services that change products do, within their own


def slugs(collection_id: int) -> list[str]:
    return [card.slug for card in read_collection_cards(collection_id).cards]


def told() -> int:
    """How often it was told that a collection changed."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(OutboxEvent.name == "CollectionChanged")) or 0


@pytest.fixture
def goods(app: Flask) -> None:
    """Four things at €10, 20, 30 and 40; cup and deep bowl lie in categories below ceramics."""
    make_product(slug="cup", amount=1000, brand="Ards", tags=("Wool", "été"), categories=("ceramics/cups",),
                 published_at=now() - timedelta(days=400))
    make_product(slug="bowl", amount=2000, brand="Burren", tags=("woolen",), categories=("ceramics/bowls/deep",),
                 compare_at_amount=2500, published_at=now() - timedelta(days=40))
    make_product(slug="lamp", amount=3000, brand="Burren", tags=('12" wool',), categories=("ceramics-like",), stock=0,
                 published_at=now() - timedelta(days=2))
    make_product(slug="rug", amount=4000, stock=0, policy="continue")
    make_product(slug="draft", amount=100, brand="Ards", tags=("Wool",), status="draft")


def id_of(slug: str) -> int:
    return db.session.scalars(select(Product.id).where(Product.slug == slug)).one()


@pytest.mark.usefixtures("goods")
def test_each_condition_finds_its_own() -> None:
    ards, burren = (db.session.scalars(select(Product.brand_id).where(Product.slug == slug)).one()
                    for slug in ("cup", "bowl"))
    ceramics = db.session.scalars(select(Category.id).where(Category.path == "ceramics")).one()
    day = now().date()
    cases: list[tuple[list[Condition], list[str]]] = [
        ([OfBrand((ards or 0,))], ["cup"]),
        ([OfBrand((ards or 0, burren or 0))], ["cup", "bowl", "lamp"]),
        ([Tagged(("wool",))], ["cup"]),  # the whole tag, capitals or not
        ([Tagged(("Été".lower(), 'x"'))], ["cup"]),
        ([Tagged(('12" wool',))], ["lamp"]),
        ([Tagged(("w_ol", "%"))], []),
        ([InCategory((ceramics,))], ["cup", "bowl"]),  # and not ceramics-like
        ([Priced(2000, 3000)], ["bowl", "lamp"]),
        ([Priced(highest=1999)], ["cup"]),
        ([Priced(lowest=3001)], ["rug"]),
        ([InStock()], ["cup", "bowl", "rug"]),
        ([Reduced()], ["bowl"]),
        ([PublishedLately(3)], ["lamp", "rug"]),
        ([PublishedLately(2)], ["rug"]),
        ([PublishedBetween(day - timedelta(days=40), day - timedelta(days=2))], ["bowl", "lamp"]),
        ([PublishedBetween(last=day - timedelta(days=41))], ["cup"]),
        ([PublishedBetween(date.min, date.max)], ["cup", "bowl", "lamp", "rug"]),
        ([OfBrand((burren or 0,)), InStock()], ["bowl"]),
    ]
    for conditions, expected in cases:
        found = collect(*conditions)
        assert slugs(found) == expected, conditions
        db.session.execute(CollectionEntry.__table__.delete())  # type: ignore[attr-defined]
        follow([id_of(slug) for slug in ("cup", "bowl", "lamp", "rug", "draft")])  # asked about each: the same
        assert slugs(found) == expected, conditions
    assert slugs(collect(Tagged(("wool",)), Priced(lowest=4000), matches="any")) == ["cup", "rug"]


@pytest.mark.usefixtures("goods")
def test_what_is_placed_by_hand_stands_first_and_stays() -> None:
    collection = collect(Priced(1000, 3000), product_slugs=["lamp", "rug"])
    assert slugs(collection) == ["lamp", "rug", "cup", "bowl"]
    assert [card.slug for card in read_collection_cards(collection, "-price").cards] == ["rug", "lamp", "bowl", "cup"]
    assert read_collection_ids(collection) == [id_of(slug) for slug in ("lamp", "rug", "cup", "bowl")]
    assert read_places([id_of("cup")])[id_of("cup")].collection_ids == {collection}  # promotions count by it
    row = db.session.get_one(Collection, collection)
    assert [entry.product_id for entry in row.entries] == [id_of("lamp"), id_of("rug")]
    before = told()
    collect(Priced(1000, 3000), product_slugs=["lamp", "rug"])
    assert told() == before  # the same again changes nothing
    assert slugs(collect(Priced(1000, 3000), product_slugs=["bowl"])) == ["bowl", "cup", "lamp"]
    save_collection(slug="found", name="Found", product_slugs=["bowl"])
    assert slugs(collection) == ["bowl"]


@pytest.mark.usefixtures("goods")
def test_a_product_enters_and_leaves_with_the_change_that_makes_it_fit() -> None:
    collection = collect(Priced(1000, 2000), product_slugs=["cup"])
    before = told()
    bowl = id_of("bowl")
    variant_id = db.session.scalars(select(Product).where(Product.slug == "bowl")).one().variants[0].id
    change_price(variant_id=variant_id, currency="EUR", amount=2100, compare_at_amount=2500, actor=ACTOR)
    assert slugs(collection) == ["cup"]
    assert told() == before + 1
    change_price(variant_id=variant_id, currency="EUR", amount=1900, compare_at_amount=2500, actor=ACTOR)
    assert slugs(collection) == ["cup", "bowl"]
    change_status(product_id=bowl, status="inactive", actor=ACTOR)
    assert told() == before + 3
    save_product(entry=product_entry(slug="new", amount=1500), actor=ACTOR)
    assert slugs(collection) == ["cup", "new"]
    save_product(entry=product_entry(slug="dear", amount=9000), actor=ACTOR)
    change_status(product_id=id_of("cup"), status="inactive", actor=ACTOR)  # placed by hand: it keeps its place
    assert told() == before + 4
    assert db.session.scalar(select(func.count()).select_from(CollectionEntry)) == 2


@pytest.mark.usefixtures("goods")
def test_stock_and_days_are_followed_by_the_schedule(count_queries: Callable[[], int]) -> None:
    stocked, dated = collect(InStock()), save_collection(slug="new", name="New", rule=Rule((PublishedLately(3),)))
    cup = db.session.scalars(select(Product).where(Product.slug == "cup")).one().variants[0].id
    correct_stock(variant_id=cup, delta=-10, actor=ACTOR, reason="broken")
    before = told()
    work_on_rules(only_stocked=True, after=0, seconds=600)
    assert slugs(stocked) == ["bowl", "rug"]
    assert told() == before + 1
    count_queries()
    work_on_rules(only_stocked=True, after=0, seconds=600)
    assert count_queries() == 2  # the rules and one look; nothing is written
    db.session.execute(CollectionEntry.__table__.delete())  # type: ignore[attr-defined]
    db.session.commit()
    work_on_rules(only_stocked=False, after=0, seconds=600)
    assert told() == before + 3
    assert slugs(dated) == ["rug", "lamp"]


@pytest.mark.usefixtures("goods")
def test_many_products_cost_the_rules_no_more_than_one(count_queries: Callable[[], int]) -> None:
    collect(InStock(), InCategory((1,)))
    ids = [id_of(slug) for slug in ("cup", "bowl", "lamp", "rug")]
    costs = []
    for some in (ids[:1], ids):
        count_queries()
        follow(some)
        costs.append(count_queries())
    assert costs == [3, 3]


@pytest.mark.usefixtures("goods")
def test_jobs_look_at_the_rules_slice_by_slice(run_jobs: Callable[[], int]) -> None:
    ask_for_stocked_refresh()
    assert not db.session.scalar(select(func.count()).where(OutboxEvent.name == "RulesDue"))  # no rule asks for stock
    stocked, dated = collect(InStock()), save_collection(slug="new", name="New", rule=Rule((PublishedLately(3),)))
    db.session.execute(CollectionEntry.__table__.delete())  # type: ignore[attr-defined]
    db.session.commit()
    ask_for_stocked_refresh()
    run_jobs()
    assert (slugs(stocked), slugs(dated)) == (["cup", "bowl", "rug"], [])
    work_on_rules(only_stocked=False, after=0, seconds=0)  # time for one, which is right; the next job does the other
    assert slugs(dated) == []
    run_jobs()
    assert slugs(dated) == ["rug", "lamp"]


def test_a_rule_is_read_strictly() -> None:
    rule = Rule((Priced(lowest=5), PublishedBetween(date(2026, 1, 2)), Tagged(("wool",))), matches="any")
    assert read_rule(to_json(rule)) == rule
    for wrong in ({}, {"conditions": []}, {"conditions": [{"type": "magic"}]}, {"conditions": [{"type": "brand"}]},
                  {"conditions": [{"type": "in_stock", "more": 1}]}, {"conditions": [{"type": "price", "lowest": -1}]},
                  {"conditions": [{"type": "in_stock"}], "order": "magic"}):
        with pytest.raises(msgspec.ValidationError):
            read_rule(wrong)

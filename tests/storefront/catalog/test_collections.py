"""What a rule finds, and that a collection follows it when products, stock and days change."""

from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update

from storefront.catalog import collections
from storefront.catalog.collections import ask_for_aged, follow_products, save_collection, work_on_rule
from storefront.catalog.members import read_members
from storefront.catalog.models import Category, Collection, CollectionEntry, Product
from storefront.catalog.places import read_places
from storefront.catalog.queries import read_collection_cards
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
from storefront.inventory.services import correct_stock, receive_stock
from tests.factories.catalog import ACTOR, make_product, product_entry


def collect(*conditions: Condition, matches: str = "all", **said: object) -> int:
    rule = Rule(conditions, matches=matches, order="price")  # type: ignore[arg-type]
    return save_collection(slug="found", name="Found", rule=rule, **said)  # type: ignore[arg-type]


follow = transactional(follow_products)  # as the services that change products do, within their own


def slugs(collection_id: int) -> list[str]:
    return [card.slug for card in read_collection_cards(collection_id).cards]


def kept(collection_id: int) -> list[str]:
    """What the rows say, whatever is cached."""
    db.session.rollback()
    return list(db.session.scalars(select(Product.slug).join(
        CollectionEntry, CollectionEntry.product_id == Product.id)
        .where(CollectionEntry.collection_id == collection_id).order_by(Product.slug)))


def told() -> int:
    """How often it was told that a collection changed."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(OutboxEvent.name == "CollectionChanged")) or 0


def let_pass(days: int) -> None:
    """Let everything be so many days longer ago."""
    for row in (*db.session.scalars(select(Product)), *db.session.scalars(select(Collection))):
        name = "published_at" if isinstance(row, Product) else "aged_on"
        if getattr(row, name):
            setattr(row, name, getattr(row, name) - timedelta(days=days))
    db.session.commit()


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
    members = read_members(collection, db.session.get_one(Collection, collection).version)
    assert members.placed == [id_of("lamp"), id_of("rug")]
    assert members.products == {id_of(slug) for slug in ("lamp", "rug", "cup", "bowl")}
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
def test_stock_is_followed_by_the_notes_of_what_changed(run_jobs: Callable[[], int],
                                                        count_queries: Callable[[], int]) -> None:
    stocked = collect(InStock())
    cup, lamp = (db.session.scalars(select(Product).where(Product.slug == slug)).one().variants[0].id
                 for slug in ("cup", "lamp"))
    run_jobs()
    before = told()
    correct_stock(variant_id=cup, delta=-10, actor=ACTOR, reason="broken")
    receive_stock(variant_id=lamp, quantity=2, actor=ACTOR)
    assert slugs(stocked) == ["cup", "bowl", "rug"]  # nobody has looked yet
    run_jobs()
    assert slugs(stocked) == ["bowl", "lamp", "rug"]
    assert told() == before + 1
    correct_stock(variant_id=lamp, delta=1, actor=ACTOR, reason="found")
    run_jobs()
    assert told() == before + 1  # 3 instead of 2 is no news for lists
    count_queries()
    ask_for_aged()
    assert count_queries() == 1  # no rule grew old: one look


@pytest.mark.usefixtures("goods")
def test_days_are_followed_by_the_products_at_the_border(run_jobs: Callable[[], int]) -> None:
    make_product(slug="vase", amount=500, published_at=now() - timedelta(days=1))
    either = save_collection(slug="either", name="Either", rule=Rule((PublishedLately(2), Priced(500, 500)), "any"))
    dated = collect(PublishedLately(3))
    run_jobs()
    assert (kept(dated), kept(either)) == (["lamp", "rug", "vase"], ["rug", "vase"])
    db.session.execute(delete(CollectionEntry).where(CollectionEntry.product_id == id_of("rug"),
                                                    CollectionEntry.collection_id == dated))
    db.session.execute(insert(CollectionEntry).values(collection_id=dated, product_id=id_of("cup"), is_pinned=False))
    db.session.commit()  # neither is at a border: if all were looked at, the rug would come back, and the cup leave
    before = told()
    for days, expected in ((0, ["cup", "lamp", "vase"]), (1, ["cup", "vase"]), (2, ["cup"])):
        let_pass(days)
        for _ in range(2):
            ask_for_aged()
            run_jobs()
        assert kept(dated) == expected
    assert kept(either) == ["vase"]
    assert told() == before + 3
    db.session.execute(update(Collection).values(aged_on=None))  # as a release leaves it that kept no days
    db.session.commit()
    ask_for_aged()
    run_jobs()
    assert kept(dated) == []
    assert db.session.scalars(select(Collection.aged_on)).all() == [now().date()] * 2


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
def test_a_new_rule_is_asked_about_the_first_products_at_once_and_the_others_by_jobs(
        run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "BATCH", 1)
    collection = collect(Priced(1000, 4000), product_slugs=["rug"])
    assert slugs(collection) == ["rug", "cup", "bowl"]  # two batches of one
    work_on_rule(collection_id=collection, after=id_of("bowl"), since="", seconds=0)  # no time: it only asks again
    assert slugs(collection) == ["rug", "cup", "bowl"]
    run_jobs()
    assert slugs(collection) == ["rug", "cup", "bowl", "lamp"]
    collect(Priced(1000, 4000))  # what is no longer placed by hand is asked about alone
    assert slugs(collection) == ["cup", "bowl", "lamp", "rug"]
    collect(Priced(3000, 4000))
    run_jobs()
    assert slugs(collection) == ["lamp", "rug"]
    work_on_rule(collection_id=77, after=0, since="")  # taken away meanwhile


def test_a_rule_is_read_strictly() -> None:
    rule = Rule((Priced(lowest=5), PublishedBetween(date(2026, 1, 2)), Tagged(("wool",))), matches="any")
    assert read_rule(to_json(rule)) == rule
    for wrong in ({}, {"conditions": []}, {"conditions": [{"type": "magic"}]}, {"conditions": [{"type": "brand"}]},
                  {"conditions": [{"type": "in_stock", "more": 1}]}, {"conditions": [{"type": "price", "lowest": -1}]},
                  {"conditions": [{"type": "in_stock"}], "order": "magic"}):
        with pytest.raises(msgspec.ValidationError):
            read_rule(wrong)

"""The writes of the catalog."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.catalog import services
from storefront.catalog.collections import save_collection
from storefront.catalog.entries import ImageEntry, ProductEntry, VariantEntry
from storefront.catalog.errors import (
    DuplicateSku,
    IllegalStatus,
    InvalidPrice,
    InvalidProduct,
    SlugTaken,
    UnknownCategory,
    UnknownProduct,
)
from storefront.catalog.models import (
    Category,
    Collection,
    Image,
    ImageState,
    Option,
    OptionValue,
    Price,
    Product,
    ProductStatus,
    Redirect,
    Variant,
)
from storefront.catalog.queries import find_redirect
from storefront.catalog.states import MOVES
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from tests.factories.catalog import ACTOR, make_category, make_product, product_entry

GLAZES = {"Glaze": ["Moss", "Fog"]}


def save(entry: ProductEntry) -> Any:
    result = services.save_product(entry=entry, actor=ACTOR)
    db.session.rollback()
    return result


def events() -> list[tuple[str, dict[str, Any]]]:
    """The events since the last call, in order."""
    rows = db.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)).all()
    found = [(row.name, dict(row.payload)) for row in rows]
    for row in rows:
        db.session.delete(row)
    db.session.commit()
    return found


def counts() -> dict[str, int]:
    tables = (Product, Variant, Option, OptionValue, Price, Image, Category, Redirect)
    return {table.__name__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def product(slug: str = "bowl") -> Product:
    return db.session.scalars(select(Product).where(Product.slug == slug)).one()


def test_a_new_product_has_everything_the_entry_says(app: Flask) -> None:
    make_category("ceramics/bowls")
    events()
    result = save(product_entry(
        options=GLAZES, amounts={("Fog",): 1800}, categories=("ceramics/bowls",), brand="Plainsong",
        description="<p onclick=x>Wide</p>", facts=(("Size", "16 cm"),), tags=("thrown",),
        images=(ImageEntry(source_url="https://x.example/a.jpg", alt="A bowl"),)))
    assert result.outcome == "created"
    row = product()
    assert (row.name, row.description, row.facts, row.tags) == ("Bowl", "<p>Wide</p>", [["Size", "16 cm"]], ["thrown"])
    assert (row.brand.name, row.category.path, row.status) == ("Plainsong", "ceramics/bowls", ProductStatus.ACTIVE)
    assert [(v.sku, v.title, v.prices[0].amount, v.prices[0].currency) for v in row.variants] == [
        ("BOWL-MOSS", "Moss", 2400, "EUR"), ("BOWL-FOG", "Fog", 1800, "EUR")]
    assert row.lowest_amount == 1800
    assert row.published_at is not None
    image = row.images[0]
    assert (image.state, image.alt, image.key) == (ImageState.PENDING, "A bowl", "")
    assert events() == [("ProductChanged", {"product_id": row.id}),
                        ("CategoryChanged", {"category_id": row.category.id}),
                        ("ImageAdded", {"image_id": image.id})]


def test_saving_the_same_entry_again_changes_nothing(app: Flask) -> None:
    make_category("ceramics")
    entry = product_entry(options=GLAZES, categories=("ceramics",), brand="Plainsong", description="a\n\nb",
                          images=(ImageEntry(source_url="https://x.example/a.jpg"),),
                          created_at=datetime(2026, 2, 3, tzinfo=UTC))
    first = save(entry)
    events()
    before, updated_at = counts(), product().updated_at
    again = save(entry)
    assert (again.product_id, again.outcome, again.changes) == (first.product_id, "unchanged", ())
    assert (counts(), product().updated_at, events()) == (before, updated_at, [])


def test_a_new_price_alone_is_a_change_of_the_product(app: Flask) -> None:
    save(product_entry(options=GLAZES, amounts={("Fog",): 1800}))
    updated_at = product().updated_at
    events()
    result = save(product_entry(options=GLAZES, amounts={("Fog",): 1800, ("Moss",): 2500}))
    assert result.changes == ("price of BOWL-MOSS from €24.00 to €25.00",)
    assert product().updated_at > updated_at
    assert events() == [("ProductChanged", {"product_id": result.product_id})]


def test_a_variant_that_is_not_named_is_archived_and_wakes_up_again(app: Flask) -> None:
    entry = product_entry(options=GLAZES, amounts={("Fog",): 1800})
    save(entry)
    ids = {v.title: v.id for v in product().variants}
    assert save(product_entry(options={"Glaze": ["Moss"]})).outcome == "updated"
    assert {v.title: v.is_archived for v in product().variants} == {"Moss": False, "Fog": True}
    assert product().lowest_amount == 2400
    assert [value.value for value in product().options[0].values] == ["Moss"]
    save(entry)
    assert {v.title: v.id for v in product().variants} == ids
    assert not any(v.is_archived for v in product().variants)
    assert [[value.value for value in v.option_values] for v in product().variants] == [["Moss"], ["Fog"]]
    assert product().lowest_amount == 1800


def test_a_variant_is_known_by_its_sku_and_then_by_its_options(app: Flask) -> None:
    entry = product_entry(options=GLAZES)
    save(entry)
    ids = [v.id for v in product().variants]
    moss, fog = entry.variants
    # Moss changes its SKU; Fog keeps its SKU and is called otherwise.
    save(replace(entry, options=product_entry(options={"Glaze": ["Moss", "Haze"]}).options,
                 variants=(replace(moss, sku="NEW"), replace(fog, values=("Haze",)))))
    assert [(v.id, v.sku, v.title) for v in product().variants] == [
        (ids[0], "NEW", "Moss"), (ids[1], "BOWL-FOG", "Haze")]


def test_an_incomplete_entry_takes_nothing_away(app: Flask) -> None:
    save(product_entry(options=GLAZES, images=(ImageEntry(source_url="https://x.example/a.jpg"),)))
    result = save(product_entry(options={"Glaze": ["Moss"]}, images=(), is_complete=False))
    assert result.outcome == "unchanged"
    assert [v.is_archived for v in product().variants] == [False, False]
    assert len(product().images) == 1


def test_an_sku_of_another_product_is_refused_and_nothing_is_kept(app: Flask) -> None:
    save(product_entry())
    before = counts()
    with pytest.raises(DuplicateSku, match="BOWL"):
        save(product_entry(slug="cup", options={"Size": ["S", "L"]}, variants=(
            VariantEntry(sku="BOWL", amount=1, values=("S",)), VariantEntry(sku="CUP", amount=1, values=("L",)))))
    db.session.rollback()
    assert counts() == before


def test_all_skus_under_an_unknown_slug_move_the_product_there(app: Flask) -> None:
    entry = product_entry(options=GLAZES)
    first = save(entry)
    events()
    moved = save(replace(entry, slug="low-bowl"))
    assert (moved.product_id, product("low-bowl").id) == (first.product_id, first.product_id)
    assert db.session.get(Redirect, "bowl").product_id == first.product_id  # type: ignore[union-attr]
    assert ("ProductRenamed", {"product_id": first.product_id, "old_slug": "bowl"}) in events()
    # The old file means the same product, which keeps its present address.
    assert save(entry).outcome == "unchanged"
    assert counts()["Product"] == 1


def test_one_sku_in_common_under_an_unknown_slug_is_refused(app: Flask) -> None:
    save(product_entry(options=GLAZES))
    before = counts()
    with pytest.raises(DuplicateSku, match=r"SKU BOWL-FOG belongs to Bowl\."):
        save(product_entry(slug="cup", variants=(VariantEntry(sku="BOWL-FOG", amount=1),)))
    db.session.rollback()
    assert counts() == before


def test_a_created_product_is_another_one_whatever_it_shares(app: Flask) -> None:
    make_product(options=GLAZES, stock=0)
    services.rename_product(product_id=make_product(slug="cup", stock=0).id, slug="mug", actor=ACTOR)
    before = counts()
    with pytest.raises(DuplicateSku, match="SKU BOWL-MOSS belongs to Bowl"):
        services.create_product(entry=product_entry(slug="new", options=GLAZES, variants=product_entry(
            options=GLAZES).variants), actor=ACTOR)
    db.session.rollback()
    assert counts() == before
    for slug, numbered in (("bowl", "bowl-2"), ("cup", "cup-2"), ("bowl", "bowl-3")):
        entry = product_entry(slug=slug, status=None, variants=(VariantEntry(amount=1),))
        result = services.create_product(entry=entry, actor=ACTOR)
        assert (result.outcome, db.session.get_one(Product, result.product_id).slug) == ("created", numbered)


@pytest.mark.parametrize(("sku", "made"), [("", ["heron", "heron-2"]), ("HERON", ["heron"])])
def test_the_same_product_added_twice_at_once_overwrites_nothing(app: Flask, sku: str, made: list[str]) -> None:
    barrier, answers = threading.Barrier(2), list[str]()

    def add() -> None:
        with app.app_context():
            barrier.wait()
            try:
                answers.append(services.create_product(actor=ACTOR, entry=product_entry(
                    slug="heron", variants=(VariantEntry(sku=sku, amount=100),))).outcome)
            except DuplicateSku as error:
                answers.append(str(error)[:26])

    db.session.remove()
    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["SKU HERON belongs to Heron"] * bool(sku) + ["created"] * len(made)
    assert sorted(db.session.scalars(select(Product.slug))) == made


@pytest.mark.parametrize(("change", "words"), [
    ({"slug": "a/b"}, "address"), ({"slug": ""}, "address"), ({"name": " "}, "no name"),
    ({"variants": ()}, "no variant"),
    ({"name": "x" * 301}, "301 characters"), ({"description": "a\0b"}, "NUL"),
    ({"variants": (VariantEntry(amount=-1),)}, "price"), ({"variants": (VariantEntry(amount=10**12 + 1),)}, "price"),
    ({"variants": (VariantEntry(amount=1, weight_grams=-1),)}, "weight"),
    ({"variants": (VariantEntry(amount=1, values=("S",)),)}, "does not answer"),
    ({"variants": (VariantEntry(amount=1, sku="A"), VariantEntry(amount=1, sku="A"))}, "occurs 2 times"),
    ({"variants": (VariantEntry(amount=1), VariantEntry(amount=1))}, "2 variants"),
    ({"variants": (VariantEntry(amount=1, image_index=0),)}, "picture"),
])
def test_what_is_no_product_is_refused(app: Flask, change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidProduct, match=words):
        save(replace(product_entry(), **change))
    assert counts()["Product"] == 0


def test_an_unknown_category_is_refused(app: Flask) -> None:
    with pytest.raises(UnknownCategory, match="nowhere"):
        save(product_entry(categories=("nowhere",)))
    db.session.rollback()
    assert counts()["Product"] == 0


def test_a_price_changes_with_the_lowest_amount(app: Flask) -> None:
    made = make_product(options=GLAZES)
    events()
    change = {"variant_id": made.variant_ids[1], "currency": "EUR", "amount": 1500, "compare_at_amount": 2400}
    assert services.change_price(**change, actor=ACTOR) is True
    assert product().lowest_amount == 1500
    assert [v.prices[0].amount for v in product().variants] == [2400, 1500]
    assert events() == [("ProductChanged", {"product_id": made.id})]
    assert services.change_price(**change, actor=ACTOR) is False
    assert events() == []


@pytest.mark.parametrize(("amount", "compare_at"), [(-1, None), (10**12 + 1, None), (2400, 2400), (2400, 100)])
def test_a_price_that_cannot_be_is_refused(app: Flask, amount: int, compare_at: int | None) -> None:
    made = make_product()
    with pytest.raises(InvalidPrice):
        services.change_price(variant_id=made.variant_id, currency="EUR", amount=amount, compare_at_amount=compare_at,
                              actor=ACTOR)
    assert product().variants[0].prices[0].amount == 2400


def test_every_move_of_the_status_is_in_the_table(app: Flask) -> None:
    made = make_product(status="draft", stock=0)
    for present in ProductStatus:
        for wanted in ProductStatus:
            row = db.session.get_one(Product, made.id)
            row.status = present
            db.session.commit()
            if wanted is present or wanted in MOVES[present]:
                services.change_status(product_id=made.id, status=wanted, actor=ACTOR)
                assert product().status is wanted
            else:
                with pytest.raises(IllegalStatus):
                    services.change_status(product_id=made.id, status=wanted, actor=ACTOR)
                assert product().status is present


def test_the_way_to_sale_sets_when_it_was_published_once(app: Flask) -> None:
    made = make_product(status="draft", stock=0)
    for status in ("pending_review", "approved"):
        services.change_status(product_id=made.id, status=status, actor=ACTOR)
        assert product().published_at is None
    services.change_status(product_id=made.id, status="active", actor=ACTOR)
    published_at = product().published_at
    assert published_at is not None
    for status in ("inactive", "active"):
        services.change_status(product_id=made.id, status=status, actor=ACTOR)
    assert product().published_at == published_at


def test_archiving_takes_off_sale_for_good(app: Flask) -> None:
    made = make_product(stock=0)
    services.archive_product(product_id=made.id, actor=ACTOR)
    assert product().status is ProductStatus.DISCONTINUED
    services.archive_product(product_id=made.id, actor=ACTOR)
    result = save(product_entry(status="active"))
    assert product().status is ProductStatus.DISCONTINUED
    assert "discontinued" in result.notes[0]


def test_an_entry_takes_off_sale_rather_than_back_to_draft(app: Flask) -> None:
    save(product_entry())
    save(product_entry(status="draft"))
    assert product().status is ProductStatus.INACTIVE


def test_a_rename_leaves_a_redirect_and_goes_back(app: Flask) -> None:
    made = make_product(stock=0)
    make_product(slug="cup", stock=0)
    services.rename_product(product_id=made.id, slug="dish", actor=ACTOR)
    assert {row.slug: row.product_id for row in db.session.scalars(select(Redirect))} == {"bowl": made.id}
    with pytest.raises(SlugTaken):
        services.rename_product(product_id=made.id, slug="cup", actor=ACTOR)
    with pytest.raises(SlugTaken, match="once had"):
        services.rename_product(product_id=product("cup").id, slug="bowl", actor=ACTOR)
    services.rename_product(product_id=made.id, slug="bowl", actor=ACTOR)
    assert {row.slug: row.product_id for row in db.session.scalars(select(Redirect))} == {"dish": made.id}


def test_addresses_are_not_swapped_for_people_follow_both(app: Flask) -> None:
    bowl, cup = (make_product(slug=slug, stock=0).id for slug in ("bowl", "cup"))
    for slug in ("dish", "plate"):
        services.rename_product(product_id=bowl, slug=slug, actor=ACTOR)
    for wanted in ("bowl", "dish"):  # free, but each leads to the plate for ever
        with pytest.raises(SlugTaken, match="once had"):
            services.rename_product(product_id=cup, slug=wanted, actor=ACTOR)
    db.session.rollback()
    assert {row.slug: row.product_id for row in db.session.scalars(select(Redirect))} == {"bowl": bowl, "dish": bowl}
    assert (find_redirect("bowl"), find_redirect("dish"), find_redirect("cup")) == ("/p/plate", "/p/plate", None)
    services.rename_product(product_id=bowl, slug="dish", actor=ACTOR)
    assert (find_redirect("bowl"), find_redirect("plate"), find_redirect("dish")) == ("/p/dish", "/p/dish", None)
    services.rename_product(product_id=cup, slug="mug", actor=ACTOR)
    with pytest.raises(SlugTaken, match="once had"):
        services.rename_product(product_id=bowl, slug="cup", actor=ACTOR)


def test_a_category_is_saved_once(app: Flask) -> None:
    top = services.save_category(path="light", name="Light")
    lamps = services.save_category(path="light/lamps", name="Lamps", intro="Warm", position=2)
    events()
    assert services.save_category(path="light/lamps", name="Lamps", intro="Warm", position=2) == lamps
    assert events() == []
    row = db.session.get_one(Category, lamps)
    assert (row.slug, row.parent_id, row.intro, row.position) == ("lamps", top, "Warm", 2)
    with pytest.raises(UnknownCategory):
        services.save_category(path="dark/lamps", name="Lamps")


def test_a_collection_keeps_its_order(app: Flask) -> None:
    made = {slug: make_product(slug=slug, stock=0).id for slug in ("a", "b", "c")}
    said = {"slug": "desk", "name": "Desk", "intro": ""}
    collection = save_collection(**said, product_slugs=["a", "b"])
    save_collection(**said, product_slugs=["c", "a", "c"])
    events()
    save_collection(**said, product_slugs=["c", "a"])
    row = db.session.get_one(Collection, collection)
    assert [(entry.product_id, entry.position) for entry in row.entries] == [(made["c"], 0), (made["a"], 1)]
    assert events() == []
    with pytest.raises(UnknownProduct, match="nothing"):
        save_collection(**said, product_slugs=["a", "nothing"])

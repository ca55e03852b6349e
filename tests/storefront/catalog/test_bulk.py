"""What is written in bulk is what save_product and count_stock write, row by row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storefront.catalog.bulk import save_new_products
from storefront.catalog.entries import ImageEntry, OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.media import store_picture
from storefront.catalog.models import Brand, Product, ProductStatus, Redirect, Variant
from storefront.catalog.services import rename_product, save_product
from storefront.foundation.database import db, transactional
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.counts import count_new, count_stock
from tests.factories.catalog import ACTOR, make_category, make_product, product_entry
from tests.storefront.catalog.catalog_dump import dump, empty_catalog
from tests.storefront.catalog.test_media import picture

COUNTS: list[tuple[int | None, str]] = [(5, "deny"), (0, "deny"), (-2, "continue"), (None, "untracked")]


def entries() -> list[ProductEntry]:
    """Products that use every field, and two that use none."""
    key = store_picture(picture(400, 200)).key
    rich = ProductEntry(
        slug="vase", name=" Vase ", subtitle="Tall", description="<p onclick=x>a <b>b</b></p>", tags=("é", "b"),
        facts=(("Height", "30 cm"),), status=ProductStatus.ACTIVE, brand="Café", tax_category="books",
        categories=("ceramics/vases", "gifts"), seo_title="t", seo_description="d", extra={"Type": "Vases"},
        options=(OptionEntry(name="Glaze", values=(OptionValueEntry(value="Fog", swatch="#aabbcc"),
                                                   OptionValueEntry(value="Moss"))),
                 OptionEntry(name="Size", values=(OptionValueEntry(value="S"), OptionValueEntry(value="L")))),
        images=(ImageEntry(key=key, alt="A vase"), ImageEntry(source_url="https://cdn.example/a.jpg")),
        variants=(VariantEntry(sku="V1", amount=300, values=("Moss", "S"), compare_at_amount=400, image_index=1,
                               weight_grams=5, gtin="4006381333931", extra={"Cost per item": "2"}),
                  VariantEntry(amount=200, values=("Fog", "L"), needs_shipping=False)))
    return [rich, product_entry(slug="mug", status="draft", brand="CAFÉ"), product_entry(slug="tray", status=None)]


def one_by_one(saved: list[ProductEntry]) -> None:
    counts = iter(COUNTS)
    for entry in saved:
        result = save_product(entry=entry, actor=ACTOR)
        for variant in db.session.get_one(Product, result.product_id).variants:
            available, policy = next(counts)
            db.session.rollback()
            count_stock(variant_id=variant.id, available=available, policy=policy, actor=ACTOR, reason="imported")


@transactional
def at_once(saved: list[ProductEntry]) -> None:
    planted = save_new_products(entries=saved)
    ids = [variant_id for one in planted for variant_id in one.variant_ids]
    count_new(counts=dict(zip(ids, COUNTS, strict=True)), actor=ACTOR, reason="imported")


def recorded() -> set[str]:
    return set(db.session.scalars(select(OutboxEvent.name)))


@pytest.mark.usefixtures("app")
def test_both_ways_write_the_same() -> None:
    for path in ("ceramics/vases", "gifts"):
        make_category(path)
    one_by_one(entries())
    first, told = dump(), recorded()
    empty_catalog()
    for path in ("ceramics/vases", "gifts"):
        make_category(path)
    at_once(entries())
    second = dump()
    assert list(second["products"]) == ["mug", "tray", "vase"]
    assert second == first
    assert recorded() == told - {"StockChanged"}  # of what is new the product's own event says all
    row = db.session.scalars(select(Product).where(Product.slug == "vase")).one()
    assert (row.name, row.lowest_amount, row.published_at is not None) == ("Vase", 200, True)
    assert row.description == "<p>a <strong>b</strong></p>"


@pytest.mark.usefixtures("app")
def test_a_former_address_is_taken_over_and_a_foreign_sku_lets_none_in() -> None:
    made = make_product(slug="bowl")
    rename_product(product_id=made.id, slug="dish", actor=ACTOR)
    save_new_products(entries=[product_entry(slug="bowl", variants=(VariantEntry(sku="NEW", amount=1),))])
    assert db.session.get(Redirect, "bowl") is None
    with pytest.raises(IntegrityError):
        save_new_products(entries=[product_entry(slug="one", variants=(VariantEntry(sku="ONE", amount=1),)),
                                   product_entry(slug="two", variants=(VariantEntry(sku="NEW", amount=1),))])
    db.session.rollback()
    assert db.session.scalars(select(Variant.sku).order_by(Variant.id)).all() == ["BOWL", "NEW"]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("write", [one_by_one, at_once])
def test_a_brand_is_known_by_its_name_wherever_its_page_stands(write: Callable[[list[ProductEntry]], None]) -> None:
    db.session.add(Brand(slug="elsewhere", name="Café"))
    db.session.commit()
    for path in ("ceramics/vases", "gifts"):
        make_category(path)
    write(entries())
    db.session.rollback()
    brands = db.session.execute(select(Product.slug, Brand.slug).join(Brand, Brand.id == Product.brand_id)).all()
    assert dict(brands) == {"vase": "elsewhere", "mug": "cafe"}  # the other spelling is found by its address alone

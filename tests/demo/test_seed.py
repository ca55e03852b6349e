"""The demo shop is filled through the services, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image as Pixels
from sqlalchemy import func, select

import demo.seed
from demo.pictures import register_pictures
from demo.seed import is_empty, make_entry, read_table, seed_shop
from storefront.catalog.models import Collection, Image, Product, ProductStatus, Variant
from storefront.content.models import Banner, HomeSection, MenuItem, Page, PromotionTile
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.models import StockLevel, StockMovement
from storefront.inventory.queries import read_availability
from storefront.shipping.models import ShippingMethod
from storefront.taxes.models import TaxRate


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three drawn pictures, as demo/images holds them."""
    index = {}
    for number, name in enumerate(("low-bowl/alone-moss", "low-bowl/use", "banners/quiet-desk")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        for width in (32, 64):
            for extension in ("avif", "webp") if width == 32 else ("avif",):
                picture = Pixels.new("RGB", (width, width * 5 // 4), (90 * number, 120, 80))
                picture.save(tmp_path / f"{name}-{width}.{extension}")
        index[name] = {"widths": [32, 64], "formats": ["avif", "webp"]}
    (tmp_path / "index.json").write_text(json.dumps(index))
    return tmp_path


def test_an_empty_shop_is_filled_with_everything(app: Flask, images: Path) -> None:
    assert is_empty()
    keys = register_pictures(app, images)
    seeded = seed_shop(keys=keys)
    assert not is_empty()
    assert (seeded.products, seeded.variants, seeded.pictures) == (count(Product), count(Variant), 3)
    assert {product.status for product in db.session.scalars(select(Product))} == {ProductStatus.ACTIVE}
    assert count(StockLevel) == count(Variant)
    assert (count(Banner), count(PromotionTile), count(HomeSection), count(Collection)) == (3, 4, 4, 3)
    assert (count(Page), count(MenuItem), count(TaxRate)) == (7, 14, 27)
    assert count(ShippingMethod) == 6


def test_prices_stock_and_pictures_are_those_of_the_files(app: Flask, images: Path) -> None:
    keys = register_pictures(app, images)
    seed_shop(keys=keys)
    moss, sold_out = (db.session.scalars(select(Variant).where(Variant.sku == sku)).one()
                      for sku in ("PS-LBW-MOS-S", "PS-LBW-FOG-L"))
    assert [(price.amount, price.currency) for price in moss.prices] == [(2400, "EUR")]
    assert (moss.title, moss.weight_grams) == ("Moss / Small", 420)
    assert moss.image is not None
    assert moss.image.key == keys["low-bowl/alone-moss"]
    availability = read_availability([moss.id, sold_out.id])
    assert (availability[moss.id].available, availability[sold_out.id].state) == (16, "sold_out")
    images_of_bowl = db.session.scalars(select(Image.key).where(Image.product_id == moss.product_id)
                                        .order_by(Image.position)).all()
    assert images_of_bowl == [keys["low-bowl/alone-moss"], keys["low-bowl/use"]]
    encoding = select(OutboxEvent.id).where(OutboxEvent.name == "ImageAdded")
    assert db.session.scalar(encoding) is None
    banner = db.session.scalars(select(Banner).where(Banner.title == "The quiet desk")).one()
    assert banner.picture == keys["banners/quiet-desk"]


def test_every_unit_of_stock_is_in_the_ledger(app: Flask) -> None:
    seed_shop(keys={})
    moved = db.session.scalar(select(func.sum(StockMovement.on_hand)))
    assert moved == db.session.scalar(select(func.sum(StockLevel.on_hand)))


def test_a_start_that_breaks_leaves_the_shop_empty(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo.seed, "save_words", fail)
    with pytest.raises(KeyboardInterrupt):
        seed_shop(keys={})
    assert is_empty()
    assert (count(StockLevel), count(OutboxEvent)) == (0, 0)


def test_a_variant_shows_the_first_picture_of_its_own_values() -> None:
    product = next(product for product in read_table("catalog/ceramics.toml")["product"]
                   if product["slug"] == "low-bowl")
    keys = {f"low-bowl/{picture['file']}": picture["file"] for picture in product["pictures"]}
    entry = make_entry(product, keys)
    assert entry.images is not None
    shown = {variant.values[0]: entry.images[variant.image_index or 0].key for variant in entry.variants}
    assert shown == {"Moss": "alone-moss", "Chalk": "alone-chalk", "Fog": "alone-fog"}

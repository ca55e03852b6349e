"""Fills an empty demo shop from demo/catalog and demo/content.toml, through the services that staff use."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import select

import storefront.catalog.services as catalog
import storefront.inventory.services as inventory
import storefront.shipping.services as shipping
import storefront.taxes.services as taxes
from demo.offers import save_offers
from demo.words import save_words
from storefront.catalog.collections import save_collection
from storefront.catalog.entries import ImageEntry, OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.models import Product, ProductStatus, Variant
from storefront.catalog.rules import Priced, Rule
from storefront.foundation.database import db, transactional
from storefront.search.models import SynonymGroup

HERE = Path(__file__).parent
FILES = ("ceramics", "textiles", "paper", "light")
ACTOR = "demo"
Table = Mapping[str, Any]
Keys = Mapping[str, str]  # "<slug>/<file>" → the picture's key in the media store


@dataclass(frozen=True)
class Seeded:
    """How much was written."""

    products: int
    variants: int
    pictures: int


def is_empty() -> bool:
    """Tell whether the shop has no product yet."""
    return db.session.scalar(select(Product.id).limit(1)) is None


@transactional
def seed_shop(*, keys: Keys) -> Seeded:
    """Write the whole demo shop in one transaction, so a start that is killed leaves it empty or complete.

    `keys` names the pictures that lie in the media store; what is missing there is left out.
    """
    content = read_table("content.toml")
    products = [product for name in FILES for product in read_table(f"catalog/{name}.toml")["product"]]
    _save_taxes(content["tax"])
    _save_shipping(content["zone"])
    for category in content["category"]:
        catalog.save_category(path=category["path"], name=category["name"], intro=category["intro"],
                              position=category["position"])
    for product in products:
        entry = make_entry(product, keys)
        if any(variant.compare_at_amount for variant in entry.variants):
            catalog.save_product(entry=_before_reduction(entry), actor=ACTOR)  # so that its history knows the price
        catalog.save_product(entry=entry, actor=ACTOR)
    _receive_stock(products)
    for collection in content["collection"]:
        rule = Rule((Priced(highest=collection["highest"]),)) if "highest" in collection else None
        save_collection(slug=collection["slug"], name=collection["name"], intro=collection["intro"],
                        product_slugs=collection["products"], rule=rule)
    db.session.add_all(SynonymGroup(words=words) for words in content["search"]["synonyms"])
    save_words(content, keys)
    save_offers()
    return Seeded(len(products), sum(len(product["variants"]) for product in products), len(keys))


def read_table(name: str) -> dict[str, Any]:
    """Return a TOML file of the demo."""
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def make_entry(product: Table, keys: Keys) -> ProductEntry:
    """Return the product of a catalog file as the catalog's services take it."""
    pictures = [picture for picture in product["pictures"] if f"{product['slug']}/{picture['file']}" in keys]
    created_at = _morning(product["created_on"])
    return ProductEntry(
        slug=product["slug"], name=product["name"], subtitle=product["subtitle"], brand=product["brand"],
        description=product["description"].strip(), facts=tuple((fact[0], fact[1]) for fact in product["facts"]),
        tags=tuple(product["tags"]), status=ProductStatus.ACTIVE, categories=(product["category"],),
        tax_category=product["tax_category"], created_at=created_at, published_at=created_at,
        options=tuple(_option(option) for option in product.get("options", ())),
        variants=tuple(_variant(variant, product, pictures) for variant in product["variants"]),
        images=tuple(ImageEntry(key=keys[f"{product['slug']}/{picture['file']}"], alt=picture["alt"])
                     for picture in pictures),
    )


def _before_reduction(entry: ProductEntry) -> ProductEntry:
    return replace(entry, variants=tuple(
        replace(variant, amount=variant.compare_at_amount or variant.amount, compare_at_amount=None)
        for variant in entry.variants))


def _option(option: Table) -> OptionEntry:
    values = (OptionValueEntry(value=value["value"], swatch=value.get("swatch", "")) for value in option["values"])
    return OptionEntry(name=option["name"], values=tuple(values))


def _variant(variant: Table, product: Table, pictures: list[Table]) -> VariantEntry:
    return VariantEntry(
        sku=variant["sku"], values=tuple(variant.get("values", ())), amount=variant["price"],
        compare_at_amount=variant.get("compare_at"), gtin=variant.get("gtin", ""),
        weight_grams=variant.get("weight_grams", product["weight_grams"]),
        image_index=_picture_index(variant.get("values", ()), pictures),
    )


def _picture_index(values: Iterable[str], pictures: list[Table]) -> int | None:
    """The first picture that shows the variant: all its values that a picture speaks of are the variant's."""
    for index, picture in enumerate(pictures):
        shown = set(picture.get("values", ()))
        if shown and shown <= set(values):
            return index
    return None


def _receive_stock(products: Iterable[Table]) -> None:
    ids = dict(db.session.execute(select(Variant.sku, Variant.id)).all())
    for product in products:
        for variant in product["variants"]:
            inventory.receive_stock(variant_id=ids[variant["sku"]], quantity=variant["stock"], actor=ACTOR,
                                    reason="opening stock", policy=variant.get("policy"))


def _save_taxes(tax: Table) -> None:
    taxes.save_category(code="standard", name="Standard")
    for rate in tax["rate"]:
        for country, basis_points in rate["basis_points"].items():
            taxes.save_rate(country=country, tax_category=rate["category"], basis_points=basis_points,
                            is_inclusive=rate["prices_include_tax"])


def _save_shipping(zones: Iterable[Table]) -> None:
    for zone in zones:
        zone_id = shipping.save_zone(name=zone["name"], countries=zone["countries"])
        for position, method in enumerate(zone["method"]):
            # A flat price is one tier up to what the heaviest tier anywhere takes.
            tiers = method.get("tiers") or [{"up_to": 20000, "amount": method["amount"]}]
            shipping.save_method(
                zone_id=zone_id, code=method["code"], name=method["name"], detail=method["detail"],
                tiers=[(tier["up_to"], tier["amount"]) for tier in tiers], position=position,
                min_days=method["days"][0], max_days=method["days"][1], free_from_amount=method.get("free_from"))


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)

"""The demo shop's data holds together: pure checks of the TOML files, no database."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).parents[2] / "demo"
Table = dict[str, Any]


def load(name: str) -> Table:
    return tomllib.loads((DEMO / name).read_text(encoding="utf-8"))


CATALOG = [
    product
    for name in ("ceramics", "textiles", "paper", "light")
    for product in load(f"catalog/{name}.toml")["product"]
]
CONTENT = load("content.toml")
SLUGS = {product["slug"] for product in CATALOG}
EU = set(CONTENT["zone"][0]["countries"] + CONTENT["zone"][1]["countries"])

each_product = pytest.mark.parametrize("product", CATALOG, ids=lambda product: product["slug"])


def repeated(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def urls(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["url"]] if "url" in value else []
        return own + [url for inner in value.values() for url in urls(inner)]
    if isinstance(value, list):
        return [url for inner in value for url in urls(inner)]
    return re.findall(r'href="(/[^"]*)"', value) if isinstance(value, str) else []


def pictures(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["picture"]] if isinstance(value.get("picture"), str) else []
        return own + [name for inner in value.values() for name in pictures(inner)]
    return [name for inner in value for name in pictures(inner)] if isinstance(value, list) else []


def test_the_shop_has_the_size_we_planned() -> None:
    assert 55 <= len(CATALOG) <= 65
    assert 230 <= sum(len(product["variants"]) for product in CATALOG) <= 270
    assert 150 <= sum(len(product["pictures"]) for product in CATALOG) <= 210


def test_slugs_names_and_skus_are_unique() -> None:
    assert repeated([product["slug"] for product in CATALOG]) == []
    assert repeated([product["name"] for product in CATALOG]) == []
    skus = [variant["sku"] for product in CATALOG for variant in product["variants"]]
    assert repeated(skus) == []
    assert [sku for sku in skus if not re.fullmatch(r"PS(-[A-Z0-9]+)+", sku)] == []


def test_stock_shows_every_state_a_shopper_can_meet() -> None:
    stocks = [[variant["stock"] for variant in product["variants"]] for product in CATALOG]
    assert [levels for levels in stocks if not any(levels)], "a product that is sold out"
    assert [levels for levels in stocks if any(levels) and not all(levels)], "a variant that is"
    assert [1] in stocks, "a last one"
    assert any(1 <= level <= 3 for levels in stocks for level in levels)
    offered = sum("compare_at" in variant for product in CATALOG for variant in product["variants"])
    assert 1 <= offered <= 10


@each_product
def test_every_product_is_complete(product: Table) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", product["slug"])
    assert product["category"] in {category["path"] for category in CONTENT["category"]}
    assert product["category"].count("/") == 1
    paragraphs = product["description"].strip().split("\n\n")
    assert 2 <= len(paragraphs) <= 3
    assert all(len(paragraph) >= 25 for paragraph in paragraphs)
    assert {"Material", "Size", "Care", "Made in"} == {label for label, _ in product["facts"]}
    assert date(2026, 1, 1) <= product["created_on"] <= date(2026, 11, 20)
    assert product["tax_category"] == "standard"
    assert product["weight_grams"] > 0
    assert product["draw"]["kind"]


@each_product
def test_every_variant_is_a_combination_of_offered_values(product: Table) -> None:
    options = product.get("options", [])
    assert len(options) <= 2
    offered = [[value["value"] for value in option["values"]] for option in options]
    combinations = [tuple(variant["values"]) for variant in product["variants"]]
    assert repeated(combinations) == []
    for combination in combinations:
        assert len(combination) == len(offered)
        for value, choices in zip(combination, offered, strict=True):
            assert value in choices
    bought = {value for combination in combinations for value in combination}
    assert bought == {value for choices in offered for value in choices}, "a value nobody can buy"


@each_product
def test_prices_stock_and_weights_are_whole_numbers(product: Table) -> None:
    for variant in product["variants"]:
        assert type(variant["price"]) is int
        assert 500 <= variant["price"] <= 30000
        assert type(variant["stock"]) is int
        assert variant["stock"] >= 0
        assert type(variant.get("compare_at", 1)) is int
        assert variant.get("compare_at", variant["price"] + 1) > variant["price"]
        assert type(variant.get("weight_grams", 1)) is int
        assert variant.get("weight_grams", 1) > 0


@each_product
def test_swatches_are_hex_colors_and_every_color_has_its_picture(
    product: Table,
) -> None:
    shown = {value for picture in product["pictures"] if picture["view"] == "alone" for value in picture["values"]}
    for option in product.get("options", []):
        for value in option["values"]:
            if "swatch" in value:
                assert re.fullmatch(r"#[0-9a-f]{6}", value["swatch"])
                assert value["value"] in shown


@each_product
def test_every_picture_says_what_is_seen(product: Table) -> None:
    offered = {v["value"] for option in product.get("options", []) for v in option["values"]}
    assert 1 <= len(product["pictures"]) <= 5
    assert repeated([picture["file"] for picture in product["pictures"]]) == []
    for picture in product["pictures"]:
        assert picture["alt"][0].isupper()
        assert len(picture["alt"]) >= 15
        assert "{" not in picture["alt"]
        assert not picture["alt"].endswith(".")
        assert picture["view"] in {"alone", "use", "detail"}
        assert set(picture["values"]) <= offered


def test_content_points_only_at_what_exists() -> None:
    targets = {f"/p/{slug}" for slug in SLUGS} | {"/"}
    targets |= {f"/c/{category['path']}" for category in CONTENT["category"]}
    targets |= {f"/collections/{collection['slug']}" for collection in CONTENT["collection"]}
    targets |= {f"/pages/{page['slug']}" for page in CONTENT["page"]}
    assert len(urls(CONTENT)) > 50
    assert [url for url in urls(CONTENT) if url not in targets] == []


def test_content_and_products_show_only_pictures_that_are_drawn() -> None:
    drawn = json.loads((DEMO / "images" / "index.json").read_text(encoding="utf-8"))
    asked = {f"{p['slug']}/{picture['file']}" for p in CATALOG for picture in p["pictures"]}
    assert [name for name in pictures(CONTENT) if name not in drawn] == []
    assert sorted(asked - drawn.keys()) == []


def test_home_has_its_parts() -> None:
    assert len(CONTENT["banner"]) == 3
    assert {banner["tone"] for banner in CONTENT["banner"]} <= {"light", "dark"}
    assert len(CONTENT["tile"]) == 4
    top = [category["path"] for category in CONTENT["category"] if "/" not in category["path"]]
    assert [section["category"] for section in CONTENT["section"]] == top
    for section in CONTENT["section"]:
        assert 1 <= len(section["titles"]) <= 4
        assert 1 <= len(section["pictures"]) <= 4


def test_collections_and_products_name_each_other() -> None:
    for collection in CONTENT["collection"]:
        naming = {p["slug"] for p in CATALOG if collection["slug"] in p.get("collections", [])}
        assert set(collection["products"]) == naming
        assert repeated(collection["products"]) == []


def test_every_country_of_a_zone_is_in_no_other_and_every_parcel_has_a_price() -> None:
    assert repeated([code for zone in CONTENT["zone"] for code in zone["countries"]]) == []
    heaviest = max(
        variant.get("weight_grams", product["weight_grams"]) for product in CATALOG for variant in product["variants"]
    )
    for zone in CONTENT["zone"]:
        assert all(re.fullmatch(r"[A-Z]{2}", code) for code in zone["countries"])
        for method in zone["method"]:
            assert method["days"][0] <= method["days"][1]
            if method["kind"] == "weight":
                limits = [tier["up_to"] for tier in method["tiers"]]
                assert limits == sorted(limits)
                assert limits[-1] >= heaviest
            else:
                assert method["amount"] > 0


def test_every_member_state_has_its_tax_rate() -> None:
    (rate,) = CONTENT["tax"]["rate"]
    assert set(rate["basis_points"]) == EU
    assert len(EU) == 27
    assert all(1500 <= points <= 2700 for points in rate["basis_points"].values())
    assert rate["basis_points"]["IE"] == 2300

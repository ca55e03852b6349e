"""Which variant a visitor means, without a database."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from storefront.browse.choice import Chosen, Stock, Wish, build_choice, choose
from storefront.catalog.details import OptionDetail, ProductDetail, ValueDetail, VariantDetail
from storefront.foundation.clock import now
from storefront.foundation.money import Money
from storefront.inventory.queries import SOLD_OUT, Availability

IN_STOCK = Availability("in_stock", 9, "In stock", 9)
MOSS, FOG, SMALL, LARGE = 11, 12, 21, 22
GLAZE = OptionDetail(1, "Glaze", [ValueDetail(MOSS, "Moss", "#87906a"), ValueDetail(FOG, "Fog", "#a7bcc4")])
SIZE = OptionDetail(2, "Size", [ValueDetail(SMALL, "Small", ""), ValueDetail(LARGE, "Large", "")])


def variant(variant_id: int, title: str = "", values: Mapping[int, int] | None = None,
            picture: int | None = None) -> VariantDetail:
    return VariantDetail(variant_id, f"SKU-{variant_id}", "", title, Money(100 * variant_id, "EUR"), None,
                         dict(values or {}), picture)


def product(options: list[OptionDetail], *variants: VariantDetail) -> ProductDetail:
    return ProductDetail(
        id=1, slug="bowl", url="/p/bowl", name="Bowl", subtitle="", brand="", description="", facts=[], tags=[],
        tax_category="standard", seo_title="", seo_description="", category_id=None, updated_at=now(), pictures=[],
        options=options, variants=list(variants),
    )


# Fog in Large is not made.
BOWL = product([GLAZE, SIZE], variant(1, "Moss / Small", {1: MOSS, 2: SMALL}),
               variant(2, "Moss / Large", {1: MOSS, 2: LARGE}, picture=2),
               variant(3, "Fog / Small", {1: FOG, 2: SMALL}))
ALL: Stock = {1: IN_STOCK, 2: IN_STOCK, 3: IN_STOCK}


@pytest.mark.parametrize(("wish", "expected"), [
    (Wish(), 1), (Wish(2), 2), (Wish(3, [MOSS]), 1), (Wish(1, [LARGE]), 2), (Wish(1, [MOSS, LARGE]), 2),
    (Wish(99), 1), (Wish(2, [99]), 2), (Wish(None, [FOG]), 3),
])
def test_a_wish_means_the_variant_that_fits(wish: Wish, expected: int) -> None:
    chosen = choose(BOWL, wish, ALL)
    assert (chosen.variant.id, chosen.notice) == (expected, "")


def test_what_is_not_made_leads_to_the_nearest_and_says_so() -> None:
    # From Moss / Large to Fog: the glaze asked for stays, the size gives way.
    assert choose(BOWL, Wish(2, [FOG, LARGE]), ALL) == Chosen(
        BOWL.variants[2], "We do not make it in Fog / Large. The nearest is Fog / Small.")
    # From Fog / Small to Large: the size asked for stays, the glaze gives way.
    assert choose(BOWL, Wish(3, [FOG, LARGE]), ALL) == Chosen(
        BOWL.variants[1], "We do not make it in Fog / Large. The nearest is Moss / Large.")


def test_without_a_wish_the_first_in_stock_is_shown_and_the_first_when_none_is() -> None:
    assert choose(BOWL, Wish(), {**ALL, 1: SOLD_OUT}).variant.id == 2
    assert choose(BOWL, Wish(), {}).variant.id == 1
    assert choose(BOWL, Wish(1), {**ALL, 1: SOLD_OUT}).variant.id == 1  # asked for by name


def test_options_say_what_is_not_to_be_had() -> None:
    choice = build_choice(BOWL, Chosen(BOWL.variants[1]), {**ALL, 1: SOLD_OUT}, "Including VAT")
    assert [(group.name, group.field) for group in choice.options] == [("Glaze", "option_1"), ("Size", "option_2")]
    said = [[(value.label, value.value, value.is_selected, value.is_available, value.note) for value in group.values]
            for group in choice.options]
    assert said == [
        [("Moss", MOSS, True, True, ""), ("Fog", FOG, False, False, "not made")],
        [("Small", SMALL, False, False, "sold out"), ("Large", LARGE, True, True, "")],
    ]
    assert (choice.variant_id, choice.sku, choice.price, choice.tax_note) == (
        2, "SKU-2", Money(200, "EUR"), "Including VAT")
    assert (choice.availability, choice.pictures_first) == (IN_STOCK, 2)
    assert choice.options[0].values[0].swatch == "#87906a"


def test_one_option_chooses_the_variant_itself() -> None:
    cup = product([GLAZE], variant(1, "Moss", {1: MOSS}), variant(3, "Fog", {1: FOG}))
    choice = build_choice(cup, Chosen(cup.variants[1]), {1: SOLD_OUT, 3: IN_STOCK}, "")
    (group,) = choice.options
    assert (group.name, group.field) == ("Glaze", "variant_id")
    assert [(value.value, value.label, value.swatch, value.is_selected, value.note) for value in group.values] == [
        (1, "Moss", "#87906a", False, "sold out"), (3, "Fog", "#a7bcc4", True, "")]


def test_one_variant_leaves_nothing_to_choose_and_nameless_ones_are_versions() -> None:
    single = product([], variant(1))
    assert build_choice(single, Chosen(single.variants[0]), ALL, "").options == []
    nameless = product([], variant(1), variant(2))
    (group,) = build_choice(nameless, Chosen(nameless.variants[0]), ALL, "").options
    assert (group.name, group.field, [value.label for value in group.values]) == (
        "Version", "variant_id", ["SKU-1", "SKU-2"])

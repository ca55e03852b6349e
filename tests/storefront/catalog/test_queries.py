"""Reads of variants and of what a choice of option values means."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, select

from storefront.catalog.models import Image, ImageState, OptionValue, Price, Product, Variant
from storefront.catalog.queries import read_variants, resolve_variant
from storefront.catalog.services import change_status, save_product
from storefront.foundation.database import db
from storefront.foundation.money import Money
from tests.factories.catalog import ACTOR, make_product, product_entry

pytestmark = pytest.mark.usefixtures("app")
TWO_OPTIONS = {"Glaze": ["Moss", "Fog"], "Size": ["Small", "Large"]}


def value_ids(product_id: int) -> dict[str, int]:
    product = db.session.get_one(Product, product_id)
    return {value.value: value.id for option in product.options for value in option.values}


def test_a_variant_is_read_with_what_a_cart_needs_of_it() -> None:
    made = make_product(slug="low-bowl", options={"Size": ["Small", "Large"]}, amounts={("Large",): 4600},
                        weight_grams=420, tax_category="reduced")
    small, large = made.variant_ids
    found = read_variants([small, large])
    assert set(found) == {small, large}
    info = found[large]
    assert (info.id, info.product_id, info.slug, info.name) == (large, made.id, "low-bowl", "Low Bowl")
    assert (info.url, info.title, info.sku) == (f"/p/low-bowl?variant={large}", "Large", "LOW-BOWL-LARGE")
    assert (info.price, info.compare_at, info.tax_category) == (Money(4600, "EUR"), None, "reduced")
    assert (info.weight_grams, info.needs_shipping, info.is_sellable, info.picture) == (420, True, True, None)
    assert found[small].price == Money(2400, "EUR")


def test_a_reduced_price_keeps_the_former_one_and_an_equal_one_does_not() -> None:
    reduced = make_product(slug="reduced", amount=2000, compare_at_amount=2400)
    equal = make_product(slug="equal", amount=2000, compare_at_amount=2000)
    found = read_variants([reduced.variant_id, equal.variant_id])
    assert found[reduced.variant_id].compare_at == Money(2400, "EUR")
    assert found[equal.variant_id].compare_at is None


def test_what_is_off_sale_is_there_and_says_so() -> None:
    inactive, archived, priceless = (make_product(slug=slug) for slug in ("inactive", "archived", "priceless"))
    change_status(product_id=inactive.id, status="inactive", actor=ACTOR)
    db.session.get_one(Variant, archived.variant_id).is_archived = True
    db.session.execute(delete(Price).where(Price.variant_id == priceless.variant_id))
    db.session.commit()
    found = read_variants([inactive.variant_id, archived.variant_id, priceless.variant_id])
    assert [info.is_sellable for info in found.values()] == [False, False, False]
    assert found[priceless.variant_id].price == Money(0, "EUR")


def test_unknown_and_impossible_ids_are_absent() -> None:
    made = make_product()
    assert list(read_variants([made.variant_id, made.variant_id + 1, 0, -1, 2**31, 2**70])) == [made.variant_id]
    assert read_variants([]) == {}


def test_a_whole_batch_is_one_query(count_queries: Callable[[], int]) -> None:
    ids = [make_product(slug=f"thing-{number}").variant_id for number in range(30)]
    db.session.remove()
    count_queries()
    assert len(read_variants(ids)) == 30
    assert count_queries() == 1


def test_the_picture_is_the_variants_own_or_else_the_first_at_hand() -> None:
    made = make_product(options={"Glaze": ["Moss", "Fog", "Chalk"]})
    rows = [Image(product_id=made.id, position=place, key=key * 32, alt=key, width=800, height=1000, state=state,
                  renditions={"webp": [320]})
            for place, (key, state) in enumerate([("a", ImageState.PENDING), ("b", ImageState.READY),
                                                  ("c", ImageState.READY), ("d", ImageState.FAILED)])]
    db.session.add_all(rows)
    db.session.flush()
    moss, fog, chalk = made.variant_ids
    db.session.get_one(Variant, fog).image_id = rows[2].id
    db.session.get_one(Variant, chalk).image_id = rows[3].id
    db.session.commit()
    found = read_variants(made.variant_ids)
    assert [found[variant_id].picture.alt for variant_id in (moss, fog, chalk)] == ["b", "c", "b"]  # type: ignore[union-attr]


def test_a_choice_of_values_means_the_variant_that_has_them() -> None:
    made = make_product(options=TWO_OPTIONS)
    values = value_ids(made.id)
    moss_small, moss_large, fog_small, fog_large = made.variant_ids
    assert resolve_variant(moss_small, [values["Fog"], values["Large"]]) == fog_large
    assert resolve_variant(fog_large, [values["Moss"]]) == moss_large  # the size stays
    assert resolve_variant(fog_small) == fog_small


def test_a_combination_that_is_not_on_sale_means_nothing(app: Flask) -> None:
    made = make_product(options=TWO_OPTIONS)
    other = make_product(slug="other", options={"Size": ["Huge"]})
    values = value_ids(made.id)
    db.session.get_one(Variant, made.variant_ids[3]).is_archived = True
    db.session.commit()
    first = made.variant_ids[0]
    assert resolve_variant(first, [values["Fog"], values["Large"]]) is None
    assert resolve_variant(made.variant_ids[3]) is None
    assert resolve_variant(first, [values["Fog"], values["Moss"]]) is None  # two answers to one option
    assert resolve_variant(first, [value_ids(other.id)["Huge"]]) is None
    for nonsense in (0, -1, 2**31, 2**80, other.variant_id + 1000):
        assert resolve_variant(nonsense, [values["Fog"]]) is None
        assert resolve_variant(first, [nonsense]) is None


def test_a_variant_without_options_is_itself_alone() -> None:
    made = make_product()
    entry = product_entry(slug="bowl", options={"Size": ["Small"]})
    assert resolve_variant(made.variant_id) == made.variant_id
    save_product(entry=entry, actor=ACTOR)  # the first variant is archived now, another has a size
    small = db.session.scalar(select(OptionValue.id).where(OptionValue.value == "Small"))
    assert small is not None
    assert resolve_variant(made.variant_id) is None

"""A product with everything its page shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from storefront.catalog.models import Image, ImageState, Price, Variant
from storefront.catalog.queries import read_product
from storefront.catalog.services import change_price, change_status
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.money import Money
from tests.factories.catalog import ACTOR, MadeProduct, make_product

pytestmark = pytest.mark.usefixtures("app")


def make_bowl() -> MadeProduct:
    made = make_product(slug="low-bowl", subtitle="For soup", brand="Plainsong", categories=("clay/bowls",),
                        description="<p>Turned.</p>", facts=(("Size", "16 cm"),), tags=("stoneware",),
                        options={"Glaze": ["Moss", "Fog"], "Size": ["Small", "Large"]},
                        amounts={("Fog", "Large"): 4600})
    rows = [Image(product_id=made.id, position=place, key=key * 32, alt=f"Picture {key}", width=800, height=1000,
                  state=state, renditions={"webp": [320, 640], "jpg": [640]})
            for place, (key, state) in enumerate([("a", ImageState.PENDING), ("b", ImageState.READY),
                                                  ("c", ImageState.READY)])]
    db.session.add_all(rows)
    db.session.flush()
    db.session.get_one(Variant, made.variant_ids[3]).image_id = rows[2].id
    db.session.get_one(Variant, made.variant_ids[2]).image_id = rows[0].id
    db.session.commit()
    return made


def test_a_product_is_read_whole_in_four_queries(count_queries: Callable[[], int]) -> None:
    made = make_bowl()
    db.session.remove()
    count_queries()
    product = read_product("low-bowl")
    assert count_queries() == 4
    assert read_product("low-bowl") == product
    assert count_queries() == 0
    assert (product.id, product.slug, product.url, product.name) == (made.id, "low-bowl", "/p/low-bowl", "Low Bowl")
    assert (product.subtitle, product.brand, product.description) == ("For soup", "Plainsong", "<p>Turned.</p>")
    assert (product.facts, product.tags) == ([("Size", "16 cm")], ["stoneware"])
    assert [picture.alt for picture in product.pictures] == ["Picture b", "Picture c"]
    assert product.pictures[0].src == f"/media/{'b' * 32}/640.jpg"
    assert [(option.name, [value.value for value in option.values]) for option in product.options] == [
        ("Glaze", ["Moss", "Fog"]), ("Size", ["Small", "Large"])]
    assert [(variant.title, variant.price, variant.picture) for variant in product.variants] == [
        ("Moss / Small", Money(2400, "EUR"), None), ("Moss / Large", Money(2400, "EUR"), None),
        ("Fog / Small", Money(2400, "EUR"), None), ("Fog / Large", Money(4600, "EUR"), 1)]
    glaze, size = product.options
    assert product.variants[3].values == {glaze.id: glaze.values[1].id, size.id: size.values[1].id}


def test_what_is_not_sold_any_more_is_left_out_with_its_answers() -> None:
    made = make_bowl()
    db.session.execute(update(Variant).where(Variant.id.in_(made.variant_ids[2:])).values(is_archived=True))
    db.session.execute(update(Price).where(Price.variant_id == made.variant_ids[1]).values(currency="JPY"))
    db.session.commit()
    product = read_product("low-bowl")
    assert [variant.title for variant in product.variants] == ["Moss / Small"]
    assert [(option.name, [value.value for value in option.values]) for option in product.options] == [
        ("Glaze", ["Moss"]), ("Size", ["Small"])]


def test_what_the_public_may_not_see_is_not_found_and_the_refusal_is_not_kept() -> None:
    for slug in ("low-bowl", "nothing", "", "a\0b"):
        with pytest.raises(NotFound):
            read_product(slug)
    made = make_bowl()
    assert read_product("low-bowl").id == made.id
    db.session.execute(update(Variant).values(is_archived=True))
    db.session.commit()
    change_status(product_id=made.id, status="inactive", actor=ACTOR)
    change_status(product_id=made.id, status="active", actor=ACTOR)
    with pytest.raises(NotFound):
        read_product("low-bowl")


def test_a_new_price_is_read_at_once() -> None:
    made = make_product()
    assert read_product("bowl").variants[0].price == Money(2400, "EUR")
    change_price(variant_id=made.variant_id, currency="EUR", amount=1900, compare_at_amount=2400, actor=ACTOR)
    variant = read_product("bowl").variants[0]
    assert (variant.price, variant.compare_at) == (Money(1900, "EUR"), Money(2400, "EUR"))

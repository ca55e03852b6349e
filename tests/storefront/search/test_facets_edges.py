"""Lists at their edges: random shops that change meanwhile, places in lists that move, choices without end."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from demo.filling import fill
from storefront.catalog.models import Category, Price, Product, Variant
from storefront.catalog.services import change_price, change_status
from storefront.foundation.database import db
from storefront.inventory.models import StockLevel
from storefront.inventory.services import correct_stock
from storefront.search import facets_facts
from storefront.search.facets import MAX_VALUES, Ask, Chosen, filter_categories, filter_products, read_index
from storefront.search.facets_block import ProductFacts, VariantFacts
from storefront.search.facets_saving import rebuild_facets
from tests.factories.catalog import ACTOR, make_category, make_product

MANY = 60
FACETS = ("brand", "color", "size", "material", "origin")


def test_random_shops_are_counted_right_before_and_after_a_worker_took_their_changes(
        app: Flask, run_jobs: Callable[[], int]) -> None:
    list(fill(MANY, seed=11))
    rebuild_facets()
    chance = random.Random(5)  # noqa: S311  # the same shop in every run
    everything = sorted(db.session.scalars(select(Category.id)))
    for turn in range(3):
        _change_something(chance)
        products = _read_all()
        for _ in range(6):
            chosen = _choose(chance, products)
            index = read_index()
            assert index is not None
            page = filter_categories(index, everything, Ask(chosen))
            assert page.total == len(_fitting(products, chosen)), chosen
            for facet in page.facets.facets:
                for choice in facet.choices:
                    only = Chosen({**chosen.values, facet.name: frozenset({choice.value})}, chosen.lowest,
                                  chosen.highest, chosen.in_stock, chosen.on_sale)
                    assert choice.count == len(_fitting(products, only)), (turn, chosen, facet.name, choice.value)
            ids = list(products)[::-1]
            assert filter_products(index, ids, Ask(chosen)).total == page.total
            db.session.rollback()
        if turn == 1:
            run_jobs()


def _change_something(chance: random.Random) -> None:
    ids = sorted(db.session.scalars(select(Product.id)))
    gone, came = chance.sample(ids, 2)
    change_status(product_id=gone, status="inactive", actor=ACTOR)
    change_status(product_id=came, status="active", actor=ACTOR)
    prices = db.session.execute(select(Variant.id, Price.amount).join(Price, Price.variant_id == Variant.id)
                                .order_by(Variant.id)).all()
    for variant_id, amount in chance.sample(prices, 4):
        change_price(variant_id=variant_id, currency="EUR", amount=amount // 2 + 100, compare_at_amount=amount + 200,
                     actor=ACTOR)
    levels = db.session.execute(select(StockLevel.variant_id, StockLevel.on_hand).where(StockLevel.on_hand > 0)
                                .order_by(StockLevel.variant_id)).all()
    for variant_id, count in chance.sample(levels, 4):
        correct_stock(variant_id=variant_id, delta=-count, actor=ACTOR, reason="counted")
    db.session.rollback()


def _read_all() -> dict[int, ProductFacts]:
    """The facts as the tables have them now; that they are read right is test_facets.py's question."""
    found = facets_facts.read_facts(db.session.scalars(select(Product.id)).all(), FACETS, "EUR")
    db.session.rollback()
    return found


def _choose(chance: random.Random, products: dict[int, ProductFacts]) -> Chosen:
    said = sorted({value for product in products.values()
                   for value in (*product.marks, *(value for variant in product.variants for value in variant.values))
                   if "=" in value})
    values: dict[str, frozenset[str]] = {}
    for choice in chance.sample(said, chance.randint(0, 3)):
        facet, _, value = choice.partition("=")
        values[facet] = values.get(facet, frozenset()) | {value}
    lowest = chance.choice((None, None, 2000))
    return Chosen(values, lowest, chance.choice((None, None, 9000)), chance.random() < 0.3, chance.random() < 0.2)


def _fitting(products: dict[int, ProductFacts], chosen: Chosen) -> list[int]:
    return [product.id for product in products.values()
            if any(_fits(product, variant, chosen) for variant in product.variants)]


def _fits(product: ProductFacts, variant: VariantFacts, chosen: Chosen) -> bool:
    said = product.marks | variant.values
    return (all(any(f"{facet}={value}" in said for value in values) for facet, values in chosen.values.items())
            and (chosen.lowest is None or variant.amount >= chosen.lowest)
            and (chosen.highest is None or variant.amount <= chosen.highest)
            and (variant.is_in_stock or not chosen.in_stock) and (variant.is_reduced or not chosen.on_sale))


def test_a_place_holds_while_the_list_moves(app: Flask, run_jobs: Callable[[], int],
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.search.facets.PAGE_SIZE", 3)
    made = [make_product(slug=f"thing-{number}", categories=("shelf",), amount=1000 + 100 * number)
            for number in range(9)]
    rebuild_facets()
    shelf = [make_category("shelf")]

    def turn(ask: Ask) -> tuple[list[int], Ask]:
        db.session.rollback()
        index = read_index()
        assert index is not None
        page = filter_categories(index, shelf, ask)
        return list(page.ids), Ask(sort="price", after=page.next)

    ids, onward = turn(Ask(sort="price"))
    assert ids == [product.id for product in made[:3]]
    change_status(product_id=made[2].id, status="inactive", actor=ACTOR)  # the place itself
    change_status(product_id=made[4].id, status="inactive", actor=ACTOR)
    make_product(slug="cheaper", categories=("shelf",), amount=500)  # before the place
    between = make_product(slug="between", categories=("shelf",), amount=1350)
    change_price(variant_id=made[8].variant_id, currency="EUR", amount=1360, compare_at_amount=None, actor=ACTOR)
    expected = [made[3].id, between.id, made[8].id], [made[index].id for index in (5, 6, 7)]
    for _ in range(2):
        second, farther = turn(onward)
        third, end = turn(farther)
        assert (second, third, end.after) == (*expected, None)
        run_jobs()


def test_a_facet_of_a_hundred_values_shows_the_chosen_ones_among_the_most_frequent(app: Flask) -> None:
    shades = [f"shade {number}" for number in range(100)]
    make_product(slug="paint", categories=("shelf",), options={"Shade": shades}, stock=0)
    make_product(slug="chalk", categories=("shelf",), options={"Shade": shades[:50]}, stock=0)
    rebuild_facets()
    index = read_index()
    assert index is not None
    asked = Chosen({"shade": frozenset(f"shade-{number}" for number in range(90, 100))})
    page = filter_categories(index, [make_category("shelf")], Ask(asked))
    [shade] = page.facets.facets
    assert page.total == 1
    assert len(shade.choices) == MAX_VALUES
    assert {choice.value for choice in shade.choices if choice.is_chosen} == asked.values["shade"]
    assert [choice.value for choice in shade.choices][:3] == ["shade-0", "shade-1", "shade-2"]
    assert {choice.count for choice in shade.choices} == {1, 2}


def test_an_empty_category_and_all_choices_at_once_are_pages_like_others(client: FlaskClient) -> None:
    make_category("empty")
    make_product(slug="bowl", categories=("clay",), options={"Color": ["Moss", "Fog"]}, brand="Acme")
    make_product(slug="lamp", categories=("light",), brand="Bolt")
    rebuild_facets()
    for address in ("/c/empty", "/c/empty?color=moss", "/c/empty?in_stock=1", "/c/clay?brand=bolt&color=moss",
                    "/c/clay?brand=acme&color=fog&color=moss&price=1-900&in_stock=1&on_sale=1&rating=4"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert 'class="card__name"' not in answer.text, address
        assert client.get(f"/listing{address}").status_code == 200
    assert client.get("/c/empty?page=2").status_code == 404

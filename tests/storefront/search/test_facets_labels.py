"""A label of product facts becomes a filter by itself, as soon as its values group products."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from storefront.catalog.services import change_status
from storefront.foundation.database import db
from storefront.search.facets import Ask, filter_categories, read_index
from storefront.search.facets_labels import MAX_VALUES, Seen, look_at
from storefront.search.facets_saving import rebuild_facets
from tests.factories.catalog import ACTOR, make_category, make_product


def filters() -> dict[str, dict[str, int]]:
    """The facets of the shelf with what each value would leave."""
    db.session.rollback()
    index = read_index()
    assert index is not None
    page = filter_categories(index, [make_category("shelf")], Ask())
    return {facet.label: {choice.label: choice.count for choice in facet.choices} for facet in page.facets.facets}


def make(number: int, **facts: str) -> int:
    return make_product(slug=f"thing-{number}", categories=("shelf",), brand="Acme", facts=list(facts.items())).id


@pytest.fixture
def shop(app: Flask, run_jobs: Callable[[], int]) -> None:
    """Two things whose facts group nothing yet."""
    make(1, Fabric="Wool", Number="1")
    make(2, Fabric="Silk", Number="2")
    rebuild_facets()
    run_jobs()


@pytest.mark.usefixtures("shop")
def test_a_new_label_becomes_a_filter_of_all_products_that_have_it(run_jobs: Callable[[], int]) -> None:
    assert filters() == {}
    make(3, Fabric="Wool", Number="3")
    run_jobs()
    assert filters() == {}  # silk is said of one thing only
    make(4, Fabric="Silk", Number="4")
    run_jobs()
    assert filters() == {"Fabric": {"Silk": 2, "Wool": 2}}
    make(5, Fabric="Felt", Number="5")
    run_jobs()
    assert filters() == {"Fabric": {"Felt": 1, "Silk": 2, "Wool": 2}}


@pytest.mark.usefixtures("shop")
def test_a_product_counts_once_however_often_it_changes(run_jobs: Callable[[], int]) -> None:
    product_id = make(3, Note="Signed")
    make(4, Note="Dated")
    for status in ["inactive", "active"] * 3:
        change_status(product_id=product_id, status=status, actor=ACTOR)
        run_jobs()
    assert filters() == {}


@pytest.mark.usefixtures("shop")
def test_more_products_than_are_remembered_are_found_when_a_second_value_comes(
        run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.search.facets_labels.ENOUGH", 3)
    for number in range(3, 8):
        make(number, Origin="Delft")
    run_jobs()
    assert filters() == {}  # nothing to choose
    make(8, Origin="Lyon")
    run_jobs()
    assert filters() == {"Origin": {"Delft": 5, "Lyon": 1}}


def test_a_label_with_too_many_values_is_given_up() -> None:
    seen: Seen = {}
    look_at(((number, [["Number", str(number)], ["Color", "Red"]]) for number in range(MAX_VALUES + 2)), seen)
    assert seen == {"number": None, "color": {"red": [*range(MAX_VALUES + 2)]}}

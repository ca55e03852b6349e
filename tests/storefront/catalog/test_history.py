from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from storefront.catalog.history import PricePoint, find_lowest, read_lowest_prices
from storefront.catalog.models import PriceChange
from storefront.catalog.queries import read_newest, read_product
from storefront.catalog.services import change_price, save_product
from storefront.foundation.database import db, transactional
from storefront.foundation.money import Money
from tests.factories.catalog import ACTOR, make_product, product_entry

TODAY = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = TODAY - timedelta(days=400)

# (days before today, amount, compare-at) of each change, oldest first → the lowest before the present reduction
HISTORIES = [
    ([(300, 5000, None)], None),
    ([(300, 5000, None), (5, 4000, 5000)], 5000),
    ([(300, 5000, None), (20, 3000, None), (15, 5000, None), (5, 4000, 5000)], 3000),
    ([(300, 3000, None), (36, 5000, None), (5, 4000, 5000)], 5000),  # the low one ended before the 30 days
    ([(300, 3000, None), (34, 5000, None), (5, 4000, 5000)], 3000),  # its last day lies within them
    ([(300, 5000, None), (25, 4000, 5000), (5, 3000, 5000)], 4000),  # a further cut is a reduction of its own
    ([(300, 5000, None), (25, 4000, 5000), (5, 4000, 6000)], 5000),  # only the struck price changed
    ([(300, 4000, None), (5, 4000, 5000)], 4000),  # no cut at all, and it shows
    ([(300, 5000, None), (25, 4000, 5000), (5, 5000, None)], None),  # the reduction is over
    ([(10, 5000, None), (5, 4000, 5000)], 5000),  # newer than 30 days: since it was on sale
    ([(5, 4000, 5000)], None),  # reduced from its first day: nothing was asked before
    ([(90, 4000, 5000), (50, 5000, None), (40, 4000, 5000)], 4000),  # raised for ten days hides nothing
    ([(300, 5000, None), (200, 3000, 5000)], 5000),  # counted back from the reduction, not from today
]


@pytest.mark.parametrize(("history", "expected"), HISTORIES)
def test_the_lowest_price_of_the_thirty_days_before_the_reduction(
    history: list[tuple[int, int, int | None]], expected: int | None
) -> None:
    points = [PricePoint(TODAY - timedelta(days=days), amount, compare_at) for days, amount, compare_at in history]
    assert find_lowest(points, on_sale_since=LONG_AGO) == expected


def test_prices_from_before_it_was_on_sale_were_asked_of_nobody() -> None:
    points = [PricePoint(TODAY - timedelta(days=days), amount, compare_at)
              for days, amount, compare_at in ((20, 100, None), (12, 5000, None), (3, 4000, 5000))]
    assert find_lowest(points, on_sale_since=TODAY - timedelta(days=10)) == 5000
    assert find_lowest(points, on_sale_since=None) is None


@pytest.mark.usefixtures("app")
def test_every_change_is_written_down_once_whoever_makes_it() -> None:
    bowl = make_product(slug="bowl", amount=2400)
    save_product(entry=product_entry(slug="bowl", amount=2400), actor=ACTOR)
    save_product(entry=product_entry(slug="bowl", amount=2000, compare_at_amount=2400), actor=ACTOR)
    change_price(variant_id=bowl.variant_id, currency="EUR", amount=1800, compare_at_amount=2400, actor=ACTOR)
    change_price(variant_id=bowl.variant_id, currency="EUR", amount=1800, compare_at_amount=2400, actor=ACTOR)
    rows = db.session.execute(select(PriceChange.amount, PriceChange.compare_at_amount)
                              .where(PriceChange.variant_id == bowl.variant_id).order_by(PriceChange.id)).all()
    assert [tuple(row) for row in rows] == [(2400, None), (2000, 2400), (1800, 2400)]
    assert read_lowest_prices([bowl.variant_id]) == {bowl.variant_id: 2000}


@pytest.mark.usefixtures("app")
def test_the_history_cannot_be_rewritten() -> None:
    make_product(slug="bowl", amount=2400)

    @transactional
    def rewrite() -> None:
        db.session.execute(update(PriceChange).values(amount=1))

    with pytest.raises(DBAPIError, match="append-only"):
        rewrite()


def test_a_reduction_names_the_prior_price_on_page_card_and_cart(
    client: FlaskClient, count_queries: Callable[[], int]
) -> None:
    bowl = make_product(slug="bowl", amount=2400)
    make_product(slug="cup", amount=900)
    change_price(variant_id=bowl.variant_id, currency="EUR", amount=1800, compare_at_amount=3000, actor=ACTOR)
    assert read_product("bowl").variants[0].lowest_before == Money(2400, "EUR")
    assert [card.lowest_before for card in read_newest()] == [None, Money(2400, "EUR")]
    sentence = "Lowest price of the 30 days before:"
    page = client.get("/p/bowl").text
    assert sentence in page
    assert "€24.00" in page
    assert sentence not in client.get("/p/cup").text
    client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": "1"})
    assert f"{sentence} €24.00" in client.get("/cart").text

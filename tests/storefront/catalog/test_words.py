"""Search by plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from storefront.catalog.models import Product
from storefront.catalog.queries import find_by_words, read_cards
from storefront.catalog.words import MAX_QUERY, MAX_WORDS, read_words, stem, tidy_query
from storefront.foundation.database import db
from tests.factories.catalog import make_product


def find(text: str) -> list[str]:
    return [card.slug for card in read_cards(find_by_words(text, 100))]


@pytest.fixture
def shop(app: object) -> None:
    make_product(slug="low-bowl", name="Low Bowl", subtitle="For salad", brand="Plainsong", tags=("stoneware",))
    make_product(slug="deep-bowl", name="Deep Bowl", subtitle="For noodles", tags=("crème",))
    make_product(slug="throw", name="Herringbone Throw", subtitle="Wool, 100% lamb_s", brand="Tulloe")
    make_product(slug="draft", name="Bowl to be", status="draft")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("text", "slugs"), [
    ("throw", ["throw"]),
    ("THROW herringbone", ["throw"]),  # any order, any case
    ("bowls", ["deep-bowl", "low-bowl"]),  # a plural finds the one
    ("low bowl", ["low-bowl", "deep-bowl"]),  # more hits first
    ("bowl deep nonsense", ["deep-bowl", "low-bowl"]),  # every word may be missing
    ("tulloe", ["throw"]), ("stoneware", ["low-bowl"]), ("noodles", ["deep-bowl"]),
    ("LOW-BOWL", ["low-bowl"]),  # the SKU
    ("crème", ["deep-bowl"]),  # kept as \u00e8 in JSON
    ("100%", ["throw"]), ("lamb_s", ["throw"]), ("b_wl", []), ("nothing", []),
])
def test_words_find_products(text: str, slugs: list[str]) -> None:
    assert find(text) == slugs


@pytest.mark.usefixtures("shop")
def test_a_name_weighs_more_than_a_tag_and_sales_decide_between_equals() -> None:
    make_product(slug="tagged", name="Thing", tags=("throw",))
    assert find("throw") == ["throw", "tagged"]
    db.session.execute(update(Product).where(Product.slug == "low-bowl").values(sales_count=3))
    db.session.commit()
    assert find("bowl") == ["low-bowl", "deep-bowl"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("text", [
    "", " ", "\0", "%", "_", "\\", "' OR 1=1 --", "🍵", "AND OR NOT", "((((", '"', "*" * 500, "a" * 10_000,
    "word " * 2_000, "\ud800", "%00", "\u202eabc", "ﷺ" * 50,
])
def test_any_text_is_answered(text: str) -> None:
    assert len(find_by_words(text, 3)) <= 3


@given(st.text(max_size=300))
def test_tidy_text_is_short_one_line_and_tidy_already(text: str) -> None:
    tidy = tidy_query(text)
    assert len(tidy) <= MAX_QUERY
    assert "\n" not in tidy
    assert "\0" not in tidy
    assert tidy_query(tidy) == tidy
    tidy.encode()
    assert len(read_words(text)) <= MAX_WORDS


def test_words_are_read_once_without_plurals_and_lone_letters() -> None:
    assert read_words("Bowls, bowl & a PS-LBW-MOS!") == ["bowl", "ps-lbw-mos"]
    assert read_words("a") == ["a"]
    assert read_words("茶 a") == ["茶"]
    assert [stem(word) for word in ("glass", "dishes", "boxes", "cups", "gas", "näs", "2s")] == [
        "glass", "dish", "box", "cup", "gas", "näs", "2s"]

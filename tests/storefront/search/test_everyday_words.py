"""Words that shoppers use of a whole shop: its categories, its pages, and words that it does not know."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from storefront.catalog.models import Variant
from storefront.catalog.services import save_category
from storefront.content.services import save_page
from storefront.foundation.database import db
from storefront.search.models import StaleProduct
from storefront.search.queries import match_products
from storefront.search.services import rebuild_documents
from storefront.search.stale import note_stale
from storefront.search.suggestions import suggest
from tests.factories.catalog import make_category, make_product
from tests.storefront.search.test_queries import add_synonyms, find


@pytest.fixture
def shop(app: Flask) -> Flask:
    for path, name in (("paper", "Paper"), ("paper/books", "Books"), ("light", "Light")):
        make_category(path, name)
    make_product(slug="globe", name="Paper Globe", categories=("light",))
    make_product(slug="diary", name="Diary", categories=("paper/books",), brand="Hesk Bindery")
    make_product(slug="shade", name="Dome Lamp", tags=("reading",), categories=("light",))
    make_product(slug="lamp", name="Reading Lamp", description="<p>For both boards, of paper</p>")
    make_product(slug="card", name="Leaf Card", tags=("tableware",))
    make_product(slug="block", name="Block")
    make_product(slug="lift", name="Piece", description="<p>Lift, safe, soft, show, other, warm, same, back, back</p>")
    save_page(slug="returns", title="Returns and withdrawal", summary="", body="<p>Fourteen days for a refund.</p>")
    rebuild_documents()
    return app


@pytest.mark.usefixtures("shop")
def test_the_name_of_a_category_above_finds_what_lies_below_it(client: FlaskClient) -> None:
    assert find("paper") == ["diary", "globe"]
    assert find("papers") == ["diary", "globe"]
    assert find("hesk bindery") == ["diary"]
    page = client.get("/search?q=papers").text
    assert page.index('href="/c/paper">Category: Paper') < page.index('href="/p/diary"')
    assert "Category:" not in client.get("/search?q=paper+globe").text
    add_synonyms("stationery, paper")
    assert find("stationery") == ["diary", "globe"]


def test_another_name_of_a_category_reaches_what_lies_below_it(shop: Flask, run_jobs: Callable[[], int]) -> None:
    run_jobs()
    save_category(path="paper", name="Stationery")
    assert run_jobs()
    assert find("stationery") == ["diary"]
    note_stale(events=[("CategoryChanged", {"category_id": 1})])  # an intro, a place: found as before
    assert db.session.scalars(select(StaleProduct.product_id)).all() == []


@pytest.mark.usefixtures("shop")
def test_words_nobody_knows_are_not_made_into_others(client: FlaskClient) -> None:
    for words in ("gift", "gifts", "sofa", "sale"):
        found = match_products(words)
        assert (found.ids, found.corrected, found.hint) == ([], "", ""), words
    for words, slug in (("gift card", "card"), ("leaf for my mother", "card"), ("name:diary", "diary"),
                        ("table ware", "card"), ("running shoes diary", "diary")):
        assert (find(words)[:1], match_products(words).corrected) == ([slug], ""), words
    doubtful = match_products("black")  # `back` is used as much, but no product goes by it
    assert (doubtful.ids, doubtful.corrected, doubtful.hint) == ([], "", "block")
    page = client.get("/search?q=black").text
    assert 'Did you mean <a href="/search?q=block">block</a>?' in page
    assert "<h1>Nothing goes by “black”</h1>" in page


@pytest.mark.usefixtures("shop")
def test_a_doubtful_guess_is_shown_below_its_question_where_only_the_beginning_is_askew(client: FlaskClient) -> None:
    for words, hint, products in (("xglobe", "globe", 1), ("erading", "reading", 2)):
        found = match_products(words)
        assert (found.hint, found.corrected, found.is_guess, found.is_whole) == (hint, "", True, False), words
        assert len(found.ids) == products, words
    page = client.get("/search?q=erading").text
    assert "Nothing goes by “erading”. Did you mean" in page
    assert 'href="/p/lamp"' in page
    other = match_products("leading")  # another word, and no slip
    assert (other.ids, other.hint, other.is_guess) == ([], "reading", False)


@pytest.mark.usefixtures("shop")
def test_words_written_together_ask_for_both() -> None:
    assert find("readinglamp")[0] == "lamp"
    assert match_products("readinglamp").corrected == "reading lamp"


@pytest.mark.usefixtures("shop")
def test_the_beginning_of_a_sku_finds_its_product(app: Flask) -> None:
    make_product(slug="bowl", name="Plain thing", options={"Glaze": ("Moss", "Oat")})  # SKUs: BOWL-MOSS, BOWL-OAT
    rebuild_documents()
    for words in ("BOWL-M", "bowl-moss", "bowl-"):
        assert (find(words), match_products(words).corrected) == (["bowl"], ""), words
    assert match_products("BOWL-M").code == ""
    assert match_products("bowl-moss").code == "_bowlmoss"


@pytest.mark.usefixtures("shop")
def test_a_code_that_is_typed_suggests_the_variant(client: FlaskClient) -> None:
    bowl = make_product(slug="bowl", name="Plain thing", options={"Glaze": ("Moss", "Oat", "Ochre")})
    db.session.execute(update(Variant).where(Variant.id == bowl.variant_ids[1]).values(gtin="4006381333931"))
    db.session.commit()
    rebuild_documents()
    url = "/p/bowl?variant={}".format
    moss, oat, ochre = map(url, bowl.variant_ids)
    for words, wanted in (
            ("BOWL-OAT", [(oat, "Oat · BOWL-OAT")]), ("bowloat", [(oat, "Oat · BOWL-OAT")]),
            ("bowl-o", [(oat, "Oat · BOWL-OAT"), (ochre, "Ochre · BOWL-OCHRE")]),
            ("bowl-", [(moss, "Moss · BOWL-MOSS"), (oat, "Oat · BOWL-OAT"), (ochre, "Ochre · BOWL-OCHRE")]),
            ("4006381333931", [(oat, "Oat · 4006381333931")]), ("40063", [(oat, "Oat · 4006381333931")]),
            ("plain thing", [("/p/bowl", "")])):
        found = suggest(words)
        assert [(offered.url, offered.version) for offered in found.products] == wanted, words
        assert found.corrected == "", words
    assert 'Plain thing <span class="hint__version">Oat · BOWL-OAT' in client.get("/search/suggestions?q=bowl-oa").text


@pytest.mark.usefixtures("shop")
def test_a_search_costs_few_statements(count_queries: Callable[[], int]) -> None:
    match_products("lamp")  # what is kept from now on: the index, the synonyms
    # How often the words are used; what they or their endings may be; what has the code and what all words, at once
    # on PostgreSQL, which is also told how long it may take, and that the rest may take longer.
    statements = 5 if db.engine.dialect.name == "postgresql" else 4
    for words in ("lamp", "redaing"):
        db.session.rollback()
        count_queries()
        match_products(words)
        assert count_queries() == statements, words


@pytest.mark.usefixtures("shop")
def test_pages_are_ways_on(client: FlaskClient) -> None:
    assert 'href="/pages/returns">Returns and withdrawal' in client.get("/search?q=return").text
    assert 'href="/pages/returns">Returns' in client.get("/search?q=refund").text.split('id="listing"')[0]
    assert 'href="/pages/returns">Returns and' not in client.get("/search?q=diary").text.split("<footer")[0]
    add_synonyms("sending back, returns")
    assert 'href="/pages/returns">Returns and withdrawal' in client.get("/search?q=sending+back").text


@pytest.mark.usefixtures("shop")
def test_suggested_words_are_names_and_the_last_row_asks_for_everything() -> None:
    assert [way.label for way in suggest("bo").queries] == ["books", "Everything for “bo”"]
    assert suggest("bo").queries[-1].url == "/search?q=bo"
    assert suggest("zzzz").queries == []
    slip = suggest("bindrey he")
    assert (slip.corrected, slip.queries[0].label) == ("bindery he", "bindery hesk")

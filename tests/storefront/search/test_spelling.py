"""Slips: what is put right, what is only asked, and how much one request may look at for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.foundation.database import db
from storefront.search.queries import find_begun, match_products, read_index
from storefront.search.services import rebuild_documents
from storefront.search.slips import LONGEST, count_slips, is_sure, slips
from storefront.search.spelling import MAX_NEIGHBORS, Speller
from tests.factories.catalog import make_product
from tests.storefront.search.test_queries import add_synonyms, find


@pytest.fixture
def shop(app: Flask) -> Flask:
    make_product(slug="bud-vase", name="Bud Vase", options={"Glaze": ("Moss",)})  # SKU: BUD-VASE-MOSS
    make_product(slug="lamp", name="Table Lamp", description="<p>Back and soft: no notes, but a book fits.</p>")
    make_product(slug="notebook", name="Notebook", description="<p>Not a book to read; not soft.</p>")
    make_product(slug="plate", name="Plate", description="<p>Not soft, not a book.</p>")
    make_product(slug="cushion", name="Cushion")
    make_product(slug="tea-bowl", name="Tea Bowl")
    make_product(slug="globe", name="Глобус")
    rebuild_documents()
    return app


@pytest.mark.usefixtures("shop")
def test_a_slip_in_a_short_word_is_asked_above_what_the_guess_finds(client: FlaskClient) -> None:
    for words, hint, slugs in (("vaze", "vase", ["bud-vase"]), ("lamo", "lamp", ["lamp"]),
                               ("boul", "bowl", ["tea-bowl"]), ("plte", "plate", ["plate"]),
                               ("sofa vaze", "sofa vase", ["bud-vase"])):
        found = match_products(words)
        assert (found.corrected, found.hint, found.is_guess, found.is_whole) == ("", hint, True, False), words
        assert sorted(find(words)) == slugs, words
    page = client.get("/search?q=vaze").text
    assert 'Nothing goes by “vaze”. Did you mean <a href="/search?q=vase">vase</a>?' in page
    assert 'href="/p/bud-vase"' in page


@pytest.mark.usefixtures("shop")
def test_a_word_of_the_language_is_no_slip_of_one_that_descriptions_use() -> None:
    for words in ("sofa", "black", "bank", "boot"):
        found = match_products(words)
        assert (found.ids, found.corrected, found.hint, found.is_guess) == ([], "", "", False), words


@pytest.mark.usefixtures("shop")
def test_a_sure_slip_wins_over_two_words_written_together() -> None:
    found = match_products("notbook")
    assert (found.corrected, found.hint, find("notbook")) == ("notebook", "", ["notebook"])


@pytest.mark.usefixtures("shop")
def test_words_of_synonyms_are_known_to_spelling() -> None:
    add_synonyms("pillow, cushion")
    add_synonyms("settee, davenport")  # neither is sold
    add_synonyms("wall art, plate")
    for words, corrected, slugs in (("pilow", "pillow", ["cushion"]), ("pillow", "", ["cushion"]),
                                    ("davenprot", "", []), ("wall atr", "", [])):
        found = match_products(words)
        assert (found.corrected, found.hint, find(words)) == (corrected, "", slugs), words
    add_synonyms("tea bowl, chawan")
    assert (find("chawna"), match_products("chawna").corrected) == (["tea-bowl"], "chawan")
    index = read_index()
    assert index is not None
    begun = find_begun("pilow", index, 5)
    assert (begun.product_ids, begun.corrected) == (match_products("cushion").ids, "pillow")


@pytest.mark.usefixtures("shop")
def test_one_sign_lies_in_synonyms() -> None:
    add_synonyms("茶碗, tea bowl")
    add_synonyms("花瓶, vase")
    assert [find(words) for words in ("茶碗", "茶", "碗", "花", "抹")] == [["tea-bowl"]] * 3 + [["bud-vase"], []]


@pytest.mark.usefixtures("shop")
def test_the_beginning_of_a_code_is_found_however_it_is_divided() -> None:
    for words in ("BUD-VASE-M", "BUDV", "budvas", "budvase m", "bud-va se-mo"):
        assert find(words)[:1] == ["bud-vase"], words
    assert match_products("budvas").corrected == ""
    make_product(slug="table", name="Thing", options={"Kind": ("Lamp",)})  # SKU: TABLE-LAMP
    rebuild_documents()
    assert find("table") == find("tabl") == ["lamp"]  # a word that is known begins no code
    assert find("table-") == ["table"]


def test_slips_are_few_and_of_letters_in_use() -> None:
    for word in ("bowl", "notebook", "глобус", "ƃ", "Ωmega", "wh1000xm4", "カップ", "σ" * 20):
        near = slips(word)
        assert near
        assert len(near) <= count_slips(word), word
    assert (len(slips("bowl")), len(slips("глобус")), len(slips("ƃƃƃƃ"))) == (233, 519, 2)
    assert not slips("a" * (LONGEST + 1))
    assert count_slips("ж" * 40) == 0
    assert {"глобуса", "гобус", "голбус", "глопус"} <= slips("глобус")
    assert is_sure("vaze", "vase") is False
    assert is_sure("sale", "tale") is None


@pytest.mark.usefixtures("shop")
def test_one_request_writes_down_so_many_neighbors_and_no_more(count_queries: Callable[[], int]) -> None:
    words = ["абвдежзк"[at:] + "абвдежзк"[:at] for at in range(8)]
    speller = Speller(_side(), {})
    each = len(slips(words[0]))
    for word in words:
        assert speller.correct(word) is None
    fit = MAX_NEIGHBORS // count_slips(words[0])
    assert (each, fit) == (679, 5)
    assert speller.budget == MAX_NEIGHBORS - fit * each
    assert fit < len(words)
    count_queries()
    assert speller.correct(words[0]) is None
    assert count_queries() == 0  # each word once
    assert speller.correct("глобусю") is None  # beyond the budget: as it was typed
    assert Speller(_side(), {}).correct("глобусю") is not None


@pytest.mark.usefixtures("shop")
def test_words_that_are_too_long_for_a_slip_are_asked_little(count_queries: Callable[[], int]) -> None:
    match_products("lamp")
    # Each once: their uses; of each word what it begins and what holds it; codes. PostgreSQL is told its patience.
    told = 2 if db.engine.dialect.name == "postgresql" else 0
    for words, statements in (("ж" * 40 + " " + "щ" * 40, 6), ("Ω" * 100, 4), ("ƃ" * 100, 4)):
        db.session.rollback()
        count_queries()
        assert match_products(words).ids == []
        assert count_queries() == statements + told, words


def _side() -> str:
    index = read_index()
    assert index is not None
    return index.side

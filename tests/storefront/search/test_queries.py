"""What people type and what they find, over both engines."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from storefront.catalog.models import Product
from storefront.catalog.queries import read_cards
from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, transactional
from storefront.search.matches import MAX_MATCHES
from storefront.search.models import SynonymGroup
from storefront.search.queries import match_products
from storefront.search.services import rebuild_documents
from tests.factories.catalog import make_category, make_product

BAD = [
    "", " ", "\0", "%", "_", "\\", "' OR 1=1 --", "🍵", "AND OR NOT", "((((", '"', "*" * 500, "a" * 10_000,
    "word " * 2_000, "\ud800", "%00", "\u202ebowl\u202c", "ﷺ" * 50, "NEAR(bowl)", "terms:bowl", "bowl*", '"bowl',
    "-bowl", "bowl & !throw | (", "bowl:*A", "a'b:c", "^bowl", "'; DROP TABLE search_engine_a", "bo\0wl", "{bowl}", "_",
    "茶", "1 2 3 4 5 6 7 8 9 10 11 12 13 14", "x1" * 60, "\u0301\u0302", "bowl\u200b", "- - -",
    "\n\r\t", "＂ｂｏｗｌ＂", "a*", "b",
    " ".join(f"word{number}" for number in range(300)), "'" * 200, "抹茶碗" * 400, "\u200f" * 90,
    "🍵" * 300, "9" * 5_000, "qwrtzxcv" * 12, "0" * 100, "a.b@c.de", "\\x00", "SELECT * FROM search_word--", "bowl OR",
]


def find(words: str) -> list[str]:
    return [card.slug for card in read_cards(match_products(words).ids)]


@pytest.fixture
def shop(app: Flask) -> Flask:
    make_category("tableware", "Tableware")
    make_product(slug="low-bowl", name="Low Moss Bowl", subtitle="For salad", brand="Plainsong", tags=("stoneware",),
                 options={"Glaze": ("Oxblood", "Celadon")})
    make_product(slug="deep-bowl", name="Deep Bowl", subtitle="For noodles", tags=("crème",), categories=("tableware",))
    make_product(slug="throw", name="Herringbone Throw", brand="Tulloe",
                 description="<p>Woven of merino &amp; silk</p>")
    make_product(slug="drive", name="Kestrel KX-4400 Drive 64GB")
    make_product(slug="other-drive", name="Kestrel KX-9900 Drive 128 GB")
    make_product(slug="chawan", name="抹茶碗 Chawan")
    make_product(slug="draft", name="Bowl to be", status="draft")
    rebuild_documents()
    return app


FINDS = [
    ("throw HERRINGBONE", ["throw"]),  # any order, any case
    ("bowls", ["deep-bowl", "low-bowl"]),  # stems
    ("moss bowl", ["low-bowl", "deep-bowl"]),  # what holds all words first, then what holds some
    ("bowl deep nonsense", ["deep-bowl", "low-bowl"]),  # no word must be there
    ("tulloe", ["throw"]), ("stoneware", ["low-bowl"]), ("noodles", ["deep-bowl"]), ("oxblood", ["low-bowl"]),
    ("tableware", ["deep-bowl"]), ("merino silk", ["throw"]),  # brand, tag, subtitle, option, category, description
    ("creme", ["deep-bowl"]), ("CRÈME", ["deep-bowl"]), ("hérringbone", ["throw"]),  # accents
    ("herri", ["throw"]), ("bone", ["throw"]),  # beginnings, and parts of words nobody knows
    ("herringbnoe", ["throw"]), ("herringbonne", ["throw"]), ("harringbome", ["throw"]), ("hwrringbone", ["throw"]),
    ("bwol", ["deep-bowl", "low-bowl"]), ("herringbonethrow", ["throw"]),  # slips, a space forgotten
    ("64 gb kestrel", ["drive", "other-drive"]), ("128gb", ["other-drive"]), ("kx4400", ["drive"]),
    ("kx 4400", ["drive"]), ("KX-9900", ["other-drive"]),  # figures however they are divided
    ("LOW-BOWL-OXBLOOD", ["low-bowl"]), ("lowbowlceladon", ["low-bowl"]), ("THROW", ["throw"]),  # SKUs
    ("茶碗", ["chawan"]), ("抹茶", ["chawan"]), ("茶", ["chawan"]),  # pairs of signs
    ("nothing", []), ("zzzzzz", []),
]


@pytest.mark.usefixtures("shop")
def test_words_find_products() -> None:  # one test: a shop of its own for each would take minutes
    assert [(words, find(words)) for words, _ in FINDS] == FINDS


@pytest.mark.usefixtures("shop")
def test_what_was_looked_for_instead_is_said() -> None:
    slip = match_products("Herringbnoe throw!")
    assert (slip.query, slip.corrected, slip.hint) == ("Herringbnoe throw!", "herringbone throw!", "")
    assert match_products("herringbone throw").corrected == ""
    assert match_products("herri").corrected == ""  # begun, not misspelled


def test_a_word_that_is_rare_and_near_a_common_one_brings_a_question(client: FlaskClient) -> None:
    for number in range(20):
        make_product(slug=f"kettle-{number}", name="Kettle")
    make_product(slug="cattle", name="Kattle figure")
    rebuild_documents()
    found = match_products("kattle")
    assert (len(found.ids), found.corrected, found.hint) == (1, "", "kettle")
    assert 'Did you mean <a href="/search?q=kettle">kettle</a>?' in client.get("/search?q=kattle").text


@pytest.mark.usefixtures("shop")
def test_sales_decide_between_equals() -> None:
    assert find("bowl") == ["deep-bowl", "low-bowl"]
    db.session.execute(update(Product).where(Product.slug == "low-bowl").values(sales_count=500, name="Low Bowl"))
    db.session.commit()
    rebuild_documents()
    assert find("bowl") == ["low-bowl", "deep-bowl"]


@pytest.mark.usefixtures("shop")
def test_synonyms_stand_for_each_other_at_once() -> None:
    assert find("crockery") == find("blanket") == []
    add_synonyms("crockery, bowl")
    add_synonyms("woolen blanket, throw")
    assert find("crockery") == ["deep-bowl", "low-bowl"]
    assert find("woolen blanket") == ["throw"]
    assert match_products("crockery").corrected == ""


@pytest.mark.usefixtures("shop")
def test_any_text_is_answered() -> None:
    for words in BAD:
        found = match_products(words)
        assert len(found.ids) <= MAX_MATCHES
        found.query.encode()


def test_any_text_at_all_is_answered(shop: Flask) -> None:
    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(max_size=60) | st.from_regex(r"""\A[ a-e&|!():*"'^_\-1-3]{1,30}\Z"""))
    def ask(words: str) -> None:
        found = match_products(words)
        assert len(set(found.ids)) == len(found.ids)

    with shop.app_context():
        ask()


@pytest.mark.schema
@pytest.mark.usefixtures("shop")
def test_a_broken_index_leaves_plain_search() -> None:
    for side in ("a", "b"):
        db.session.execute(text(f"DROP TABLE search_engine_{side}"))
    db.session.commit()
    assert find("moss") == ["low-bowl"]
    assert match_products("herringbnoe").ids == []  # plain search forgives nothing
    rebuild_documents()
    assert find("herringbnoe") == ["throw"]


@transactional
def add_synonyms(words: str) -> None:
    db.session.add(SynonymGroup(words=words))
    invalidate("search")

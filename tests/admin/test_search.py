"""Synonyms in the panel."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.foundation.database import db
from storefront.search.models import SynonymGroup
from storefront.search.services import rebuild_documents
from tests.admin.conftest import Panel
from tests.factories.catalog import make_product


def test_a_group_of_words_finds_at_once_and_bad_ones_are_told_what_is_wrong(
        staff: Panel, shopper: FlaskClient) -> None:
    make_product(slug="couch", name="Long Couch")
    rebuild_documents()
    assert "Long Couch</a>" not in listing(shopper, "settee")
    staff.post("/admin/synonyms/new/", {"words": " settee;couch ,, Settee\ncouch "})
    assert db.session.scalars(select(SynonymGroup.words)).all() == ["settee, couch, Settee"]
    assert "Long Couch</a>" in listing(shopper, "settee")
    for words in ("", "sofa", "sofa, ", "🍵, 🍵🍵", "sofa, !!", "a, " + "b" * 61, "a, one two three four five",
                  ", ".join(f"word{number}" for number in range(21)), "\0", "x" * 10_000):
        page = staff.post("/admin/synonyms/new/", {"words": words}, status=422).text
        assert "has-error" in page
    db.session.rollback()
    row_id = db.session.scalars(select(SynonymGroup.id)).one()
    staff.post(f"/admin/synonyms/{row_id}/deletion")
    assert "Long Couch</a>" not in listing(shopper, "settee")


def listing(shopper: FlaskClient, words: str) -> str:
    """Return the found products of the page, without the popular ones that a page without any offers."""
    return shopper.get(f"/search?q={words}").text.split("suggestions__title")[0]

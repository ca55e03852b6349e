"""A collection's rule in the panel: shown before it is saved, read back, refused in words."""

import pytest
from sqlalchemy import select

from admin import collections as panel
from storefront.catalog import collections
from storefront.catalog.models import Collection, CollectionEntry, Product
from storefront.catalog.queries import read_collection_cards
from storefront.catalog.rules import InStock, OfBrand, Priced, PublishedBetween, Rule, Tagged, read_rule
from storefront.foundation.database import db
from tests.admin.conftest import Panel, problems_of, read_form
from tests.factories.catalog import make_product

NEW = "/admin/collections/new/"
FORM = {"name": "Under thirty", "slug": "under-thirty", "is_published": "y"}


def test_a_rule_is_shown_saved_and_read_back(staff: Panel) -> None:
    make_product(slug="bowl", name="Low Bowl", amount=2000, brand="Burren Clay", tags=("ash",))
    make_product(slug="lamp", name="Reading Lamp", amount=9000, brand="Burren Clay")
    said = {"brands": " burren clay ,", "highest": "29.99", "order": "price"}
    shown = staff.post(NEW, FORM | said | {"preview": "1"}, status=200).text
    assert "1 product fits" in shown
    assert "Low Bowl" in shown
    assert "Reading Lamp" not in shown
    assert db.session.scalars(select(Collection)).all() == []
    staff.post(NEW, FORM | said | {"has_rule": "y"})
    row = db.session.scalars(select(Collection)).one()
    rule = read_rule(row.rule)
    assert rule.conditions[1:] == (Priced(None, 2999),)
    assert isinstance(rule.conditions[0], OfBrand)
    assert [card.slug for card in read_collection_cards(row.id).cards] == ["bowl"]
    path = f"/admin/collections/{row.id}/"
    form = staff.form_of(path)
    assert {name: form[name] for name in ("has_rule", "brands", "highest", "order", "joined")} == {
        "has_rule": ["y"], "brands": ["Burren Clay"], "highest": ["29.99"], "order": ["price"], "joined": ["all"]}
    assert "1 product fits" in staff.get(path)
    said = {"has_rule": "y", "tags": "ash, oak", "first": "2026-01-02", "joined": "any", "order": "best"}
    staff.post(path, {"name": "Ash", **said})
    db.session.rollback()
    rule = read_rule(db.session.scalars(select(Collection.rule)).one())
    assert rule == Rule((Tagged(("ash", "oak")), PublishedBetween(first=rule.conditions[1].first)),  # type: ignore[union-attr]
                        matches="any", order="best")
    assert "2 products fit" in staff.get(path)
    staff.post(path, {"name": "By hand", "added": "lamp"})
    db.session.rollback()
    assert db.session.scalars(select(Collection.rule)).one() is None


NOTHING_SAID = "Say at least one thing that must be so"


@pytest.mark.parametrize(("said", "sentence"), [
    ({}, NOTHING_SAID),
    ({"brands": "Nobody"}, "There is no brand “Nobody”."),
    ({"lowest": "30", "highest": "20"}, "no product fits between them"),
    ({"lowest": "abc"}, "abc"),
    ({"days": "0"}, "Enter a whole number from 1 to 3650."),
    ({"days": "99999999999"}, "Enter a whole number from 1 to 3650."),
    ({"first": "2026-02-30"}, "Enter a day of the calendar, such as 2026-12-24."),
    ({"first": "2026-02-02", "last": "2026-02-01"}, "This day is before the first one"),
    ({"tags": "x" * 121}, "at most 120 characters"),
    ({"categories": "77"}, "Choose from the list"),
    ({"order": "magic"}, "Choose from the list"),
    ({"added": ",".join(f"sku-{number}" for number in range(9000))}, "Use at most 20000 characters."),
    ({"added": ",".join(f"sku-{number}" for number in range(1000))}, "“sku-4” and 995 more."),
    ({"brands": "\0'%_"}, "There is no brand “&#39;%_”."),
])
def test_what_makes_no_rule_is_refused_in_words(staff: Panel, said: dict[str, str], sentence: str) -> None:
    for button in ({}, {"preview": "1"}):
        told = staff.post(NEW, FORM | {"has_rule": "y"} | said | button, status=422).text
        assert sentence in told
        assert (NOTHING_SAID in told) == (said.keys() <= {"order", "added"})  # what cannot be read is something said
    assert db.session.scalars(select(Collection)).all() == []


def test_who_saves_second_is_told_and_both_keep_what_they_wrote(staff: Panel) -> None:
    for slug in ("bowl", "lamp", "rug"):
        make_product(slug=slug)
    staff.post(NEW, FORM | {"has_rule": "y", "highest": "5", "brands": "", "added": "bowl, rug"})
    row = db.session.scalars(select(Collection)).one()
    path = f"/admin/collections/{row.id}/"
    first = staff.form_of(path)
    make_product(slug="cheap", amount=100)  # enters by the rule: nobody's work is in danger
    staff.post(path, first | {"intro": ["Small things."]})
    first, second = staff.form_of(path), staff.form_of(path)
    staff.post(path, first | {"name": ["Theirs"], "added": ["lamp"], "highest": ["9"], "entries-0-is_removed": ["y"]})
    refused = staff.post(path, second | {"name": ["Mine"], "is_in_stock": ["y"], "entries-1-position": ["7"]},
                         status=422)
    told = problems_of(refused.text)[0]
    assert "Somebody else changed this collection meanwhile." in told
    assert "Name is now “Theirs”; saved again it becomes yours: “Mine”." in told
    assert "Price to is now “9.00”." in told
    assert "rug: Place is now “1”; saved again it becomes yours: “7”." in told
    assert "lamp: Place is now “2”." in told
    assert read_placed(row.id) == ("Theirs", ["rug", "lamp"])
    staff.post(path, read_form(refused.text))
    assert read_placed(row.id) == ("Mine", ["lamp", "rug"])
    rule = read_rule(db.session.scalars(select(Collection.rule)).one())
    assert rule == Rule((Priced(None, 900), InStock()))


def read_placed(collection_id: int) -> tuple[str, list[str]]:
    db.session.rollback()
    slugs = select(Product.slug).join(CollectionEntry, CollectionEntry.product_id == Product.id).where(
        CollectionEntry.collection_id == collection_id, CollectionEntry.is_pinned).order_by(CollectionEntry.position)
    return db.session.get_one(Collection, collection_id).name, list(db.session.scalars(slugs))


def test_hands_place_at_most_what_a_page_can_show(staff: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MAX_PLACED", 2)
    for slug in ("bowl", "lamp", "rug"):
        make_product(slug=slug)
    said = FORM | {"added": "bowl, lamp\nrug"}
    assert "At most 2 products can be placed by hand." in staff.post(NEW, said, status=422).text
    staff.post(NEW, said | {"added": "lamp, bowl"})
    row = db.session.scalars(select(Collection)).one()
    path = f"/admin/collections/{row.id}/"
    kept = {name: given[0] for name, given in staff.form_of(path).items()}
    assert "At most 2 products" in staff.post(path, kept | {"added": "rug"}, status=422).text
    staff.post(path, kept | {"added": "rug", "entries-0-is_removed": "y"})
    assert [card.slug for card in read_collection_cards(row.id).cards] == ["bowl", "rug"]


def test_a_preview_of_very_many_says_that_there_are_more(staff: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "COUNTED", 1)
    for slug in ("bowl", "lamp"):
        make_product(slug=slug)
    assert "More than 10,000 products fit" in staff.post(NEW, FORM | {"lowest": "0", "preview": "1"}, status=200).text
    assert "0 products fit" in staff.post(NEW, FORM | {"lowest": "999", "preview": "1"}, status=200).text

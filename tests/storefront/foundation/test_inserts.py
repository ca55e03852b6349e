"""Many rows at once are the rows that one by one would be; test_bulk.py holds whole products against each other."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storefront.catalog.models import Brand
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.inserts import insert_numbered, insert_rows
from storefront.foundation.outbox import OutboxEvent


@transactional
def plant(*slugs: str) -> list[int]:
    return list(insert_numbered(Brand, [{"slug": slug, "name": slug.title()} for slug in slugs]))


@pytest.mark.usefixtures("app")
def test_ids_go_on_from_the_last_and_stand_in_the_rows_order() -> None:
    first = plant("a", "b")
    db.session.add(Brand(slug="c", name="C"))
    db.session.commit()
    later = plant("d", "e")
    assert plant() == []
    rows = {row.slug: row.id for row in db.session.scalars(select(Brand))}
    assert [rows["a"], rows["b"], rows["d"], rows["e"]] == [*first, *later]
    assert sorted(rows.values()) == [rows[slug] for slug in "abcde"]


@pytest.mark.usefixtures("app")
def test_values_are_stored_as_the_models_read_them_and_none_may_be_forgotten() -> None:
    moment, payload = now(), {"é": [1, None, "\u2028"], "deep": {"a": True}}

    @transactional
    def write(row: dict[str, object]) -> None:
        insert_rows(OutboxEvent, [row, row])

    write({"name": "Tested", "payload": payload, "recorded_at": moment})
    rows = db.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)).all()
    assert [(row.name, row.payload, row.recorded_at, row.relayed_at) for row in rows] == [
        ("Tested", payload, moment, None)] * 2
    with pytest.raises(KeyError, match="recorded_at"):  # a default of the model is no default of the database
        write({"name": "Tested", "payload": payload})

"""Tables of search that a restore left out: the shop stands without them, and the rebuild makes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text

from storefront.catalog.collections import save_collection
from storefront.catalog.queries import read_collection_cards
from storefront.catalog.rules import InStock, Rule
from storefront.catalog.services import save_category
from storefront.foundation.cache import leave_behind
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.services import correct_stock
from storefront.search.services import rebuild_search
from storefront.search.synonyms import GROUP
from storefront.search.tables import make_missing_tables
from tests.factories.accounts import make_customer
from tests.factories.catalog import ACTOR, make_product
from tests.workers.outbox import jobs
from tests.workers.test_doctor import advice
from workers.doctor import examine

pytestmark = pytest.mark.schema


def tables() -> set[str]:
    db.session.rollback()
    return {name for name in inspect(db.session.connection()).get_table_names()
            if name.startswith("search_") and "_engine_a_" not in name and "_engine_b_" not in name}


@pytest.fixture
def without_tables(app: Flask) -> set[str]:
    """A shop with an index that lost all tables of search; gives what they were."""
    make_product(slug="low-bowl", categories=("ceramics",), options={"Glaze": ["Moss", "Chalk"]})
    rebuild_search()
    before = tables()
    for name in before:
        db.session.execute(text(f"DROP TABLE {name}"))
    db.session.commit()
    leave_behind(GROUP)
    return before


def test_the_shop_stands_without_them_and_says_so_once(
    app: Flask, client: FlaskClient, without_tables: set[str], caplog: pytest.LogCaptureFixture,
) -> None:
    assert tables() == set()
    for _ in range(2):
        assert "Low Bowl" in client.get("/c/ceramics").text
    assert client.get("/c/ceramics?glaze=moss", follow_redirects=True).status_code == 200
    assert "Low Bowl" in client.get("/search?q=bowl").text
    assert [record.message for record in caplog.records].count(
        "lists go without filters: tables of search are missing until `flask search rebuild`") == 1
    assert advice(app, "search") == "Run `flask search rebuild`."


def test_the_rebuild_makes_them_and_search_works_again(app: Flask, client: FlaskClient,
                                                       without_tables: set[str]) -> None:
    client.get("/c/ceramics")
    result = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert result.exit_code == 0, result.output
    assert without_tables - tables() <= {"search_engine_a", "search_engine_b"}  # the idle side is made later
    assert "Low Bowl" in client.get("/search?q=bolw").text
    assert "Low Bowl" in client.get("/c/ceramics?glaze=moss").text
    assert "Low Bowl" not in client.get("/c/ceramics?glaze=oak").text
    assert make_missing_tables() == []


def test_an_engine_that_lost_its_serving_side_alone_is_made_whole(app: Flask, client: FlaskClient) -> None:
    make_product(slug="low-bowl", categories=("ceramics",))
    rebuild_search()
    for side in "ab":
        db.session.execute(text(f"DROP TABLE IF EXISTS search_engine_{side}"))
    db.session.commit()
    assert advice(app, "search") == "Run `flask search rebuild`."
    rebuild_search()
    assert "Low Bowl" in client.get("/search?q=bolw").text
    assert advice(app, "search") == ""


def test_a_database_that_waits_for_its_upgrade_is_left_to_it(app: Flask, without_tables: set[str]) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert result.exit_code == 1
    assert "`flask db upgrade` makes its tables" in result.output
    assert tables() == set()


def test_the_relay_goes_on_without_the_table_of_what_changed(app: Flask, run_jobs: Callable[[], int]) -> None:
    bowl = make_product(slug="low-bowl", categories=("ceramics",), stock=1)
    collection_id = save_collection(slug="there", name="There", rule=Rule((InStock(),)))
    rebuild_search()
    run_jobs()
    db.session.execute(text("DROP TABLE search_stale_product"))
    db.session.commit()
    save_category(path="ceramics", name="Clay")
    correct_stock(variant_id=bowl.variant_id, delta=-1, actor=ACTOR, reason="broken")
    make_customer()
    run_jobs()
    assert [job.job for job in jobs() if not job.finished_at] == []
    assert jobs()[-1].job == "workers.mails.send_welcome"
    assert db.session.scalars(select(OutboxEvent.name).where(OutboxEvent.relayed_at.is_(None))).all() == []
    [finding] = [finding for finding in examine(app) if finding.name == "search"]
    assert ("lacks search_stale_product" in finding.said, finding.advice) == (True, "Run `flask search rebuild`.")
    assert [card.slug for card in read_collection_cards(collection_id).cards] == ["low-bowl"]  # nobody noted it
    assert app.test_cli_runner().invoke(args=["search", "rebuild"]).exit_code == 0
    run_jobs()
    assert read_collection_cards(collection_id).cards == []
    assert advice(app, "search") == ""

"""How the index follows the catalog: by events, by a rebuild, and while one runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import delete, func, select, text

from storefront.catalog.queries import read_cards
from storefront.catalog.services import archive_product, rename_product, save_category
from storefront.foundation.cache import leave_behind
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxJob
from storefront.search import services
from storefront.search.models import SearchIndex, SearchWord, StaleProduct
from storefront.search.queries import match_products
from storefront.search.services import keep_index, rebuild_documents, rebuild_search, refresh_search
from tests.factories.catalog import ACTOR, make_category, make_product
from workers.queues import connect
from workers.relay import relay_once


def find(words: str) -> list[str]:
    db.session.rollback()
    return [card.slug for card in read_cards(match_products(words).ids)]


def test_a_change_is_found_after_its_event(app: Flask, run_jobs: Callable[[], int]) -> None:
    bowl = make_product(slug="dish", name="Low Bowl")
    run_jobs()  # a small shop without an index gets one
    assert db.session.get_one(SearchIndex, 1).documents == 1
    make_product(slug="dish", name="Low Basin")
    make_product(slug="vase", name="Vase")
    assert find("basin") == []
    run_jobs()
    assert (find("basin"), find("vase")) == (["dish"], ["vase"])
    assert match_products("bowl").ids == []
    archive_product(product_id=bowl.id, actor=ACTOR)
    run_jobs()
    assert find("basin") == []
    assert db.session.get_one(SearchIndex, 1).documents == 1


def test_many_changes_make_one_note_each_and_one_wake_up(app: Flask) -> None:
    products = [make_product(slug=f"bowl-{number}") for number in range(6)]
    for number in range(6):
        rename_product(product_id=products[0].id, slug=f"bowl-again-{number}", actor=ACTOR)
    with connect(app) as connection:
        while relay_once(connection):
            pass
        waiting = connection.lrange("rq:queue:default", 0, -1)
    assert db.session.scalar(select(func.count()).select_from(StaleProduct)) == 6
    assert waiting == [b"wake-search"]
    assert db.session.scalar(select(func.count()).select_from(OutboxJob)) == 0
    assert refresh_search(seconds=60) == 6
    assert db.session.scalar(select(func.count()).select_from(StaleProduct)) == 0


def test_another_name_of_a_category_finds_its_products(app: Flask, run_jobs: Callable[[], int]) -> None:
    make_category("bowls", "Bowls")
    make_product(slug="moss", name="Moss", categories=("bowls",))
    run_jobs()
    assert find("basins") == []
    save_category(path="bowls", name="Basins")
    run_jobs()
    assert find("basins") == ["moss"]


def test_the_old_index_serves_until_the_new_one_is_whole(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    for number in range(4):
        make_product(slug=f"bowl-{number}", name="Bowl")
    rebuild_search()
    late = make_product(slug="late", name="Late Bowl")
    seen = []

    def look(done: int, total: int) -> None:
        seen.append((done, total, len(find("bowl"))))
        if done == 2:  # one that comes while the other side is filled
            services.refresh_documents(product_ids=[late.id])

    assert rebuild_documents(look) == 5
    assert seen == [(0, 5, 4), (2, 5, 4), (4, 5, 5), (5, 5, 5)]
    assert len(find("bowl")) == 5
    uses = db.session.execute(select(SearchWord.uses).join(SearchIndex, SearchIndex.serving == SearchWord.side)
                              .where(SearchWord.word == "bowl")).scalar_one()
    assert uses == 5


def test_a_rebuild_that_another_one_overtakes_changes_nothing(app: Flask) -> None:
    make_product(slug="bowl")
    rebuild_documents()
    sides = []

    def overtake(done: int, total: int) -> None:
        if not sides:
            sides.append(db.session.get_one(SearchIndex, 1).serving)
            rebuild_documents()
            rebuild_documents()

    rebuild_documents(overtake)
    db.session.rollback()
    assert db.session.get_one(SearchIndex, 1).serving == sides[0]
    assert find("bowl") == ["bowl"]


def test_an_index_of_another_reading_is_not_asked_and_made_anew(app: Flask) -> None:
    make_product(slug="bowl", name="Moss Bowl")
    rebuild_documents()
    db.session.execute(text("UPDATE search_index SET reading = '0:xx'"))
    db.session.commit()
    leave_behind("search")
    assert find("mos") == ["bowl"]  # by plain SQL
    assert find("mosss") == []
    keep_index()
    assert find("mosss") == ["bowl"]
    with Redis.from_url(app.config["REDIS_URL"]) as redis:
        redis.flushall()
    db.session.execute(delete(SearchIndex))
    db.session.commit()
    assert find("bowl") == ["bowl"]


def test_flask_search_rebuild_tells_how_many(app: Flask) -> None:
    make_product(slug="bowl")
    result = app.test_cli_runner().invoke(args=["search", "rebuild", "--json"])
    assert result.exit_code == 0, result.output
    assert '"documents": 1' in result.output

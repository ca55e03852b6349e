"""Tables of search that a restore left out: mails, money and pages go on, and the rebuild heals."""

from __future__ import annotations

import gzip

import pytest
from sqlalchemy import inspect, text

from storefront.catalog.services import change_price
from storefront.foundation.database import db
from storefront.foundation.page_files import read_page
from storefront.search.services import rebuild_search
from tests.factories.catalog import ACTOR, make_product
from tests.faults.conftest import LONG
from tests.faults.processes import eventually
from tests.faults.walks import answer_provider, is_quiet, reach_bank
from tests.faults.world import World
from workers.doctor import examine

pytestmark = pytest.mark.schema


def tables() -> list[str]:
    """Those to take away: each in `make faults`; the engine of SQLite is one table with parts of its own."""
    db.session.rollback()
    if not LONG:
        return ["search_stale_product"]
    known = inspect(db.session.connection()).get_table_names()
    is_whole = db.engine.dialect.name == "postgresql"
    return sorted(name for name in known if name.startswith("search_") and (is_whole or "_engine_" not in name))


def looks(world: World) -> dict[str, str]:
    return {finding.name: finding.said for finding in examine(world.app)}


def text_of(address: str) -> str:
    content = read_page(address)
    return gzip.decompress(content).decode() if content else ""


def test_each_table_may_be_missing(database_url: str, world: World) -> None:
    """# fault 33. Red without the savepoint in search/stale.py: the relay waits for ever, and with it every mail."""
    bowl = make_product(slug="bowl")
    rebuild_search()
    world.start_web()
    world.start_behind("mail", "pages", "default")
    eventually(lambda: text_of("/p/bowl"), "the page")
    for number, table in enumerate(tables()):
        db.session.execute(text(f"DROP TABLE {table}"))
        db.session.commit()
        visitor, letters = world.visitor(), len(world.postbox.letters)
        assert visitor.get(answer_provider(visitor, reach_bank(visitor))).location.startswith("/orders/")
        change_price(variant_id=bowl.variant_id, currency="EUR", amount=3000 + number, compare_at_amount=None,
                     actor=ACTOR)
        eventually(lambda price=f"30.{number:02}": price in text_of("/p/bowl"), f"the page without {table}")
        eventually(lambda before=letters: len(world.postbox.letters) > before, f"the mail without {table}")
        assert f"the database lacks {table}" in looks(world)["search"]
        assert world.start("flask", "search", "rebuild").wait() == 0
        eventually(is_quiet, "the rest")
        said = looks(world)
        assert said["search"] == "1 products are in the index"
        assert said["outbox"] == "nothing is late, nothing was given up"

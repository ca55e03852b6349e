"""What every test stands on: a fresh real database, a real Valkey, an application, a browser's headers."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from email.message import Message
from mailbox import Maildir
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings
from redis import Redis
from sqlalchemy import event

from app import create_app
from storefront.foundation.cache import cache
from storefront.foundation.database import db
from storefront.foundation.redis import client as redis_client
from tests.postgres import Cluster, start_cluster
from tests.sharing import SharedRule, make_scratch, share_compiled
from workers.valkey import RunningValkey, start_valkey

# Examples are the same in every run and may take as long as the machine needs.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
Flask.url_rule_class = SharedRule
SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on the second engine, what asks for no database: it was run on the first."""
    if config.getoption("--database") == "sqlite":
        return
    sorted_out: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        sorted_out["cluster" in getattr(item, "fixturenames", ())].append(item)
    config.hook.pytest_deselected(items=sorted_out[False])
    items[:] = sorted_out[True]


def pytest_collection_finish() -> None:
    """What is imported by now stays: collecting garbage needs not look through all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """What a file's tests left open is found at the file's end, not in another file's tests."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A short path: unix sockets hold about a hundred characters."""
    path = make_scratch()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey(scratch: Path) -> Iterator[RunningValkey]:
    running = start_valkey(scratch / "valkey")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """The PostgreSQL server of this worker; None when the tests run on SQLite."""
    if request.config.getoption("--database") != "postgresql":
        yield None
        return
    started = start_cluster()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def template(scratch: Path, cluster: Cluster | None, valkey: RunningValkey) -> str:
    """A migrated, empty database that each test gets a copy of; returns its name or path."""
    if cluster:
        cluster.sql("CREATE DATABASE template_shop")
        url = cluster.url("template_shop")
    else:
        url = f"sqlite:///{scratch}/template.db"
    application = create_app(environ(scratch / "template", url, valkey.url))
    with application.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    if cluster is None:
        return f"{scratch}/template.db"
    cluster.sql("CREATE DATABASE untouched TEMPLATE template_shop")
    return "template_shop"


def environ(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """The settings of a shop under test."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "STOREFRONT_VAR": str(folder),
        "STOREFRONT_DEMO": "1",
        "SECRET_KEY": "only-for-tests-" + "x" * 32,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SITE_URL": "http://localhost",
    }


@pytest.fixture
def database_url(request: pytest.FixtureRequest, scratch: Path, template: str,
                 cluster: Cluster | None) -> Iterator[str]:
    """An empty, migrated database: a new copy of the file, or the one on the server with its tables emptied."""
    if cluster is None:
        for left in scratch.glob("shop.db*"):
            left.unlink()
        shutil.copy(template, scratch / "shop.db")
        yield f"sqlite:///{scratch}/shop.db"
        return
    cluster.empty(template)
    yield cluster.url(template)
    if request.node.get_closest_marker("schema"):
        cluster.renew(template, "untouched")


@pytest.fixture
def app(tmp_path: Path, database_url: str, valkey: RunningValkey) -> Iterator[Flask]:
    """An application on a fresh database, its context pushed for the test's own calls of services."""
    Redis.from_url(valkey.url).flushall()
    application = create_app(environ(tmp_path / "var", database_url, valkey.url))
    # The cheapest argon2: the real cost is tested where it is set.
    application.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, PASSWORD_COST=(1, 8, 1))
    share_compiled(application)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
        for kept in (redis_client(), cache.cache._write_client):  # else their sockets are found in a later test
            kept.connection_pool.disconnect()


class ShopClient(FlaskClient):
    """A test client that says what a browser says: that its forms come from this site.

    Each request gets an application context of its own, as in a server.
    """

    def open(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        headers = dict(kwargs.pop("headers", None) or {})  # type: ignore[call-overload]
        headers.setdefault("Sec-Fetch-Site", "same-origin")
        db.session.remove()
        with self.application.app_context():
            return super().open(*args, headers=headers, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.test_client_class = ShopClient
    return app.test_client()


@pytest.fixture
def new_client(app: Flask) -> Callable[[], FlaskClient]:
    """More visitors, each with cookies of its own."""
    app.test_client_class = ShopClient
    return app.test_client


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Relay the outbox and work every queue, as the workers do, until nothing is left."""
    from tests.jobs import work_until_quiet

    return lambda: work_until_quiet(app)


@pytest.fixture
def mailbox(app: Flask) -> Callable[[], list[Message]]:
    """Read the mails that left, oldest first."""

    def read() -> list[Message]:
        path = app.config["VAR_DIR"] / "mail"
        if not path.exists():
            return []
        mails = Maildir(path)
        return [mails[key] for key in sorted(mails.keys())]

    return read


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], int]:
    """Count the SQL statements since the fixture was last asked (transaction control left out)."""
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not statement.startswith("BEGIN"):  # said by us on SQLite, see foundation/database.py
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)

    def read() -> int:
        counted = len(statements)
        statements.clear()
        return counted

    return read

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError

from storefront.foundation import database
from storefront.foundation.database import db, execute_alone
from tests.postgres import Cluster


@pytest.fixture
def server(app: Flask, cluster: Cluster | None) -> Cluster:
    if cluster is None:
        pytest.skip("SQLite has no connections that could die")
    return cluster


def read_pid() -> int:
    pid = db.session.scalar(text("SELECT pg_backend_pid()"))
    db.session.rollback()
    assert isinstance(pid, int)
    return pid


def test_a_connection_that_died_while_it_rested_is_never_handed_out(
        server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "RESTED", 0)
    dead = read_pid()
    server.sql(f"SELECT pg_terminate_backend({dead}, 10000)")
    assert read_pid() != dead


def test_a_connection_just_used_is_used_again_without_a_question(
        server: Cluster, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "RESTED", 3600)
    pid = read_pid()
    asked = "SELECT query FROM pg_stat_activity WHERE pid = :pid"
    with db.engine.connect() as first, db.engine.connect() as other:
        assert first.scalar(text("SELECT pg_backend_pid()")) == pid
        first.rollback()
        first.close()
        with db.engine.connect():  # taken anew, and nothing was asked of it
            assert other.scalar(text(asked), {"pid": pid}) == "ROLLBACK"


def test_a_statement_that_fails_alone_leaves_its_connection_to_transactions(server: Cluster) -> None:
    statement = text("SELECT pg_backend_pid(), 1 / CAST(:by AS integer)")
    row = execute_alone(statement, {"by": 1})
    assert row is not None
    with pytest.raises(DataError):
        execute_alone(statement, {"by": 0})
    assert read_pid() == row[0]
    assert db.session.connection().connection.dbapi_connection.autocommit is False  # type: ignore[union-attr]

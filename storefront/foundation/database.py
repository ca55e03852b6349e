"""The database: one declarative base, one way to write.

A service that writes is decorated with `transactional`: the outermost call owns the
transaction, inner services join it, serialization failures are retried from the start.
"""

from __future__ import annotations

import enum
import functools
import logging
import random
import time
from collections.abc import Callable, Mapping
from sqlite3 import Connection as SQLiteConnection
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, CursorResult, Engine, Enum, Executable, MetaData, Row, event, insert
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.sql.dml import UpdateBase

from storefront.foundation.clock import agree_with
from storefront.foundation.failpoints import failpoint

P = ParamSpec("P")
T = TypeVar("T")
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# PostgreSQL: serialization failure, deadlock, and the unique row that a twin call wrote first
# (the second run of the service then finds it). SQLite says "database is locked".
RETRYABLE = ("40001", "40P01", "23505")
MAX_TRIES = 4
RESTED = 1.0  # seconds; a pooled connection that lay for longer is asked whether it lives before it is used


logger = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """Every table of the shop."""

    metadata = MetaData(naming_convention=NAMING)


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, whose requests may lose their connection at the very end too."""

    def abandon(self) -> None:
        """End the session also when its connection is gone: a rollback that fails must not outlive the request."""
        try:
            self.session.remove()
        except SQLAlchemyError as error:
            logger.warning("session abandoned: %s", type(error).__name__)
            self.session.registry.clear()

    def _teardown_session(self, exc: BaseException | None) -> None:
        self.abandon()


db = Database(model_class=Base)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def enum_column(kind: type[enum.StrEnum]) -> Enum:
    """Return the column type of the enum: its values as text, with a CHECK behind them."""
    return Enum(kind, native_enum=False, length=20, create_constraint=True, name=kind.__name__.lower(),
                values_callable=lambda members: [member.value for member in members])


def transactional(function: Callable[P, T]) -> Callable[P, T]:
    """Run the function in one transaction: commit when it returns, roll back when it raises.

    A call inside another transactional call joins that transaction. Objects read
    before the outermost call are expired by it: read them again afterwards.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        session = db.session()
        if session.info.get("in_service"):
            return function(*args, **kwargs)
        return _retried(lambda: _run_once(session, lambda: function(*args, **kwargs)))

    return run


def execute_alone(statement: Executable, values: Mapping[str, Any]) -> Row[*tuple[Any, ...]] | None:
    """Execute a statement that is a whole transaction by itself and return its row; none when it brings none.

    No BEGIN and no COMMIT travel to the server, which saves two ways of three. Inside a service it joins that one's
    transaction; outside it leaves what was read before behind, as a service does. For PostgreSQL alone.
    """
    if is_in_service():
        return db.session.connection().execute(statement, values).one_or_none()
    if db.session.registry.has():
        _leave_snapshot(db.session())
    return _retried(lambda: _run_alone(statement, values))


def _run_alone(statement: Executable, values: Mapping[str, Any]) -> Row[*tuple[Any, ...]] | None:
    failpoint("before-commit")
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        row = connection.execute(statement, values).one_or_none()
    failpoint("after-commit")
    return row


def _retried(work: Callable[[], T]) -> T:
    for attempt in range(1, MAX_TRIES + 1):
        try:
            return work()
        except DBAPIError as error:
            if attempt == MAX_TRIES or not _is_retryable(error):
                raise
            time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311  # a pause, no secret
    raise AssertionError("unreachable")


def _run_once(session: Session, work: Callable[[], T]) -> T:
    _begin_write(session)
    session.info["in_service"] = True
    try:
        result = work()
        failpoint("before-commit")
        session.commit()
        failpoint("after-commit")
    except BaseException:
        session.rollback()
        session.info.pop("after_commit", None)
        raise
    finally:
        session.info["in_service"] = False
    for callback in session.info.pop("after_commit", {}).values():
        callback()
    return result


def after_commit(key: str, callback: Callable[[], None]) -> None:
    """Run the callback once when the current service has committed, one per key; at once where none is running."""
    if is_in_service():
        db.session().info.setdefault("after_commit", {})[key] = callback
    else:
        callback()


def gather_after_commit(key: str, value: T, callback: Callable[[set[T]], None]) -> None:
    """The same for values that a service gathers: one callback per key is given all of them."""
    waiting = db.session().info.setdefault("after_commit", {}) if is_in_service() else {}
    gathered = waiting.setdefault(key, functools.partial(callback, set()))
    gathered.args[0].add(value)
    if not is_in_service():
        gathered()


def is_in_service() -> bool:
    """Tell whether a transactional service is running."""
    return db.session.registry.has() and bool(db.session().info.get("in_service"))


def execute_counted(statement: UpdateBase, values: Mapping[str, Any] | None = None) -> int:
    """Execute an UPDATE, INSERT or DELETE, with the values of its parameters, and return how many rows it changed."""
    # PostgreSQL's driver tells of an INSERT's rows only when it is asked to.
    options = {"synchronize_session": False, "preserve_rowcount": True}
    result = db.session.execute(statement, values, execution_options=options)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def add_row(model: type[Base], **values: Any) -> None:
    """Write a row without an object of it in the session, at half the cost; what it refers to is written already."""
    db.session.connection().execute(insert(model), values)


def _leave_snapshot(session: Session) -> None:
    """End the snapshot that reads before this call opened: a write must not build on it."""
    if session.in_transaction():
        if session.new or session.dirty or session.deleted:
            raise RuntimeError("rows were changed outside a service")
        session.rollback()


def _begin_write(session: Session) -> None:
    _leave_snapshot(session)
    session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


def _is_retryable(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in RETRYABLE or "database is locked" in str(error.orig)


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, record: Any) -> None:
    if not isinstance(connection, SQLiteConnection):
        [moment] = connection.execute("SELECT clock_timestamp()").fetchone()
        connection.rollback()
        agree_with(moment)
        return
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Pool, "checkin")
def _note_rest(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _wake(connection: Any, record: ConnectionPoolEntry, proxy: object) -> None:
    """Ask a rested connection whether it lives; SQLAlchemy's own ping asks before every use, a busy shop in vain."""
    since = record.info.pop("rests_since", None)
    if since is None or time.monotonic() - since < RESTED or isinstance(connection, SQLiteConnection):
        return
    try:
        connection.autocommit = True  # a question that opens no transaction
        connection.execute("")
        connection.autocommit = False
    except connection.Error as error:
        raise InvalidatePoolError from error  # the others died with it: all are opened anew


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """SQLite: a writer takes its lock at once, so it never fails half-way at the upgrade."""
    if connection.dialect.name == "sqlite":
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

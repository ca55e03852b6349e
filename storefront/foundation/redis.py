"""The shop's own Redis client, for what may be lost. Callers pass over it when it is away.

A server that does not answer in time is left alone for a moment: else a page that asks it twenty times
would wait twenty times.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from flask import current_app
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

TIMEOUT = 0.2  # seconds; a page never waits longer for something it can do without
REST = 3.0  # seconds for which a server that let us wait is not asked again

_insists: ContextVar[bool] = ContextVar("insists", default=False)


def client() -> Redis:
    """Return the application's client, made at its first use; it answers text."""
    kept = current_app.extensions.get("redis")
    if not isinstance(kept, Redis):
        kept = open_redis(current_app.config["REDIS_URL"], decode_responses=True)
        current_app.extensions["redis"] = kept
    return kept


def open_redis(url: str, **options: Any) -> Redis:
    """Return a client that waits TIMEOUT at most and after that fails at once for REST seconds."""
    given = parse_url(url)  # type: ignore[no-untyped-call]  # redis leaves this one without types
    kind = given.pop("connection_class", Connection)
    resting = type("RestingConnection", (_Resting, kind), {"rest": _Rest()})
    # One retry without a pause: a pooled connection may have died since its last use.
    return Redis(connection_pool=ConnectionPool(
        resting, retry=Retry(NoBackoff(), 1), socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT,
        **(dict(given) | options)))


@contextlib.contextmanager
def insistence() -> Iterator[None]:
    """Ask the server also while it rests: for what must not be forgotten, such as leaving old pages behind."""
    token = _insists.set(True)
    try:
        yield
    finally:
        _insists.reset(token)


class _Rest:
    """Until when one server is left alone."""

    until = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + REST

    def check(self) -> None:
        if time.monotonic() < self.until and not _insists.get():
            raise RedisConnectionError("Redis did not answer a moment ago.")


class _Resting:
    """A connection that notes when its server let us wait; a mixin over redis-py's own."""

    rest: _Rest

    def connect(self) -> None:
        self.rest.check()
        try:
            super().connect()  # type: ignore[misc]
        except RedisTimeoutError:
            self.rest.begin()
            raise

    def _connect(self) -> Any:
        """One try: redis-py's own retry comes back here, and a second wait would double the first."""
        self.rest.check()
        began = time.monotonic()
        try:
            return super()._connect()  # type: ignore[misc]
        except OSError:
            if time.monotonic() - began > TIMEOUT / 2:  # it did not refuse, it let us wait; so may a name server
                self.rest.begin()
            raise

    def send_packed_command(self, *args: Any, **kwargs: Any) -> Any:
        self.rest.check()
        try:
            return super().send_packed_command(*args, **kwargs)  # type: ignore[misc]
        except RedisTimeoutError:
            self.rest.begin()
            raise

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().read_response(*args, **kwargs)  # type: ignore[misc]
        except RedisTimeoutError:
            self.rest.begin()
            raise

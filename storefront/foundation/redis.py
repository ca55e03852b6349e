"""The shop's own Redis client, for what may be lost. Callers pass over it when it is away."""

from __future__ import annotations

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT = 0.2  # seconds; a page never waits longer for something it can do without


def client() -> Redis:
    """Return the application's client, made at its first use; it answers text."""
    kept = current_app.extensions.get("redis")
    if not isinstance(kept, Redis):
        # One retry without a pause: a pooled connection may have died since its last use.
        kept = Redis.from_url(
            current_app.config["REDIS_URL"], decode_responses=True, retry=Retry(NoBackoff(), 1),
            socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT,
        )
        current_app.extensions["redis"] = kept
    return kept

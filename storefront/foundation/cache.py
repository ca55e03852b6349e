"""Cached reads: Flask-Caching over Redis, JSON instead of pickle, and never a reason to fail.

`cached` stands above a query and names what clears it: the groups whose version is part
of the key. A service calls `invalidate(group)` in its transaction; after the commit the
group's version changes and every key of it is left behind to expire.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, get_type_hints

import msgspec
from flask_caching import Cache
from flask_caching.backends.rediscache import RedisCache
from redis import RedisError

from storefront.foundation.database import after_commit, db, is_in_service
from storefront.foundation.ids import new_token
from storefront.foundation.redis import insistence, open_redis

P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)
cache = Cache()


class BytesSerializer:
    """Bytes in, bytes out: what a planted pickle cannot pass (CVE-2021-33026)."""

    def dumps(self, value: bytes) -> bytes:
        return value

    def loads(self, value: bytes | None) -> bytes | None:
        return value


class BytesRedisCache(RedisCache):
    """Flask-Caching's Redis backend with the serializer above."""

    serializer = BytesSerializer()

    @classmethod
    def factory(cls, app: object, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> BytesRedisCache:
        return cls(*args, **kwargs, host=open_redis(config["CACHE_REDIS_URL"]), key_prefix=config["CACHE_KEY_PREFIX"])


def cached(*groups: str, seconds: int = 3600) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the query's answer for `seconds`, until one of its groups is invalidated.

    Arguments must have a stable `repr`; the return annotation must be a type that
    msgspec can read back. Redis away or slow: the query runs.
    """

    def decorate(query: Callable[P, T]) -> Callable[P, T]:
        shape = functools.cache(lambda: get_type_hints(query)["return"])

        @functools.wraps(query)
        def read(*args: P.args, **kwargs: P.kwargs) -> T:
            key = _key(query, groups, args, kwargs)
            kept = _get(key) if key else None
            if kept is not None:
                try:
                    return msgspec.json.decode(kept, type=shape())  # type: ignore[no-any-return]
                except msgspec.DecodeError:
                    logger.info("cached value has another shape", extra={"key": key})
            if key and not is_in_service():
                # The version was read just now: what is kept under it must not come from an older snapshot.
                db.session.rollback()
            value = query(*args, **kwargs)
            if key:
                _set(key, msgspec.json.encode(value), seconds)
            return value

        return read

    return decorate


def invalidate(group: str) -> None:
    """Leave the group's cached answers behind once the current service has committed."""
    after_commit(f"cache:{group}", lambda: _leave_behind(group))


def _leave_behind(group: str) -> None:
    with insistence():
        _set(f"version:{group}", new_token().encode(), 0)


def _key(query: Callable[..., Any], groups: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    versions = [_version(group) for group in groups]
    if not all(versions):
        return ""
    said = repr((args, sorted(kwargs.items())))
    return f"{query.__module__}.{query.__qualname__}:{'.'.join(versions)}:{said}"


def _version(group: str) -> str:
    name = f"version:{group}"
    kept = _get(name)
    if kept is None:
        _set(name, new_token().encode(), 0)
        kept = _get(name)
    return kept.decode() if kept else ""


def _get(key: str) -> bytes | None:
    try:
        value = cache.get(key)
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", type(error).__name__)
        return None
    return value if isinstance(value, bytes) else None


def _set(key: str, value: bytes, seconds: int) -> None:
    try:
        cache.set(key, value, timeout=seconds)
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", type(error).__name__)

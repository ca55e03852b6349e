"""Cached reads: Flask-Caching over Redis, JSON instead of pickle, and never a reason to fail.

`cached` stands above a query and names what clears it: the groups whose version is part
of the key. A service calls `invalidate(group)` in its transaction; after the commit the
group's version changes and every key of it is left behind to expire.

One reader computes an answer, the others wait for it; an answer that only grew old is
still given while one reader makes it anew. One that was left behind is never given again.
"""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, get_type_hints

import msgspec
from flask import has_request_context, request
from flask_caching import Cache
from flask_caching.backends.rediscache import RedisCache
from redis import RedisError

from storefront.foundation.ahead import key_of, read_answers
from storefront.foundation.clock import now
from storefront.foundation.database import after_commit, db, is_in_service
from storefront.foundation.ids import new_token
from storefront.foundation.redis import insistence, open_redis

P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)
cache = Cache()

HOUR = 3600
GRACE = 60  # seconds after its time for which an answer is still given while one reader makes it anew
TURN = 5  # seconds for which one reader's turn lasts: when it dies over it, another takes over
PATIENCE = 4.0  # seconds that a reader waits for another's answer before it asks for itself
LONGEST_PAUSE = 0.2  # seconds between two looks for it; the first ones follow quicker
REFUSED = b"refused"  # stands in the place of a turn that ended in a refusal: nobody waits for it
REFUSED_FOR = 1  # seconds
NEAR = 256  # answers that a process keeps itself

_groups: set[str] = set()  # every group that some query names: their versions are read together
# Answers by their whole key. The version in it was read from Redis just now, so no answer here is older than there.
_near: dict[str, bytes] = {}


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

    def take(self, key: str, value: bytes, seconds: int) -> bool:
        """Write the key if it is not there, in one step: cachelib's `add` may die between the key and its end."""
        return bool(self._write_client.set(f"{self._get_prefix()}{key}", value, nx=True, ex=seconds or None))


def cached(*groups: str, seconds: int = HOUR) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the query's answer for `seconds`, until one of its groups is left behind.

    Arguments must have a stable `repr` and say everything that the answer depends on; the return annotation
    must be a type that msgspec can read back. Redis away or slow: the query runs. An exception is not kept.
    """
    _groups.update(groups)

    def decorate(query: Callable[P, T]) -> Callable[P, T]:
        name = f"{query.__module__}.{query.__qualname__}"
        read_back = functools.cache(lambda: msgspec.json.Decoder(get_type_hints(query)["return"]).decode)

        @functools.wraps(query)
        def read(*args: P.args, **kwargs: P.kwargs) -> T:
            ahead = read_answers()
            if ahead is not None:
                asked = key_of(query, *args, **kwargs)
                if asked not in ahead:
                    ahead[asked] = query(*args, **kwargs)
                return ahead[asked]  # type: ignore[no-any-return]
            versions = _read_versions()
            if not versions:
                return query(*args, **kwargs)
            said = repr((args, sorted(kwargs.items())))
            answer = _Answer(f"{name}:{'.'.join(versions[group] for group in groups)}:{said}", read_back(), seconds)
            answer.look()
            if answer.is_fresh or (answer.is_there and is_in_service()):
                return answer.value  # type: ignore[no-any-return]
            if is_in_service():
                # What this transaction sees may never be committed, and others stand in line behind its locks.
                return query(*args, **kwargs)
            return _take_turn(answer, functools.partial(query, *args, **kwargs))

        return read

    return decorate


def invalidate(group: str) -> None:
    """Leave the group's cached answers behind once the current service has committed."""
    after_commit(f"cache:{group}", lambda: _try_to_leave_behind(group))


def leave_behind(*groups: str) -> None:
    """Leave the groups' cached answers behind now; raises RedisError or OSError when Redis is away.

    For jobs: a process that dies between its commit and what `invalidate` does after it leaves old answers.
    """
    _forget_versions()
    with insistence():
        for group in groups:
            cache.set(_version_key(group), new_token().encode(), timeout=0)


def _try_to_leave_behind(group: str) -> None:
    try:
        leave_behind(group)
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", type(error).__name__)


class _Answer:
    """One kept answer, written as `<seconds since 1970> <JSON>`: `look` finds it and tells its age."""

    def __init__(self, key: str, read_back: Callable[[bytes], Any], seconds: int) -> None:
        self.key, self._read_back, self._seconds = key, read_back, seconds
        self.value: Any = None
        self.is_there = self.is_fresh = False

    def look(self, *, near: bool = True) -> bool:
        kept = (_near.get(self.key) if near else None) or _get(self.key)
        if kept is None:
            return False
        try:
            moment, _, said = kept.partition(b" ")
            age = now().timestamp() - int(moment)
            if age < self._seconds + GRACE:
                self.value, self.is_there, self.is_fresh = self._read_back(said), True, age < self._seconds
                _keep_near(self.key, kept)
        except (msgspec.DecodeError, ValueError):
            logger.info("cached value has another shape", extra={"key": self.key})
        return self.is_there

    def keep(self, value: object) -> None:
        kept = b"%d %b" % (now().timestamp(), msgspec.json.encode(value))
        _keep_near(self.key, kept)
        _set(self.key, kept, self._seconds + GRACE)


def _take_turn(answer: _Answer, query: Callable[[], T]) -> T:
    """Ask the query if it is this reader's turn, else wait for what another finds."""
    turn = f"turn:{answer.key}"
    patience, pause = time.monotonic() + PATIENCE, 0.01
    while not _take(turn):
        if answer.is_there:
            return answer.value  # type: ignore[no-any-return]  # old, and somebody is at it
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311  # a pause, no secret
        pause = min(2 * pause, LONGEST_PAUSE)
        if answer.look():
            return answer.value  # type: ignore[no-any-return]
        if time.monotonic() > patience or _get(turn) == REFUSED:
            return query()
    answer.look(near=False)  # between the miss and the turn another may have had both
    if answer.is_fresh:
        _drop(turn)
        return answer.value  # type: ignore[no-any-return]
    # The version was read before: what is kept under it must not come from an older snapshot.
    db.session.rollback()
    try:
        value = query()
    except Exception:
        _set(turn, REFUSED, REFUSED_FOR)
        raise
    answer.keep(value)
    _drop(turn)
    return value


def _read_versions() -> dict[str, str]:
    """Return the version of every group, read once per request; nothing when Redis is away."""
    place = request.environ if has_request_context() else {}
    versions: dict[str, str] = place.get("storefront.versions") or _ask_versions()
    place["storefront.versions"] = versions
    return versions


def _forget_versions() -> None:
    if has_request_context():
        request.environ.pop("storefront.versions", None)


def _ask_versions() -> dict[str, str]:
    groups = sorted(_groups)
    keys = [_version_key(group) for group in groups]
    try:
        found = cache.get_many(*keys)
        for key, value in zip(keys, found, strict=True):
            if value is None:
                cache.cache.take(key, new_token().encode(), 0)
        if None in found:
            found = cache.get_many(*keys)
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", type(error).__name__)
        return {}
    return {} if None in found else {group: value.decode() for group, value in zip(groups, found, strict=True)}


def _version_key(group: str) -> str:
    return f"version:{group}"


def _keep_near(key: str, kept: bytes) -> None:
    if len(_near) >= NEAR:
        _near.clear()  # what is asked for comes back by itself
    _near[key] = kept


def _take(key: str) -> bool:
    """Tell whether the turn is this reader's; it is when Redis is away."""
    try:
        return bool(cache.cache.take(key, b"taken", TURN))
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", type(error).__name__)
        return True


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


def _drop(key: str) -> None:
    try:
        cache.delete(key)
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", type(error).__name__)

"""A Redis hash per cart (variant → quantity), for the count that every island shows.

The rows are the truth. The hash is dropped after each commit that changes the cart,
rebuilt when missing, and passed over when Redis is away.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping

from redis import RedisError, WatchError

from storefront.foundation.database import after_commit
from storefront.foundation.redis import client, insistence

logger = logging.getLogger(__name__)
KEEP = 600  # seconds; bounds how long a hash is stale whose dropping failed
# A rebuild that read the rows before a commit must not write after the drop: for so long none writes.
QUIET = 30  # seconds
EMPTY = "-"  # a hash cannot be empty: this field says that the cart is


def drop_after_commit(cart_id: uuid.UUID) -> None:
    """Forget the cart's hash once the current service has committed."""
    after_commit(f"cart:{cart_id}", lambda: _drop(cart_id))


def read_count(cart_id: uuid.UUID) -> int | None:
    """Return the sum of the hash; None when it is missing or Redis is away."""
    try:
        kept = client().hgetall(_key(cart_id))
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)
        return None
    return sum(int(quantity) for quantity in kept.values()) if kept else None


def keep(cart_id: uuid.UUID, quantities: Mapping[int, int]) -> None:
    """Write the hash anew, unless the cart was changed a moment ago."""
    key, quiet = _key(cart_id), _quiet_key(cart_id)
    try:
        with client().pipeline() as pipe:
            pipe.watch(quiet)  # type: ignore[no-untyped-call]  # redis leaves this one without types
            if pipe.exists(quiet):
                return
            pipe.multi()
            pipe.delete(key)
            for variant_id, quantity in quantities.items():
                pipe.hset(key, str(variant_id), quantity)
            if not quantities:
                pipe.hset(key, EMPTY, 0)
            pipe.expire(key, KEEP)
            pipe.execute()
    except WatchError:
        return  # changed at this very moment; the next reader rebuilds it
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def _drop(cart_id: uuid.UUID) -> None:
    try:
        with insistence(), client().pipeline() as pipe:
            pipe.set(_quiet_key(cart_id), "1", ex=QUIET)
            pipe.delete(_key(cart_id))
            pipe.execute()
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def _key(cart_id: uuid.UUID) -> str:
    return f"cart:{cart_id}"


def _quiet_key(cart_id: uuid.UUID) -> str:
    return f"cart:{cart_id}:changed"

"""A Redis hash per cart (variant → quantity), for the count that every island shows.

The rows are the truth. The hash is dropped after each commit that changes the cart,
rebuilt when missing, and passed over when Redis is away. Beside a guest's hash stands its
sum, which says at once that the cart is no customer's: the island of a guest asks no database.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping

from redis import RedisError, WatchError

from storefront.foundation.database import after_commit
from storefront.foundation.ids import new_token
from storefront.foundation.redis import client, insistence

logger = logging.getLogger(__name__)
KEEP = 600  # seconds; bounds how long a hash is stale whose dropping failed
BUILT_WITHIN = 600  # seconds; a rebuild that takes longer does not write
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


def read_guest_count(cart_id: uuid.UUID) -> int | None:
    """Return the sum of a guest's hash; None when it is missing, a customer's, or Redis is away."""
    kept = _read(_guest_key(cart_id))
    return int(kept) if kept and kept.isdigit() else None


def read_cart_of(customer_id: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the customer's cart, which never changes once there is one; None when it is not known here."""
    kept = _read(_customer_key(customer_id))
    try:
        return uuid.UUID(kept) if kept else None
    except ValueError:
        return None


def keep_cart_of(customer_id: uuid.UUID, cart_id: uuid.UUID) -> None:
    """Remember which cart is the customer's."""
    try:
        client().set(_customer_key(customer_id), str(cart_id), ex=KEEP)
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def begin_rebuild(cart_id: uuid.UUID) -> str:
    """Leave a mark that every change takes away and return it; to be called before the rows are read."""
    mark = new_token()
    try:
        client().set(_mark_key(cart_id), mark, ex=BUILT_WITHIN)
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)
    return mark


def keep(cart_id: uuid.UUID, quantities: Mapping[int, int], *, mark: str, is_guests: bool = False) -> None:
    """Write the hash anew, unless the cart was changed, or another rebuild begun, since `mark` was left."""
    key, mark_key = _key(cart_id), _mark_key(cart_id)
    try:
        with client().pipeline() as pipe:
            pipe.watch(mark_key)  # type: ignore[no-untyped-call]  # redis leaves this one without types
            if pipe.get(mark_key) != mark:
                return
            pipe.multi()
            pipe.delete(key)
            for variant_id, quantity in quantities.items():
                pipe.hset(key, str(variant_id), quantity)
            if not quantities:
                pipe.hset(key, EMPTY, 0)
            pipe.expire(key, KEEP)
            if is_guests:
                pipe.set(_guest_key(cart_id), sum(quantities.values()), ex=KEEP)
            pipe.execute()
    except WatchError:
        return  # changed at this very moment; the next reader rebuilds it
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def _read(key: str) -> str | None:
    try:
        kept = client().get(key)
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)
        return None
    return kept if isinstance(kept, str) else None


def _drop(cart_id: uuid.UUID) -> None:
    try:
        # With the mark: nothing is written after the deletion that was read before it.
        with insistence():
            client().delete(_key(cart_id), _guest_key(cart_id), _mark_key(cart_id))
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def _key(cart_id: uuid.UUID) -> str:
    return f"cart:{cart_id}"


def _mark_key(cart_id: uuid.UUID) -> str:
    return f"cart:{cart_id}:rebuild"


def _guest_key(cart_id: uuid.UUID) -> str:
    return f"cart:{cart_id}:guest"


def _customer_key(customer_id: uuid.UUID) -> str:
    return f"cart-of:{customer_id}"

"""What a visitor looked at lately: a short list in Redis, by cart or customer. It may be lost at any moment.

Only who has a cart or an account has a list, so looking around as a stranger leaves no trace.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from redis import RedisError

from storefront.foundation.redis import client

logger = logging.getLogger(__name__)
KEPT = 5
AGE = timedelta(days=30)  # from the last look, as long as a guest's cart


def look_at(holder_id: uuid.UUID, product_id: int) -> list[int]:
    """Put the product in front of what the holder (a cart or a customer) looked at; return the ids of the others.

    Newest first. In one round trip; empty when Redis is away.
    """
    key = f"recent:{holder_id}"
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.lrem(key, 0, str(product_id))
            pipe.lrange(key, 0, KEPT - 1)
            pipe.lpush(key, product_id)
            pipe.ltrim(key, 0, KEPT - 1)
            pipe.expire(key, AGE)
            _, others, *_ = pipe.execute()
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)
        return []
    return [int(number) for number in others]

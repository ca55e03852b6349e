"""How often something was tried: a sliding window in Redis. With Redis away nothing is counted."""

from __future__ import annotations

import logging
import uuid

from redis import RedisError

from storefront.foundation.clock import now
from storefront.foundation.redis import client

logger = logging.getLogger(__name__)


def count_in_window(key: str, seconds: int) -> int:
    """Count one more under the key and return how many the last `seconds` hold; 0 with Redis away."""
    moment = now().timestamp()
    try:
        with client().pipeline() as pipe:
            pipe.zremrangebyscore(key, 0, moment - seconds)
            pipe.zadd(key, {uuid.uuid4().hex: moment})
            pipe.zcard(key)
            pipe.expire(key, seconds)
            return int(pipe.execute()[2])
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)
        return 0

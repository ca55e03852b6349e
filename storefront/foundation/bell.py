"""A bell for the relay: it hears of a change at once instead of at its next look.

Nothing hangs on it: a ring that is lost, because Redis is away or nobody listens, costs half a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from redis import Redis, RedisError

from storefront.foundation.redis import client

CHANNEL = "storefront:relay"
logger = logging.getLogger(__name__)


def ring() -> None:
    """Wake the relay, after the commit of what it is to see."""
    try:
        client().publish(CHANNEL, "")
    except (RedisError, OSError) as error:
        logger.info("the relay is not woken: %s", type(error).__name__)


class Bell:
    """The listener's end."""

    def __init__(self, connection: Redis, sleep: Callable[[float], None]) -> None:
        self._heard = connection.pubsub()  # type: ignore[no-untyped-call]  # redis leaves this one without types
        self._sleep = sleep  # instead, while Redis is away

    def wait(self, seconds: float) -> bool:
        """Return when it rings or after the seconds, and tell which; any number of rings is one."""
        try:
            if not self._heard.subscribed:
                self._heard.subscribe(CHANNEL)
            rang = self._heard.get_message(timeout=seconds) is not None
            while rang and self._heard.get_message() is not None:
                pass
        except (RedisError, OSError):
            self._heard.reset()
            self._sleep(seconds)
            return False
        return rang

    def close(self) -> None:
        """Give the connection back."""
        self._heard.close()

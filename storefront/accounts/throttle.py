"""How often someone may try a password: 10 times in 15 minutes for an account and a network address.

A sliding window in Redis, of hashes, so that nobody reads addresses there. With Redis away
everybody may try: a shop that nobody can sign in to is the worse failure, and argon2 is slow.
"""

from __future__ import annotations

import hashlib
import logging

from redis import RedisError

from storefront.accounts.errors import TooManyTries
from storefront.foundation.redis import client
from storefront.foundation.throttle import count_in_window

MAX_TRIES = 10
MAX_TRIES_OF_ADDRESS = 100  # one network address, any account: offices share one
WINDOW = 15 * 60  # seconds

logger = logging.getLogger(__name__)


def count_try(email: str, network_address: str) -> None:
    """Count a try; raises TooManyTries when the account or the network address has had too many."""
    pair = count_in_window(_key(email, network_address), WINDOW)
    alone = count_in_window(_key("", network_address), WINDOW)
    if pair > MAX_TRIES or alone > MAX_TRIES_OF_ADDRESS:
        logger.warning("sign-in throttled", extra={"network_address": network_address})
        raise TooManyTries(WINDOW // 60)


def forgive(email: str, network_address: str) -> None:
    """Forget the account's tries after the right password."""
    try:
        client().delete(_key(email, network_address))
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def _key(email: str, network_address: str) -> str:
    digest = hashlib.sha256(f"{email.strip().casefold()} {network_address}".encode()).hexdigest()
    return f"sign-in:{digest[:32]}"

"""How often payments may be begun and not made: card testers try hundreds of cards, hoarders hold stock.

One order takes MAX_ATTEMPTS of them within WINDOW, counted from its payments. A network address leaves
MAX_UNFINISHED carts between pressing Pay and having paid, counted in Redis by hashes; with Redis away everybody may.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta

from redis import RedisError

from storefront.checkout.errors import TooManyAttempts
from storefront.foundation.clock import now
from storefront.foundation.redis import client
from storefront.payments.queries import PaymentInfo

MAX_ATTEMPTS = 10
MAX_UNFINISHED = 60  # offices share one address
WINDOW = timedelta(hours=1)
logger = logging.getLogger(__name__)


def check_attempts(payments: Iterable[PaymentInfo]) -> None:
    """Raise TooManyAttempts when these payments of one order are as many as it may begin within WINDOW."""
    recent = [payment for payment in payments if payment.is_provider and payment.created_at > now() - WINDOW]
    if len(recent) >= MAX_ATTEMPTS:
        logger.warning("payment attempts throttled", extra={"order_id": str(recent[0].order_id)})
        raise TooManyAttempts


def check_address(network_address: str) -> None:
    """Raise TooManyAttempts when too many carts of this address wait for a payment that was begun."""
    key = _key(network_address)
    try:
        with client().pipeline() as pipe:
            pipe.zremrangebyscore(key, 0, (now() - WINDOW).timestamp())
            pipe.zcard(key)
            unfinished = int(pipe.execute()[1])
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)
        return
    if unfinished >= MAX_UNFINISHED:
        logger.warning("payments throttled", extra={"network_address": network_address})
        raise TooManyAttempts


@contextlib.contextmanager
def counting_unpaid(cart_id: uuid.UUID, network_address: str) -> Iterator[None]:
    """Begin a payment inside: raises TooManyAttempts before, counts the cart when it was begun."""
    check_address(network_address)
    yield
    note_begun(cart_id, network_address)


def note_begun(cart_id: uuid.UUID, network_address: str) -> None:
    """Count a cart whose payment was begun; the same one again counts once."""
    key = _key(network_address)
    try:
        with client().pipeline() as pipe:
            pipe.zadd(key, {str(cart_id): now().timestamp()})
            pipe.expire(key, WINDOW)
            pipe.execute()
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def note_paid(cart_id: uuid.UUID, network_address: str) -> None:
    """Count the cart no more: its money came."""
    try:
        client().zrem(_key(network_address), str(cart_id))
    except (RedisError, OSError) as error:
        logger.warning("redis away: %s", type(error).__name__)


def _key(network_address: str) -> str:
    return f"unpaid:{hashlib.sha256(network_address.encode()).hexdigest()[:32]}"

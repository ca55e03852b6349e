"""What many people look for: counts and nothing about the people. May be lost; passed over while Redis is away.

Who asked is kept as a HyperLogLog, out of which nobody can be read again; a query counts when several askers used
it, and only queries are counted whose every word a product holds, so nobody can put words of their own into the shop.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import re
from ipaddress import ip_network

from flask import current_app
from redis import RedisError

from storefront.foundation.redis import client
from storefront.search.analysis import fold

POPULAR = "search:popular"
KEPT = 1000  # queries
ASKERS = 3  # from whom on a query may be shown to others
DAYS = 30
MAX_QUERY = 50  # characters; longer ones are nobody else's
_PLAIN = re.compile(r"(?:\w+(?:[ '’-]|$)){1,6}")  # a few words
_NUMBER = re.compile(r"\d{5}|\d[ -]\d+[ -]\d")
logger = logging.getLogger(__name__)


def note_query(text: str, asker: str, *, is_whole: bool) -> None:
    """Count the asker (an IP address; it is not kept) for a query that some product fits whole.

    What may be somebody's own is never counted: e-mail and other addresses, and long numbers (telephones, orders).
    """
    query = fold(text)
    if not is_whole or len(query) > MAX_QUERY or not _PLAIN.fullmatch(query) or _NUMBER.search(query):
        return
    name = f"search:askers:{query}"
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.pfadd(name, _blind(asker))
            pipe.expire(name, DAYS * 86400)
            pipe.pfcount(name)
            count = pipe.execute()[-1]
        with client().pipeline(transaction=False) as pipe:
            pipe.zadd(POPULAR, {query: count})
            pipe.zremrangebyrank(POPULAR, 0, -KEPT - 1)
            pipe.expire(POPULAR, DAYS * 86400)
            pipe.execute()
    except (RedisError, OSError) as error:
        logger.warning("popular queries away: %s", type(error).__name__)


def read_popular(beginning: str, limit: int) -> list[str]:
    """Return the most asked queries that begin so; none while Redis is away."""
    wanted = fold(beginning)
    try:
        kept = client().zrevrangebyscore(POPULAR, "+inf", ASKERS)
    except (RedisError, OSError):
        return []
    assert isinstance(kept, list)
    return [query for query in map(str, kept) if query.startswith(wanted) and query != wanted][:limit]


def _blind(asker: str) -> str:
    """One household has as many IPv6 addresses as it likes, all in one network: they are one asker."""
    with contextlib.suppress(ValueError):
        asker = str(ip_network(f"{asker}/64", strict=False)) if ":" in asker else asker
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"asker:{asker}".encode(), hashlib.sha256).hexdigest()

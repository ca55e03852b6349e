"""The shop's own reservation, called without HTTP: what bench/deeds.py does bare."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app import create_app
from bench.hands import Orders, Press
from storefront.foundation.database import db
from storefront.inventory.services import reserve_stock

_lock = threading.Lock()
_made: list[Flask] = []


@contextmanager
def reserve(orders: Orders) -> Iterator[Press]:
    """Reserve one unit by the service that the checkout calls."""
    with _lock:
        if not _made:
            _made.append(create_app(orders.environ))
    with _made[0].app_context():
        yield lambda cart_id: reserve_stock(order_id=uuid.uuid4(), holder_id=uuid.UUID(cart_id),
                                            quantities={orders.variant_id: 1}, actor="bench")
        db.session.remove()

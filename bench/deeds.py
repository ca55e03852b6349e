"""The raw side: a checkout from the tape, and the bare conditional UPDATE with the two rows that explain it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.hands import Orders, Press

RESERVE = (
    """UPDATE inventory_stock_level SET reserved = reserved + 1 WHERE variant_id = %(variant)s
       AND (policy <> 'deny' OR on_hand - reserved - allocated - 1 >= 0) RETURNING location_id""",
    """INSERT INTO inventory_stock_movement (variant_id, location_id, on_hand, reserved, allocated, reason, actor,
         order_id, created_at) VALUES (%(variant)s, %(location)s, 0, 1, 0, 'reserved', 'raw', %(order)s, now())""",
    """INSERT INTO inventory_reservation (order_id, holder_id, variant_id, location_id, quantity, state, expires_at,
         created_at) VALUES (%(order)s, %(holder)s, %(variant)s, %(location)s, 1, 'held', now(), now())""",
)


@contextmanager
def play(orders: Orders) -> Iterator[Press]:
    """Play the tape on a connection of the thread's own."""
    tape = orders.tape
    assert tape is not None
    with psycopg.connect(orders.dsn) as connection:
        yield lambda cart_id: tape.play(connection, cart_id)


@contextmanager
def reserve(orders: Orders) -> Iterator[Press]:
    """Reserve one unit, write the movement and the reservation, commit."""
    with psycopg.connect(orders.dsn) as connection:
        def press(cart_id: str) -> None:
            values: dict[str, Any] = {"variant": orders.variant_id, "order": uuid.uuid4(), "holder": cart_id}
            with connection.cursor() as cursor:
                row = cursor.execute(RESERVE[0], values).fetchone()
                assert row is not None, "sold out"
                values["location"] = row[0]
                for statement in RESERVE[1:]:
                    cursor.execute(statement, values)
            connection.commit()

        yield press

"""A process of its own that presses as fast as it can: `python -m bench.hands <orders.pickle>`.

It says "ready" when its connections stand, begins at the first line it reads, and ends with one line of JSON.
"""

from __future__ import annotations

import json
import pickle
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from app import create_app
from bench.tape import Tape
from storefront.foundation.database import db
from storefront.inventory.services import reserve_stock

Press = Callable[[str], object]  # one deed for the cart with this id


@dataclass(frozen=True)
class Orders:
    """What a hand is to do: play the tape, or reserve one unit by the shop's service or by raw SQL."""

    kind: str  # tape, service, raw
    dsn: str
    threads: int
    seconds: float
    environ: dict[str, str] = field(default_factory=dict)
    tape: Tape | None = None
    cart_ids: Sequence[str] = ()
    variant_id: int = 0


RESERVE = (
    """UPDATE inventory_stock_level SET reserved = reserved + 1 WHERE variant_id = %(variant)s
       AND (policy <> 'deny' OR on_hand - reserved - allocated - 1 >= 0) RETURNING location_id""",
    """INSERT INTO inventory_stock_movement (variant_id, location_id, on_hand, reserved, allocated, reason, actor,
         order_id, created_at) VALUES (%(variant)s, %(location)s, 0, 1, 0, 'reserved', 'raw', %(order)s, now())""",
    """INSERT INTO inventory_reservation (order_id, holder_id, variant_id, location_id, quantity, state, expires_at,
         created_at) VALUES (%(order)s, %(holder)s, %(variant)s, %(location)s, 1, 'held', now(), now())""",
)


def main() -> None:
    """Do as ordered and tell what came of it."""
    orders: Orders = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  # our own file
    carts, lock = _carts(orders), threading.Lock()
    done = [0] * orders.threads
    errors: list[str] = []
    begin = threading.Event()
    ready = threading.Barrier(orders.threads + 1)

    def work(at: int) -> None:
        with _Pressing(orders) as press:
            ready.wait()
            begin.wait()
            deadline = time.monotonic() + orders.seconds
            try:
                while time.monotonic() < deadline:
                    with lock:
                        cart_id = next(carts, None)
                    if cart_id is None:
                        return
                    press(cart_id)
                    done[at] += 1
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=work, args=(at,)) for at in range(orders.threads)]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    began, used = time.monotonic(), time.process_time()
    begin.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"done": sum(done), "seconds": time.monotonic() - began, "cpu": time.process_time() - used,
                      "errors": errors[:3]}), flush=True)


def _carts(orders: Orders) -> Iterator[str]:
    if orders.cart_ids:
        yield from orders.cart_ids
        return
    while True:
        yield str(uuid.uuid4())


class _Pressing:
    """A context manager that gives one thread its way to press."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.closing: list[Callable[[], object]] = []

    def __enter__(self) -> Press:
        if self.orders.kind == "service":
            return self._service()
        connection = psycopg.connect(self.orders.dsn)
        self.closing.append(connection.close)
        if self.orders.kind == "tape":
            tape = self.orders.tape
            assert tape is not None
            return lambda cart_id: tape.play(connection, cart_id)
        return lambda cart_id: self._reserve(connection)

    def __exit__(self, *rest: object) -> None:
        for close in reversed(self.closing):
            close()

    def _reserve(self, connection: psycopg.Connection[Any]) -> None:
        values: dict[str, Any] = {"variant": self.orders.variant_id, "order": uuid.uuid4(), "holder": uuid.uuid4()}
        with connection.cursor() as cursor:
            row = cursor.execute(RESERVE[0], values).fetchone()
            assert row is not None, "sold out"
            values["location"] = row[0]
            for statement in RESERVE[1:]:
                cursor.execute(statement, values)
        connection.commit()

    def _service(self) -> Press:
        context = _application(self.orders.environ).app_context()
        context.push()
        self.closing += [context.pop, db.session.remove]

        def press(cart_id: str) -> None:
            reserve_stock(order_id=uuid.uuid4(), holder_id=uuid.UUID(cart_id),
                          quantities={self.orders.variant_id: 1}, actor="bench")

        return press


_lock = threading.Lock()
_made: list[Any] = []


def _application(environ: dict[str, str]) -> Any:
    with _lock:
        if not _made:
            _made.append(create_app(environ))
        return _made[0]


if __name__ == "__main__":
    main()

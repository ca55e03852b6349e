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
from pkgutil import resolve_name

from bench.tape import Tape

Press = Callable[[str], object]  # does it once, for the cart with this id


@dataclass(frozen=True)
class Orders:
    """What a hand is to do. `deed` names a function of these orders, a context that brings one thread its Press."""

    deed: str  # bench.deeds:play, bench.deeds:reserve, bench.service:reserve
    dsn: str
    threads: int
    seconds: float
    environ: dict[str, str] = field(default_factory=dict)
    tape: Tape | None = None
    cart_ids: Sequence[str] = ()
    variant_id: int = 0


def main() -> None:
    """Do as ordered and tell what came of it."""
    orders: Orders = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  # our own file
    carts, lock = _carts(orders), threading.Lock()
    done = [0] * orders.threads
    errors: list[str] = []
    begin = threading.Event()
    ready = threading.Barrier(orders.threads + 1)

    def work(at: int) -> None:
        with resolve_name(orders.deed)(orders) as press:
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


if __name__ == "__main__":
    main()

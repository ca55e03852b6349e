"""`python -m bench`: all measures in one run, the shop and raw SQL in turns; results in bench/results/."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench.carts import make_buyers
from bench.hands import Orders
from bench.machine import describe_machine
from bench.measures import Rate, measure_hands, measure_shop, raw_orders, record_checkout, storm
from bench.report import write_report
from bench.shop import WEB_THREADS, Shop, running_shop
from bench.tape import Tape
from storefront.foundation.database import db
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from workers.audit import find_breaches

VARIANTS, AMPLE = 40, 1_000_000
WANTED, BUYERS = 10, 200
A_SECOND = 150  # carts made ready for each second of a measure: more than this machine can sell
RAW_SECOND = 600


def main() -> None:
    """Measure and write; exit 1 when something is broken, never because something is slow."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=7.0, help="how long each measure runs (default 7)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    asked = parser.parse_args()
    found: dict[str, Any] = {"machine": describe_machine(), "seconds": asked.seconds, "rounds": asked.rounds}
    sys.stderr.write("starting PostgreSQL, Valkey, gunicorn, relay and workers …\n")
    with running_shop() as shop:
        found |= measure(shop, asked.seconds, asked.rounds)
    found["load_after"] = describe_machine()["load"]
    sys.stderr.write(f"\n{write_report(found)}\n")
    if found["problems"]:
        raise SystemExit("\n".join(found["problems"]))


def measure(shop: Shop, seconds: float, rounds: int) -> dict[str, Any]:
    """Return every figure of the run, and the problems: what must not be, however slow the machine."""
    with shop.app.app_context():
        make_world()
        spread = [make_product(slug=f"bowl-{at}", stock=AMPLE).variant_id for at in range(VARIANTS)]
        hot = make_product(slug="hot", stock=AMPLE).variant_id
        reserved = make_product(slug="reserved", stock=AMPLE).variant_id
        few = make_product(slug="few", stock=WANTED).variant_id
        warm = make_buyers(spread, 30)
    steps, counts = record_checkout(shop.app, warm[:6])
    tape = Tape(steps, warm[5].cart_id)
    measure_shop(shop, warm[6:], label="warming up", seconds=10)
    found: dict[str, Any] = {"checkout": counts}
    for name, variants in (("spread", spread), ("hot", [hot])):
        found[name] = in_turns(shop, tape, variants, name=name, seconds=seconds, rounds=rounds)
    found["storm"] = sell_out(shop, few)
    found["audit"] = prove(shop.app)
    found["reserve"] = reserve_in_turns(shop, reserved, seconds=min(seconds, 4), rounds=rounds)
    found["oversold"] = count_oversold(shop.app)
    found["problems"] = list_problems(found)
    return found


def in_turns(shop: Shop, tape: Tape, variants: list[int], *, name: str, seconds: float, rounds: int) -> dict[str, Any]:
    """The shop over HTTP and the same SQL bare, one after the other, so many times."""
    ours: list[Rate] = []
    bare: list[Rate] = []
    times: dict[str, list[float]] = {}
    for turn in range(rounds):
        with shop.app.app_context():
            buyers = make_buyers(variants, int(seconds * A_SECOND))
            others = make_buyers(variants, int(seconds * RAW_SECOND))
        rate, bought = measure_shop(shop, buyers, label=f"{name} {turn + 1}/{rounds}: the shop", seconds=seconds)
        ours.append(rate)
        for part, taken in bought.times.items():
            times.setdefault(part, []).extend(taken)
        bare.append(measure_hands(shop, raw_orders(shop, tape, others, seconds),
                                  label=f"{name} {turn + 1}/{rounds}: raw SQL"))
    return compared(ours, bare) | {"milliseconds": {part: _quantiles(taken) for part, taken in times.items()}}


def reserve_in_turns(shop: Shop, variant_id: int, *, seconds: float, rounds: int) -> dict[str, Any]:
    """The reservation alone: the shop's service against the conditional UPDATE with its two rows."""
    def orders(deed: str) -> Orders:
        return Orders(deed, shop.dsn, WEB_THREADS, seconds, environ=shop.environ, variant_id=variant_id)

    ours, bare = [], []
    for turn in range(rounds):
        label = f"reserve {turn + 1}/{rounds}: "
        ours.append(measure_hands(shop, orders("bench.service:reserve"), label=f"{label}the service"))
        bare.append(measure_hands(shop, orders("bench.deeds:reserve"), label=f"{label}raw SQL"))
    return compared(ours, bare)


def compared(ours: list[Rate], bare: list[Rate]) -> dict[str, Any]:
    """Return each round's rates, the medians and the median of the rounds' ratios."""
    ratios = [one.per_second / other.per_second for one, other in zip(ours, bare, strict=True) if other.done]
    return {
        "shop": [one.per_second for one in ours], "raw": [one.per_second for one in bare], "ratios": ratios,
        "shop_median": statistics.median(one.per_second for one in ours),
        "raw_median": statistics.median(one.per_second for one in bare),
        "ratio": statistics.median(ratios) if ratios else 0.0,
        "shop_cpu": _mean([one.cpu for one in ours]), "raw_cpu": _mean([one.cpu for one in bare]),
        "errors": [text for one in (*ours, *bare) for text in one.errors][:5],
    }


def sell_out(shop: Shop, variant_id: int) -> dict[str, Any]:
    """Ten units, two hundred buyers: who got one, who was told why not, what is left."""
    with shop.app.app_context():
        buyers = make_buyers([variant_id], BUYERS)
    bought, told = storm(shop, buyers, seconds=60)
    with shop.app.app_context():
        left = db.session.execute(text("SELECT on_hand - reserved - allocated FROM inventory_stock_level "
                                       "WHERE variant_id = :id"), {"id": variant_id}).scalar()
    return {"buyers": BUYERS, "units": WANTED, "placed": bought.placed, "refused": bought.refused, "told": told,
            "left": left, "errors": bought.errors[:5], "seconds": bought.seconds}


def prove(app: Flask) -> dict[str, Any]:
    """Run the audit over everything that was sold, by the shop and by the tape."""
    with app.app_context():
        orders = db.session.execute(text("SELECT count(*) FROM orders_order")).scalar()
        began = time.monotonic()
        breaches = [one.sentence for one in find_breaches() if not one.is_warning]
        return {"orders": orders, "seconds": time.monotonic() - began, "breaches": breaches[:5]}


def count_oversold(app: Flask) -> int:
    with app.app_context():
        return int(db.session.execute(text(
            "SELECT count(*) FROM inventory_stock_level WHERE on_hand - reserved - allocated < 0 OR reserved <> "
            "(SELECT coalesce(sum(quantity), 0) FROM inventory_reservation r WHERE r.state = 'held' "
            "AND r.variant_id = inventory_stock_level.variant_id)")).scalar() or 0)


def list_problems(found: dict[str, Any]) -> list[str]:
    """What must not be, however slow the machine."""
    storm_ = found["storm"]
    problems = [f"{name}: {error}" for name in ("spread", "hot", "reserve") for error in found[name]["errors"]]
    if (storm_["placed"], storm_["refused"], storm_["told"], storm_["left"]) != (WANTED, BUYERS - WANTED,
                                                                                BUYERS - WANTED, 0):
        problems.append(f"ten units: {storm_}")
    if found["oversold"]:
        problems.append(f"{found['oversold']} stock levels are oversold")
    return problems + [f"audit: {sentence}" for sentence in found["audit"]["breaches"]]


def _quantiles(taken: list[float]) -> dict[str, float]:
    if len(taken) < 2:
        return {"median": 0.0, "p95": 0.0}
    return {"median": 1000 * statistics.median(taken), "p95": 1000 * statistics.quantiles(taken, n=20)[-1]}


def _mean(costs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.mean(cost[name] for cost in costs) for name in costs[0]}


if __name__ == "__main__":
    main()

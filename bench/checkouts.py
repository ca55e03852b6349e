"""Checkouts per second: the shop over HTTP and the same SQL played by bare psycopg, in turns."""

from __future__ import annotations

import statistics
import time
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench.carts import make_buyers
from bench.hands import Orders
from bench.measures import Rate, measure_hands, measure_shop, raw_orders, record_checkout, storm
from bench.shop import WEB_THREADS, Shop
from bench.stage import Found, Row, Stage, compare
from bench.tape import Tape
from storefront.foundation.database import db
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from workers.audit import find_breaches

VARIANTS, AMPLE = 40, 1_000_000
WANTED, BUYERS = 10, 200
A_SECOND = 150  # carts made ready for each second of a measure: more than this machine can sell
RAW_SECOND = 600


TITLE = "Checkouts"


def measure(stage: Stage) -> Found:
    """Checkouts and reservations beside the same SQL bare; ten units for two hundred buyers; the audit."""
    shop, seconds, rounds = stage.shop, stage.seconds, stage.rounds
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
    return Found(list_rows(found), list_notes(found), list_problems(found), found)


def list_rows(found: dict[str, Any]) -> list[Row]:
    """The table: checkouts and reservations a second."""
    rows = [compare(what, found[name]["shop"], found[name]["raw"], goal=goal, name="raw SQL")
            for what, name, goal in (("checkouts a second, 40 variants", "spread", 0.5),
                                     ("checkouts a second, one hot variant", "hot", None),
                                     ("reservations a second of one hot variant", "reserve", 0.7))]
    ours = found["spread"]["shop_median"]
    return [*rows, Row("checkouts a second, 40 variants", f"{ours:.1f}", "", "", "≥ 58", ours >= 58)]


def list_notes(found: dict[str, Any]) -> list[str]:
    """What stands below the table."""
    storm_, audit, checkout = found["storm"], found["audit"], found["checkout"]
    return [
        f"Ten units, {storm_['buyers']} buyers: {storm_['placed']} orders, {storm_['refused']} refused, of whom "
        f"{storm_['told']} read “sold out”; {storm_['left']} available; took {storm_['seconds']:.1f} s. Oversold stock "
        f"levels in all of it: {found['oversold']}. `flask audit` over {audit['orders']} orders took "
        f"{audit['seconds']:.2f} s and found {len(audit['breaches']) or 'nothing'}.",
        f"A checkout is {checkout['statements']} statements and {checkout['commits']} commits (besides, "
        f"{checkout['pings']} questions whether a pooled connection lives and {checkout['rollbacks']} ends of reads). "
        f"Milliseconds over HTTP, median and 95th percentile, eight buyers at once: {_times(found['spread'])}. "
        f"Processor milliseconds for each, the shop: {_costs(found['spread']['shop_cpu'])}; raw: "
        f"{_costs(found['spread']['raw_cpu'])}.",
    ]


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


def _times(one: dict[str, Any]) -> str:
    names = {"press": "pressing the button", "provider": "the demo provider's page", "return": "coming back"}
    return "; ".join(f"{names[part]} {taken['median']:.0f} and {taken['p95']:.0f}"
                     for part, taken in one["milliseconds"].items())


def _costs(cost: dict[str, float]) -> str:
    return ", ".join(f"{name} {taken:.1f}" for name, taken in cost.items())

"""Adding to the cart as a shopper without JavaScript does, beside a bare Flask route with one committed upsert.

Eight shoppers with a cart each and forty things: after the first moments nearly every request raises a line.
"""

from __future__ import annotations

import uuid
from itertools import product
from typing import Any

from flask import current_app
from itsdangerous import URLSafeSerializer
from sqlalchemy import text

from bench.bare import running_bare
from bench.load import CONNECTIONS, Ask, Load, press
from bench.shop import Shop
from bench.stage import Found, Row, Stage, compare, tell_rates
from bench.tape import is_ping, recorded
from storefront.foundation.database import db
from storefront.foundation.hint import cookie_name
from tests.factories.cart import make_cart
from tests.factories.catalog import make_product

TITLE = "Adding to the cart"
VARIANTS, AMPLE = 40, 1_000_000


def measure(stage: Stage) -> Found:
    """Both sides in turns; besides, the same by htmx (answered with the whole drawer) and each shopper's first."""
    shop, found = stage.shop, Found()
    with shop.app.app_context():
        variants = [make_product(slug=f"added-{at}", stock=AMPLE).variant_id for at in range(VARIANTS)]
    sides: dict[str, list[Load]] = {"plain": [], "bare": [], "htmx": [], "first": []}
    statements = {name: count_statements(shop, variants[0], is_htmx=name == "htmx") for name in ("plain", "htmx")}
    with running_bare(shop) as bare:
        press(shop.address, _asks(_carts(shop), variants), label="warming up", seconds=2)
        for turn in range(stage.rounds):
            carts = _carts(shop)
            for name, base, asks in (
                ("plain", shop.address, _asks(carts, variants)),
                ("bare", bare, _asks(carts, variants, path="/upsert")),
                ("htmx", shop.address, _asks(carts, variants[:3], is_htmx=True)),
                ("first", shop.address, _asks([""], variants)),
            ):
                label = f"adding {turn + 1}/{stage.rounds}: {name}"
                sides[name].append(press(base, asks, label=label, seconds=stage.seconds))
    rates = {name: [load.per_second for load in loads] for name, loads in sides.items()}
    found.rows = [
        compare("added a second, form without JavaScript", rates["plain"], rates["bare"], goal=0.5,
                name="bare route, one committed upsert"),
        Row("added a second, by htmx: the drawer with three lines", tell_rates(rates["htmx"]), "", ""),
        Row("each shopper's first thing a second: a cart and a line", tell_rates(rates["first"]), "", ""),
    ]
    found.notes = [_tell(statements), f"Milliseconds, median and 99th percentile, eight at once: form "
                   f"{_times(sides['plain'])}, bare {_times(sides['bare'])}, htmx {_times(sides['htmx'])}."]
    found.problems = [f"{name}: {load.problem}" for name, loads in sides.items() for load in loads if load.problem]
    found.problems += _lost(shop)
    found.figures = rates | {"statements": statements}
    return found


def count_statements(shop: Shop, variant_id: int, *, is_htmx: bool) -> dict[str, int]:
    """Count what one addition to a cart that holds the thing already asks of the database."""
    with shop.app.app_context():
        cookie = make_cookie(make_cart({variant_id: 1}))
        engine = db.engine
    client = shop.app.test_client(use_cookies=False)
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    headers |= {"HX-Request": "true", "HX-Request-Type": "partial"} if is_htmx else {}
    with recorded(engine) as steps:
        for _ in range(3):
            steps.clear()
            answer = client.post("/cart/lines", data={"variant_id": variant_id, "quantity": 1}, headers=headers)
            assert answer.status_code < 400, answer.text
    asked = [step for step in steps if step.sql]
    return {"statements": sum(not is_ping(step) for step in asked), "pings": sum(map(is_ping, asked)),
            "commits": sum(step.is_commit for step in steps)}


def _carts(shop: Shop) -> list[str]:
    """Return the cookies of as many shoppers as add at once, each with an empty cart's id of its own."""
    with shop.app.app_context():
        ids = [uuid.uuid4() for _ in range(CONNECTIONS)]
        db.session.execute(text("INSERT INTO cart_cart (id, created_at, updated_at) VALUES (:id, now(), now())"),
                           [{"id": one} for one in ids])
        db.session.commit()
        return [make_cookie(one) for one in ids]


def make_cookie(cart_id: uuid.UUID) -> str:
    """Return the cookie of the guest whose cart this is."""
    signer = URLSafeSerializer(current_app.config["SECRET_KEY"], salt="cart")  # as storefront/cart/cookies.py signs
    return f"{cookie_name('cart')}={signer.dumps(str(cart_id))}"


def _asks(cookies: list[str], variants: list[int], *, path: str = "/cart/lines", is_htmx: bool = False) -> list[Ask]:
    return [Ask(path, cookie, f"variant_id={variant}&quantity=1", is_htmx)
            for variant, cookie in product(variants, cookies)]


def _lost(shop: Shop) -> list[str]:
    """A line above its bounds would mean that two requests were counted as none."""
    with shop.app.app_context():
        wrong = db.session.execute(text("SELECT count(*) FROM cart_cart_line WHERE quantity > 999")).scalar()
    return [f"{wrong} lines hold more than a line may"] if wrong else []


def _tell(statements: dict[str, Any]) -> str:
    return "One addition to a line that stands: " + "; ".join(
        f"{name} {one['statements']} statements, {one['pings']} pings, {one['commits']} commits"
        for name, one in statements.items()) + "."


def _times(loads: list[Load]) -> str:
    middle = sorted(loads, key=lambda load: load.p50)[len(loads) // 2]
    return f"{middle.p50:.1f} and {middle.p99:.1f}"

"""The measures: a crowd at the shop, hands at the database, and what each of them did in a second."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from bench.browser import Bought, Browser, send_crowd
from bench.carts import Buyer
from bench.hands import Orders
from bench.progress import progress
from bench.shop import ROOT, WEB_THREADS, WEB_WORKERS, Shop
from bench.tape import Step, Tape, is_ping, recorded
from storefront.foundation.database import db
from workers.processes import die_with_parent, kill_group

HANDS = WEB_WORKERS  # processes on the raw side, as many as the web server has


@dataclass(frozen=True)
class Rate:
    """How often something was done, and what it cost in processor time per time it was done (milliseconds)."""

    done: int
    seconds: float
    cpu: dict[str, float]
    errors: list[str]

    @property
    def per_second(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0


def record_checkout(app: Flask, buyers: Sequence[Buyer]) -> tuple[list[Step], dict[str, int]]:
    """Record the SQL of one warm checkout by its three requests; the other buyers warm up. Also its counts."""
    with app.app_context():
        engine = db.engine
    *first, last = buyers
    with recorded(engine) as steps:
        for buyer in first:
            _buy_inside(app, buyer)
        steps.clear()
        _buy_inside(app, last)
    asked = [step for step in steps if step.sql]
    return list(steps), {
        "statements": sum(not is_ping(step) for step in asked), "pings": sum(map(is_ping, asked)),
        "commits": sum(step.is_commit for step in steps),
        "rollbacks": sum(not step.sql and not step.is_commit for step in steps)}


def measure_shop(shop: Shop, buyers: Sequence[Buyer], *, label: str, seconds: float) -> tuple[Rate, Bought]:
    """Let a crowd buy over HTTP."""
    before = shop.cpu_seconds()
    with progress(label, seconds):
        bought = send_crowd(shop.port, buyers, threads=WEB_WORKERS * WEB_THREADS, seconds=seconds)
    after = shop.cpu_seconds()
    cost = {name: 1000 * (after[name] - before[name]) / max(bought.placed, 1) for name in after}
    cost["client"] = 1000 * bought.client_seconds / max(bought.placed, 1)
    return Rate(bought.placed, bought.seconds, cost, bought.errors), bought


def measure_hands(shop: Shop, orders: Orders, *, label: str) -> Rate:
    """Let as many processes as the web server has do the raw side, begun at one moment."""
    before = shop.cpu_seconds()
    with tempfile.TemporaryDirectory() as folder, progress(label, orders.seconds):
        hands = [_start(Path(folder) / f"{at}.pickle", replace(orders, cart_ids=orders.cart_ids[at::HANDS]))
                 for at in range(HANDS)]
        try:
            for hand in hands:
                _line(hand)
            for hand in hands:
                assert hand.stdin is not None
                hand.stdin.write(b"go\n")
                hand.stdin.flush()
            said = [json.loads(_line(hand)) for hand in hands]
        finally:
            for hand in hands:
                kill_group(hand)
                for pipe in (hand.stdin, hand.stdout):
                    if pipe is not None:
                        pipe.close()
    done = sum(one["done"] for one in said)
    postgres = shop.cpu_seconds()["postgres"] - before["postgres"]
    cost = {"postgres": 1000 * postgres / max(done, 1), "hands": 1000 * sum(one["cpu"] for one in said) / max(done, 1)}
    return Rate(done, max(one["seconds"] for one in said), cost, [text for one in said for text in one["errors"]])


def raw_orders(shop: Shop, tape: Tape, buyers: Sequence[Buyer], seconds: float) -> Orders:
    """Return what plays the tape for these buyers' carts."""
    return Orders("bench.deeds:play", shop.dsn, WEB_THREADS, seconds, tape=tape,
                  cart_ids=[buyer.cart_id for buyer in buyers])


def storm(shop: Shop, buyers: Sequence[Buyer], *, seconds: float) -> tuple[Bought, int]:
    """All buyers want the same few units: each presses once; also how many of the refused read why."""
    with progress(f"{len(buyers)} buyers, ten units", seconds):
        bought = send_crowd(shop.port, buyers, threads=16, seconds=seconds)
        browser, told = Browser(shop.port), 0
        try:
            for buyer in buyers:
                told += _reads_sold_out(browser, buyer)
        finally:
            browser.close()
    return bought, told


def _reads_sold_out(browser: Browser, buyer: Buyer) -> bool:
    page = browser.ask("GET", "/cart", buyer.cookie)
    return page.status == 200 and b"sold out" in page.body.lower()


def _buy_inside(app: Flask, buyer: Buyer) -> None:
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": buyer.cookie, "Sec-Fetch-Site": "same-origin"}
    pressed = client.post("/checkout/order", headers=headers,
                          data={"checkout": buyer.checkout_id, "total": str(buyer.total)})
    decided = client.post(urlsplit(pressed.location).path, headers=headers, data={"decision": "accept"})
    returned = client.get(urlsplit(decided.location).path, headers=headers)
    assert "/orders/" in (returned.location or ""), returned.text


def _start(file: Path, orders: Orders) -> subprocess.Popen[bytes]:
    file.write_bytes(pickle.dumps(orders))
    return subprocess.Popen([sys.executable, "-m", "bench.hands", str(file)], cwd=ROOT, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, start_new_session=True,
                            preexec_fn=die_with_parent(signal.SIGTERM))  # noqa: PLW1509  # calls prctl, no lock


def _line(hand: subprocess.Popen[bytes]) -> str:
    assert hand.stdout is not None
    line = hand.stdout.readline().decode()
    if not line:
        raise RuntimeError("a raw process ended before its time")
    return line.strip()

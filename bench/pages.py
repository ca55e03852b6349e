"""Public pages: files through nginx beside nginx alone, beside the same page live, and with all else stopped."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from bench.load import Ask, Load, press
from bench.mall import Mall, raw_nginx
from bench.stage import Found, Row, Stage, compare, ratio_of, tell_rates
from bench.tape import is_ping, recorded
from storefront.foundation.cache import cache
from storefront.foundation.database import db
from storefront.foundation.page_files import page_file, remove_page

TITLE = "Public pages"
MANY = 50  # pages that are asked for in turn
READERS = 32  # connections; a file costs nginx less than a connection costs the client


def measure(stage: Stage) -> Found:
    """Each comparison in turns; the worker of pages stands still, or it would make files of the live ones."""
    with stage.mall.shop.halted("pages"):
        return _measure(stage, stage.mall)


def _measure(stage: Stage, mall: Mall) -> Found:
    pages, live = list(mall.products[:MANY]), list(mall.products[MANY:2 * MANY])
    lists = list(mall.categories[:20])
    mall.render(*pages)
    content = _files(mall, pages)
    sides: dict[str, list[Load]] = {name: [] for name in ("file", "raw", "live", "alone", "category")}
    with raw_nginx(mall.shop.folder / "raw", {f"{at}.html": body for at, body in enumerate(content)}) as raw:
        _forget(mall, live + lists)
        for path in (live, lists):  # a process answers its first pages more slowly
            press(mall.address, [Ask(one) for one in path], label="warming up", seconds=4)
        for turn in range(stage.rounds):
            _forget(mall, live + lists)
            for name, base, paths, connections in (
                ("file", mall.address, pages, READERS), ("raw", raw, [f"/{at}.html" for at in range(MANY)], READERS),
                ("live", mall.address, live, 8), ("category", mall.shop.address, lists, 8),
            ):
                asks = [Ask(path) for path in paths]
                label = f"pages {turn + 1}/{stage.rounds}: {name}"
                sides[name].append(press(base, asks, label=label, seconds=stage.seconds, connections=connections))
            with mall.shop.halted("web", "postgres", "redis", "background"):
                label = f"pages {turn + 1}/{stage.rounds}: Flask, PostgreSQL and Redis stopped"
                sides["alone"].append(press(mall.address, [Ask(path) for path in pages], label=label,
                                            seconds=stage.seconds, connections=READERS))
    rates = {name: [load.per_second for load in loads] for name, loads in sides.items()}
    queries = count_queries(mall)
    found = Found()
    found.rows = _rows(rates, queries)
    found.notes = [f"{MANY} product pages of {sum(map(len, content)) // MANY:,} bytes (gzip) on average, "
                   f"{stage.products:,} products in the shop. “Live” is the same kind of page through the same nginx "
                   "whose file is not there. nginx alone sends files of the same sizes as they lie, with a log."]
    found.problems = [f"{name}: {load.problem}" for name, loads in sides.items() for load in loads if load.problem]
    found.problems += _check(mall, pages[0], live[0])
    found.figures = {**rates, "queries": queries}
    return found


def _rows(rates: dict[str, list[float]], queries: dict[str, int]) -> list[Row]:
    live = ratio_of(rates["file"], rates["live"])
    return [
        compare("product pages a second, as files through the gateway", rates["file"], rates["raw"], goal=0.9,
                name="nginx alone, files of equal size"),
        Row("the same pages, live", tell_rates(rates["live"]), "", f"files {live:.0f} times as fast", "≥ 25",
            live >= 25),
        compare("files a second while Flask, PostgreSQL and Redis are stopped", rates["alone"], rates["file"],
                goal=0.95, name="all of them running"),
        Row("live category pages a second, warm cache", tell_rates(rates["category"]), "",
            f"{queries['warm']} queries warm, {queries['cold']} cold", "≤ 2 warm", queries["warm"] <= 2),
    ]


def count_queries(mall: Mall) -> dict[str, int]:
    """Count the statements of a category's page, with nothing in the cache and with everything."""
    with mall.shop.app.app_context():
        engine = db.engine
    client, path = mall.shop.app.test_client(), mall.categories[25]
    _forget(mall, [path])
    counted = {}
    with recorded(engine) as steps:
        for name in ("cold", "warm"):
            if name == "cold":
                with mall.shop.app.app_context():
                    cache.clear()
            steps.clear()
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            counted[name] = sum(bool(step.sql) and not is_ping(step) for step in steps)
    return counted


def _files(mall: Mall, pages: Sequence[str]) -> list[bytes]:
    with mall.shop.app.app_context():
        return [file.read_bytes() for path in pages if (file := page_file(path))]


def _forget(mall: Mall, pages: Sequence[str]) -> None:
    with mall.shop.app.app_context():
        for path in pages:
            remove_page(path)


def _check(mall: Mall, page: str, live: str) -> list[str]:
    """A page from a file says when it was rendered, a live one does not: that the measure compared what it names."""
    problems = []
    for path, is_file in ((page, True), (live, False)):
        if (b"data-rendered" in read(mall.address, path)) is not is_file:
            problems.append(f"{path} was {'no' if is_file else 'a'} file")
    return problems


def read(address: str, path: str) -> bytes:
    """Return the page as a browser has it."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status)
        return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    finally:
        connection.close()

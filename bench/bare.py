"""A Flask application with nothing but the routes that the shop is held against: `gunicorn "bench.bare:create_app()"`.

Each thread keeps a connection of its own: no pool, no ORM, no session, no header that Flask does not set.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask, redirect, request
from redis import Redis
from werkzeug.wrappers import Response

from bench.shop import READY_PATH, ROOT, Shop, free_port, gunicorn, wait_until_ready
from workers.processes import start_child, stop_children

TABLE = """CREATE TABLE IF NOT EXISTS bench_line (
  cart text NOT NULL, variant integer NOT NULL, quantity integer NOT NULL, PRIMARY KEY (cart, variant))"""
UPSERT = """INSERT INTO bench_line (cart, variant, quantity) VALUES (%s, %s, %s)
  ON CONFLICT (cart, variant) DO UPDATE SET quantity = bench_line.quantity + excluded.quantity"""


def create_app() -> Flask:
    """Build it; BENCH_DSN and REDIS_URL say where the data lies."""
    app = Flask(__name__)
    mine = threading.local()

    def connection() -> psycopg.Connection[tuple[object, ...]]:
        if not hasattr(mine, "connection"):
            mine.connection = psycopg.connect(os.environ["BENCH_DSN"])
        found: psycopg.Connection[tuple[object, ...]] = mine.connection
        return found

    redis = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)

    @app.get(READY_PATH)
    def ready() -> str:
        return "ready"

    @app.post("/upsert")
    def upsert() -> Response:
        opened = connection()
        values = (request.cookies.get("cart", ""), int(request.form["variant_id"]), int(request.form["quantity"]))
        opened.execute(UPSERT, values)
        opened.commit()
        return redirect("/cart", 303)

    @app.get("/read")
    def read() -> str:
        return str(redis.get("bench:read"))

    return app


@contextmanager
def running_bare(shop: Shop) -> Iterator[str]:
    """Serve it as the shop is served, on the shop's PostgreSQL and Redis; yields its address."""
    with psycopg.connect(shop.dsn) as opened:
        opened.execute(TABLE)
    port, log = free_port(), Path(shop.environ["STOREFRONT_VAR"]) / "bare.log"
    child = start_child(gunicorn("bench.bare:create_app()", port), directory=ROOT, log=log,
                        environ=shop.environ | {"BENCH_DSN": shop.dsn})
    sys.stderr.write("starting the bare application …\n")
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_children([child])

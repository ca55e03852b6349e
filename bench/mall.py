"""The shop with a large catalog and nginx in front, and a bare nginx beside it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.shop import ROOT, Shop, free_port
from demo.filling import fill
from storefront.catalog.models import Category, Product, ProductStatus
from storefront.foundation.database import db
from storefront.search.facets_saving import rebuild_facets
from tests.nginx import find_nginx, start_gateway
from workers.processes import start_child, stop_children

RAW = """{user}worker_processes auto;
pid {folder}/raw.pid;
error_log {folder}/raw-error.log;
events {{ worker_connections 1024; }}
http {{
  sendfile on;
  tcp_nopush on;
  access_log {folder}/raw-access.log combined buffer=32k;
  default_type text/html;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


@dataclass(frozen=True)
class Mall:
    """Where the gateway listens, and what there is to see."""

    shop: Shop
    address: str
    products: Sequence[str]  # their paths
    categories: Sequence[str]
    fill_seconds: float

    def flask(self, *words: str) -> str:
        """Run a command of the shop and return what it printed; raises RuntimeError when it failed."""
        done = subprocess.run([sys.executable, "-m", "flask", *words], cwd=ROOT, env=self.shop.environ,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"flask {' '.join(words[:3])}: {done.stderr[-1500:]}")
        return done.stdout

    def render(self, *paths: str) -> dict[str, Any]:
        """Let the shop's own command render pages ahead; returns what it tells."""
        said: dict[str, Any] = json.loads(self.flask("pages", "render", "--json", *paths).strip().splitlines()[-1])
        return said


@contextmanager
def open_mall(shop: Shop, products: int) -> Iterator[Mall]:
    """Fill the shop and start nginx before it."""
    sys.stderr.write(f"filling the shop with {products} products …\n")
    began = time.monotonic()
    with shop.app.app_context():
        for _ in fill(products):
            pass
        rebuild_facets()
        active = Product.status == ProductStatus.ACTIVE
        newest = select(Product.slug).where(active).order_by(Product.id.desc()).limit(products)
        slugs = db.session.scalars(newest).all()
        third = select(Category.path).where(Category.path.like("%/%/%")).order_by(Category.id)
        leaves = db.session.scalars(third).all()
        db.session.remove()
    seconds = time.monotonic() - began
    folder = shop.folder / "gateway"
    folder.mkdir()
    gateway = start_gateway(shop.app, folder, {"": [f"127.0.0.1:{shop.port}"]}, limits=False)
    try:
        yield Mall(shop, gateway.address, [f"/p/{slug}" for slug in slugs], [f"/c/{path}" for path in leaves], seconds)
    finally:
        gateway.stop()


@contextmanager
def raw_nginx(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve these files by an nginx that does nothing else; yields its address."""
    program = find_nginx()
    assert program is not None, "nginx is missing: apt-get install nginx-light"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / "files" / name).write_bytes(content)
    port = free_port()
    user = "user root;\n" if os.geteuid() == 0 else ""  # a temporary folder is nobody else's to read
    (folder / "raw.conf").write_text(RAW.format(folder=folder, port=port, user=user))
    child = start_child([program, "-c", str(folder / "raw.conf"), "-g", "daemon off;"], log=folder / "raw.log")
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_children([child])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the bare nginx does not answer")

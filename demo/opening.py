"""What must be true before the demo opens its doors: a database of today, a filled shop, a login for staff."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate import upgrade

from demo.folder import Folder, StaffLogin
from demo.pictures import register_pictures
from demo.seed import is_empty, seed_shop
from demo.supervisor import ROOT
from storefront.accounts.services import create_staff
from storefront.foundation.errors import ShopError
from storefront.search.services import rebuild_search


def load_app(environ: Mapping[str, str]) -> Flask:
    """Make the environment this process's own and build the application of the demo, which keeps its log short."""
    os.environ.clear()
    os.environ.update(environ)
    app = ScriptInfo().load_app()
    logging.getLogger("storefront").setLevel(logging.WARNING)
    return app


def migrate_database(app: Flask) -> None:
    """Bring the database up to date."""
    with app.app_context(), phase("database"):
        upgrade(str(ROOT / "migrations"))


def fill_shop(app: Flask) -> None:
    """Fill the shop when it is empty."""
    with app.app_context():
        if not is_empty():
            return
        with phase("pictures"):
            keys = register_pictures(app)
        with phase("catalog"):
            seeded = seed_shop(keys=keys)
        with phase("search"):
            rebuild_search()
    click.echo(f"  {seeded.products} products, {seeded.variants} variants, {seeded.pictures} pictures")


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Say how long a part of the start took."""
    began = time.monotonic()
    yield
    click.echo(f"  {name:<12}{time.monotonic() - began:4.1f} s")


def make_staff(app: Flask, folder: Folder) -> StaffLogin:
    """Return a login that works: the one that an earlier start kept, or a new one."""
    with app.app_context():
        return _make_staff(folder)


def _make_staff(folder: Folder) -> StaffLogin:
    kept = folder.read_login()
    login = kept or folder.make_login()
    try:
        create_staff(email=login.email, password=login.password, name="Demo staff")
    except ShopError:
        if kept is None:  # the member exists, its password is lost with the file
            login = folder.make_login(f"staff-{secrets.token_hex(3)}@plainsong.example")
            create_staff(email=login.email, password=login.password, name="Demo staff")
    return login

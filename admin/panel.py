"""The panel put together: every view with its place in the menu."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask
from flask_admin import Admin
from flask_admin.base import BaseView
from flask_admin.theme import Bootstrap4Theme

from admin import catalog, content, search, shipping, taxes
from admin.access import current_staff, install_access
from admin.customers import Customers
from admin.dashboard import Dashboard
from admin.gift_cards import GiftCards
from admin.imports import Imports
from admin.meanwhile import lines_of, shown_by
from admin.moments import moment
from admin.orders import Orders
from admin.products import Products
from admin.promotions import Promotions
from admin.withdrawals import Withdrawals
from storefront.foundation.money import Money

STATIC = Path(__file__).resolve().parents[1] / "static" / "admin"


def install_admin(app: Flask) -> None:
    """Add the panel under /admin, closed to everyone but active staff."""
    install_access(app)
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.globals["panel_asset"] = panel_asset
    app.jinja_env.globals["current_staff"] = current_staff
    app.jinja_env.globals["as_money"] = Money
    app.jinja_env.globals["lines_of"], app.jinja_env.globals["shown_by"] = lines_of, shown_by
    panel = Admin(app, name="Panel", index_view=Dashboard(), theme=Bootstrap4Theme(base_template="admin/frame.html"))
    panel.add_views(*_views())


def _views() -> list[BaseView]:
    """Return every view after the overview; their categories make the groups of the menu."""
    return [Orders(), Withdrawals(), Promotions(), GiftCards(), Customers(), Products(), Imports(),
            *catalog.views(), *content.views(), *shipping.views(), *taxes.views(), *search.views()]


def panel_asset(name: str) -> str:
    """Return the address of a file under static/admin; the mark behind it changes with its content."""
    path = STATIC / name
    return f"/static/admin/{name}?v={_mark(path, path.stat().st_mtime_ns)}"


@lru_cache(maxsize=16)
def _mark(path: Path, _changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


"""What every template may use, and the pages for when something goes wrong."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from flask import Flask, make_response, render_template, request
from flask.templating import Environment
from redis import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from storefront.foundation.ahead import once
from storefront.foundation.assets import asset_url
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.htmx import is_htmx, is_partial
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts

logger = logging.getLogger(__name__)
BREATH = "The shop is catching its breath. Nothing was changed; please try again in a moment."
PAGES = (400, 403, 404, 405, 413, 429, 500, 503)  # templates/errors/<status>.html


class Templates(Environment):
    """Templates that share one dict of globals.

    Jinja lays an empty dict over it for each template, and goes through that pair name by name, in Python, at every
    `{% from … import … %}`: a fifth of a page's time.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def install_templates(app: Flask) -> None:
    """Add the filters and globals that templates use; first of all that do."""
    app.jinja_environment = Templates
    app.jinja_env.filters["money"] = _money
    app.jinja_env.filters["day"] = _day
    app.jinja_env.globals["asset_url"] = asset_url
    app.jinja_env.globals["is_partial"] = is_partial
    app.jinja_env.globals["once"] = once
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def install_errors(app: Flask) -> None:
    """Answer every failure with a page in the shop's voice, or a sentence for htmx."""
    app.register_error_handler(ShopError, _answer_refusal)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(DBAPIError, _answer_database)
    app.register_error_handler(PoolTimeout, _answer_full_pool)
    app.register_error_handler(Exception, _answer_defect)


def error_page(status: int, message: str, way_on: tuple[str, str] | None = None) -> Response:
    """Return the page of the status, or plain words for htmx (htmx 4 would swap a whole page)."""
    name = f"errors/{status if status in PAGES else 500 if status >= 500 else 400}.html"
    body = message if is_htmx() else render_template(name, message=message, status=status, way_on=way_on)
    response = make_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = "5"
    if is_htmx():
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response


def _answer_refusal(error: ShopError) -> Response:
    return error_page(error.status, str(error), error.way_on)


def _answer_http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    # Werkzeug's own descriptions speak to developers; only what we said ourselves is shown.
    said = error.description if error.description != type(error).description else ""
    response = error_page(error.code, said or "")
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers.setdefault(name, value)
    return response


def _answer_database(error: DBAPIError) -> Response:
    """A database that is away heals by itself; anything else is our defect."""
    db.abandon()
    if isinstance(error, OperationalError) or error.connection_invalidated:
        logger.error("database away", exc_info=error)
        return error_page(503, BREATH)
    return _answer_defect(error)


def _answer_full_pool(error: PoolTimeout) -> Response:
    """Every connection of this process was in use for as long as a visitor may be kept waiting."""
    db.abandon()
    logger.error("database connections used up")
    return error_page(503, BREATH)


def _answer_defect(error: Exception) -> Response:
    if isinstance(error, RedisError):
        return error_page(503, "The shop is catching its breath. Please try again in a moment.")
    logger.error("unhandled error", exc_info=error)
    return error_page(500, "Something broke on our side, and we have been told. Nothing was charged.")


def _money(value: Money) -> str:
    return format_money(value, facts().locale)


def _day(value: datetime) -> str:
    return f"{value.day} {value:%B %Y}"

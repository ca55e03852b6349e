"""Logs as one JSON object a line, in UTC, with the request's id and none of its secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from flask import Flask, g, has_request_context, request
from werkzeug.wrappers import Response

from storefront.foundation.ids import new_token

REQUEST_ID = re.compile(r"[0-9a-f]{32}")  # nginx's $request_id
FIELDS = ("key", "event", "job", "order", "path", "problem")


class JsonFormatter(logging.Formatter):
    """Escapes whatever a visitor put into a message: one record is always one line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            entry |= {"request": g.get("request_id", ""), "method": request.method, "path": request.path}
        entry |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True, default=str)


def install_logging(app: Flask) -> None:
    """Send the shop's records to standard error and give every request an id."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("storefront", "admin", "workers", "demo", app.logger.name):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = bool(app.testing)
        logger.setLevel(logging.INFO)
    app.before_request(_name_request)
    app.after_request(_tell_request)


def _name_request() -> None:
    # The gateway's, where one speaks for the visitor: foundation/proxies.py takes away everybody else's.
    told = request.headers.get("X-Request-Id", "")
    g.request_id = told if REQUEST_ID.fullmatch(told) else new_token()[:12]


def _tell_request(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response

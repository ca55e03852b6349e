"""The gate before every request and the headers on every answer.

Pages carry no token: an unsafe method passes when the browser says that it comes from
this site (Sec-Fetch-Site, else Origin). OWASP's CSRF cheat sheet, December 2025.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from werkzeug.wrappers import Response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; form-action 'self'; report-uri /csp-reports"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# A year; browsers take it over https only.
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def install_guard(app: Flask) -> None:
    """Refuse cross-site writes and put the security headers on every response."""
    app.before_request(_refuse_unreadable_addresses)
    app.before_request(_refuse_foreign_writes)
    app.after_request(_add_headers)


def exempt(endpoint_function: object) -> None:
    """Mark a view whose caller is no browser and proves itself otherwise (signed webhooks)."""
    endpoint_function.is_exempt_from_gate = True  # type: ignore[attr-defined]


def is_same_origin() -> bool:
    """Tell whether the browser vouches that this site made the request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if not origin or origin == "null":
        return False
    own = urlsplit(request.host_url)
    allowed = {f"{own.scheme}://{own.netloc}", current_app.config["SITE_URL"]}
    return origin in allowed


def _refuse_unreadable_addresses() -> None:
    """Nothing of ours has a NUL in its address, and PostgreSQL fails on one where SQLite finds nothing."""
    if "\0" in request.path:
        abort(404)


def _refuse_foreign_writes() -> None:
    if request.method in SAFE_METHODS:
        return
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_exempt_from_gate", False) or is_same_origin():
        return
    abort(403, description="This form was sent from another site, so nothing was changed.")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["IS_SECURE"]:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    return response

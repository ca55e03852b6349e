"""The gate before every request and the headers on every answer.

Pages carry no token: an unsafe method passes when the browser says that it comes from
this site (Sec-Fetch-Site, else Origin). OWASP's CSRF cheat sheet, December 2025.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from storefront.foundation.assets import BUILT_URL
from storefront.foundation.config import Settings
from storefront.foundation.headers import FOREVER, PRIVATE
from storefront.foundation.proxies import TrustedProxies

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; form-action {targets}; report-uri /csp-reports"
)
# Where the button that pays may lead, for browsers hold every step of a form's redirect against `form-action`:
# the setting that a provider is there, its pages, and the setting of a local one that stands in for it.
PAY_PAGES = (
    ("STRIPE_SECRET_KEY", "https://checkout.stripe.com", "STRIPE_API_BASE"),
    ("ALIPAY_APP_ID", "https://*.alipay.com", "ALIPAY_API_BASE"),
    ("WECHAT_MCH_ID", "https://wx.tenpay.com", ""),  # wherever its API is, its pages are there
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# A year; browsers take it over https only.
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def install_guard(app: Flask) -> None:
    """Believe only known proxies, refuse cross-site writes, put the security headers on every response."""
    app.wsgi_app = TrustedProxies(app.wsgi_app, app.config["SETTINGS"].trusted_proxies)  # type: ignore[method-assign]
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
    if request.method in SAFE_METHODS or isinstance(request.routing_exception, MethodNotAllowed):
        return  # no view takes the method: 405 says so, and says which it would
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_exempt_from_gate", False) or is_same_origin():
        return
    abort(403, description="This form was sent from another site, so nothing was changed.")


def _policy(providers: Mapping[str, str]) -> str:
    targets = ["'self'"]
    for key, pages, base in PAY_PAGES:
        if key in providers:
            targets += [_origin(providers[base])] if base in providers else [pages]
    return POLICY.format(targets=" ".join(filter(None, targets)))


def _origin(url: str) -> str:
    """Return scheme and host, and nothing that could say more in the header."""
    found = re.match(r"https?://[A-Za-z0-9.:\[\]-]+", url)
    return found[0] if found else ""


def security_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every answer, whoever gives it: the shop, or the gateway from a file."""
    return _security_headers(settings.providers, settings.is_secure)


def _security_headers(providers: Mapping[str, str], is_secure: bool) -> dict[str, str]:
    headers = {"Content-Security-Policy": _policy(providers), **HEADERS}
    return headers | ({"Strict-Transport-Security": STRICT_TRANSPORT} if is_secure else {})


def _add_headers(response: Response) -> Response:
    settings = current_app.config["SETTINGS"]
    if response.status_code == 308 and response.location:
        # Werkzeug puts addresses right (/c//bowls) with the host that the request named, and anyone may name any.
        response.location = "/" + urlsplit(response.location)._replace(scheme="", netloc="").geturl().lstrip("/")
    if request.endpoint == "static" and request.path.startswith(BUILT_URL) and response.status_code < 400:
        response.headers["Cache-Control"] = FOREVER
    said = {name.lower() for name, _ in response.headers}
    for name, value in _standing_headers(tuple(settings.providers.items()), current_app.config["IS_SECURE"]):
        if name.lower() not in said:
            response.headers.add(name, value)
    return response


@functools.lru_cache(maxsize=8)
def _standing_headers(providers: tuple[tuple[str, str], ...], is_secure: bool) -> tuple[tuple[str, str], ...]:
    """Return what every answer says; the same for all of a process's answers, so it is put together once."""
    # An answer that says nothing of keeping it is one visitor's: a new route is private until it says that it is not.
    return tuple({**_security_headers(dict(providers), is_secure), "Cache-Control": PRIVATE}.items())

"""Whom the shop believes about the visitor's address: the trusted proxies, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask, g, request

from storefront.foundation.config import read_settings
from storefront.foundation.errors import SettingsError
from storefront.foundation.proxies import TrustedProxies

SAID = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example",
        "X-Real-Ip": "6.6.6.6", "X-Request-Id": "0123456789abcdef0123456789abcdef"}


def hear(app: Flask, trusted: Iterable[str], peer: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return what a view learns of a request that comes from the peer."""
    app.wsgi_app = TrustedProxies(Flask.wsgi_app.__get__(app), trusted)  # type: ignore[method-assign]
    heard: dict[str, Any] = {}

    @app.after_request
    def listen(response: Any) -> Any:
        heard.update(address=request.remote_addr, scheme=request.scheme, host=request.host, request=g.request_id,
                     real=request.headers.get("X-Real-Ip"))
        return response

    app.test_client().get("/healthz", headers=headers, environ_overrides={"REMOTE_ADDR": peer}).close()
    return heard


def test_nobody_is_believed_unless_named(app: Flask) -> None:  # fault 72, security 14
    heard = hear(app, app.config["SETTINGS"].trusted_proxies, "127.0.0.1", SAID)
    assert heard.pop("request") != SAID["X-Request-Id"]
    assert heard == {"address": "127.0.0.1", "scheme": "http", "host": "localhost", "real": None}


def test_a_stranger_beside_the_proxy_is_not_believed(app: Flask) -> None:  # fault 72
    heard = hear(app, ["10.0.0.0/8", "unix"], "11.0.0.1", SAID)
    assert (heard["address"], heard["scheme"]) == ("11.0.0.1", "http")


@pytest.mark.parametrize(("trusted", "peer"), [("10.0.0.0/8", "10.1.2.3"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1"),
                                               ("unix", "")])
def test_a_trusted_proxy_tells_address_scheme_and_request(app: Flask, trusted: str, peer: str) -> None:
    heard = hear(app, [trusted], peer, SAID)
    # The last entry is the proxy's own word; what stands before it is the visitor's.
    assert (heard["address"], heard["scheme"], heard["host"]) == ("203.0.113.9", "https", "localhost")
    assert heard["request"] == SAID["X-Request-Id"]


@pytest.mark.parametrize("told", ["", "x" * 32, "0123456789abcdef0123456789abcdef\\n", "short"])
def test_a_request_id_that_nginx_would_not_give_is_not_taken(app: Flask, told: str) -> None:  # fault 76
    assert hear(app, ["127.0.0.1"], "127.0.0.1", {"X-Request-Id": told})["request"] != told


def test_a_name_is_no_address() -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES names nginx"):
        read_settings({"TRUSTED_PROXIES": "nginx", "SECRET_KEY": "x" * 32})

"""Whom to believe about the visitor's address: the proxies in TRUSTED_PROXIES, and nobody else.

A proxy writes the visitor's address, the scheme and the request's id into headers that any visitor can write too.
So they count only when the connection itself comes from a trusted address; from all others they are taken away.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Network = IPv4Network | IPv6Network
UNIX = "unix"  # in place of an address: whoever can write to the server's unix socket
# What only a proxy may say. The host is never taken from one: the gateway passes it on as the Host it is.
TOLD = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PREFIX", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_REQUEST_ID")


class TrustedProxies:
    """Takes visitor and scheme from a trusted proxy's headers, and nothing from anybody else's."""

    def __init__(self, app: WSGIApplication, trusted: Iterable[str]) -> None:
        named = frozenset(trusted)
        self._app = app
        self._fixed = ProxyFix(app, x_for=1, x_proto=1)  # the gateway writes both anew: one hop
        self._networks = tuple(network_of(name) for name in sorted(named - {UNIX}))
        self._is_unix_trusted = UNIX in named

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            return self._fixed(environ, start_response)
        for name in TOLD:
            environ.pop(name, None)
        return self._app(environ, start_response)

    def _trusts(self, peer: str) -> bool:
        if not peer:
            return self._is_unix_trusted
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def network_of(name: str) -> Network:
    """Return the network of an address or a network such as 10.0.0.0/8; raises ValueError."""
    return ip_network(name, strict=False)

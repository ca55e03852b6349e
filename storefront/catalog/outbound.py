"""Fetching from addresses that others wrote down, without reaching what lies inside our network (ASVS 1.3.6).

The name is resolved once, every address it has must be public, and the connection goes to the address that was
checked: a name that answers differently the second time (rebinding) gains nothing. No redirects, no proxies
from the environment, http and https only, limits on size and time.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from urllib.parse import SplitResult, quote, urlsplit

from storefront.foundation.errors import ShopError

MAX_SECONDS = 30.0  # for everything: looking up, shaking hands, reading
STALL_SECONDS = 8.0  # without a single byte
CHUNK = 65_536
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Public by the registry, but a way to any IPv4 address for networks that translate.
TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class FetchRefused(ShopError):
    """The shop will not ask there, however often it is tried."""


class FetchFailed(ShopError):
    """No usable answer this time; another try may succeed."""


def is_public(address: IPAddress) -> bool:
    """Tell whether the address belongs to the internet rather than to somebody's own network."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in TRANSLATED) or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of the host; raises FetchFailed when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchFailed(f"The name {host[:100]} cannot be found.") from None
    return [str(entry[4][0]).split("%")[0] for entry in found]


def fetch_bytes(
    url: str, *, max_bytes: int, is_allowed: Callable[[IPAddress], bool] = is_public,
    resolve: Callable[[str, int], list[str]] = resolve_host, max_seconds: float = MAX_SECONDS,
) -> bytes:
    """Return what the address answers to one GET.

    Raises FetchRefused for an address that is never asked or an answer that is none (a redirect, too large),
    FetchFailed for what may be better later.
    """
    parts, host, port = _read_url(url)
    address = _checked_address(host, port, is_allowed, resolve)
    connection = _Connection(host, port, address, is_secure=parts.scheme == "https")
    alarm = threading.Timer(max_seconds, connection.cut)
    alarm.daemon = True
    alarm.start()
    try:
        return _read_answer(connection, parts, max_bytes)
    except (OSError, http.client.HTTPException) as error:
        if connection.was_cut:
            raise FetchFailed(f"{host} took longer than {max_seconds:.0f} seconds.") from None
        raise FetchFailed(f"{host} cannot be read: {type(error).__name__}.") from None
    finally:
        alarm.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """Speaks to one checked address, in the name of the host."""

    def __init__(self, host: str, port: int, address: str, *, is_secure: bool) -> None:
        super().__init__(host, port, timeout=STALL_SECONDS)
        self.address = address
        self.is_secure = is_secure
        self.was_cut = False
        self.wire: socket.socket | None = None  # `sock` is let go once the answer's head was read
        self.default_port = 443 if is_secure else 80  # decides the port in the Host header

    def connect(self) -> None:
        self.sock = self.wire = socket.create_connection((self.address, self.port), STALL_SECONDS)
        if self.is_secure:
            context = ssl.create_default_context()
            self.sock = self.wire = context.wrap_socket(self.sock, server_hostname=self.host,
                                                        do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """End whatever is going on: the time is over."""
        self.was_cut = True
        if self.wire is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                self.wire.shutdown(socket.SHUT_RDWR)


def _read_url(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise FetchRefused(f"“{url[:100]}” is no address.") from None
    if parts.scheme not in ("http", "https"):
        raise FetchRefused(f"“{url[:100]}” does not begin with http:// or https://.")
    if not host or parts.username is not None or parts.password is not None:
        raise FetchRefused(f"“{url[:100]}” needs a host, and no name and password before it.")
    try:
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise FetchRefused(f"“{host[:100]}” is no name of a host.") from None
    return parts, host, port or (443 if parts.scheme == "https" else 80)


def _checked_address(host: str, port: int, is_allowed: Callable[[IPAddress], bool],
                     resolve: Callable[[str, int], list[str]]) -> str:
    addresses = resolve(host, port)
    if not addresses:
        raise FetchFailed(f"The name {host[:100]} cannot be found.")
    if not all(is_allowed(ipaddress.ip_address(address)) for address in addresses):
        raise FetchRefused(f"{host[:100]} leads inside a network, where the shop does not ask.")
    return addresses[0]


def _read_answer(connection: _Connection, parts: SplitResult, max_bytes: int) -> bytes:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else ""
    connection.request("GET", path + query, headers={"Accept": "image/*", "Accept-Encoding": "identity",
                                                     "User-Agent": "Storefront", "Connection": "close"})
    with connection.getresponse() as response:
        return _read_body(response, connection, max_bytes)


def _read_body(response: http.client.HTTPResponse, connection: _Connection, max_bytes: int) -> bytes:
    if 300 <= response.status < 400:
        raise FetchRefused(f"{connection.host} sends elsewhere ({response.status}), which is not followed.")
    if response.status in (408, 425, 429) or response.status >= 500:
        raise FetchFailed(f"{connection.host} answered {response.status}.")
    if response.status != 200:
        raise FetchRefused(f"{connection.host} answered {response.status}.")
    too_large = FetchRefused(f"The file at {connection.host} is larger than {max_bytes // 1_048_576} MB.")
    if (response.length or 0) > max_bytes:
        raise too_large
    received = bytearray()
    while chunk := response.read1(CHUNK):
        received += chunk
        if len(received) > max_bytes:
            raise too_large
    if connection.was_cut or (response.length or 0) > 0:
        raise http.client.IncompleteRead(b"")
    return bytes(received)

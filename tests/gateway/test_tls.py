"""The configuration for https: what is negotiated, what is said, and that plain http only leads there."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.factories.pages import write_page
from tests.gateway.asking import Back, ask
from tests.gateway.conftest import Start

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture
def certificate(scratch: Path) -> tuple[str, str]:
    """A certificate for localhost that nobody else signed, and its key."""
    made, key = scratch / "tls.pem", scratch / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", made], check=True, capture_output=True)
    return str(made), str(key)


def test_https_and_the_way_there(app: Flask, gateway: Start, back: Back, certificate: tuple[str, str]) -> None:
    made, key = certificate
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        secure = probe.getsockname()[1]
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], site_url="https://localhost")
    write_page("/p/bowl", b"a bowl")
    front = gateway({"": [back.address]}, secure=secure, certificate=made, certificate_key=key)
    context = ssl.create_default_context(cafile=made)
    for path, data in (("/p/bowl", b"a bowl"), ("/cart", b"live")):
        connection = http.client.HTTPSConnection("localhost", secure, timeout=60, context=context)
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, data)
        assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
        connection.close()
    assert back.heard[-1].headers["x-forwarded-proto"] == "https"
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (socket.create_connection(("127.0.0.1", secure), timeout=60) as plain,
          context.wrap_socket(plain, server_hostname="localhost") as wrapped):
        assert wrapped.selected_alpn_protocol() == "h2"
        assert wrapped.version() == "TLSv1.3"
    led = ask(front.port, "/p/bowl?variant=2", headers={"Host": "localhost"})
    assert (led.status, led.headers["location"]) == (308, "https://localhost/p/bowl?variant=2")
    assert ask(front.port, "/p/bowl", headers={"Host": "evil.example"}).status == 421
    assert ask(secure, "/").status == 400  # plain http where https is spoken

"""Fixtures: a real nginx with the shop's own configuration, before the real shop or before servers that listen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from storefront.foundation.proxies import TrustedProxies
from tests.gateway.asking import Back
from tests.nginx import RunningGateway, find_nginx, start_gateway

Start = Callable[..., RunningGateway]


@pytest.fixture
def gateway(app: Flask, scratch: Path) -> Iterator[Start]:
    """Start nginx before the servers, `gateway({"": [address]})`; ended with the test."""
    if find_nginx() is None:
        pytest.skip("needs nginx")
    running: list[RunningGateway] = []

    def start(servers: dict[str, list[str]], **options: Any) -> RunningGateway:
        folder = scratch / f"nginx{len(list(scratch.glob('nginx*')))}"
        running.append(start_gateway(app, folder, servers, **{"patience": 20, **options}))
        return running[-1]

    yield start
    for each in running:
        each.stop()
        print(each.log())  # noqa: T201  # shown when the test fails


@pytest.fixture
def new_back() -> Iterator[Callable[[], Back]]:
    """More servers that listen."""
    backs: list[Back] = []

    def start() -> Back:
        backs.append(Back())
        return backs[-1]

    yield start
    for back in backs:
        back.close()


@pytest.fixture
def back(new_back: Callable[[], Back]) -> Back:
    return new_back()


@pytest.fixture
def front(gateway: Start, back: Back) -> RunningGateway:
    """A gateway before `back`."""
    return gateway({"": [back.address]})


@pytest.fixture
def shop_port(app: Flask) -> Iterator[int]:
    """The real shop on a port of its own, one that believes the gateway."""
    app.wsgi_app = TrustedProxies(Flask.wsgi_app.__get__(app), ["127.0.0.1"])  # type: ignore[method-assign]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop_front(gateway: Start, shop_port: int) -> RunningGateway:
    """A gateway before the real shop."""
    return gateway({"": [f"127.0.0.1:{shop_port}"]})

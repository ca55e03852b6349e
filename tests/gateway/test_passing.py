"""What nginx passes on, to whom and with which words, and what it refuses itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.foundation.headers import PUBLIC
from storefront.foundation.roles import ROLES
from tests.faults.processes import eventually
from tests.gateway.asking import Answer, Back, Heard, ask, send_raw
from tests.gateway.conftest import Start
from tests.nginx import RunningGateway

SPOOFED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example",
           "X-Forwarded-Port": "666", "X-Forwarded-Prefix": "/evil", "X-Real-IP": "6.6.6.6", "Proxy": "evil",
           "Forwarded": "for=6.6.6.6;host=evil.example", "X-Request-Id": "evil", "X_Forwarded_For": "6.6.6.6"}


def test_each_address_reaches_the_processes_of_its_role(
        app: Flask, gateway: Start, new_back: Callable[[], Back]) -> None:
    backs = {role: new_back() for role in ROLES}
    front = gateway({role: [back.address] for role, back in backs.items()}, limits=False)
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.rpartition(".")[0]
        role = next((role for role, names in ROLES.items() if blueprint in names),
                    "admin" if blueprint.startswith("admin") else "shop")
        values = {name: "11111111-1111-4111-8111-111111111111" if "UUID" in type(converter).__name__ else
                  1 if "Integer" in type(converter).__name__ else "x" for name, converter in rule._converters.items()}
        if rule.endpoint == "static":
            values = {"filename": "x"}
        with app.test_request_context():
            built = rule.build(values, append_unknown=False)
        assert built is not None
        before = {name: len(back.heard) for name, back in backs.items()}
        ask(front.port, built[1], "POST")
        reached = [name for name, back in backs.items() if len(back.heard) > before[name]]
        assert reached == [role], rule.rule


def test_nobody_speaks_for_the_visitor_but_the_gateway(app: Flask, front: RunningGateway, back: Back) -> None:
    # fault 60, 72, security 14
    answers = [ask(front.port, path, headers=SPOOFED) for path in ("/cart", "/search?q=a", "/p/bowl", "/")]
    for heard, answer in zip(back.heard, answers, strict=True):
        said = {name: value for name, value in heard.headers.items() if value not in ("close", "identity")}
        assert said.pop("x-request-id") == answer.headers["x-request-id"] != "evil"
        assert said == {"host": "127.0.0.1", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"}, heard.path


def test_the_shop_counts_the_visitor_not_the_gateway(app: Flask, gateway: Start, shop_port: int) -> None:  # fault 72
    seen: list[tuple[str | None, str]] = []

    @app.before_request
    def look() -> None:
        from flask import g, request

        seen.append((request.remote_addr, g.request_id))

    balanced = gateway({"": [f"127.0.0.1:{shop_port}"]}, trusted=["127.0.0.1"])
    answer = ask(balanced.port, "/healthz", headers={**SPOOFED, "X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert seen == [("203.0.113.9", answer.headers["x-request-id"])]
    front = gateway({"": [f"127.0.0.1:{shop_port}"]})
    ask(front.port, "/healthz", headers=SPOOFED)
    assert seen[1][0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1", ""])
def test_another_shops_name_is_refused(front: RunningGateway, back: Back, host: str) -> None:  # fault 60
    for asked in ("/", "http://evil.example/"):
        answer = send_raw(front.port, f"GET {asked} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.split(b" ")[1] in (b"421", b"400" if not host else b"421")
        assert b"nginx/" not in answer  # no version
    assert back.heard == []


HONEST = b"POST /cart/lines HTTP/1.1\r\nHost: localhost\r\n"
SECOND = b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLED = (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + SECOND,
    b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" + SECOND,
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    b"Content-Length: +5\r\n\r\nabcde",
    b"Content-Length: 5, 5\r\n\r\nabcde",
    b"Content-Length: -1\r\n\r\n",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    b"Host: evil.example\r\n\r\n",
)


def test_requests_with_two_lengths_never_reach_the_shop(front: RunningGateway, back: Back) -> None:
    # fault 59, security 15
    for rest in SMUGGLED:
        answer = send_raw(front.port, HONEST + rest)
        assert answer.split(b" ")[1] in (b"400", b"501"), rest
    assert back.heard == []


def test_too_much_is_refused_at_once(front: RunningGateway, back: Back) -> None:  # fault 57
    refused = send_raw(front.port, HONEST + b"Content-Length: 3145728\r\nHX-Request: true\r\n\r\n")
    assert refused.split(b" ")[1] == b"413"
    assert b"text/plain" in refused
    assert b" 200 " not in send_raw(front.port, HONEST + b"Cookie: " + b"a" * 65536 + b"\r\n\r\n")
    assert back.heard == []
    assert ask(front.port, "/admin/products/import", "POST", body=b"x" * 3 * 2**20).status == 200


def test_who_sends_too_often_is_asked_to_wait(front: RunningGateway, back: Back) -> None:
    def answers(path: str, method: str, times: int) -> list[int]:
        return [ask(front.port, path, method).status for _ in range(times)]

    signing_in = answers("/account/sign-in", "POST", 30)
    assert signing_in[:10] == [200] * 10
    assert signing_in.count(429) > 0
    refused = next(answer for answer in (ask(front.port, "/account/sign-in", "POST") for _ in range(30))
                   if answer.status == 429)
    assert refused.headers["retry-after"] == "5"
    assert "That was a little fast. Wait a moment, then try again." in refused.text
    assert set(answers("/account/sign-in", "GET", 30)) == {200}  # looking is free


def test_a_long_answer_is_no_dead_process(gateway: Start, new_back: Callable[[], Back]) -> None:
    backs = [new_back(), new_back()]
    for back in backs:
        back.answer = lambda heard: (302, {"Location": heard.path, "Cache-Control": PUBLIC}, b"")
    front = gateway({"": [back.address for back in backs]})
    for path in ("/search?q=" + "a" * 6000, "/p/" + "a" * 6000, "/cart?" + "a" * 6000):
        assert [ask(front.port, path).status for _ in backs] == [302, 302], path[:9]
    assert "too big header" not in front.log()


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_only_what_changes_nothing_is_asked_of_another_process(
        gateway: Start, new_back: Callable[[], Back], method: str) -> None:
    silent, other = new_back(), new_back()
    gate = threading.Event()

    def wait(_: Heard) -> Answer:
        gate.wait(60)
        return 200, {}, b"late"

    silent.answer = other.answer = wait
    front = gateway({"": [silent.address, other.address]}, patience=1)
    got: list[int] = []
    path = "/p/bowl"
    asking = threading.Thread(target=lambda: got.append(ask(front.port, path, method).status))
    asking.start()
    eventually(lambda: len(silent.heard) + len(other.heard) == (2 if method == "GET" else 1) and bool(got))
    gate.set()
    asking.join()
    assert got == [503]
    assert len(silent.heard) + len(other.heard) == (2 if method == "GET" else 1)


def test_the_log_holds_no_secrets(front: RunningGateway, back: Back) -> None:  # fault 76
    said = ask(front.port, "/search?q=bowl&token=secret", headers={
        "Cookie": "session=secret", "Authorization": "Bearer secret", "User-Agent": 'evil"\\\x01'})
    eventually((front.folder / "access.log").read_text)
    line, = (front.folder / "access.log").read_text().splitlines()
    assert "secret" not in line
    entry = json.loads(line)
    assert {name: entry[name] for name in ("request", "method", "uri", "status", "cache", "agent")} == {
        "request": said.headers["x-request-id"], "method": "GET", "uri": "/search", "status": 200, "cache": "MISS",
        "agent": 'evil"\\\x01'}
    assert float(entry["upstream_seconds"]) >= 0


def test_assets_and_pictures_come_from_files(
        app: Flask, client: FlaskClient, shop_front: RunningGateway, back: Back, gateway: Start) -> None:
    from storefront.foundation.assets import SPECULATION, asset_url

    dead = gateway({"": ["127.0.0.1:9"]})
    for name in ("app.css", "app.js", "display.woff2", "favicon.svg", SPECULATION):
        mine, shops = ask(dead.port, asset_url(name), headers={"Accept-Encoding": "gzip"}), client.get(asset_url(name))
        shops.close()
        assert mine.status == 200
        assert mine.headers["content-type"] == shops.headers["Content-Type"]
        assert mine.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert mine.headers["content-type"] == "application/speculationrules+json"
    assert ask(dead.port, "/static/built/manifest.json").status == 404
    key = "0123456789abcdef0123456789abcdef"
    folder = app.config["MEDIA_DIR"] / "01" / key
    folder.mkdir(parents=True)
    (folder / "640.avif").write_bytes(b"picture")
    (folder / "picture.json").write_bytes(b"{}")
    picture = ask(dead.port, f"/media/{key}/640.avif")
    assert (picture.status, picture.data, picture.headers["content-type"]) == (200, b"picture", "image/avif")
    for path in (f"/media/{key}/picture.json", f"/media/{key}/..%2f{key}/picture.json", f"/media/{key}/320.avif"):
        assert ask(shop_front.port, path).status == 404, path

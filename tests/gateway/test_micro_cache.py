"""Lists without a file: computed once for all who ask in the same moment, and never anything of one visitor."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.foundation.headers import MICRO_SECONDS, PRIVATE, PUBLIC
from tests.factories.catalog import make_product
from tests.faults.processes import eventually
from tests.gateway.asking import Answer, Back, Heard, ask
from tests.gateway.conftest import Start
from tests.nginx import RunningGateway

KEPT = {"Cache-Control": PUBLIC, "X-Accel-Expires": "60", "Content-Type": "text/html; charset=utf-8"}


def count(back: Back) -> int:
    return len(back.heard)


def numbered(back: Back, headers: dict[str, str], status: int = 200) -> None:
    """Let each answer carry its number."""
    back.answer = lambda _: (status, headers, b"answer %d" % len(back.heard))


def test_what_the_shop_allows_is_answered_again_without_it(front: RunningGateway, back: Back) -> None:
    numbered(back, KEPT)
    first = [ask(front.port, path) for path in ("/search?q=bowl", "/c/bowls?brand=a", "/p/bowl/choice?size=s", "/?x=1")]
    again = [ask(front.port, path) for path in ("/search?q=bowl", "/c/bowls?brand=a", "/p/bowl/choice?size=s", "/?x=1")]
    assert [answer.data for answer in again] == [answer.data for answer in first]
    assert len({answer.data for answer in first}) == count(back) == 4
    assert "x-accel-expires" not in again[0].headers  # between the shop and its gateway
    assert again[0].headers["cache-control"] == PUBLIC
    assert again[0].headers["x-request-id"] != first[0].headers["x-request-id"]
    assert ask(front.port, "/c/%62owls?brand=a", "HEAD").status == 200  # the same address, written otherwise
    assert count(back) == 4


@pytest.mark.parametrize("headers", [
    {"Cache-Control": PUBLIC},  # no X-Accel-Expires
    {"Cache-Control": "public, max-age=600"},
    {"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"},
    {**KEPT, "Set-Cookie": "session=secret"},
    {**KEPT, "Cache-Control": PRIVATE},
    {"X-Accel-Expires": "60"},
    {**KEPT, "Vary": "*"},
])
def test_nothing_else_is_kept(front: RunningGateway, back: Back, headers: dict[str, str]) -> None:  # fault 61
    numbered(back, headers)
    answers = [ask(front.port, "/search?q=bowl").data for _ in range(3)]
    assert answers == [b"answer 1", b"answer 2", b"answer 3"]


def test_what_belongs_to_a_visitor_is_not_kept_even_when_it_asks_for_it(front: RunningGateway, back: Back) -> None:
    numbered(back, KEPT)
    for path in ("/cart", "/account", "/account/x.css", "/checkout/review", "/orders/1", "/island", "/admin/"):
        assert len({ask(front.port, path).data for _ in range(2)}) == 2, path


def test_no_cookie_reaches_what_is_the_same_for_everyone(front: RunningGateway, back: Back) -> None:
    for path in ("/search?q=a", "/c/bowls?page=2", "/p/bowl", "/", "/cart"):
        ask(front.port, path, headers={"Cookie": "session=secret"})
    assert [(heard.path, heard.headers.get("cookie")) for heard in back.heard if heard.headers.get("cookie")] == [
        ("/cart", "session=secret")]


def test_one_request_computes_for_all_who_ask_at_once(front: RunningGateway, back: Back) -> None:
    gate = threading.Event()

    def answer(heard: Heard) -> Answer:
        gate.wait(30)
        return 200, KEPT, b"answer %d" % len(back.heard)

    back.answer = answer
    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(ask, front.port, "/c/bowls?brand=a") for _ in range(30)]
        eventually(lambda: count(back) == 1)
        gate.set()
        assert {one.result(60).data for one in asked} == {b"answer 1"}
    assert count(back) == 1


def test_an_old_list_while_the_shop_fails_and_a_new_one_when_it_is_back(gateway: Start, back: Back) -> None:
    front = gateway({"": [back.address]}, limits=False)
    numbered(back, {**KEPT, "X-Accel-Expires": "1"})
    assert ask(front.port, "/search?q=bowl").data == b"answer 1"
    for status in (500, 502, 503, 504):
        numbered(back, {"Cache-Control": "no-store"}, status)
        before = count(back)
        eventually(lambda: ask(front.port, "/search?q=bowl").data == b"answer 1" and count(back) > before)  # noqa: B023
    assert ask(front.port, "/search?q=table").status == 504  # never asked before: the shop's own words
    numbered(back, KEPT)
    fresh = ask(front.port, "/search?q=bowl")
    assert (fresh.status, fresh.data) == (200, b"answer %d" % count(back))  # not one old answer more


def test_the_shop_allows_lists_without_a_file_alone(app: Flask, client: FlaskClient) -> None:
    make_product(slug="bowl", categories=("bowls",))
    for path in ("/search?q=bowl", "/p/bowl/choice", "/p/bowl?source=x", "/?variant=1", "/c/bowls?sort=PRICE"):
        assert client.get(path).headers["X-Accel-Expires"] == str(MICRO_SECONDS), path
    for path in ("/", "/c/bowls", "/c/bowls?sort=price", "/p/bowl", "/p/bowl?utm_source=x", "/?gclid=a",
                 "/sitemap.xml", "/cart", "/account/sign-in", "/island", "/p/none", "/healthz"):
        assert "X-Accel-Expires" not in client.get(path).headers, path

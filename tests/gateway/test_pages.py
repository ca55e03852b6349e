"""Page files through nginx: they answer as the shop would, and only what is a whole page is ever handed out."""

from __future__ import annotations

import gzip

import pytest

from storefront.foundation.page_files import page_file, remove_page
from tests.factories.catalog import make_product
from tests.factories.pages import write_page
from tests.gateway.asking import Back, ask, send_raw
from tests.nginx import RunningGateway

PAGE = b"<!doctype html><title>Bowl</title>" + b"<p>A bowl, thrown and glazed by hand.</p>" * 60
# What says how the bytes travel or names this very answer, not what the page is.
TRAVEL = {"connection", "content-length", "date", "server", "transfer-encoding"}
GZIP = {"Accept-Encoding": "gzip"}


def write(address: str, body: bytes = PAGE) -> None:
    write_page(address, body)


def plain(data: bytes) -> bytes:
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def test_a_file_says_what_the_live_page_says(shop_front: RunningGateway, shop_port: int) -> None:
    make_product(slug="bowl")
    for path in ("/", "/p/bowl", "/sitemap.xml"):
        for encoding in ("gzip", "identity"):
            compare(shop_front, shop_port, path, encoding)
            remove_page(path)


def compare(shop_front: RunningGateway, shop_port: int, path: str, encoding: str) -> None:
    """Assert that the page's file says in every header what the shop says itself."""
    live = ask(shop_front.port, path, headers={"Accept-Encoding": encoding})
    direct = ask(shop_port, path)
    write(path, plain(live.data))
    file = ask(shop_front.port, path, headers={"Accept-Encoding": encoding})
    said, wanted = ({name: value for name, value in answer.headers.items() if name not in TRAVEL}
                    for answer in (file, live))
    assert len(wanted.pop("x-request-id")) == 32  # a file is sent without asking anyone, so it has none
    assert {said.pop("etag"), wanted.pop("etag")}.isdisjoint({"", '""'})
    if "vary" not in wanted:  # a live answer too short to be packed
        wanted |= {"vary": "Accept-Encoding"} | ({"content-encoding": "gzip"} if encoding == "gzip" else {})
    assert said == wanted
    assert plain(file.data) == plain(live.data) == direct.data
    # And nothing gets lost or added between the shop and the visitor but compression.
    assert set(direct.headers) - TRAVEL == set(wanted) - {"vary", "content-encoding"} | {"x-request-id", "etag"}


ADDRESSES = [
    ("/", "/"), ("/", "/?"), ("/p/bowl", "/p/bowl"), ("/p/bowl", "/p/%62owl"), ("/p/bowl", "//p//bowl"),
    ("/p/bowl", "/c/../p/bowl"), ("/c/table/bowls", "/c/table/bowls"), ("/c/bowls?sort=price", "/c/bowls?sort=price"),
    ("/c/bowls?sort=-price", "/c/bowls?sort=-price"), ("/collections/new", "/collections/new"),
    ("/p/bowl", "/p/bowl?utm_source=a&utm_campaign=b%20c"), ("/", "/?gclid=x"), ("/p/bowl", "/p/bowl?fbclid=x&"),
    ("/c/bowls?sort=price", "/c/bowls?utm_source=a&sort=price&gclid=b"),
    ("/pages/about", "/pages/about"), ("/p/sm\u00f8r-sk\u00e5l", "/p/sm%C3%B8r-sk%C3%A5l"),
    ("/p/\u8336\u7897", "/p/%E8%8C%B6%E7%A2%97"), ("/p/" + "a" * 240, "/p/" + "a" * 240)]


def test_a_page_is_found_by_its_address(front: RunningGateway, back: Back) -> None:
    for address, asked in ADDRESSES:
        write(address)
        answer = ask(front.port, asked)
        assert (answer.status, answer.data, back.heard) == (200, PAGE, []), asked
        assert ask(front.port, asked, "HEAD", GZIP).headers["content-length"] == str(page_size(address))
        assert ask(front.port, asked, "HEAD").data == b""
        remove_page(address)


def page_size(address: str) -> int:
    file = page_file(address)
    assert file is not None
    return file.stat().st_size


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_all_but_reading_goes_to_the_shop_with_its_body(front: RunningGateway, back: Back, method: str) -> None:
    paths = ["/", "/c/bowls", "/p/bowl", "/sitemap.xml"]
    for address in (*paths, "/c/bowls/small"):  # the folder c/bowls is there too
        write(address)
    for path in paths:
        answer = ask(front.port, path, method, {"Cookie": "session=a"}, b"quantity=2")
        assert (answer.status, answer.data) == (200, b"live")
    assert [(one.method, one.path, one.body, one.headers["cookie"]) for one in back.heard] == [
        (method, path, b"quantity=2", "session=a") for path in paths]


LIVE = [
    "/c/bowls",  # of its children alone there are files, so c/bowls is a folder
    "/p/gone", "/c/bowls/", "/p/", "/p/bowl?variant=2", "/p/bowl?sort=price&page=2", "/p/bowl/choice",
    "/c/bowls/small?sort=PRICE", "/p/bowl?UTM_source=a", "/p/bowl?utm_source", "/p/bowl?xgclid=a",
    "/p/bowl?variant=2&gclid=a", "/c/bowls/small?sort=price&utm_source=a&sort=newest", "/P/bowl", "/p/Bowl",
    "/p/" + "a" * 300, "/p/" + "a/" * 900 + "b", "/p/bowl%0d%0aX-Evil:%201", "/p/bowl%20"]


def test_what_has_no_file_is_rendered_live(front: RunningGateway, back: Back) -> None:
    write("/c/bowls/small")
    write("/c/bowls/small?sort=price")
    write("/p/bowl")
    for path in LIVE:
        answer = ask(front.port, path)
        assert (answer.status, answer.data, back.heard[-1].path) == (200, b"live", path)
        assert "x-evil" not in answer.headers
    assert len(back.heard) == len(LIVE)


def test_nothing_but_pages_is_handed_out(front: RunningGateway, back: Back) -> None:
    back.answer = lambda _: (404, {}, b"not here")
    write("/")
    write("/p/bowl")
    file = page_file("/p/bowl")
    assert file is not None
    for name in (".x.part", ".hidden", "raw"):
        file.with_name(name).write_bytes(b"half a page")
    for path in ("/index", "/index.gz", "/index.page", "/index.page.gz", "/p/bowl.gz", "/p/bowl.page",
                 "/p/bowl.page.gz", "/p/.x.part", "/p/.hidden", "/plain/p/bowl", "/p/.x", "/p/raw",
                 "/-/away", "/away.html"):
        answer = ask(front.port, path)
        assert answer.status == 404, path
        assert b"half" not in answer.data


def test_the_home_page_has_no_second_address_in_the_shop(shop_front: RunningGateway) -> None:
    write("/")
    answer = ask(shop_front.port, "/index")
    assert answer.status == 404
    assert b"thrown and glazed" not in answer.data


HARM = [
    (b"/p/%00", 400), (b"/p/bowl%00.gz", 400), (b"/../../etc/passwd", 400), (b"/p/%2e%2e/%2e%2e/%2e%2e/etc", 400),
    (b"/p/..%2f..%2f..%2f..%2fetc%2fpasswd", 400), (b"/p/" + b"a" * 40_000, 414), (b"/p/%ff%fe", 200)]


def test_addresses_that_mean_harm(front: RunningGateway) -> None:  # fault 58
    for path, status in HARM:
        answer = send_raw(front.port, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer.split(b" ")[1] == str(status).encode(), path
        assert b"root:" not in answer


@pytest.mark.parametrize("encoding", [{}, GZIP])
def test_nothing_new_is_304(front: RunningGateway, encoding: dict[str, str]) -> None:
    write("/p/bowl")
    first = ask(front.port, "/p/bowl", headers=encoding)
    again = ask(front.port, "/p/bowl", headers={**encoding, "If-None-Match": first.headers["etag"]})
    assert (again.status, again.data) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert "last-modified" not in first.headers


def test_a_new_page_of_the_same_size_in_the_same_second_is_news(front: RunningGateway, back: Back) -> None:
    tags = []
    for price in range(10, 40):
        write("/p/bowl", PAGE + b"<b>%d.00</b>" % price)
        tags.append(ask(front.port, "/p/bowl", headers=GZIP).headers["etag"])
        remove_page("/p/bowl")
    assert len(set(tags)) == len(tags)

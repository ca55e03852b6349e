"""Pages as files: where each lies, and that what lies there is whole."""

from __future__ import annotations

import gzip
import os
import time

import pytest
from flask import Flask

from storefront.foundation.page_files import (
    address_of,
    draft_page,
    list_files,
    page_file,
    read_page,
    remove_page,
    sweep_strays,
    sync_draft,
)
from storefront.foundation.shop import facts
from tests.factories.pages import write_page

ADDRESSES = ("/", "/sitemap.xml", "/p/red-bowl", "/p/%C3%A4pfel", "/c/ceramics/bowls", "/c/ceramics?sort=-price",
             "/collections/winter?sort=newest", "/pages/about")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_and_its_file_lead_to_each_other(app: Flask, address: str) -> None:
    path = page_file(address)
    assert path is not None
    assert path.is_relative_to(facts().pages_dir)
    assert address_of(path) == address


@pytest.mark.parametrize("address", [
    "/cart", "/p/", "/p/../../etc/passwd", "/p/%2e%2e/x", "/p/.hidden", "/p/a/b%2f..%2fc", "/p/x.page",
    "/c/x.page/y", "/c//x", "/p/a%00b", f"/p/{'x' * 241}", "/p/bowl?variant=1", "/c/bowls?sort=price&page=2", "/index",
    "/p/bowl?sort=price", "/?sort=price", "/c/bowls?sort=newest",
])
def test_what_is_no_public_page_has_no_file(app: Flask, address: str) -> None:
    assert page_file(address) is None
    assert read_page(address) is None
    assert remove_page(address) is False
    with pytest.raises(ValueError, match="can have no file"):
        write_page(address, b"page")


def test_a_page_is_written_read_replaced_and_removed(app: Flask) -> None:
    write_page("/p/bowl", b"one")
    write_page("/p/bowl", b"two")
    path = page_file("/p/bowl")
    assert path
    assert gzip.decompress(read_page("/p/bowl") or b"") == b"two"
    assert path.stat().st_mode & 0o777 == 0o644  # a web server of another user reads it
    assert list(path.parent.iterdir()) == [path]
    assert list(list_files()) == [path]
    assert remove_page("/p/bowl") is True
    assert read_page("/p/bowl") is None


def test_a_draft_is_no_page_and_an_old_one_is_swept(app: Flask) -> None:
    draft = draft_page("/p/bowl", b"one")
    sync_draft(draft)
    assert read_page("/p/bowl") is None
    assert list(list_files()) == []
    assert sweep_strays(time.time() - 60) == 0
    write_page("/p/dish", b"dish")
    earlier = draft.target.with_name("cup.gz")  # as the release before this one called a page
    earlier.write_bytes(b"an old price")
    for path in (draft.temporary, earlier):
        os.utime(path, (1, 1))
    assert sweep_strays(time.time() - 60) == 2
    assert [path.name for path in draft.target.parent.iterdir()] == ["dish.page.gz"]

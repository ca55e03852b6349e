"""Reading the words on the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storefront.content.queries import BannerText, LinkText, TileText, list_pages, read_home, read_menus, read_page
from storefront.content.services import save_banner
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from tests.factories.content import make_footer, make_home, make_page

pytestmark = pytest.mark.usefixtures("app")


def test_an_empty_shop_has_an_empty_home_and_empty_menus() -> None:
    home, menus = read_home(), read_menus()
    assert (home.banners, home.tiles, home.sections) == ([], [], [])
    assert (menus.header, menus.footer) == ([], [])


def test_the_home_page_stands_in_the_order_of_positions() -> None:
    make_home(banners=2, tiles=1, sections=2)
    save_banner(title="Before", link_label="Look", link_url="/", position=0)
    save_banner(title="Hidden", link_label="Look", link_url="/", position=0, is_published=False)
    home = read_home()
    assert [banner.title for banner in home.banners] == ["Before", "Banner 1", "Banner 2"]
    assert home.banners[2] == BannerText("Banner 2", "Words.", "Look", "/c/2", "", "dark")
    assert home.tiles == [TileText("Tile 1", "Words.", "/collections/1", "")]
    assert [section.title for section in home.sections] == ["Section 1", "Section 2"]
    assert home.sections[1].titles == [LinkText("title 1", "/c/2/1"), LinkText("title 2", "/c/2/2")]
    assert [link.label for link in home.sections[1].pictures] == ["picture 1", "picture 2"]


def test_the_home_page_is_three_queries_cold_and_none_warm(count_queries: Callable[[], int]) -> None:
    make_home(banners=5, tiles=5, sections=5)
    db.session.remove()
    count_queries()
    cold = read_home()
    assert count_queries() == 3
    assert read_home() == cold
    assert count_queries() == 0


def test_footer_groups_stand_in_the_order_of_their_first_links() -> None:
    make_footer("Help", ("Delivery", "Returns"))
    make_footer("House", ("About",))
    assert [(group.title, [link.url for link in group.links]) for group in read_menus().footer] == [
        ("Help", ["/pages/delivery", "/pages/returns"]), ("House", ["/pages/about"])]


def test_unknown_and_unpublished_pages_are_not_found() -> None:
    make_page(slug="draft", is_published=False)
    make_page(slug="about")
    for slug in ("draft", "nothing", ""):
        with pytest.raises(NotFound):
            read_page(slug)
    assert list_pages() == [LinkText("About", "/pages/about")]

"""Writing the words on the pages."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from storefront.content.errors import InvalidContent
from storefront.content.models import Banner, HomeSectionLink, MenuItem, MenuPlace, Page
from storefront.content.queries import LinkText, read_home, read_menus, read_page
from storefront.content.services import (
    save_banner,
    save_menu_item,
    save_page,
    save_section,
    save_tile,
)
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.outbox import OutboxEvent
from tests.factories.content import make_home, make_page

pytestmark = pytest.mark.usefixtures("app")


def events() -> list[str]:
    return list(db.session.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id)))


def test_saving_the_same_banner_twice_changes_nothing_and_tells_once() -> None:
    first = save_banner(title="Bowls", link_label="Look", link_url="/c/bowls", position=2)
    again = save_banner(title="Bowls", link_label="Look", link_url="/c/bowls", position=2)
    assert first == again
    assert db.session.scalar(select(func.count(Banner.id))) == 1
    assert events() == ["HomeChanged"]


def test_a_saved_banner_is_on_the_home_page_at_once() -> None:
    make_home(banners=1, tiles=0, sections=0)
    assert [banner.text for banner in read_home().banners] == ["Words."]
    save_banner(title="Banner 1", text="Other words.", link_label="Look", link_url="/c/1", position=1)
    assert [banner.text for banner in read_home().banners] == ["Other words."]


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x", "", "c/bowls", "https://", "/a b",
    "/a\nb", "JavaScript:alert(1)", "mailto:",
])
def test_a_link_that_leads_nowhere_safe_is_refused(url: str) -> None:
    with pytest.raises(InvalidContent):
        save_tile(title="Tile", url=url)
    assert read_home().tiles == []
    assert events() == []


@pytest.mark.parametrize("url", ["/", "/c/ceramics?sort=price", "https://example.org/a", "mailto:a@example.org"])
def test_links_of_the_shop_the_web_and_mail_are_kept(url: str) -> None:
    save_tile(title="Tile", url=url)
    assert [tile.url for tile in read_home().tiles] == [url]


def test_words_that_no_page_can_show_are_refused() -> None:
    for words in ({"title": " "}, {"title": "a" * 121}, {"text": "a" * 301}, {"text": "a\0b"}, {"tone": "pink"},
                  {"link_label": ""}):
        with pytest.raises(InvalidContent):
            save_banner(**{"title": "Banner", "link_label": "Look", "link_url": "/", **words})
    assert read_home().banners == []


def test_a_sections_links_are_replaced_and_at_most_four_of_a_kind() -> None:
    make_home(banners=0, tiles=0, sections=1)
    link = {"kind": "title", "label": "Cups", "url": "/c/cups"}
    save_section(title="Section 1", intro="Words.", url="/c/1", links=[link], position=1)
    section = read_home().sections[0]
    assert (section.titles, section.pictures) == ([LinkText("Cups", "/c/cups", "")], [])
    assert db.session.scalar(select(func.count(HomeSectionLink.id))) == 1
    with pytest.raises(InvalidContent, match="at most 4"):
        save_section(title="Section 1", url="/c/1", links=[link] * 5)
    assert read_home().sections == [section]


def test_a_pages_body_is_sanitized_on_the_way_in() -> None:
    make_page(body='<h2>Hi</h2><script>alert(1)</script><p onclick="x()" hx-get="/y">There</p>')
    assert read_page("about").body == "<h2>Hi</h2><p>There</p>"
    assert events() == ["PageChanged"]


def test_a_page_that_is_taken_off_is_not_found_at_once() -> None:
    make_page()
    assert read_page("about").title == "About"
    make_page(is_published=False)
    with pytest.raises(NotFound):
        read_page("about")
    assert db.session.scalar(select(func.count(Page.id))) == 1


@pytest.mark.parametrize("slug", ["", "About", "a b", "a/b", "-a", "a--b", "ä", "a" * 121])
def test_an_address_that_is_none_is_refused(slug: str) -> None:
    with pytest.raises(InvalidContent):
        save_page(slug=slug, title="Page")


def test_menu_items_are_known_by_place_group_and_address() -> None:
    item = save_menu_item(place=MenuPlace.FOOTER, group="Help", label="Delivery", url="/pages/delivery")
    assert save_menu_item(place=MenuPlace.FOOTER, group="Help", label="Post", url="/pages/delivery") == item
    save_menu_item(place=MenuPlace.HEADER, label="Journal", url="/pages/journal")
    menus = read_menus()
    assert menus.header == [LinkText("Journal", "/pages/journal")]
    assert [(group.title, [link.label for link in group.links]) for group in menus.footer] == [("Help", ["Post"])]
    assert db.session.scalar(select(func.count(MenuItem.id))) == 2
    with pytest.raises(InvalidContent, match="group"):
        save_menu_item(place=MenuPlace.FOOTER, label="Delivery", url="/pages/delivery")

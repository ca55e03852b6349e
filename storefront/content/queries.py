"""Reads of content. What is cached is left behind by `invalidate("content")` in services.py.

Pictures are named by their keys in the media store: whoever shows them asks the catalog for the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from storefront.content.models import Banner, HomeSection, LinkKind, MenuItem, MenuPlace, Page, PromotionTile
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound


@dataclass(frozen=True, slots=True)
class BannerText:
    """A slide of the home page; `tone` is "light" or "dark"."""

    title: str
    text: str
    link_label: str
    link_url: str
    picture: str
    tone: str


@dataclass(frozen=True, slots=True)
class TileText:
    """A promotion tile of the home page."""

    title: str
    text: str
    url: str
    picture: str


@dataclass(frozen=True, slots=True)
class LinkText:
    """A link with words and, in sections, perhaps a picture."""

    label: str
    url: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class SectionText:
    """A category's place on the home page: title links and picture links in their order."""

    title: str
    intro: str
    url: str
    titles: list[LinkText]
    pictures: list[LinkText]


@dataclass(frozen=True, slots=True)
class HomeText:
    """What staff say on the home page, published rows only, each list by position."""

    banners: list[BannerText]
    tiles: list[TileText]
    sections: list[SectionText]


@dataclass(frozen=True, slots=True)
class PageText:
    """A page of words; `body` is sanitized HTML."""

    slug: str
    title: str
    summary: str
    body: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FooterGroup:
    """Links of the footer under one title."""

    title: str
    links: list[LinkText]


@dataclass(frozen=True, slots=True)
class Menus:
    """The header's links after the categories, and the footer's groups in their order."""

    header: list[LinkText]
    footer: list[FooterGroup]


@cached("content")
def read_home() -> HomeText:
    """Return the words of the home page, in three queries."""
    banners = db.session.scalars(select(Banner).where(Banner.is_published).order_by(Banner.position, Banner.id))
    tiles = db.session.scalars(
        select(PromotionTile).where(PromotionTile.is_published).order_by(PromotionTile.position, PromotionTile.id)
    )
    sections = db.session.scalars(
        select(HomeSection).where(HomeSection.is_published).options(joinedload(HomeSection.links))
        .order_by(HomeSection.position, HomeSection.id)
    ).unique()
    return HomeText(
        banners=[BannerText(row.title, row.text, row.link_label, row.link_url, row.picture, row.tone)
                 for row in banners],
        tiles=[TileText(row.title, row.text, row.url, row.picture) for row in tiles],
        sections=[_section(row) for row in sections],
    )


@cached("content")
def read_page(slug: str) -> PageText:
    """Return a published content page; raises NotFound, which is not kept."""
    found = select(Page).where(Page.slug == slug, Page.is_published)
    row = db.session.scalar(found) if "\0" not in slug else None  # PostgreSQL compares nothing with NUL
    if row is None:
        raise NotFound("There is no such page.")
    return PageText(row.slug, row.title, row.summary, row.body, row.updated_at)


@cached("content")
def list_pages() -> list[LinkText]:
    """Return the published content pages by title, for maps of the site."""
    rows = db.session.execute(select(Page.title, Page.slug).where(Page.is_published).order_by(Page.title))
    return [LinkText(title, f"/pages/{slug}") for title, slug in rows]


def read_pages() -> list[PageText]:
    """Return the published content pages in full by title, for what is found by their words; keep what you need."""
    rows = db.session.scalars(select(Page).where(Page.is_published).order_by(Page.title, Page.slug))
    return [PageText(row.slug, row.title, row.summary, row.body, row.updated_at) for row in rows]


@cached("content")
def read_menus() -> Menus:
    """Return the header's and the footer's links; a group stands where its first link stands."""
    rows = db.session.scalars(select(MenuItem).order_by(MenuItem.position, MenuItem.id)).all()
    groups: dict[str, list[LinkText]] = {}
    for row in rows:
        if row.place is MenuPlace.FOOTER:
            groups.setdefault(row.group, []).append(LinkText(row.label, row.url))
    return Menus(
        header=[LinkText(row.label, row.url) for row in rows if row.place is MenuPlace.HEADER],
        footer=[FooterGroup(title, links) for title, links in groups.items()],
    )


def _section(row: HomeSection) -> SectionText:
    def links(kind: LinkKind) -> list[LinkText]:
        return [LinkText(link.label, link.url, link.picture) for link in row.links if link.kind is kind]

    return SectionText(row.title, row.intro, row.url, links(LinkKind.TITLE), links(LinkKind.PICTURE))

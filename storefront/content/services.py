"""The writes of content. Each finds its row by what people know it by; a second call changes nothing.

Text is plain but for a page's body, which is sanitized here, on the way in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import String, inspect, select
from sqlalchemy.orm import selectinload

from storefront.content.errors import InvalidContent
from storefront.content.events import HomeChanged, MenuChanged, PageChanged
from storefront.content.models import (
    Banner,
    HomeSection,
    HomeSectionLink,
    LinkKind,
    MenuItem,
    MenuPlace,
    Page,
    PromotionTile,
)
from storefront.foundation.cache import invalidate
from storefront.foundation.database import Model, db, transactional
from storefront.foundation.outbox import Event, record
from storefront.foundation.richtext import clean_html

GROUP = "content"
TONES = ("light", "dark")
MAX_LINKS = 4  # of each kind in a section
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
Row = TypeVar("Row", bound=Model)


@transactional
def save_banner(*, title: str, text: str = "", link_label: str, link_url: str, picture: str = "",
                tone: str = "light", position: int = 0, is_published: bool = True) -> int:
    """Write the home page's banner of this title and return its id; `picture` is a key of the media store.

    Raises InvalidContent for an empty title, a text too long, an unknown tone or a link that leads nowhere safe.
    """
    if tone not in TONES:
        raise InvalidContent(f"A banner's ground is {' or '.join(TONES)}, not “{tone[:20]}”.")
    _check_link(link_url)
    banner, is_new = _find_or_new(Banner, title=title)
    words = {"text": text, "link_label": link_label, "link_url": link_url, "picture": picture, "tone": tone,
             "position": position, "is_published": is_published}
    _write(banner, is_new, words, HomeChanged())
    return banner.id


@transactional
def save_tile(*, title: str, text: str = "", url: str, picture: str = "", position: int = 0,
              is_published: bool = True) -> int:
    """Write the home page's promotion tile of this title and return its id; raises InvalidContent."""
    _check_link(url)
    tile, is_new = _find_or_new(PromotionTile, title=title)
    words = {"text": text, "url": url, "picture": picture, "position": position, "is_published": is_published}
    _write(tile, is_new, words, HomeChanged())
    return tile.id


@transactional
def save_section(*, title: str, intro: str = "", url: str, links: Sequence[Mapping[str, str]] = (),
                 position: int = 0, is_published: bool = True) -> int:
    """Write the home section that leads to `url` and return its id.

    `links` have `kind` (LinkKind), `label`, `url` and perhaps `picture` (a media key), in their order, at most
    MAX_LINKS of each kind; they replace those that were there. Raises InvalidContent.
    """
    said = [(LinkKind(link["kind"]), link["label"], link["url"], link.get("picture", "")) for link in links]
    for link_url in (url, *(link[2] for link in said)):
        _check_link(link_url)
    for kind in LinkKind:
        if sum(link[0] is kind for link in said) > MAX_LINKS:
            raise InvalidContent(f"A section shows at most {MAX_LINKS} links of one kind.")
    section, is_changed = _find_or_new(HomeSection, url=url)
    if [(link.kind, link.label, link.url, link.picture) for link in section.links] != said:
        is_changed = True
        section.links = [
            HomeSectionLink(kind=kind, position=place, label=label, url=link_url, picture=picture)
            for place, (kind, label, link_url, picture) in enumerate(said)
        ]
        for link in section.links:
            _check_lengths(link)
    words = {"title": title, "intro": intro, "position": position, "is_published": is_published}
    _write(section, is_changed, words, HomeChanged())
    return section.id


@transactional
def save_page(*, slug: str, title: str, summary: str = "", body: str = "", is_published: bool = True) -> int:
    """Write the content page at /pages/<slug> and return its id; the body is HTML or plain paragraphs.

    Raises InvalidContent.
    """
    if not _SLUG.fullmatch(slug):
        raise InvalidContent(f"“{slug[:60]}” cannot be a page's address: small letters, digits and hyphens.")
    page, is_new = _find_or_new(Page, slug=slug)
    words = {"title": title, "summary": summary, "body": clean_html(body), "is_published": is_published}
    _write(page, is_new, words, PageChanged(slug))
    return page.id


@transactional
def save_menu_item(*, place: MenuPlace, label: str, url: str, group: str = "", position: int = 0) -> int:
    """Write the link to `url` of a menu and return its id; footer links stand under their `group`.

    Raises InvalidContent.
    """
    _check_link(url)
    if place is MenuPlace.FOOTER and not group:
        raise InvalidContent("A link of the footer stands in a group.")
    item, is_new = _find_or_new(MenuItem, place=place, group=group, url=url)
    _write(item, is_new, {"label": label, "position": position}, MenuChanged())
    return item.id


@transactional
def refresh_pictures() -> None:
    """Leave what is cached of the home page behind: a picture that it shows has new sizes."""
    _tell(HomeChanged())


def _find_or_new(kind: type[Row], **key: Any) -> tuple[Row, bool]:
    """Return the row that the key names, and whether it was made now."""
    statement = select(kind).filter_by(**key)
    if kind is HomeSection:
        statement = statement.options(selectinload(HomeSection.links))
    row = db.session.scalar(statement.limit(1))
    return (row, False) if row is not None else (kind(**key), True)


def _write(row: Model, is_changed: bool, words: Mapping[str, Any], event: Event) -> None:
    for attribute, value in words.items():
        if getattr(row, attribute) != value:
            setattr(row, attribute, value)
            is_changed = True
    if not is_changed:
        return
    _check_lengths(row)
    db.session.add(row)
    db.session.flush()
    _tell(event)


def _tell(event: Event) -> None:
    invalidate(GROUP)
    record(event)


def _check_lengths(row: Model) -> None:
    """SQLite keeps what PostgreSQL refuses: measure before either is asked."""
    for column in inspect(type(row)).columns:
        value = getattr(row, column.key)
        if not isinstance(value, str):
            continue
        if "\0" in value:
            raise InvalidContent("A NUL character was in the text; no page can show one.")
        if isinstance(column.type, String) and column.type.length and len(value) > column.type.length:
            raise InvalidContent(f"The {column.key.replace('_', ' ')} has {len(value)} characters; "
                                 f"at most {column.type.length} fit.")
    for required in ("title", "label", "link_label"):
        if hasattr(row, required) and not (getattr(row, required) or "").strip():
            raise InvalidContent(f"The {required.replace('_', ' ')} is empty.")


def _check_link(url: str) -> None:
    """Allow a path of this shop and addresses of the web and of mail; browsers read `\\` as `/`."""
    parts = urlsplit(url)
    is_own = url.startswith("/") and not url.startswith(("//", "/\\"))
    is_web = parts.scheme in ("https", "http") and bool(parts.netloc)
    is_mail = parts.scheme == "mailto" and bool(parts.path)
    if not (is_own or is_web or is_mail) or any(letter.isspace() or letter < " " for letter in url):
        raise InvalidContent(f"“{url[:60]}” is no link: begin with / for a page of the shop or with https://.")

"""Tables of the home page, content pages and menus."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column


class LinkKind(enum.StrEnum):
    """How a home section shows a link."""

    TITLE = "title"  # words
    PICTURE = "picture"  # a picture above words


class MenuPlace(enum.StrEnum):
    """Where a menu stands."""

    HEADER = "header"  # after the categories
    FOOTER = "footer"  # in groups



class Banner(Model):
    """A slide of the home carousel, shown by position."""

    __tablename__ = "content_banner"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(String(300), default="")
    link_label: Mapped[str] = mapped_column(String(60))
    link_url: Mapped[str] = mapped_column(String(400))
    picture: Mapped[str] = mapped_column(String(400), default="")  # media key or path, see media.py
    tone: Mapped[str] = mapped_column(String(10), default="light")  # the ground: "light" or "dark"
    is_published: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.title


class PromotionTile(Model):
    """A small advertisement on the home page, shown by position."""

    __tablename__ = "content_promotion_tile"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(String(300), default="")
    url: Mapped[str] = mapped_column(String(400))
    picture: Mapped[str] = mapped_column(String(400), default="")
    is_published: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.title


class HomeSection(Model):
    """A category's place on the home page, with up to four title links and four picture links."""

    __tablename__ = "content_home_section"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(120))
    intro: Mapped[str] = mapped_column(String(300), default="")
    url: Mapped[str] = mapped_column(String(400))
    is_published: Mapped[bool] = mapped_column(default=True)
    links: Mapped[list[HomeSectionLink]] = relationship(
        order_by="HomeSectionLink.position", cascade="all, delete-orphan", back_populates="section")

    def __str__(self) -> str:
        return self.title


class HomeSectionLink(Model):
    """A link of a home section."""

    __tablename__ = "content_home_section_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("content_home_section.id", ondelete="CASCADE"), index=True)
    kind: Mapped[LinkKind] = mapped_column(enum_column(LinkKind))
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(400))
    picture: Mapped[str] = mapped_column(String(400), default="")
    section: Mapped[HomeSection] = relationship(back_populates="links")


class Page(Model):
    """A page of words, such as About."""

    __tablename__ = "content_page"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text, default="")  # sanitized HTML
    is_published: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

    def __str__(self) -> str:
        return self.title


class MenuItem(Model):
    """A link of a menu; footer items are grouped under `group`."""

    __tablename__ = "content_menu_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[MenuPlace] = mapped_column(enum_column(MenuPlace))
    group: Mapped[str] = mapped_column(String(80), default="")
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(400))

"""What happens to the words on the pages."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class HomeChanged(Event):
    """A banner, a tile or a section of the home page changed."""


@dataclass(frozen=True, slots=True)
class PageChanged(Event):
    """A content page changed, appeared or was taken off."""

    slug: str


@dataclass(frozen=True, slots=True)
class MenuChanged(Event):
    """A menu changed: every page shows it."""

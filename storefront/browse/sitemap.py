"""The map of the public pages for search engines (sitemaps.org protocol 0.9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

MAX_URLS = 50_000  # the protocol's limit for one file
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class MappedPage:
    """A public page and when it last changed, where that is known."""

    url: str
    changed_at: datetime | None = None


def write_sitemap(pages: Iterable[MappedPage], site_url: str) -> str:
    """Return the XML of the first MAX_URLS pages."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<urlset xmlns="{NAMESPACE}">']
    for page in list(pages)[:MAX_URLS]:
        changed = f"<lastmod>{page.changed_at:%Y-%m-%d}</lastmod>" if page.changed_at else ""
        lines.append(f"<url><loc>{escape(site_url + page.url)}</loc>{changed}</url>")
    return "\n".join([*lines, "</urlset>", ""])

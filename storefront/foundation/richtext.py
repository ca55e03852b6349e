"""Rich text from the outside, made harmless: an allow-list of tags and attributes (ASVS 1.3.1).

Descriptions end up in pages that htmx reads, so every attribute not named here goes: hx-*, data-*, on*,
style, class, id. Sanitized once, on the way in; templates may print the result as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Set as AbstractSet

import nh3

LINKED = frozenset({"http", "https", "mailto"})
TABLE = frozenset({"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"})
TAGS = frozenset({"p", "br", "ul", "ol", "li", "strong", "em", "h2", "h3", "h4", "a", "blockquote"}) | TABLE
# Written by editors for the same thing; said in our words rather than lost.
SAME = {"b": "strong", "i": "em", "h1": "h2", "h5": "h4", "h6": "h4", "div": "p"}
ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
# Their text is no text for people.
DROPPED = {"script", "style", "template", "iframe", "object", "svg", "math", "noscript", "textarea", "title",
           "select", "button"}
LINK_REL = "nofollow noopener"
_SAME_TAG = re.compile(rf"<(/?)({'|'.join(SAME)})>")
_EMPTY = re.compile(r"<p>(?:\s|&nbsp;)*</p>")
_BLANK_LINES = re.compile(r"\n\s*\n")
_TAG = re.compile(r"<[A-Za-z/!?]")
_COUNT = re.compile(r"[1-9][0-9]?")


def clean_html(text: str) -> str:
    """Return HTML of the allowed tags and attributes alone; cleaning the answer again changes nothing.

    Text without any tag becomes paragraphs, divided at blank lines.
    """
    text = text.replace("\0", "").strip()
    if not _TAG.search(text):
        return _paragraphs(html.unescape(text))
    loose = _LOOSE.clean(text)
    renamed = _SAME_TAG.sub(lambda tag: f"<{tag[1]}{SAME[tag[2]]}>", loose)
    cleaned = _EMPTY.sub("", loose if renamed == loose else _STRICT.clean(renamed)).strip()
    return cleaned if _TAG.search(cleaned) else _paragraphs(html.unescape(cleaned))


def _filter(tag: str, attribute: str, value: str) -> str | None:
    """Drop links that only look relative, and spans that are no small numbers."""
    if attribute == "href":
        return None if value.lstrip().replace("\\", "/").startswith("//") else value
    if attribute in ("colspan", "rowspan"):
        return value if _COUNT.fullmatch(value) else None
    if attribute == "scope":
        return value if value in ("col", "row") else None
    return value


def _cleaner(tags: AbstractSet[str]) -> nh3.Cleaner:
    return nh3.Cleaner(tags=set(tags), attributes=ATTRIBUTES, url_schemes=set(LINKED), link_rel=LINK_REL,
                       clean_content_tags=DROPPED, generic_attribute_prefixes=set(), attribute_filter=_filter,
                       strip_comments=True)


def _paragraphs(text: str) -> str:
    pieces = (" ".join(piece.split()) for piece in _BLANK_LINES.split(text))
    return "\n".join(f"<p>{html.escape(piece, quote=False)}</p>" for piece in pieces if piece)


_LOOSE, _STRICT = _cleaner(TAGS | SAME.keys()), _cleaner(TAGS)  # made once: that costs four times a cleaning

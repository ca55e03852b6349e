"""Pages of a list by number."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.errors import NotFound

MAX_PAGE = 500  # deeper pages are reached by narrowing the list, not by crawling it


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page lies: `number` counts from 1, `total` counts all rows."""

    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return min(max(1, -(-self.total // self.size)), MAX_PAGE)

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def read_page_number(text: str | None) -> int:
    """Return the page a query string asks for; raises NotFound when it is no page number."""
    if text is None or text == "":
        return 1
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 4 and 1 <= int(text) <= MAX_PAGE):
        raise NotFound("There is no such page of this list.")
    return int(text)

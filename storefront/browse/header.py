"""Which links of the menu stand in the header's one row, at each width of the window; the others wait behind “More”.

Widths are estimates by letters: what is wider than thought is cut short, and squeezes neither name nor search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.browse.pages import MenuLink

LETTER, GAP, LONGEST, MORE = 8, 24, 200, 80  # pixels
ROOMS = {"always": 344, "wide": 540, "wider": 670}  # what is left beside name, search and tools; see header.css


@dataclass(frozen=True, slots=True)
class Placed:
    """A link and from which width on it stands in the row: a name of ROOMS, or `never`."""

    link: MenuLink
    shown: str


@dataclass(frozen=True, slots=True)
class Row:
    """The header's links; `more` tells up to where “More” is needed: "", or as Placed.shown of the last one."""

    links: Sequence[Placed]
    more: str


def lay_out(links: Sequence[MenuLink]) -> Row:
    """Return the links in their order with their widths; those that come first are shown first."""
    widths = [min(len(link.label) * LETTER, LONGEST) + GAP for link in links]
    fits = {name: _count_fitting(widths, room) for name, room in ROOMS.items()}
    placed = [Placed(link, next((name for name in ROOMS if place < fits[name]), "never"))
              for place, link in enumerate(links)]
    last = placed[-1].shown if placed else "always"
    return Row(placed, "" if last == "always" else last)


def _count_fitting(widths: Sequence[int], room: int) -> int:
    """Return how many links fit; where not all do, “More” needs its own place."""
    if sum(widths) <= room:
        return len(widths)
    used = MORE
    for count, width in enumerate(widths):
        used += width
        if used > room:
            return count
    return len(widths)

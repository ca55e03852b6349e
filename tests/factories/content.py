"""Words of the home page, pages and menus for tests, made by the services that staff use."""

from __future__ import annotations

from storefront.content.models import LinkKind, MenuPlace
from storefront.content.services import save_banner, save_menu_item, save_page, save_section, save_tile


def make_home(*, banners: int = 2, tiles: int = 2, sections: int = 2) -> None:
    """Save so many banners, tiles and sections, numbered from 1; a section has two title and two picture links."""
    for number in range(1, banners + 1):
        save_banner(title=f"Banner {number}", text="Words.", link_label="Look", link_url=f"/c/{number}",
                    position=number, tone="dark" if number % 2 == 0 else "light")
    for number in range(1, tiles + 1):
        save_tile(title=f"Tile {number}", text="Words.", url=f"/collections/{number}", position=number)
    for number in range(1, sections + 1):
        links = [{"kind": kind.value, "label": f"{kind.value} {place}", "url": f"/c/{number}/{place}"}
                 for kind in LinkKind for place in (1, 2)]
        save_section(title=f"Section {number}", intro="Words.", url=f"/c/{number}", links=links, position=number)


def make_page(*, slug: str = "about", title: str = "About", body: str = "<p>Words.</p>",
              is_published: bool = True) -> int:
    """Save a content page."""
    return save_page(slug=slug, title=title, summary=f"{title} in short.", body=body, is_published=is_published)


def make_footer(group: str = "Help", labels: tuple[str, ...] = ("Delivery", "Returns")) -> None:
    """Save a group of footer links to /pages/<label>."""
    for position, label in enumerate(labels):
        save_menu_item(place=MenuPlace.FOOTER, group=group, label=label, url=f"/pages/{label.lower()}",
                       position=position)

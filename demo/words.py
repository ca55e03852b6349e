"""The words of the demo shop: banners, tiles, sections of the home page, pages and menus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import storefront.content.services as content
from storefront.content.models import LinkKind, MenuPlace

Table = Mapping[str, Any]
Keys = Mapping[str, str]


def save_words(data: Table, keys: Keys) -> None:
    """Write what content.toml says; a picture that is not in the media store is left empty."""
    for position, banner in enumerate(data["banner"]):
        content.save_banner(position=position, title=banner["title"], text=banner["text"],
                            link_label=banner["link"]["label"], link_url=banner["link"]["url"],
                            picture=keys.get(banner["picture"], ""), tone=banner["tone"])
    for position, tile in enumerate(data["tile"]):
        content.save_tile(position=position, title=tile["title"], text=tile["text"], url=tile["url"],
                          picture=keys.get(tile["picture"], ""))
    names = {category["path"]: category["name"] for category in data["category"]}
    for position, section in enumerate(data["section"]):
        content.save_section(
            position=position, title=names[section["category"]], intro=section["intro"],
            url=f"/c/{section['category']}",
            links=[*_links(LinkKind.TITLE, section["titles"], keys), *_links(LinkKind.PICTURE, section["pictures"],
                                                                            keys)])
    for page in data["page"]:
        content.save_page(slug=page["slug"], title=page["title"], summary=page["summary"], body=page["body"])
    footer = [(group["title"], link) for group in data["menu"]["footer"] for link in group["links"]]
    for position, (group, link) in enumerate(footer):  # counted through, so that the groups keep their order too
        content.save_menu_item(place=MenuPlace.FOOTER, group=group, position=position, label=link["label"],
                               url=link["url"])


def _links(kind: LinkKind, links: Iterable[Table], keys: Keys) -> list[dict[str, Any]]:
    return [{"kind": kind, "label": link["label"], "url": link["url"], "picture": keys.get(link.get("picture", ""), "")}
            for link in links]

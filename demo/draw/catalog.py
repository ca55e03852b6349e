"""The briefs of the catalog: what `demo/catalog/*.toml` asks to be drawn."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.draw.banners import briefs_of_banners
from demo.draw.brief import Brief
from demo.draw.export import Entry, write_picture
from demo.draw.scene import Scene, alike, render_alike

ROOT = Path(__file__).resolve().parents[1]

#: Which module draws which kind of goods.
KINDS = {
    "bowl": "vessels",
    "cup": "vessels",
    "vase": "vessels",
    "plate": "vessels",
    "table-lamp": "lamps",
    "pendant": "lamps",
    "candle": "candles",
    "cushion": "textiles",
    "throw": "textiles",
    "towel": "textiles",
    "notebook": "paper",
    "cards": "paper",
    "wrap": "paper",
    "print": "prints",
    "banner": "banners",
    "tile": "banners",
}


def briefs(only: tuple[str, ...] = ()) -> Iterator[Brief]:
    """The briefs of all pictures of all products, or of the products named."""
    for path in sorted((ROOT / "catalog").glob("*.toml")):
        for product in tomllib.loads(path.read_text()).get("product", []):
            if not only or product["slug"] in only:
                yield from _of_product(product)
    for brief in briefs_of_banners():
        if not only or brief.slug in only:
            yield brief


def _of_product(product: dict[str, Any]) -> Iterator[Brief]:
    drawing = dict(product["draw"])
    values = [value for option in product.get("options", []) for value in option["values"]]
    swatches = {value["value"]: value["swatch"] for value in values if "swatch" in value}
    for picture in product["pictures"]:
        yield Brief(
            slug=product["slug"],
            file=picture["file"],
            category=product["category"],
            view=picture["view"],
            kind=drawing["kind"],
            params={**drawing, **picture.get("draw", {})},
            values=tuple(picture.get("values", [])),
            swatches=swatches,
            options=tuple(swatches),
        )


def compose(brief: Brief) -> Scene:
    """The scene of a brief, set by the module which draws its kind of goods."""
    module = importlib.import_module(f"demo.draw.{KINDS[brief.kind]}")
    scene: Scene = module.compose(brief)
    return scene


def groups(wanted: list[Brief]) -> list[list[Brief]]:
    """The briefs in groups that one process draws: the colors of one view of one product."""
    found: dict[tuple[str, str, str], list[Brief]] = {}
    for brief in wanted:
        own = "" if brief.view == "alone" else brief.file
        found.setdefault((brief.slug, brief.view, own), []).append(brief)
    return list(found.values())


def draw(
    group: list[Brief], folder: Path, width: int, preview: bool
) -> dict[str, Entry]:
    """Draw a group of pictures; previews are PNGs, otherwise all widths and formats are written."""
    entries: dict[str, Entry] = {}
    waiting = [(brief, compose(brief)) for brief in group]
    while waiting:
        first = waiting[0][1]
        ready = [pair for pair in waiting if alike(first, pair[1])]
        waiting = [pair for pair in waiting if not alike(first, pair[1])]
        share = float(group[0].params.get("width", 1200)) / 1200
        ratio = float(group[0].params.get("ratio", 1.25))
        size = round(width * share)
        images = render_alike([scene for _, scene in ready], width=size, height=round(size * ratio))
        for (brief, _), image in zip(ready, images, strict=True):
            if preview:
                folder.mkdir(parents=True, exist_ok=True)
                image.save(folder / f"{brief.slug}--{brief.file}.png")
            else:
                entries[f"{brief.slug}/{brief.file}"] = write_picture(
                    image, folder=folder / brief.slug, name=brief.file
                )
    return entries

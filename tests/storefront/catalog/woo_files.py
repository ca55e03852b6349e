"""Files as WooCommerce writes them, made by tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

COLUMNS = [
    "ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "Short description", "Description", "Tax status",
    "Tax class", "In stock?", "Stock", "Backorders allowed?", "Weight (kg)", "Sale price", "Regular price",
    "Categories", "Tags", "Images", "Parent", "Grouped products", "External URL", "Position", "Permalink",
    "Meta: _wp_old_slug", "Attribute 1 name", "Attribute 1 value(s)", "Attribute 1 visible", "Attribute 2 name",
    "Attribute 2 value(s)", "Attribute 2 visible", "Date sale price starts", "Date sale price ends",
]


def simple(number: int = 1, **said: str) -> dict[str, str]:
    """Return the row of a product without choices."""
    return {"ID": str(number), "Type": "simple", "SKU": f"W-{number}", "Name": f"Thing {number}", "Published": "1",
            "Visibility in catalog": "visible", "In stock?": "1", "Regular price": "10"} | _named(said)


def variable(number: int = 9, **said: str) -> dict[str, str]:
    """Return the row of a product with the choice Color."""
    return simple(number, Type="variable", Regular_price="", Attribute_1_name="Color",
                  **{"Attribute 1 value(s)": "Blue, Green", "Attribute 1 visible": "1"}) | _named(said)


def variation(number: int, parent: str, color: str, **said: str) -> dict[str, str]:
    """Return the row of a variation."""
    return simple(number, Type="variation", Parent=parent, Attribute_1_name="Color",
                  **{"Attribute 1 value(s)": color}) | _named(said)


def write_woo(folder: Path, *rows: Mapping[str, str], columns: list[str] | None = None) -> Path:
    target = io.StringIO()
    writer = csv.DictWriter(target, columns or COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "woo.csv"
    path.write_text(target.getvalue(), encoding="utf-8")
    return path


def _named(said: Mapping[str, str]) -> dict[str, str]:
    return {name if name in COLUMNS else name.replace("_", " "): value for name, value in said.items()}

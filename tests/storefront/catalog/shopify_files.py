"""Files as Shopify writes them, made by tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

COLUMNS = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description", "Variant Image",
    "Variant Weight Unit", "Cost per item", "Status", "Hand feel (product.metafields.custom.hand)",
]

# A product with two options, of which one row says only an image.
BOWL = (
    {"Handle": "low-bowl", "Title": "Low Bowl", "Body (HTML)": "<p onclick=x>Wide, <b>shallow</b></p>",
     "Vendor": "Plainsong", "Product Category": "Home & Garden > Kitchen", "Type": "Bowls", "Tags": "thrown, stoneware",
     "Published": "true", "Option1 Name": "Glaze", "Option1 Value": "Moss", "Option2 Name": "Colour",
     "Option2 Value": "Green", "Variant SKU": "LB-M", "Variant Grams": "420", "Variant Inventory Tracker": "shopify",
     "Variant Inventory Qty": "7", "Variant Inventory Policy": "deny", "Variant Price": "24.00",
     "Variant Compare At Price": "30", "Variant Requires Shipping": "true", "Variant Barcode": "'4006381333931",
     "Image Src": "https://cdn.example/b.jpg?v=1", "Image Position": "2", "Image Alt Text": "The rim",
     "Gift Card": "false", "SEO Title": "A bowl", "SEO Description": "Wide", "Variant Weight Unit": "kg",
     "Cost per item": "9.50", "Status": "active", "Hand feel (product.metafields.custom.hand)": "smooth"},
    {"Handle": "low-bowl", "Option1 Value": "Fog", "Option2 Value": "Grey", "Variant SKU": "LB-F",
     "Variant Grams": "420", "Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "-2",
     "Variant Inventory Policy": "continue", "Variant Price": "26", "Variant Requires Shipping": "true",
     "Image Src": "https://cdn.example/a.jpg", "Image Position": "1", "Image Alt Text": "A bowl",
     "Variant Image": "https://cdn.example/a.jpg", "Variant Weight Unit": "g"},
    {"Handle": "low-bowl", "Image Src": "https://cdn.example/c.jpg", "Image Position": "3"},
)


def plain(handle: str = "card", **said: str) -> dict[str, str]:
    """Return the row of a product without choices."""
    return {"Handle": handle, "Title": handle.title(), "Published": "true", "Option1 Name": "Title",
            "Option1 Value": "Default Title", "Variant Price": "3.50", "Variant Inventory Tracker": "shopify",
            "Variant Inventory Qty": "5", "Variant Inventory Policy": "deny",
            "Status": "active"} | {name.replace("_", " "): value for name, value in said.items()}


def text_of(rows: Iterable[Mapping[str, str]], columns: Iterable[str] = COLUMNS) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def write_export(folder: Path, *rows: Mapping[str, str], name: str = "export.csv") -> Path:
    path = folder / name
    path.write_text(text_of(rows), encoding="utf-8")
    return path

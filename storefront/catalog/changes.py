"""What a save has moved: gathered while rows are compared, told in reports and turned into events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from storefront.catalog.models import Image

# What people call an attribute, where its own name says it only to us; those of variants are followed by which.
WORDS = {"seo_title": "title for search engines", "seo_description": "description for search engines",
         "tax_category": "kind of tax", "extra": "cells kept for the export", "created_at": "when it was made",
         "published_at": "since when it is on sale", "swatch": "color of an option"}
WORDS_OF_VARIANT = {"sku": "SKU", "gtin": "barcode", "title": "options", "position": "place", "weight_grams": "weight",
                    "needs_shipping": "shipping", "is_archived": "on offer again:", "extra": WORDS["extra"]}


@dataclass
class Changes:
    """What moved, in words for a report, and what was not taken as it was said."""

    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    touched_categories: set[int] = field(default_factory=set)
    left_categories: set[int] = field(default_factory=set)
    new_images: list[Image] = field(default_factory=list)

    def put(self, row: Any, attribute: str, value: Any, label: str = "") -> None:
        """Set the attribute when it differs, and note that it did."""
        if getattr(row, attribute) != value:
            setattr(row, attribute, value)
            self.said.append(label or WORDS.get(attribute) or attribute.replace("_", " "))

"""What a save has moved: gathered while rows are compared, told in reports and turned into events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from storefront.catalog.models import Image


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
            self.said.append(label or attribute.replace("_", " "))

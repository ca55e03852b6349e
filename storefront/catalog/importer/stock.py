"""What the import asks of inventory, and when it touches stock: only where the file says something new.

A file's quantity is what was available when it was written. Importing it again must not undo what was sold since,
so it counts only for a new variant, or where the file's words differ both from those of the last import (kept in
`variant.extra`) and from what is so by now. Then it is a new count: what is available becomes the file's number
through one correcting movement in the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Count:
    """What is said of a variant's stock: None available means that it is not counted."""

    available: int | None
    policy: str


@dataclass(frozen=True, slots=True)
class Level:
    """How a variant's stock stands: what is available, and how much of what lies there is promised."""

    available: int
    promised: int
    policy: str

    @property
    def count(self) -> Count:
        return Count(None if self.policy == "untracked" else self.available, self.policy)


class Stock(Protocol):
    """Inventory's counts.py; the composition root hands it over, because catalog does not know inventory."""

    def count_stock(self, *, variant_id: int, available: int | None, policy: str, actor: str, reason: str) -> None: ...

    def count_new(self, *, counts: Mapping[int, tuple[int | None, str]], actor: str, reason: str) -> None: ...

    def take_back_new(self, *, units: Mapping[int, int], actor: str) -> None: ...

    def read_stock(self, variant_ids: Collection[int]) -> dict[int, tuple[int, int, str]]: ...

    def take_back(self, *, variant_id: int, units: int, policy: str, actor: str) -> None: ...


def read_levels(stock: Stock, variant_ids: Collection[int]) -> dict[int, Level]:
    """Return how the stock of each variant stands; one that was never counted is absent."""
    return {variant_id: Level(*level) for variant_id, level in stock.read_stock(variant_ids).items()}


def say_count(count: Count) -> dict[str, str]:
    """Return the count in Shopify's words."""
    if count.available is None:
        return {"Variant Inventory Qty": "0", "Variant Inventory Policy": "deny"}
    return {"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": str(count.available),
            "Variant Inventory Policy": "continue" if count.policy == "continue" else "deny"}


def read_count(said: Mapping[str, Any]) -> Count:
    """Return the count that Shopify's words mean; they were checked before."""
    if not said.get("Variant Inventory Tracker"):
        return Count(None, "untracked")
    policy = str(said.get("Variant Inventory Policy") or "deny").lower()
    available = int(float(said.get("Variant Inventory Qty") or 0))
    # Below zero means oversold, which only a variant that sells on can be.
    return Count(available if policy == "continue" else max(0, available), policy)

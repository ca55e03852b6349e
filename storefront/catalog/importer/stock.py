"""When an import touches stock: only where the file says something new.

Shopify's quantity is what was available when the file was written. Importing the file again must not undo what
was sold since, so it counts only for a new variant, or when tracker, quantity or policy differ from what the last
import of the variant said (kept in `variant.extra`). Then it is a new count: what is available becomes the file's
number through one correcting movement in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

COLUMNS = ("Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy")


class CountStock(Protocol):
    """Inventory's `count_stock`; the composition root hands it over, because catalog does not know inventory."""

    def __call__(self, *, variant_id: int, available: int | None, policy: str, actor: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Count:
    """What the file says of a variant's stock: None available means that it is not counted."""

    available: int | None
    policy: str


def wanted_count(before: Mapping[str, Any] | None, said: Mapping[str, Any]) -> Count | None:
    """Return the count to make, or None where the file says nothing new; `before` is None for a new variant."""
    if before is not None and all(before.get(column) == said.get(column) for column in COLUMNS):
        return None
    if not said.get(COLUMNS[0]):
        return Count(None, "untracked")
    policy = str(said.get(COLUMNS[2]) or "deny").lower()
    available = int(float(said.get(COLUMNS[1]) or 0))
    # Below zero means oversold, which only a variant that sells on can be.
    return Count(available if policy == "continue" else max(0, available), policy)

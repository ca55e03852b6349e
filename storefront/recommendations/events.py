"""What recommendations tell."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class RecommendationsChanged(Event):
    """Other products than before are shown beside this one."""

    product_id: int


@dataclass(frozen=True, slots=True)
class RebuildDue(Event):
    """All recommendations are to be computed anew, from this place on."""

    ground: str
    done: int

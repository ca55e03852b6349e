"""What an import says of itself, to people and to machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

OUTCOMES = ("created", "updated", "unchanged", "rejected")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something in the file that was not taken: where it stands and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}{f', {self.column}' if self.column else ''}: {self.reason}"


@dataclass
class Report:
    """Counts of products by outcome and of what came with them; `done` products are behind us."""

    file: str
    format: str
    is_dry_run: bool
    done: int = 0
    position: int = 0  # products and unreadable rows behind us, for the next --resume
    resumed_at: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    variants: int = 0
    images: int = 0
    images_to_fetch: int = 0
    images_taken: int = 0
    stock_counted: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)  # of a dry run: what would happen, a line per product

    def as_json(self) -> dict[str, Any]:
        """Return the report for a machine."""
        return asdict(self) | {"products": self.done}

    def lines(self) -> Iterator[str]:
        """Return the report for a person."""
        verb = "would be " if self.is_dry_run else ""
        counts = ", ".join(f"{count} {verb}{outcome}" for outcome, count in self.outcomes.items() if count)
        yield f"{_count(self.done, 'product')}: {counts or 'none in the file'}."
        yield (f"{_count(self.variants, 'variant')}, {_count(self.images, 'image')}"
               f" ({self.images_to_fetch} to be fetched, {self.images_taken} taken from the folder),"
               f" stock counted for {_count(self.stock_counted, 'variant')}.")
        if self.done and self.outcomes["unchanged"] == self.done:
            yield "Nothing changed: the shop already says what the file says."
        yield from self.notes
        if self.rejections:
            yield f"Not taken ({len(self.rejections)}):"
            yield from (f"  {rejection}" for rejection in self.rejections)
            often = Counter(rejection.column for rejection in self.rejections if rejection.column).most_common(1)
            if often and often[0][1] > 10:
                yield f"  Most of these stand in the column {often[0][0]}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

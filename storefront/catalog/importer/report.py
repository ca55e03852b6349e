"""What an import says of itself, to people and to machines: counts, and lines kept in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import or_, select

from storefront.catalog.import_models import Import, ImportLine, ImportState, LineKind
from storefront.catalog.importer.made import BRAND, CATEGORY, read_made
from storefront.foundation.csv_files import Rejection
from storefront.foundation.database import db

OUTCOMES = ("created", "updated", "unchanged", "rejected")
SAID = {"rejected": "not taken"}  # to people; machines know the outcome by its name
WOULD_BE = {"rejected": "would not be taken"}  # of a dry run
SHOWN = 20  # names in a sentence
PARTED = "; "  # between the changes of a product
OF_GOODS = ("variants", "images", "images_to_fetch", "images_taken", "stock_counted")


@dataclass
class Saved:
    """What became of one product."""

    line: int
    outcome: str = "rejected"
    slug: str = ""
    name: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    variants: int = 0
    images: int = 0
    images_to_fetch: int = 0
    images_taken: int = 0
    stock_counted: int = 0


@dataclass
class Report:
    """Counts of products by outcome and of what came with them, as the import's row has them."""

    import_id: int
    file: str
    format: str
    is_dry_run: bool
    resumed_at: int = 0
    done: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    variants: int = 0
    images: int = 0
    images_to_fetch: int = 0
    images_taken: int = 0
    stock_counted: int = 0
    is_finished: bool = True
    hints: list[str] = field(default_factory=list)  # of this run alone

    @cached_property
    def rejections(self) -> list[Rejection]:
        return [Rejection(line.line, line.column, line.text) for line in read_lines(self.import_id, LineKind.REJECTED)]

    @property
    def notes(self) -> list[str]:
        return [*self.hints, *(f"line {line.line}: {line.text}" for line in read_lines(self.import_id, LineKind.NOTE))]

    @property
    def changes(self) -> list[str]:
        """Of a dry run: what would happen, a line per product."""
        lines = read_lines(self.import_id, LineKind.CREATED, LineKind.UPDATED) if self.is_dry_run else ()
        return [f"{line.slug} would be {line.kind}: {line.text}" for line in lines]

    def as_json(self) -> dict[str, Any]:
        """Return the report for a machine."""
        return asdict(self) | {"products": self.done, "notes": self.notes, "changes": self.changes,
                               "rejections": [asdict(rejection) for rejection in self.rejections]}

    def lines(self) -> Iterator[str]:
        """Return the report for a person."""
        yield from self.counted()
        yield from self.notes
        if self.rejections:
            yield f"Not taken ({count_of(len({rejection.line for rejection in self.rejections}), 'row')}):"
            yield from (f"  {rejection}" for rejection in self.rejections)
            often = Counter(rejection.column for rejection in self.rejections if rejection.column).most_common(1)
            if often and often[0][1] > 10:
                yield f"  Most of these stand in the column {often[0][0]}."

    def counted(self) -> Iterator[str]:
        """Return the counts in sentences."""
        counts = ", ".join(f"{count} {self._say(outcome)}" for outcome, count in self.outcomes.items() if count)
        yield f"{count_of(self.done, 'product')}: {counts or 'none in the file'}."
        if self.variants:
            fetched = [f"{number} {what}" for number, what in ((self.images_to_fetch, "to be fetched"),
                                                              (self.images_taken, "taken from the folder")) if number]
            images = f" ({', '.join(fetched)})" if fetched else ""
            yield (f"{count_of(self.variants, 'variant')}, {count_of(self.images, 'image')}{images}, stock counted for "
                   f"{count_of(self.stock_counted, 'variant')}.")
        for one, many, column in (("category", "categories", CATEGORY), ("brand", "brands", BRAND)):
            if names := read_made(self.import_id, column):
                more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
                be = "would be" if self.is_dry_run else "is" if len(names) == 1 else "are"
                yield f"{len(names)} {one if len(names) == 1 else many} {be} new: {', '.join(names[:SHOWN])}{more}."
        if self.done and self.outcomes["unchanged"] == self.done:
            yield "Nothing changed: the shop already says what the file says."

    def _say(self, outcome: str) -> str:
        return WOULD_BE.get(outcome, f"would be {outcome}") if self.is_dry_run else SAID.get(outcome, outcome)


def read_report(row: Import) -> Report:
    """Return the report of the import as its row stands."""
    counts = row.counts
    return Report(
        import_id=row.id, file=row.file_name, format=row.format, is_dry_run=row.is_dry_run, done=counts.get("done", 0),
        outcomes={outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
        is_finished=row.state is not ImportState.RUNNING,
        **{name: counts.get(name, 0) for name in OF_GOODS})  # type: ignore[arg-type]


def read_lines(import_id: int, *kinds: LineKind, limit: int | None = None) -> list[ImportLine]:
    """Return the report's lines of these kinds, in the file's order; new categories and brands are made.py's."""
    return list(db.session.scalars(
        select(ImportLine).where(ImportLine.import_id == import_id, ImportLine.kind.in_(kinds),
                                 or_(ImportLine.kind != LineKind.CREATED, ImportLine.column == ""))
        .order_by(ImportLine.line, ImportLine.id).limit(limit)))


def lines_of(saved: Saved) -> Iterator[dict[str, Any]]:
    """Return the rows of ImportLine that tell of the product."""
    if saved.outcome in (LineKind.CREATED, LineKind.UPDATED):
        yield _line(LineKind(saved.outcome), saved.line, PARTED.join(saved.changes) or "stock", saved)
    for note in saved.notes:
        yield _line(LineKind.NOTE, saved.line, note, saved)
    for rejection in saved.rejections:
        yield line_of(rejection, saved)


def line_of(rejection: Rejection, saved: Saved | None = None) -> dict[str, Any]:
    """Return the row of ImportLine that tells of the rejection, and of which product it was a row."""
    return (_line(LineKind.REJECTED, rejection.line, rejection.reason, saved or Saved(rejection.line))
            | {"column": rejection.column[:200]})


def few(text: str) -> str:
    """Return the first changes of a line; the whole report has all."""
    parts = text.split(PARTED)
    return f"{PARTED.join(parts[:6])} and {len(parts) - 6} more" if len(parts) > 6 else text


def add_counts(counts: dict[str, int], saved: Saved) -> None:
    """Count the product."""
    for name, number in (("done", 1), (saved.outcome, 1), *((name, getattr(saved, name)) for name in OF_GOODS)):
        counts[name] = counts.get(name, 0) + number


def count_of(number: int, noun: str) -> str:
    """Return such as `3 products`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _line(kind: LineKind, line: int, text: str, saved: Saved) -> dict[str, Any]:
    return {"kind": kind, "line": line, "column": "", "slug": saved.slug, "name": saved.name[:300], "text": text}

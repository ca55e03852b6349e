"""Tax rates from WooCommerce's export: one rate by country and kind of goods is what the shop knows.

Rates of a state, a postcode or a city, and second rates on top of a country's first, are reported and not taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from slugify import slugify
from sqlalchemy import select

from storefront.foundation.csv_files import Rejection, Row, Table, UnreadableFile, open_table
from storefront.foundation.database import db, transactional
from storefront.foundation.decimals import HINT, DecimalSigns, read_commas
from storefront.taxes.models import TaxCategory, TaxRate
from storefront.taxes.services import save_category, save_rate

REQUIRED = ("Country Code", "Rate %")
PLACES = ("State Code", "ZIP/Postcode", "City")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateEntry:
    """A rate as the file says it."""

    country: str
    tax_category: str
    name: str
    basis_points: int


@dataclass
class TaxReport:
    """What became of the file's rows."""

    saved: list[RateEntry] = field(default_factory=list)
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    note: str = ""  # what was taken for granted in reading the file


class _CellProblem(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def import_rates(path: Path, *, is_on_top: bool | None = None, is_dry_run: bool = False) -> TaxReport:
    """Save the rates of the file in one transaction; importing it again changes nothing.

    `is_on_top` tells whether prices come without the tax, which the file does not say: None leaves a country as it
    is, and takes a new one's prices as holding it. Raises UnreadableFile.
    """
    report = TaxReport()
    entries: dict[tuple[str, str], RateEntry] = {}
    with open_table(path, REQUIRED) as table:
        missing = [column for column in REQUIRED if column not in table.header]
        if missing:
            raise UnreadableFile(f"Line 1 has no column {', '.join(missing)}: this is no file of tax rates.")
        report.note, commas = table.note, _find_commas(table)
        for row in table.rows():
            if isinstance(row, Rejection):
                report.rejections.append(row)
                continue
            try:
                entry = _read(read_commas(row, commas))
                if (entry.country, entry.tax_category) in entries:
                    raise _CellProblem("Priority", f"{entry.country} has a rate for {entry.tax_category} in an earlier "
                                       "line already; the shop takes no second one.")
            except _CellProblem as problem:
                report.rejections.append(Rejection(row.line, problem.column, str(problem)))
            else:
                entries[entry.country, entry.tax_category] = entry
    _save(entries=list(entries.values()), is_on_top=is_on_top, is_dry_run=is_dry_run, report=report)
    return report


def _find_commas(table: Table) -> frozenset[str]:
    signs = DecimalSigns(("Rate %",))
    for row in table.rows():
        if isinstance(row, Row):
            signs.note(row)
    return signs.commas


@transactional
def _save(*, entries: list[RateEntry], is_on_top: bool | None, is_dry_run: bool, report: TaxReport) -> None:
    present = {(row.country, row.tax_category): row for row in db.session.scalars(select(TaxRate))}
    inclusive = {row.country: row.is_inclusive for row in present.values()}
    known = set(db.session.scalars(select(TaxCategory.code)))
    for entry in entries:
        is_inclusive = inclusive.get(entry.country, True) if is_on_top is None else not is_on_top
        row = present.get((entry.country, entry.tax_category))
        if row and (row.basis_points, row.name, row.is_inclusive) == (entry.basis_points, entry.name, is_inclusive):
            report.unchanged += 1
            continue
        report.saved.append(entry)
        if is_dry_run:
            continue
        if entry.tax_category not in known:
            save_category(code=entry.tax_category, name=entry.tax_category.replace("-", " ").capitalize())
            known.add(entry.tax_category)
        save_rate(country=entry.country, tax_category=entry.tax_category, basis_points=entry.basis_points,
                  is_inclusive=is_inclusive, name=entry.name)


def _read(row: Row) -> RateEntry:
    country = row["Country Code"].upper()
    if not _COUNTRY.fullmatch(country):
        raise _CellProblem("Country Code", f"“{country[:40]}” is no country code of two letters; a rate for every "
                           "country is none that the shop knows.")
    for column in PLACES:
        if row[column] not in ("", "*"):
            raise _CellProblem(column, f"The rate counts for {row[column][:40]} alone; the shop knows one rate by "
                               "country.")
    if row["Priority"] not in ("", "1"):
        raise _CellProblem("Priority", "The rate comes on top of another; the shop takes one.")
    text = row["Rate %"]
    points = Decimal(text) * 100 if _PERCENT.fullmatch(text) else Decimal(-1)
    if not 0 <= points <= 10_000 or points != points.to_integral_value():
        raise _CellProblem("Rate %", f"“{text[:40]}” is no percentage from 0 to 100 with two decimals."
                           f"{HINT if ',' in text else ''}")
    return RateEntry(country, slugify(row["Tax Class"])[:40] or "standard", row["Tax Name"][:40] or "VAT", int(points))

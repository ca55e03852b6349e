"""What spreadsheets save in their country's way is read as it stands, where that is certain; else it is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.importer import importing
from storefront.catalog.importer.importing import import_file, open_products
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.models import Price, Product, Variant
from storefront.foundation import spreadsheets
from storefront.foundation.csv_files import Row, UnreadableFile
from storefront.foundation.database import db
from storefront.foundation.spreadsheets import UTF8, WINDOWS, NoText, find_encoding
from storefront.taxes.importing import import_rates
from tests.storefront.catalog.shopify_files import plain, text_of
from tests.storefront.catalog.woo_files import COLUMNS as WOO_COLUMNS
from tests.storefront.catalog.woo_files import simple, variable, variation

CARDS = [plain(f"card-{number}", Title=f"Über {number} – “Köln; Malmö” €", Variant_Price=f"{number},50")
         for number in range(1, 13)]


def saved(folder: Path, text: str, divider: str, encoding: str) -> Path:
    """Save the text as a spreadsheet does: cells that hold the divider are quoted, lines end with CR LF."""
    target = io.StringIO()
    csv.writer(target, delimiter=divider, lineterminator="\r\n").writerows(csv.reader(io.StringIO(text)))
    path = folder / "saved.csv"
    path.write_bytes(target.getvalue().encode(encoding))
    return path


def run(app: Flask, path: Path, **said: float) -> Report:
    report = import_file(Order(path=path, stock=app.extensions["stock"], actor="system", resumes=bool(said), **said))
    db.session.rollback()
    return report


def goods() -> list[tuple[str, int]]:
    return [tuple(row) for row in db.session.execute(  # type: ignore[misc]
        select(Product.name, Price.amount).join(Variant, Variant.product_id == Product.id)
        .join(Price, Price.variant_id == Variant.id).order_by(Product.id))]


@pytest.mark.parametrize(("divider", "encoding"), [
    (";", "cp1252"), (";", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), ("\t", "utf-8"), (",", "cp1252"),
])
def test_a_file_of_a_country_with_commas_comes_in_slice_by_slice(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, divider: str, encoding: str
) -> None:
    monkeypatch.setattr(importing, "BATCH", 5)
    path = saved(tmp_path, text_of(CARDS), divider, encoding)
    seen = []
    for _ in range(3):
        report = run(app, path, seconds=1e-9)
        seen.append(report.done)
    assert seen == [5, 10, 12]
    assert report.rejections == []
    assert goods() == [(card["Title"], 100 * number + 50) for number, card in enumerate(CARDS, start=1)]
    said = [note for note in run(app, path).notes if note.startswith("line ")]
    assert [note[:33] for note in said] == (["line 1: The file is not UTF-8; it"] if encoding == "cp1252" else [])
    assert report.outcomes["created"] == 12


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_rows_that_stand_apart_are_found_by_their_byte(app: Flask, tmp_path: Path, encoding: str) -> None:
    rows = [variation(10, "W-9", "Größe"), variable(9, **{"Attribute 1 value(s)": "Größe, Süß"}),
            simple(1, Name="Ü 1"), variation(11, "W-9", "Süß")]
    report = run(app, saved(tmp_path, text_of(rows, WOO_COLUMNS), ";", encoding))
    assert report.rejections == []
    titles = db.session.scalars(select(Variant.title).order_by(Variant.id))
    assert sorted(titles) == ["", "Größe", "Süß"]


def test_positions_are_bytes_of_what_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp1252", "utf-16-le", "utf-16-be"):
        mark = "\ufeff" if "16" in encoding else ""
        path = saved(tmp_path, mark + text_of(CARDS), ";", encoding)
        with open_products(path) as table:
            rows = [row for row in table.rows() if isinstance(row, Row)]
            again = [table.row_at(row.offset, row.line) for row in rows]
            assert again == rows
            assert [row["Title"] for row in rows] == [card["Title"] for card in CARDS]
            assert table.size > rows[-1].offset


@pytest.mark.parametrize(("data", "found"), [
    (b"a,b\n", UTF8), ("Köln".encode(), UTF8), ("Köln €".encode("cp1252"), WINDOWS), (b"", UTF8),
    ("NESTLÉ® é".encode("cp1252"), UTF8),  # as much one as the other: not certain
    ("NESTLÉ® é è".encode("cp1252"), WINDOWS), ("Köln, Łódź, ".encode() + b"caf\xe9", UTF8),
    (b"\xef\xbb\xbfK\xf6ln \xe4 \xfc", UTF8), ("aaaé".encode() + b" \xe9", UTF8),
    (b"K\xf6ln \x81", UTF8), ("Ö\n".encode("cp1252") * 9, WINDOWS),
])
def test_only_what_is_certain_is_read_as_windows_1252(monkeypatch: pytest.MonkeyPatch, data: bytes, found: str) -> None:
    for piece in (spreadsheets.PIECE, 4):  # wherever the file is cut to be looked at
        monkeypatch.setattr(spreadsheets, "PIECE", piece)
        assert find_encoding(io.BytesIO(data)) == found


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0", b"K\xf6ln\0", b"K\xf6ln \x1b[1m", b"\x7fELF\xff"])
def test_what_holds_control_signs_is_no_text(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NoText):
        find_encoding(io.BytesIO(data))
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(UnreadableFile, match="This is no CSV file"):
        open_products(tmp_path / "a.csv")


@pytest.mark.parametrize(("header", "divider"), [
    ("Handle;Title;Variant Price;Variant SKU,x,y,z", ";"), ('"Handle";"Title";"Variant Price"', ";"),
    ("Handle\tTitle\tVariant Price;a;b;c", "\t"), ('Handle,"a;b;c",Title,Variant Price', ","),
    ("Handle,Title;x;y;z,Variant Price", ","), ("Type;Name;Regular price", ";"), ("a;b;c", ","),
])
def test_the_header_alone_says_what_divides_its_cells(tmp_path: Path, header: str, divider: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\na,b,c,d,e,f\n")
    with open_products(tmp_path / "a.csv") as table:
        assert table.divider == divider
        assert table.start == (len(header) + 1, 2)


def test_rates_of_tax_are_read_alike(app: Flask, tmp_path: Path) -> None:
    text = "Country Code;State Code;Rate %;Tax Name\r\nSE;;25,0;Moms på allt\r\n"
    (tmp_path / "rates.csv").write_bytes(text.encode("cp1252"))
    report = import_rates(tmp_path / "rates.csv", is_dry_run=True)
    assert [(rate.country, rate.basis_points, rate.name) for rate in report.saved] == [("SE", 2500, "Moms på allt")]
    assert report.note.startswith("The file is not UTF-8")

"""Imports from the panel: upload, jobs in slices, the page that renews itself, the report, undo, export."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.accounts.services import create_staff
from storefront.catalog.import_models import Import, ImportChunk
from storefront.catalog.importer import importing, uploads
from storefront.catalog.models import Product, ProductStatus
from storefront.catalog.services import change_price
from storefront.foundation.database import db
from storefront.inventory.models import StockMovement
from tests.admin.conftest import Panel, problems_of
from tests.factories.catalog import make_product
from tests.storefront.catalog.shopify_files import COLUMNS, plain, text_of
from tests.storefront.catalog.woo_files import COLUMNS as WOO_COLUMNS
from tests.storefront.catalog.woo_files import simple, variable, variation

CARDS = [plain(f"card-{number}", Variant_SKU=f"S{number}") for number in range(12)]


def upload(staff: Panel, data: bytes | str, *, status: int = 303, **said: Any) -> str:
    """Upload a file and return the address it leads to, or the page."""
    file = (io.BytesIO(data if isinstance(data, bytes) else data.encode()), said.pop("name", "products.csv"))
    response = staff.post("/admin/imports/", {"file": file, "source_format": "auto", **said}, status=status)
    return response.location or response.text


def slugs() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Product.slug).where(Product.status == ProductStatus.ACTIVE)
                                   .order_by(Product.id)))


def test_a_file_is_tried_imported_and_undone(staff: Panel, run_jobs: Callable[[], int]) -> None:
    kept = make_product(slug="card-3", amount=900)
    before = db.session.scalar(select(Product.updated_at).where(Product.id == kept.id))
    address = upload(staff, text_of([*CARDS, plain("bad", Variant_Price="1,5")]), is_dry_run="y")
    waiting = staff.get(address)
    assert "This page renews itself." in waiting
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "Being tried" in waiting
    run_jobs()
    tried = staff.get(address)
    assert 'http-equiv="refresh"' not in tried
    assert "hx-trigger" not in tried
    assert "11 would be created, 1 would be updated, 1 would not be taken" in tried
    assert "is not an amount" in tried
    assert slugs() == ["card-3"]

    begun = staff.post(f"{address}import").location
    run_jobs()
    assert "11 created, 1 updated, 1 not taken" in staff.get(begun)
    assert len(slugs()) == 12
    assert db.session.query(ImportChunk).count() == 0
    assert staff.post(f"{address}import").location == begun
    tried = staff.get(address)
    assert "Import it for good" not in tried
    assert f'href="{begun}"' in tried

    change_price(variant_id=first_variant("card-5"), currency="EUR", amount=1, compare_at_amount=None, actor="staff:1")
    staff.post(f"{begun}undo")
    run_jobs()
    page = staff.get(begun)
    assert "It was changed after the import." in page
    assert "<strong>Undone:</strong> 11 products put back, 1 left as it is." in page
    assert slugs() == ["card-3", "card-5"]
    row = db.session.get(Product, kept.id)
    assert row is not None
    assert (row.name, row.lowest_amount) == ("Card 3", 900)
    assert before is not None
    assert "There is nothing to undo" in staff.get(staff.post(f"{begun}undo").location)


def test_an_undo_is_in_the_name_of_who_pressed_it(staff: Panel, new_client: Callable[[], FlaskClient],
                                                  run_jobs: Callable[[], int]) -> None:
    address = upload(staff, text_of(CARDS[:1]))
    run_jobs()
    other = Panel(new_client())
    said = {"email": "oisin@plainsong.example", "password": "glaze runs when it is hot"}
    other_id = create_staff(**said, name="Oisin Byrne")
    other.sign_in(**said)
    other.post(f"{address}undo")
    run_jobs()
    page = " ".join(staff.get(address).split())
    assert ", Maeve Clancy</dd>" in page
    assert "<dt>Undo asked for by</dt><dd>Oisin Byrne</dd>" in page
    moved = db.session.scalars(select(StockMovement).where(StockMovement.reason == "import undone")).all()
    assert [row.actor for row in moved] == [f"staff:{other_id}"]


def first_variant(slug: str) -> int:
    return db.session.scalars(select(Product).where(Product.slug == slug)).one().variants[0].id


def test_a_long_import_goes_on_slice_by_slice(staff: Panel, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 5)
    address = upload(staff, text_of(CARDS))
    import_id = db.session.query(Import.id).scalar()
    seen = []
    for _ in range(4):
        uploads.work_on_import(import_id=import_id, stock=app.extensions["stock"], seconds=1e-9)
        db.session.rollback()
        seen.append(len(slugs()))
        page = staff.get(address)
        assert ("% of the file" in page) == (len(slugs()) < 12 or "This page renews itself." in page)
    assert seen == [5, 10, 12, 12]
    assert "12 created" in staff.get(address)


def test_woocommerce_comes_by_the_panel_too(staff: Panel, run_jobs: Callable[[], int]) -> None:
    rows = [variation(2, "W-1", "Blue"), variable(1), variation(3, "id:1", "Green"), simple(4, Type="external")]
    address = upload(staff, text_of(rows, WOO_COLUMNS), name="../../woo.csv")
    run_jobs()
    page = staff.get(address)
    assert "<h1>woo.csv</h1>" in page
    assert "2 created" in page
    assert "is sold elsewhere" in page
    assert slugs() == ["thing-1"]


@pytest.mark.parametrize(("data", "words"), [
    (b"", "The file is empty."), (b"PK\x03\x04xlsx", "Excel or zip"), (b"\xd0\xcf\x11\xe0xls", "old Excel"),
    ("Handle,Title\n".encode("utf-16"), "no column Variant Price"),
    (b"\x89PNG\r\n\x1a\n\0\0", "This is no CSV file"), (b"Handle;Title\n", "no column Variant Price"),
    (b"a,b\n", "neither a product export of Shopify nor"),
    (b"x," * 100_000 + b"y\n", "100001 columns"), (b"Han\0dle,Title\n", "NUL bytes"),
    (b"Country Code,Rate %\n", "it belongs under Settings, Tax rates."),
])
def test_a_wrong_file_is_refused_with_a_sentence(staff: Panel, data: bytes, words: str) -> None:
    page = upload(staff, data, status=422)
    assert any(words in problem for problem in problems_of(page)), problems_of(page)
    assert db.session.query(Import).count() == 0


def test_a_file_that_is_wrong_further_down_says_so_on_its_page(staff: Panel, run_jobs: Callable[[], int]) -> None:
    address = upload(staff, text_of(CARDS).encode() + b"caf\x81,x")
    run_jobs()
    page = staff.get(address)
    assert "Line 14 is not UTF-8" in page
    assert "Nothing was changed." in page
    assert slugs() == []


def test_a_mark_at_the_beginning_is_fine_and_no_file_is_said(staff: Panel, run_jobs: Callable[[], int]) -> None:
    address = upload(staff, b"\xef\xbb\xbf" + text_of(CARDS[:1]).encode())
    run_jobs()
    assert "1 created" in staff.get(address)
    assert "Choose a file first." in staff.post("/admin/imports/", {"source_format": "auto"}, status=422).text
    assert "Choose one of the formats." in upload(staff, b"a,b", status=422, source_format="magento")
    assert "There is no such import." in staff.get("/admin/imports/99/", status=404)


def test_report_and_export_are_tables_without_formulas(staff: Panel, run_jobs: Callable[[], int]) -> None:
    address = upload(staff, text_of([plain("card", Title="=1+1"), plain("bad", Variant_Price="=2")], COLUMNS))
    run_jobs()
    report = list(csv.reader(io.StringIO(staff.get(f"{address}report.csv"))))
    assert report[0] == ["Line", "Column", "Product", "Address", "What", "Details"]
    assert [row[:5] for row in report[1:]] == [["2", "", "'=1+1", "card", "New"],
                                               ["3", "Variant Price", "", "", "Not taken"]]
    export = list(csv.DictReader(io.StringIO(staff.get("/admin/imports/products.csv"))))
    assert [(row["Handle"], row["Title"]) for row in export] == [("card", "'=1+1")]


def test_only_staff_come_in(client: FlaskClient) -> None:
    for path in ("/admin/imports/", "/admin/imports/1/", "/admin/imports/1/report.csv", "/admin/imports/products.csv"):
        assert "/admin/sign-in" in client.get(path).location
    assert client.post("/admin/imports/", data={"file": (io.BytesIO(b"x"), "x.csv")}).status_code == 403

"""What an import's page offers and says: stopped and gone on with, tried and judged, its pictures, who asked."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.images import keep_picture, note_failure
from storefront.catalog.import_models import Import, ImportChunk, ImportState
from storefront.catalog.importer import importing, index, undo, uploads
from storefront.catalog.media import store_picture
from storefront.catalog.models import Image, Product
from storefront.foundation.database import db
from tests.admin.conftest import Panel
from tests.admin.test_imports import CARDS, slugs, upload
from tests.storefront.catalog.shopify_files import BOWL, plain, text_of
from tests.storefront.catalog.test_media import picture


def plainly(page: str) -> str:
    return " ".join(page.split())


def last_import() -> Import:
    db.session.rollback()
    return db.session.scalars(select(Import).order_by(Import.id.desc())).first()  # type: ignore[return-value]


def test_an_import_is_stopped_goes_on_and_can_be_undone(staff: Panel, app: Flask, run_jobs: Callable[[], int],
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 5)
    address = upload(staff, text_of(CARDS))
    work = {"import_id": last_import().id, "stock": app.extensions["stock"], "seconds": 1e-9}
    uploads.work_on_import(**work)
    assert f'action="{address}stop"' in staff.get(address)
    assert staff.post(f"{address}stop").location == address
    uploads.work_on_import(**work)
    run_jobs()
    page = plainly(staff.get(address))
    assert len(slugs()) == 5
    assert "Stopped by Maeve Clancy after " in page
    assert "What came in until then stays." in page
    assert "Undo the import" in page
    assert f'action="{address}stop"' not in page
    staff.post(f"{address}go-on")
    run_jobs()
    assert len(slugs()) == 12
    page = staff.get(address)
    assert "12 created" in page
    assert "Stopped" not in page
    assert "there is nothing to stop" in staff.get(staff.post(f"{address}stop").location)
    assert "Only an import that was stopped" in staff.get(staff.post(f"{address}go-on").location)


def test_a_stop_between_two_looks_is_not_overlooked(staff: Panel, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(staff, text_of(CARDS))
    import_id = last_import().id
    read = uploads._read_index

    def stop_meanwhile(import_id: int) -> bytes:
        uploads.stop_import(import_id=import_id, actor="staff:1")
        return read(import_id)

    monkeypatch.setattr(uploads, "_read_index", stop_meanwhile)
    uploads.work_on_import(import_id=import_id, stock=app.extensions["stock"])
    assert (last_import().state, slugs()) == (ImportState.FAILED, [])


def test_the_file_is_read_whole_once_and_the_smallest_budget_comes_to_the_end(
    staff: Panel, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 4)
    reads: list[int] = []
    whole = index.FileIndex._read

    def read(self: index.FileIndex, *said: Any) -> None:
        reads.append(1)
        whole(self, *said)

    monkeypatch.setattr(index.FileIndex, "_read", read)
    address = upload(staff, text_of([*CARDS, plain("again", Variant_SKU="S0")]), is_dry_run="y")
    for _ in range(20):
        if last_import().state not in uploads.IN_WORK:
            break
        uploads.work_on_import(import_id=last_import().id, stock=app.extensions["stock"], seconds=1e-9)
    assert last_import().state is ImportState.FINISHED
    assert "is already used in line 2" in staff.get(address)
    staff.post(f"{address}import")
    uploads.work_on_import(import_id=last_import().id, stock=app.extensions["stock"])
    assert (len(slugs()), len(reads)) == (12, 1)
    assert db.session.query(ImportChunk).count() == 0


def test_the_first_look_at_a_file_goes_on_where_it_was(staff: Panel, app: Flask,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LOOKS", 4)
    rows = [*CARDS, plain("again", Variant_SKU="S0")]
    rows = [row | {"Variant Price": "12,50"} for row in rows]
    address = upload(staff, text_of(rows))
    looks: list[tuple[int, int]] = []
    read = index.FileIndex._read

    def look(self: index.FileIndex, *said: Any) -> None:
        looks.append(self._place)
        read(self, *said)

    monkeypatch.setattr(index.FileIndex, "_read", look)
    for _ in range(20):
        uploads.work_on_import(import_id=last_import().id, stock=app.extensions["stock"], seconds=1e-9)
        if last_import().state not in uploads.IN_WORK:
            break
    assert [line for _, line in looks] == [2, 5, 8, 11, 14]
    assert (len(slugs()), last_import().counts["rejected"]) == (12, 1)
    assert "is already used in line 2" in staff.get(address)


def test_a_file_without_products_is_not_offered(staff: Panel, run_jobs: Callable[[], int]) -> None:
    for rows in ([], [plain("bad", Variant_Price="x")]):
        address = upload(staff, text_of(rows), is_dry_run="y")
        run_jobs()
        page = plainly(staff.get(address))
        assert "Import it for good" not in page
        assert ("Below its headings the file has no product." in page) == (not rows)
        assert f'<a href="/admin/imports/">{"Upload another" if rows else "upload that"} file</a>' in page
        assert "Upload the file again" in staff.get(staff.post(f"{address}import").location)


def test_an_undo_stands_beside_the_summary_and_says_how_far_it_is(staff: Panel, app: Flask,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "BATCH", 5)
    address = upload(staff, text_of([*CARDS, plain("bad", Variant_Price="x")]))
    work = {"import_id": last_import().id, "stock": app.extensions["stock"]}
    uploads.work_on_import(**work)
    page = staff.get(address)
    assert page.index("What happened") < page.index("Undo the import</button>") < page.index(">Not taken</h2>")
    assert "12 created, 1 not taken" in page
    staff.post(f"{address}undo")
    for done in (0, 5, 10):
        page = staff.get(address)
        assert f'<progress id="bar" max="12" value="{done}">' in page
        assert f'<label for="bar">{done} of 12 products looked at</label>' in page
        assert "Undo the import" not in page
        uploads.work_on_import(**work, seconds=1e-9)
    uploads.work_on_import(**work)
    assert "12 products put back" in staff.get(address)


def test_a_file_that_cannot_be_read_has_no_counts(staff: Panel, run_jobs: Callable[[], int]) -> None:
    address = upload(staff, text_of(CARDS).encode() + b"caf\x81,x", is_dry_run="y")
    run_jobs()
    page = staff.get(address)
    assert "Nothing was changed." in page
    assert "0 products" not in page
    assert "What would happen" not in page


def test_a_clerk_can_judge_a_dry_run(staff: Panel, run_jobs: Callable[[], int]) -> None:
    upload(staff, text_of(BOWL))
    run_jobs()
    product_id = db.session.scalar(select(Product.id))
    many = [{"Handle": "low-bowl", "Image Src": f"https://cdn.example/{number}.jpg"} for number in range(9)]
    changed = [{**BOWL[0], "Variant Price": "77.77", "SEO Title": "x", "Cost per item": "1"}, *BOWL[1:], *many]
    address = upload(staff, text_of(changed), is_dry_run="y")
    run_jobs()
    page = plainly(staff.get(address))
    assert "price of LB-M from €24.00 to €77.77" in page
    assert "compare-at price of LB-M from €30.00 to none" in page
    assert "title for search engines" in page
    assert "extra" not in page
    assert f'<a href="/admin/products/{product_id}/">Low Bowl</a>' in page
    assert "Would be changed" in page
    assert " more</td>" in page
    report = next(csv.DictReader(io.StringIO(staff.get(f"{address}report.csv"))))
    assert (report["What"], report["Product"], report["Address"]) == ("Would be changed", "Low Bowl", "low-bowl")
    assert report["Details"].count("new image") == 9
    assert "Maeve Clancy" in staff.get("/admin/imports/")


def test_the_page_says_which_pictures_came(staff: Panel, app: Flask) -> None:
    address = upload(staff, text_of([*BOWL, plain(Image_Src="https://cdn.example/z.jpg")]))
    uploads.work_on_import(import_id=last_import().id, stock=app.extensions["stock"])
    ids = db.session.scalars(select(Image.id).order_by(Image.id)).all()
    keep_picture(image_id=ids[0], stored=store_picture(picture(40, 20)))
    for image_id in ids[1:3]:
        note_failure(image_id=image_id, problem="The server answers 404.", is_final=image_id == ids[1])
    db.session.rollback()
    page = staff.get(address)
    assert "<p>1 of 4 pictures came, 2 did not: The server answers 404 (2), 1 still to come.</p>" in page

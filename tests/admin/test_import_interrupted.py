"""Imports whose process ended: shown as interrupted, and gone on with or undone from the panel or the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.catalog.import_models import Import, ImportChunk, ImportState
from storefront.catalog.importer import importing, uploads
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.kept import SILENT_SECONDS
from storefront.catalog.importer.order import Order
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.failpoints import FailpointHit
from tests.admin.conftest import Panel
from tests.admin.test_import_pages import last_import, plainly
from tests.admin.test_imports import CARDS, slugs, upload
from tests.storefront.catalog.shopify_files import text_of, write_export


def kill_after(batches: int, order: Order, monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """Import from the command line until the process "dies", and return the address of the import's page."""
    monkeypatch.setattr(importing, "BATCH", 5)
    monkeypatch.setenv("STOREFRONT_TESTS", "1")
    monkeypatch.setenv("STOREFRONT_FAILPOINT_ONCE", str(folder / "aim"))
    (folder / "aim").write_text(f"batch-read:raise@{batches + 1}")
    with pytest.raises(FailpointHit):
        import_file(order)
    db.session.rollback()
    return f"/admin/imports/{last_import().id}/"


def silence(import_id: int) -> None:
    """Let nothing have been heard of the import for as long as it takes."""
    db.session.execute(update(Import).where(Import.id == import_id)
                       .values(updated_at=now() - timedelta(seconds=SILENT_SECONDS + 1)))
    db.session.commit()


@pytest.fixture
def order(app: Flask, tmp_path: Path) -> Order:
    return Order(path=write_export(tmp_path, *CARDS), stock=app.extensions["stock"], actor="system")


def test_one_that_was_killed_is_shown_as_interrupted_and_goes_on(
    staff: Panel, order: Order, tmp_path: Path, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = kill_after(1, order, monkeypatch, tmp_path)
    assert "Interrupted" not in staff.get(address)
    assert f'action="{address}go-on"' not in staff.get(address)
    silence(last_import().id)
    page = plainly(staff.get(address))
    assert "Interrupted after " in page
    assert "What came in until then stays." in page
    assert "Undo the import" in page
    assert "Interrupted" in staff.get("/admin/imports/")
    assert len(slugs()) == 5
    staff.post(f"{address}go-on")
    assert "Interrupted" not in staff.get(address)
    order.path.unlink()  # a worker knows the file from the database alone
    run_jobs()
    assert (len(slugs()), last_import().state, last_import().counts["done"]) == (12, ImportState.FINISHED, 12)
    assert db.session.query(ImportChunk).count() == 0


def test_one_that_was_killed_is_undone_from_the_panel(
    staff: Panel, order: Order, tmp_path: Path, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = kill_after(1, order, monkeypatch, tmp_path)
    silence(last_import().id)
    staff.post(f"{address}undo")
    run_jobs()
    assert "5 products put back" in plainly(staff.get(address))
    assert (slugs(), last_import().state) == ([], ImportState.UNDONE)
    assert db.session.query(ImportChunk).count() == 0


def test_the_command_line_takes_up_what_was_stopped_in_the_panel(
    staff: Panel, app: Flask, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 5)
    address = upload(staff, text_of(CARDS))
    uploads.work_on_import(import_id=last_import().id, stock=app.extensions["stock"], seconds=1e-9)
    staff.post(f"{address}stop")
    result = app.test_cli_runner().invoke(args=["catalog", "import", str(order.path), "--resume"])
    assert "Resumed after 5 products." in result.output
    assert (db.session.query(Import).count(), len(slugs())) == (1, 12)
    assert last_import().state is ImportState.FINISHED
    assert "Stopped" not in staff.get(address)

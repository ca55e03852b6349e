"""An import that is killed at any row goes on and ends with the same catalog as one that was not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.catalog.import_models import Import, ImportState
from storefront.catalog.importer import importing
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.foundation.database import db
from storefront.foundation.failpoints import FailpointHit
from tests.storefront.catalog.catalog_dump import dump, empty_catalog
from tests.storefront.catalog.shopify_files import BOWL, plain, write_export
from tests.storefront.catalog.woo_files import simple, variable, variation, write_woo

ROWS = 40


def run(app: Flask, path: Path, **said: Any) -> Report:
    try:
        return import_file(Order(path=path, stock=app.extensions["stock"], actor="system", **said))
    finally:
        db.session.rollback()


def files(folder: Path) -> dict[str, Path]:
    """A file of each kind, with products that are renamed, refused and scattered in it."""
    cards = [plain(f"card-{number}", Variant_SKU=f"S{number}", Type=f"Kind {number % 4}") for number in range(ROWS)]
    cards[7]["Variant Price"] = "1,5"
    things = [simple(number, Stock=str(number)) for number in range(1, ROWS)]
    return {
        "shopify": write_export(folder, BOWL[0], *cards[:20], *BOWL[1:], *cards[20:]),
        "woocommerce": write_woo(folder, variation(100, "W-99", "Green"), *things[:10], variable(99), *things[10:],
                                 variation(101, "id:99", "Blue")),
    }


@pytest.mark.parametrize("kind", ["shopify", "woocommerce"])
def test_killed_at_seeded_rows_it_ends_the_same(app: Flask, tmp_path: Path, kind: str,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    path = files(tmp_path)[kind]
    monkeypatch.setattr(importing, "BATCH", 6)
    aim = tmp_path / "aim"
    monkeypatch.setenv("STOREFRONT_TESTS", "1")
    monkeypatch.setenv("STOREFRONT_FAILPOINT_ONCE", str(aim))
    places = random.Random(kind)  # noqa: S311  # seeded
    done = 0
    for _ in range(5):
        aim.write_text(f"product-imported:raise@{places.randint(2, 11)}")
        with pytest.raises(FailpointHit):
            run(app, path, resumes=True)
        row = db.session.query(Import).one()
        assert row.state is ImportState.RUNNING
        assert row.counts.get("done", 0) >= done
        done = row.counts.get("done", 0)
    assert 0 < done < ROWS
    aim.unlink(missing_ok=True)
    report = run(app, path, resumes=True)
    assert report.resumed_at == done
    killed, refused = dump(), report.rejections  # before the lines of the next import take their place
    expected, whole = reference(app, path)
    assert (report.outcomes, refused) == (whole.outcomes, whole.rejections)
    assert len(refused) == (1 if kind == "shopify" else 0)
    assert killed == expected


def reference(app: Flask, path: Path) -> tuple[dict[str, Any], Report]:
    """Import into an empty shop without a kill and return what is there."""
    empty_catalog()
    report = run(app, path)
    return dump(), report

"""Commands of imports and exports for machines: JSON and nothing else; for people: progress, and no records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.catalog.importer import undo as undoing
from storefront.catalog.services import save_category
from storefront.foundation import progress
from storefront.foundation.database import db
from tests.storefront.catalog.shopify_files import plain, write_export


def command(app: Flask, *words: str | Path) -> Any:
    result = app.test_cli_runner().invoke(args=list(map(str, words)))
    db.session.rollback()
    return result


def test_every_command_answers_machines(app: Flask, tmp_path: Path) -> None:
    save_category(path="kept", name="Kept")
    path = write_export(tmp_path, plain(Type="Paper", Vendor="Acme"), plain("b", Image_Src="https://cdn.example/b.jpg"))
    assert json.loads(command(app, "catalog", "import", path, "--json").stdout)["products"] == 2
    assert json.loads(command(app, "catalog", "images", "--retry", "--json").stdout) == {"images": 1}
    export = json.loads(command(app, "catalog", "export", tmp_path / "out.csv", "--json").stdout)
    assert (export["products"], export["rows"], export["notes"]) == (2, 2, [])
    missing = command(app, "catalog", "export", tmp_path / "none" / "out.csv", "--json")
    assert (missing.exit_code, "error" in json.loads(missing.stdout)) == (1, True)
    undone = command(app, "catalog", "undo", "1", "--json")
    assert (undone.exit_code, json.loads(undone.stdout)) == (0, {
        "import_id": 1, "put_back": 2, "left": 0, "kept": [],
        "gone": [{"what": "category", "name": "Paper"}, {"what": "brand", "name": "Acme"}]})
    again = command(app, "catalog", "undo", "1", "--json")
    assert (again.exit_code, "nothing to undo" in json.loads(again.stdout)["error"]) == (1, True)
    rates = tmp_path / "rates.csv"
    rates.write_text("Country Code,Rate %,Tax Name,Tax Class\nIE,23.0000,VAT,\n")
    report = json.loads(command(app, "taxes", "import", rates, "--dry-run", "--json").stdout)
    assert [(rate["country"], rate["basis_points"]) for rate in report["saved"]] == [("IE", 2300)]
    assert "error" in json.loads(command(app, "taxes", "import", path, "--json").stdout)


def test_an_undo_tells_how_far_it_is_and_nothing_of_each_product(app: Flask, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "BATCH", 2)
    monkeypatch.setattr(progress, "LINE_SECONDS", 0)
    command(app, "catalog", "import", write_export(tmp_path, *(plain(f"card-{number}") for number in range(3))))
    result = command(app, "catalog", "undo", "1")
    assert result.output.splitlines() == ["Products put back: 2 of 3", "Products put back: 3 of 3",
                                          "3 products put back, 0 left as they are."]

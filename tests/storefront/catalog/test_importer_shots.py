"""SIGKILL while an import or its undo is at work: what `--resume` ends with is what an uninterrupted one ends with.

Once each in `make test`, at other places and more often in `make faults`; FAULTS_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.import_models import Import, ImportLine, ImportState
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.undo import undo_import
from storefront.foundation.config import ROOT
from storefront.foundation.database import db
from tests.faults.processes import eventually
from tests.storefront.catalog.catalog_dump import dump, empty_catalog
from tests.storefront.catalog.shopify_files import BOWL, plain, write_export

SHOTS = 8 if os.environ.get("FAULTS_LONG") == "1" else 1  # of the import, and of the undo
# Batches of twenty, so that a small file has many; before-commit and after-commit lie in every service.
COMMAND = ("from storefront.catalog.importer import importing, undo; importing.BATCH = undo.BATCH = 20; "
           "from flask.cli import main; main()")
MOMENTS = ("batch-read", "product-imported", "before-commit", "after-commit")


@pytest.fixture
def dice() -> random.Random:
    seed = os.environ.get("FAULTS_SEED") or (str(random.SystemRandom().randrange(10**6)) if SHOTS > 1 else "1")
    print(f"FAULTS_SEED={seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)  # noqa: S311  # must repeat


def begin(app: Flask, aim: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start `flask catalog …` as a process of its own that breaks where the file `aim` says."""
    settings = app.config["SETTINGS"]
    environ = {**os.environ, "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url,
               "STOREFRONT_VAR": str(settings.var_dir), "STOREFRONT_DEMO": "1", "SECRET_KEY": settings.secret_key,
               "STOREFRONT_TESTS": "1", "STOREFRONT_FAILPOINT_ONCE": str(aim)}
    return subprocess.Popen([sys.executable, "-c", COMMAND, "catalog", *words], cwd=ROOT, env=environ,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shoot(app: Flask, aim: Path, where: str, *words: str) -> None:
    aim.write_text(where)
    with begin(app, aim, *words) as process:
        assert process.wait() == -9, where
    aim.unlink(missing_ok=True)


def finish(app: Flask, path: Path) -> int:
    report = import_file(Order(path=path, stock=app.extensions["stock"], actor="system", resumes=True))
    db.session.rollback()
    return report.import_id


def told(import_id: int) -> list[Any]:
    """Return the whole report: counts, and every line."""
    row = db.session.get_one(Import, import_id)
    lines = db.session.execute(select(ImportLine.line, ImportLine.kind, ImportLine.column, ImportLine.slug,
                                      ImportLine.text).where(ImportLine.import_id == import_id))
    return [row.state.value, row.counts, sorted((line, kind.value, *rest) for line, kind, *rest in lines)]


def before_and_after(folder: Path) -> tuple[Path, Path]:
    """A file of an earlier day, and one that changes, renames, adds, refuses and leaves some as they are."""
    old = [plain(f"card-{number}", Variant_SKU=f"S{number}") for number in range(36)]
    new = [row | {"Variant Price": "4.25"} for row in old[:9]] + old[9:18]
    new += [row | {"Handle": f"note-{place}", "Variant Inventory Qty": "8"} for place, row in enumerate(old[18:27])]
    new += [plain(f"new-{number}", Type=f"Kind {number % 3}", Variant_SKU=f"N{number}") for number in range(40)]
    return (write_export(folder, *BOWL, *old, name="old.csv"),
            write_export(folder, *new[:30], plain("bad", Variant_Price="1.234,50"), *BOWL[:2], *new[30:],
                         name="new.csv"))


def test_shot_anywhere_it_ends_the_same(app: Flask, tmp_path: Path, dice: random.Random) -> None:
    old, new = before_and_after(tmp_path)
    ends = []
    for shots in (0, SHOTS):
        empty_catalog()
        finish(app, old)
        for number in range(shots):
            moment = MOMENTS[(number + 1) % len(MOMENTS)]
            hits = dice.randint(2, 20) if moment == "product-imported" else dice.randint(1, 2)
            shoot(app, tmp_path / "aim", f"{moment}:kill@{hits}", "import", str(new), "--resume")
            if db.session.query(Import).filter_by(state=ImportState.RUNNING).count() == 0:
                break  # it was shot after its last commit
            db.session.rollback()
        import_id = finish(app, new)
        ends.append((dump(), told(import_id)))
        if not shots:
            undo_import(import_id=import_id, stock=app.extensions["stock"], actor="system")
            ends.append((dump(), told(import_id)))
    whole, undone, shot = ends
    assert shot == whole
    for number in range(SHOTS):
        moment = ("product-put-back", "before-commit", "after-commit")[number % 3]
        shoot(app, tmp_path / "aim", f"{moment}:kill@{dice.randint(2, 9) if number % 3 == 0 else 1}",
              "undo", str(import_id))
    undo_import(import_id=import_id, stock=app.extensions["stock"], actor="system")
    assert (dump(), told(import_id)) == undone


def test_a_second_import_of_the_file_overtakes_the_first_and_nothing_comes_twice(app: Flask, tmp_path: Path) -> None:
    old, new = before_and_after(tmp_path)
    aim = tmp_path / "aim"
    finish(app, old)
    import_id = finish(app, new)
    expected, report = dump(), told(import_id)
    empty_catalog()
    finish(app, old)
    aim.write_text("after-commit:hold@2")
    with begin(app, aim, "import", str(new)) as first:
        eventually(aim.with_name("aim.held").exists)
        second = import_file(Order(path=new, stock=app.extensions["stock"], actor="system"))
        aim.with_name("aim.free").touch()
        assert first.wait() == 1
    db.session.rollback()
    assert dump(with_ledgers=False) == expected | {"ledgers": None}
    assert dump()["ledgers"] == expected["ledgers"]
    assert told(second.import_id)[1]["done"] == report[1]["done"]
    states = db.session.scalars(select(Import.state).order_by(Import.id)).all()
    assert states == [ImportState.FINISHED, ImportState.FAILED, ImportState.FINISHED]


def test_a_file_that_changed_since_the_kill_is_another_file(app: Flask, tmp_path: Path) -> None:
    old, new = before_and_after(tmp_path)
    shoot(app, tmp_path / "aim", "after-commit:kill@2", "import", str(old))
    db.session.rollback()
    assert len(dump()["products"]) == 20
    old.write_bytes(new.read_bytes())
    report = import_file(Order(path=old, stock=app.extensions["stock"], actor="system", resumes=True))
    db.session.rollback()
    assert report.hints == ["There was nothing to resume: the file was imported from its beginning."]
    assert (report.resumed_at, report.done) == (0, 69)
    came = dump()["products"]
    empty_catalog()
    finish(app, new)
    assert {slug: row["variants"][0]["amount"] for slug, row in came.items()} == {
        slug: row["variants"][0]["amount"] for slug, row in dump()["products"].items()}

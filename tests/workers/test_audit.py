"""`flask audit`: a healthy shop has no breach; each planted one is found, named, and nothing else with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from storefront.foundation.database import db
from tests.workers.lively import make_lively_shop
from tests.workers.plants import OLD, PLANTS, Plant
from workers.audit import PROOFS, find_breaches
from workers.proofs.proof import LISTED, Breach


@pytest.fixture
def lively(app: Flask, run_jobs: Callable[[], int]) -> Flask:
    make_lively_shop(app, run_jobs)
    return app


def find_planted(plant: Plant, red: set[int]) -> list[Breach]:
    """Plant, look and take it back: all in one transaction that is never committed. `red`: proofs that found it."""
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("PRAGMA defer_foreign_keys = ON"))
    for table in plant.loosen:
        is_sqlite = db.engine.dialect.name == "sqlite"
        db.session.execute(text(f"CREATE TABLE loose AS SELECT * FROM {table}"))  # noqa: S608
        db.session.execute(text(f"DROP TABLE {table}" + ("" if is_sqlite else " CASCADE")))
        db.session.execute(text(f"ALTER TABLE loose RENAME TO {table}"))
    for statement in plant.sql.split(";"):
        changed = db.session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
        assert changed, f"changed nothing: {statement}"
    found = [list(proof.find()) for proof in PROOFS]
    db.session.rollback()
    red |= {at for at, mine in enumerate(found) if any(re.search(plant.says, one.sentence) for one in mine)}
    return [breach for mine in found for breach in mine]


def test_each_breach_is_found_and_named_and_nothing_else_with_it(lively: Flask) -> None:
    assert find_breaches() == []
    red: set[int] = set()
    for plant in PLANTS:
        found = find_planted(plant, red)
        assert sorted({breach.invariant for breach in found}) == plant.broken.split(), (plant, found)
        assert any(re.search(plant.says, breach.sentence) for breach in found), (plant, found)
        assert all(breach.ids for breach in found), (plant, found)
    assert find_breaches() == []
    assert [proof for at, proof in enumerate(PROOFS) if at not in red] == []  # each proof was seen red


def test_the_command_lists_what_is_broken_and_what_is_only_late(lively: Flask) -> None:
    audit = lively.test_cli_runner().invoke
    healthy = audit(args=["audit"])
    assert (healthy.exit_code, first_words(healthy.output)) == (0, ["ok"] * 9)
    db.session.execute(text(f"UPDATE foundation_outbox_event SET relayed_at = NULL, recorded_at = {OLD}"))  # noqa: S608
    count = db.session.scalar(text("SELECT count(*) FROM foundation_outbox_event"))
    db.session.commit()
    assert count > LISTED
    late = audit(args=["audit"])
    assert (late.exit_code, first_words(late.output)) == (0, [*["ok"] * 6, "late", "ok", "ok"])
    assert f"… and {count - LISTED} more like the one before." in late.output
    assert (len(find_breaches("I7")), find_breaches("I1")) == (LISTED + 1, [])
    db.session.execute(text("UPDATE inventory_stock_level SET on_hand = on_hand + 1"))
    db.session.commit()
    broken = audit(args=["audit"])
    assert (broken.exit_code, first_words(broken.output)) == (1, ["BROKEN", *["ok"] * 5, "late", "ok", "ok"])
    told = json.loads(audit(args=["audit", "--json"]).output)
    assert {(one["invariant"], one["is_warning"]) for one in told} == {("I1", False), ("I7", True)}
    assert "its movements add up to" in told[0]["sentence"]


def first_words(output: str) -> list[str]:
    return [line.split()[0] for line in output.splitlines() if re.match(r"\S", line)]


def test_a_database_without_tables_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    settings = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run([sys.executable, "-m", "flask", "audit"], env={**settings, "STOREFRONT_VAR": str(tmp_path)},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "`flask doctor` says what to do" in done.stderr
    assert "Traceback" not in done.stderr

"""Commands speak to a person: no traceback for a database without tables, no records of machines on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from app import create_app
from storefront.foundation.database import db
from tests.conftest import environ

ROOT = Path(__file__).parents[3]
AWAY = "redis://127.0.0.1:1"


def test_every_command_says_what_a_bare_database_lacks(tmp_path: Path) -> None:
    bare = create_app(environ(tmp_path, f"sqlite:///{tmp_path / 'bare.db'}", AWAY))
    for said in ("catalog undo 3", "catalog fill --products 1", "catalog images", "recommendations rebuild",
                 "search rebuild", "orders show PS-1"):
        with bare.app_context():
            result = bare.test_cli_runner().invoke(args=said.split())
        assert result.exit_code == 1, said
        assert "The database refuses: no such table" in result.output, said
        assert "`flask db upgrade` makes its tables" in result.output
    with bare.app_context():
        db.engine.dispose()


def test_a_folder_is_called_a_folder(app: Flask, tmp_path: Path) -> None:
    for command in ("catalog", "taxes"):
        result = app.test_cli_runner().invoke(args=[command, "import", str(tmp_path)])
        assert (result.exit_code, f"{tmp_path} is a folder" in result.output) == (1, True), result.output


def test_a_terminal_reads_one_line_where_a_pipe_reads_records(tmp_path: Path) -> None:
    settings = environ(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}", AWAY)
    whole = os.environ | settings | {"FLASK_APP": "app:create_app"}
    flask = [sys.executable, "-m", "flask"]
    subprocess.run([*flask, "db", "upgrade"], env=whole, cwd=ROOT, check=True, capture_output=True)
    here, there = os.openpty()
    run = subprocess.run([*flask, "search", "rebuild"], env=whole, cwd=ROOT, stdout=subprocess.PIPE, stderr=there,
                         check=False)
    os.close(there)
    said = os.read(here, 65_536).decode()
    os.close(here)
    assert run.returncode == 0, said
    assert said.splitlines() == ["Warning: Redis does not answer; what it keeps for pages may be old until it is back."]
    piped = subprocess.run([*flask, "search", "rebuild"], env=whole, cwd=ROOT, capture_output=True, text=True,
                           check=True)
    assert all(line.startswith("{") for line in piped.stderr.splitlines())

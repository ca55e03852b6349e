"""`make faults`: the long version of the fault suite, with a progress bar and a table of rows at the end.

Arguments go to pytest: `make faults ARGS="-k kills"`. FAULTS_SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import click

from tests.faults.rows import ROWS
from tests.postgres import find_binaries

IMPORTS = "tests/storefront/catalog/test_importer_shots.py"
WORST_LAST = ("skipped", "passed", "failed")


def run(database: str, arguments: list[str], log: Path) -> list[dict[str, Any]]:
    """Run the suite on the database, show how far it is, and return what every test told."""
    reader, writer = os.pipe()
    told: list[dict[str, Any]] = []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults.tell", "tests/faults", IMPORTS, "--database",
               database]
    environ = os.environ | {"FAULTS_TELL": str(writer), "FAULTS_LONG": os.environ.get("FAULTS_LONG", "1")}
    with log.open("wb") as output, subprocess.Popen(
            [*command, *arguments], env=environ, pass_fds=[writer], stdout=output, stderr=subprocess.STDOUT) as process:
        os.close(writer)
        with os.fdopen(reader) as lines:
            total = int(json.loads(lines.readline() or '{"total": 0}')["total"])
            with click.progressbar(length=total, label=f"{database:<10}", show_pos=True, width=30,
                                   item_show_func=lambda test: test or "") as bar:
                for line in lines:
                    told.append(json.loads(line))
                    bar.update(1, told[-1]["test"][:50])
                    if not sys.stdout.isatty():
                        click.echo(f"{len(told)}/{total} {told[-1]['outcome']:<7} {told[-1]['test']}")
    if process.returncode not in (0, 5):
        click.echo(log.read_text(errors="replace")[-8000:])
    if process.returncode not in (0, 1, 5):
        told.append({"rows": [], "outcome": "failed", "test": "pytest itself", "seconds": 0.0})
    return told


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Return a line for each row: its number, how it went on each database, the seconds, what it is."""
    found: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for database, tests in results.items():
        for test in tests:
            for row in test["rows"]:
                found[row][database].append(test)
    lines = [f"{'row':>4}  " + "  ".join(f"{name:<10}" for name in results) + f"  {'seconds':>8}  fault"]
    for row, fault in ROWS.items():
        said = [max((test["outcome"] for test in found[row][name]), key=WORST_LAST.index, default="-")
                for name in results]
        seconds = sum(test["seconds"] for tests in found[row].values() for test in tests)
        lines.append(f"{row:>4}  " + "  ".join(f"{word:<10}" for word in said) + f"  {seconds:>8.1f}  {fault}")
    return "\n".join(lines)


def main() -> int:
    """Run the suite on every database of this machine; returns 1 when a test failed."""
    os.environ.setdefault("FAULTS_SEED", str(random.SystemRandom().randrange(10**6)))
    click.echo(f"FAULTS_SEED={os.environ['FAULTS_SEED']}")
    databases = ["sqlite", *(["postgresql"] if find_binaries() else [])]
    with tempfile.TemporaryDirectory() as folder:
        results = {name: run(name, sys.argv[1:], Path(folder, name)) for name in databases}
    click.echo("\n" + table(results))
    return int(any(test["outcome"] == "failed" for tests in results.values() for test in tests))


if __name__ == "__main__":
    sys.exit(main())

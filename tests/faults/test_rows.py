"""Every row of the table has a test that says how it went red."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.faults.rows import ROWS, rows_in


def test_every_row_has_a_test_and_every_test_a_note() -> None:
    covered: set[int] = set()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                note = ast.get_docstring(node) or ""
                assert rows_in(note), f"{path.name}: {node.name} names no row"
                assert "Red " in note, f"{path.name}: {node.name} does not say how it went red"
                covered |= set(rows_in(note))
    assert covered == set(ROWS)

"""The house's measures: sizes of files and functions, declared contexts, no stray names."""

from __future__ import annotations

import ast
import statistics
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOP = ("app.py", "storefront/", "admin/", "workers/", "demo/")
NO_NAMES = {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}


def tracked(*suffixes: str) -> list[Path]:
    """Files that git tracks or would track; in an export without git, all of them."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=False).stdout.split("\n")
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).exists()]


def of_the_shop(path: Path) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(SHOP)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_too_long() -> None:
    limits = {path: 300 if of_the_shop(path) else 400 for path in tracked(".py") if "migrations" not in path.parts}
    over = [f"{path.relative_to(ROOT)}: {count}" for path, limit in limits.items()
            if (count := len(path.read_text(encoding="utf-8").splitlines())) > limit]
    assert over == []


def test_the_composition_root_fits_on_two_screens() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 90


def test_no_function_is_too_long() -> None:
    over = [f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {length(node)}"
            for path in tracked(".py") if of_the_shop(path) for node in functions(path) if length(node) > 40]
    assert over == []


def test_files_and_functions_are_small_at_the_median() -> None:
    files = [path for path in tracked(".py") if of_the_shop(path)]
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in files]
    sizes = [length(node) for path in files for node in functions(path)]
    assert statistics.median(lines) <= 90
    assert statistics.median(sizes) <= 8


def test_positional_parameters_are_few() -> None:
    over = [f"{path.relative_to(ROOT)}:{node.lineno} {node.name}" for path in tracked(".py") if of_the_shop(path)
            for node in functions(path) if len(node.args.posonlyargs) + len(node.args.args) > 6]
    assert over == []


def test_no_file_is_named_after_nothing() -> None:
    assert [path for path in tracked(".py") if path.name in NO_NAMES] == []


def test_every_context_has_declared_its_layer() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    declared = {name.strip() for layer in layers for name in layer.split("|")}
    contexts = {f"storefront.{path.parent.name}" for path in (ROOT / "storefront").glob("*/__init__.py")}
    assert contexts - declared == set()


def test_every_public_service_and_query_states_its_contract() -> None:
    silent = [f"{path.relative_to(ROOT)}:{node.lineno} {node.name}" for path in tracked("services.py", "queries.py")
              if of_the_shop(path) for node in ast.parse(path.read_text(encoding="utf-8")).body
              if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)]
    assert silent == []


def test_templates_carry_no_inline_script_or_style() -> None:
    banned = (" style=", " onclick=", "javascript:", "hx-on", "<style", "js:")
    pages = [path for path in tracked(".html") if "templates" in path.parts and "emails" not in path.parts]
    found = [f"{path.relative_to(ROOT)}: {word}" for path in pages for word in banned
             if word in path.read_text(encoding="utf-8").lower()]
    assert pages
    assert found == []


def test_nothing_committed_is_large() -> None:
    images = [path for path in tracked(".avif", ".webp", ".jpg", ".png") if "demo" in path.parts]
    assert sum(path.stat().st_size for path in images) <= 8_000_000

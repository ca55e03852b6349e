"""The results as JSON for machines and Markdown for people. A group that ran alone replaces its own part only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.stage import Found, Row

RESULTS = Path(__file__).parent / "results"
INTRODUCTION = """# Benchmarks

Both sides of every line were measured in one run on one machine, in turns, and the load came from the same machine; \
medians, each round in brackets. What is measured and how to read it: [docs/benchmarks.md](../../docs/benchmarks.md).
"""


def write_report(folder: Path, name: str, title: str, found: Found, about: Mapping[str, Any]) -> str:
    """Write the group's part into both files and return it as Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = _read(folder)
    kept[name] = {"title": title, **about, **asdict(found)}
    (folder / "latest.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    parts = [_tell(group) for group in kept.values()]
    (folder / "latest.md").write_text("\n".join([INTRODUCTION, *parts]), encoding="utf-8")
    return _tell(kept[name])


def _read(folder: Path) -> dict[str, Any]:
    try:
        kept = json.loads((folder / "latest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: group for name, group in kept.items() if isinstance(group, dict) and "rows" in group}


def _tell(group: Mapping[str, Any]) -> str:
    machine = group["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    rows = [Row(**row) for row in group["rows"]]
    return f"""## {group["title"]}

{_table(rows)}
{"".join(f"{note}{chr(10)}{chr(10)}" for note in group["notes"])}{_problems(group["problems"])}\
<small>{machine["at"]}; {machine["processor"]}, {machine["cores"]} cores, {machine["memory_gib"]} GiB, \
{machine["system"]}, Python {machine["python"]}, {packages}; {group["rounds"]} rounds of {group["seconds"]:g} s; load \
average before {_list(machine["load"])}, after {_list(group["load_after"])}.</small>
"""


def _table(rows: Sequence[Row]) -> str:
    lines = ["| measure | the shop | beside it | result | goal |", "|---|---|---|---|---|"]
    lines += [f"| {row.what} | {row.ours} | {row.beside} | {row.result} | {_goal(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _goal(row: Row) -> str:
    return row.goal if row.is_met is None else f"{row.goal}: {'met' if row.is_met else '**missed**'}"


def _problems(problems: Sequence[str]) -> str:
    return "**Broken:**\n\n" + "".join(f"- {problem}\n" for problem in problems) + "\n" if problems else ""


def _list(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.1f}" for number in numbers)

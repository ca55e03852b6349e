"""The results as JSON for machines and Markdown for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def write_report(found: dict[str, Any]) -> str:
    """Write both files and return the Markdown."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    told = _tell(found)
    (RESULTS / "latest.md").write_text(told, encoding="utf-8")
    return told


def _tell(found: dict[str, Any]) -> str:
    machine, checkout, storm, audit = found["machine"], found["checkout"], found["storm"], found["audit"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    ours = found["spread"]["shop_median"]
    return f"""# Checkouts, {machine["at"]}

{machine["processor"]}, {machine["cores"]} cores, {machine["memory_gib"]} GiB, {machine["system"]}, Python \
{machine["python"]}, {packages}. Load average before {_list(machine["load"])}, after {_list(found["load_after"])}. \
{found["rounds"]} rounds of {found["seconds"]:.0f} s, the two sides in turns, medians; the client runs on the same \
cores.

| measure | the shop, per second | raw SQL, per second | ratio | goal |
|---|---|---|---|---|
| checkouts, 40 variants | {_rates(found["spread"])} | ≥ 0.5 (and ≥ 58/s: {"met" if ours >= 58 else "not met"}) |
| checkouts, one hot variant | {_rates(found["hot"])} | |
| reservations of one hot variant | {_rates(found["reserve"])} | ≥ 0.7 |

Ten units, {storm["buyers"]} buyers: {storm["placed"]} orders, {storm["refused"]} refused, of whom {storm["told"]} \
read “sold out”; {storm["left"]} available; took {storm["seconds"]:.1f} s. Oversold stock levels in all of it: \
{found["oversold"]}. `flask audit` over {audit["orders"]} orders took {audit["seconds"]:.2f} s and found \
{len(audit["breaches"]) or "nothing"}.

A checkout is {checkout["statements"]} statements and {checkout["commits"]} commits (besides, {checkout["pings"]} \
questions whether a pooled connection lives and {checkout["rollbacks"]} ends of reads). Milliseconds over HTTP, \
median and 95th percentile, eight buyers at once: {_times(found["spread"])}. Processor milliseconds for each, \
the shop: {_costs(found["spread"]["shop_cpu"])}; raw: {_costs(found["spread"]["raw_cpu"])}.
{_problems(found["problems"])}"""


def _rates(one: dict[str, Any]) -> str:
    return (f"{one['shop_median']:.1f} ({_list(one['shop'])}) | {one['raw_median']:.1f} ({_list(one['raw'])}) | "
            f"{one['ratio']:.2f}")


def _list(numbers: list[float]) -> str:
    return ", ".join(f"{number:.1f}" for number in numbers)


def _times(one: dict[str, Any]) -> str:
    names = {"press": "pressing the button", "provider": "the demo provider's page", "return": "coming back"}
    return "; ".join(f"{names[part]} {taken['median']:.0f} and {taken['p95']:.0f}"
                     for part, taken in one["milliseconds"].items())


def _costs(cost: dict[str, float]) -> str:
    return ", ".join(f"{name} {taken:.1f}" for name, taken in cost.items())


def _problems(problems: list[str]) -> str:
    return "\n**Broken:**\n\n" + "".join(f"- {problem}\n" for problem in problems) if problems else ""

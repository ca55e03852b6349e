"""`python -m bench [group …]`: the shop beside the bare thing, in turns; results in bench/results/.

Without a group those run that fit into twelve minutes; `--large` adds the others. Exit 1 when something is broken,
never because something is slow.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from bench.load import require_wrk
from bench.machine import describe_machine
from bench.report import RESULTS, write_report
from bench.stage import Stage

# In this order they share one shop: the later ones fill it with a large catalog.
GROUPS = {
    "checkout": "bench.checkouts",
    "cart": "bench.adding",
    "island": "bench.islands",
    "pages": "bench.pages",
    "render": "bench.rendering",
    "prices": "bench.prices",
}
# Shops and data of their own, minutes for each: run when named, or with --large.
LARGE = {
    "recommend": "bench.recommend",
    "imports": "bench.imports",
    "search": "bench.search",
    "scale": "bench.scale",
    "finding": "bench.finding",
}


def main() -> None:
    """Measure the groups asked for and write each when it ends."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = GROUPS | LARGE
    parser.add_argument("groups", nargs="*", metavar="group",
                        help=f"{', '.join(GROUPS)} (default: these), {', '.join(LARGE)}")
    parser.add_argument("--large", action="store_true", help=f"also {', '.join(LARGE)}")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each measure runs (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    parser.add_argument("--products", type=int, default=16_000, help="size of the large catalog (default 16,000)")
    parser.add_argument("--into", type=Path, default=RESULTS, help="folder of the results (default bench/results)")
    asked = parser.parse_args()
    unknown = [name for name in asked.groups if name not in known]
    if unknown:
        parser.error(f"there is no group {unknown[0]}: {', '.join(known)}")
    groups = [*(asked.groups or GROUPS), *(name for name in LARGE if asked.large and name not in asked.groups)]
    require_wrk()
    problems = []
    stage = Stage(asked.seconds, asked.rounds, asked.products)
    with stage.ends:
        for name in groups:
            problems += [f"{name}: {problem}" for problem in _run(name, stage, asked.into)]
    if problems:
        raise SystemExit("\n".join(problems))


def _run(name: str, stage: Stage, folder: Path) -> list[str]:
    about = {"machine": describe_machine(), "seconds": stage.seconds, "rounds": stage.rounds}
    group = importlib.import_module((GROUPS | LARGE)[name])
    found = group.measure(stage)
    about["load_after"] = describe_machine()["load"]
    sys.stderr.write(f"\n{write_report(folder, name, group.TITLE, found, about)}\n")
    return list(found.problems)


if __name__ == "__main__":
    main()

"""How well the shop's own arithmetic guesses what is bought next: `python -m bench.recommend`.

Purchase sequences of three public sets (../shared/data/amazon-sequences), the last purchase left out, ranked among
all products that the shopper has not bought. `--tune` reports the next to last one instead, by which the exponents
were chosen; `--lines N` adds the cost of N made-up order lines.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from math import log2
from pathlib import Path
from typing import Any

from bench.stage import Found, Row, Stage
from storefront.recommendations.similarity import (
    LIMIT,
    Neighbor,
    Purchase,
    add_up,
    rank_neighbors,
    tally_pairs,
    tidy_history,
)

TITLE = "Recommendations: the next purchase, guessed"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "amazon-sequences"
GOALS = {"Beauty": 0.0749, "Sports_and_Outdoors": 0.0412, "Toys_and_Games": 0.0925}
MANY = 200  # neighbors of a product that are added up; the rest changes nothing any more
SHARD = 500_000  # made-up lines whose products are tallied at a time


def measure(stage: Stage) -> Found:
    """Judge the three sets; skipped with a note where they are not at hand."""
    figures = measure_sets()
    if not figures:
        return Found(notes=["The purchase sequences are not on this machine: nothing was measured."])
    rows = [Row(f"{name.replace('_', ' ')}, {one['customers']:,} customers: HR@10 of the table's {LIMIT}",
                f"{one[f'hr10_of_{LIMIT}']:.4f}", f"{one[f'hr10_of_{MANY}']:.4f} with {MANY} neighbors",
                f"{one['seconds']:.0f} s", f"≥ {one['goal']}", one[f"hr10_of_{LIMIT}"] >= one["goal"])
            for name, one in figures.items()]
    return Found(rows, figures=figures)


def measure_sets(*, is_tuning: bool = False) -> dict[str, Any]:
    """Return for each set HR@10 and NDCG@10, by 200 neighbors and by the shop's own table of 12; seconds and the goal.

    An empty answer says that the sets are not there.
    """
    sets = {name: DATA / f"{name}.txt" for name in GOALS}
    return {name: judge_set(path, goal=GOALS[name], leave_out=2 if is_tuning else 1)
            for name, path in sets.items() if path.exists()}


def measure_cost(lines: int) -> dict[str, Any]:
    """Return seconds and peak memory of all neighbor lists for so many made-up order lines (1 product to 1 line)."""
    began = time.monotonic()
    popularity: dict[int, int] = {}
    for history in _made_up(lines):
        for purchase in history:
            popularity[purchase.item] = popularity.get(purchase.item, 0) + 1
    shards = max(1, -(-lines // SHARD))
    lists = 0
    for shard in range(shards):
        for item, tally in tally_pairs(_made_up(lines), lambda item: item % shards == shard).items():  # noqa: B023
            lists += bool(rank_neighbors(item, tally, popularity, shoppers=2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"lines": lines, "products": len(popularity), "shards": shards, "lists": lists,
            "seconds": round(time.monotonic() - began, 1), "peak_mib": round(peak)}


def judge_set(path: Path, *, goal: float, leave_out: int = 1, limits: Sequence[int] = (MANY, LIMIT),
              shoppers: int | None = None) -> dict[str, Any]:
    """Return how often the next purchase is among the first ten guesses; asks only the first `shoppers` if given."""
    began = time.monotonic()
    sequences = [[int(item) for item in line.split()][1:] for line in path.read_text().splitlines()]
    known = [sequence[:-leave_out] for sequence in sequences]
    popularity: dict[int, int] = {}
    for sequence in known:
        for item in sequence:
            popularity[item] = popularity.get(item, 0) + 1
    histories = (tidy_history(Purchase(item, step) for step, item in enumerate(sequence)) for sequence in known)
    tallies = tally_pairs(histories, lambda item: True)
    found: dict[str, Any] = {"customers": len(sequences), "products": len(popularity), "goal": goal}
    for limit in limits:
        neighbors = {item: rank_neighbors(item, tally, popularity, limit=limit) for item, tally in tallies.items()}
        hits, gain = _judge(sequences[:shoppers], known[:shoppers], neighbors, leave_out)
        found |= {f"hr10_of_{limit}": round(hits, 4), f"ndcg10_of_{limit}": round(gain, 4)}
    return found | {"seconds": round(time.monotonic() - began, 1)}


def _judge(sequences: Sequence[list[int]], known: Sequence[list[int]], neighbors: dict[int, list[Neighbor]],
           leave_out: int) -> tuple[float, float]:
    """Return the share of shoppers whose next purchase is among the first ten, and NDCG; a tie counts against us."""
    hits = gain = 0.0
    for sequence, history in zip(sequences, known, strict=True):
        scores = add_up(history, neighbors)
        wanted = scores.get(sequence[-leave_out])
        if wanted is None:
            continue
        place = sum(score >= wanted for score in scores.values())
        if place <= 10:
            hits += 1
            gain += 1 / log2(place + 1)
    return hits / len(sequences), gain / len(sequences)


def _made_up(lines: int) -> Iterator[list[Purchase]]:
    """Return the same histories each time: a third of the shoppers come again, few products sell most."""
    chance = random.Random(20)  # noqa: S311  # repeatable on purpose
    made = 0
    while made < lines:
        size = min(1 + int(chance.expovariate(1 / 2.5)), 40)
        made += size
        yield tidy_history(Purchase(int(lines * chance.random() ** 3), step // 2) for step in range(size))


def main() -> None:
    """Print the figures as JSON; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.recommend", description=__doc__)
    parser.add_argument("--tune", action="store_true", help="judge by the next to last purchase")
    parser.add_argument("--lines", type=int, default=0, help="also the cost of so many made-up order lines")
    said = parser.parse_args()
    found: dict[str, Any] = {"sets": measure_sets(is_tuning=said.tune)}
    if not found["sets"]:
        print(f"no purchase sequences at {DATA}: nothing to judge by", file=sys.stderr)
    if said.lines:
        found["cost"] = measure_cost(said.lines)
    print(json.dumps(found, indent=2))
    sys.exit(any(one[f"hr10_of_{LIMIT}"] < one["goal"] for one in found["sets"].values()))


if __name__ == "__main__":
    main()

"""What every group is given: how long and how often to measure, and a shop that starts when it is first asked for."""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bench.mall import Mall, open_mall
from bench.shop import Shop, running_shop


@dataclass
class Stage:
    """One run of the benchmarks. A group is a module with `TITLE` and `measure(stage) -> Found`."""

    seconds: float  # that one measure runs
    rounds: int
    products: int = 16_000  # of the large catalog: some 50,000 variants
    ends: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @cached_property
    def shop(self) -> Shop:
        """The shop that the groups of a run share; it ends with the run."""
        sys.stderr.write("starting PostgreSQL, Valkey, gunicorn, relay and workers …\n")
        return self.ends.enter_context(running_shop())

    @cached_property
    def mall(self) -> Mall:
        """The same shop with thousands of products and nginx in front."""
        return self.ends.enter_context(open_mall(self.shop, self.products))


@dataclass(frozen=True)
class Row:
    """One line of the report's table, in words."""

    what: str
    ours: str
    beside: str
    result: str
    goal: str = ""
    is_met: bool | None = None  # None: there is no goal


@dataclass
class Found:
    """What a group found. `problems` is what must not be, however slow the machine: it fails the run."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)  # the numbers behind it, for machines


def compare(what: str, ours: Sequence[float], beside: Sequence[float], *, goal: float | None = None,
            name: str = "") -> Row:
    """Return the row of two rates that were taken in turns: medians, each round, the median of the rounds' ratios."""
    ratio = ratio_of(ours, beside)
    return Row(what, tell_rates(ours), f"{tell_rates(beside)} {name}".strip(), f"{ratio:.2f}",
               f"≥ {goal:g}" if goal is not None else "", ratio >= goal if goal is not None else None)


def ratio_of(ours: Sequence[float], beside: Sequence[float]) -> float:
    """Return the median of the rounds' ratios; 0 where nothing was done beside."""
    ratios = [one / other for one, other in zip(ours, beside, strict=True) if other]
    return statistics.median(ratios) if ratios else 0.0


def tell_rates(rates: Sequence[float]) -> str:
    """Write the median and, in brackets, each round."""
    return f"{_number(statistics.median(rates))} ({', '.join(map(_number, rates))})" if rates else "–"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"

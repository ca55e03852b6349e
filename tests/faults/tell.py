"""A pytest plugin that tells run.py, line by line, which test of which row ended how."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from typing import Any

import pytest

from tests.faults.rows import rows_in


def _tell(**said: Any) -> None:
    os.write(int(os.environ["FAULTS_TELL"]), (json.dumps(said) + "\n").encode())


def pytest_collection_finish(session: pytest.Session) -> None:
    _tell(total=len(session.items))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.when == "setup":
        item.stash[SECONDS] = report.duration
    if report.when == "call" or report.outcome != "passed":
        function = getattr(item, "function", None)
        _tell(rows=rows_in(getattr(function, "__doc__", "") or ""), outcome=report.outcome, test=item.name,
              seconds=report.duration + item.stash.get(SECONDS, 0.0))
    return report


SECONDS = pytest.StashKey[float]()

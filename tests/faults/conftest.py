"""Fixtures of the fault suite: the house, a world of real processes, the invariants after every test."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.foundation.database import db
from tests.factories.checkout import make_world
from tests.faults.invariants import assert_sound
from tests.faults.processes import House
from tests.faults.world import World
from tests.postgres import Cluster

LONG = os.environ.get("FAULTS_LONG") == "1"  # make faults


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Seeded chance: the same in every `make test`, another in every `make faults`; FAULTS_SEED repeats one."""
    seed = int(os.environ.get("FAULTS_SEED") or (random.SystemRandom().randrange(10**6) if LONG else 1))
    print(f"FAULTS_SEED={seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)  # noqa: S311  # must repeat


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """How often: a few times in `make test`, many in `make faults`."""
    return lambda few, many: many if LONG else few


@pytest.fixture(scope="session")
def house(scratch: Path) -> Iterator[House]:
    started = House(scratch / "house.log")
    yield started
    started.close()


@pytest.fixture
def world(scratch: Path, tmp_path: Path, template: str, cluster: Cluster | None, house: House) -> Iterator[World]:
    """A shop of processes on an empty database, with Ireland's taxes and deliveries; its context is pushed."""
    folder = Path(scratch, f"w{len(list(scratch.glob('w*')))}")  # short: Valkey's socket lies in it
    if cluster is None:
        shutil.copy(template, tmp_path / "shop.db")
        url = f"sqlite:///{tmp_path}/shop.db"
    else:
        cluster.empty(template)
        url = cluster.url(template)
    built = World(folder, house, url)
    try:
        with built.app.app_context():
            make_world()
            yield built
            built.stop_children()
            assert_sound()
    finally:
        built.close()
        with built.app.app_context():
            db.session.remove()
            db.engine.dispose()
        print(built.logs())  # noqa: T201  # shown when the test fails


@pytest.fixture
def sound(app: Flask) -> Iterator[None]:
    """For tests inside one process: the invariants hold at the end."""
    yield
    db.session.rollback()
    assert_sound()

"""A mail server, and real worker processes on the test's own database."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from flask import Flask

from tests.factories.mail import Postbox, send_by
from workers.processes import kill_group, start_child

Starter = Callable[..., Popen[bytes]]


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    """A mail server that runs, and a shop that sends through it."""
    box = Postbox()
    box.start()
    send_by(app, box.url)
    yield box
    box.stop()


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Iterator[Starter]:
    """Start `flask worker …` as a process; what is left at the end of the test is killed."""
    started: list[Popen[bytes]] = []
    environ = os.environ | {
        "STOREFRONT_VAR": str(app.config["VAR_DIR"]), "STOREFRONT_DEMO": "1", "SECRET_KEY": app.config["SECRET_KEY"],
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"], "SITE_URL": app.config["SITE_URL"], "PYTHONPATH": ".",
    }

    def start(*words: str) -> Popen[bytes]:
        command = [sys.executable, "-m", "flask", "--app", "app", "worker", *words]
        present = {name: app.config[name] for name in ("SMTP_URL", "REDIS_URL")}
        child = start_child(command, environ=environ | present, log=tmp_path / "worker.log")
        started.append(child)
        return child

    yield start
    for child in started:
        kill_group(child)
    print((tmp_path / "worker.log").read_text() if started else "")  # noqa: T201  # shown when the test fails

"""A mail server for the tests of notifications."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.mail import Postbox, send_by


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    """A mail server that runs, and a shop that sends through it."""
    box = Postbox()
    box.start()
    send_by(app, box.url)
    yield box
    box.stop()

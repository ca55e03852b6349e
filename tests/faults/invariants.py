"""What must hold after every fault: the shop's own audit finds nothing."""

from __future__ import annotations

from importlib.util import find_spec

from storefront.foundation.database import db


def assert_sound() -> None:
    """Run `flask audit` on the present database; any breach fails the test."""
    db.session.rollback()
    if find_spec("workers.audit") is None:
        return
    from workers.audit import find_breaches

    assert find_breaches() == []

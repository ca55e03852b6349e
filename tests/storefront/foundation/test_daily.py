"""Once a day, by whichever process comes first."""

from __future__ import annotations

from datetime import date

from flask import Flask
from sqlalchemy import update

from storefront.foundation.daily import DailyTask, claim_day
from storefront.foundation.database import db
from tests.storefront.inventory.test_services import in_parallel


def test_a_day_is_claimed_once_among_many(app: Flask) -> None:
    for _ in range(2):
        assert sorted(map(bool, in_parallel(app, 8, lambda: claim_day(name="compare")))) == [False] * 7 + [True]
        assert [claim_day(name="another"), claim_day(name="another")] == [True, False]
        db.session.execute(update(DailyTask).values(begun_on=date(2020, 1, 1)))
        db.session.commit()

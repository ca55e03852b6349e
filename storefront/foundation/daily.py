"""What is to be done once a day, by whichever process comes first."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, String, update
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import now
from storefront.foundation.database import Model, db, execute_counted, transactional


class DailyTask(Model):
    """The last day on which a task was begun."""

    __tablename__ = "foundation_daily_task"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    begun_on: Mapped[date] = mapped_column(Date)


@transactional
def claim_day(*, name: str) -> bool:
    """Tell whether the task is to be done now; True once a day (UTC) among all processes."""
    today = now().date()
    if db.session.get(DailyTask, name) is None:
        db.session.add(DailyTask(name=name, begun_on=today))
        db.session.flush()  # a twin that was first makes this call begin again, and find its row
        return True
    return bool(execute_counted(update(DailyTask).where(DailyTask.name == name, DailyTask.begun_on < today)
                                .values(begun_on=today)))

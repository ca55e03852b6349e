"""The outbox as tests see it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import HANDOVER_AGAIN_AFTER, OutboxJob


def jobs() -> list[OutboxJob]:
    """Every job row as the database now has it."""
    db.session.rollback()
    return list(db.session.scalars(select(OutboxJob).order_by(OutboxJob.id)
                                   .execution_options(populate_existing=True)))


@transactional
def let_handover_pass(more: timedelta = timedelta(0)) -> None:
    """Let a minute pass for every job that was handed over."""
    ago = HANDOVER_AGAIN_AFTER + timedelta(seconds=1) + more
    execute_counted(update(OutboxJob).where(OutboxJob.handed_at.is_not(None)).values(handed_at=now() - ago))

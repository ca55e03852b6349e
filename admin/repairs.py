"""What staff do about work that gave up."""

from __future__ import annotations

from sqlalchemy import update

from storefront.foundation.database import execute_counted, transactional
from storefront.foundation.errors import NotFound
from storefront.foundation.outbox import OutboxJob


@transactional
def retry_job(*, job_id: int) -> None:
    """Give a job that gave up its tries back; the relay hands it over at its next round.

    Raises NotFound when no such job waits for staff.
    """
    changed = execute_counted(
        update(OutboxJob)
        .where(OutboxJob.id == job_id, OutboxJob.failed_at.is_not(None), OutboxJob.finished_at.is_(None))
        .values(failed_at=None, handed_at=None, attempts=0))
    if not changed:
        raise NotFound("This job no longer waits: it has been tried again or is done.")

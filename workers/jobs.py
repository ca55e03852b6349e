"""What RQ calls: load the row, run its job, note how it went. A failure is a row, never lost in Redis."""

from __future__ import annotations

import logging
import time
from functools import cache
from pkgutil import resolve_name

from flask import Flask, current_app, has_app_context
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError

from storefront.foundation import outbox
from storefront.foundation.commands import cause_of
from storefront.foundation.database import db
from storefront.foundation.failpoints import failpoint
from storefront.search.services import refresh_search
from storefront.search.tables import lacks_table
from workers.pages import work_on_pages
from workers.subscriptions import job_names

SHARED_SECONDS = 5.0  # within which jobs of one wake-up begin: the alarm of JOB_SECONDS rings once for them all
SEARCH_SECONDS = 2.0  # of one wake-up; the relay sends the next one while anything is stale
logger = logging.getLogger(__name__)


class UnknownJob(RuntimeError):
    """The row names a job that this code does not have, such as one of a newer release."""


def run_outbox_job(*job_ids: int) -> None:
    """Run the jobs of these rows once more, one after the other, unless they are finished or given up.

    A failed try is noted, not raised. What a slow one leaves no time for is given back.
    """
    until = time.monotonic() + SHARED_SECONDS
    app = _application()
    for at, job_id in enumerate(job_ids):
        with app.app_context():
            if at and time.monotonic() > until:
                outbox.give_back_jobs(job_ids=job_ids[at:])
                return
            _run(job_id)


def _run(job_id: int) -> None:
    found = outbox.start_job(job_id=job_id)
    if found is None:
        return
    name, payload = found
    try:
        if name not in job_names():
            raise UnknownJob(f"No subscription names {name}.")
        failpoint("job-started")
        resolve_name(name)(**payload)
        failpoint("job-done")
    except Exception as error:
        logger.exception("job failed", extra={"job": f"{name}:{job_id}"})
        db.session.rollback()  # whatever the job left half-done
        outbox.fail_job(job_id=job_id, error=f"{type(error).__name__}: {error}")
    else:
        outbox.finish_job(job_id=job_id)


def run_pages_job() -> None:
    """Render what waits for a while; what is left has its next wake-up. A failure is a page's row, or a log line."""
    with _application().app_context():
        try:
            work_on_pages()
        except Exception:
            logger.exception("pages are not rendered", extra={"job": "workers.jobs.run_pages_job"})
            db.session.rollback()


def run_search_job() -> None:
    """Read stale products into what search keeps, for a moment: payments wait in the same queue."""
    with _application().app_context():
        try:
            refresh_search(seconds=SEARCH_SECONDS)
        except Exception as error:
            is_known = isinstance(error, DBAPIError) and lacks_table(error)  # no traceback for each wake-up
            logger.error("search is not refreshed: %s", cause_of(error), exc_info=not is_known,
                         extra={"job": "workers.jobs.run_search_job"})
            db.session.rollback()


def _application() -> Flask:
    """The application of this process: the command's own, or one built once in a spawned work horse."""
    if has_app_context():
        return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]  # it is a proxy
    return _build()


@cache
def _build() -> Flask:
    return ScriptInfo().load_app()

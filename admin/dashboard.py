"""The first page: what happened, and what waits for a hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin import reports
from admin.attention import read_matters
from admin.repairs import retry_job
from admin.views import PanelView
from storefront.foundation.clock import now
from storefront.foundation.outbox import read_oldest_waiting
from storefront.foundation.shop import money

# The relay looks every second or so; what waits this long waits for a worker that is not there.
LONG = timedelta(minutes=2)


class Dashboard(PanelView):
    """Orders, revenue, stock and trouble at a glance."""

    def __init__(self) -> None:
        super().__init__(name="Overview", endpoint="admin", url="/admin")

    @expose("/")
    def index(self) -> str:
        """The overview."""
        days = reports.read_days()
        waiting_count, waiting = reports.read_waiting()
        low_count, low = reports.read_low_stock()
        failed_count, failed = reports.read_failed_jobs()
        page: str = self.render(
            "admin/dashboard.html", days=days, today=days[-1],
            week_count=sum(day.count for day in days[-7:]),
            week_amount=money(sum(day.amount.amount for day in days[-7:])),
            waiting_count=waiting_count, waiting=waiting, low_count=low_count, low=low,
            waits_since=_waits_since(), failed_count=failed_count, failed=failed,
            mails=reports.read_troubled_mails(), matters=read_matters())
        return page

    @expose("/jobs/<int(max=9223372036854775807):job_id>/retrial", methods=("POST",))
    def retry(self, job_id: int) -> Response:
        """Try a job again that gave up."""
        retry_job(job_id=job_id)
        flash("The job is tried again within a minute.", "success")
        return redirect(url_for(".index"), 303)


def _waits_since() -> datetime | None:
    """Return since when mails and pictures wait, when they wait so long that no worker seems to run."""
    oldest = read_oldest_waiting()
    return oldest if oldest is not None and now() - oldest > LONG else None

"""What happens because time passes. Each task may run twice, or on two machines at once."""

from __future__ import annotations

import logging
from pkgutil import resolve_name

from flask import Flask

from storefront.foundation.daily import claim_day
from storefront.foundation.database import db
from workers.relay import repeat
from workers.stopping import StopRequest

EVERY_SECONDS = 60.0
# services without arguments, in the order in which they run each minute
TASKS = (
    "storefront.checkout.settling.settle_pending",  # ask providers about payments that nobody told us of
    "storefront.checkout.settling.expire_orders",  # after it: money that came in time is not thrown away
    "storefront.payments.refunds.send_due_refunds",  # what a provider has not confirmed yet
    "storefront.orders.fulfillments.complete_orders",  # arrived long ago, nothing comes back
    "workers.images.retry_failed_images",
    "storefront.cart.services.forget_carts",  # guests' carts of a month ago
    "storefront.accounts.services.forget_sessions",
    "storefront.search.services.keep_index",
    "workers.pages.count_views",
    "workers.pages.refresh_pages",  # what is old, of another build, or was never rendered
)
# services without arguments, once a day (UTC)
DAILY_TASKS = (
    "storefront.checkout.reconciling.reconcile_payments",  # both ledgers, both ways
    "storefront.catalog.collections.ask_for_aged",  # what is no longer new today
    "storefront.recommendations.services.ask_for_rebuild",
    "workers.pages.sweep_pages",
)
logger = logging.getLogger(__name__)


def run_tasks() -> int:
    """Run every task that is due once; one that fails is logged and does not keep the others from running."""
    for name in [*TASKS, *(name for name in DAILY_TASKS if claim_day(name=name))]:
        try:
            resolve_name(name)()
        except Exception:
            logger.exception("scheduled task failed", extra={"job": name})
            db.session.rollback()
    return 0


def run_schedule(app: Flask, stop: StopRequest) -> None:
    """Run the tasks every minute until asked to stop."""
    repeat(app, stop, run_tasks, pause=EVERY_SECONDS, name="schedule")

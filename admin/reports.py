"""What the dashboard tells: numbers over several contexts, each in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from storefront.catalog.models import Product, ProductStatus, Variant
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.foundation.outbox import OutboxEvent, OutboxJob
from storefront.foundation.shop import facts, money
from storefront.inventory.models import StockLevel, StockPolicy
from storefront.inventory.queries import LOW
from storefront.notifications.models import Delivery
from storefront.orders.models import Order
from storefront.orders.states import OrderState

PAID = (OrderState.PLACED, OrderState.PARTLY_FULFILLED, OrderState.FULFILLED, OrderState.DELIVERED,
        OrderState.COMPLETED)
DAYS = 14
# An unpaid order may be older than the day on which its money came.
LONGEST_WAIT = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of the chart; days begin at midnight UTC."""

    label: str
    short: str
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class LowStock:
    """A variant that runs out."""

    product_id: int
    name: str
    variant: str
    available: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that used up its tries."""

    id: int
    job: str
    event: str
    error: str
    failed_at: datetime


def read_days() -> list[Day]:
    """Return orders and revenue of the last DAYS days, oldest first, today last."""
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight - timedelta(days=DAYS - 1 - back) for back in range(DAYS)]
    columns = []
    for start in starts:
        inside = (Order.placed_at >= start) & (Order.placed_at < start + timedelta(days=1))
        columns += [func.coalesce(func.sum(case((inside, 1), else_=0)), 0),
                    func.coalesce(func.sum(case((inside, Order.total_amount), else_=0)), 0)]
    row = db.session.execute(
        select(*columns).where(Order.state.in_(PAID), Order.currency == facts().currency,
                               Order.created_at >= starts[0] - LONGEST_WAIT)
    ).one()
    return [Day(f"{start:%A} {start.day} {start:%B}", str(start.day), int(row[2 * at]), money(int(row[2 * at + 1])))
            for at, start in enumerate(starts)]


def read_waiting(limit: int = 8) -> tuple[int, list[Order]]:
    """Return how many paid orders wait to be sent, and the oldest of them."""
    waiting = select(Order).where(Order.state.in_([OrderState.PLACED, OrderState.PARTLY_FULFILLED]))
    count = db.session.scalar(select(func.count()).select_from(waiting.subquery())) or 0
    return count, list(db.session.scalars(waiting.order_by(Order.placed_at).limit(limit)))


def read_low_stock(limit: int = 8) -> tuple[int, list[LowStock]]:
    """Return how many sold variants are low or gone, and the lowest of them."""
    there = StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated
    available = func.sum(there)
    one = select(StockLevel.variant_id).where(there <= LOW)  # where all are few, one is: leaves little to add up
    rows = db.session.execute(
        select(Product.id, Product.name, Variant.title, Variant.sku, available.label("available"),
               func.count().over().label("together"))
        .join(Variant, Variant.product_id == Product.id).join(StockLevel, StockLevel.variant_id == Variant.id)
        .where(Product.status == ProductStatus.ACTIVE, Variant.is_archived.is_(False),
               StockLevel.policy == StockPolicy.DENY, Variant.id.in_(one))
        .group_by(Product.id, Product.name, Variant.id, Variant.title, Variant.sku).having(available <= LOW)
        .order_by(available, Product.name).limit(limit)
    ).all()
    lowest = [LowStock(row.id, row.name, row.title or row.sku or "", int(row.available)) for row in rows]
    return rows[0].together if rows else 0, lowest


def read_failed_jobs(limit: int = 10) -> tuple[int, list[FailedJob]]:
    """Return how many jobs gave up, and the newest of them."""
    failed = OutboxJob.failed_at.is_not(None) & OutboxJob.finished_at.is_(None)
    count = db.session.scalar(select(func.count()).select_from(OutboxJob).where(failed)) or 0
    rows = db.session.execute(
        select(OutboxJob, OutboxEvent.name).join(OutboxEvent, OutboxEvent.id == OutboxJob.event_id)
        .where(failed).order_by(OutboxJob.id.desc()).limit(limit)
    ).all()
    return count, [FailedJob(job.id, job.job, name, job.last_error, job.failed_at or now()) for job, name in rows]


def read_troubled_mails(limit: int = 10) -> list[Delivery]:
    """Return the newest mails that could not be sent."""
    return list(db.session.scalars(
        select(Delivery).where(Delivery.problem != "", Delivery.sent_at.is_(None))
        .order_by(Delivery.id.desc()).limit(limit)))

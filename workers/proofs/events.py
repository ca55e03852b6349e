"""I6 and I7: what providers told is stored once and applied; what happened is passed on once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.sql.elements import TextClause

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.outbox import MAX_ATTEMPTS
from workers.proofs.proof import Proof
from workers.subscriptions import REACTIONS

LATE = timedelta(minutes=10)  # the workers have had ten rounds of the schedule by then


def _since(**more: Any) -> Callable[[], Mapping[str, Any]]:
    return lambda: {"since": now() - LATE, **more}


def _timed(statement: TextClause) -> TextClause:
    return statement.bindparams(bindparam("since", type_=UtcDateTime()))


STORED_ONCE = Proof(
    "I6",
    """
    SELECT gateway, provider_event_id, count(*) AS copies FROM payments_payment_event
    GROUP BY gateway, provider_event_id HAVING count(*) > 1
    """,
    "The event {provider_event_id} of {gateway} is stored {copies} times.",
    ("gateway", "provider_event_id"),
)

HANDLED = Proof(
    "I6",
    """
    SELECT id, gateway, provider_event_id, gateway_reference, received_at FROM payments_payment_event
    WHERE handled_at IS NULL AND received_at < :since
    """,
    "The event {provider_event_id} of {gateway} about {gateway_reference} waits since {received_at}.",
    ("id",), is_warning=True, values=_since(), prepare=_timed,
)

RELAYED = Proof(
    "I7",
    "SELECT id, name, recorded_at FROM foundation_outbox_event WHERE relayed_at IS NULL AND recorded_at < :since",
    "The event {name} ({id}) waits for the relay since {recorded_at}.",
    ("id",), is_warning=True, values=_since(), prepare=_timed,
)

# Every event of a subscribed name leads to jobs, once the first of its name did: a reaction may be younger.
PASSED_ON = Proof(
    "I7",
    """
    SELECT e.id, e.name, e.relayed_at FROM foundation_outbox_event e
    JOIN (SELECT o.name, min(o.id) AS first FROM foundation_outbox_event o
          JOIN foundation_outbox_job j ON j.event_id = o.id WHERE o.name IN :names GROUP BY o.name) s
      ON s.name = e.name AND e.id > s.first
    WHERE e.relayed_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM foundation_outbox_job j WHERE j.event_id = e.id)
    """,
    "The event {name} ({id}) was relayed and led to no job.",
    ("id",),
    values=lambda: {"names": [name for name, reactions in REACTIONS.items() if reactions]},
    prepare=lambda statement: statement.bindparams(bindparam("names", expanding=True)),
)

JOBS = Proof(
    "I7",
    """
    SELECT id, job, attempts, handed_at FROM foundation_outbox_job
    WHERE (finished_at IS NOT NULL AND failed_at IS NOT NULL)
       OR (finished_at IS NULL AND failed_at IS NULL
           AND (attempts > :tries OR (attempts >= :tries AND handed_at < :since)))
    """,
    "Job {id} ({job}) had {attempts} tries, is not finished and nobody was told.",
    ("id",), values=_since(tries=MAX_ATTEMPTS), prepare=_timed,
)

JOBS_TWICE = Proof(
    "I7",
    """
    SELECT event_id, job, count(*) AS copies FROM foundation_outbox_job GROUP BY event_id, job HAVING count(*) > 1
    """,
    "The event {event_id} has {copies} jobs {job}.",
    ("event_id", "job"),
)

MAILS = Proof(
    "I7",
    """
    SELECT message, reference, count(*) AS copies FROM notifications_delivery
    GROUP BY message, reference HAVING count(*) > 1
    """,
    "The mail {message} about {reference} is {copies} times in the delivery log.",
    ("message", "reference"),
)

PROOFS = (STORED_ONCE, HANDLED, RELAYED, PASSED_ON, JOBS, JOBS_TWICE, MAILS)

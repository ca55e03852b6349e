"""How long a customer may withdraw from the contract: pure dates.

Fourteen days from the day after the last of the goods arrived (Directive 2011/83/EU, Art. 9(2)(b)); a last day
that is a Saturday or a Sunday moves to Monday (Regulation 1182/71, Art. 3(4)). The day ends when it has ended
everywhere on earth, so nobody is refused for the shop's own clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

WITHDRAWAL_DAYS = 14
LAST_ZONE = timedelta(hours=12)  # the day ends last at UTC-12


def last_day_to_withdraw(delivered_at: datetime) -> date:
    """Return the last day on which the goods that arrived then may be withdrawn from."""
    day = delivered_at.astimezone(UTC).date() + timedelta(days=WITHDRAWAL_DAYS)
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= 5 else day


def may_withdraw(delivered_at: datetime | None, moment: datetime) -> bool:
    """Tell whether the period runs at the moment; before the goods have arrived it always does."""
    if delivered_at is None:
        return True
    ends = datetime.combine(last_day_to_withdraw(delivered_at) + timedelta(days=1), time(), UTC) + LAST_ZONE
    return moment < ends

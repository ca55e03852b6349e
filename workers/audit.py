"""`flask audit`: proves on any database that money and stock tell the truth (I1 to I8), and pages theirs (I9)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Protocol

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from storefront.foundation.commands import cause_of
from storefront.foundation.database import db
from workers.proofs import events, gift_cards, histories, ledger, pages, payments, promotions, refunds, stock, totals
from workers.proofs.proof import Breach

__all__ = ["CLAIMS", "Breach", "command", "find_breaches"]

CLAIMS = {
    "I1": "stock is what its movements, reservations and allocations say, and nothing is oversold",
    "I2": "captured money has its placed order, goes back, or waits for staff",
    "I3": "the ledger agrees with orders, payments, refunds and gift cards",
    "I4": "every order's total comes out of its lines again",
    "I5": "codes and gift cards are used within their limits",
    "I6": "every provider's event is stored once and applied",
    "I7": "every event is passed on, every mail sent once",
    "I8": "every history is a chain of legal steps",
    "I9": "every page file is whole, and what pages say is not old beyond the bound",
}


class Finder(Protocol):
    """A proof of one invariant."""

    @property
    def invariant(self) -> str: ...

    def find(self) -> Iterator[Breach]: ...


PROOFS: tuple[Finder, ...] = (
    *stock.PROOFS, *payments.PROOFS, *ledger.PROOFS, *refunds.PROOFS, *gift_cards.PROOFS, *totals.PROOFS,
    *promotions.PROOFS, *events.PROOFS, *histories.PROOFS, *pages.PROOFS)


def find_breaches(invariant: str | None = None) -> list[Breach]:
    """Return everything in the database that breaks an invariant, or the one named; reads only."""
    db.session.rollback()  # what an open transaction saw before is not what is there now
    found = [breach for proof in PROOFS if invariant in (None, proof.invariant) for breach in proof.find()]
    db.session.rollback()
    return found


@click.command("audit")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list of what is broken.")
@with_appcontext
def command(as_json: bool) -> None:
    """Prove that stock, money, histories and pages agree (I1 to I9); exit 1 with a list when they do not.

    Reads only, and may run while the shop sells. What is late and not wrong is told as a warning.

    \b
    Example: flask audit --json
    """
    found: list[Breach] = []
    for invariant, claim in CLAIMS.items():
        started = time.monotonic()
        try:
            mine = find_breaches(invariant)
        except SQLAlchemyError as error:
            why = cause_of(error)
            raise click.ClickException(
                f"The database cannot be read ({why}); `flask doctor` says what to do.") from None
        found += mine
        if not as_json:
            _tell(invariant, claim, mine, time.monotonic() - started)
    if as_json:
        click.echo(json.dumps([asdict(breach) for breach in found]))
    if any(not breach.is_warning for breach in found):
        raise SystemExit(1)


def _tell(invariant: str, claim: str, found: list[Breach], seconds: float) -> None:
    broken = any(not breach.is_warning for breach in found)
    click.echo(f"{'BROKEN' if broken else 'late' if found else 'ok':<7}{invariant}  {claim} ({seconds:.2f} s)")
    for breach in found:
        click.echo(f"{'':<11}{breach.sentence} [{', '.join(breach.ids)}]" if breach.ids
                   else f"{'':<11}{breach.sentence}")

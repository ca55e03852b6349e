"""I9: every public page's file is whole, and not older than what was wanted beyond the bound."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.page_files import address_of, list_files
from storefront.foundation.page_marks import list_addresses
from workers.proofs.proof import LISTED, Breach, Proof

BOUND = timedelta(minutes=10)  # as for every event: ten rounds of the schedule

# A page that cannot be rendered has told why; a rebuild of many pages may take its time and says nothing wrong.
LATE = Proof(
    "I9",
    """
    SELECT address, marked_at, wanted, rendered, last_error FROM foundation_page
    WHERE rendered < wanted AND marked_at < :since
    """,
    "The page {address} is wanted anew since {marked_at}: its file is of version {rendered}, wanted is {wanted}. "
    "{last_error}",
    ("address",), is_warning=True, values=lambda: {"since": now() - BOUND},
    prepare=lambda statement: statement.bindparams(bindparam("since", type_=UtcDateTime())),
)

UNREAD = Proof(
    "I9",
    "SELECT subject, touched_at FROM foundation_page_subject WHERE touched_at < :since",
    "What pages say of {subject} changed at {touched_at}, and no page was marked.",
    ("subject",), is_warning=True, values=LATE.values, prepare=LATE.prepare,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Every file is a page that somebody knows, complete to its last byte."""

    invariant: str = "I9"

    def find(self) -> Iterator[Breach]:
        """Yield a breach for each file that is cut short or belongs to no page."""
        files = [(address_of(path), path) for path in list_files()]
        known = list_addresses()  # read after the files: a page's row is there before its file
        broken = 0
        for address, path in files:
            try:
                problem = "" if gzip.decompress(path.read_bytes()) else "is empty"
            except FileNotFoundError:
                continue  # replaced or taken away meanwhile
            except (OSError, EOFError, zlib.error) as error:
                problem = f"is not whole ({error})"
            if not problem and address not in known:
                problem = "belongs to no page, so nobody renders it anew"
            if problem:
                broken += 1
                if broken <= LISTED:
                    yield Breach(self.invariant, f"The file of {address} {problem}.", (address,))
        if broken > LISTED:
            yield Breach(self.invariant, f"… and {broken - LISTED} more files like these.")


PROOFS = (Whole(), LATE, UNREAD)

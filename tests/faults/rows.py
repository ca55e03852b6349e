"""The rows of the fault table that this suite attacks, and what each is."""

from __future__ import annotations

import re

ROWS = {
    1: "web killed after the provider's session was made, before the answer",
    2: "web or worker killed between capture and order",
    3: "killed after the order, before its events are relayed",
    4: "work horse killed in its job",
    5: "worker killed with its job",
    6: "worker killed between taking a job and starting it",
    7: "a finished job run again, or twice at once",
    8: "poison among good jobs: raises, aborts, eats memory",
    9: "a job's time runs out inside its transaction",
    10: "Redis flushed with jobs queued, sessions and carts alive",
    11: "Redis gone while shopping",
    12: "Redis frozen while shopping",
    13: "Redis full",
    14: "Redis killed before its newest writes reached the disk",
    15: "PostgreSQL crashes mid-checkout; the answer to a COMMIT is lost",
    16: "PostgreSQL down for long",
    17: "PostgreSQL's connections used up",
    18: "orders for {A, B} and {B, A} at once",
    19: "two writers on SQLite",
    20: "the disk fills while pages are rendered",
    21: "killed while pages are rendered",
    22: "a page rewritten while it is read, compressed and not",
    23: "prices imported by the ten thousand",
    24: "two renderings of one page end in the wrong order",
    25: "nginx holds on to a page that was replaced",
    26: "many ask at once for what is not kept yet",
    27: "every process of the shop gone, nginx alone",
    28: "one of two instances hangs",
    31: "the clock of one process is ten minutes off",
    32: "the mail server is down",
    33: "pictures, cache and search without what stands behind them",
    34: "the provider fails, hangs or answers nonsense",
    35: "a webhook delivered twice and twenty times at once",
    36: "webhooks in any order",
    37: "a webhook three days late, stock sold",
    38: "webhooks forged, stale, replayed, written anew",
    39: "amount, currency, account or order differ at the provider",
    40: "no webhook ever comes",
    41: "browser closed before the return; forged return",
    42: "Pay pressed in many tabs at once",
    43: "the button sent again when all is done",
    44: "the cart changed in another tab after the payment began",
    45: "a price changed between review and pay",
    46: "the last unit wanted by two; ten units by two hundred",
    47: "the reservation ends while the money comes",
    48: "a code's last use wanted by many",
    49: "one gift card spent in many checkouts",
    50: "refunds and disputes at once, refund pressed twice",
    51: "stock edited while it is sold",
    52: "sign-in with a cart in many tabs",
    53: "quantities that are none",
    54: "prices, roles and ids posted",
    55: "rounding in currencies of 0, 2 and 3 decimals",
    61: "a cache that takes a private page for a file",
    74: "card testing and hoarding of stock",
}


def rows_in(text: str) -> list[int]:
    """Return the numbers of the rows that a test's docstring names."""
    return [int(number) for number in re.findall(r"# fault (\d+)", text)]

"""Sets prices in bulk by the catalog's own service until done or told to stop; its last word is how many."""

from __future__ import annotations

import logging
import os
import sys

from sqlalchemy import select

from app import create_app
from storefront.catalog.models import Price
from storefront.catalog.services import change_price
from storefront.foundation.database import db, transactional
from workers.stopping import StopRequest

BATCH = 100


@transactional
def raise_prices(*, rows: list[tuple[int, int]]) -> None:
    """Set each variant's price a little higher."""
    for variant_id, amount in rows:
        change_price(variant_id=variant_id, currency="EUR", amount=amount + 1, compare_at_amount=None, actor="bench")


def main() -> None:
    """Work through the first so many prices."""
    stop = StopRequest()
    app = create_app(os.environ)
    logging.getLogger("storefront").setLevel(logging.ERROR)
    done = 0
    with app.app_context():
        prices = select(Price.variant_id, Price.amount).where(Price.currency == "EUR").order_by(Price.variant_id)
        rows = [(row[0], row[1]) for row in db.session.execute(prices.limit(int(sys.argv[1])))]
        for start in range(0, len(rows), BATCH):
            if stop.is_set:
                break
            raise_prices(rows=rows[start:start + BATCH])
            if not done:
                print("begun", flush=True)
            done += len(rows[start:start + BATCH])
        db.session.remove()
    print(done, flush=True)


if __name__ == "__main__":
    main()

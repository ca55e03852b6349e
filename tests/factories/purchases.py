"""Orders of long ago, as rows: who bought what, and when."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.ids import new_token
from storefront.orders.models import Order, OrderLine
from storefront.orders.states import OrderState


@transactional
def make_purchase(shopper: str, product_ids: Sequence[int], *, days_ago: int = 0,
                  state: OrderState = OrderState.COMPLETED) -> uuid.UUID:
    """Write down that somebody bought one of each of these, so many days ago."""
    moment = now() - timedelta(days=days_ago)
    order = Order(number=new_token()[:20], checkout_id=uuid.uuid4(), cart_id=uuid.uuid4(), state=state,
                  email=f"{shopper}@example.org", customer_key=shopper, shipping_address={}, billing_address={},
                  shipping_code="post", shipping_name="Post", currency="EUR", subtotal_amount=0, shipping_amount=0,
                  shipping_tax_amount=0, tax_amount=0, total_amount=0, is_tax_inclusive=True, created_at=moment,
                  expires_at=moment, placed_at=None if state is OrderState.PENDING else moment)
    order.lines = [OrderLine(position=place, product_id=product_id, variant_id=product_id, name="", quantity=1,
                             unit_amount=0, total_amount=0, tax_category="standard", tax_basis_points=0, tax_amount=0,
                             gross_amount=0) for place, product_id in enumerate(product_ids)]
    db.session.add(order)
    db.session.flush()
    return order.id

"""Buyers in front of the button: carts and checkouts copied in SQL from one that said every step."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from itsdangerous import URLSafeSerializer
from sqlalchemy import text

from storefront.checkout.models import CheckoutSession
from storefront.foundation.database import db
from storefront.foundation.hint import cookie_name
from tests.factories.checkout import make_checkout, read_total


@dataclass(frozen=True)
class Buyer:
    """What a browser holds that is about to press the button."""

    cart_id: str
    checkout_id: str
    total: int
    cookie: str


def make_buyers(variant_ids: Sequence[int], count: int) -> list[Buyer]:
    """Return buyers who each want one unit, spread evenly over the variants; all cost the same."""
    first = make_checkout({variant_ids[0]: 1})
    total = read_total(first)
    checkout = db.session.query(CheckoutSession.id).filter(CheckoutSession.cart_id == first).scalar()
    db.session.rollback()
    rows = [{"cart": uuid.uuid4(), "checkout": uuid.uuid4(), "line": uuid.uuid4(), "first": first, "old": checkout,
             "variant": variant_ids[at % len(variant_ids)]} for at in range(count)]
    for statement in COPIES:
        db.session.execute(text(statement), rows)
    db.session.commit()
    signer = URLSafeSerializer(current_app.config["SECRET_KEY"], salt="cart")  # as storefront/cart/cookies.py signs
    name = cookie_name("cart")
    return [Buyer(str(row["cart"]), str(row["checkout"]), total, f"{name}={signer.dumps(str(row['cart']))}")
            for row in rows]


COPIES = (
    """INSERT INTO cart_cart SELECT (jsonb_populate_record(c, jsonb_build_object('id', cast(:cart AS text)))).*
       FROM cart_cart c WHERE c.id = :first""",
    """INSERT INTO cart_cart_line SELECT (jsonb_populate_record(l, jsonb_build_object(
         'id', cast(:line AS text), 'cart_id', cast(:cart AS text), 'variant_id', cast(:variant AS int)))).*
       FROM cart_cart_line l WHERE l.cart_id = :first""",
    """INSERT INTO checkout_checkout_session SELECT (jsonb_populate_record(s, jsonb_build_object(
         'id', cast(:checkout AS text), 'cart_id', cast(:cart AS text)))).*
       FROM checkout_checkout_session s WHERE s.id = :old""",
)

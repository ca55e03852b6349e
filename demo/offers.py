"""The demo's promotions: a code that welcomes, and three notebooks for two."""

from __future__ import annotations

from sqlalchemy import select

from storefront.catalog.models import Category
from storefront.foundation.database import db
from storefront.promotions.services import add_code, save_promotion
from storefront.promotions.terms import BuyGet, Conditions, Goods, PercentOff

ACTOR = "demo"


def save_offers() -> None:
    """Write them, inside the seed's transaction."""
    welcome = save_promotion(
        promotion_id=None, name="Welcome, 10 % on everything", title="Welcome", conditions=Conditions(),
        benefit=PercentOff(1000), needs_code=True, lane=5, actor=ACTOR)
    add_code(promotion_id=welcome, code="WELCOME10", per_customer_limit=1, actor=ACTOR)
    notebooks = db.session.scalars(select(Category.id).where(Category.path == "paper/notebooks")).all()
    if notebooks:
        save_promotion(
            promotion_id=None, name="Notebooks, three for two", title="Three notebooks for two",
            conditions=Conditions(Goods(category_ids=tuple(notebooks)), minimum_quantity=3), benefit=BuyGet(2, 1),
            lane=1, actor=ACTOR)

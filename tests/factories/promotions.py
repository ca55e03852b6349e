"""Promotions for tests, made by the services that everything else uses too."""

from __future__ import annotations

from typing import Any

from storefront.promotions.services import add_code, save_promotion
from storefront.promotions.terms import Benefit, Conditions, PercentOff

ACTOR = "staff:1"


def make_promotion(benefit: Benefit | None = None, *, name: str = "Ten off", title: str = "Welcome",
                   conditions: Conditions | None = None, **overrides: Any) -> int:
    """Save a promotion (10 % off everything, unless told) and return its id."""
    return save_promotion(promotion_id=None, name=name, title=title, conditions=conditions or Conditions(),
                          benefit=benefit or PercentOff(1000), actor=ACTOR, **overrides)


def make_code(code: str = "WELCOME10", benefit: Benefit | None = None, *, usage_limit: int | None = None,
              per_customer_limit: int | None = None, **overrides: Any) -> int:
    """Save a promotion that needs the code and return the code's id."""
    promotion_id = make_promotion(benefit, needs_code=True, **overrides)
    return add_code(promotion_id=promotion_id, code=code, usage_limit=usage_limit,
                    per_customer_limit=per_customer_limit, actor=ACTOR)

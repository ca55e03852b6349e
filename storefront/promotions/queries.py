"""Reads of promotions: what they take off these goods now, and what became of the codes that were entered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from sqlalchemy import ColumnElement, false, func, not_, or_, select

from storefront.catalog.places import Place, read_places
from storefront.foundation.cache import cached
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.shop import facts
from storefront.promotions.engine import Discounts, Line, Offer, Reason, Situation, apply_promotions
from storefront.promotions.errors import say_used, say_used_up
from storefront.promotions.labels import Words
from storefront.promotions.models import Promotion, PromotionCode, Redemption
from storefront.promotions.spelling import normalize_code
from storefront.promotions.terms import BuyGet, Goods, read_benefit, read_conditions


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A line to reckon: `unit_amount` in minor units, as shown."""

    product_id: int
    quantity: int
    unit_amount: int


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who buys, as far as it is known: an empty key is nobody yet, who may well be on a first order."""

    customer_key: str = ""
    is_first_order: bool = True
    holder_id: uuid.UUID | None = None  # the cart: what its own unplaced order holds is no refusal to it


@dataclass(frozen=True, slots=True)
class CodeState:
    """An entered code: whether it counts, and if not a kind sentence that says why."""

    code: str
    title: str
    is_applied: bool
    sentence: str
    code_id: int | None = None
    is_refused: bool = False  # unknown, over or used up: keeping it is of no use


@dataclass(frozen=True, slots=True)
class Pricing:
    """The discounts of some goods, and each entered code in its order."""

    discounts: Discounts
    codes: tuple[CodeState, ...] = ()

    @property
    def applied_codes(self) -> list[str]:
        return [state.code for state in self.codes if state.is_applied]

    @property
    def applied_code_ids(self) -> list[int]:
        return [state.code_id for state in self.codes if state.is_applied and state.code_id is not None]


@dataclass(frozen=True, slots=True)
class DatedOffer:
    """An automatic promotion with its dates, so that it can be kept until something is changed."""

    offer: Offer
    starts_at: datetime | None
    ends_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


def price_goods(goods: Sequence[GoodsLine], *, codes: Sequence[str] = (), shopper: Shopper | None = None,
                shipping_amount: int | None = None) -> Pricing:
    """Return what the promotions of this moment take off, the entered codes (as they are kept) included.

    `shipping_amount` is the delivery's price in minor units, None while none is chosen.
    """
    shopper = shopper or Shopper()
    states = {state.code: (state, offer) for state, offer in _read_codes(codes, shopper)}
    at = now()
    offers = [dated.offer for dated in read_automatic() if dated.is_open(at)]
    offers += [offer for _, offer in states.values() if offer is not None]
    places = read_places([line.product_id for line in goods]) if _needs_places(offers) else {}
    lines = [_line(line, places.get(line.product_id, Place())) for line in goods]
    words = Words(facts().currency, facts().locale)
    discounts = apply_promotions(lines, offers, Situation(words, shipping_amount, shopper.is_first_order))
    return Pricing(discounts, tuple(_say(states[code][0], discounts) for code in dict.fromkeys(codes)
                                    if code in states))


def check_code(text: str, shopper: Shopper | None = None) -> CodeState:
    """Return what the code that somebody typed is worth, before any goods are looked at."""
    code = normalize_code(text)
    found = _read_codes([code], shopper or Shopper()) if code else []
    return found[0][0] if found else CodeState(
        text.strip()[:40], "", False, "We know no such code. Please compare it letter by letter.", is_refused=True)


@cached("promotions")
def read_automatic() -> list[DatedOffer]:
    """Return the active promotions that need no code, whatever their dates."""
    rows = db.session.scalars(
        select(Promotion).where(Promotion.is_active, Promotion.needs_code.is_(False)).order_by(Promotion.id))
    return [DatedOffer(_offer(row), row.starts_at, row.ends_at) for row in rows]


def _read_codes(codes: Sequence[str], shopper: Shopper) -> list[tuple[CodeState, Offer | None]]:
    """Return the state of every code, and its offer where it may count."""
    if not codes:
        return []
    own = Redemption.holder_id == shopper.holder_id if shopper.holder_id else false()
    others = or_(Redemption.holder_id.is_(None), not_(own))
    rows = {row[0].code: row for row in db.session.execute(
        select(PromotionCode, Promotion, _count(own),
               _count(Redemption.customer_key == shopper.customer_key, others))
        .join(Promotion, Promotion.id == PromotionCode.promotion_id)
        .where(PromotionCode.code.in_(codes)).execution_options(populate_existing=True))}
    found: list[tuple[CodeState, Offer | None]] = []
    for code in codes:
        if code not in rows:
            found.append((CodeState(code, "", False, f"We know no code {code}. Please compare it letter by letter.",
                                    is_refused=True), None))
            continue
        row, promotion, own_count, by_customer = rows[code]
        refusal = _refuse(row, promotion, row.used_count - own_count, by_customer if shopper.customer_key else 0)
        state = CodeState(code, promotion.title, False, refusal, row.id, is_refused=bool(refusal))
        found.append((state, None if refusal else _offer(promotion, row)))
    return found


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return (select(func.count()).select_from(Redemption)
            .where(Redemption.code_id == PromotionCode.id, Redemption.released_at.is_(None), *conditions)
            .correlate(PromotionCode).scalar_subquery())


def _refuse(code: PromotionCode, promotion: Promotion, used: int, by_customer: int) -> str:
    """Return why the code cannot count, or ""."""
    at = now()
    if promotion.starts_at is not None and at < promotion.starts_at and promotion.is_active and code.is_active:
        starts_on = format_date(promotion.starts_at, format="long", locale=facts().locale)
        return f"The code {code.code} counts from {starts_on}."
    if not (code.is_active and promotion.is_active) or (promotion.ends_at is not None and promotion.ends_at <= at):
        return f"The code {code.code} has ended."
    if code.usage_limit is not None and used >= code.usage_limit:
        return say_used_up(code.code)
    if code.per_customer_limit is not None and by_customer >= code.per_customer_limit:
        return say_used(code.code)
    return ""


def _say(state: CodeState, discounts: Discounts) -> CodeState:
    """Return the state after reckoning."""
    if any(applied.offer.code == state.code for applied in discounts.applied):
        return CodeState(state.code, state.title, True, "", state.code_id)
    skipped = next((skipped for skipped in discounts.skipped if skipped.offer.code == state.code), None)
    if skipped is None:
        return state
    return CodeState(state.code, state.title, False, skipped.sentence, state.code_id,
                     is_refused=skipped.reason is Reason.FIRST_ORDER)


def _needs_places(offers: Sequence[Offer]) -> bool:
    def asks(goods: Goods | None) -> bool:
        return goods is not None and bool(goods.category_ids or goods.collection_ids)

    return any(asks(offer.conditions.goods)
               or (isinstance(offer.benefit, BuyGet) and asks(offer.benefit.reward)) for offer in offers)


def _line(line: GoodsLine, place: Place) -> Line:
    return Line(line.product_id, line.quantity, line.unit_amount, place.category_ids, place.collection_ids)


def _offer(row: Promotion, code: PromotionCode | None = None) -> Offer:
    return Offer(row.id, row.name, row.title, row.lane, row.priority, read_conditions(row.conditions),
                 read_benefit(row.benefit), code.code if code else "", code.id if code else None)

"""Reads of the checkout: what was said so far, what is missing, what it will cost."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storefront.accounts.addresses import format_lines
from storefront.cart.queries import CartView, EnteredCode, read_cart
from storefront.cart.totals import TotalRow, discount_rows
from storefront.checkout.models import CheckoutSession
from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.foundation.shop import facts
from storefront.orders.queries import OrderBrief, find_brief_by_checkout, has_ordered
from storefront.orders.totals import LineInput, OrderTotals, total_order
from storefront.payments.gateways.port import Offer
from storefront.payments.gift_cards import list_gift_cards, plan_gift_cards
from storefront.payments.queries import Method, list_methods
from storefront.promotions.queries import GoodsLine, Pricing, Shopper, price_goods
from storefront.promotions.spelling import customer_key
from storefront.shipping.queries import Quote, read_quotes
from storefront.taxes.queries import read_rates

STEPS = (("contact", "Address"), ("delivery", "Delivery"), ("payment", "Payment"), ("review", "Review"))
NO_SHIPPING = "none"  # the code of a cart of which nothing travels


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the checkout in the ordered list of links back."""

    key: str
    label: str
    url: str | None
    state: str  # done, current, todo


@dataclass(frozen=True, slots=True)
class CheckoutInfo:
    """What a shopper has said so far; empty strings are not said yet."""

    id: uuid.UUID
    cart_id: uuid.UUID
    email: str
    phone: str
    shipping_address: Mapping[str, str]
    billing_address: Mapping[str, str]
    shipping_code: str
    payment_method: str
    gift_cards: Sequence[str] = ()  # ids, in the order in which they pay

    @property
    def country(self) -> str:
        return self.shipping_address.get("country", "")


@dataclass(frozen=True, slots=True)
class QuoteChoice:
    """A delivery to choose, as the page shows it."""

    code: str
    name: str
    detail: str
    price: Money
    is_selected: bool


@dataclass(frozen=True, slots=True)
class Review:
    """All that was chosen, before it binds. `total` is what the button says: gift cards have paid their part."""

    checkout_id: uuid.UUID
    email: str
    phone: str
    address_lines: Sequence[str]
    billing_lines: Sequence[str]
    delivery: Quote
    method: Method
    total: Money


@dataclass(frozen=True, slots=True)
class Priced:
    """A cart with its delivery, what promotions take off, and the sums under the destination's taxes."""

    quote: Quote | None
    totals: OrderTotals
    pricing: Pricing


def find_checkout(cart_id: uuid.UUID | None) -> CheckoutInfo | None:
    """Return the cart's open checkout; None before the first step is sent."""
    if cart_id is None:
        return None
    row = db.session.scalar(
        select(CheckoutSession).where(CheckoutSession.cart_id == cart_id, CheckoutSession.completed_at.is_(None))
        .order_by(CheckoutSession.created_at.desc()).limit(1).execution_options(populate_existing=True))
    return _info(row) if row else None


def read_checkout(checkout_id: uuid.UUID) -> CheckoutInfo | None:
    """Return the checkout by id, also one that is completed."""
    row = db.session.get(CheckoutSession, checkout_id)
    return _info(row) if row else None


def find_completed(checkout_id: uuid.UUID, cart_id: uuid.UUID | None) -> OrderBrief | None:
    """Return the order that this visitor's checkout became, for a form that is sent once more."""
    checkout = read_checkout(checkout_id)
    if checkout is None or cart_id is None or checkout.cart_id != cart_id:
        return None
    order = find_brief_by_checkout(checkout_id)
    return order if order is not None and order.placed_at is not None else None


def first_open_step(checkout: CheckoutInfo | None) -> str:
    """Return the first step that still needs an answer; `review` when all are given."""
    if checkout is None or not checkout.email or not checkout.shipping_address:
        return "contact"
    if not checkout.shipping_code:
        return "delivery"
    return "review" if checkout.payment_method else "payment"


def list_steps(checkout: CheckoutInfo | None, current: str) -> list[Step]:
    """Return the steps with links to those that can be visited."""
    keys = [key for key, _ in STEPS]
    reach = keys.index(first_open_step(checkout))
    return [
        Step(key, label, f"/checkout/{key}" if at <= reach else None,
             "current" if key == current else "done" if at < reach else "todo")
        for at, (key, label) in enumerate(STEPS)
    ]


def list_quotes(cart: CartView, checkout: CheckoutInfo) -> list[Quote]:
    """Return the deliveries for the cart to the checkout's country; one free one when nothing travels."""
    travelling = [line for line in cart.lines if line.is_counted and cart.variants[line.variant_id].needs_shipping]
    if not travelling:
        return [Quote(NO_SHIPPING, "No delivery needed", "", Money(0, facts().currency), "standard")]
    grams = sum(cart.variants[line.variant_id].weight_grams * line.quantity for line in travelling)
    return read_quotes(country=checkout.country, goods_amount=cart.goods.amount, grams=grams)


def choose_quotes(quotes: Sequence[Quote], selected: str) -> list[QuoteChoice]:
    """Return the quotes for the page; the cheapest is proposed until one is chosen."""
    chosen = selected if any(quote.code == selected for quote in quotes) else quotes[0].code if quotes else ""
    return [QuoteChoice(q.code, q.name, q.detail, q.price, q.code == chosen) for q in quotes]


def price_cart(cart: CartView, checkout: CheckoutInfo, quote: Quote | None) -> Priced:
    """Return the sums of the cart's counted lines with the quote: promotions first, then the destination's rates."""
    counted, variants = [line for line in cart.lines if line.is_counted], cart.variants
    pricing = price_goods(
        [GoodsLine(variants[line.variant_id].product_id, line.quantity, line.unit_price.amount) for line in counted],
        codes=[code.state.code for code in cart.codes], shopper=shopper_of(checkout),
        shipping_amount=quote.price.amount if quote else None)
    lines = [LineInput(line.quantity, line.unit_price.amount, variants[line.variant_id].tax_category, discount)
             for line, discount in zip(counted, pricing.discounts.lines, strict=True)]
    totals = total_order(lines, shipping_amount=quote.price.amount if quote else 0,
                         shipping_discount=pricing.discounts.shipping,
                         shipping_tax_category=quote.tax_category if quote else "standard",
                         rates=read_rates(checkout.country or facts().country))
    return Priced(quote, totals, pricing)


def shopper_of(checkout: CheckoutInfo) -> Shopper:
    """Return who buys, where promotions ask: by the e-mail address, so that a guest is no stranger."""
    key = customer_key(checkout.email)
    return Shopper(key, is_first_order=not has_ordered(key), holder_id=checkout.cart_id)


def find_quote(cart: CartView, checkout: CheckoutInfo) -> Quote | None:
    """Return the chosen delivery at its present price; None when it is not to be had any more."""
    return next((q for q in list_quotes(cart, checkout) if q.code == checkout.shipping_code), None)


def read_summary(cart_id: uuid.UUID | None, checkout: CheckoutInfo | None) -> CartView:
    """Return the cart with the sums as far as they are known, for the side of every step."""
    country = checkout.country if checkout else ""
    cart = read_cart(cart_id, country or None)
    if checkout is None or not checkout.country or cart.is_empty:
        return cart
    quote = find_quote(cart, checkout) if checkout.shipping_code else None
    priced = price_cart(cart, checkout, quote)
    ids = {code.state.code: code.id for code in cart.codes}
    return dataclasses.replace(cart, totals=_rows(priced, checkout),
                               codes=[EnteredCode(ids[state.code], state) for state in priced.pricing.codes])


def read_offer(cart: CartView, checkout: CheckoutInfo) -> Offer:
    """Return what is left to pay after gift cards, for the gateways to say whether they take it."""
    total = price_cart(cart, checkout, find_quote(cart, checkout)).totals.total
    left = total - sum(amount for _, amount in plan_gift_cards_of(checkout, total))
    return Offer(facts().currency, checkout.country, left)


def list_payment_methods(checkout: CheckoutInfo, offer: Offer) -> list[Method]:
    """Return the ways to pay that take the offer; where nothing is left to pay, any will do."""
    return list_methods(checkout.payment_method, offer if offer.amount else None)


def read_review(cart: CartView, checkout: CheckoutInfo) -> Review | None:
    """Return what is about to bind; None when the delivery or the method is not to be had any more."""
    quote = find_quote(cart, checkout)
    offer = read_offer(cart, checkout)
    method = next((m for m in list_payment_methods(checkout, offer) if m.is_selected), None)
    if quote is None or method is None:
        return None
    return Review(
        checkout.id, checkout.email, checkout.phone, format_lines(checkout.shipping_address),
        format_lines(checkout.billing_address or checkout.shipping_address), quote, method,
        Money(offer.amount, offer.currency))


def _rows(priced: Priced, checkout: CheckoutInfo) -> list[TotalRow]:
    def money(amount: int) -> Money:
        return Money(amount, facts().currency)

    totals, quote, applied = priced.totals, priced.quote, priced.pricing.discounts.applied
    tax_name = totals.tax_name or "tax"
    rows = [TotalRow("Goods", money(totals.subtotal)),
            *discount_rows([each for each in applied if not each.is_shipping], facts().currency),
            *([] if quote and quote.code == NO_SHIPPING else
              [TotalRow("Delivery", quote.price if quote else None, quote.name if quote else "")]),
            *discount_rows([each for each in applied if each.is_shipping], facts().currency)]
    if totals.tax and not totals.is_tax_inclusive:
        rows.append(TotalRow(tax_name, money(totals.tax)))
    rows.append(TotalRow("Total" if quote else "Total before delivery", money(totals.total), "", is_grand=True))
    if totals.tax and totals.is_tax_inclusive:
        rows.append(TotalRow(f"of which {tax_name}", money(totals.tax)))
    return rows + _gift_card_rows(checkout, totals.total)


def _gift_card_rows(checkout: CheckoutInfo, total: int) -> list[TotalRow]:
    """Return what each chosen gift card pays, and what is left to pay."""
    plan = plan_gift_cards_of(checkout, total)
    if not plan:
        return []
    letters = {card.id: card.last_letters for card in list_gift_cards([card_id for card_id, _ in plan])}
    currency = facts().currency
    left = total - sum(amount for _, amount in plan)
    return [*(TotalRow(f"Gift card ••••{letters[card_id]}", Money(-amount, currency)) for card_id, amount in plan),
            TotalRow("Left to pay", Money(left, currency), is_grand=True)]


def find_unpaid_id(checkout: CheckoutInfo) -> uuid.UUID | None:
    """Return the id of the order that the button has made already: its gift cards' money is this checkout's own."""
    order = find_brief_by_checkout(checkout.id)
    return order.id if order is not None else None


def plan_gift_cards_of(checkout: CheckoutInfo, total: int) -> list[tuple[uuid.UUID, int]]:
    """Return what each gift card of the checkout pays of `total` minor units."""
    return plan_gift_cards([uuid.UUID(card_id) for card_id in checkout.gift_cards], total,
                           order_id=find_unpaid_id(checkout)) if checkout.gift_cards else []


def _info(row: CheckoutSession) -> CheckoutInfo:
    return CheckoutInfo(row.id, row.cart_id, row.email, row.phone, dict(row.shipping_address),
                        dict(row.billing_address), row.shipping_code, row.payment_method,
                        tuple(row.gift_cards))

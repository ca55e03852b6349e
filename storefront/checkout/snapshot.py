"""What an order keeps of the moment at which it is written down."""

from __future__ import annotations

import dataclasses

from storefront.cart.queries import CartView
from storefront.checkout.errors import StepMissing
from storefront.checkout.models import CheckoutSession
from storefront.checkout.queries import CheckoutInfo, find_quote, plan_gift_cards_of, price_cart
from storefront.foundation.database import db
from storefront.foundation.shop import facts
from storefront.orders.services import DraftLine, OrderDraft
from storefront.payments.gateways.registry import find_gateway


def take_snapshot(cart: CartView, checkout: CheckoutInfo) -> OrderDraft:
    """Return what the order will keep: words, prices, taxes and addresses of this moment.

    Raises StepMissing when the cart or the delivery needs another look.
    """
    if cart.is_empty:
        raise StepMissing("cart", "Your cart is empty, so there is nothing to order yet.")
    quote = find_quote(cart, checkout)
    if not cart.is_orderable:
        raise StepMissing("cart", "Something in your cart has changed. Please look at it again.")
    if quote is None:
        raise StepMissing("delivery", "That delivery is not to be had for this cart any more. Please choose again.")
    priced = price_cart(cart, checkout, quote)
    discounts = priced.pricing.discounts
    lines = []
    for line, explanations in zip(cart.lines, discounts.line_explanations, strict=True):
        variant = cart.variants[line.variant_id]
        lines.append(DraftLine(
            product_id=variant.product_id, variant_id=variant.id, sku=variant.sku, name=variant.name,
            variant_title=variant.title, url=f"/p/{variant.slug}",
            picture=dataclasses.asdict(variant.picture) if variant.picture else None,
            weight_grams=variant.weight_grams, needs_shipping=variant.needs_shipping, quantity=line.quantity,
            unit_amount=line.unit_price.amount, tax_category=variant.tax_category, explanations=explanations))
    row = db.session.get_one(CheckoutSession, checkout.id)
    totals = priced.totals
    return OrderDraft(
        checkout_id=checkout.id, customer_id=row.customer_id, cart_id=checkout.cart_id, email=checkout.email,
        phone=checkout.phone, shipping_address=checkout.shipping_address,
        billing_address=checkout.billing_address or checkout.shipping_address, shipping_code=quote.code,
        shipping_name=quote.name, shipping_detail=quote.detail, currency=facts().currency, lines=lines,
        totals=totals, shipping_explanations=discounts.shipping_explanations,
        promotion_codes=priced.pricing.applied_codes, promotion_code_ids=priced.pricing.applied_code_ids,
        payment_method=checkout.payment_method,
        stock_waits=find_gateway(checkout.payment_method).stock_waits,
        gift_card_plan=plan_gift_cards_of(checkout, totals.total))

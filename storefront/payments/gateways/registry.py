"""Which gateways exist and which of them this shop offers (PAYMENT_METHODS)."""

from __future__ import annotations

from storefront.foundation.money import exponent
from storefront.foundation.shop import facts
from storefront.payments.errors import UnknownGateway
from storefront.payments.gateways.alipay import AlipayGateway
from storefront.payments.gateways.cash import CashGateway
from storefront.payments.gateways.demo import DemoGateway
from storefront.payments.gateways.gift_card import GiftCardGateway
from storefront.payments.gateways.port import Gateway, Offer
from storefront.payments.gateways.stripe import StripeGateway
from storefront.payments.gateways.transfer import TransferGateway
from storefront.payments.gateways.wechat import WechatGateway

GATEWAYS: dict[str, Gateway] = {gateway.code: gateway for gateway in (
    DemoGateway(), GiftCardGateway(), StripeGateway(), AlipayGateway(), WechatGateway(), TransferGateway(),
    CashGateway())}


def find_gateway(code: str) -> Gateway:
    """Return the gateway, also one that is no longer offered: old payments still need it."""
    if code not in GATEWAYS:
        raise UnknownGateway("There is no such payment method.")
    return GATEWAYS[code]


def offered_gateways(offer: Offer | None = None) -> list[Gateway]:
    """Return the gateways that the settings name and complete, in their order; with an offer, those that take it."""
    named = [GATEWAYS[code] for code in facts().payment_methods if code in GATEWAYS]
    return [gateway for gateway in named
            if not gateway.missing_settings() and (offer is None or gateway.accepts(offer))]


def usual_offer(currency: str, country: str) -> Offer:
    """Return an offer of ten whole units, above every provider's minimum and below every limit."""
    return Offer(currency, country, 10 ** (exponent(currency) + 1))


def explain_refusal(offer: Offer) -> str:
    """Return why no gateway takes the offer and what the shopper can do; "" when one does."""
    offered = offered_gateways()
    if any(gateway.accepts(offer) for gateway in offered):
        return ""
    names = " and ".join(gateway.name for gateway in offered)
    if not offered:
        return "That is our fault: no way to pay is set up. Your cart stays for thirty days; please come back later."
    usual = usual_offer(offer.currency, offer.country)
    if any(gateway.accepts(usual) for gateway in offered):
        return (f"{names} cannot take a sum as large as this one. Please order a part of it first."
                if offer.amount > usual.amount else f"{names} cannot take a sum as small as this one.")
    return f"{names} cannot be used for an order in {offer.currency} to this country. Another address may help."

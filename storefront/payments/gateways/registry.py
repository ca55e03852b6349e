"""Which gateways exist and which of them this shop offers (PAYMENT_METHODS)."""

from __future__ import annotations

from storefront.foundation.shop import facts
from storefront.payments.errors import UnknownGateway
from storefront.payments.gateways.demo import DemoGateway
from storefront.payments.gateways.port import Gateway

GATEWAYS: dict[str, Gateway] = {gateway.code: gateway for gateway in (DemoGateway(),)}


def find_gateway(code: str) -> Gateway:
    """Return the gateway, also one that is no longer offered: old payments still need it."""
    if code not in GATEWAYS:
        raise UnknownGateway("There is no such payment method.")
    return GATEWAYS[code]


def offered_gateways() -> list[Gateway]:
    """Return the gateways that the settings offer, in their order."""
    return [GATEWAYS[code] for code in facts().payment_methods if code in GATEWAYS]

"""Refusals of payments."""

from __future__ import annotations

from storefront.foundation.errors import NotFound, ShopError


class UnknownGateway(NotFound):
    """No payment method of that name is offered here."""


class GatewayUnavailable(ShopError):
    """The provider did not answer; nothing was charged as far as we know, and trying again is safe."""

    status = 503


class InvalidWebhook(ShopError):
    """A webhook that its provider did not sign, or that says nothing we can read."""

    status = 400


class RefundTooLarge(ShopError):
    """More would go back than was captured and is not promised back already."""

    status = 409


class UnknownGiftCard(ShopError):
    """No gift card with this code can pay here."""

    status = 422


class GiftCardEmpty(ShopError):
    """The card's balance no longer covers what it was to pay."""

    status = 409

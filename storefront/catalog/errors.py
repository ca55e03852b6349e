"""What the catalog declines to do; each message is a sentence that staff may read."""

from __future__ import annotations

from storefront.foundation.errors import NotFound, ShopError


class InvalidProduct(ShopError):
    """The product as described cannot be kept."""


class InvalidPrice(ShopError):
    """An amount that no variant can cost."""


class DuplicateSku(ShopError):
    """The SKU is another product's."""


class SlugTaken(ShopError):
    """Another product has, or once had, this address."""


class IllegalStatus(ShopError):
    """The product cannot go from its status to that one."""


class UnknownProduct(NotFound):
    """No such product or variant."""


class UnknownCategory(NotFound):
    """No such category."""


class UnknownImport(NotFound):
    """No such import."""


class InvalidPicture(ShopError):
    """The bytes are no picture that the shop takes."""


class UnknownPicture(NotFound):
    """No such image."""


class TooManyPlaced(ShopError):
    """More products were placed by hand in a collection than a person could keep in order."""

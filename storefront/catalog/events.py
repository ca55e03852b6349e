"""What happens to the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class ProductChanged(Event):
    """Anything that a page shows of the product changed, its status and prices included."""

    product_id: int


@dataclass(frozen=True, slots=True)
class ProductRenamed(Event):
    """The product left an address; a redirect answers there now. ProductChanged is recorded too."""

    product_id: int
    old_slug: str


@dataclass(frozen=True, slots=True)
class CategoryChanged(Event):
    """The category's words, place or products changed."""

    category_id: int


@dataclass(frozen=True, slots=True)
class CategoryRenamed(Event):
    """The category has another name, or is shown again or hidden: all below it is found by other words.

    CategoryChanged is recorded too.
    """

    category_id: int


@dataclass(frozen=True, slots=True)
class CategoryLeft(Event):
    """A product lies no longer directly in the category, whose products' pages may have shown it."""

    category_id: int


@dataclass(frozen=True, slots=True)
class TreeChanged(Event):
    """A category's words, place or publication changed: every page's menus and ways may show it."""


@dataclass(frozen=True, slots=True)
class CollectionChanged(Event):
    """The collection's words or products changed."""

    collection_id: int


@dataclass(frozen=True, slots=True)
class RuleDue(Event):
    """The collection's rule is to be asked about the products after this id: all, or what grew old since a day."""

    collection_id: int
    after: int
    since: str  # an ISO date, or empty


@dataclass(frozen=True, slots=True)
class ImageAdded(Event):
    """A picture is to be fetched from its URL, or stored and to be made into renditions."""

    image_id: int


@dataclass(frozen=True, slots=True)
class ImportRequested(Event):
    """Staff asked for an import or for its undoing, or a slice of it was done and the next is to follow."""

    import_id: int


@dataclass(frozen=True, slots=True)
class PictureUploaded(Event):
    """Staff put a picture on the home page; the sizes that pages ask for are still to be made."""

    key: str

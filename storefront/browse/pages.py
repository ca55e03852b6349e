"""What the templates of the public pages read. The same for every visitor: nothing here knows who asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from storefront.browse.filter_form import FilterForm, SortChoice
from storefront.catalog.cards import Stars, Swatch
from storefront.catalog.media import Picture
from storefront.foundation.money import Money
from storefront.inventory.queries import Availability
from storefront.search.matches import Matches

JsonLd = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PictureLink:
    """A picture with words that lead somewhere."""

    label: str
    url: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Head:
    """What the page says of itself to browsers and search engines; URLs are absolute."""

    title: str
    description: str
    canonical_url: str
    robots: str = ""  # empty: index and follow
    image_url: str = ""
    structured_data: Sequence[JsonLd] = ()


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product in a list: all its variants, or those that fit what was asked for; `version` names a single one."""

    id: int
    slug: str
    url: str
    name: str
    brand: str
    picture: Picture | None
    price: Money
    compare_at: Money | None
    has_price_range: bool
    swatches: Sequence[Swatch]
    is_sold_out: bool
    lowest_before: Money | None = None  # of the 30 days before the reduction
    stars: Stars | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list; `total` counts the products of all, unless there `is_more`. URLs have the fixed query."""

    title: str
    intro: str
    products: Sequence[ProductCard]
    total: int
    sort: str
    sorts: Sequence[SortChoice]
    number: int
    pages: int
    is_deep: bool  # past the numbered pages
    previous_url: str | None
    next_url: str | None
    path: str
    url: str  # this page's
    first_url: str  # the same list's first page
    home_url: str  # the same page in the list's own order and of all prices, which search engines keep
    choices: int  # boxes that are ticked
    filters: FilterForm | None
    facets: Collection[str] = ()  # those that the address names and the shop has
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Banner:
    """A slide of the home page."""

    title: str
    text: str
    link: Link
    picture: Picture | None
    tone: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A promotion tile of the home page."""

    title: str
    text: str
    url: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A category's place on the home page."""

    category: Link
    intro: str
    titles: Sequence[Link]
    pictures: Sequence[PictureLink]


@dataclass(frozen=True, slots=True)
class HomePage:
    """The home page."""

    head: Head
    banners: Sequence[Banner]
    tiles: Sequence[Tile]
    sections: Sequence[HomeSection]
    newest: Sequence[ProductCard]


@dataclass(frozen=True, slots=True)
class CategoryLink:
    """A category below the one shown; the count includes what lies below it."""

    name: str
    url: str
    product_count: int


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """A category; breadcrumbs lead from home to the category above."""

    head: Head
    name: str
    intro: str
    url: str
    breadcrumbs: Sequence[Link]
    subcategories: Sequence[CategoryLink]
    listing: Listing


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """A hand-picked list."""

    head: Head
    name: str
    intro: str
    url: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What a search found; without a word to look for there is no listing."""

    head: Head
    query: str
    listing: Listing | None
    suggestions: Sequence[Link]
    matches: Matches  # how the words were understood
    popular: Sequence[ProductCard]  # a way on where nothing was found
    ways: Sequence[Link] = ()  # categories, collections and pages of that name
    popular_title: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a product's details, such as its size."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class OptionChoice:
    """An answer to an option; `value` is what the form sends, `note` says why it is not to be had."""

    value: int
    label: str
    swatch: str
    is_selected: bool
    is_available: bool
    note: str


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """An option as radio buttons named `field`."""

    id: int
    name: str
    field: str
    values: Sequence[OptionChoice]


@dataclass(frozen=True, slots=True)
class Choice:
    """The variant that stands chosen, and what else may be. `notice` says when another one was asked for."""

    variant_id: int
    sku: str
    title: str
    price: Money
    compare_at: Money | None
    tax_note: str
    availability: Availability
    options: Sequence[OptionGroup]
    pictures_first: int  # the place of its picture in the gallery, from 0
    notice: str = ""
    lowest_before: Money | None = None  # of the 30 days before the reduction
    is_sent: bool = True  # by post


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant in the list of every version."""

    title: str
    url: str
    price: Money
    availability: Availability


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product."""

    head: Head
    id: int
    slug: str
    url: str
    name: str
    subtitle: str
    brand: str
    stars: Stars | None
    description_html: Markup
    facts: Sequence[Fact]
    breadcrumbs: Sequence[Link]
    pictures: Sequence[Picture]
    choice: Choice
    others: Sequence[VariantRow]
    beside_title: str
    beside: Sequence[ProductCard]
    category: Link | None


@dataclass(frozen=True, slots=True)
class ContentPage:
    """A page of words."""

    head: Head
    slug: str
    title: str
    summary: str
    body_html: Markup


@dataclass(frozen=True, slots=True)
class MenuLink:
    """A link of the header with those below it."""

    label: str
    url: str
    children: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Links of the footer under one title."""

    title: str
    links: list[Link]


@dataclass(frozen=True, slots=True)
class SiteMenus:
    """The header's and the footer's links."""

    header: list[MenuLink]
    footer: list[MenuGroup]

"""What the pages say to machines, in schema.org's words as JSON-LD.

Plain dicts: templates print them with `tojson`, which escapes `<`, `>`, `&` and `'`, so that no name can
close the script element. Google's product and breadcrumb documentation, read in November 2026, names the fields.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from storefront.browse.pages import JsonLd, Link
from storefront.catalog.details import ProductDetail, VariantDetail
from storefront.foundation.money import decimal_text
from storefront.inventory.queries import SOLD_OUT, Availability

CONTEXT = "https://schema.org"
STOCK_WORDS = {"in_stock": "InStock", "low": "LimitedAvailability", "sold_out": "OutOfStock", "backorder": "BackOrder"}
# schema.org lets a product group vary by these alone; our options say them in their own words.
VARIES = {"size": "size", "color": "color", "colour": "color", "glaze": "color", "ink": "color",
          "material": "material", "pattern": "pattern", "weave": "pattern"}
_TAGS = re.compile(r"<[^>]*>")


def organization(name: str, site_url: str) -> JsonLd:
    """Return who keeps the shop."""
    return {"@context": CONTEXT, "@type": "Organization", "@id": f"{site_url}/#organization", "name": name,
            "url": f"{site_url}/"}


def website(name: str, site_url: str) -> JsonLd:
    """Return the site and how to search it."""
    action = {"@type": "SearchAction", "query-input": "required name=search_term_string",
              "target": {"@type": "EntryPoint", "urlTemplate": f"{site_url}/search?q={{search_term_string}}"}}
    return {"@context": CONTEXT, "@type": "WebSite", "name": name, "url": f"{site_url}/",
            "publisher": {"@id": f"{site_url}/#organization"}, "potentialAction": action}


def breadcrumb_list(links: Sequence[Link], site_url: str) -> JsonLd:
    """Return the way from home to the page, the page itself last."""
    return {"@context": CONTEXT, "@type": "BreadcrumbList", "itemListElement": [
        {"@type": "ListItem", "position": place, "name": link.label, "item": site_url + link.url}
        for place, link in enumerate(links, start=1)
    ]}


def product_data(product: ProductDetail, stock: Mapping[int, Availability], site_url: str) -> JsonLd:
    """Return the product; one with several variants is a ProductGroup that has them."""
    own: dict[str, Any] = {
        "name": product.name, "url": site_url + product.url, "description": plain_text(product),
        "image": [site_url + picture.src for picture in product.pictures],
    }
    if product.brand:
        own["brand"] = {"@type": "Brand", "name": product.brand}
    if len(product.variants) == 1:
        variant = product.variants[0]
        return {"@context": CONTEXT, "@type": "Product", **_without_empty(own), **_identity(variant),
                "offers": _offer(product, variant, stock, site_url + product.url)}
    varies = {VARIES[option.name.lower()] for option in product.options if option.name.lower() in VARIES}
    return {
        "@context": CONTEXT, "@type": "ProductGroup", **_without_empty(own), "productGroupID": str(product.id),
        "variesBy": [f"{CONTEXT}/{word}" for word in sorted(varies)],
        "hasVariant": [_variant(product, variant, stock, site_url) for variant in product.variants],
    }


def plain_text(product: ProductDetail, limit: int = 500) -> str:
    """Return what the product is in one line without tags."""
    words = product.seo_description or html.unescape(_TAGS.sub(" ", product.description)) or product.subtitle
    words = " ".join(words.split())
    return words if len(words) <= limit else words[: limit - 1].rsplit(" ", 1)[0] + "…"


def _variant(product: ProductDetail, variant: VariantDetail, stock: Mapping[int, Availability],
             site_url: str) -> JsonLd:
    url = f"{site_url}{product.url}?variant={variant.id}"
    picture = product.pictures[variant.picture or 0] if product.pictures else None
    words = {value.id: (option.name.lower(), value.value) for option in product.options for value in option.values}
    answers = {VARIES[words[value][0]]: words[value][1] for value in variant.values.values()
               if value in words and words[value][0] in VARIES}
    title = f"{product.name}, {variant.title}" if variant.title else product.name
    return {"@type": "Product", "name": title, "url": url, **_identity(variant), **answers,
            **({"image": site_url + picture.src} if picture else {}),
            "offers": _offer(product, variant, stock, url)}


def _identity(variant: VariantDetail) -> JsonLd:
    return _without_empty({"sku": variant.sku, "gtin": variant.gtin})


def _offer(product: ProductDetail, variant: VariantDetail, stock: Mapping[int, Availability], url: str) -> JsonLd:
    state = stock.get(variant.id, SOLD_OUT).state
    return {"@type": "Offer", "url": url, "price": decimal_text(variant.price),
            "priceCurrency": variant.price.currency, "availability": f"{CONTEXT}/{STOCK_WORDS[state]}",
            "itemCondition": f"{CONTEXT}/NewCondition"}


def _without_empty(facts: Mapping[str, Any]) -> JsonLd:
    return {key: value for key, value in facts.items() if value}

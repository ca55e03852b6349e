"""The moves of a product's status: the table, and the way from one status to another."""

from __future__ import annotations

from collections import deque

from storefront.catalog.models import ProductStatus

S = ProductStatus
MOVES: dict[ProductStatus, frozenset[ProductStatus]] = {
    S.DRAFT: frozenset({S.PENDING_REVIEW, S.DISCONTINUED}),
    S.PENDING_REVIEW: frozenset({S.APPROVED, S.DRAFT, S.DISCONTINUED}),  # back to draft: sent back by the reviewer
    S.APPROVED: frozenset({S.ACTIVE, S.DRAFT, S.DISCONTINUED}),
    S.ACTIVE: frozenset({S.INACTIVE}),
    S.INACTIVE: frozenset({S.ACTIVE, S.DISCONTINUED}),
    S.DISCONTINUED: frozenset(),
}
BEFORE_SALE = frozenset({S.DRAFT, S.PENDING_REVIEW, S.APPROVED})
WAS_ON_SALE = frozenset({S.ACTIVE, S.INACTIVE})


def way_between(present: ProductStatus, wanted: ProductStatus) -> list[ProductStatus]:
    """Return the statuses to pass through, the wanted one last; empty when no legal way leads there."""
    ways: deque[list[ProductStatus]] = deque([[present]])
    seen = {present}
    while ways:
        way = ways.popleft()
        for following in sorted(MOVES[way[-1]]):
            if following is wanted:
                return [*way[1:], following]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def nearest_status(present: ProductStatus, wanted: ProductStatus) -> ProductStatus:
    """Return where an entry that says `wanted` may put the product.

    What was on sale is never a draft again: it is taken off sale. What was discontinued stays so.
    """
    if present is wanted or present is S.DISCONTINUED:
        return present
    if present in WAS_ON_SALE and wanted in BEFORE_SALE:
        return S.INACTIVE
    return wanted

"""Which labels of product facts are worth a filter: those whose few values each stand on several products.

A rebuild looks at all products. From then on those that change are looked at, so that a new label becomes a filter by
itself: products that have it already are read anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select

from storefront.catalog.models import Product, ProductStatus
from storefront.foundation.database import db
from storefront.search.facets_facts import short_facts, slug_facet, slug_value
from storefront.search.models import FacetState
from storefront.search.stale import touch_products

MAX_VALUES = 60  # a label with more of them tells products apart instead of grouping them
ENOUGH = 2 * MAX_VALUES  # products of one value that are remembered: with any second value they make a filter
READ_AT_ONCE = 5000
Values = Mapping[str, Sequence[int]]
Seen = dict[str, dict[str, list[int]] | None]  # label → value → products; None: more values than MAX_VALUES
Rows = Iterable[tuple[int, Sequence[Sequence[str]]]]  # products and their facts


def sort_labels() -> tuple[list[str], Seen]:
    """Return the labels that are worth a filter, and what was seen of the others. Reads every product, in a stream."""
    seen: Seen = {}
    look_at(_read_all(), seen)
    worth = sorted(label for label, values in seen.items() if _is_worth(values))
    return worth, {label: values for label, values in seen.items() if label not in worth}


def notice_labels(state: FacetState, product_ids: Collection[int]) -> None:
    """Look at these products; a label that has become worth a filter is one from now on.

    The state's row is locked. Other products that have such a label are noted as stale.
    """
    seen = _without(state.others, frozenset(product_ids))
    rows = db.session.execute(select(Product.id, Product.facts).where(
        Product.id.in_(product_ids), Product.status == ProductStatus.ACTIVE))
    look_at(((row[0], row[1]) for row in rows), seen, known=state.attributes)
    worth = {label: values for label, values in seen.items() if values and _is_worth(values)}
    if worth:
        state.attributes = sorted({*state.attributes, *worth})
        touch_products(product_ids=_find_holders(worth) - {*product_ids})
    if seen != state.others:
        state.others = {label: values for label, values in seen.items() if label not in worth}


def look_at(rows: Rows, seen: Seen, known: Collection[str] = ()) -> None:
    """Add what is seen of the labels that are not known."""
    for product_id, pairs in rows:
        for label, value in short_facts(pairs):
            facet = slug_facet(label)
            values = None if facet in known else seen.setdefault(facet, {})
            if values is not None:
                holders = values.setdefault(slug_value(value), [])
                if len(holders) < ENOUGH:
                    holders.append(product_id)
                if len(values) > MAX_VALUES:
                    seen[facet] = None


def _is_worth(values: Values | None) -> bool:
    return values is not None and len(values) > 1 and sum(map(len, values.values())) >= 2 * len(values)


def _without(seen: Mapping[str, Values | None], product_ids: Collection[int]) -> Seen:
    """Return what was seen of other products."""
    left: Seen = {}
    for label, values in seen.items():
        kept = {value: [holder for holder in holders if holder not in product_ids]
                for value, holders in (values or {}).items()}
        left[label] = None if values is None else {value: holders for value, holders in kept.items() if holders}
    return {label: values for label, values in left.items() if values is None or values}


def _find_holders(labels: Mapping[str, Values]) -> set[int]:
    """Return the products that have one of the labels: those that are remembered, unless there may be more."""
    lists = [holders for values in labels.values() for holders in values.values()]
    if max(map(len, lists)) < ENOUGH:
        return {holder for holders in lists for holder in holders}
    return {product_id for product_id, pairs in _read_all()
            if any(slug_facet(label) in labels for label, _ in short_facts(pairs))}


def _read_all() -> Rows:
    rows = db.session.execute(select(Product.id, Product.facts).where(Product.status == ProductStatus.ACTIVE),
                              execution_options={"yield_per": READ_AT_ONCE})
    return ((row[0], row[1]) for row in rows)

"""Which labels of product facts are worth a filter: those whose few values each stand on several products.

A rebuild counts all facts. From then on those of changed products are counted on, so that a new label becomes a filter
by itself; when it may be one, every product is asked once, and those that have it are read anew.
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
READ_AT_ONCE = 5000
Seen = dict[str, dict[str, int] | None]  # label → value → how often it was met; None: more values than MAX_VALUES
Rows = Iterable[Sequence[Sequence[str]]]


def count_labels() -> tuple[list[str], Seen]:
    """Return the labels that are worth a filter, and what was seen of the others. Reads every product, in a stream."""
    seen: Seen = {}
    count(seen, (pairs for _, pairs in _read_all()))
    worth = sorted(label for label, values in seen.items() if _is_worth(values))
    return worth, {label: values for label, values in seen.items() if label not in worth}


def notice_labels(state: FacetState, product_ids: Collection[int]) -> None:
    """Count on by these products; a label that has become worth a filter is one from now on.

    The state's row is locked. Products that have such a label are noted as stale.
    """
    rows = db.session.scalars(select(Product.facts).where(Product.id.in_(product_ids))).all()
    seen: Seen = {label: values and dict(values) for label, values in state.others.items()}
    count(seen, rows, known=state.attributes)
    likely = {label for label, values in seen.items() if _is_worth_asking(state.others.get(label, {}), values)}
    if likely:
        found, holders = _find(likely)
        worth = sorted(label for label in likely if _is_worth(found.get(label)))
        state.attributes = sorted({*state.attributes, *worth})
        seen = {label: found[label] and values for label, values in seen.items() if label not in worth}
        touch_products(product_ids={product_id for label in worth for product_id in holders[label]})
    state.others = seen


def count(seen: Seen, rows: Rows, known: Collection[str] = ()) -> None:
    """Add to what was seen, but not of the labels that are known."""
    for pairs in rows:
        for label, value in short_facts(pairs):
            facet = slug_facet(label)
            values = seen.setdefault(facet, {}) if facet not in known else None
            if values is not None:
                choice = slug_value(value)
                values[choice] = values.get(choice, 0) + 1
                if len(values) > MAX_VALUES:
                    seen[facet] = None


def _is_worth(values: Mapping[str, int] | None) -> bool:
    return values is not None and len(values) > 1 and sum(values.values()) >= 2 * len(values)


def _is_worth_asking(before: Mapping[str, int] | None, values: Mapping[str, int] | None) -> bool:
    """Tell whether it looks like a filter now. Products that change often count each time: look again at the double."""
    if values is None or before is None or not _is_worth(values):
        return False
    return not _is_worth(before) or sum(values.values()).bit_length() > sum(before.values()).bit_length()


def _find(labels: Collection[str]) -> tuple[Seen, dict[str, list[int]]]:
    """Return the values of the labels over all products, and which products have them."""
    seen, holders = Seen(), {label: list[int]() for label in labels}
    for product_id, pairs in _read_all():
        said = [pair for pair in short_facts(pairs) if slug_facet(pair[0]) in labels]
        count(seen, [said])
        for label in {slug_facet(label) for label, _ in said}:
            holders[label].append(product_id)
    return seen, holders


def _read_all() -> Iterable[tuple[int, Sequence[Sequence[str]]]]:
    rows = db.session.execute(select(Product.id, Product.facts).where(Product.status == ProductStatus.ACTIVE),
                              execution_options={"yield_per": READ_AT_ONCE})
    return ((row[0], row[1]) for row in rows)

"""Counts, orders and pages of the bitmaps equal what a loop over the products finds, whatever they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from storefront.search.facets_block import Block, ProductFacts, VariantFacts, decode_block
from storefront.search.facets_engine import Chosen, evaluate, first, keep

BRANDS, COLORS, SIZES = ("acme", "bolt"), ("moss", "rust", "clay"), ("s", "m")
LIST = "#7"

variants = st.builds(
    VariantFacts, amount=st.integers(0, 9), is_in_stock=st.booleans(), is_reduced=st.booleans(),
    values=st.tuples(st.sampled_from(COLORS), st.sampled_from(SIZES)).map(
        lambda pair: {f"color={pair[0]}", f"size={pair[1]}"}))
chosen_of = st.builds(
    Chosen,
    values=st.fixed_dictionaries({}, optional={
        "brand": st.sets(st.sampled_from((*BRANDS, "gone")), min_size=1).map(frozenset),
        "color": st.sets(st.sampled_from(COLORS), min_size=1).map(frozenset),
        "size": st.sets(st.sampled_from(SIZES), min_size=1).map(frozenset)}),
    lowest=st.none() | st.integers(0, 12), highest=st.none() | st.integers(0, 12), in_stock=st.booleans(),
    on_sale=st.booleans(), rating=st.sampled_from((0, 0, 3, 4)))


@st.composite
def shops(draw: st.DrawFn) -> list[ProductFacts]:
    products = []
    for product_id in draw(st.lists(st.integers(1, 40), max_size=14, unique=True)):
        marks = {LIST} if draw(st.booleans()) else {"#8"}
        if draw(st.booleans()):
            marks.add(f"brand={draw(st.sampled_from(BRANDS))}")
        if draw(st.booleans()):  # a fact may say what another product's option says
            marks.add(f"color={draw(st.sampled_from(COLORS))}")
        stars = draw(st.sampled_from((0, 3, 4)))
        marks |= {f"!rating{known}" for known in (2, 3, 4) if stars >= known}
        numbers = {name: draw(st.integers(0, 5)) for name in ("newest", "price", "best")} | {"id": product_id}
        products.append(ProductFacts(product_id, numbers, marks, draw(st.lists(variants, min_size=1, max_size=4))))
    return products


@given(shops(), chosen_of, st.integers(1, 5))
def test_totals_counts_and_prices_equal_those_of_a_loop(shop: list[ProductFacts], chosen: Chosen, size: int) -> None:
    found = evaluate([(block, block.bits.get(f"p{LIST}", 0)) for block in blocks_of(shop, size)], chosen)

    listed = [product for product in shop if LIST in product.marks]
    assert found.total == len(matching(listed, chosen))
    assert set(keep(found.hits, range(50))) == {product.id for product in matching(listed, chosen)}
    for facet, values in (("brand", BRANDS), ("color", COLORS), ("size", SIZES)):
        others = replace(chosen, values={name: kept for name, kept in chosen.values.items() if name != facet})
        for value in values:
            only = replace(others, values={**others.values, facet: frozenset({value})})
            assert found.counts.values[f"{facet}={value}"] == len(matching(listed, only)), (facet, value)
    assert found.counts.values["in_stock=1"] == len(matching(listed, replace(chosen, in_stock=True)))
    assert found.counts.values["on_sale=1"] == len(matching(listed, replace(chosen, on_sale=True)))
    for stars in (2, 3, 4):
        assert found.counts.values[f"rating={stars}"] == len(matching(listed, replace(chosen, rating=stars)))
    unpriced = replace(chosen, lowest=None, highest=None)
    amounts = [variant.amount for product in listed for variant in product.variants if fits(product, variant, unpriced)]
    assert (found.counts.lowest, found.counts.highest) == (min(amounts, default=None), max(amounts, default=None))


@given(shops(), chosen_of, st.integers(1, 5), st.sampled_from(("newest", "price", "best")),
       st.tuples(st.booleans(), st.integers(1, 6)))
def test_pages_by_place_visit_every_product_once_in_order(shop: list[ProductFacts], chosen: Chosen, size: int,
                                                          order: str, way: tuple[bool, int]) -> None:
    descending, page = way
    found = evaluate(whole(blocks_of(shop, size)), chosen)
    expected = sorted(((product.numbers[order], product.id) for product in matching(shop, chosen)), reverse=descending)

    visited: list[tuple[int, int]] = []
    after = None
    while listed := first(found.hits, order, page, descending=descending, after=after):
        visited += listed
        after = listed[-1]

    assert visited == expected
    assert first(found.hits, order, len(shop) + 1, descending=descending) == expected
    for skipped in range(len(expected) + 2):
        assert first(found.hits, order, page, descending=descending,
                     skipped=skipped) == expected[skipped:skipped + page]


@given(shops(), shops(), st.integers(1, 5))
def test_putting_anew_what_changed_equals_building_from_nothing(old: list[ProductFacts], new: list[ProductFacts],
                                                                size: int) -> None:
    blocks = blocks_of(old, size)
    present = {product.id: product for product in new}
    for block in blocks:
        for product_id in list(block.ids):
            block.replace(product_id, present.get(product_id))
    for product in new:
        if not any(product.id in block.ids for block in blocks):
            blocks.append(blocks_of([product], 1)[0])

    for chosen in (Chosen(), Chosen({"color": frozenset({"moss"})}, in_stock=True, highest=4)):
        put = evaluate(whole(map(stored, blocks)), chosen)
        built = evaluate(whole(blocks_of(new, 99)), chosen)
        assert (put.total, put.counts) == (built.total, built.counts)
        assert first(put.hits, "price", 99, descending=False) == first(built.hits, "price", 99, descending=False)


def blocks_of(products: Sequence[ProductFacts], size: int) -> list[Block]:
    blocks = []
    for start in range(0, len(products), size):
        blocks.append(Block())
        blocks[-1].extend(products[start:start + size])
    return [stored(block) for block in blocks]


def whole(blocks: Iterable[Block]) -> list[tuple[Block, int]]:
    return [(block, block.everything) for block in blocks]


def stored(block: Block) -> Block:
    return decode_block(block.encode())


def matching(products: Iterable[ProductFacts], chosen: Chosen) -> list[ProductFacts]:
    """The rule in plain words: a product is found when one of its variants is all that was chosen."""
    return [product for product in products if any(fits(product, variant, chosen) for variant in product.variants)]


def fits(product: ProductFacts, variant: VariantFacts, chosen: Chosen) -> bool:
    said = product.marks | variant.values
    return (all(any(f"{facet}={value}" in said for value in values) for facet, values in chosen.values.items())
            and (chosen.lowest is None or variant.amount >= chosen.lowest)
            and (chosen.highest is None or variant.amount <= chosen.highest)
            and (variant.is_in_stock or not chosen.in_stock) and (variant.is_reduced or not chosen.on_sale)
            and (not chosen.rating or f"!rating{chosen.rating}" in product.marks))

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.foundation.money import round_half_up, round_parts
from storefront.promotions.engine import Discounts, Line, Offer, Reason, Situation, apply_promotions
from storefront.promotions.labels import Words
from storefront.promotions.terms import (
    AmountOff,
    Benefit,
    BuyGet,
    Conditions,
    Goods,
    PercentOff,
    ShippingOff,
    UnitAmountOff,
)

EURO = Words("EUR", "en_IE")
BOWL = Line(product_id=1, quantity=2, unit_amount=2400, category_ids=frozenset({10, 11}))
CARD = Line(product_id=2, quantity=3, unit_amount=350, category_ids=frozenset({20}), collection_ids=frozenset({7}))


def offer(benefit: Benefit, *, number: int = 1, lane: int = 5, priority: int = 0, **conditions: object) -> Offer:
    return Offer(number, f"promotion {number}", f"Title {number}", lane, priority,
                 Conditions(**conditions), benefit)  # type: ignore[arg-type]


def taken(*offers: Offer, lines: tuple[Line, ...] = (BOWL, CARD), shipping: int | None = None,
          first: bool = True) -> Discounts:
    return apply_promotions(lines, offers, Situation(EURO, shipping, first))


BENEFITS = [
    (PercentOff(1000), {}, (480, 105), 0),
    (PercentOff(10_000), {}, (4800, 1050), 0),
    (PercentOff(1000), {"goods": Goods(product_ids=(2,))}, (0, 105), 0),
    (PercentOff(1000), {"goods": Goods(category_ids=(10,))}, (480, 0), 0),
    (PercentOff(1000), {"goods": Goods(collection_ids=(7,), product_ids=(99,))}, (0, 105), 0),
    (AmountOff(500), {}, (410, 90), 0),  # 410.26 and 89.74: the larger remainder takes the cent
    (AmountOff(10_000), {}, (4800, 1050), 0),
    (AmountOff(500), {"goods": Goods(product_ids=(1,))}, (500, 0), 0),
    (UnitAmountOff(100), {}, (200, 300), 0),
    (UnitAmountOff(400), {}, (800, 1050), 0),
    (ShippingOff(), {}, (0, 0), 450),
    (ShippingOff(5000), {}, (0, 0), 225),
    (BuyGet(2, 1), {}, (0, 350), 0),
    (BuyGet(2, 1, limit=1), {"goods": Goods(product_ids=(2,))}, (0, 350), 0),
    (BuyGet(1, 1), {}, (0, 700), 0),
    (BuyGet(1, 1, limit=1), {}, (0, 350), 0),
    (BuyGet(1, 4), {}, (2400, 1050), 0),
    (BuyGet(1, 1, 5000, Goods(product_ids=(2,))), {"goods": Goods(product_ids=(1,))}, (0, 350), 0),
    (BuyGet(1, 1, 10_000, Goods(product_ids=(2,))), {}, (0, 700), 0),  # the reward's goods do not count as bought
]


@pytest.mark.parametrize(("benefit", "conditions", "lines", "shipping"), BENEFITS)
def test_a_benefit_takes_off_exactly(
    benefit: Benefit, conditions: dict[str, object], lines: tuple[int, ...], shipping: int
) -> None:
    found = taken(offer(benefit, **conditions), shipping=450)
    assert found.lines == lines
    assert found.shipping == shipping
    assert [applied.amount for applied in found.applied] == [sum(lines) + shipping]


REFUSALS = [
    ({"minimum_amount": 5851}, True, Reason.AMOUNT, "Add €0.01 more and it counts."),
    ({"minimum_amount": 2000, "goods": Goods(product_ids=(2,))}, True, Reason.AMOUNT,
     "Add €9.50 more of what it is for and it counts."),
    ({"minimum_quantity": 6}, True, Reason.QUANTITY, "Add 1 more and it counts."),
    ({"goods": Goods(category_ids=(99,))}, True, Reason.GOODS, "Nothing in the cart is part of it yet."),
    ({"is_first_order": True}, False, Reason.FIRST_ORDER, "It is for a first order."),
]


@pytest.mark.parametrize(("conditions", "first", "reason", "sentence"), REFUSALS)
def test_what_is_not_met_says_why(conditions: dict[str, object], first: bool, reason: Reason, sentence: str) -> None:
    found = taken(offer(PercentOff(1000), **conditions), first=first)
    assert found.lines == (0, 0)
    assert [(skipped.reason, skipped.sentence) for skipped in found.skipped] == [(reason, sentence)]


@pytest.mark.parametrize("conditions", [{"minimum_amount": 5850}, {"minimum_quantity": 5}, {"is_first_order": True}])
def test_a_minimum_is_met_exactly(conditions: dict[str, object]) -> None:
    assert sum(taken(offer(PercentOff(1000), **conditions)).lines) == 585


def test_one_lane_takes_the_best_and_tells_of_the_other() -> None:
    found = taken(offer(PercentOff(1000), number=1), offer(AmountOff(600), number=2))
    assert [applied.offer.promotion_id for applied in found.applied] == [2]
    assert sum(found.lines) == 600
    assert [(s.offer.promotion_id, s.reason) for s in found.skipped] == [(1, Reason.BEATEN)]
    assert found.skipped[0].sentence == "“Title 2” counts instead: the two do not add up."


def test_a_higher_priority_goes_before_a_larger_discount() -> None:
    found = taken(offer(PercentOff(1000), number=1, priority=1), offer(AmountOff(600), number=2))
    assert [applied.offer.promotion_id for applied in found.applied] == [1]


def test_lanes_apply_one_after_another_each_on_what_is_left() -> None:
    found = taken(offer(PercentOff(1000), number=1, lane=9), offer(UnitAmountOff(350), number=2, lane=1),
                  offer(ShippingOff(), number=3, lane=2), shipping=450)
    assert [applied.offer.promotion_id for applied in found.applied] == [2, 3, 1]
    assert found.lines == (700 + 410, 1050)
    assert found.shipping == 450
    first, second = found.line_explanations[0]
    assert (first.label, first.base, first.amount) == ("€3.50 off each", 4800, 700)
    assert (second.label, second.base, second.exact, second.amount) == ("10 % of €41.00", 4100, "410", 410)
    assert found.shipping_explanations[0].label == "100 % of €4.50 for the delivery"


def test_minimums_look_at_prices_before_any_discount() -> None:
    found = taken(offer(PercentOff(5000), number=1, lane=1), offer(AmountOff(100), number=2, minimum_amount=5850))
    assert sum(found.lines) == 2925 + 100


def test_two_codes_of_one_promotion_count_once() -> None:
    twice = [Offer(1, "n", "t", 5, 0, Conditions(), PercentOff(1000), code, at) for at, code in ((2, "B"), (1, "A"))]
    found = taken(*twice)
    assert [applied.offer.code for applied in found.applied] == ["A"]
    assert sum(found.lines) == 585


def test_no_delivery_yet_is_no_refusal_for_good() -> None:
    assert taken(offer(ShippingOff())).skipped[0].reason is Reason.DELIVERY
    assert taken(offer(ShippingOff()), shipping=0).skipped[0].reason is Reason.NOTHING_LEFT


def test_nothing_in_the_cart_gives_nothing() -> None:
    assert taken(offer(AmountOff(500)), lines=()).lines == ()


def test_a_discount_on_three_equal_lines_adds_up() -> None:
    thirds = tuple(Line(number, 1, 333) for number in range(3))
    found = taken(offer(AmountOff(100)), lines=thirds)
    assert found.lines == (34, 33, 33)
    assert [e.exact for line in found.line_explanations for e in line] == ["100/3"] * 3


lines = st.lists(st.builds(Line, st.integers(1, 6), st.integers(1, 999), st.integers(0, 10**9)), max_size=12)
goods = st.builds(Goods, st.sampled_from([(), (1, 2), (3,)]))
points = st.integers(0, 10_000)
benefits = st.one_of(
    st.builds(PercentOff, points), st.builds(AmountOff, st.integers(0, 10**10)),
    st.builds(UnitAmountOff, st.integers(0, 10**10)), st.builds(ShippingOff, points),
    st.builds(BuyGet, st.integers(1, 5), st.integers(1, 5), points, st.none() | goods, st.integers(0, 3)))
offers = st.lists(st.builds(
    Offer, st.integers(1, 20), st.just("n"), st.just("t"), st.integers(1, 9), st.integers(0, 2),
    st.builds(Conditions, goods, st.integers(0, 10**6), st.integers(0, 20), st.booleans()), benefits), max_size=8)


@settings(max_examples=300)
@given(lines, offers, st.none() | st.integers(0, 10**6), st.booleans(),
       st.sampled_from([Words("JPY", "ja"), EURO, Words("KWD", "en_US")]))
def test_whatever_comes_every_cent_is_explained_and_nothing_falls_below_zero(
    listed: list[Line], offered: list[Offer], shipping: int | None, first: bool, words: Words
) -> None:
    found = apply_promotions(listed, offered, Situation(words, shipping, first))
    for line, discount, explanations in zip(listed, found.lines, found.line_explanations, strict=True):
        assert 0 <= discount <= line.quantity * line.unit_amount
        assert discount == sum(explanation.amount for explanation in explanations)
        for explanation in explanations:
            assert abs(Fraction(explanation.exact) - explanation.amount) < 1
    assert 0 <= found.shipping <= (shipping or 0)
    assert found.shipping == sum(explanation.amount for explanation in found.shipping_explanations)
    assert sum(found.lines) + found.shipping == sum(applied.amount for applied in found.applied)
    assert len(found.applied) == len({applied.offer.lane for applied in found.applied})
    assert len(found.applied) + len(found.skipped) == len(offered)


@given(lines, st.integers(1, 10_000))
def test_a_percentage_of_all_is_the_exact_share_rounded_once(listed: list[Line], basis_points: int) -> None:
    whole = sum(line.quantity * line.unit_amount for line in listed)
    exact = Fraction(whole * basis_points, 10_000)
    assert sum(taken(offer(PercentOff(basis_points)), lines=tuple(listed)).lines) == int(exact + Fraction(1, 2))


@given(st.lists(st.fractions(min_value=0, max_value=10**9), max_size=30))
def test_parts_add_up_to_the_rounded_sum_and_none_moves_by_a_unit(exact: list[Fraction]) -> None:
    parts, whole = round_parts(exact), sum(exact, Fraction(0))
    assert sum(parts) == round_half_up(whole.numerator, whole.denominator)
    assert all(abs(part - share) < 1 and part >= 0 for part, share in zip(parts, exact, strict=True))
    assert all(part == share for part, share in zip(parts, exact, strict=True) if share.denominator == 1)

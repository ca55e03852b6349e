import pytest

from storefront.shipping.rates import MAX_GRAMS, rate_of

TIERS = [(1000, 450), (5000, 790), (20000, 1490)]


@pytest.mark.parametrize(
    ("grams", "amount"), [(0, 450), (1000, 450), (1001, 790), (5000, 790), (20000, 1490), (20001, None)])
def test_the_first_tier_that_carries_the_weight_counts(grams: int, amount: int | None) -> None:
    assert rate_of(tiers=TIERS, grams=grams, goods_amount=0, free_from=None) == amount


@pytest.mark.parametrize(("goods", "amount"), [(7999, 450), (8000, 0), (9000, 0)])
def test_delivery_is_free_from_the_threshold_on(goods: int, amount: int) -> None:
    assert rate_of(tiers=TIERS, grams=500, goods_amount=goods, free_from=8000) == amount


def test_what_is_too_heavy_is_not_free_either() -> None:
    assert rate_of(tiers=TIERS, grams=30000, goods_amount=99999, free_from=8000) is None


def test_a_flat_rate_carries_everything() -> None:
    assert rate_of(tiers=[(MAX_GRAMS, 500)], grams=10**7, goods_amount=0, free_from=None) == 500

"""The arithmetic of what was bought together, and how well it guesses real purchases."""

import pytest

from bench.recommend import DATA, GOALS, judge_set
from storefront.recommendations.similarity import (
    BACKWARDS,
    DISTANCE,
    LIMIT,
    MAX_HISTORY,
    POSITION,
    SOURCE,
    TARGET,
    Neighbor,
    Purchase,
    add_up,
    rank_neighbors,
    tally_pairs,
    tidy_history,
)

BOWL, CUP, LAMP, TRAY = 1, 2, 3, 4


def test_what_was_bought_together_counts_the_same_both_ways() -> None:
    tallies = tally_pairs([[Purchase(BOWL, 0), Purchase(CUP, 0)]], lambda item: True)
    assert tallies[BOWL].weights == {CUP: 1.0}
    assert tallies[CUP].weights == {BOWL: 1.0}
    assert tallies[BOWL].shoppers == {CUP: 1}


def test_later_and_nearer_count_more_and_freshness_is_that_of_the_other() -> None:
    history = [Purchase(BOWL, 0, 0.25), Purchase(CUP, 1, 0.5), Purchase(LAMP, 4)]
    tallies = tally_pairs([history], lambda item: True)
    assert tallies[BOWL].weights == {CUP: 0.5, LAMP: pytest.approx(4 ** -DISTANCE)}
    assert tallies[LAMP].weights == {BOWL: pytest.approx(BACKWARDS * 4 ** -DISTANCE),
                                     CUP: pytest.approx(BACKWARDS * 3 ** -DISTANCE)}


def test_only_wanted_products_are_tallied() -> None:
    tallies = tally_pairs([[Purchase(BOWL, 0), Purchase(CUP, 0)]], lambda item: item == CUP)
    assert tallies.keys() == {CUP}


def test_neighbors_are_ranked_without_the_popular_ones_taking_all() -> None:
    pair = [Purchase(BOWL, 0), Purchase(CUP, 0)]
    tally = tally_pairs([pair, pair, [Purchase(BOWL, 0), Purchase(LAMP, 0)]], lambda item: item == BOWL)[BOWL]
    popularity = {BOWL: 3, CUP: 2, LAMP: 1}
    ranked = rank_neighbors(BOWL, tally, popularity)
    assert ranked == [Neighbor(CUP, pytest.approx(2 / (3 ** SOURCE * 2 ** TARGET))),
                      Neighbor(LAMP, pytest.approx(1 / 3 ** SOURCE))]
    assert [neighbor.item for neighbor in rank_neighbors(BOWL, tally, popularity, shoppers=2)] == [CUP]
    assert [neighbor.item for neighbor in rank_neighbors(BOWL, tally, popularity, among={LAMP})] == [LAMP]
    assert [neighbor.item for neighbor in rank_neighbors(BOWL, tally, popularity, limit=1)] == [CUP]
    assert [neighbor.item for neighbor in rank_neighbors(BOWL, tally, popularity | {CUP: 10 ** 9})] == [LAMP, CUP]


def test_a_history_keeps_the_latest_of_each_and_has_an_end() -> None:
    tidy = tidy_history([Purchase(BOWL, 0), Purchase(CUP, 1), Purchase(BOWL, 2)])
    assert tidy == [Purchase(CUP, 1), Purchase(BOWL, 2)]
    assert len(tidy_history(Purchase(item, item) for item in range(500))) == MAX_HISTORY


def test_several_products_add_up_and_are_not_answered_themselves() -> None:
    neighbors = {BOWL: [Neighbor(CUP, 1.0), Neighbor(LAMP, 0.5)], CUP: [Neighbor(LAMP, 1.0), Neighbor(TRAY, 0.5)]}
    assert add_up([BOWL, CUP], neighbors) == {LAMP: pytest.approx(1 + 0.5 * 2 ** -POSITION), TRAY: 0.5}
    assert add_up([BOWL, CUP], neighbors, without=[LAMP]) == {TRAY: 0.5}


@pytest.mark.skipif(not (DATA / "Toys_and_Games.txt").exists(), reason="the purchase sequences are not here")
def test_real_purchases_are_guessed() -> None:
    judged = judge_set(DATA / "Toys_and_Games.txt", goal=GOALS["Toys_and_Games"], limits=[LIMIT], shoppers=3000)
    assert judged[f"hr10_of_{LIMIT}"] >= GOALS["Toys_and_Games"]

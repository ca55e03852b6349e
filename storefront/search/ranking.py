"""How well a document fits what was asked: one pure function, the same over every engine.

BM25 with the document frequencies of the shop's own words, over the terms of the name and of what sorts a product.
Measured on 35,311 offers of PriceRunner, see docs/search.md; `python -m bench.search` measures it again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from storefront.search.engines.port import Candidate

# BM25's two knobs. Titles say a word once and differ in length by what merchants add to them.
SATURATION, LENGTH = 0.5, 0.4
KIND = 0.4  # of a term's worth when it stands in brand, category, option or tag instead of the name
TEXT = 0.12  # of it when it stands nowhere in the head, but every word was asked for and fits
GROUP = 4.0  # times all words: what a category or brand holds whose whole name is asked for comes first
CODE = 2000.0  # a SKU or GTIN in full comes before everything
STANDING = 0.12  # the most that sales and stock add to a document's worth
PHRASE = 0.1  # of a document whose name holds all words
LEAST = 0.25  # of the best document's worth; what is worth less is no answer


@dataclass(frozen=True, slots=True)
class Feature:
    """Something asked for: any of the terms satisfies it, each to its share (0 to 1) of the feature's worth."""

    terms: Mapping[str, float]
    worth: float
    is_word: bool = True  # of the query itself; pieces and joints of its words only help


def weigh(uses: int, documents: int) -> float:
    """Return what a term is worth that so many of the documents hold: the rarer, the more."""
    return math.log(1 + (documents - uses + 0.5) / (uses + 0.5)) if uses < documents else 0.1


def rank(candidates: Collection[Candidate], complete: Collection[int], features: Sequence[Feature]) -> list[int]:
    """Return the products best first; those that hardly fit where others fit well are left out.

    `complete` are those that hold every word of the query somewhere, if only in their descriptions.
    """
    if not candidates:
        return []
    # Terms are looked for as parts of text, between spaces: for two thousand heads that is a third of splitting them.
    wanted = [(feature.worth, feature.is_word, [(spaced(term), share) for term, share in feature.terms.items()])
              for feature in features]
    parted = [_part(candidate.head) for candidate in candidates]
    usual = sum(length for _, _, length in parted) / len(parted)
    scored = []
    for candidate, (name, kinds, length) in zip(candidates, parted, strict=True):
        score, bonus = _score(wanted, name, kinds, TEXT if candidate.product_id in complete else 0.0)
        score *= (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH + LENGTH * length / usual))
        scored.append((-score * (1 + bonus + STANDING * candidate.weight), candidate.product_id))
    scored.sort()
    least = scored[0][0] * LEAST
    return [product_id for score, product_id in scored if score <= least]


def spaced(term: str) -> str:
    """Return what stands in a head (with a space at each end) that holds the term; `term*` is a beginning."""
    return f" {term[:-1]}" if term.endswith("*") else f" {term} "


def _part(head: str) -> tuple[str, str, int]:
    """Return the terms of the name and those of the kinds, each between spaces, and how many the name has."""
    name, _, kinds = head.partition("\t")
    return f" {name} ", f" {kinds} ", name.count(" ") + 1


def _score(wanted: Sequence[tuple[float, bool, list[tuple[str, float]]]], name: str, kinds: str,
           least: float) -> tuple[float, float]:
    """Return the sum of the shares, and what a name that holds all words adds.

    `least` is the share of a word of the query that stands nowhere in the head.
    """
    score = 0.0
    in_name = True
    for worth, is_word, terms in wanted:
        best = least if is_word else 0.0
        for term, share in terms:
            if share > best and term in name:
                best = share
            elif share * KIND > best and term in kinds:
                best = share * KIND
        score += worth * best
        in_name = in_name and (best > KIND or not is_word)
    return score, PHRASE * in_name

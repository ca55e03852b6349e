"""How well a document fits what was asked: one pure function, the same over every engine.

BM25 with the document frequencies of the shop's own words, over the terms of the name and of what sorts a product.
Measured on 35,311 offers of PriceRunner, see docs/search.md; `python -m bench.search` measures it again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storefront.search.engines.port import Candidate

# BM25's two knobs. Titles say a word once and differ in length by what merchants add to them.
SATURATION, LENGTH = 0.5, 0.4
KIND = 0.5  # of a term's worth when it stands in brand, category, option or tag instead of the name
TEXT = 0.15  # of it when it stands nowhere in the head, but every word was asked for and fits
CODE = 1000.0  # a SKU or GTIN in full comes before everything
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


def rank(candidates: Iterable[Candidate], complete: Collection[int], features: Sequence[Feature]) -> list[int]:
    """Return the products best first; those that hardly fit where others fit well are left out.

    `complete` are those that hold every word of the query somewhere, if only in their descriptions.
    """
    pool = [_Read(candidate, *_split(candidate.head)) for candidate in candidates]
    if not pool:
        return []
    usual = sum(read.length for read in pool) / len(pool)
    scored = sorted(((_score(features, read, usual, TEXT if read.candidate.product_id in complete else 0.0),
                      read.candidate.product_id) for read in pool), key=lambda pair: (-pair[0], pair[1]))
    least = scored[0][0] * LEAST
    return [product_id for score, product_id in scored if score >= least]


class _Read(NamedTuple):
    """A candidate with its head taken apart."""

    candidate: Candidate
    name: set[str]
    kinds: set[str]
    length: int  # of the name, in terms


def _split(head: str) -> tuple[set[str], set[str], int]:
    name, _, kinds = head.partition("\t")
    terms = name.split(" ")
    return set(terms), set(kinds.split(" ")), len(terms)


def _score(features: Sequence[Feature], read: _Read, usual: float, least: float) -> float:
    """`least` is the share that a word of the query has which stands nowhere in the head."""
    score = 0.0
    in_name = True
    for feature in features:
        best = least if feature.is_word else 0.0
        for term, share in feature.terms.items():
            if term in read.name:
                best = max(best, share)
            elif term in read.kinds:
                best = max(best, share * (1 if term[0] == "_" else KIND))
        score += feature.worth * best
        in_name = in_name and (best > KIND or not feature.is_word)
    score *= (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH + LENGTH * read.length / usual))
    return score * (1 + PHRASE * in_name + STANDING * read.candidate.weight)

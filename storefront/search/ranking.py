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
    ids, heads, weights, _ = zip(*candidates, strict=True)
    # All heads are read at once, a column at a time: that is twice as quick as one after the other. Terms are looked
    # for as parts of text, between spaces: that is a third of splitting them.
    text = "\t".join(heads).replace("\t", " \t ")
    text = f" {text} "
    parts = text.split("\t")
    names, kinds = parts[::2], parts[1::2]
    least = [TEXT if product_id in complete else 0.0 for product_id in ids]
    scores, bonuses = [0.0] * len(ids), [PHRASE] * len(ids)
    for feature in features:
        if feature.is_word:
            shares = _share(feature.terms, names, kinds, least)
            bonuses = [bonus if share > KIND else 0.0 for bonus, share in zip(bonuses, shares, strict=True)]
        elif any(spaced(term) in text for term in feature.terms):
            shares = _share(feature.terms, names, kinds, [0.0] * len(ids))
        else:
            continue
        worth = feature.worth
        scores = [score + worth * share for score, share in zip(scores, shares, strict=True)]
    lengths = [name.count(" ") - 1 for name in names]
    shortness = _prefer_short(lengths)
    scored = sorted([(-score * shortness[length] * (1 + bonus + STANDING * weight), product_id)
                     for score, length, bonus, weight, product_id
                     in zip(scores, lengths, bonuses, weights, ids, strict=True)])
    enough = scored[0][0] * LEAST
    return [product_id for score, product_id in scored if score <= enough]


def spaced(term: str) -> str:
    """Return what stands in a head (with a space at each end) that holds the term; `term*` is a beginning."""
    return f" {term[:-1]}" if term.endswith("*") else f" {term} "


def _share(terms: Mapping[str, float], names: Sequence[str], kinds: Sequence[str],
           least: Sequence[float]) -> list[float]:
    """Return of each document the share of the best term that it holds, in its name rather than in its kinds."""
    if len(terms) == 1:
        [(term, share)] = terms.items()
        mark, less = spaced(term), share * KIND
        return [share if mark in name else less if mark in kind else floor
                for name, kind, floor in zip(names, kinds, least, strict=True)]
    ranked = sorted([(share * place, place, spaced(term)) for term, share in terms.items() for place in (1.0, KIND)],
                    key=lambda each: -each[0])
    return [next((share for share, place, mark in ranked if mark in (name if place == 1.0 else kind)), floor)
            for name, kind, floor in zip(names, kinds, least, strict=True)]


def _prefer_short(lengths: Sequence[int]) -> dict[int, float]:
    """Return by how much a name of each length counts: BM25's second half."""
    usual = sum(lengths) / len(lengths)
    return {length: (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH + LENGTH * length / usual))
            for length in set(lengths)}

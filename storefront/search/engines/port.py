"""What an engine must do. It finds candidates; their order is ranking.py's, the same over every engine.

An engine keeps two sides, `a` and `b`: one serves while the other is filled. It keeps nothing that cannot be made
again. OpenSearch or Meilisearch would be one more module here: sides are its indexes, `find` its boolean query.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """A product as it is found: `terms` are everything, `head` what ranking reads, `weight` 0 to 1 its standing."""

    product_id: int
    terms: Collection[str]
    head: str  # terms of the name, a tab, terms of brand, categories, options and tags
    weight: float


# A document that an expression fits: product_id, head, weight, and the place of the expression among those asked.
Candidate = tuple[int, str, float, int]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Fits what each of the parts fits."""

    parts: Sequence[Expression]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Fits what one of the parts fits."""

    parts: Sequence[Expression]


Expression = str | AllOf | AnyOf  # a term fits the documents that hold it; `term*`, those that hold one that begins so


class TookTooLong(Exception):
    """A statement was broken off inside `Engine.patience`; the session goes on."""


class Engine(Protocol):
    """Writes join the caller's transaction."""

    def patience(self, seconds: float) -> AbstractContextManager[None]:
        """Break off what takes longer inside: `find` answers with nothing then, all else raises TookTooLong."""

    def clear(self, side: str) -> None:
        """Make the side exist and be empty."""

    def write(self, side: str, documents: Sequence[Document]) -> None:
        """Keep the documents in place of those of the same products."""

    def remove(self, side: str, product_ids: Collection[int]) -> None:
        """Forget the products."""

    def count_words(self, side: str, words: Sequence[tuple[str, str, int]]) -> None:
        """Add each (word, term, uses) to the vocabulary (models.SearchWord); no word is in it twice."""

    def finish(self, side: str) -> None:
        """Make a side that was just filled quick to read."""

    def count(self, side: str) -> int:
        """Return how many documents the side holds."""

    def find_known(self, side: str, product_ids: Collection[int]) -> set[int]:
        """Return those of the products that have a document."""

    def find(self, side: str, *asked: tuple[Expression, int]) -> list[Candidate]:
        """Return for each (expression, limit) documents that fit, those of high standing rather than others.

        All are asked at once; what fits two of them is there twice.
        """


def write_expression(expression: Expression, *, both: str, either: str, quote: str, begun: str) -> str:
    """Return the expression in an engine's words; terms hold letters, figures and underscores alone."""
    if isinstance(expression, str):
        term = expression.removesuffix("*")
        return f"{quote}{term}{quote}{begun if term != expression else ''}"
    word = both if isinstance(expression, AllOf) else either
    said = [write_expression(part, both=both, either=either, quote=quote, begun=begun) for part in expression.parts]
    return said[0] if len(said) == 1 else f"({word.join(said)})"

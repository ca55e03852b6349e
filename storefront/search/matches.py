"""What a search found: ids in the order of their rank, and how the words were understood."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_MATCHES = 2000  # products that one search looks at, filters and pages through


@dataclass(frozen=True, slots=True)
class Matches:
    """Products on sale, best first, each once; at most MAX_MATCHES."""

    query: str  # as it is shown again
    ids: list[int] = field(default_factory=list)
    corrected: str = ""  # what was looked for instead, because the words as typed find nothing
    is_whole: bool = False  # some product holds every word as it was typed
    hint: str = ""  # what was perhaps meant, while the words as typed find something
    is_guess: bool = False  # the hint is what finds them, for nothing else is found at all
    code: str = ""  # the term of the query, see analysis.read_code, where it is the SKU or GTIN of one of them

    @property
    def total(self) -> int:
        return len(self.ids)

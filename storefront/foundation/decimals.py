"""Numbers that a file writes with a decimal comma: read as such where a whole column can mean nothing else.

`12,50` is a decimal: one comma, and one or two figures behind it. `1,234` may be a thousand or a little more than
one, so nobody guesses; and where one column holds both `12,50` and `12.50`, none of its commas is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from storefront.foundation.csv_files import Row

HINT = (" A comma stands before decimals only where the whole column writes it, with one or two of them; nothing "
        "stands between thousands.")
_COMMA = re.compile(r"(\d{1,12}),(\d{1,2})", re.ASCII)


class DecimalSigns:
    """What the rows of a file have before their decimals, by column."""

    def __init__(self, columns: Iterable[str], commas: Iterable[str] = ()) -> None:
        """Look at these columns; of some of them commas are known already."""
        self.undecided = tuple(columns)  # no point was seen in them
        self._commas = set(commas)

    def note(self, row: Row) -> None:
        """Look at a row."""
        for column in self.undecided:
            cell = row[column]
            if "," in cell:
                if _COMMA.fullmatch(cell):
                    self._commas.add(column)
            elif "." in cell:
                self.undecided = tuple(other for other in self.undecided if other != column)

    @property
    def commas(self) -> frozenset[str]:
        """Return the columns in which a comma is the decimal sign."""
        return frozenset(self._commas.intersection(self.undecided))


def with_point(text: str) -> str:
    """Return a number that somebody typed with a point for its decimal comma; `1,234` stays, for it may mean two."""
    return text.replace(",", ".") if _COMMA.fullmatch(text) else text


def read_commas(row: Row, columns: Iterable[str]) -> Row:
    """Return the row with points for the decimal commas of these columns."""
    for column in columns:
        if found := _COMMA.fullmatch(row[column]):
            row[column] = f"{found[1]}.{found[2]}"
    return row

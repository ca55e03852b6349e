"""What is asked of a drawing: one picture of one product. The contract of all drawing modules.

Every module of goods (vessels, lamps, candles, textiles, prints, paper) has one function

    def compose(brief: Brief) -> Scene: ...

which sets the scene of `brief.view` ("alone", "use" or "detail"). It draws nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from demo.draw.noise import seed_of
from demo.draw.palette import Floats, linear, pigment


@dataclass(frozen=True)
class Brief:
    """One picture of the catalog.

    `kind` and `params` are the product's `draw` table; `values` are the option values which the
    picture shows (such as "Moss"); `swatches` gives the hex code of every value that has one.
    """

    slug: str
    file: str
    category: str
    view: str
    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    swatches: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()  # every value of the first option that has a swatch, in order

    @property
    def seed(self) -> int:
        """The product's seed: the same for all its pictures."""
        return seed_of(self.slug)

    @property
    def ground(self) -> str:
        """The top category, which names the ground color."""
        return self.category.split("/")[0]

    @property
    def color_name(self) -> str:
        """The pigment's name (lower case): of the shown value, else of `draw.color`."""
        for value in self.values:
            if value in self.swatches:
                return value.lower()
        return str(self.params.get("color", "chalk")).lower()

    @property
    def color(self) -> Floats:
        """The linear color of the goods in this picture."""
        for value in self.values:
            if value in self.swatches:
                return linear(self.swatches[value])
        return pigment(self.color_name)

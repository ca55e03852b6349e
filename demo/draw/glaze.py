"""Glazed stoneware: what a kiln leaves on a turned form.

A `Glaze` says how one firing looks: the color pools in the hollow and breaks to the clay's tone
at the rim, iron specks come through, throwing lines show on the wall, the foot stays bare.
Lengths in cm.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demo.draw.lathe import Lathe, line_of
from demo.draw.noise import cloud, speckle, value_noise
from demo.draw.palette import Floats, linear, mix, pigment
from demo.draw.solids import Surface, smoothstep

#: The bare clay under every glaze, and the iron that speckles it.
BISQUE = linear("#b98e69")
IRON = linear("#5a4133")

#: Where a glaze is thin it takes this color.
BREAKS = {
    "chalk": "#c9a684",
    "oat": "#a9784f",
    "blush": "#f0d8c6",
    "clay": "#e5b08c",
    "brick": "#d98a62",
    "ochre": "#a8692f",
    "moss": "#b7925f",
    "pine": "#8f9a6f",
    "fog": "#ead9c2",
    "ink": "#9a6b4b",
}


@dataclass(frozen=True)
class Glaze:
    """One firing. `dip` is the height (cm) up to which a second color reaches, `lines` the depth
    of throwing lines (0..1), `specks` the share of cells with an iron speck, `bare` the height of
    the unglazed foot, `runs` how far ash runs down from the rim (0..1)."""

    color: str
    inside: str | None = None
    gloss: float = 0.75
    rough: float = 0.10
    specks: float = 0.02
    dip: float = 0.0
    dip_color: str = "chalk"
    lines: float = 0.25
    bare: float = 0.5
    rim: float = 0.38
    runs: float = 0.0

    @property
    def broken(self) -> Floats:
        """The color at edges where the glaze is thin."""
        return linear(BREAKS.get(self.color, "#b99471"))


@dataclass
class Pot(Lathe):
    """A turned vessel with a glaze."""

    glaze: Glaze = field(default_factory=lambda: Glaze("chalk"))
    seed: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        line = line_of(self.profile)
        self.length = float(np.hypot(np.diff(line[0]), np.diff(line[1])).sum())

    def surface(self, p: Floats) -> Surface:
        glaze = self.glaze
        share, side = self.along(p)
        drift = cloud(p, 0.35, self.seed)
        outer = np.clip(side * 0.5 + 0.5, 0, 1)
        outside, inside = pigment(glaze.color), pigment(glaze.inside or glaze.color)
        color = mix(inside, outside, outer)
        color = color * (1 + 0.07 * drift + 0.03 * value_noise(p, 2.2, self.seed + 7))
        pool = (1 - outer) * smoothstep(0.55, 0.0, share)
        color = color ** (1 + 0.22 * pool)  # deeper and fuller where the glaze lies thick
        if glaze.dip:
            color = self._dipped(color, p, drift, outer)
        if glaze.runs:
            color = self._runs(color, p, share)
        color = self._broken(color, p, share, drift)
        if glaze.specks:
            spots = speckle(p, 3.4, self.seed + 3, glaze.specks * 3.5)
            spots = np.maximum(spots, speckle(p, 1.7, self.seed + 5, glaze.specks))
            color = mix(color, IRON, 0.62 * spots)
        gloss = np.full(share.shape, glaze.gloss, dtype=np.float32)
        if glaze.bare:
            color, gloss = self._bare_foot(color, gloss, p, drift, outer)
        return Surface(
            albedo=np.clip(color, 0, 0.93).astype(np.float32),
            gloss=gloss,
            rough=glaze.rough,
            bump=self._throwing(p, outer),
        )

    def _broken(self, color: Floats, p: Floats, share: Floats, drift: Floats) -> Floats:
        """The rim, where the glaze runs off and the clay shows through."""
        from_rim = (1 - share) * self.length
        reach = self.glaze.rim * (0.75 + 0.5 * drift + 0.3 * value_noise(p, 1.6, self.seed + 11))
        thin = smoothstep(1.0, 0.25, from_rim / np.maximum(reach, 0.05))
        return mix(color, self.glaze.broken, 0.78 * thin)

    def _dipped(self, color: Floats, p: Floats, drift: Floats, outer: Floats) -> Floats:
        """A second glaze below a line that is level as a hand holds level; a dark overlap."""
        angle = np.arctan2(p[2], p[0])
        line = self.glaze.dip + 0.12 * np.sin(angle + self.seed) + 0.16 * drift
        below = smoothstep(0.05, -0.05, p[1] - line) * outer
        seam = smoothstep(0.30, 0.0, np.abs(p[1] - line - 0.05)) * outer
        return mix(color, pigment(self.glaze.dip_color), below) * (1 - 0.22 * seam)

    def _runs(self, color: Floats, p: Floats, share: Floats) -> Floats:
        """Ash glaze in runs: pale tongues from the rim, each as long as it pleased."""
        angle = np.arctan2(p[2], p[0])
        ring = np.stack([np.cos(angle) * 4, np.sin(angle) * 4, p[1] * 0.12])
        tongue = 0.5 + 0.5 * value_noise(ring, 0.9, self.seed + 21)
        tongue = 0.65 * tongue + 0.35 * (0.5 + 0.5 * value_noise(ring, 2.6, self.seed + 22))
        from_rim = (1 - share) * self.length / (self.glaze.runs * self.length)
        ash = smoothstep(0.12, -0.12, from_rim - tongue * 1.2)
        return mix(color, mix(pigment("chalk"), pigment("moss"), 0.35), 0.72 * ash)

    def _bare_foot(
        self, color: Floats, gloss: Floats, p: Floats, drift: Floats, outer: Floats
    ) -> tuple[Floats, Floats]:
        """Unglazed clay up to `bare`, with the glaze's thick dark edge above it."""
        line = self.glaze.bare + 0.07 * drift
        bare = smoothstep(0.03, -0.03, p[1] - line) * outer
        edge = smoothstep(0.22, 0.0, np.abs(p[1] - line - 0.08)) * outer
        grit = 1 + 0.10 * value_noise(p, 5.0, self.seed + 31)
        color = mix(color * (1 - 0.20 * edge), BISQUE[:, None] * grit, bare)
        return color, (gloss * (1 - bare)).astype(np.float32)

    def _throwing(self, p: Floats, outer: Floats) -> Floats:
        """The spiral of the potter's fingers as a lean of the normal, and a breath of unevenness."""
        angle = np.arctan2(p[2], p[0]) / (2 * np.pi)
        pitch = 0.85
        wave = np.sin(2 * np.pi * (p[1] / pitch + angle) + 1.5 * value_noise(p, 0.3, self.seed))
        fine = value_noise(np.stack([p[0] * 0.2, p[1] * 3.0, p[2] * 0.2]), 1.0, self.seed + 41)
        depth = self.glaze.lines * (0.07 + 0.03 * outer)
        soft = 0.012
        bump = np.stack(
            [
                soft * value_noise(p, 0.8, self.seed + 51),
                depth * (wave + 0.5 * fine),
                soft * value_noise(p, 0.8, self.seed + 52),
            ]
        )
        return bump.astype(np.float32)


@dataclass
class OvalPot(Pot):
    """A pot that was pressed oval while soft: `stretch` times as long in x as in z."""

    stretch: float = 1.4
    relax: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.low = (self.low[0] * self.stretch, self.low[1], self.low[2])
        self.high = (self.high[0] * self.stretch, self.high[1], self.high[2])

    def _round(self, p: Floats) -> Floats:
        return np.stack([p[0] / np.float32(self.stretch), p[1], p[2]])

    def distance(self, p: Floats) -> Floats:
        return super().distance(self._round(p))

    def along(self, p: Floats) -> tuple[Floats, Floats]:
        return super().along(self._round(p))


@dataclass
class PouringPot(Pot):
    """A pot with a lip pulled out of its rim, toward the right and front."""

    lip: float = 0.16
    direction: float = -25.0
    relax: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        grow = 1 + self.lip
        self.low = (self.low[0] * grow, self.low[1], self.low[2] * grow)
        self.high = (self.high[0] * grow, self.high[1], self.high[2] * grow)

    def _round(self, p: Floats) -> Floats:
        angle = np.arctan2(-p[2], p[0]) - np.radians(self.direction)
        angle = np.abs(np.mod(angle + np.pi, 2 * np.pi) - np.pi)
        pull = np.exp(-((angle / 0.30) ** 2)) - 0.28 * np.exp(-(((angle - 0.62) / 0.26) ** 2))
        top = max(point[1] for point in self.profile.points)
        high = smoothstep(0.45 * top, 1.0 * top, p[1])
        scale = 1 / (1 + self.lip * pull * high)
        drop = 0.04 * top * np.clip(pull, 0, 1) * high
        return np.stack([p[0] * scale, p[1] + drop, p[2] * scale]).astype(np.float32)

    def distance(self, p: Floats) -> Floats:
        return super().distance(self._round(p))

    def along(self, p: Floats) -> tuple[Floats, Floats]:
        return super().along(self._round(p))

"""Things that shine: shades that let light through, wax near a flame, the flame itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.draw.lathe import Lathe, Profile
from demo.draw.noise import cloud, value_noise
from demo.draw.palette import Floats, linear, mix, pigment
from demo.draw.solids import Surface, smoothstep

#: Lamplight of 2700 K as the eye at dusk sees it, and what a flame is at foot, heart and tip.
WARM = linear("#ffcf94")
AMBER = linear("#f0944a")
HEART, TIP, FOOT = linear("#fff1c9"), linear("#ff9d3c"), linear("#6f6a8a")


@dataclass
class LitShade(Lathe):
    """A shade of linen, paper or colored glass with a bulb at height `bulb` (cm) on its axis.

    `light` is its brightness next to the bulb, `spread` the distance (cm) over which it fades;
    `weave` "linen", "paper" or "glass"; `pleats` upright folds all round; `ribs` cm between rings.
    """

    bulb: float = 0.0
    light: float = 1.0
    spread: float = 10.0
    weave: str = "linen"
    pleats: int = 0
    ribs: float = 0.0
    gloss: float = 0.0
    rough: float = 0.4

    def surface(self, p: Floats) -> Surface:
        color = pigment(self.color)[:, None] * np.ones_like(p)
        near = np.exp(-(((p[1] - self.bulb) / self.spread) ** 2))
        through = 0.30 + 0.70 * near
        bump = np.zeros_like(p)
        angle = np.arctan2(p[2], p[0])
        if self.weave == "linen":
            through, color = self._linen(p, angle, through, color)
        if self.pleats:
            turn = angle * self.pleats
            bump[0], bump[2] = -np.sin(angle) * np.sin(turn), np.cos(angle) * np.sin(turn)
            bump *= np.float32(0.75)
            through = through * (0.80 + 0.20 * np.cos(turn))
        if self.ribs:
            turn = 2 * np.pi * p[1] / self.ribs
            bump[1] += 0.30 * np.sin(turn)
            through = through * (1 - 0.20 * smoothstep(0.80, 1.0, np.cos(turn)))
        if self.weave == "paper":
            through = through * (1 + 0.05 * cloud(p, 0.5, 3))
        tint = mix(AMBER, WARM, np.clip(through, 0, 1))
        tint = mix(tint, tint * pigment(self.color)[:, None] * 1.1, 0.6)
        shine = tint * (self.light * through)
        return Surface(
            albedo=color.astype(np.float32), gloss=self.gloss, rough=self.rough, bump=bump,
            emission=shine.astype(np.float32), wrap=0.4,
        )

    def _linen(
        self, p: Floats, angle: Floats, through: Floats, color: Floats
    ) -> tuple[Floats, Floats]:
        """Uneven threads up and round, and the darker hems at top and bottom."""
        around = angle * float(self.table.radius)
        warp = value_noise(np.stack([around * 5, p[1] * 0.25, around * 0]), 1.0, 11)
        weft = value_noise(np.stack([around * 0.25, p[1] * 5, around * 0]), 1.0, 12)
        thread = 1 + 0.07 * warp + 0.07 * weft
        ends = [point[1] for point in self.profile.points]
        hem = np.minimum(np.abs(p[1] - max(ends)), np.abs(p[1] - min(ends)))
        hem = 0.72 + 0.28 * smoothstep(0.55, 0.75, hem)
        return through * thread * hem, color * thread


@dataclass
class Wax(Lathe):
    """A candle's wax, lit from within by the flame at height `flame` (cm); 0: not burning."""

    flame: float = 0.0
    gloss: float = 0.22
    rough: float = 0.40

    def surface(self, p: Floats) -> Surface:
        color = pigment(self.color)[:, None] * (1 + 0.035 * cloud(p, 0.5, 9))
        shine = None
        if self.flame:
            far = np.sqrt(p[0] ** 2 + (p[1] - self.flame) ** 2 + p[2] ** 2)
            deep = np.exp(-np.maximum(far - 1.0, 0) / 2.3)
            tint = mix(linear("#ffb25a"), pigment(self.color), 0.45)
            shine = (tint[:, None] * deep * 0.95).astype(np.float32)
        return Surface(
            albedo=np.clip(color, 0, 0.92).astype(np.float32), gloss=self.gloss, rough=self.rough,
            emission=shine, wrap=0.55,
        )


FLAME = Profile(
    points=((0, 0), (0.26, 0.25), (0.43, 0.85), (0.36, 1.5), (0.19, 2.2), (0.05, 2.95), (0, 3.1)),
    walls=(0.02,) * 7,
    closed=True,
)


@dataclass
class Flame(Lathe):
    """A quiet flame; it throws no shadow."""

    casts: bool = False

    def surface(self, p: Floats) -> Surface:
        up = np.clip(p[1] / 3.1, 0, 1)
        color = mix(HEART, TIP, smoothstep(0.55, 1.0, up))
        color = mix(color, FOOT, 0.75 * smoothstep(0.20, 0.0, up))
        power = 1.5 - 0.5 * smoothstep(0.6, 1.0, up) - 0.7 * smoothstep(0.22, 0.0, up)
        return Surface(np.zeros(3, dtype=np.float32), emission=(color * power).astype(np.float32))

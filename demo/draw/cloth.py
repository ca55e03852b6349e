"""Solids of cloth: a filled cushion, a piece hung over a rail, a folded pile. Centimeters."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demo.draw.noise import cloud
from demo.draw.palette import Floats, mix, pigment
from demo.draw.solids import Pillow, Place, Solid, Surface, blend
from demo.draw.weave import Cloth


def softly(p: Floats, scale: float, seed: int, strength: float) -> Floats:
    """A bump (3, N) of the slow unevenness of cloth: dents about `scale` cm wide."""
    step = np.float32(scale * 0.2)
    here = cloud(p, 1 / scale, seed, 2)
    slopes = []
    for axis in range(3):
        moved = p.copy()
        moved[axis] += step
        slopes.append((cloud(moved, 1 / scale, seed, 2) - here) / step)
    return np.stack(slopes).astype(np.float32) * np.float32(-strength * scale)


def dressed(cloth: Cloth, u: Floats, v: Floats, frame: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """The cloth's color and its bump (3, N); `frame` gives the ways of u and v, (3, N) or (3, 1)."""
    albedo, slope_u, slope_v = cloth.at(u, v)
    bump = -(slope_u * frame[0] + slope_v * frame[1])
    return albedo, bump.astype(np.float32)


@dataclass
class Cushion(Pillow):
    """A stuffed cover with a corded seam, dented a little as a filled one is."""

    cloth: Cloth | None = None
    cord: float = 0.42
    cord_color: Floats | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.low = (self.low[0] - 1, self.low[1] - 1, self.low[2])
        self.high = (self.high[0] + 1, self.high[1] + 1, self.high[2])

    def edge(self, p: Floats) -> Floats:
        """How far a point lies outside of the seam, seen from the front."""
        w, h = np.float32(self.size[0] / 2), np.float32(self.size[1] / 2)
        u, v = np.abs(p[0]) / w, np.abs(p[1]) / h
        u = u * (1 + 0.045 * (1 - np.minimum(v, 1) ** 2))
        v = v * (1 + 0.045 * (1 - np.minimum(u, 1) ** 2))
        return np.asarray(np.maximum((u - 1) * w, (v - 1) * h), dtype=np.float32)

    def distance(self, p: Floats) -> Floats:
        w, h, d = (np.float32(side / 2) for side in self.size)
        edge = self.edge(p)
        u, v = np.clip(np.abs(p[0]) / w, 0, 1), np.clip(np.abs(p[1]) / h, 0, 1)
        u2, v2 = u * u, v * v
        round_u, round_v = 1 - u2 * u2 * 0.35 - u2 * 0.65, 1 - v2 * v2 * 0.35 - v2 * 0.65
        loft = d * (round_u * round_v) ** np.float32(0.66)
        near_u, near_v = u2 * u2 * u2, v2 * v2 * v2
        pucker = np.cos(p[1] * 1.3 + self.seed) * near_u + np.cos(p[0] * 1.3 + self.seed) * near_v
        crease = np.sin(5.0 * (u - v) + self.seed) * u2 * v2
        body = (np.abs(p[2]) - loft - 0.35 + 0.16 * pucker - 0.9 * crease) * 0.72
        body = np.maximum(body, edge)
        welt = np.sqrt(edge * edge + p[2] * p[2]) - np.float32(self.cord)
        return blend(body.astype(np.float32), (welt * 0.8).astype(np.float32), 0.25)

    def surface(self, p: Floats) -> Surface:
        assert self.cloth is not None
        across = np.array([[1], [0], [0]], dtype=np.float32)
        upward = np.array([[0], [1], [0]], dtype=np.float32)
        bulge = 1 + 0.0022 * np.abs(p[2])
        albedo, bump = dressed(self.cloth, p[0] * bulge, p[1] * bulge, (across, upward))
        if self.cord_color is not None:
            away = np.hypot(self.edge(p), p[2]) / np.float32(self.cord)
            welt = np.clip((1.45 - away) * 4, 0, 1)
            albedo = mix(albedo, self.cord_color, welt.astype(np.float32))
            bump = bump * (1 - welt)
        bump = bump + softly(p, 9.0, self.seed, 0.16)
        return Surface(albedo=albedo, bump=bump, wrap=0.12, sheen=0.25)


@dataclass
class FloorCushion(Solid):
    """A thick square cushion that lies flat: two faces and a boxed side, filled tight."""

    size: tuple[float, float, float]
    cloth: Cloth
    place: Place = field(default_factory=Place)
    relax: float = 0.6
    seed: int = 1

    def __post_init__(self) -> None:
        w, h, d = (side / 2 for side in self.size)
        self.low, self.high = (-w - 1, -h * 1.5, -d - 1), (w + 1, h * 1.5, d + 1)

    def distance(self, p: Floats) -> Floats:
        w, h, d = (np.float32(side / 2) for side in self.size)
        u, v = np.clip(np.abs(p[0]) / w, 0, 1), np.clip(np.abs(p[2]) / d, 0, 1)
        loft = h * (1 + 0.30 * ((1 - u**2.2) * (1 - v**2.2)))
        loft = loft * (1 - 0.08 * np.cos(p[0] * 0.5 + self.seed) * np.cos(p[2] * 0.4))
        swell = 1.2 * (1 - np.clip(np.abs(p[1]) / h, 0, 1) ** 2)
        q = np.abs(p)
        round_ = np.float32(2.2)
        sides = np.stack([q[0] - (w - 1.4 + swell - round_), q[2] - (d - 1.4 + swell - round_)])
        top = q[1] - (loft - round_)
        every = np.stack([sides[0], sides[1], top])
        box = np.sqrt((np.maximum(every, 0) ** 2).sum(axis=0)) + np.minimum(every.max(axis=0), 0)
        side = np.hypot(np.maximum(sides[0], 0), np.maximum(sides[1], 0))
        side = side + np.minimum(sides.max(axis=0), 0) - round_ + 0.7
        rim = np.hypot(side, q[1] - h * 0.90) - 0.45
        return blend((box - round_).astype(np.float32), (rim * 0.8).astype(np.float32), 0.3)

    def surface(self, p: Floats) -> Surface:
        flat = self.normal(p, 0.1)
        top = np.abs(flat[1]) > 0.6
        sideways = ~top & (np.abs(flat[0]) > np.abs(flat[2]))
        u = np.where(sideways, p[2], p[0])
        v = np.where(top, p[2], p[1])
        zero, one = np.zeros_like(u), np.ones_like(u)
        across = np.stack([np.where(sideways, zero, one), zero, np.where(sideways, one, zero)])
        upward = np.stack([zero, np.where(top, zero, one), np.where(top, one, zero)])
        albedo, bump = dressed(self.cloth, u, v, (across, upward))
        bump = bump + softly(p, 10.0, self.seed, 0.16)
        return Surface(albedo=albedo, bump=bump, wrap=0.25, sheen=0.2)


@dataclass
class Rail(Solid):
    """A round wooden rail along x."""

    radius: float
    length: float = 400.0
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        half, r = self.length / 2, self.radius
        self.low, self.high = (-half, -r, -r), (half, r, r)

    def distance(self, p: Floats) -> Floats:
        return np.asarray(np.hypot(p[1], p[2]) - self.radius, dtype=np.float32)

    def surface(self, p: Floats) -> Surface:
        return wooden(p, 0)


def wooden(p: Floats, axis: int) -> Surface:
    """Pale oak with its grain along an axis of the solid."""
    stretched = p.copy()
    stretched[axis] *= np.float32(0.06)
    grain = cloud(stretched, 2.4, 11, 3)
    fine = cloud(stretched, 9.0, 17, 2)
    share = np.clip(0.38 + 0.30 * grain + 0.22 * fine, 0, 1).astype(np.float32)
    wood = mix(mix(pigment("oat"), pigment("ochre"), 0.22), pigment("clay"), share * 0.5)
    return Surface(albedo=wood * np.float32(0.92), gloss=0.12, rough=0.5)

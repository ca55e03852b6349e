"""Solids of cloth that hangs or lies folded: a piece over a rail, a folded pile with its fringe."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demo.draw.cloth import dressed, softly
from demo.draw.palette import Floats
from demo.draw.solids import Place, Solid, Surface, blend, smoothstep
from demo.draw.weave import Cloth


@dataclass
class Hung(Solid):
    """A piece hung over a rail of radius `radius` along x, whose axis is the origin.

    width: of the piece; front, back: how far it hangs (cm); wave: depth of its folds at the
    bottom; fringe: length of the twisted ends below, 0 for a hem.
    """

    cloth: Cloth
    width: float
    front: float
    back: float
    radius: float = 1.2
    thick: float = 0.3
    wave: float = 1.4
    fold: float = 17.0
    fringe: float = 0.0
    skew: float = 2.6
    seed: int = 1
    place: Place = field(default_factory=Place)
    relax: float = 0.55

    def __post_init__(self) -> None:
        deep = self.radius + self.thick + self.wave * 1.8
        low = -max(self.front, self.back) - self.fringe - 1
        self.low = (-self.width / 2 - 1 - self.skew, low, -deep)
        self.high = (self.width / 2 + 1, self.radius + self.thick, deep)

    def swing(self, x: Floats, down: Floats) -> Floats:
        """How far the hanging cloth stands out at x, `down` cm below the rail."""
        grown = smoothstep(-4, self.front * 0.7, down)
        k, s = np.float32(2 * np.pi / self.fold), np.float32(self.seed % 7)
        bend = np.sin(x * k + s + 0.012 * down * np.sin(x * 0.11 + s))
        bend = bend + 0.45 * np.sin(x * k * 1.73 + 2.1 * s + down * 0.02)
        return np.asarray(self.wave * grown * (0.5 * bend + 0.73), dtype=np.float32)

    def edge(self, x: Floats, down: Floats) -> Floats:
        """Half the width at a height: the sides are a little wavy and draw in with the folds."""
        side = 0.12 * np.sin(down * 0.21 + self.seed) + 0.006 * down
        return np.asarray(self.width / 2 - np.abs(side) - 0 * x, dtype=np.float32)

    def turn(self, y: Floats, z: Floats) -> Floats:
        """0 on the front, 1 behind, between them over the rail: the piece lies a little askew."""
        over = np.arctan2(np.maximum(y, 0), z) / np.float32(np.pi)
        return np.where(y > 0, over, (z < 0).astype(np.float32)).astype(np.float32)

    def distance(self, p: Floats) -> Floats:
        x, y, z = p
        down = np.maximum(-y, 0)
        x = x + self.skew * self.turn(y, z)
        ring = np.abs(np.hypot(np.maximum(y, 0), np.abs(z)) - (self.radius + self.thick / 2))
        front = np.abs(z - (self.radius + self.thick / 2 + self.swing(x, down)))
        behind = np.abs(z + self.radius + self.thick / 2 + 0.3 * self.swing(x + 9, down))
        end = self.front + 0.25 * np.sin(x * 0.23 + self.seed) + 0.012 * x
        hem = np.where((down > end - 2.2) & (down < end), 0.10, 0.0)
        sheet = np.maximum(front - self.thick / 2 - hem, down - end)
        rear = np.maximum(behind - self.thick / 2, down - self.back)
        hang = np.where(y > 0, ring - self.thick / 2, np.minimum(sheet, rear))
        away = np.maximum(hang, np.abs(x) - self.edge(x, down))
        if self.fringe:
            away = np.minimum(away, self._cords(x, down, front, end))
        return np.asarray(away * 0.85, dtype=np.float32)

    def _cords(self, x: Floats, down: Floats, front: Floats, end: Floats) -> Floats:
        """Twisted cords below the end, each swinging its own way."""
        gap = np.float32(1.15)
        number = np.clip(np.round(x / gap), -(self.width / 2 - 1) / gap, (self.width / 2 - 1) / gap)
        below = np.maximum(down - end, 0)
        lean = 0.06 * np.sin(number * 12.9 + self.seed) * below
        aside = x - number * gap - lean
        length = self.fringe * (0.92 + 0.08 * np.sin(number * 7.7))
        twist = 0.03 * np.sin(down * 9 + number)
        cord = np.hypot(aside + twist, front) - 0.26
        return np.asarray(np.maximum(cord, np.maximum(down - end - length, end - 0.4 - down)))

    def surface(self, p: Floats) -> Surface:
        x, y, z = p
        r = np.float32(self.radius + self.thick)
        over = r * np.arctan2(np.maximum(y, 0), z)
        v = np.where(y > 0, over, np.where(z > 0, y, r * np.pi - y)).astype(np.float32)
        v = v + np.float32(self.front / 2)
        arc = self.swing(x, np.maximum(-y, 0)) * np.float32(0.25)
        across = np.array([[1], [0], [0]], dtype=np.float32)
        upward = np.stack([0 * x, np.where(y > 0, z / r, 1), np.where(y > 0, -y / r, 0)])
        u, frame = x + self.skew * self.turn(y, z) + arc, (across, upward.astype(np.float32))
        albedo, bump = dressed(self.cloth, u, v, frame)
        bump = bump + softly(p * np.array([[1], [0.35], [0.3]], np.float32), 6.0, self.seed, 0.14)
        if self.fringe:
            cord = self.cloth.cord()[:, None]
            below = -y > self.front + 0.4
            albedo, bump = np.where(below, cord, albedo), np.where(below, 0, bump)
        return Surface(albedo=albedo, bump=bump, wrap=0.15, sheen=0.2)


@dataclass
class FoldedPile(Solid):
    """Folded cloth, its folds toward the camera: `layers` rounds of `thick` cm, one on the other.

    `flap` cm of the last round hang over the front with a fringe of `fringe` cm; 0 for none.
    """

    cloth: Cloth
    width: float
    depth: float
    layers: int = 3
    thick: float = 3.2
    flap: float = 0.0
    fringe: float = 0.0
    shift: float = 0.5
    seed: int = 1
    place: Place = field(default_factory=Place)
    relax: float = 0.6

    def __post_init__(self) -> None:
        w, d = self.width / 2, self.depth / 2
        height = self.layers * self.thick + 1.6
        self.low, self.high = (-w - 1.5, 0, -d - 1.5), (w + 1.5, height + 0.6, d + 3.5)

    def sag(self, p: Floats) -> Floats:
        """How far the pile gives way at a place: cloth is never level."""
        x, z = p[0] / self.width, p[2] / self.depth
        s = self.seed % 11
        uneven = 0.22 * np.sin(4.1 * x + s) + 0.16 * np.sin(7.3 * x - 2.2 * z + 2 * s)
        return np.asarray(uneven - 0.55 * (4 * x * x + 1.3 * np.abs(z) ** 3), dtype=np.float32)

    def bank(self, number: int) -> tuple[float, float, float]:
        """A round's middle height, its shift to the front and its half width."""
        turn = np.sin(number * 2.4 + self.seed)
        lift = (number + 0.5) * self.thick
        return lift, float(turn * self.shift), self.width / 2 - 0.25 * (number % 2)

    def distance(self, p: Floats) -> Floats:
        sag = self.sag(p)
        best = np.full(p.shape[1], 1e6, dtype=np.float32)
        for number in range(self.layers):
            lift, shift, half = self.bank(number)
            r = np.float32(self.thick / 2)
            y = p[1] - lift - sag * (number + 0.3) / self.layers
            z = p[2] - np.float32(shift)
            tube = np.hypot(np.maximum(np.abs(z) - (self.depth / 2 - r), 0), y) - r * 1.02
            slit = 0.16 - np.hypot(y, np.maximum(np.abs(p[0]) - half, -0.5) * 0.3)
            ends = np.abs(p[0]) - half + 0.5 * np.cos(y * 2 / r)
            body = -blend(-tube, (-ends).astype(np.float32), 1.3)
            best = np.minimum(best, np.maximum(body, np.where(z < 0, slit, -9)))
        if self.flap:
            best = np.minimum(best, self._flap(p, sag))
        return np.asarray(best * 0.85, dtype=np.float32)

    def path(self, p: Floats, sag: Floats) -> tuple[Floats, Floats]:
        """Distance to the middle of the flap's sheet and the length along it from the front edge."""
        top = np.float32(self.layers * self.thick + 0.30) + sag
        r = np.float32(self.thick * 0.62)
        y, z = p[1] - (top - r), p[2] - np.float32(self.depth / 2 - r + 0.75)
        flat = np.abs(y - r)
        arc = np.abs(np.hypot(y, z) - r)
        hang = np.abs(z - r)
        near = np.where(z < 0, flat, np.where(y > 0, arc, hang))
        along = np.where(z < 0, z, np.where(y > 0, r * np.arctan2(z, np.maximum(y, 1e-4)), r * 1.571 - y))
        return near.astype(np.float32), along.astype(np.float32)

    def _flap(self, p: Floats, sag: Floats) -> Floats:
        near, along = self.path(p, sag)
        half = self.width / 2 - 0.4
        sheet = np.maximum(near - 0.26, np.abs(p[0]) - half)
        sheet = np.maximum(sheet, np.maximum(along - self.flap, -along - self.depth * 0.93))
        if not self.fringe:
            return np.asarray(sheet, dtype=np.float32)
        gap = np.float32(1.08)
        number = np.clip(np.round(p[0] / gap), -(half - 0.6) / gap, (half - 0.6) / gap)
        out = np.maximum(along - self.flap, 0)
        aside = p[0] - number * gap - 0.10 * np.sin(number * 12.9) * out
        length = self.fringe * (0.9 + 0.1 * np.sin(number * 7.7))
        cord = np.hypot(aside + 0.03 * np.sin(along * 9 + number), near) - 0.50
        cord = np.maximum(cord, np.maximum(along - self.flap - length, self.flap - 0.4 - along))
        return np.asarray(np.minimum(sheet, cord))

    def surface(self, p: Floats) -> Surface:
        near, along = self.path(p, self.sag(p))
        r = np.float32(self.thick / 2)
        y = np.mod(p[1] - self.sag(p) * 0.5, np.float32(self.thick)) - r
        front = np.clip(p[2] - (self.depth / 2 - r), 0, r)
        wound = p[2] + np.where(front > 0, r * np.arctan2(front, np.abs(y) + 1e-3) - front, 0)
        wound = wound * np.sign(y + 1e-4) + 11 * np.floor(p[1] / self.thick)
        on_flap = (near < 0.75) if self.flap else np.zeros(near.shape, dtype=bool)
        v = np.where(on_flap, -along, wound).astype(np.float32)
        if self.flap:
            v = v + np.where(on_flap, self.flap, 198).astype(np.float32)
        level = self.normal(p, 0.15)
        across = np.array([[1], [0], [0]], dtype=np.float32)
        upward = np.stack([0 * y, level[2], -np.abs(level[1])]).astype(np.float32)
        albedo, bump = dressed(self.cloth, p[0], v, (across, upward))
        if self.flap:
            ends_here = self.flap + self.fringe + 0.3
            cord = on_flap & (along > self.flap + 0.3) & (along < ends_here)
            albedo, bump = np.where(cord, self.cloth.cord()[:, None], albedo), np.where(cord, 0, bump)
        ends = smoothstep(0.55, 0.9, np.abs(level[0]))
        layered = 1 - ends * (0.16 + 0.14 * np.sin(p[1] * 5.2))
        bump = bump * (1 - ends) + softly(p, 8.0, self.seed, 0.20)
        return Surface(albedo=albedo * layered, bump=bump, wrap=0.15, sheen=0.25)

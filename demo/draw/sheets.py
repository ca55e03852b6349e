"""Solids of paper and board that carry a picture: a loose sheet, a framed print, a plain board."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from demo.draw.art import PAPER
from demo.draw.cloth import wooden
from demo.draw.motifs import MOTIFS
from demo.draw.noise import cloud
from demo.draw.palette import Floats, mix, pigment
from demo.draw.solids import Place, RoundBox, Solid, Surface


@lru_cache(maxsize=4)
def picture(motif: str, color: str, width: int, ratio: float, seed: int) -> Floats:
    """The drawn picture (height, width, 3), linear light; `color` is a pigment's name."""
    return MOTIFS[motif]((width, round(width * ratio)), pigment(color), seed)


def sampled(image: Floats, u: Floats, v: Floats) -> Floats:
    """The picture's color (3, N) at u to the right, v up, both 0..1; linear between pixels."""
    rows, columns = image.shape[:2]
    x = np.clip(u * columns - 0.5, 0, columns - 1.001)
    y = np.clip((1 - v) * rows - 0.5, 0, rows - 1.001)
    ix, iy = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - ix)[:, None], (y - iy)[:, None]
    upper = image[iy, ix] * (1 - fx) + image[iy, ix + 1] * fx
    lower = image[iy + 1, ix] * (1 - fx) + image[iy + 1, ix + 1] * fx
    return np.asarray((upper * (1 - fy) + lower * fy).T, dtype=np.float32)


def tooth(p: Floats, seed: int, strength: float = 0.02) -> Floats:
    """The bump (3, N) of cotton paper."""
    step = np.float32(0.05)
    here = cloud(p, 3.0, seed, 2)
    moved = p + np.array([[step], [0], [0]], dtype=np.float32)
    raised = p + np.array([[0], [step], [0]], dtype=np.float32)
    slopes = [here - cloud(moved, 3.0, seed, 2), here - cloud(raised, 3.0, seed, 2), 0 * here]
    return (np.stack(slopes) / step * np.float32(strength * 0.3)).astype(np.float32)


@dataclass
class LooseSheet(Solid):
    """A sheet of heavy paper, its face to +z: `size` (width, height) cm, bent by `curl` cm."""

    size: tuple[float, float]
    image: Floats | None = None
    curl: float = 1.6
    thick: float = 0.22
    paper: Floats = field(default_factory=lambda: PAPER)
    place: Place = field(default_factory=Place)
    relax: float = 0.85
    seed: int = 1

    def __post_init__(self) -> None:
        w, h = self.size[0] / 2, self.size[1] / 2
        deep = abs(self.curl) * 1.6 + self.thick
        self.low, self.high = (-w, -h, -deep), (w, h, deep)

    def bend(self, p: Floats) -> Floats:
        """How far the sheet stands forward at a place: it sags back between its ends."""
        v, u = p[1] / (self.size[1] / 2), p[0] / (self.size[0] / 2)
        corner = np.clip(u * v, 0, 1) ** 3
        return np.asarray(self.curl * (0.6 * v * v + 0.5 * corner - 0.3), dtype=np.float32)

    def distance(self, p: Floats) -> Floats:
        z = p[2] - self.bend(p)
        w, h = self.size[0] / 2 - 0.05, self.size[1] / 2 - 0.05
        q = np.stack([np.abs(p[0]) - w, np.abs(p[1]) - h, np.abs(z) - self.thick / 2])
        outside = np.sqrt((np.maximum(q, 0) ** 2).sum(axis=0))
        return np.asarray(outside + np.minimum(q.max(axis=0), 0) - 0.03, dtype=np.float32)

    def surface(self, p: Floats) -> Surface:
        albedo = np.broadcast_to(self.paper[:, None], p.shape).astype(np.float32)
        if self.image is not None:
            face = p[2] > self.bend(p)
            color = sampled(self.image, p[0] / self.size[0] + 0.5, p[1] / self.size[1] + 0.5)
            albedo = np.where(face, color, albedo)
        return Surface(albedo=albedo, bump=tooth(p, self.seed), wrap=0.7)


@dataclass
class Framed(Solid):
    """A print behind a thin oak frame, its face to +z; `size` of the print, `bar` of the frame."""

    size: tuple[float, float]
    image: Floats
    bar: float = 1.5
    deep: float = 2.6
    place: Place = field(default_factory=Place)
    seed: int = 1

    def __post_init__(self) -> None:
        w, h = self.size[0] / 2 + self.bar, self.size[1] / 2 + self.bar
        self.low, self.high = (-w, -h, -self.deep / 2), (w, h, self.deep / 2)

    def inward(self, p: Floats) -> Floats:
        """Distance to the opening's edge, seen from the front: negative on the print."""
        w, h = self.size[0] / 2, self.size[1] / 2
        return np.asarray(np.maximum(np.abs(p[0]) - w, np.abs(p[1]) - h), dtype=np.float32)

    def distance(self, p: Floats) -> Floats:
        half = np.array([side / 2 + self.bar for side in self.size] + [self.deep / 2])
        q = np.abs(p) - half.astype(np.float32)[:, None] + np.float32(0.12)
        box = np.sqrt((np.maximum(q, 0) ** 2).sum(axis=0)) + np.minimum(q.max(axis=0), 0) - 0.12
        well = np.maximum(self.inward(p), self.deep / 2 - 0.9 - p[2])
        return np.asarray(np.maximum(box, -well), dtype=np.float32)

    def surface(self, p: Floats) -> Surface:
        inward = self.inward(p)
        color = sampled(self.image, p[0] / self.size[0] + 0.5, p[1] / self.size[1] + 0.5)
        along_x = wooden(p, 0).albedo
        along_y = wooden(p[[0, 1, 2]] + np.float32(31), 1).albedo
        w, h = self.size[0] / 2, self.size[1] / 2
        upright = (np.abs(p[0]) - w) > (np.abs(p[1]) - h)
        joint = np.abs(np.abs(p[0]) - w - np.abs(p[1]) + h) < 0.05
        wood = np.where(upright, along_y, along_x) * np.where(joint, np.float32(0.8), 1)
        on_print = (inward < -0.02) & (p[2] < self.deep / 2 - 0.7)
        shown = np.where(on_print, color, wood)
        bump = np.where(on_print, tooth(p, self.seed), np.float32(0))
        gloss = np.where(on_print, 0.10, 0.14).astype(np.float32)
        return Surface(albedo=shown.astype(np.float32), bump=bump, gloss=gloss, rough=0.3, wrap=0.6)


@dataclass
class Board(RoundBox):
    """A box in a given linear color with the fine unevenness of paper or board."""

    tint: Floats = field(default_factory=lambda: PAPER)
    lively: float = 0.05
    seed: int = 1

    def surface(self, p: Floats) -> Surface:
        fine = 1 + np.float32(self.lively) * cloud(p, 4.0, self.seed, 3)
        albedo = (self.tint[:, None] * fine).astype(np.float32)
        return Surface(albedo=albedo, bump=tooth(p, self.seed, 0.02))


def shaded(color: Floats, share: float) -> Floats:
    """A color with a share of warm dark: the second tone of the same stuff."""
    return mix(color, pigment("brick") * np.float32(0.4), share)

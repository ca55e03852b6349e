"""Motifs cut in wood and printed in a repeat: shares of ink 0..1 at points (u, v) in cm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demo.draw.noise import cloud
from demo.draw.palette import Floats
from demo.draw.solids import smoothstep
from demo.draw.weave import hashed

Motif = Callable[[Floats, Floats], Floats]


def repeat(u: Floats, v: Floats, size: float, seed: int, *, turned: bool = True) -> tuple[Floats, Floats, Floats]:
    """Half-drop repeat: local place in -0.5..0.5 in each cell, turned by hand, and a cell number.

    Every second column is dropped by half; each print sits a little askew and, if `turned`, every
    second row stands on its head.
    """
    column = np.floor(u / size)
    shifted = v / size + 0.5 * np.mod(column, 2)
    row = np.floor(shifted)
    number = (column * 37 + row * 101).astype(np.int32)
    x, y = u / size - column - 0.5, shifted - row - 0.5
    flip = np.where(np.mod(row + column, 2) == 0, 1, -1) if turned else np.ones_like(x)
    angle = 0.10 * (hashed(number, seed) - 0.5)
    x = x + 0.03 * (hashed(number, seed + 1.5) - 0.5)
    x, y = x + angle * y, (y - angle * x) * flip
    return x.astype(np.float32), y.astype(np.float32), number.astype(np.float32)


def inked(share: Floats, u: Floats, v: Floats, number: Floats, seed: int) -> Floats:
    """A print's share of ink, thinner where the block was dry and at its open grain."""
    p = np.stack([u, v * 0.25, 0 * u]).astype(np.float32)
    grain = cloud(p, 2.6, seed, 2)
    dry = 0.86 + 0.14 * hashed(number.astype(np.int32), seed + 4.0)
    return np.asarray(share * dry * (1 - 0.34 * smoothstep(0.25, 0.75, grain)), dtype=np.float32)


def leaf(x: Floats, y: Floats) -> Floats:
    """One leaf with a rib and veins cut out, upright in -0.5..0.5."""
    t = np.clip((y + 0.40) / 0.80, 0, 1)
    half = 0.27 * np.clip(np.sin(np.pi * t**0.85), 0, 1) ** 0.9
    bend = 0.05 * np.sin(t * 3.0)
    inside = half - np.abs(x - bend)
    body = smoothstep(-0.006, 0.010, inside) * (np.abs(y) < 0.40)
    rib = smoothstep(0.006, 0.016, np.abs(x - bend))
    side = y - 0.62 * np.abs(x - bend)
    vein = np.abs(np.mod(side * 11 + 0.2, 1) - 0.5) / 11
    cut = smoothstep(0.005, 0.012, vein) + (np.abs(x - bend) > half * 0.82)
    stalk = (np.abs(x - 0.02 * (y + 0.4)) < 0.012) & (y > -0.49) & (y < -0.36)
    return np.asarray(np.maximum(body * rib * np.clip(cut, 0, 1), stalk), dtype=np.float32)


def leaves(size: float, seed: int) -> Motif:
    """Leaves in a half drop, `size` cm from one to the next."""

    def share(u: Floats, v: Floats) -> Floats:
        x, y, number = repeat(u, v, size, seed)
        return inked(leaf(x * 0.92, y * 0.98), u, v, number, seed)

    return share


def seed_head(x: Floats, y: Floats) -> Floats:
    """The umbel of a wild carrot: rays from a stalk, each with a small head of dots."""
    cx, cy = x, y + 0.12
    radius, angle = np.hypot(cx, cy), np.arctan2(cx, cy)
    rays = np.float32(11)
    spread = np.float32(2.5)
    number = np.clip(np.round(angle / spread * rays), -5, 5)
    center = number * spread / rays
    aside = np.abs(angle - center) * radius
    reach = 0.40 - 0.035 * np.abs(number) * 0.4
    line = (1 - smoothstep(0.008, 0.015, aside)) * (radius < reach)
    hx, hy = cx - reach * np.sin(center), cy - reach * np.cos(center)
    head = np.hypot(hx, hy)
    petal = 0.050 + 0.012 * np.cos(np.arctan2(hx, hy) * 6)
    dots = 1 - smoothstep(-0.006, 0.006, head - petal)
    eye = smoothstep(0.010, 0.018, head)
    stalk = (np.abs(x + 0.05 * (y + 0.12)) < 0.014) & (cy < 0) & (y > -0.48)
    return np.asarray(np.maximum(np.maximum(line, dots * eye), stalk), dtype=np.float32)


def seed_heads(size: float, seed: int) -> Motif:
    """A large and a small seed head by turns, in a half drop."""

    def share(u: Floats, v: Floats) -> Floats:
        x, y, number = repeat(u, v, size, seed, turned=False)
        scale = np.where(np.mod(np.floor(u / size), 2) == 0, 0.98, 1.25).astype(np.float32)
        return inked(seed_head(x * scale, y * scale), u, v, number, seed)

    return share


def waves(size: float, seed: int) -> Motif:
    """Rows of overlapping half circles, each of three lines."""

    def share(u: Floats, v: Floats) -> Floats:
        row = np.floor(v / (size * 0.5))
        best = np.zeros_like(u)
        shown = np.zeros(u.shape, dtype=bool)
        for back in (1, 0):
            at = row - back
            x = np.mod(u / size + 0.5 * np.mod(at, 2), 1) - 0.5
            y = v / size - at * 0.5
            r = np.hypot(x, y)
            inside = r < 0.5
            rings = np.abs(np.mod(r * 8 + 0.02, 1) - 0.5) * 2
            mark = smoothstep(0.30, 0.48, rings) * (r < 0.475)
            best = np.where(inside & ~shown, mark, best)
            shown |= inside
        return inked(best.astype(np.float32), u, v, row.astype(np.float32), seed)

    return share


def arches(size: float, seed: int) -> Motif:
    """Arches in arches, upright and upside down by turns."""

    def share(u: Floats, v: Floats) -> Floats:
        column, row = np.floor(u / size), np.floor(v / size)
        x, y = u / size - column - 0.5, v / size - row
        y = np.where(np.mod(column + row, 2) == 0, y, 1 - y) - 0.5
        r = np.where(y > 0, np.hypot(x, y), np.abs(x))
        bands = np.abs(np.mod(r * 6.2 + 0.35, 1) - 0.5) * 2
        mark = smoothstep(0.42, 0.56, bands) * (r < 0.46) * (np.abs(y) < 0.47)
        return inked(mark.astype(np.float32), u, v, (column * 31 + row).astype(np.float32), seed)

    return share


def grains(size: float, seed: int) -> Motif:
    """Seeds, two by two, leaning to each other."""

    def share(u: Floats, v: Floats) -> Floats:
        x, y, number = repeat(u, v, size, seed)
        s = np.where(x > 0, 1, -1)
        lx, ly = np.abs(x) - 0.17, y
        a = np.float32(0.50)
        px, py = lx * np.cos(a) - ly * np.sin(a), lx * np.sin(a) + ly * np.cos(a)
        half = 0.115 * np.sqrt(np.clip(1 - (py / 0.30) ** 2, 0, 1)) * (1 - 0.5 * py)
        body = smoothstep(-0.004, 0.010, half - np.abs(px))
        line = smoothstep(0.008, 0.018, np.abs(px) + 0 * s) + (np.abs(py) > 0.19)
        return inked((body * np.clip(line, 0, 1)).astype(np.float32), u, v, number, seed)

    return share

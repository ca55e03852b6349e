"""Woven cloth: which yarn lies on top at every point, how high it stands, what is printed on it.

A `Cloth` knows a structure (which of warp and weft is on top in each cell of the yarn grid), the
dye of every warp end and weft pick, and an optional block print. u runs across, v up, both in cm
on the cloth itself; the origin is the middle of the piece.

    cloth = Cloth(structure="herringbone", ground=pigment("chalk"), yarn=pigment("moss"), pitch=0.28)
    albedo, slope_u, slope_v = cloth.at(u, v)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo.draw.palette import Floats
from demo.draw.solids import smoothstep

Grid = npt.NDArray[np.int32]
Bands = Callable[[Floats], Floats]
Print = Callable[[Floats, Floats], Floats]


def no_bands(at: Floats) -> Floats:
    """No dyed yarn anywhere."""
    return np.zeros_like(at)


def all_dyed(at: Floats) -> Floats:
    """Dyed yarn everywhere."""
    return np.ones_like(at)


def stripes(period: float, *lines: tuple[float, float]) -> Bands:
    """Dyed bands that repeat every `period` cm; each line is (from, to) within the repeat."""

    def share(at: Floats) -> Floats:
        place = np.mod(at, np.float32(period))
        dyed = np.zeros_like(at)
        for first, last in lines:
            dyed = np.where((place >= first) & (place < last), np.float32(1), dyed)
        return dyed

    return share


def lines_from_edge(half: float, *lines: tuple[float, float]) -> Bands:
    """Dyed bands measured inward from both edges of a piece `2 * half` cm wide."""

    def share(at: Floats) -> Floats:
        inward = np.float32(half) - np.abs(at)
        dyed = np.zeros_like(at)
        for first, last in lines:
            dyed = np.where((inward >= first) & (inward < last), np.float32(1), dyed)
        return dyed

    return share


def lines_from_end(end: float, *lines: tuple[float, float]) -> Bands:
    """Dyed bands measured from one end of a piece, which lies at `end` cm."""

    def share(at: Floats) -> Floats:
        dyed = np.zeros_like(at)
        for first, last in lines:
            dyed = np.where((at - end >= first) & (at - end < last), np.float32(1), dyed)
        return dyed

    return share


def hashed(cell: Grid, salt: float) -> Floats:
    """An even random number 0..1 for each whole number."""
    wave = np.sin(cell.astype(np.float32) * np.float32(12.9898) + np.float32(salt)) * 43758.547
    return np.asarray(wave - np.floor(wave), dtype=np.float32)


def warp_on_top(structure: str, i: Grid, j: Grid) -> npt.NDArray[np.bool_]:
    """Whether the warp end `i` passes over the weft pick `j`."""
    if structure == "twill":
        on_top = np.mod(i + j, 4) < 2
    elif structure == "herringbone":
        place = np.mod(i, 16)
        on_top = np.mod(np.where(place < 8, place, 17 - place) + j, 4) < 2
    elif structure == "basket":
        on_top = np.mod(i // 2 + j // 2, 2) == 0
    elif structure == "satin":
        on_top = np.mod(i * 2 + j, 5) != 0
    else:
        on_top = np.mod(i + j, 2) == 0
    return np.asarray(on_top, dtype=np.bool_)


@dataclass(frozen=True)
class Cloth:
    """A woven piece; `pitch` is the distance between two yarns, cm."""

    ground: Floats
    yarn: Floats
    structure: str = "plain"
    pitch: float = 0.3
    warp: Bands = no_bands
    weft: Bands = no_bands
    relief: float = 0.55
    ink: Floats | None = None
    print: Print | None = None
    seed: int = 1

    def at(self, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
        """The color (3, N) and the two slopes (N) of the cloth's surface at u, v."""
        if self.structure == "waffle":
            return self._waffle(u, v)
        p = np.float32(self.pitch)
        drift = 0.10 * np.sin(v * 0.9 + self.seed) + 0.07 * np.sin(v * 2.3 + 1.7 * self.seed)
        a, b = u / p + drift, v / p + 0.10 * np.sin(u * 0.8 + self.seed)
        i, j = np.floor(a).astype(np.int32), np.floor(b).astype(np.int32)
        fu, fv = (a - i) * 2 - 1, (b - j) * 2 - 1
        up = warp_on_top(self.structure, i, j)
        across, along = np.where(up, fu, fv), np.where(up, fv, fu)
        steep = np.float32(self.relief)
        side, dip = -steep * across * 1.15, -steep * 0.55 * along**3
        slope_u, slope_v = np.where(up, side, dip), np.where(up, dip, side)
        dyed = np.where(up, self.warp((i + 0.5) * p), self.weft((j + 0.5) * p))
        if self.structure == "satin":  # warp-faced: the weft hides under its neighbors
            dyed = self.warp((i + 0.5) * p) * np.where(up, np.float32(1), np.float32(0.82))
        albedo = self._dye(dyed.astype(np.float32))
        number = np.where(up, i * 3, j * 3 + 1).astype(np.int32)
        lively = 1 + 0.16 * (hashed(number, self.seed * 0.37) - 0.5)
        groove = 1 - 0.30 * across**4 - 0.10 * along**4
        albedo = albedo * (lively * groove).astype(np.float32)
        return self._printed(albedo, u, v), slope_u, slope_v

    def cord(self) -> Floats:
        """The color of ends twisted together: the warp's."""
        at = np.zeros(1, dtype=np.float32)
        return np.asarray(self._dye(self.warp(at))[:, 0] * np.float32(0.96))

    def _dye(self, dyed: Floats) -> Floats:
        ground, yarn = self.ground[:, None], self.yarn[:, None]
        return np.asarray(ground + (yarn - ground) * dyed, dtype=np.float32)

    def _waffle(self, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
        """Square pits: ridges of long floats around a sunk middle, with the yarns as steps."""
        cell = np.float32(self.pitch * 4)
        fu = np.mod(u / cell, 1) * 2 - 1
        fv = np.mod(v / cell + 0.03 * np.sin(u * 0.7), 1) * 2 - 1
        deep = np.maximum(np.abs(fu), np.abs(fv))
        level = smoothstep(0.05, 0.95, deep)
        steps = 0.35 * np.sin(deep * 4 * np.pi * 2)
        steep = np.float32(self.relief) * (2.0 * level * (1 - level) * 1.6 + steps * 0.5)
        sideways = np.abs(fu) > np.abs(fv)
        slope_u = np.where(sideways, np.sign(fu) * steep, 0).astype(np.float32)
        slope_v = np.where(sideways, 0, np.sign(fv) * steep).astype(np.float32)
        shade = 0.66 + 0.34 * level + 0.04 * np.sin(deep * 25)
        albedo = self._dye(np.ones_like(u)) * shade.astype(np.float32)
        return albedo, slope_u, slope_v

    def _printed(self, albedo: Floats, u: Floats, v: Floats) -> Floats:
        if self.print is None or self.ink is None:
            return albedo
        share = self.print(u, v)
        inked = self.ink[:, None] * (albedo / np.maximum(self.ground[:, None], 0.05))
        return np.asarray(albedo + (inked - albedo) * share, dtype=np.float32)

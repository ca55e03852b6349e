"""Seeded noise: the same seed and place always give the same value.

All functions take points as float32 arrays (3, N) and return (N,).
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from demo.draw.palette import Floats

Ints = npt.NDArray[np.uint32]


def seed_of(text: str) -> int:
    """A 31-bit seed of a text such as a product slug, the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFFFFFF


def _scramble(ix: Ints, iy: Ints, iz: Ints, seed: int) -> Floats:
    """A value in 0..1 for each lattice cell (integer hash after Jenkins' mixing steps)."""
    salt = np.uint32((seed * 2654435761) & 0xFFFFFFFF)
    h = ix * np.uint32(374761393) + iy * np.uint32(668265263) + iz * np.uint32(2147483647) + salt
    h = (h ^ (h >> np.uint32(13))) * np.uint32(1274126177)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(2246822519)
    return ((h ^ (h >> np.uint32(15))) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)


def _cells(points: Floats, frequency: float) -> tuple[Ints, Floats]:
    scaled = points * np.float32(frequency) + np.float32(4096.0)
    base = np.floor(scaled)
    return base.astype(np.uint32), (scaled - base).astype(np.float32)


def value_noise(points: Floats, frequency: float, seed: int) -> Floats:
    """Smooth noise in -1..1; `frequency` in features per unit of length."""
    cell, part = _cells(points, frequency)
    fx, fy, fz = part * part * (3 - 2 * part)
    one = np.uint32(1)
    total = np.zeros(points.shape[1], dtype=np.float32)
    for dx in (0, 1):
        wx = fx if dx else 1 - fx
        for dy in (0, 1):
            wy = fy if dy else 1 - fy
            for dz in (0, 1):
                wz = fz if dz else 1 - fz
                corner = _scramble(cell[0] + one * dx, cell[1] + one * dy, cell[2] + one * dz, seed)
                total += wx * wy * wz * corner
    return total * 2 - 1


def cloud(points: Floats, frequency: float, seed: int, octaves: int = 3) -> Floats:
    """Layered noise in about -1..1: each octave twice as fine and half as strong."""
    total = np.zeros(points.shape[1], dtype=np.float32)
    for octave in range(octaves):
        total += value_noise(points, frequency * 2**octave, seed + octave) / 2**octave
    return total / (2 - 2 ** (1 - octaves))


def speckle(points: Floats, frequency: float, seed: int, share: float) -> Floats:
    """Round specks in 0..1: `share` of the lattice cells hold one speck of random size."""
    cell, part = _cells(points, frequency)
    chosen = _scramble(cell[0], cell[1], cell[2], seed) < share
    size = 0.10 + 0.30 * _scramble(cell[0], cell[1], cell[2], seed + 1) ** 2
    away = np.zeros(points.shape[1], dtype=np.float32)
    for axis in range(3):
        room = _scramble(cell[0], cell[1], cell[2], seed + 2 + axis)
        center = size + (1 - 2 * size) * room
        away += (part[axis] - center) ** 2
    edge = np.clip((size - np.sqrt(away)) / (0.35 * size), 0, 1)
    return np.where(chosen, edge, 0).astype(np.float32)

"""Solids: shapes that know their distance to any point, and what their surface is like.

Units are centimeters; x to the right, y up, z toward the camera; the table is y = 0.
Points are float32 arrays (3, N). Every solid has its own frame: `Place` sets it into the
scene. To make a new kind of solid, subclass `Solid`, set `low`/`high` (corners of the local
bounding box) and write `distance` and `surface`:

    class Notebook(RoundBox):
        def surface(self, p: Floats) -> Surface:
            stripes = np.sin(p[0] * 8) > 0
            return Surface(albedo=mix(pigment("ink"), pigment("chalk"), stripes.astype(np.float32)))

    book = Notebook(size=(14.8, 1.4, 21.0), radius=0.2, place=Place(x=2, y=0.7, yaw=20))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from demo.draw.palette import Floats, pigment


@dataclass(frozen=True)
class Place:
    """Where a solid's own origin stands (cm) and how it is turned (degrees).

    `yaw` turns about the upright axis (positive: counterclockwise from above, so the right side
    goes back), `lean` tips its top away from the camera, `roll` tips its top to the right.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    lean: float = 0.0
    roll: float = 0.0

    def matrix(self) -> Floats:
        """The 3x3 rotation that takes the solid's directions to the scene's."""
        a, b, c = np.radians([self.yaw, -self.lean, -self.roll])
        yaw = [[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]
        lean = [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
        roll = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
        return (np.array(yaw) @ np.array(lean) @ np.array(roll)).astype(np.float32)


@dataclass
class Surface:
    """What light meets at N points.

    albedo (3, N) or (3,), linear. gloss 0..1: strength of the clear coat. rough 0.02 (glass
    glaze) .. 0.6 (matt). bump (3, N): added to the local normal. emission (3, N): own light.
    wrap 0..1: how far light creeps round the form (cloth 0.3, wax 0.6). sheen: soft rim of cloth.
    """

    albedo: Floats
    gloss: float | Floats = 0.0
    rough: float = 0.3
    bump: Floats | None = None
    emission: Floats | None = None
    wrap: float = 0.0
    sheen: float = 0.0


class Solid(ABC):
    """A shape in its own frame, set into the scene by `place`."""

    place: Place
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    #: Share of the distance that a ray may safely go; below 1 for bent or bumpy shapes.
    relax: float = 0.95
    #: Solids that glow do not stop the sun or darken their neighbors.
    casts: bool = True

    @abstractmethod
    def distance(self, p: Floats) -> Floats:
        """Distance (cm) from local points to the surface, negative inside."""

    @abstractmethod
    def surface(self, p: Floats) -> Surface:
        """The surface at local points which lie on it."""

    def normal(self, p: Floats, step: float) -> Floats:
        """Unit normals (3, N) from four nearby distances (tetrahedron), `step` in cm."""
        total = np.zeros_like(p)
        for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            way = np.array(corner, dtype=np.float32)[:, None]
            total += way * self.distance(p + way * np.float32(step))
        return unit(total)


def unit(vectors: Floats) -> Floats:
    """Vectors (3, N) brought to length 1."""
    length = np.sqrt(vectors[0] ** 2 + vectors[1] ** 2 + vectors[2] ** 2)
    return (vectors / np.maximum(length, 1e-9)).astype(np.float32)


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, an S-curve between."""
    part = np.clip((value - low) / (high - low), 0, 1)
    return (part * part * (3 - 2 * part)).astype(np.float32)


def blend(first: Floats, second: Floats, width: float) -> Floats:
    """Smooth union of two distances with a fillet of about `width` cm."""
    share = np.clip(0.5 + 0.5 * (second - first) / width, 0, 1)
    return (second + (first - second) * share - width * share * (1 - share)).astype(np.float32)


@dataclass
class RoundBox(Solid):
    """A box with rounded edges: `size` (width, height, depth) cm, its own center at the origin."""

    size: tuple[float, float, float]
    radius: float = 0.2
    color: str = "oat"
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        half = [side / 2 for side in self.size]
        self.low = (-half[0], -half[1], -half[2])
        self.high = (half[0], half[1], half[2])

    def distance(self, p: Floats) -> Floats:
        half = np.array(self.size, dtype=np.float32)[:, None] / 2 - np.float32(self.radius)
        q = np.abs(p) - half
        outside = np.sqrt((np.maximum(q, 0) ** 2).sum(axis=0))
        return outside + np.minimum(q.max(axis=0), 0) - np.float32(self.radius)

    def surface(self, p: Floats) -> Surface:
        return Surface(albedo=pigment(self.color))


@dataclass
class Pillow(Solid):
    """A stuffed cushion that stands upright: `size` (width, height, thickness) cm.

    In its own frame the cushion's face looks to +z; the seam lies in z = 0; the outline is
    pulled in slightly at the middle of each side, as a filled cover is.
    """

    size: tuple[float, float, float]
    color: str = "oat"
    place: Place = field(default_factory=Place)
    relax: float = 0.55

    def __post_init__(self) -> None:
        w, h, d = (side / 2 for side in self.size)
        self.low, self.high = (-w * 1.05, -h * 1.05, -d * 1.05), (w * 1.05, h * 1.05, d * 1.05)

    def distance(self, p: Floats) -> Floats:
        w, h, d = (np.float32(side / 2) for side in self.size)
        u, v = np.abs(p[0]) / w, np.abs(p[1]) / h
        u = u * (1 + 0.045 * (1 - np.minimum(v, 1) ** 2))
        v = v * (1 + 0.045 * (1 - np.minimum(u, 1) ** 2))
        loft = np.clip((1 - u**2.1) * (1 - v**2.1), 0, None) ** 0.5
        body = (np.abs(p[2]) - d * loft - 0.012 * w) * 0.8
        edge = np.maximum((u - 1) * w, (v - 1) * h)
        return np.maximum(body, edge).astype(np.float32)

    def surface(self, p: Floats) -> Surface:
        return Surface(albedo=pigment(self.color), wrap=0.25, sheen=0.2)

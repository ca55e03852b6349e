"""What stands beside the goods: fruit, twigs with leaves, sticks, liquid. Centimeters.

Props are never for sale, so they stay quiet: few, plain, in the catalog's own pigments.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demo.draw.lathe import Lathe, Profile
from demo.draw.noise import cloud, speckle
from demo.draw.palette import Floats, linear, mix, pigment
from demo.draw.solids import Place, Solid, Surface, smoothstep, unit

Spot = tuple[float, float, float]


@dataclass
class Tube(Solid):
    """A round bar through points (its own frame), with a radius (cm) at each of them."""

    points: tuple[Spot, ...]
    radii: tuple[float, ...]
    color: str = "clay"
    gloss: float = 0.1
    rough: float = 0.4
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        line, most = np.array(self.points), max(self.radii)
        low, high = line.min(axis=0) - most, line.max(axis=0) + most
        self.low = (float(low[0]), float(low[1]), float(low[2]))
        self.high = (float(high[0]), float(high[1]), float(high[2]))

    def distance(self, p: Floats) -> Floats:
        best = np.full(p.shape[1], 1e6, dtype=np.float32)
        for i in range(len(self.points) - 1):
            first = np.array(self.points[i], dtype=np.float32)
            along = np.array(self.points[i + 1], dtype=np.float32) - first
            x, y, z = p[0] - first[0], p[1] - first[1], p[2] - first[2]
            share = (x * along[0] + y * along[1] + z * along[2]) / (along @ along)
            share = np.minimum(np.maximum(share, 0), 1)
            x, y, z = x - along[0] * share, y - along[1] * share, z - along[2] * share
            radius = self.radii[i] + np.float32(self.radii[i + 1] - self.radii[i]) * share
            best = np.minimum(best, np.sqrt(x * x + y * y + z * z) - radius)
        return best.astype(np.float32)

    def surface(self, p: Floats) -> Surface:
        grain = 1 + 0.08 * cloud(p * np.array([[3], [0.5], [3]], dtype=np.float32), 1.0, 5)
        color = pigment(self.color)[:, None] * grain
        return Surface(albedo=color.astype(np.float32), gloss=self.gloss, rough=self.rough)


@dataclass(frozen=True)
class Leaf:
    """A leaf blade: base and direction of growth, a normal, half length and half width (cm)."""

    base: Spot
    grow: Spot
    face: Spot
    long: float
    wide: float
    tone: float

    def axes(self) -> Floats:
        """Unit vectors along, across and off the blade, as the rows of (3, 3)."""
        along = unit(np.array([self.grow], dtype=np.float32).T)
        face = np.array([self.face], dtype=np.float32).T
        off = unit(face - along * (face * along).sum())
        across = np.cross(along.T, off.T).T
        return np.hstack([along, across, off]).T.astype(np.float32)


@dataclass
class Foliage(Solid):
    """The leaves of one twig, in the twig's frame."""

    leaves: tuple[Leaf, ...]
    color: str = "moss"
    second: str = "pine"
    place: Place = field(default_factory=Place)
    relax: float = 0.7

    def __post_init__(self) -> None:
        reach = [
            np.array(leaf.base) + sign * 2.3 * leaf.long * np.abs(unit(np.array([leaf.grow]).T).T[0])
            + sign * leaf.wide
            for leaf in self.leaves
            for sign in (-1, 1)
        ]
        low, high = np.min(reach, axis=0), np.max(reach, axis=0)
        self.low = (float(low[0]), float(low[1]), float(low[2]))
        self.high = (float(high[0]), float(high[1]), float(high[2]))
        self.frames = [leaf.axes() for leaf in self.leaves]

    def _blade(self, i: int, p: Floats) -> tuple[Floats, Floats, Floats]:
        """Distance to one blade, with the places along (-1..1) and across (cm) it."""
        leaf = self.leaves[i]
        along, v, off = self.frames[i] @ (p - np.array(leaf.base, dtype=np.float32)[:, None])
        u = along / np.float32(leaf.long) - 1
        bow = 0.16 * leaf.long * np.minimum(u * u, 1.5) - 0.25 * np.minimum(np.abs(v), leaf.wide)
        n = off + bow
        half = leaf.wide * np.clip(1 - u * u, 0, 1) * (1 - 0.25 * u)
        outline = np.maximum(np.abs(v) - half, (np.abs(u) - 1) * leaf.long) * 0.75
        return np.hypot(np.maximum(outline, 0), n) - 0.05, u, v

    def distance(self, p: Floats) -> Floats:
        """Exact near a blade; the distance to the ball round it where that is far."""
        best = np.full(p.shape[1], 1e6, dtype=np.float32)
        for i, leaf in enumerate(self.leaves):
            middle = np.array(leaf.base, dtype=np.float32) + self.frames[i][0] * leaf.long
            x, y, z = p[0] - middle[0], p[1] - middle[1], p[2] - middle[2]
            ball = np.sqrt(x * x + y * y + z * z) - np.float32(1.25 * leaf.long)
            near = np.nonzero(ball < 0.35 * leaf.long)[0]
            ball = np.maximum(ball, 0.3 * leaf.long)
            if near.size:
                ball[near] = self._blade(i, p[:, near])[0]
            best = np.minimum(best, ball)
        return best

    def surface(self, p: Floats) -> Surface:
        best = np.full(p.shape[1], 1e6, dtype=np.float32)
        tone, vein = np.zeros_like(best), np.zeros_like(best)
        for i, leaf in enumerate(self.leaves):
            away, u, v = self._blade(i, p)
            closer = away < best
            best = np.where(closer, away, best)
            tone = np.where(closer, leaf.tone, tone)
            line = smoothstep(0.10, 0.03, np.abs(v)) * smoothstep(1.0, 0.6, u)
            vein = np.where(closer, line, vein)
        color = mix(pigment(self.color), pigment(self.second), tone)
        color = mix(color, pigment("chalk"), 0.22 * vein)
        return Surface(albedo=color, gloss=0.22, rough=0.35, wrap=0.35)


def twig(
    *, foot: Spot, tip: Spot, seed: int, leaves: int = 9, size: float = 2.6, bend: float = 0.18,
    color: str = "moss",
) -> list[Solid]:
    """A twig that curves from foot to tip with alternating leaves; none when `leaves` is 0."""
    rng = np.random.default_rng(seed)
    start, end = np.array(foot), np.array(tip)
    length = float(np.linalg.norm(end - start))
    side = np.array([1.0, 0.0, 0.3]) * bend * length * (1 if end[0] >= start[0] else -1)
    shares = np.linspace(0, 1, 6)
    line = [start + (end - start) * t - side * np.sin(np.pi * t) * 0.8 for t in shares]
    radii = tuple(float(r) for r in np.linspace(0.011, 0.004, 6) * length)
    stem = Tube(tuple((float(a), float(b), float(c)) for a, b, c in line), radii, color="#7a5c43")
    solids: list[Solid] = [stem]
    blades = []
    for i in range(leaves):
        t = 0.34 + 0.66 * (i + 0.5) / max(leaves, 1)
        at = min(int(t * 5), 4)
        base = line[at] + (line[at + 1] - line[at]) * (t * 5 - at)
        ahead = (line[at + 1] - line[at]) / np.linalg.norm(line[at + 1] - line[at])
        turn = (1 if i % 2 else -1) * (0.9 + 0.3 * rng.random()) * (1.1 - 0.8 * t)
        out = np.array([turn, 0.1 * rng.standard_normal(), 0.5 * rng.standard_normal()])
        grow = ahead * (0.5 + 0.7 * t) + out
        face = np.array([-0.3 * turn, 0.75, 0.7]) + 0.25 * rng.standard_normal(3)
        half = size * (0.72 + 0.4 * rng.random()) * (1.12 - 0.42 * t) / 2
        blades.append(_leaf(base, grow, face, half, rng.random()))
    if blades:
        solids.append(Foliage(tuple(blades), color=color))
    return solids


def _leaf(base: Floats, grow: Floats, face: Floats, half: float, tone: float) -> Leaf:
    spots = [(float(v[0]), float(v[1]), float(v[2])) for v in (base, grow, face)]
    return Leaf(spots[0], spots[1], spots[2], long=half, wide=half * 0.52, tone=float(tone) * 0.8)


PEAR = Profile(
    points=((0, 0.25), (1.5, 0.15), (3.1, 1.6), (3.3, 3.2), (2.3, 5.2), (1.45, 6.8), (1.0, 7.9), (0, 8.3)),
    walls=(0.1,) * 8, closed=True, smooth=True,
)
LEMON = Profile(
    points=((0, -0.1), (0.6, 0.25), (1.7, 0.9), (2.75, 2.4), (2.75, 4.6), (1.7, 6.1), (0.6, 6.8), (0, 7.2)),
    walls=(0.1,) * 8, closed=True, smooth=True,
)


@dataclass
class Fruit(Lathe):
    """A pear or a lemon: its profile, a skin of two colors and pores."""

    second: str = "moss"
    seed: int = 1
    gloss: float = 0.25
    rough: float = 0.35

    def surface(self, p: Floats) -> Surface:
        turn = smoothstep(-0.5, 0.9, cloud(p, 0.16, self.seed) + 0.25 * p[0] / self.high[0])
        color = mix(pigment(self.color), pigment(self.second), 0.65 * turn)
        color = mix(color, pigment("brick"), 0.35 * speckle(p, 2.6, self.seed, 0.25))
        bump = np.stack([0.05 * cloud(p, 2.2, self.seed + i) for i in range(3)])
        return Surface(color, gloss=self.gloss, rough=self.rough, bump=bump, wrap=0.3)


def pear(place: Place, seed: int) -> list[Solid]:
    """A standing pear with its stalk."""
    fruit = Fruit(PEAR, color="#c9b65a", second="#8d9a55", seed=seed, place=place)
    tip = place.matrix() @ np.array([0, 7.7, 0], dtype=np.float32)
    end = place.matrix() @ np.array([0.5, 9.9, 0.2], dtype=np.float32)
    stalk = Tube(
        ((0, 0, 0), tuple(map(float, (end - tip) * 0.5 + 0.08)), tuple(map(float, end - tip))),  # type: ignore[arg-type]
        (0.16, 0.14, 0.2), color="#5f4936",
        place=Place(place.x + float(tip[0]), place.y + float(tip[1]), place.z + float(tip[2])),
    )
    return [fruit, stalk]


def lemon(place: Place, seed: int) -> Fruit:
    """A lemon; in its own frame it stands on one end."""
    return Fruit(LEMON, color="#e8bd3f", second="#e0ac35", seed=seed, gloss=0.3, place=place)


@dataclass
class Liquid(Lathe):
    """A still disc of coffee or tea."""

    gloss: float = 1.0
    rough: float = 0.02

    def surface(self, p: Floats) -> Surface:
        rho = np.hypot(p[0], p[2]) / max(point[0] for point in self.profile.points)
        edge = smoothstep(0.90, 1.0, rho)
        color = mix(linear(self.color), mix(linear(self.color), pigment("clay"), 0.6), edge)
        return Surface(color, gloss=self.gloss, rough=self.rough)


def liquid(radius: float, height: float, place: Place, color: str = "#3a241a") -> Liquid:
    """Liquid that fills a vessel of an inner radius up to a height."""
    disc = Profile(
        ((0, height - 0.4), (radius, height - 0.4), (radius, height), (0, height)), (0.02,) * 4,
        closed=True, smooth=False,
    )
    return Liquid(disc, color=color, place=place)

"""Turned forms: a profile line revolved about the upright axis.

A `Profile` is a line in the half plane (radius, height), cm, from its first to its last point,
with a wall thickness at each point; the surface is everything within half the thickness of the
line, so rims come out rounded as a potter's finger leaves them. A closed profile is filled.
The distance field of a profile is tabled once on a grid, with the share `s` (0..1) of the way
along the line and the side of it (+1 outside, -1 inside of the vessel).

    cup = Profile(points=((0, 0.8), (3, 0.8), (3.8, 2.5), (4, 8)), walls=(0.6, 0.6, 0.5, 0.35))
    solid = Lathe(profile=cup, place=Place(x=3))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from demo.draw.palette import Floats, pigment
from demo.draw.solids import Place, Solid, Surface, blend

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Profile:
    """One turned wall. `extra` are further straight walls ((r, y), (r, y), thickness): foot rings."""

    points: Line
    walls: tuple[float, ...]
    extra: tuple[tuple[tuple[float, float], tuple[float, float], float], ...] = ()
    closed: bool = False
    smooth: bool = True


@dataclass(frozen=True)
class Table:
    """A profile's distance field: value at row (height) and column (radius), `cell` cm apart."""

    distance: Floats
    share: Floats
    side: Floats
    cell: float
    bottom: float
    radius: float
    top: float

    def look_up(self, grid: Floats, rho: Floats, y: Floats) -> Floats:
        """The grid's value at radius and height, linear between cells, clamped at its borders."""
        rows, columns = grid.shape
        u = np.clip(rho / np.float32(self.cell), 0, np.float32(columns - 1.001))
        v = np.clip((y - np.float32(self.bottom)) / np.float32(self.cell), 0, np.float32(rows - 1.001))
        iu, iv = np.floor(u), np.floor(v)  # kept as float32: integers would widen all to float64
        fu, fv = u - iu, v - iv
        flat, at = grid.ravel(), (iv * np.float32(columns) + iu).astype(np.int32)
        lower = flat.take(at)
        lower += (flat.take(at + 1) - lower) * fu
        at += np.int32(columns)
        upper = flat.take(at)
        upper += (flat.take(at + 1) - upper) * fu
        return np.asarray(lower + (upper - lower) * fv)


def curve(points: Line, walls: tuple[float, ...], *, smooth: bool, closed: bool) -> Floats:
    """The line as (3, M): radius, height, thickness; a centripetal-like spline when smooth."""
    knots = np.array([(*point, wall) for point, wall in zip(points, walls, strict=True)])
    if closed:
        knots = np.vstack([knots, knots[:1]])
    if not smooth:
        return np.asarray(knots.T, dtype=np.float32)
    gaps = np.maximum(np.hypot(*np.diff(knots[:, :2], axis=0).T), 1e-6)
    slopes = np.diff(knots, axis=0) / gaps[:, None]
    tangents = np.vstack([slopes[:1], (slopes[1:] + slopes[:-1]) / 2, slopes[-1:]])
    tangents[1:-1] = (
        slopes[:-1] * gaps[1:, None] + slopes[1:] * gaps[:-1, None]
    ) / (gaps[1:] + gaps[:-1])[:, None]
    pieces, steps = [], np.linspace(0, 1, 12, endpoint=False)[:, None]
    for i, gap in enumerate(gaps):
        t2, t3 = steps**2, steps**3
        pieces.append(
            (2 * t3 - 3 * t2 + 1) * knots[i]
            + (t3 - 2 * t2 + steps) * gap * tangents[i]
            + (3 * t2 - 2 * t3) * knots[i + 1]
            + (t3 - t2) * gap * tangents[i + 1]
        )
    line = np.vstack([*pieces, knots[-1:]])
    line[:, 0] = np.maximum(line[:, 0], 0)
    return np.asarray(line.T, dtype=np.float32)


@lru_cache(maxsize=96)
def line_of(profile: Profile) -> Floats:
    """The smoothed line of a profile as (3, M): radius, height, thickness."""
    return curve(profile.points, profile.walls, smooth=profile.smooth, closed=profile.closed)


@lru_cache(maxsize=48)
def table(profile: Profile, cells: int = 260) -> Table:
    """The distance field of a profile; the longer side of its box gets `cells` cells."""
    line = line_of(profile)
    spread = float(line[2].max())
    radius = float(line[0].max()) + spread
    bottom, top = float(line[1].min()) - spread, float(line[1].max()) + spread
    for first, last, _ in profile.extra:
        bottom = min(bottom, first[1] - spread, last[1] - spread)
    margin = 0.06 * max(radius, top - bottom)
    radius, bottom, top = radius + margin, bottom - margin, top + margin
    cell = max(radius, top - bottom) / cells
    rho = np.arange(int(radius / cell) + 2, dtype=np.float32)[None, :] * np.float32(cell)
    y = np.arange(int((top - bottom) / cell) + 2, dtype=np.float32)[:, None] * np.float32(cell)
    y = y + np.float32(bottom)
    distance, share, side = _field(line, rho, y, closed=profile.closed)
    for first, last, thick in profile.extra:
        distance = np.minimum(distance, _segment(first, last, rho, y)[0] - thick / 2)
    return Table(distance.astype(np.float32), share, side, cell, bottom, radius, top)


def _segment(
    first: tuple[float, float], last: tuple[float, float], rho: Floats, y: Floats
) -> tuple[Floats, Floats, Floats]:
    """Distance to a segment, the share along it (0..1) and the cross product (side)."""
    ax, ay = rho - first[0], y - first[1]
    bx, by = last[0] - first[0], last[1] - first[1]
    part = np.clip((ax * bx + ay * by) / max(bx * bx + by * by, 1e-12), 0, 1)
    dx, dy = ax - bx * part, ay - by * part
    return np.sqrt(dx * dx + dy * dy), part, ax * by - ay * bx


def _field(line: Floats, rho: Floats, y: Floats, *, closed: bool) -> tuple[Floats, Floats, Floats]:
    """Distance, share and side of every grid point to a line (3, M)."""
    lengths = np.hypot(np.diff(line[0]), np.diff(line[1]))
    along = np.concatenate([[0], np.cumsum(lengths)]) / max(lengths.sum(), 1e-9)
    best = np.full((y.shape[0], rho.shape[1]), 1e9, dtype=np.float32)
    share, side = np.zeros_like(best), np.ones_like(best)
    inside = np.zeros(best.shape, dtype=bool)
    for i in range(line.shape[1] - 1):
        first = (float(line[0, i]), float(line[1, i]))
        last = (float(line[0, i + 1]), float(line[1, i + 1]))
        if closed and first[1] != last[1]:
            crosses = (first[1] > y) != (last[1] > y)
            at = first[0] + (y - first[1]) * (last[0] - first[0]) / (last[1] - first[1])
            inside ^= crosses & (rho < at)
        if closed and first[0] <= 1e-6 and last[0] <= 1e-6:
            continue  # the axis is inside of the form, not a surface
        away, part, cross = _segment(first, last, rho, y)
        if not closed:
            away = away - (line[2, i] + (line[2, i + 1] - line[2, i]) * part) * np.float32(0.5)
        closer = away < best
        best = np.where(closer, away, best)
        share = np.where(closer, float(along[i]) + float(along[i + 1] - along[i]) * part, share)
        side = np.where(closer, np.sign(cross), side)
    if closed:
        best = np.where(inside, -best, best)
    return best, share.astype(np.float32), side.astype(np.float32)


@dataclass
class Handle:
    """A pulled handle on the right side (+x): center height, reach, drop and strap size, cm."""

    y: float
    reach: float
    drop: float
    thick: float = 0.5
    broad: float = 0.8


@dataclass
class Lathe(Solid):
    """A turned solid; subclasses give it a surface. Its origin is on the axis, at y = 0."""

    profile: Profile
    handle: Handle | None = None
    color: str = "chalk"
    gloss: float = 0.5
    rough: float = 0.1
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        self.table = table(self.profile)
        reach, t = self.table.radius, self.table
        right = reach + (self.handle.reach + self.handle.thick if self.handle else 0)
        self.grip = self.wall_radius(self.handle.y) if self.handle else 0.0
        self.low, self.high = (-reach, t.bottom, -reach), (right, t.top, reach)

    def distance(self, p: Floats) -> Floats:
        rho = np.sqrt(p[0] * p[0] + p[2] * p[2])
        near = self.table.look_up(self.table.distance, rho, p[1])
        t = self.table
        out_y = np.maximum(np.maximum(t.bottom - p[1], p[1] - t.top), 0)
        out_r = np.maximum(rho - t.radius, 0)
        body = near + np.sqrt(out_r * out_r + out_y * out_y)
        if self.handle is None:
            return np.asarray(body, dtype=np.float32)
        return self._with_handle(p, rho, np.asarray(body, dtype=np.float32))

    def _with_handle(self, p: Floats, rho: Floats, body: Floats) -> Floats:
        """The body with its handle: half an ellipse ring of oval section, kept out of the inside."""
        handle = self.handle
        assert handle is not None
        wall = self.grip
        x, y = p[0] - np.float32(wall - 0.15 * handle.reach), p[1] - np.float32(handle.y)
        a, b = handle.reach * 1.15, handle.drop / 2
        k = np.sqrt((x / a) ** 2 + (y / b) ** 2) + 1e-6
        slope = np.sqrt((x / (a * a)) ** 2 + (y / (b * b)) ** 2) / k + 1e-6
        ring = (k - 1) / slope
        flat = np.hypot(ring / (handle.thick / 2), p[2] / (handle.broad / 2)) - 1
        strap = flat * (min(handle.thick, handle.broad) / 2)
        inner = np.minimum(wall - 0.25 - rho, 1e3)
        strap = np.maximum(strap, inner) * 0.8
        return blend(body, strap.astype(np.float32), 0.35)

    def wall_radius(self, y: float) -> float:
        """The outermost radius of the wall's line at a height."""
        line = line_of(self.profile)
        close = np.abs(line[1] - y) < 0.06 * float(np.ptp(line[1])) + 1e-3
        return float(line[0][close].max()) if close.any() else float(line[0].max())

    def along(self, p: Floats) -> tuple[Floats, Floats]:
        """For points on the surface: the share 0..1 along the profile and the side (+1 outside)."""
        rho = np.sqrt(p[0] * p[0] + p[2] * p[2])
        share = self.table.look_up(self.table.share, rho, p[1])
        side = self.table.look_up(self.table.side, rho, p[1])
        return share, side

    def surface(self, p: Floats) -> Surface:
        return Surface(albedo=pigment(self.color), gloss=self.gloss, rough=self.rough)

"""Solids of paper goods: books, envelopes, parcels, rolls. Centimeters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from demo.draw.art import PAPER
from demo.draw.noise import cloud
from demo.draw.palette import PIGMENTS, Floats, mix
from demo.draw.props import Tube
from demo.draw.sheets import tooth
from demo.draw.solids import Place, RoundBox, Solid, Surface, smoothstep
from demo.draw.weave import Cloth

Motif = Callable[[Floats, Floats], Floats]
PAGES = mix(PIGMENTS["chalk"], PIGMENTS["oat"], 0.30)


def box(p: Floats, center: tuple[float, float, float], size: tuple[float, float, float], radius: float) -> Floats:
    """Distance to a rounded box."""
    half = np.array(size, dtype=np.float32)[:, None] / 2 - np.float32(radius)
    q = np.abs(p - np.array(center, dtype=np.float32)[:, None]) - half
    outside = np.sqrt((np.maximum(q, 0) ** 2).sum(axis=0))
    return np.asarray(outside + np.minimum(q.max(axis=0), 0) - np.float32(radius), dtype=np.float32)


@dataclass
class Book(Solid):
    """A closed book that lies on its back: the spine at -x, the front cover at +y, its head at -z.

    `size` (width, thickness, height); `board` the covers' color, `spine` the color of its cloth,
    which reaches `strip` cm onto the covers; an open spine (no color) shows the sewn sections.
    """

    size: tuple[float, float, float]
    board: Floats
    spine: Floats | None = None
    strip: float = 3.0
    cover: float = 0.24
    elastic: Floats | None = None
    label: bool = False
    woven: bool = False
    soft: bool = False
    place: Place = field(default_factory=Place)
    relax: float = 0.85
    seed: int = 1

    def __post_init__(self) -> None:
        w, t, h = (side / 2 for side in self.size)
        self.low, self.high = (-w - 0.3, -t - 0.2, -h - 0.2), (w + 0.2, t + 0.2, h + 0.2)

    def distance(self, p: Floats) -> Floats:
        w, t, h = self.size
        c = self.cover
        over = 0.0 if self.soft else 0.28
        front = box(p, (0, t / 2 - c / 2, 0), (w, c, h), c * 0.36)
        back = box(p, (0, c / 2 - t / 2, 0), (w, c, h), c * 0.36)
        leaves = box(p, (-over / 2, 0, 0), (w - over - 0.1, t - c, h - 2 * over), 0.05)
        away = np.minimum(np.minimum(front, back), leaves)
        if self.spine is not None:
            hollow = smoothstep(0.35, 0.0, np.abs(p[0] + w / 2 - 0.75)) * 0.05
            back_board = box(p, (-w / 2 + 0.05, 0, 0), (c + 0.12, t + 0.02, h), 0.10)
            away = np.minimum(away + hollow, back_board)
        if self.elastic is not None:
            band = box(p, (w / 2 - 1.7, 0, 0), (0.6, t + 0.16, h + 0.16), 0.10)
            away = np.minimum(away, band)
        return away.astype(np.float32)

    def surface(self, p: Floats) -> Surface:
        w, t, _ = self.size
        x, y, z = p
        fine = 1 + np.float32(0.06) * cloud(p, 5.0, self.seed, 3)
        albedo = self.board[:, None] * fine
        bump = tooth(p, self.seed, 0.03)
        if self.woven:
            albedo, bump = self._cloth(p, self.board)
        over = 0.0 if self.soft else 0.28
        inner = np.abs(y) < t / 2 - self.cover * 0.98
        paged = inner & (x > -w / 2 + (0.3 if self.spine is not None else 0.02))
        leaf = 1 - 0.13 * (np.sin(y * 46 + 3 * np.sin(x * 0.7) + z * 0.03) > 0.3)
        albedo = np.where(paged, PAGES[:, None] * leaf * 0.97, albedo)
        if self.spine is not None:
            cloth = (x < -w / 2 + self.strip) & ~paged
            woven, raised = self._cloth(p, self.spine)
            albedo, bump = np.where(cloth, woven, albedo), np.where(cloth, raised, bump)
            seam = np.abs(x + w / 2 - self.strip) < 0.04
            albedo = np.where(seam & ~paged, albedo * 0.8, albedo)
        else:
            albedo = np.where(inner & (x < -w / 2 + over + 0.2), self._sewn(y, z), albedo)
        albedo, bump = self._extras(p, albedo, bump)
        return Surface(albedo=albedo.astype(np.float32), bump=bump.astype(np.float32), wrap=0.35)

    def _extras(self, p: Floats, albedo: Floats, bump: Floats) -> tuple[Floats, Floats]:
        w, t, h = self.size
        if self.label:
            x, z = np.abs(p[0] - 0.3), np.abs(p[2] + h * 0.22)
            edge = np.maximum(x - w * 0.22, z - h * 0.075)
            line = np.abs(edge + 0.22) < 0.045
            paper = np.where(line, self.board[:, None] * 0.7, PAPER[:, None])
            albedo = np.where((edge < 0) & (p[1] > t / 2 - 0.1), paper, albedo)
        if self.elastic is not None:
            away = np.abs(np.abs(p[0] - w / 2 + 1.7)) < 0.31
            out = np.maximum(np.abs(p[1]) - t / 2, np.abs(p[2]) - h / 2) > 0.015
            ribs = 1 - 0.18 * np.abs(np.sin(p[0] * 26))
            albedo = np.where(away & out, self.elastic[:, None] * ribs, albedo)
            bump = np.where(away & out, np.float32(0), bump)
        return albedo, bump

    def _cloth(self, p: Floats, color: Floats) -> tuple[Floats, Floats]:
        """Book cloth over the covers and the back."""
        cloth = Cloth(color, color * np.float32(0.86), "plain", 0.11, relief=0.40, seed=self.seed)
        side = p[0] < 0.02 - self.size[0] / 2
        albedo, slope_u, slope_v = cloth.at(np.where(side, p[1], p[0]), p[2])
        zero = np.zeros_like(slope_u)
        bump = -np.stack([np.where(side, zero, slope_u), np.where(side, slope_u, zero), slope_v])
        return albedo, bump.astype(np.float32)

    def _sewn(self, y: Floats, z: Floats) -> Floats:
        """The bare back of sewn sections: folds, and four rows of linen thread."""
        fold = np.abs(np.sin(y * np.pi / 0.30))
        base = PAGES[:, None] * (0.72 + 0.26 * fold)
        row = np.abs(np.mod(np.abs(z) + 1.0, 4.2) - 2.1) < 0.32
        stitch = np.abs(np.sin(y * np.pi / 0.30 + 1.2)) > 0.35
        return np.where(row & stitch, PIGMENTS["clay"][:, None] * 0.95, base).astype(np.float32)


@dataclass
class Envelope(Solid):
    """An envelope that shows its back, its face to +z; open ones show their lining."""

    size: tuple[float, float]
    paper: Floats
    lining: Floats | None = None
    thick: float = 0.3
    place: Place = field(default_factory=Place)
    relax: float = 0.7
    seed: int = 1

    def __post_init__(self) -> None:
        w, h = self.size[0] / 2, self.size[1] / 2
        rise = self.size[1] * 0.62 if self.lining is not None else 0.0
        self.low, self.high = (-w, -h, -2.2), (w, h + rise, self.thick)

    def flap(self, x: Floats, y: Floats) -> Floats:
        """Outside of the opened flap's outline (cm): a triangle with a rounded point above."""
        w, h = self.size[0] / 2, self.size[1] / 2
        high = self.size[1] * 0.60
        across = np.abs(x) - (w - 0.15) * np.clip(1 - (y - h) / high, 0, 1) ** 0.92
        return np.asarray(np.maximum(across * 0.72, y - h - high * 0.94), dtype=np.float32)

    def distance(self, p: Floats) -> Floats:
        w, h = self.size
        body = box(p, (0, 0, 0), (w, h, self.thick), 0.10)
        if self.lining is None:
            return body
        back = -0.13 * np.maximum(p[1] - h / 2, 0) - self.thick / 2 + 0.06
        sheet = np.maximum(np.abs(p[2] - back) - 0.05, self.flap(p[0], p[1]))
        sheet = np.maximum(sheet, h / 2 - 0.2 - p[1])
        return np.asarray(np.minimum(body, sheet), dtype=np.float32)

    def surface(self, p: Floats) -> Surface:
        w, h = self.size[0] / 2, self.size[1] / 2
        x, y = p[0], p[1]
        rise, inward = (h + y) / (2 * h), np.clip(1 - np.abs(x) / w, 0, 1)
        pocket = np.abs(rise - 0.56 * inward**0.9 - 0.02)
        flap = rise - 1 + 0.66 * inward**0.92
        lines = smoothstep(0.020, 0.006, pocket) * 0.10
        if self.lining is None:
            lines = np.where(flap > 0, 0, lines)
            lines = np.maximum(lines, smoothstep(0.055, 0.0, -flap) * (flap < 0) * 0.22)
        facing = p[2] > 0
        albedo = self.paper[:, None] * (1 - lines * facing)
        if self.lining is not None:
            lined = (y > h + 0.02) & (self.flap(x, y) < -0.55)
            albedo = np.where(lined, self.lining[:, None], albedo)
        return Surface(albedo.astype(np.float32), bump=tooth(p, self.seed), wrap=0.6)


@dataclass
class Wrapped(RoundBox):
    """A box in printed paper: the motif runs over its faces, the wrapped ends show their folds."""

    paper: Floats = field(default_factory=lambda: PAPER)
    ink: Floats = field(default_factory=lambda: PIGMENTS["pine"])
    motif: Motif | None = None
    ends: bool = True
    seed: int = 1

    def surface(self, p: Floats) -> Surface:
        flat = self.normal(p, 0.03)
        a = np.abs(flat)
        sideways = (a[0] > a[1]) & (a[0] > a[2])
        above = (a[1] > a[0]) & (a[1] >= a[2])
        x, y, z = p
        half = self.size[1] / 2
        u = np.where(sideways, z, x)
        v = np.where(above, -z + self.size[2] / 2 + half, y)
        share = self.motif(u.astype(np.float32), v.astype(np.float32)) if self.motif else np.zeros_like(x)
        albedo = self.paper[:, None] + (self.ink - self.paper)[:, None] * share
        if self.ends:
            fold = np.abs(np.abs(z) - (self.size[2] / 2 - (half - np.abs(y)) * 1.0 - 0.3))
            crease = smoothstep(0.10, 0.02, fold) * sideways * 0.28
            albedo = albedo * (1 - crease)
        fine = 1 + 0.04 * cloud(p, 3.0, self.seed, 2)
        return Surface((albedo * fine).astype(np.float32), bump=tooth(p, self.seed, 0.05), wrap=0.3)


@dataclass
class Roll(Solid):
    """A roll of paper along x that lies on y = 0, its loose end run out toward the camera."""

    length: float
    radius: float
    paper: Floats
    stripe: Floats
    tongue: float = 0.0
    place: Place = field(default_factory=Place)
    relax: float = 0.8
    seed: int = 1

    def __post_init__(self) -> None:
        half, r = self.length / 2, self.radius
        self.low, self.high = (-half, 0.0, -r), (half, 2 * r + 0.2, max(r, self.tongue + 1))

    def distance(self, p: Floats) -> Floats:
        r = np.float32(self.radius)
        y, z = p[1] - r, p[2]
        rho = np.hypot(y, z)
        wall = np.abs(rho - (r - 0.30)) - 0.30
        if self.tongue:
            rise = 0.05 * np.maximum(z - self.tongue * 0.55, 0) ** 1.7
            sheet = np.abs(p[1] - 0.06 - rise) - 0.05
            sheet = np.maximum(sheet, np.maximum(-z, z - self.tongue - 0.25 * np.sin(p[0] * 0.1)))
            wall = np.minimum(wall, sheet)
        return np.asarray(np.maximum(wall, np.abs(p[0]) - self.length / 2) * 0.9, dtype=np.float32)

    def surface(self, p: Floats) -> Surface:
        place = np.abs(np.mod(p[0] + 1.5, 3.0) - 1.5)
        share = smoothstep(0.19, 0.15, place)
        rho = np.hypot(p[1] - self.radius, p[2])
        end = np.abs(p[0]) > self.length / 2 - 0.05
        albedo = mix(self.paper, self.stripe, share)
        layers = 0.80 + 0.20 * np.sin(rho * 42 + np.arctan2(p[1] - self.radius, p[2]))
        albedo = np.where(end, mix(self.paper, PAGES, 0.6)[:, None] * layers, albedo)
        return Surface(albedo.astype(np.float32), bump=tooth(p, self.seed, 0.03), wrap=0.25, gloss=0.06)


def string_around(size: tuple[float, float, float], place: Place, color: str) -> list[Solid]:
    """String both ways round a box that stands at `place`, with a bow on top."""
    w, h, d = (side / 2 + 0.06 for side in size)
    thick = 0.13
    along = Tube(((-w, -h, 0.4), (-w, h, 0.4), (w, h, 0.4), (w, -h, 0.4)), (thick,) * 4, color=color, place=place)
    across = Tube(((-1, -h, -d), (-1, h, -d), (-1, h, d), (-1, -h, d)), (thick,) * 4, color=color, place=place)
    turns = np.linspace(0, 1, 15)
    solids: list[Solid] = [along, across]
    for side, long in ((-1, 3.4), (1, 3.0)):
        loop = tuple(
            (
                -1 + side * float(long * np.sin(np.pi * t) * (0.75 + 0.25 * np.cos(2 * np.pi * t))),
                h + 0.15 + float(0.9 * np.sin(np.pi * t) * (1 - 0.4 * t)),
                0.4 + float(2.0 * (t - 0.5) * np.sin(np.pi * t)) + 0.25 * side,
            )
            for t in turns
        )
        solids.append(Tube(loop, (thick,) * len(loop), color=color, place=place))
        tail = ((-1.0, h + 0.2, 0.4), (-1 + side * 1.6, h + 0.25, 1.9), (-1 + side * 2.6, h + 0.08, 3.6))
        solids.append(Tube(tail, (thick, thick, thick), color=color, place=place))
    solids.append(Tube(((-1.2, h + 0.15, 0.4), (-0.8, h + 0.2, 0.4)), (0.32, 0.32), color=color, place=place))
    return solids


def pencil(place: Place, color: str = "ochre") -> list[Solid]:
    """A pencil along x; its own origin is its blunt end on the surface it lies on."""
    r = 0.36
    body = Tube(((0, r, 0), (14.5, r, 0)), (r, r), color=color, gloss=0.5, rough=0.2, place=place)
    wood = Tube(((14.5, r, 0), (16.3, r, 0)), (r * 0.98, 0.12), color="oat", place=place)
    lead = Tube(((16.3, r, 0), (16.8, r, 0)), (0.12, 0.03), color="#3a3a3c", place=place)
    return [body, wood, lead]

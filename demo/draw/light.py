"""The light of every picture: one sun from the upper left, a soft sky, lamps where lit.

Directions are unit vectors in scene axes (x right, y up, z toward the camera). A table in full
light has exactly its own color: sun and sky add up to 1 there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.draw.palette import Floats
from demo.draw.solids import Surface, smoothstep, unit

SUN = unit(np.array([[-0.66], [0.68], [0.34]], dtype=np.float32))[:, 0]
#: Half the width of the sun, radians: how fast shadows grow soft.
SPREAD = 0.085
SUN_COLOR = np.array([1.03, 1.0, 0.94], dtype=np.float32)[:, None]
SKY_COLOR = np.array([0.97, 1.0, 1.05], dtype=np.float32)[:, None]
SUN_STRENGTH = 0.92
SKY_STRENGTH = 0.40


@dataclass(frozen=True)
class Lamp:
    """A lit lamp. `up` and `down` are the half angles (degrees) of its open cones, 0 for none.

    power: brightness at `reach` / 2 or so; reach: distance (cm) at which light has halved;
    veil 0..1: the share that passes the shade in all directions.
    """

    x: float
    y: float
    z: float
    power: float = 1.0
    reach: float = 20.0
    up: float = 0.0
    down: float = 0.0
    veil: float = 0.4
    color: tuple[float, float, float] = (1.0, 0.66, 0.34)

    def arriving(self, points: Floats, normals: Floats, creep: float) -> Floats:
        """Its light (3, N) on surfaces; `creep` 0..1 lets it reach round edges."""
        way = np.array([[self.x], [self.y], [self.z]], dtype=np.float32) - points
        far = np.sqrt((way * way).sum(axis=0)) + 1e-4
        facing = np.clip(((way * normals).sum(axis=0) / far + creep) / (1 + creep), 0, 1)
        fall = 1 / (1 + (far / self.reach) ** 2)
        beam = np.full(far.shape, self.veil, dtype=np.float32)
        rise = -way[1] / far
        for angle, sign in ((self.up, 1), (self.down, -1)):
            if angle:
                edge = float(np.cos(np.radians(angle)))
                beam = beam + smoothstep(edge - 0.10, edge + 0.10, sign * rise)
        tint = np.array(self.color, dtype=np.float32)[:, None]
        return (tint * (self.power * beam * fall * facing)).astype(np.float32)


def window(points: Floats, span: float) -> Floats:
    """The sun through a long window of six by three panes: 0..1 at each point; soft edges."""
    aside = unit(np.cross(SUN, [0.0, 1.0, 0.0]).astype(np.float32)[:, None])[:, 0]
    over = np.cross(aside, SUN)
    a, b = (aside @ points) / span, (over @ points) / span
    light = np.zeros(points.shape[1], dtype=np.float32)
    soft = 0.045
    for left in (-2.18, -1.58, -0.98, -0.38, 0.22, 0.82):
        for low in (-0.62, 0.0, 0.62):
            across = smoothstep(left - soft, left + soft, a)
            across = across * (1 - smoothstep(left + 0.53 - soft, left + 0.53 + soft, a))
            up = smoothstep(low - soft, low + soft, b)
            up = up * (1 - smoothstep(low + 0.55 - soft, low + 0.55 + soft, b))
            light = np.maximum(light, across * up)
    return light


def highlight(mirror: Floats, rough: float) -> Floats:
    """The sun's window mirrored in a glaze: 0..1 for mirrored view directions (3, N)."""
    aside = unit(np.cross(SUN, [0.0, 1.0, 0.0]).astype(np.float32)[:, None])[:, 0]
    over = np.cross(aside, SUN)
    facing = SUN @ mirror
    a, b = (aside @ mirror) / np.maximum(facing, 0.05), (over @ mirror) / np.maximum(facing, 0.05)
    soft = 0.05 + rough
    across = 1 - smoothstep(0.30 - soft * 0.5, 0.30 + soft, np.abs(a))
    up = 1 - smoothstep(0.42 - soft * 0.5, 0.42 + soft, np.abs(b))
    bar = 1 - 0.55 * (1 - smoothstep(0.02, 0.02 + soft, np.abs(a))) * max(0.0, 1 - rough * 5)
    return (np.where(facing > 0.05, across * up * bar, 0) / (1 + 5 * rough)).astype(np.float32)


@dataclass(frozen=True)
class Arrival:
    """What reaches N points: the sun seen (0..1), the sky seen (0..1), lamps' light (3, N)."""

    sun: Floats
    sky: Floats
    lamps: Floats


def shade(
    surface: Surface, normal: Floats, view: Floats, arrival: Arrival, ground: Floats
) -> Floats:
    """The light (3, N) that a surface sends toward the camera; `view` points to the camera."""
    albedo = surface.albedo if surface.albedo.ndim == 2 else surface.albedo[:, None]
    wrap = surface.wrap
    turned = SUN @ normal
    seen = arrival.sun
    if wrap:  # past its own edge of shade, the form is dimmed by its turning alone
        seen = seen + (1 - seen) * smoothstep(0.25, -0.05, turned)
    facing = np.clip((turned + wrap) / (1 + wrap), 0, 1) * seen
    up = normal[1] * 0.5 + 0.5
    left = 0.5 - 0.5 * normal[0]
    sky = SKY_STRENGTH * (0.35 + 0.65 * up) * (0.86 + 0.28 * left)
    base = np.minimum(ground[:, None], 0.9)
    open_ = arrival.sky / (1 - albedo * (1 - arrival.sky) * 0.85)
    bounce = base * (0.40 * (1 - up) ** 1.5)
    light = SUN_COLOR * (SUN_STRENGTH * facing) + (SKY_COLOR * sky + bounce) * open_
    out = albedo * (light + arrival.lamps)
    out = out + _coat(surface, normal, view, arrival, base)
    if surface.sheen:
        rim = (1 - np.clip((normal * view).sum(axis=0), 0, 1)) ** 3
        out = out + albedo * (surface.sheen * rim * (0.3 + 0.7 * arrival.sun) * arrival.sky)
    if surface.emission is not None:
        out = out + surface.emission
    return out.astype(np.float32)


def _coat(
    surface: Surface, normal: Floats, view: Floats, arrival: Arrival, base: Floats
) -> Floats:
    """What a clear glaze mirrors: the window, the sky above, the table below."""
    toward = np.clip((normal * view).sum(axis=0), 0, 1)
    mirror = 2 * toward * normal - view
    fresnel = 0.04 + 0.96 * (1 - toward) ** 5
    over = smoothstep(-0.25, 0.55, mirror[1])
    room = (0.30 + 0.55 * smoothstep(0.4, -0.9, mirror[0])) * SKY_COLOR
    around = base * 0.7 * (1 - over) + room * over
    dull = 1 / (1 + 4 * surface.rough)
    sheen = around * (fresnel * arrival.sky * dull)
    glint = SUN_COLOR * (highlight(mirror, surface.rough) * (0.30 + 0.7 * fresnel) * arrival.sun)
    return np.asarray((sheen + glint) * surface.gloss, dtype=np.float32)

"""A scene: solids on one soft sweep of table and wall, seen by one camera, lit by one sun.

    from demo.draw.scene import Scene, render
    from demo.draw.solids import Place, RoundBox

    box = RoundBox(size=(15, 2, 21), color="ink", place=Place(y=1, yaw=25))
    picture = render(Scene(ground="paper", solids=[box], span=34), width=480, height=600)
    picture.save("/tmp/box.png")          # a PIL image, RGB, 8 bit

Centimeters; x right, y up, z toward the camera; the table is y = 0 and the goods stand round
the origin. `span` is the height of the frame in cm at the origin, so a cup (span 22) and a vase
(span 46) fill it as they would in life. The camera always looks down by ELEVATION degrees; only
`look` (the point in the middle of the frame) moves. Own shapes: see `solids.Solid`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from demo.draw.develop import develop
from demo.draw.light import SPREAD, SUN, Arrival, Lamp, shade, window
from demo.draw.palette import GROUNDS, Floats, linear
from demo.draw.solids import Solid, smoothstep, unit
from demo.draw.trace import meet, openness, sunlight, to_local

#: Degrees by which the camera looks down, and its distance in frame heights.
ELEVATION = 23.0
DISTANCE = 4.6
#: Pixels drawn at once: few enough that the arrays stay in the processor's cache.
BAND = 32768

Indexes = npt.NDArray[np.int64]


@dataclass
class Scene:
    """What is to be drawn. `room` scales the sweep (default: span); `day` 0..1 dims sun and sky."""

    ground: str
    solids: list[Solid]
    span: float
    look: tuple[float, float, float] | None = None
    room: float | None = None
    lamps: list[Lamp] = field(default_factory=list)
    panes: bool = False
    day: float = 1.0
    glow: float = 0.0
    seed: int = 1

    @property
    def color(self) -> Floats:
        """The ground's linear color, of a category's name or a hex code."""
        return linear(GROUNDS.get(self.ground, self.ground))

    @property
    def middle(self) -> Floats:
        """The point in the middle of the frame."""
        look = self.look or (0.0, 0.17 * self.span, 0.0)
        return np.array(look, dtype=np.float32)


@dataclass(frozen=True)
class Camera:
    """The eye (3,) and the frame's axes; `rays` gives unit ways (3, N) of pixel positions."""

    scene: Scene
    width: int
    height: int

    @property
    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Right, up and forward of the frame."""
        tilt = np.radians(ELEVATION)
        right = np.array([1, 0, 0], dtype=np.float32)
        up = np.array([0, np.cos(tilt), -np.sin(tilt)], dtype=np.float32)
        forward = np.array([0, -np.sin(tilt), -np.cos(tilt)], dtype=np.float32)
        return right, up, forward

    @property
    def eye(self) -> Floats:
        return np.asarray(
            self.scene.middle - self.axes[2] * (DISTANCE * self.scene.span), dtype=np.float32
        )

    def rays(self, px: Floats, py: Floats) -> Floats:
        """Ways of the rays through pixel positions (0,0 is the upper left corner)."""
        right, up, forward = self.axes
        a = ((px - self.width / 2) / self.height)[None, :]
        b = ((self.height / 2 - py) / self.height)[None, :]
        return unit(forward[:, None] * DISTANCE + right[:, None] * a + up[:, None] * b)


def sweep(eye: Floats, ways: Floats, room: float) -> tuple[Floats, Floats]:
    """Points (3, N) and normals of table, hollow and wall which the rays meet."""
    bend, wall = 0.42 * room, -0.80 * room
    t = -eye[1] / np.minimum(ways[1], -1e-4)
    z = eye[2] + ways[2] * t
    behind = z < wall + bend
    oy, oz = eye[1] - bend, eye[2] - (wall + bend)
    a = ways[1] ** 2 + ways[2] ** 2
    b = oy * ways[1] + oz * ways[2]
    root = np.sqrt(np.maximum(b * b - a * (oy * oy + oz * oz - bend * bend), 0))
    t_bend = (-b + root) / a
    t_wall = (wall - eye[2]) / np.minimum(ways[2], -1e-4)
    high = eye[1] + ways[1] * t_wall > bend
    t = np.where(behind, np.where(high, t_wall, t_bend), t)
    points = eye[:, None] + ways * t
    normal_y = np.where(behind, np.where(high, 0, (bend - points[1]) / bend), 1)
    normal_z = np.where(behind, np.where(high, 1, (wall + bend - points[2]) / bend), 0)
    return points, unit(np.stack([np.zeros_like(normal_y), normal_y, normal_z]))


def render(scene: Scene, *, width: int = 1200, height: int = 1500) -> Image.Image:
    """Draw the scene; edges are drawn again in four places and averaged."""
    return render_alike([scene], width=width, height=height)[0]


def render_alike(scenes: list[Scene], *, width: int, height: int) -> list[Image.Image]:
    """Draw scenes that differ only in their surfaces (the colors of one product).

    Rays, shadows and open sky are found once, for the first scene; `alike` tells which may share.
    """
    camera = Camera(scenes[0], width, height)
    behind = _backdrop(camera).reshape(3, -1)
    lights = [behind.copy() for _ in scenes]
    marks = np.zeros((2, height * width), dtype=np.float32)
    for first in range(0, height * width, BAND):
        at = np.arange(first, min(first + BAND, height * width))
        px, py = _pixels(at, width, 0.5, 0.5)
        colors, marks[0, at], marks[1, at] = _objects(camera, scenes, px, py, behind[:, at])
        for light, color in zip(lights, colors, strict=True):
            light[:, at] = color
    edges = np.nonzero(_edges(marks.reshape(2, height, width)).ravel())[0]
    for first in range(0, edges.size, BAND):
        _refine(camera, scenes, lights, behind, edges[first : first + BAND])
    return [
        develop(light.reshape(3, height, width), glow=scene.glow, seed=scene.seed)
        for scene, light in zip(scenes, lights, strict=True)
    ]


def alike(one: Scene, other: Scene) -> bool:
    """Whether two scenes hold the same forms in the same places under the same light."""
    if (one.ground, one.span, one.look, one.lamps, one.day) != (
        other.ground, other.span, other.look, other.lamps, other.day
    ):
        return False
    pairs = zip(one.solids, other.solids, strict=False)
    return len(one.solids) == len(other.solids) and all(
        (type(a), a.place, a.low, a.high) == (type(b), b.place, b.low, b.high) for a, b in pairs
    )


def _pixels(at: Indexes, width: int, dx: float, dy: float) -> tuple[Floats, Floats]:
    """Positions within pixels given by their running number."""
    return (at % width + dx).astype(np.float32), (at // width + dy).astype(np.float32)


def _edges(marks: Floats) -> npt.NDArray[np.bool_]:
    """Where the solid or its slope changes between neighboring pixels."""
    change = np.zeros(marks.shape[1:], dtype=bool)
    for axis in (0, 1):
        step = np.abs(np.diff(marks, axis=axis + 1))
        jump = (step[0] > 0) | (step[1] > 0.16)
        before, after = [slice(None), slice(None)], [slice(None), slice(None)]
        before[axis], after[axis] = slice(0, -1), slice(1, None)
        change[tuple(before)] |= jump
        change[tuple(after)] |= jump
    return change


#: Four places in a pixel, no two on one line: as good for edges as a finer square grid.
CORNERS = ((0.375, 0.125), (0.875, 0.375), (0.125, 0.625), (0.625, 0.875))


def _refine(
    camera: Camera, scenes: list[Scene], lights: list[Floats], behind: Floats, at: Indexes
) -> None:
    """Draw the pixels `at` again as the mean of CORNERS."""
    totals = [np.zeros((3, at.size), dtype=np.float32) for _ in scenes]
    for dx, dy in CORNERS:
        px, py = _pixels(at, camera.width, dx, dy)
        colors = _objects(camera, scenes, px, py, behind[:, at])[0]
        for i, color in enumerate(colors):
            totals[i] += np.minimum(color, 1.6)
    for light, total in zip(lights, totals, strict=True):
        light[:, at] = total / len(CORNERS)


def _objects(
    camera: Camera, scenes: list[Scene], px: Floats, py: Floats, behind: Floats
) -> tuple[list[Floats], Floats, Floats]:
    """Colors (3, N) of each scene at pixel positions, the number of the solid met (0: none) and
    its slope."""
    scene, eye, ways = camera.scene, camera.eye, camera.rays(px, py)
    nearest = np.full(px.size, np.inf, dtype=np.float32)
    kind = np.zeros(px.size, dtype=np.float32)
    for number, solid in enumerate(scene.solids, start=1):
        t = meet(solid, eye, ways, scene.span * 0.00028)
        nearer = t < nearest
        nearest, kind = np.where(nearer, t, nearest), np.where(nearer, number, kind)
    colors, slope = [behind.copy() for _ in scenes], np.zeros(px.size, dtype=np.float32)
    for number in range(1, len(scene.solids) + 1):
        index = np.nonzero(kind == number)[0]
        if index.size:
            points = eye[:, None] + ways[:, index] * nearest[index]
            lights, normal = _lit(scenes, number - 1, points, -ways[:, index])
            for color, light in zip(colors, lights, strict=True):
                color[:, index] = light
            slope[index] = normal[0] + 0.5 * normal[1] + nearest[index] / scene.span * 2.0
    return colors, kind, slope


def _lit(
    scenes: list[Scene], number: int, points: Floats, view: Floats
) -> tuple[list[Floats], Floats]:
    """The light of each scene from points on a solid toward the camera, and the first's normals."""
    scene, solid = scenes[0], scenes[0].solids[number]
    local, matrix = to_local(solid, points), solid.place.matrix()
    own = solid.normal(local, scene.span * 0.0011)
    plain = matrix @ own
    raised = points + plain * np.float32(scene.span * 0.003)
    sun = sunlight(scene.solids, raised, SUN, scene.span * 1.2, SPREAD) * scene.day
    room = scene.room or scene.span
    if scene.panes:
        sun = sun * (0.35 + 0.65 * window(points, room))
    sky = openness(scene.solids, raised, plain, room * 0.14, floor=True)
    lights, normals = [], []
    for one in scenes:
        surface = one.solids[number].surface(local)
        bump = surface.bump
        normal = plain if bump is None else matrix @ unit(own + bump)
        lamps = np.zeros_like(points)
        for lamp in one.lamps:
            lamps += lamp.arriving(points, normal, 0.25) * (0.35 + 0.65 * sky)
        dimmed = sky * (0.35 + 0.65 * one.day)
        arrival = Arrival(sun.astype(np.float32), dimmed.astype(np.float32), lamps)
        lights.append(shade(surface, normal, view, arrival, one.color))
        normals.append(normal)
    return lights, normals[0]


def _backdrop(camera: Camera) -> Floats:
    """Table and wall (3, H, W) with all shadows and lamp light, computed at half size."""
    scene = camera.scene
    w, h = (camera.width + 1) // 2, (camera.height + 1) // 2
    rows, columns = np.mgrid[0:h, 0:w].astype(np.float32)
    px, py = (columns.ravel() + 0.5) * camera.width / w, (rows.ravel() + 0.5) * camera.height / h
    room = scene.room or scene.span
    points, normals = sweep(camera.eye, camera.rays(px, py), room)
    small = np.concatenate(
        [_ground_light(scene, points[:, i : i + BAND], normals[:, i : i + BAND], room)
         for i in range(0, px.size, BAND)], axis=1
    )
    planes = [
        Image.fromarray(plane.reshape(h, w)).resize((camera.width, camera.height), Image.Resampling.BICUBIC)
        for plane in small
    ]
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in planes])


def _ground_light(scene: Scene, points: Floats, normals: Floats, room: float) -> Floats:
    """The light of the sweep at points: its own color, less where sun or sky is kept off."""
    base = scene.color[:, None]
    raised = points + normals * np.float32(scene.span * 0.002)
    sun = sunlight(scene.solids, raised, SUN, scene.span * 1.2, SPREAD)
    sky = openness(scene.solids, raised, normals, room * 0.13, floor=False)
    fall = 1.035 - 0.10 * smoothstep(-0.7, 0.9, points[0] / room)
    fall = fall * (1.0 - 0.07 * (1 - normals[1])) * (1 - 0.05 * smoothstep(0.3, 1.2, points[1] / room))
    if scene.panes:
        sun = sun * (0.35 + 0.65 * window(points, room)) * 1.10
    share = 0.46 * scene.day
    amount = (1 - share) * (0.30 + 0.70 * sky) + share * sun
    deep = base * (base / base.max()) ** 0.35  # shadows keep the ground's hue, a little fuller
    out = (deep + (base - deep) * np.clip(amount, 0, 1)) * (amount * fall)
    out = out * (0.30 + 0.70 * scene.day)
    gray = 0.6 * base + 0.4 * base.mean() * 1.3  # the eye, used to the dusk, sees the pool warmer
    for lamp in scene.lamps:
        out = out + gray * lamp.arriving(points, normals, 0.35) * (1.9 * (0.3 + 0.7 * sky))
    return np.asarray(out, dtype=np.float32)

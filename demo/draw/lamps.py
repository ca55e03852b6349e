"""Table lamps and pendants, lit. Kinds `table-lamp` and `pendant`; keys of the draw table:

    shade     table-lamp: dome linen arm column cap; pendant: bell saucer globe cone pleated
    scale     size against the usual one (1)
    color     pigment when no option has a swatch (metal, ceramic base or paper)
    base      linen lamp only: the base's form, one of `forms.FORMS` (default bottle)
    beside    what "use" adds: books bowl cup plates vase book (default: by shade)

Views: "alone", "use", "detail" (the lit shade, close). Light stands at dusk: `day` 0..1 says how
much of the sun is left (default 0.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from demo.draw.brief import Brief
from demo.draw.forms import FORMS
from demo.draw.glaze import Glaze, Pot
from demo.draw.glow import LitShade
from demo.draw.lathe import Lathe, Profile
from demo.draw.light import Lamp
from demo.draw.props import Tube, liquid, twig
from demo.draw.scene import Scene
from demo.draw.solids import Place, RoundBox, Solid
from demo.draw.vessels import pot


@dataclass
class Fitting:
    """A lamp ready to stand: its solids and light, its size (cm) and how far it hangs."""

    solids: list[Solid]
    lamps: list[Lamp]
    wide: float
    high: float
    bottom: float = 0.0
    shade: tuple[float, float] = (0.0, 0.0)  # x and height of the shade's middle
    extra: list[Solid] = field(default_factory=list)


def disc(radius: float, thick: float, color: str, place: Place | None = None) -> Lathe:
    """A round plate with a soft edge, lying on y = 0."""
    edge = min(0.25, thick * 0.4)
    profile = Profile(
        ((0, 0.02), (radius - edge, 0.02), (radius, edge), (radius, thick - edge),
         (radius - edge, thick), (0, thick)),
        (0.02,) * 6, closed=True, smooth=False,
    )
    return Lathe(profile, color=color, gloss=0.35, rough=0.3, place=place or Place())


def rod(low: float, high: float, radius: float, color: str, x: float = 0.0) -> Tube:
    """An upright bar on the axis."""
    return Tube(((x, low, 0), (x, high, 0)), (radius, radius), color=color, gloss=0.4, rough=0.25)


def shell(points: tuple[tuple[float, float], ...], wall: float = 0.35) -> Profile:
    """A thin smooth shell through points."""
    return Profile(points, (wall,) * len(points))


def _dome(color: str, k: float, brief: Brief) -> Fitting:
    r, top = 13 * k, 38 * k
    profile = shell(((0.6, top), (r * 0.45, top - 0.8 * k), (r * 0.82, top - 4.2 * k),
                     (r * 0.97, top - 8.6 * k), (r, top - 12.5 * k)), 0.3)
    solids: list[Solid] = [
        Lathe(profile, color=color, gloss=0.5, rough=0.22),
        rod(1.0, top - 3, 0.75 * k, color),
        disc(8.2 * k, 1.6 * k, color),
        Lathe(shell(((0, top + 1.3), (0.7, top + 1.1), (0.9, top + 0.4), (0, top)), 0.3), color="ochre",
              gloss=0.7, rough=0.15),
    ]
    lamp = Lamp(0, top - 9 * k, 0, power=1.5, reach=24 * k, down=66, veil=0.02)
    return Fitting(solids, [lamp], 2 * r, top + 1, shade=(0, top - 7 * k))


def _linen(color: str, k: float, brief: Brief) -> Fitting:
    form = FORMS[str(brief.params.get("base", "bottle"))]
    high = 25 * k
    base = Pot(form.profile(14.5 * k, high), glaze=Glaze(color, gloss=0.8, rough=0.1, rim=0.01), seed=5)
    low, top = high - 2.5 * k, high + 14.5 * k
    shade = LitShade(shell(((14.2 * k, low), (10.2 * k, top)), 0.3), color="chalk", bulb=low + 7 * k,
                     light=0.74, spread=8 * k)
    lamp = Lamp(0, low + 7 * k, 0, power=1.15, reach=22 * k, up=52, down=62, veil=0.32)
    neck = rod(high - 3, high + 3 * k, 0.8, "ochre")
    return Fitting([base, shade, neck], [lamp], 28.4 * k, top, shade=(0, (low + top) / 2))


def _arm(color: str, k: float, brief: Brief) -> Fitting:
    """A weighted foot, an upright and a straight arm with a cone head that looks down."""
    foot, post = disc(8 * k, 1.8 * k, color, Place(-9 * k)), rod(1, 40 * k, 0.6 * k, color, -9 * k)
    arm = Tube(((-13 * k, 37 * k, 0.9), (13 * k, 41.5 * k, 0.9)), (0.5 * k, 0.5 * k), color=color, gloss=0.4)
    knob = Tube(((-9 * k, 37.9 * k, -0.8), (-9 * k, 37.9 * k, 2.1)), (1.2 * k, 1.2 * k), color="ochre",
                gloss=0.7, rough=0.15)
    cone = Lathe(shell(((1.3, 9.5 * k), (2.2 * k, 9.2 * k), (3.3 * k, 6.5 * k), (6.4 * k, 0)), 0.3),
                 color=color, gloss=0.5, rough=0.22, place=Place(14 * k, 32.5 * k, 0.9, roll=-8))
    lamp = Lamp(14.3 * k, 34.5 * k, 0.9, power=1.7, reach=24 * k, down=46, veil=0.02)
    return Fitting([foot, post, arm, knob, cone], [lamp], 38 * k, 44 * k, shade=(11 * k, 36 * k))


def _column(color: str, k: float, brief: Brief) -> Fitting:
    top = 46 * k
    shade = LitShade(
        shell(((7.4 * k, 1.6), (7.8 * k, 3), (7.8 * k, top - 1.5), (7.2 * k, top - 0.2), (5.5 * k, top),
               (0, top)), 0.3),
        color=color, bulb=top * 0.42, light=0.78, spread=19 * k, weave="paper", pleats=44,
    )
    lamp = Lamp(0, top * 0.42, 0, power=1.1, reach=20 * k, veil=0.85)
    return Fitting([shade, disc(8.6 * k, 1.8, "#a67c52")], [lamp], 17.2 * k, top, shade=(0, top * 0.6))


def _cap(color: str, k: float, brief: Brief) -> Fitting:
    top = 24 * k
    cap = LitShade(
        shell(((0, top), (4.5 * k, top - 0.5), (8.4 * k, top - 3.6), (9.9 * k, top - 7.6), (8.9 * k, top - 9.6),
               (6.5 * k, top - 10.2)), 0.35),
        color=color, bulb=top - 8 * k, light=0.62, spread=5.5 * k, weave="glass", gloss=0.8, rough=0.08,
    )
    stem = Pot(shell(((0, 0.4), (5.4 * k, 0.4), (5.6 * k, 1.4), (3.1 * k, 3.6), (2.2 * k, 8), (2.5 * k, top - 8))),
               glaze=Glaze(color, gloss=0.7, rough=0.12, rim=0.01, specks=0, bare=0), seed=3)
    lamp = Lamp(0, top - 9.5 * k, 0, power=1.7, reach=13 * k, down=72, veil=0.14)
    return Fitting([cap, stem], [lamp], 20 * k, top, shade=(0, top - 5))


def _hang(points: tuple[tuple[float, float], ...], color: str, k: float, **light: float) -> Fitting:
    """An opaque pendant: shell points from the top down in cm, its rim at height 0."""
    profile = shell(tuple((r * k, y * k) for r, y in points), 0.32)
    top, wide = max(y for _, y in points) * k, max(r for r, _ in points) * 2 * k
    y = float(light.pop("above", 19.0))
    solids: list[Solid] = [
        Lathe(profile, color=color, gloss=0.5, rough=0.22, place=Place(y=y)),
        rod(y + top - 1, y + top + 2.6, 1.25, "ochre"),
        rod(y + top + 2, y + top + 130, 0.22, "#d9cdb8"),
    ]
    lamp = Lamp(0, y + top * 0.45, 0, **{"power": 1.8, "reach": 26.0, "veil": 0.02, **light})
    return Fitting(solids, [lamp], wide, y + top + 6, bottom=y, shade=(0, y + top / 2))


def _bell(color: str, k: float, brief: Brief) -> Fitting:
    points = ((1.2, 19), (3.2, 18.4), (5.2, 15.5), (6.4, 10), (8.6, 4.5), (13, 0))
    return _hang(points, color, k, down=58)


def _saucer(color: str, k: float, brief: Brief) -> Fitting:
    points = ((1.2, 11), (3.2, 10.6), (5, 8.2), (9.5, 5.4), (14.5, 2.6), (17.5, 0))
    return _hang(points, color, k, down=68, above=20.0)


def _cone(color: str, k: float, brief: Brief) -> Fitting:
    return _hang(((1.2, 24), (2.0, 23.6), (3.6, 17), (7.5, 0)), color, k, down=40, power=2.0)


def _lit_hang(shade: LitShade, wide: float, top: float, y: float, lamp: Lamp) -> Fitting:
    cord = rod(y + top - 0.5, y + top + 140, 0.22, "#d9cdb8")
    return Fitting([shade, cord], [lamp], wide, y + top + 5, bottom=y, shade=(0, y + top * 0.5))


def _globe(color: str, k: float, brief: Brief) -> Fitting:
    r, y = 17 * k, 20.0
    ring = tuple((r * a, r * (1 + b)) for a, b in (
        (0.16, -0.985), (0.5, -0.866), (0.866, -0.5), (1, 0), (0.866, 0.5), (0.5, 0.866), (0.16, 0.985)))
    shade = LitShade(shell(ring, 0.25), color=color, bulb=r * 0.9, light=0.80, spread=r * 0.85,
                     weave="paper", ribs=r / 8, place=Place(y=y))
    lamp = Lamp(0, y + r, 0, power=1.15, reach=26 * k, veil=0.9)
    return _lit_hang(shade, 2 * r, 2 * r, y, lamp)


def _pleated(color: str, k: float, brief: Brief) -> Fitting:
    y = 20.0
    line = ((15 * k, 0), (13.4 * k, 6 * k), (9 * k, 12 * k), (4.2 * k, 16 * k), (3.6 * k, 17 * k))
    shade = LitShade(shell(line, 0.3), color=color, bulb=5 * k, light=0.78, spread=8 * k, weave="paper",
                     pleats=56, place=Place(y=y))
    lamp = Lamp(0, y + 5 * k, 0, power=1.35, reach=24 * k, down=66, veil=0.35)
    return _lit_hang(shade, 30 * k, 17 * k, y, lamp)


SHADES: dict[str, Callable[[str, float, Brief], Fitting]] = {
    "dome": _dome, "linen": _linen, "arm": _arm, "column": _column, "cap": _cap,
    "bell": _bell, "saucer": _saucer, "globe": _globe, "cone": _cone, "pleated": _pleated,
}
USUAL = {
    "dome": "books", "linen": "bowl", "arm": "book", "column": "cup", "cap": "cup",
    "bell": "bowl", "saucer": "plates", "globe": "vase", "cone": "cup", "pleated": "bowl",
}


def beside(name: str, x: float, z: float) -> list[Solid]:
    """Quiet company for a lamp, standing at x, z."""
    at = Place(x, 0, z)
    if name == "books":
        sizes, colors, turns = ((21, 2.6, 15), (20, 2.0, 14), (18, 2.4, 12.5)), ("clay", "oat", "pine"), (8, -6, 14)
        books: list[Solid] = []
        y = 0.0
        for size, color, yaw in zip(sizes, colors, turns, strict=True):
            books.append(RoundBox(size, 0.2, color, Place(x, y + size[1] / 2, z, yaw=yaw)))
            y += size[1]
        return books
    if name == "book":
        return [RoundBox((13.5, 1.4, 20), 0.3, "chalk", Place(x - 6.3, 1.0, z, yaw=6, roll=4)),
                RoundBox((13.5, 1.4, 20), 0.3, "chalk", Place(x + 7.0, 1.0, z - 1.3, yaw=6, roll=-4)),
                RoundBox((28.5, 0.5, 21), 0.2, "brick", Place(x + 0.4, 0.25, z - 0.6, yaw=6))]
    if name == "plates":
        return [pot({"profile": "everyday"}, "chalk", seed=i, place=Place(x, 1.15 * i, z)) for i in range(3)]
    if name == "vase":
        vase: list[Solid] = [pot({"profile": "shoulder", "wide": 12, "high": 16}, "clay", place=at)]
        return vase + twig(foot=(x, 15, z), tip=(x + 4, 31, z + 1), seed=8, leaves=11, size=3.4, color="moss")
    if name == "cup":
        cup = pot({"profile": "straight"}, "fog", place=at)
        return [cup, liquid(3.7, 6.2, at)]
    return [pot({"profile": "low"}, "ochre", place=at)]


def compose(brief: Brief) -> Scene:
    """The scene of a picture of a lamp."""
    shade = str(brief.params["shade"])
    fitting = SHADES[shade](brief.color_name, float(brief.params.get("scale", 1)), brief)
    hanging = brief.kind == "pendant"
    tall = fitting.high * 0.92 + fitting.wide * 0.39
    span = max(fitting.wide / (0.8 * 0.70), tall / 0.80)
    solids, lamps, look_x = fitting.solids, fitting.lamps, 0.0
    if brief.view == "use":
        name = str(brief.params.get("beside", USUAL[shade]))
        x, z = (0.0, 2.0) if hanging else (fitting.wide * 0.5 + 7.0, 5.0)
        x, z = (13.5, 3.0) if shade == "arm" else (x, z)
        x, z = (16.5, 7.0) if hanging and name == "vase" else (x, z)  # its branch stays clear of the shade
        solids = solids + beside(name, x, z)
        if not hanging:
            left, right = -fitting.wide * 0.5, max(x + 11.0, fitting.wide * 0.5)
            look_x, span = (left + right) / 2, max(span * 1.06, (right - left) / (0.8 * 0.82))
    look = (look_x, fitting.high * (0.44 if not hanging else 0.50) + 0.01 * span, 0.0)
    room = span
    if brief.view == "detail":
        x, y = fitting.shade
        look, span = (x - fitting.wide * 0.16, y, fitting.wide * 0.3), span * 0.40
    day = float(brief.params.get("day", 0.5))
    return Scene(brief.ground, solids, span, look=look, room=room, lamps=lamps, day=day, glow=0.45, seed=brief.seed)

"""The wide banners and the promotion tiles, composed from the catalog's own goods.

Banners are 1600 x 900 with the goods right of the middle: the left 45 % stays calm for words,
and a phone's 4:5 crop round 70 % of the width holds the whole group. Tiles are 1200 x 900.
Kinds `banner` and `tile`; the brief's `file` names the scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from demo.draw import prints, textiles
from demo.draw.brief import Brief
from demo.draw.candles import candle
from demo.draw.lamps import SHADES, beside
from demo.draw.light import Lamp
from demo.draw.props import Tube, lemon, liquid, twig
from demo.draw.scene import Scene
from demo.draw.solids import Place, RoundBox, Solid
from demo.draw.vessels import pot


def moved(solids: list[Solid], lamps: list[Lamp], x: float, z: float) -> tuple[list[Solid], list[Lamp]]:
    """The same solids and lamps, carried by x and z (cm)."""
    for solid in solids:
        at = solid.place
        solid.place = Place(at.x + x, at.y, at.z + z, at.yaw, at.lean, at.roll)
    return solids, [
        Lamp(lamp.x + x, lamp.y, lamp.z + z, lamp.power, lamp.reach, lamp.up, lamp.down, lamp.veil, lamp.color)
        for lamp in lamps
    ]


def plates(count: int, color: str, x: float, z: float, scale: float = 1.0) -> list[Solid]:
    """A pile of plates."""
    return [
        pot({"profile": "everyday", "high": 2.8 / scale}, color, seed=i, scale=scale,
            place=Place(x + 0.2 * (i % 2), 1.15 * i, z))
        for i in range(count)
    ]


def _plain_things(brief: Brief) -> Scene:
    """Daylight: a vase with a branch, a bowl of lemons, plates, a mug."""
    solids: list[Solid] = [
        pot({"profile": "bottle", "wide": 13, "high": 29}, "pine", seed=4, place=Place(-13.5, 0, -9)),
        pot({"profile": "low", "wide": 24, "high": 7.5}, "chalk", seed=8, place=Place(3, 0, 3)),
        pot({"profile": "mug", "handle": True}, "ochre", seed=9, place=Place(22, 0, 5.5, yaw=25)),
        pot({"profile": "shoulder", "wide": 15, "high": 19}, "clay", seed=11, place=Place(16.5, 0, -11)),
        pot({"profile": "bud"}, "fog", seed=2, place=Place(-14.5, 0, 9.5)),
    ]
    spots = ((-2.5, 4.6, 4, 20), (3.6, 4.6, 6, -50), (3.5, 4.8, 0.4, 80), (0.3, 8.6, 2.8, 15))
    for i, (x, y, z, yaw) in enumerate(spots):
        solids.append(lemon(Place(x, y, z, yaw=yaw, roll=90), i))
    solids += twig(foot=(-13.5, 27.5, -9), tip=(-3, 47.5, -12), seed=21, leaves=16, size=5.4)
    solids += twig(foot=(-13.8, 27.5, -9), tip=(-26, 45, -8), seed=5, leaves=11, size=4.8, color="pine")
    return Scene("ceramics", solids, 64, look=(-19, 19, 0), panes=True, seed=3)


def _quiet_desk(brief: Brief) -> Scene:
    """A lamp, a cup, a book that lies flat."""
    fitting = SHADES["arm"]("ink", 1.0, brief)
    solids, _ = moved(fitting.solids, [], -7, -9)
    solids += beside("book", 8, 5)
    cup = Place(-13, 0, 7)
    solids += [pot({"profile": "straight"}, "fog", seed=3, place=cup), liquid(3.7, 6.1, cup)]
    for i, (color, yaw, size) in enumerate((("pine", 5, (15, 1.7, 21)), ("clay", -8, (13.5, 1.5, 19)))):
        solids.append(RoundBox(size, 0.18, color, Place(25, 0.9 + 1.6 * i, -9, yaw=yaw)))
    solids.append(pot({"profile": "bud"}, "blush", seed=6, place=Place(25.5, 3.2, -9.5)))
    solids += twig(foot=(25.5, 12.2, -9.5), tip=(31, 25, -10), seed=12, leaves=9, size=3.2)
    solids.append(Tube(((25.5, 0.4, 13), (31, 0.4, 3.5), (31.7, 0.4, 2.3)), (0.36, 0.36, 0.06), color="ochre"))
    return Scene("paper", solids, 60, look=(-17, 18, 0), panes=True, seed=5)


def _short_days(brief: Brief) -> Scene:
    """Dusk: a linen lamp and a pendant lit, candles burning."""
    fitting = SHADES["linen"]("fog", 1.0, brief)
    solids, lamps = moved(fitting.solids, fitting.lamps, -7, -6)
    hanging = SHADES["saucer"]("clay", 0.92, brief)
    more, light = moved(hanging.solids, hanging.lamps, 22, -15)
    for solid in more:
        at = solid.place
        solid.place = Place(at.x, at.y + 6, at.z, at.yaw, at.lean, at.roll)
    light = [Lamp(one.x, one.y + 6, one.z, one.power, one.reach, one.up, one.down, one.veil) for one in light]
    solids, lamps = solids + more, lamps + light
    for x, z, high, color in ((9, 6, 13, "chalk"), (17, 8.5, 8, "blush")):
        wax, flame = candle(3.5, high, color, Place(x, 0, z), lit=True)
        solids, lamps = solids + wax, lamps + flame
    solids.append(pot({"profile": "low"}, "ochre", seed=4, place=Place(27, 0, -9)))
    return Scene("light", solids, 62, look=(-17, 20, 0), lamps=lamps, day=0.42, glow=0.5, seed=7)


def _first_kitchen(brief: Brief) -> Scene:
    """Plates, bowls, cups: enough for four."""
    solids = plates(4, "chalk", -9, -2) + plates(4, "fog", 14, -6, 0.8)
    for i in range(3):
        solids.append(pot({"profile": "deep"}, ("ink", "oat", "moss")[i], seed=i, scale=0.82,
                          place=Place(14, 4.6 + 2.0 * i, -6)))
    for x, z, color in ((-13, 13, "ochre"), (-1.5, 15, "moss"), (10, 12.5, "clay"), (21, 9.5, "chalk")):
        solids.append(pot({"profile": "tumbler", "high": 9.5}, color, seed=int(x) + 40, place=Place(x, 0, z)))
    solids.append(pot({"profile": "bottle", "wide": 12, "high": 24}, "pine", place=Place(-27.5, 0, -9)))
    return Scene("ceramics", solids, 56, look=(-1, 9, 0), panes=True, seed=11)


def _prints(brief: Brief) -> Scene:
    """A print leans on the wall beside a vase."""
    goods = Brief("hills-early", "use", "paper/prints", "use", "print", {"motif": "hills", "color": "Fog"})
    return _closer(prints.compose(goods))


def _wool(brief: Brief) -> Scene:
    """A throw over its rail."""
    params = {"pattern": "herringbone", "color": "Pine"}
    return _closer(textiles.compose(Brief("herringbone-throw", "use", "textiles/throws", "use", "throw", params)))


def _care(brief: Brief) -> Scene:
    """Folded towels beside what they dry."""
    params = {"pattern": "plain", "color": "Clay"}
    scene = textiles.compose(Brief("linen-tea-towel", "use", "textiles/towels", "use", "towel", params))
    scene.solids += [
        pot({"profile": "deep"}, "ink", seed=3, place=Place(27, 0, -2)),
        pot({"profile": "mug", "handle": True}, "ochre", seed=4, place=Place(25, 0, 13, yaw=20)),
    ]
    return _closer(scene, shift=10.0)


def _closer(scene: Scene, shift: float = 0.0) -> Scene:
    """A catalog scene framed for a tile: a little nearer, moved by `shift` cm to the right."""
    x, y, z = (float(value) for value in scene.middle)
    scene.look, scene.room = (x + shift, y, z), scene.room or scene.span
    scene.span *= 0.92
    return scene


SCENES: dict[str, Callable[[Brief], Scene]] = {
    "plain-things": _plain_things,
    "quiet-desk": _quiet_desk,
    "short-days": _short_days,
    "first-kitchen": _first_kitchen,
    "prints": _prints,
    "wool": _wool,
    "care": _care,
}


def compose(brief: Brief) -> Scene:
    """The scene of a banner or tile."""
    return SCENES[brief.file](brief)


def briefs_of_banners() -> Iterator[Brief]:
    """The briefs of the three banners and the four tiles."""
    for name in ("plain-things", "quiet-desk", "short-days"):
        params = {"width": 1600, "ratio": 900 / 1600}
        yield Brief("banners", name, "banners", "use", "banner", params)
    for name in ("first-kitchen", "prints", "wool", "care"):
        params = {"width": 1200, "ratio": 0.75}
        yield Brief("tiles", name, "tiles", "use", "tile", params)

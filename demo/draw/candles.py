"""Candles and what holds them. Kind `candle`; keys of the draw table:

    form      dinner pillar cup holder chamberstick                      required
    color     pigment when no option has a swatch (the wax, or the holder's glaze)
    wax       pigment of the candle in a cup, holder or chamberstick (default chalk)
    day       0..1, how much sun is left (default 0.55)

Views: "alone" (dinner: tied and lying; holder and chamberstick: candle unlit; pillar and cup:
burning), "use" (burning), "detail" (the top of the candle, close).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demo.draw.brief import Brief
from demo.draw.glaze import Glaze, Pot
from demo.draw.glow import FLAME, Flame, Wax
from demo.draw.lathe import Handle, Profile
from demo.draw.light import Lamp
from demo.draw.props import Tube
from demo.draw.scene import Scene
from demo.draw.solids import Place, RoundBox, Solid

#: Solids, lamps, width and height (cm) of what is shown.
Setting = tuple[list[Solid], list[Lamp], float, float]


def candle(
    radius: float, high: float, color: str, place: Place, *, lit: bool, taper: float = 1.0
) -> tuple[list[Solid], list[Lamp]]:
    """A candle that stands at `place`; `taper` is its top radius against its foot."""
    r = radius * taper
    pool = 0.35 * r if lit else -0.18 * r
    edge = 0.22 * r
    profile = Profile(
        ((0, 0.02), (radius - 0.15, 0.02), (radius, 0.2), (r, high - edge), (r - 0.3 * edge, high),
         (r - edge, high - 0.1 * edge), (0, high - pool)),
        (0.02,) * 7, closed=True, smooth=False,
    )
    top = high - pool
    wick = Tube(((0, top - 0.2, 0), (0.05, top + 0.5, 0), (0.16, top + 0.95, 0)), (0.08, 0.08, 0.06),
                color="#3a322c" if lit else "#e8dfcf", place=place)
    k = 1.0 if radius > 2 else 0.8
    solids: list[Solid] = [Wax(profile, color=color, flame=top + 1.6 * k if lit else 0.0, place=place), wick]
    if not lit:
        return solids, []
    solids.append(Flame(FLAME, place=Place(place.x + 0.1, place.y + top + 0.45, place.z)))
    lamp = Lamp(place.x, place.y + top + 2.0, place.z, power=0.75, reach=11.0, veil=1.0,
                color=(1.0, 0.60, 0.27))
    return solids, [lamp]


def _pillar(brief: Brief) -> Setting:
    if brief.view != "use":
        solids, lamps = candle(3.5, 13, brief.color_name, Place(), lit=True)
        return solids, lamps, 7.5, 16.5
    solids, lamps = [], []
    for x, z, high in ((-5.2, -1.5, 19.0), (3.8, -3.2, 13.5), (1.2, 5.2, 8.0)):
        more, light = candle(3.5, high, brief.color_name, Place(x, 0, z), lit=True)
        solids, lamps = solids + more, lamps + light
    return solids, lamps, 20, 21.5


def _dinner(brief: Brief) -> Setting:
    """Four tapers tied together and lying; in use, two burning in low holders."""
    solids: list[Solid] = []
    lamps: list[Lamp] = []
    if brief.view == "use":
        for x, z, high in ((-4.6, 1.0, 23.0), (4.4, -1.6, 18.0)):
            solids.append(_low_holder("chalk", Place(x, 0, z)))
            more, light = candle(1.1, high, brief.color_name, Place(x, 1.4, z), lit=True, taper=0.82)
            solids, lamps = solids + more, lamps + light
        return solids, lamps, 19, 28
    line = [(-2.35, 1.1, 0), (0.0, 1.1, 0.25), (2.35, 1.1, -0.1), (-1.2, 3.05, 0.2), (1.2, 3.05, -0.2)]
    turn = np.radians(32)
    for across, up, along in line:
        back = along - 12.5
        x = back * np.cos(turn) + across * np.sin(turn)
        z = -back * np.sin(turn) + across * np.cos(turn)
        place = Place(float(x), up, float(z), yaw=32, roll=90)
        solids += candle(1.1, 25, brief.color_name, place, lit=False, taper=0.82)[0]
    solids.append(RoundBox((1.1, 4.5, 7.3), 1.0, "#b9925f", Place(0, 2.1, 0, yaw=32)))
    return solids, lamps, 25, 9


def _cup(brief: Brief) -> Setting:
    cup = Pot(
        Profile(((0, 0.5), (2.6, 0.5), (3.2, 1.4), (3.3, 6.4)), (0.6, 0.6, 0.5, 0.4)),
        glaze=Glaze(brief.color_name, specks=0.05, bare=0.35), seed=4,
    )
    wax = str(brief.params.get("wax", "chalk"))
    solids, lamps = candle(3.0, 4.6, wax, Place(y=0.6), lit=True)
    return [cup, *solids], lamps, 8, 10


def _low_holder(color: str, place: Place) -> Pot:
    """A low round holder with a socket for a taper."""
    line = ((1.25, 1.3), (1.3, 3.3), (1.75, 3.9), (3.2, 3.3), (4.7, 2.0), (4.9, 1.1), (4.4, 0.35), (1.2, 0.3))
    return Pot(Profile(line, (0.4,) * len(line)), glaze=Glaze(color, gloss=0.75, rough=0.1, bare=0.25, rim=0.02),
               seed=6, place=place)


def _holder(brief: Brief) -> Setting:
    wax = str(brief.params.get("wax", "oat" if brief.color_name == "chalk" else "chalk"))
    solids, lamps = candle(1.1, 13, wax, Place(y=1.4), lit=brief.view == "use", taper=0.9)
    return [_low_holder(brief.color_name, Place()), *solids], lamps, 10, 15


def _chamberstick(brief: Brief) -> Setting:
    """An enamel dish with a socket and a finger loop; a dark line of bare iron at its rim."""
    dish = Pot(
        Profile(((0, 0.5), (4.6, 0.5), (6.0, 1.1), (6.9, 2.3)), (0.3, 0.3, 0.3, 0.28)),
        handle=Handle(y=1.7, reach=2.5, drop=3.0, thick=0.4, broad=1.4),
        glaze=Glaze(brief.color_name, gloss=0.9, rough=0.05, specks=0, bare=0, lines=0, rim=0.16),
        seed=2, place=Place(yaw=28),
    )
    socket = Pot(
        Profile(((1.9, 0.6), (1.35, 1.3), (1.3, 3.4), (1.7, 3.9)), (0.26,) * 4),
        glaze=Glaze(brief.color_name, gloss=0.9, rough=0.05, specks=0, bare=0, lines=0, rim=0.12), seed=2,
    )
    wax = str(brief.params.get("wax", "chalk"))
    solids, lamps = candle(1.1, 11.5, wax, Place(y=1.0), lit=brief.view == "use", taper=0.9)
    return [dish, socket, *solids], lamps, 17, 13.5


FORMS: dict[str, Callable[[Brief], Setting]] = {
    "dinner": _dinner, "pillar": _pillar, "cup": _cup, "holder": _holder, "chamberstick": _chamberstick,
}


def compose(brief: Brief) -> Scene:
    """The scene of a picture of a candle."""
    solids, lamps, wide, high = FORMS[str(brief.params["form"])](brief)
    span = max(wide / (0.8 * 0.70), (high * 0.92 + wide * 0.39) / 0.74)
    span = max(span, 0.76 * span + 5.5)
    look, room = (0.02 * span, high * 0.46, 0.0), span
    if brief.view == "detail":
        look, span = (0.0, high * 0.85, 0.0), span * 0.42
    day = float(brief.params.get("day", 0.55 if lamps else 0.8))
    return Scene(brief.ground, solids, span, look=look, room=room, lamps=lamps, day=day, glow=0.5, seed=brief.seed)

"""Bowls, cups, vases and plates. Kinds `bowl`, `cup`, `vase`, `plate`; keys of the draw table:

    profile   the form, one of `forms.FORMS` (bowl: low deep pouring footed tea; cup: straight mug
              tumbler; vase: bottle bud shoulder moon; plate: everyday rimmed oval)   required
    wide, high   size in cm (default: the form's usual size)
    color     pigment when no option has a swatch
    inside    pigment of the inside (default: as outside)
    gloss 0..1, rough 0.02..0.6, specks 0..0.3, lines 0..1, bare (cm), runs 0..1: see `Glaze`
    dip, dip_color   height in shares (0..1) and pigment of a second glaze at the foot
    handle    true for a pulled handle          lip   true for a pouring lip
    scene     what "use" shows: pears lemons stack nest row branch bare stems coffee tea trio oval

Views: "alone", "use" (in window light) and "detail" (the rim, close). A picture may override any
key by its own `draw` table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from demo.draw.brief import Brief
from demo.draw.forms import FORMS
from demo.draw.glaze import Glaze, OvalPot, Pot, PouringPot
from demo.draw.lathe import Handle
from demo.draw.props import Tube, lemon, liquid, pear, twig
from demo.draw.scene import Scene
from demo.draw.solids import Place, Solid

#: How each pigment fires; the draw table may override.
FIRINGS: dict[str, dict[str, Any]] = {
    "chalk": {"gloss": 0.55, "rough": 0.22, "specks": 0.05, "rim": 0.35},
    "oat": {"gloss": 0.35, "rough": 0.34, "specks": 0.13, "rim": 0.5},
    "blush": {"gloss": 0.5, "rough": 0.25, "specks": 0.03},
    "clay": {"gloss": 0.45, "rough": 0.28, "specks": 0.03},
    "brick": {"gloss": 0.7, "rough": 0.12, "specks": 0.02},
    "ochre": {"gloss": 0.85, "rough": 0.08, "specks": 0.03},
    "moss": {"gloss": 0.9, "rough": 0.07, "specks": 0.04},
    "pine": {"gloss": 0.95, "rough": 0.05, "specks": 0.01},
    "fog": {"gloss": 0.8, "rough": 0.10, "specks": 0.04},
    "ink": {"gloss": 0.95, "rough": 0.05, "specks": 0.0},
}


def glaze(color: str, params: dict[str, Any], high: float) -> Glaze:
    """The glaze of a pigment with the draw table's own wishes."""
    wishes = {**FIRINGS.get(color, {}), **params}
    keys = ("inside", "gloss", "rough", "specks", "lines", "bare", "runs", "rim", "dip_color")
    known = {key: wishes[key] for key in keys if key in wishes}
    return Glaze(color, dip=float(wishes.get("dip", 0)) * high, **known)


def pot(
    params: dict[str, Any], color: str, *, seed: int = 1, place: Place | None = None,
    scale: float = 1.0,
) -> Pot:
    """One vessel of a draw table, in a pigment; `scale` makes smaller or larger sizes."""
    form = FORMS[params["profile"]]
    wide = float(params.get("wide", form.wide)) * scale
    high = float(params.get("high", form.high)) * scale
    profile, where = form.profile(wide, high), place or Place()
    look = glaze(color, params, high)
    if params.get("lip"):
        return PouringPot(profile, glaze=look, seed=seed, place=where)
    if params["profile"] == "oval":
        return OvalPot(profile, glaze=look, seed=seed, place=where)
    if params.get("handle"):
        grip = Handle(y=high * 0.52, reach=high * 0.34, drop=high * 0.60, thick=0.95, broad=1.7)
        return Pot(profile, handle=grip, glaze=look, seed=seed, place=where)
    return Pot(profile, glaze=look, seed=seed, place=where)


def frame(wide: float, high: float, fill: float = 0.74) -> float:
    """The span (cm) in which goods of a size stand well: small things a little smaller."""
    tall = high * 0.92 + wide * 0.39
    fit = max(wide / (0.8 * fill), tall / fill)
    return max(fit, 0.66 * fit + 8.0)


def size(solid: Solid) -> tuple[float, float]:
    """Width and height of a solid's box, cm."""
    return solid.high[0] - solid.low[0], solid.high[1]


def compose(brief: Brief) -> Scene:
    """The scene of a picture of a vessel."""
    if brief.view == "use":
        return _in_use(brief)
    yaw = 24.0 if brief.params.get("handle") else 0.0
    solid = pot(brief.params, brief.color_name, seed=brief.seed % 997, place=Place(yaw=yaw))
    wide, high = size(solid)
    span = frame(wide, high)
    if brief.view == "detail":
        return _close(brief, solid, span)
    look = (0.035 * span, high * 0.46 + 0.02 * span, 0.0)
    return Scene(brief.ground, [solid], span, look=look, seed=brief.seed)


def _close(brief: Brief, solid: Pot, span: float) -> Scene:
    """The rim from near, or the wall where the draw table's `at` (share of height) says."""
    wide, high = size(solid)
    at = float(brief.params.get("at", 0.82))
    aside = float(brief.params.get("aside", -0.20))
    zoom = float(brief.params.get("zoom", 0.40))
    look = (aside * wide, high * at, 0.30 * wide)
    return Scene(brief.ground, [solid], span * zoom, look=look, room=span, seed=brief.seed)


def _in_use(brief: Brief) -> Scene:
    """The vessel at its work, in window light."""
    name = str(brief.params.get("scene", _usual(brief.params)))
    solids, wide, high = USES[name](brief)
    span = frame(wide, high, 0.76)
    look = (0.02 * span, high * 0.44 + 0.02 * span, 0.0)
    panes = bool(brief.params.get("panes", True))
    return Scene(brief.ground, solids, span, look=look, panes=panes, seed=brief.seed)


def _usual(params: dict[str, Any]) -> str:
    usual = {"cup": "coffee", "vase": "branch", "plate": "stack", "bowl": "pears"}
    return usual[params["kind"]]


Setting = tuple[list[Solid], float, float]


def _pears(brief: Brief) -> Setting:
    bowl = pot(brief.params, brief.color_name, seed=brief.seed % 997)
    _, high = size(bowl)
    base = high * 0.34
    solids: list[Solid] = [bowl]
    for x, z, lean, roll in ((-3.2, 0.6, 10, -24), (3.0, 1.4, -14, 22), (0.4, -3.2, 22, 4)):
        solids += pear(Place(x, base, z, yaw=40 * x, lean=lean, roll=roll), brief.seed + int(x * 10))
    return solids, bowl.high[0] * 2, high + 6


def _lemons(brief: Brief) -> Setting:
    bowl = pot(brief.params, brief.color_name, seed=brief.seed % 997)
    wide, high = size(bowl)
    floor = FORMS[brief.params["profile"]].line[0][1] * high + 2.9
    stretch = 1.25 if brief.params["profile"] == "oval" else 1.0
    r = wide * 0.155
    spots = [(-1, 0.25, 0, 30), (0.15, 0.8, 0, -50), (0.95, -0.1, 0, 75), (-0.1, -0.75, 0, 10)]
    solids: list[Solid] = [bowl]
    for i, (x, z, up, yaw) in enumerate(spots):
        where = Place(x * r * stretch * 1.25 - 3, floor + up, z * r, yaw=yaw, roll=90)
        solids.append(lemon(where, brief.seed + i))
    if stretch == 1:
        solids.append(lemon(Place(-2.5, floor + 4.2, 0.5, yaw=-20, roll=84), brief.seed + 9))
    else:
        solids += twig(foot=(-wide * 0.38, high * 0.6, 3), tip=(wide * 0.30, high + 2.0, 5.4), bend=0.05,
                       seed=brief.seed, leaves=11, size=3.2, color="pine")
    return solids, wide, high + 4


def _stack(brief: Brief) -> Setting:
    """Plates of three sizes in one pile, the largest below."""
    solids: list[Solid] = []
    y, scales = 0.0, (1.12, 1.12, 0.92, 0.92, 0.72, 0.72)
    for i, scale in enumerate(scales):
        params = {**brief.params, "high": FORMS[brief.params["profile"]].high / scale}
        solids.append(pot(params, brief.color_name, seed=i + 3, scale=scale,
                          place=Place(0.15 * (i % 3 - 1), y, 0.1 * (i % 2))))
        y += 1.15
    wide, high = size(solids[0])
    return solids, wide, high + y


def _nest(brief: Brief) -> Setting:
    """One bowl in another, sticks across."""
    low = pot(brief.params, brief.color_name, seed=3)
    wide, high = size(low)
    top = pot(brief.params, brief.options[-1].lower() if brief.options else "oat", seed=5,
              place=Place(0.2, high * 0.27, 0))
    y = high * 1.27 + 0.35
    sticks: list[Solid] = [
        Tube(((-wide * 0.72, y, z), (wide * 0.78, y, z + 2.2)), (0.24, 0.38), color="#8a5d3c")
        for z in (1.0, 2.2)
    ]
    return [low, top, *sticks], wide * 1.35, high * 1.35


def _row(brief: Brief) -> Setting:
    """Four of a kind in a slanting row."""
    first = pot(brief.params, brief.color_name, seed=3)
    wide, high = size(first)
    steps = [(-1.55, 1.2), (-0.5, 0.35), (0.55, -0.5), (1.6, -1.35)]
    solids: list[Solid] = [
        pot(brief.params, brief.color_name, seed=3 + i,
            place=Place(x * wide * 0.92, 0, z * wide * 0.72))
        for i, (x, z) in enumerate(steps)
    ]
    return solids, wide * 3.9, high + wide * 0.5


def _trio(brief: Brief) -> Setting:
    """Three vases in the colors of the choice, each with a stem."""
    solids: list[Solid] = []
    names = [value.lower() for value in brief.options] or [brief.color_name]
    wide, high = FORMS[brief.params["profile"]].wide, FORMS[brief.params["profile"]].high
    for i, (x, z) in enumerate(((-1.15, 0.5), (0.05, -0.55), (1.2, 0.4))):
        place = Place(x * wide, 0, z * wide)
        solids.append(pot(brief.params, names[(i + 1) % len(names)], seed=7 + i, place=place))
        tip = (place.x + (-2.5, 1.2, 3.0)[i], high * (2.0, 2.5, 1.75)[i], place.z)
        solids += twig(foot=(place.x, high * 0.93, place.z), tip=tip, seed=brief.seed + i,
                       leaves=(7, 6, 7)[i], size=2.2 + 0.5 * i, color=("moss", "pine", "moss")[i])
    return solids, wide * 3.4, high * 2.4


def _branch(brief: Brief, leaves: int = 13) -> Setting:
    solid = pot(brief.params, brief.color_name, seed=brief.seed % 997)
    wide, high = size(solid)
    solids: list[Solid] = [solid]
    foot, tip = (0.0, high * 0.93, 0.0), (high * 0.42, high * 1.95, 0.5)
    solids += twig(foot=foot, tip=tip, seed=brief.seed, leaves=leaves, size=max(high * 0.2, 3.6))
    if leaves:
        solids += twig(foot=foot, tip=(-high * 0.26, high * 1.62, -1.0), leaves=8, seed=brief.seed + 1,
                       size=max(high * 0.17, 3.2), color="pine")
    else:
        for t, x, y in ((0.42, -0.22, 1.62), (0.62, 0.66, 1.66), (0.30, 0.46, 1.40)):
            base = tuple(np.array(foot) + (np.array(tip) - np.array(foot)) * t)
            base = (base[0] - 0.144 * high * 1.09 * np.sin(np.pi * t), base[1], base[2])
            solids += twig(foot=base, tip=(x * high, y * high, -1.0), seed=brief.seed, leaves=0, bend=-0.1)
    return solids, max(wide, high * 1.05), high * 1.8


def _stems(brief: Brief) -> Setting:
    solid = pot(brief.params, brief.color_name, seed=brief.seed % 997)
    wide, high = size(solid)
    solids: list[Solid] = [solid]
    ways = [(-0.62, 1.62, 3), (-0.25, 1.95, -2), (0.18, 1.78, 3), (0.60, 1.70, -1)]
    for i, (x, y, z) in enumerate(ways):
        solids += twig(foot=(x * 1.6, high * 0.95, 0), tip=(x * high, y * high, z), leaves=9,
                       seed=brief.seed + i, size=high * 0.17, color=("moss", "pine")[i % 2])
    return solids, max(wide, high * 1.15), high * 1.78


def _filled(brief: Brief, drink: str) -> Setting:
    """A full cup before a second, empty one."""
    handle = 1.0 if brief.params.get("handle") else 0.0
    full = pot(brief.params, brief.color_name, seed=3, place=Place(-3.6 - handle, 0, 2.0, yaw=30 * handle))
    wide, high = size(full)
    across = full.high[2] * 2
    radius = full.wall_radius(high * 0.72) - 0.1
    others = [value.lower() for value in brief.options if value.lower() != brief.color_name]
    second = pot(brief.params, (others or ["chalk"])[-1], seed=5,
                 place=Place(across * 0.62, 0, -across * 0.55, yaw=-35 * handle))
    return [full, liquid(radius, high * 0.74, full.place, drink), second], wide * 1.75, high * 1.3


USES = {
    "pears": _pears,
    "lemons": _lemons,
    "stack": _stack,
    "nest": _nest,
    "row": _row,
    "trio": _trio,
    "branch": _branch,
    "bare": lambda brief: _branch(brief, 0),
    "stems": _stems,
    "coffee": lambda brief: _filled(brief, "#38231a"),
    "tea": lambda brief: _filled(brief, "#9a5a22"),
}

"""Cushions, throws and towels.

Kinds: `cushion` (shape "square" or "floor"), `throw`, `towel`; all take `pattern`: herringbone,
twill, basket, plain, waffle, window-check, wide-check, gingham, ticking, side-stripe, border,
block-leaf, block-seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demo.draw.blocks import leaves, seed_heads
from demo.draw.brief import Brief
from demo.draw.cloth import Cushion, FloorCushion, Rail
from demo.draw.hung import FoldedPile, Hung
from demo.draw.palette import PIGMENTS, Floats, mix, pigment
from demo.draw.scene import Scene
from demo.draw.solids import Place, Solid
from demo.draw.weave import Bands, Cloth, all_dyed, lines_from_edge, lines_from_end, no_bands, stripes

LINEN = mix(PIGMENTS["chalk"], PIGMENTS["oat"], 0.45)


def yarn_of(name: str) -> Floats:
    """The dyed yarn of a color name: pale colors a little deeper, so that a weave still shows."""
    color = pigment(name)
    if name in ("oat", "chalk"):
        tint = [0.84, 0.82, 0.78] if name == "oat" else [1.0, 0.985, 0.96]
        return np.asarray(color * np.array(tint, dtype=np.float32))
    return np.asarray(color * np.float32(0.97))


def cloth_of(brief: Brief, *, pitch: float, half: float, end: float = 0.0) -> Cloth:
    """The brief's cloth for a piece `2 * half` cm wide whose shown end lies at v = `end` cm."""
    pattern, name, seed = str(brief.params["pattern"]), brief.color_name, brief.seed % 97
    yarn, pale = yarn_of(name), mix(PIGMENTS["chalk"], PIGMENTS["oat"], 0.25)
    dark = mix(yarn, pigment("brick"), 0.22) if name == "oat" else yarn
    if pattern.startswith("block-"):
        motif = leaves(7.2, seed) if pattern == "block-leaf" else seed_heads(12.0, seed)
        ink = mix(yarn, pigment("ink" if name in ("fog", "ink") else "brick"), 0.30)
        return Cloth(LINEN, yarn, "plain", pitch, ink=ink, print=motif, seed=seed)
    woven = {
        "herringbone": (mix(pale, dark, 0.16), dark, "herringbone", pitch),
        "twill": (mix(yarn, pale, 0.30), yarn, "twill", pitch * 1.25),
        "basket": (yarn * np.float32(0.88), yarn, "basket", pitch),
        "waffle": (pale, pale if name == "chalk" else yarn, "waffle", pitch),
        "plain": (yarn * np.float32(0.96), yarn, "plain", pitch),
    }
    if pattern in woven:
        ground, color, structure, gap = woven[pattern]
        return Cloth(ground, color, structure, gap, weft=all_dyed, seed=seed)
    warp, weft, structure = _banded(pattern, half, end)
    ground, line = LINEN, yarn
    if pattern == "border":
        ground = pigment("oat") if name == "oat" else mix(yarn, PIGMENTS["chalk"], 0.15)
        line = mix(PIGMENTS["clay"], PIGMENTS["oat"], 0.1) if name == "oat" else PIGMENTS["oat"]
    return Cloth(ground, line, structure, pitch, warp, weft, seed=seed)


def _banded(pattern: str, half: float, end: float) -> tuple[Bands, Bands, str]:
    """Warp, weft and structure of a cloth whose pattern is in the order of its dyed yarns."""
    check = stripes(6.4, (2.9, 3.5))
    wide = stripes(18.0, (3.0, 9.6), (10.6, 11.2), (12.2, 12.8))
    small = stripes(4.0, (0.0, 2.0))
    ticking = stripes(5.2, (0.0, 1.5), (2.0, 2.25), (2.6, 2.85), (3.2, 3.45))
    sides = lines_from_edge(half, (3.2, 5.6), (6.6, 7.3))
    ends = lines_from_end(end, (6.0, 7.4), (9.0, 12.2), (13.8, 15.2))
    made: dict[str, tuple[Bands, Bands, str]] = {
        "window-check": (check, check, "plain"),
        "wide-check": (wide, wide, "twill"),
        "gingham": (small, small, "plain"),
        "ticking": (ticking, no_bands, "satin"),
        "side-stripe": (sides, no_bands, "plain"),
        "border": (no_bands, ends, "plain"),
    }
    return made[pattern]


def compose(brief: Brief) -> Scene:
    """The scene of a cushion, a throw or a towel."""
    makers: dict[str, Callable[[Brief], Scene]] = {
        "cushion": _floor if brief.params.get("shape") == "floor" else _cushion,
        "throw": _throw,
        "towel": _towel,
    }
    return makers[brief.kind](brief)


def _scene(brief: Brief, solids: list[Solid], span: float, look: tuple[float, float, float]) -> Scene:
    room = {"detail": 90.0}.get(brief.view, span)
    return Scene(brief.ground, solids, span, look=look, room=room, seed=brief.seed)


def _cushion(brief: Brief) -> Scene:
    size, seed = (46.0, 46.0, 28.0), brief.seed % 13
    fine = 0.18 if brief.params["pattern"] == "ticking" else 0.27
    cloth = cloth_of(brief, pitch=fine, half=23)
    piping = mix(cloth.yarn, PIGMENTS["ink"], 0.10)
    place = Place(y=22.4, yaw=-13, lean=11)
    cushion = Cushion(size, cloth=cloth, cord_color=piping, seed=seed, place=place)
    if brief.view == "detail":
        return _scene(brief, [cushion], 19, (11.5, 34.0, 5.0))
    if brief.view == "use":
        plain = Cloth(mix(cloth.yarn, cloth.ground, 0.15), cloth.yarn, "basket", 0.4, weft=all_dyed)
        behind = Cushion((52.0, 52.0, 28.0), cloth=plain, seed=seed + 3, place=Place(-9, 25.4, -17, yaw=9, lean=13))
        cushion.place = Place(9, 22.4, 2, yaw=-15, lean=13)
        return _scene(brief, [cushion, behind], 90, (-1, 21, 0))
    return _scene(brief, [cushion], 70, (0, 21.5, 0))


def _floor(brief: Brief) -> Scene:
    cloth = cloth_of(brief, pitch=0.55, half=30)
    cushion = FloorCushion((60, 15, 60), cloth, place=Place(y=7.5, yaw=-27), seed=brief.seed % 13)
    return _scene(brief, [cushion], 112, (0, 8, 0))


def _throw(brief: Brief) -> Scene:
    pattern = str(brief.params["pattern"])
    fringe = {"wide-check": 0.0, "waffle": 0.0}.get(pattern, 5.0)
    seed = brief.seed % 13
    if brief.view == "use":
        cloth = cloth_of(brief, pitch=0.5, half=32, end=-26)
        hung = Hung(
            cloth, 64, 52, 44, 1.7, 0.7, wave=4.6, fold=23, fringe=fringe * 1.2, seed=seed,
            place=Place(0, 74, -26),
        )  # fmt: skip
        return _scene(brief, [hung, Rail(1.7, place=Place(0, 74, -26))], 98, (0, 46, -26))
    cloth = cloth_of(brief, pitch=0.30, half=21)
    pile = FoldedPile(
        cloth, 42, 31, 3, 4.0, flap=1.2 if fringe else 4.6, fringe=fringe, seed=seed,
        place=Place(yaw=-18),
    )  # fmt: skip
    if brief.view == "detail":
        return _scene(brief, [pile], 17, (5, 8, 17))
    return _scene(brief, [pile], 66, (0.5, 6.5, 0))


def _towel(brief: Brief) -> Scene:
    seed = brief.seed % 13
    if brief.view == "use":
        cloth = cloth_of(brief, pitch=0.24, half=15)
        piles: list[Solid] = []
        for number, turn in enumerate((-20, -26, -22)):
            place = Place(y=number * 3.15, yaw=turn, x=0.5 * (number - 1))
            piles.append(FoldedPile(cloth, 30, 21, 2, 1.6, seed=seed + number, place=place))
        return _scene(brief, piles, 46, (0, 4.6, 0))
    cloth = cloth_of(brief, pitch=0.3, half=24)
    hung = Hung(cloth, 48, 56, 48, 0.9, 0.3, wave=3.0, fold=19, seed=seed, place=Place(0, 66, -20))
    if brief.view == "detail":
        return _scene(brief, [hung], 26, (2, 40, -18))
    return _scene(brief, [hung, Rail(0.9, place=Place(0, 66, -20))], 84, (0, 40, -20))
